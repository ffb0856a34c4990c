"""Whoever stops trading must not be told that he has."""

import msgspec
import pytest
from ground import BOT, Client, Ground, Sent

from bailiwick.journal import record
from bailiwick.model.grant import HowMuch


@pytest.mark.parametrize(("status", "code"), [(503, -1000), (500, -1001), (403, 0), (502, 0)])
async def test_a_cancel_all_that_cancelled_nothing_is_no_success(ground: Ground, status: int, code: int) -> None:
    """Where a cancel was neither executed nor refused, the client of a cancel-all is told that nobody knows."""
    bot = ground.bot()
    for _ in range(2):
        ground.pass_time(1)
        bot.buy()
        (await ground.sent()).accept()
    bot.send("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
    for _ in range(2):
        (await ground.sent()).answer(status, {"code": code, "msg": "no"})
    assert (bot.reason, ground.house.gateway.in_hand) == ("UPSTREAM_UNKNOWN", 0)


async def test_news_of_one_order_records_no_others(ground: Ground) -> None:
    """A listing of the whole account leaves only the key's own order in the journal, however long it is."""
    bot, other = ground.bot(), ground.bot()
    bot.buy(newClientOrderId="mine")
    mine = await ground.sent()
    number = mine.accept()
    other.buy(newClientOrderId="theirs")
    theirs = await ground.sent()
    theirs.accept()
    ground.pass_time(1)
    bot.send("GET", "/api/v3/allOrders", symbol="BTCUSDT")
    rows = [theirs.order("0.5") | {"orderId": number + 7}, mine.order("0.5") | {"orderId": number}]
    (await ground.sent()).answer(200, rows)
    await ground.durable()
    told = ground.records(record.Resolved)[-1]
    assert [order.client_id for order in told.orders] == ["mine"]


async def amend(ground: Ground, **more: object) -> tuple[Client, int]:
    """A bot that asks to reduce its order in the book."""
    bot = ground.bot()
    bot.buy("2", newClientOrderId="mine")
    number = (await ground.sent()).accept()
    ground.pass_time(1)
    bot.send("PUT", "/api/v3/order/amend/keepPriority", symbol="BTCUSDT", orderId=number, newQty="1", **more)
    return bot, number


async def test_an_amended_order_keeps_its_name(ground: Ground) -> None:
    """A venue renames what is amended unless it is told not to; then nobody could cancel it by its name."""
    await amend(ground)
    assert (await ground.sent()).params["newClientOrderId"] == "mine"


async def test_an_amendment_takes_no_other_name(ground: Ground) -> None:
    """An amendment that renames its order is refused: its new name would be nobody's."""
    bot, _ = await amend(ground, newClientOrderId="another")
    assert (bot.reason, ground.upstream.open) == ("PARAMETER_MALFORMED", [])


async def test_an_order_that_its_venue_forgot_is_let_go(ground: Ground) -> None:
    """A venue forgets old orders that ended: what it does not know by number any more is reserved no longer."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    number = (await ground.sent()).accept()
    asked: list[dict[str, str]] = []

    def forgetful(sent: Sent) -> bool:
        if sent.path == "/api/v3/openOrders":
            sent.answer(200, [])
        else:
            asked.append(sent.params)
            sent.refuse(-2013)
        return True

    ground.upstream.by_itself = forgetful
    reconciler = ground.house.reconciler
    ground.pass_time(1)
    await reconciler._poll()
    ground.pass_time(20)
    for doubt in reconciler._doubts.values():
        doubt.due = 0
    await reconciler._settle_doubts()
    assert (ground.reserved(bot), len(reconciler)) == (0, 0)
    assert [each["orderId"] for each in asked] == [str(number)]
    await ground.restart()
    assert ground.reserved(bot) == 0


async def test_an_order_on_its_way_is_not_given_up(ground: Ground) -> None:
    """While the answer to an order is awaited, nothing that the reconciler sees releases it."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    await ground.durable()
    on_its_way = ground.upstream.take()
    ground.upstream.by_itself = lambda sent: sent.answer(200, []) is None
    ground.pass_time(1)
    await ground.house.reconciler._poll()
    assert (len(ground.house.reconciler), ground.reserved(bot)) == (0, 100)
    on_its_way.accept()


async def test_a_bot_that_asked_too_often_still_cancels_and_sells(ground: Ground) -> None:
    """A rate that reads have used up refuses neither the cancel that frees holdings nor the sale of these."""
    hurried = msgspec.structs.replace(BOT, how_much=HowMuch(requests_per_minute=3))
    bot = ground.bot(hurried)
    bot.buy("1", newClientOrderId="in")
    (await ground.sent()).accept("1")
    ground.clock.at += 2000
    bot.place("SELL", "1", "101", newClientOrderId="target")
    number = (await ground.sent()).accept()
    for _ in range(5):
        ground.clock.at += 2000
        bot.send("GET", "/api/v3/account")
        if ground.upstream.open:
            ground.upstream.take().answer(200, {})
    assert bot.reason == "REQUEST_RATE"
    ground.clock.at += 2000
    bot.send("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=number)
    cancel = await ground.sent()
    cancel.answer(200, cancel.order(status="CANCELED") | {"orderId": number, "origClientOrderId": "target"})
    ground.clock.at += 2000
    bot.place("SELL", "1", "100")
    assert (await ground.sent()).params["side"] == "SELL"
