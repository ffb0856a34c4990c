"""Ways to word an order so that the watch does not see what it costs; and honest orders that were seen as worse."""

from typing import Any

import pytest
from ground import Client, Ground
from msgspec.structs import replace
from test_watching import ALL, THIN, habit, left, thin_market

from bailiwick.gateway import watching
from bailiwick.model.grant import Grant, HowFar, MarketOrders
from bailiwick.watch.event import Asked

NO_BAND: Grant = replace(
    ALL,
    what=replace(ALL.what, market_orders=MarketOrders.DENY),
    how_far=HowFar(near_bps="none", anchor_bps="none", stop_bps="none"),
)


def heard(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What the watch is asked about."""
    told: list[Asked] = []
    step = watching.step

    def noted(state: Any, event: Any, *more: Any) -> Any:
        if isinstance(event, Asked):
            told.append(event)
        return step(state, event, *more)

    monkeypatch.setattr(watching, "step", noted)
    return told


async def used(ground: Ground, grant: Grant) -> Client:
    """A client with a habit, an hour later."""
    bot = ground.bot(grant)
    await habit(ground, bot)
    ground.pass_time(3600)
    thin_market(ground)
    return bot


LIST = {
    "workingType": "LIMIT", "workingTimeInForce": "GTC", "workingQuantity": "1",
    "pendingType": "LIMIT", "pendingTimeInForce": "GTC", "pendingQuantity": "1",
}  # fmt: skip


async def test_a_list_is_as_bad_as_its_worst_leg(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fair order in front hides no second one that gives half of it away, also in a symbol that the key knows."""
    bot = await used(ground, NO_BAND)
    told = heard(monkeypatch)
    bot.send(
        "POST", "/api/v3/orderList/oto", symbol="BTCUSDT", workingSide="BUY", workingPrice="100", pendingSide="SELL",
        pendingPrice="50", **LIST,
    )  # fmt: skip
    (event,) = told
    assert (round(event.near_bps or 0), round(event.anchor_bps or 0)) == (5000, 5000)


async def test_a_trailing_stop_hides_no_price(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop that trails by a tenth of a per cent is executed at once, up to its limit: that is its price."""
    bot = await used(ground, NO_BAND)
    told = heard(monkeypatch)
    stop = {"type": "TAKE_PROFIT_LIMIT", "timeInForce": "GTC", "trailingDelta": "10"}
    bot.send("POST", "/api/v3/order", symbol=THIN, side="BUY", quantity="10", price="150", **stop)
    (event,) = told
    assert (bot.reason, round(event.near_bps or 0)) == ("HELD", 4985)


async def test_an_owners_trailing_stop_gives_nothing_away(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that stands where the trail may lead is a fair price, and no gift."""
    bot = await used(ground, NO_BAND)
    told = heard(monkeypatch)
    stop = {"type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "trailingDelta": "500"}
    bot.send("POST", "/api/v3/order", symbol="BTCUSDT", side="SELL", quantity="1", price="95", **stop)
    await left(ground)
    (event,) = told
    assert round(event.near_bps or 0) == 0


async def test_a_market_order_is_not_taken_for_one_at_the_edge_of_its_band(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway gave it that limit, and its client pays what the market asks: nothing speaks against its price."""
    bot = await used(ground, ALL)
    told = heard(monkeypatch)
    bot.send("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1")
    sent = await left(ground)
    (event,) = told
    assert (sent.params["price"], event.unbounded, event.near_bps, event.prefix) == ("110", True, 0.0, 0)


async def test_a_wide_band_makes_no_exit_of_a_gift(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a grant's band is half of the price, a sale at half of it is looked at as any order, though it reduces."""
    bot = await used(ground, replace(ALL, how_far=HowFar(near_bps=5000, anchor_bps=5000)))
    bot.buy("5")
    (await left(ground)).accept("5")
    told = heard(monkeypatch)
    for price in ("55", "95"):
        bot.place("SELL", "2", price)
    assert [event.reducing for event in told] == [False, True]
