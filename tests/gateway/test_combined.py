"""Requests that do several things at once: replacements, amendments and order lists, and every half of them."""

from typing import Any

import pytest
from ground import Client, Ground, Sent, report

REPLACE, LIST, AMEND = "/api/v3/order/cancelReplace", "/api/v3/orderList/oco", "/api/v3/order/amend/keepPriority"


async def replacing(ground: Ground, mode: str = "STOP_ON_FAILURE") -> tuple[Client, Sent, int]:
    """A bot that replaces its order of 1 by one of 2, whose request has just left; and the old order's number."""
    bot = ground.bot()
    bot.buy("1", newClientOrderId="old")
    number = (await ground.sent()).accept()
    bot.send(
        "POST", REPLACE, symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="2", price="100",
        cancelReplaceMode=mode, cancelOrigClientOrderId="old", newClientOrderId="new",
    )  # fmt: skip
    return bot, await ground.sent(), number


def halves(number: int, cancel: str, new: str) -> dict[str, Any]:
    """The venue's answer to a replacement, each half with its result."""
    gone = report("x", status="CANCELED", order_id=number, origClientOrderId="old")
    placed = report("new", "2")
    failed = {"code": -2010, "msg": "no"}
    return {
        "cancelResult": cancel, "newOrderResult": new,
        "cancelResponse": gone if cancel == "SUCCESS" else failed,
        "newOrderResponse": {"SUCCESS": placed, "FAILURE": failed, "NOT_ATTEMPTED": None}[new],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cancel", "new", "reserved"),
    [("SUCCESS", "SUCCESS", 200), ("SUCCESS", "FAILURE", 0), ("FAILURE", "NOT_ATTEMPTED", 100),
     ("FAILURE", "SUCCESS", 300), ("FAILURE", "FAILURE", 100)],
)  # fmt: skip
async def test_each_half_of_a_replacement_counts(ground: Ground, cancel: str, new: str, reserved: int) -> None:
    """What was cancelled is released and what was placed is reserved, whichever half the venue refused."""
    bot, sent, number = await replacing(ground)
    assert ground.reserved(bot) == 300
    body = halves(number, cancel, new)
    if cancel == new == "SUCCESS":
        sent.answer(200, body)
    else:
        sent.answer(400, {"code": -2021, "msg": "partially failed", "data": body})
    assert ground.reserved(bot) == reserved
    await ground.restart(crash=True)
    assert ground.reserved(bot) == reserved


async def test_a_lost_replacement_keeps_both_reserved(ground: Ground) -> None:
    """A replacement of unknown outcome may have left either order: both count until the venue is asked."""
    bot, sent, _ = await replacing(ground)
    sent.fail()
    assert bot.reasons[1:] == ["UPSTREAM_UNKNOWN"]
    assert ground.reserved(bot) == 300


async def test_the_legs_of_a_list_each_have_an_id(ground: Ground) -> None:
    """Each leg of an order list leaves with an id, both are reserved as one, and looked up if they are lost."""
    bot = ground.bot()
    bot.buy("1")
    (await ground.sent()).accept("1")
    bot.send(
        "POST", LIST, symbol="BTCUSDT", side="SELL", quantity="1", aboveType="LIMIT_MAKER", abovePrice="100.5",
        belowType="STOP_LOSS_LIMIT", belowStopPrice="99.5", belowPrice="99.3", belowTimeInForce="GTC",
    )  # fmt: skip
    sent = await ground.sent()
    ids = {sent.params["aboveClientOrderId"], sent.params["belowClientOrderId"]}
    assert len(ids) == 2
    sent.fail()
    assert {doubt.client_id for doubt in ground.house.reconciler._doubts.values()} == ids
    assert ground.live(bot).ledger.free("BTCUSDT") == 0
    before = ground.reserved(bot)
    await ground.restart(crash=True)
    assert (ground.reserved(bot), ground.live(bot).ledger.free("BTCUSDT")) == (before, 0)
    assert {doubt.client_id for doubt in ground.house.reconciler._doubts.values()} == ids


async def test_an_amendment_that_raises_is_refused(ground: Ground) -> None:
    """An amendment only reduces, and only what the key placed."""
    bot, other = ground.bot(), ground.bot()
    bot.buy("1", newClientOrderId="mine")
    (await ground.sent()).accept()
    bot.send("PUT", f"{AMEND}", symbol="BTCUSDT", origClientOrderId="mine", newQty="2")
    other.send("PUT", f"{AMEND}", symbol="BTCUSDT", origClientOrderId="mine", newQty="0.5")
    assert bot.reasons[1:] == ["ORDER_NOTIONAL"]
    assert other.reasons == ["CANCEL_NOT_OWN"]
    assert len(ground.upstream.sent) == 1


async def test_a_market_order_leaves_bound_and_both_forms_are_kept(ground: Ground) -> None:
    """A market order leaves as a limit at the band's edge; the journal has what was asked and what left."""
    from bailiwick.journal import record

    bot = ground.bot()
    bot.send("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1")
    sent = await ground.sent()
    assert (sent.params["type"], sent.params["timeInForce"], sent.params["price"]) == ("LIMIT", "IOC", "101")
    (intent,) = ground.records(record.Intent)
    assert "type=MARKET" in intent.sent
    assert "type=LIMIT" in intent.leaves
