"""Conversions by a venue's own prices: never in the key's favour."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_ground import NOON_US, dec, quote, symbol

from bailiwick.rules.market import Market
from bailiwick.rules.windows import HOUR_US


def market() -> Market:
    """A few symbols around the hubs."""
    names = [("BTCUSDT", "BTC", "USDT"), ("ETHBTC", "ETH", "BTC"), ("SOLETH", "SOL", "ETH"), ("USDTTRY", "USDT", "TRY")]
    found = Market({name: symbol(name, base, counter) for name, base, counter in names})
    found.set_quote("BTCUSDT", quote(100, 110))
    found.set_quote("ETHBTC", quote("0.05", "0.04"))
    found.set_quote("SOLETH", quote("0.1"))
    found.set_quote("USDTTRY", quote(30, 40, NOON_US - HOUR_US))
    return found


@pytest.mark.parametrize(
    ("asset", "currency", "most", "least"),
    [
        ("USDT", "USDT", "1", "1"),
        ("BTC", "USDT", "110", "100"),
        ("USDT", "BTC", "0.01", "0.009090909090909090"),
        ("TRY", "USDT", "0.033333333333333334", "0.025"),
        ("ETH", "USDT", "5.5", "4"),
        ("SOL", "BTC", "0.005", "0.004"),
        ("TRY", "BTC", "0.000333333333333334", "0.000227272727272727"),
    ],
)
def test_a_conversion_is_the_worst_of_both_references(asset: str, currency: str, most: str, least: str) -> None:
    """Directly, inversely or over one hub: at most by the dearer prices, at least by the cheaper, rounded apart."""
    worth = market().worth(asset, currency)
    assert worth is not None
    assert (worth.most, worth.least) == (dec(most), dec(least))
    assert market().convert(asset, currency) == dec(most)


@pytest.mark.parametrize(("asset", "currency"), [("SOL", "USDT"), ("XYZ", "USDT"), ("BTC", "XYZ")])
def test_without_a_path_there_is_no_conversion(asset: str, currency: str) -> None:
    """Over more than one hub, or to an asset without a price, nothing converts."""
    assert market().convert(asset, currency) is None


def test_without_both_references_there_is_no_conversion() -> None:
    """A pair without near or anchor price, or at zero, converts nothing."""
    found = market()
    for broken in (quote(None, 100), quote(0, 100)):
        found.set_quote("BTCUSDT", broken)
        assert found.convert("BTC", "USDT") is None


def test_the_path_of_a_conversion_is_told() -> None:
    """Whose prices a conversion needs is known before there are any."""
    found = market()
    assert found.between("USDT", "BTC") == ("BTCUSDT",)
    assert found.between("ETH", "USDT") == ("ETHBTC", "BTCUSDT")
    assert found.between("SOL", "USDT") == ()


def test_a_conversion_is_as_old_as_its_oldest_price() -> None:
    """A path is as fresh as its least fresh price."""
    worth = market().worth("TRY", "BTC")
    assert worth is not None
    assert worth.fresh_us == NOON_US - HOUR_US


def test_a_fresh_price_is_used_at_once() -> None:
    """What was computed from old prices is not kept."""
    found = market()
    assert found.convert("ETH", "USDT") == dec("5.5")
    found.set_quote("ETHBTC", quote("0.1"))
    assert found.convert("ETH", "USDT") == dec(11)
    found.set_symbols({"BTCUSDT": symbol("BTCUSDT", "BTC", "USDT")})
    assert found.convert("ETH", "USDT") is None
    assert set(found.quotes) == {"BTCUSDT"}


PRICES = st.decimals(min_value="0.00000001", max_value=1_000_000, places=8)


@given(PRICES, PRICES, PRICES, PRICES)
def test_there_and_back_is_never_less(near: Decimal, anchor: Decimal, other: Decimal, far: Decimal) -> None:
    """What is converted at the most and back at the most is never worth less than it was."""
    found = Market({"BTCUSDT": symbol("BTCUSDT", "BTC", "USDT"), "ETHBTC": symbol("ETHBTC", "ETH", "BTC")})
    found.set_quote("BTCUSDT", quote(near, anchor))
    found.set_quote("ETHBTC", quote(other, far))
    for asset in ("BTC", "ETH"):
        there, back = found.worth(asset, "USDT"), found.worth("USDT", asset)
        assert there is not None and back is not None
        assert there.most * back.most >= 1 - dec("1e-12")
        assert there.most >= there.least
