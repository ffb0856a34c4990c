"""Public trades and minutes as Binance tells them."""

import json
from decimal import Decimal

import pytest

from bailiwick.model.market import PublicTrade, TradedMinute
from bailiwick.venues.binance.marketdata import BinanceMarketData

MARKET = BinanceMarketData()
# The examples of the exchange's own documentation of aggregate trades and of candles.
TOLD = {
    "a": 26129, "p": "0.01633102", "q": "4.70443515", "f": 27781, "l": 27781, "T": 1498793709153, "m": True, "M": True,
}  # fmt: skip
CANDLE = [
    1499040000000, "0.01634790", "0.80000000", "0.01575800", "0.01577100", "148976.11427815", 1499644799999,
    "2434.19055334", 308, "1756.87402397", "28.46694368", "0",
]  # fmt: skip


def test_a_buyer_who_made_it_means_a_taker_who_sold() -> None:
    """Binance says who made a trade; what counts is who took, in microseconds."""
    read = MARKET.read_trades(json.dumps([TOLD, TOLD | {"a": 26130, "m": False}]).encode())
    at, price, quantity = 1498793709153000, Decimal("0.01633102"), Decimal("4.70443515")
    assert read == [PublicTrade(26129, at, price, quantity, False), PublicTrade(26130, at, price, quantity, True)]


def test_trades_are_asked_for_behind_a_number() -> None:
    """The latest, or those behind the last that is known, so that none is missed or met twice; at their weight."""
    asked = [MARKET.trades("BTCUSDT", None), MARKET.trades("A&B", 7)]
    assert [each.target for each in asked] == [
        "/api/v3/aggTrades?symbol=BTCUSDT&limit=1000",
        "/api/v3/aggTrades?symbol=A%26B&fromId=8&limit=1000",
    ]
    assert {each.weight for each in asked} == {4}


def test_a_minute_tells_what_takers_bought_and_sold() -> None:
    """What takers sold is the rest of what was traded in the quote asset."""
    assert MARKET.read_minutes(json.dumps([CANDLE]).encode()) == [
        TradedMinute(
            1499040000000, Decimal(CANDLE[1]), Decimal("0.80000000"), Decimal("0.01575800"), Decimal("0.01577100"),
            Decimal("28.46694368"), Decimal("2405.72360966"), 308,
        )
    ]  # fmt: skip


@pytest.mark.parametrize("change", [{"p": "NaN"}, {"p": "0"}, {"p": "x"}, {"q": "Infinity"}, {"T": "soon"}])
def test_a_trade_of_another_form_is_refused(change: dict[str, str]) -> None:
    """What cannot be read as a trade is refused, rather than judged."""
    with pytest.raises(ValueError, match=r".+"):
        MARKET.read_trades(json.dumps([TOLD | change]).encode())


def test_a_candle_that_is_too_short_is_refused() -> None:
    """A candle without what takers bought is refused."""
    with pytest.raises(ValueError, match="another form than documented"):
        MARKET.read_minutes(json.dumps([CANDLE[:9]]).encode())
