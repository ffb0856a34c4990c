"""What each choice of a grant is said to be worth to a thief: always with money, and never less than the reckoning."""

from decimal import Decimal

import pytest

from bailiwick.model.grant import Grant, grant_from_toml
from bailiwick.rules.authority import authority
from bailiwick.rules.exposure import worst_loss
from bailiwick.rules.presets import PRESETS, READING, preset
from bailiwick.rules.theft import stolen

NOW_US = 1_790_000_000_000_000
OPEN = """
purpose = "Anything"
[what]
may = ["trade", "withdraw"]
symbols = "all"
sides = ["BUY", "SELL"]
order_types = ["LIMIT", "STOP_LOSS_LIMIT"]
[how_far]
near_bps = "none"
anchor_bps = "none"
stop_bps = "none"
"""


def said(grant: Grant) -> dict[str, str]:
    if grant.how_far.near_bps == "none":
        assert grant.what.market_orders != "pass"
    return stolen(authority(grant), NOW_US)


@pytest.mark.parametrize("kind", [kind for kind in PRESETS if kind not in READING])
def test_the_whole_loss_is_the_one_that_is_reckoned(kind: str) -> None:
    """What is said of trading, symbols and addresses is the worst loss of a day, to the cent."""
    grant = preset(kind, ["BTCUSDT"], "USDT", Decimal(1000))
    most = worst_loss(authority(grant)).most
    assert most is not None
    sentences = said(grant)
    told = f"at most {most.normalize():f} USDT"
    assert [field for field in ("may", "symbols", "networks") if told not in sentences[field]] == []


@pytest.mark.parametrize("kind", READING)
def test_a_key_that_only_reads_costs_nothing_by_trading(kind: str) -> None:
    """Of a reader it is said that a thief sees everything and takes nothing, and nothing is said of orders."""
    sentences = said(preset(kind, (), "USDT", Decimal(0)))
    assert "could see what the account holds" in sentences["may"]
    assert "0 USDT a day" in sentences["may"]
    assert set(sentences) == {"may", "requests_per_minute", "networks", "expires"}


def test_what_has_no_bound_is_said_to_have_none() -> None:
    """No sentence about a grant without limits names an amount, and each says that there is no end."""
    text = OPEN.replace("[how_far]", 'market_orders = "deny"\n[how_far]')
    sentences = said(grant_from_toml(text))
    assert [each for each in sentences.values() if "at most" in each] == []
    words = {
        "may": "withdraw to the destinations named, which no figure here counts",
        "symbols": "the thinnest market",
        "day_notional": "no amount bounds it",
        "order_notional": "all that the account holds",
        "loss_per_day": "Nothing stops a thief",
        "open_orders": "as many orders",
        "requests_per_minute": "use up the account's requests",
        "near": "any distance",
        "anchor": "any distance",
        "stop": "at any price",
        "networks": "anywhere in the world",
        "expires": "in years",
    }
    assert {field: each for field, each in words.items() if each not in sentences[field]} == {}


def test_a_day_more_costs_a_day_more() -> None:
    """How long a key lasts is told in days and as the money of all of them, from now on."""
    grant = grant_from_toml(
        'purpose = "x"\n[what]\nmay = ["trade"]\nsymbols = ["BTCUSDT"]\nsides = ["BUY"]\norder_types = ["LIMIT"]\n'
        "[how_much]\nday_notional = 100\n[when]\nexpires = 2026-09-23T12:00:00Z\n"
    )
    assert said(grant)["expires"] == "A thief could use it on 3 days and no longer: 9.3 USDT if nobody ever looked."


def test_a_wide_stop_is_said_to_be_what_it_is() -> None:
    """A key with stops is said to be worth their distance, one without them is said to have none."""
    with_stops = preset("signal-bot", ["BTCUSDT"], "USDT", Decimal(1000))
    without = preset("grid-bot", ["BTCUSDT"], "USDT", Decimal(1000))
    assert "30 % off the market: 300 USDT" in said(with_stops)["stop"]
    assert said(without)["stop"] == "A thief could place no stops, so that through them he takes 0 USDT."
