"""A client order id is only a name: whoever gives it a second time must not inherit what the first order did."""

from typing import Any

import pytest
from ground import Client, Ground, Sent, report, trade

DAY_S = 86_400


async def _old_order(ground: Ground, bot: Client, executed: str, status: str) -> dict[str, Any]:
    """An order of the bot's that ended; as the venue lists it ever after."""
    bot.buy("5", newClientOrderId="name")
    sent = await ground.sent()
    row = sent.order(executed, status=status)
    sent.answer(200, row)
    return row | {"updateTime": ground.clock.at // 1000}


async def _list_and_buy(ground: Ground, lister: Client, buyer: Client) -> tuple[Sent, Sent]:
    """A listing and a purchase under the name, both on their way to the venue at once."""
    lister.send("GET", "/api/v3/allOrders", symbol="BTCUSDT")
    listing = await ground.sent()
    buyer.buy("4", newClientOrderId="name")
    return listing, await ground.sent()


@pytest.mark.parametrize(("executed", "status"), [("5", "FILLED"), ("0", "CANCELED"), ("0", "EXPIRED")])
async def test_an_order_of_yesterday_pays_for_none_of_today(ground: Ground, executed: str, status: str) -> None:
    """A listing with an old order of the same name neither releases the new one nor adds to the holdings."""
    bot = ground.bot()
    row = await _old_order(ground, bot, executed, status)
    ground.pass_time(DAY_S + 1)
    bot.buy("0.001")  # names are let go of when the next order comes
    (await ground.sent()).refuse()
    listing, purchase = await _list_and_buy(ground, bot, ground.client(bot.key))
    listing.answer(200, [row])
    purchase.accept()
    ledger = ground.live(bot).ledger
    assert (ledger.free("BTCUSDT"), ledger.reserved) == (int(executed), 400)


async def test_trades_of_yesterday_add_to_no_holdings(ground: Ground) -> None:
    """Trades of an old order are not counted again for a new one of the same name."""
    bot = ground.bot()
    row = await _old_order(ground, bot, "5", "FILLED")
    ground.pass_time(DAY_S + 1)
    bot.buy("0.001")
    (await ground.sent()).refuse()
    bot.buy("0.001", newClientOrderId="name")
    (await ground.sent()).accept()
    bot.send("GET", "/api/v3/myTrades", symbol="BTCUSDT")
    (await ground.sent()).answer(200, [trade(int(row["orderId"]), 7, "5")])
    assert ground.live(bot).ledger.free("BTCUSDT") == 5


async def test_another_keys_order_of_a_moment_ago_pays_for_nothing(ground: Ground) -> None:
    """While an order is on its way, a listing that shows another key's under its name tells nothing of it."""
    first, second = ground.bot(), ground.bot()
    row = await _old_order(ground, first, "0", "EXPIRED")
    ground.pass_time(2)
    listing, purchase = await _list_and_buy(ground, second, ground.client(second.key))
    listing.answer(200, [row])
    assert ground.reserved(second) == 400
    purchase.accept()
    assert ground.reserved(second) == 400


def _pair(name: str) -> dict[str, object]:
    """An OCO under this name."""
    return {
        "symbol": "BTCUSDT", "side": "BUY", "quantity": "1", "aboveType": "STOP_LOSS_LIMIT", "abovePrice": "101",
        "aboveStopPrice": "100.5", "aboveTimeInForce": "GTC", "belowType": "LIMIT_MAKER", "belowPrice": "99",
        "aboveClientOrderId": f"{name}-up", "belowClientOrderId": f"{name}-down", "listClientOrderId": name,
    }  # fmt: skip


async def _place_pair(ground: Ground, bot: Client, list_id: int, status: str) -> None:
    bot.send("POST", "/api/v3/orderList/oco", **_pair("list"))
    sent = await ground.sent()
    legs = [
        report(sent.params[f"{leg}ClientOrderId"], status=status, price=sent.params[f"{leg}Price"], orderListId=list_id)
        for leg in ("above", "below")
    ]
    sent.answer(200, {"orderListId": list_id, "listClientOrderId": "list", "orderReports": legs})


async def test_a_list_is_cancelled_by_its_name_while_it_lives(ground: Ground) -> None:
    """A key cancels its own list by the name that it gave it, and nobody's who took the same name later."""
    bot, other = ground.bot(), ground.bot()
    await _place_pair(ground, bot, 7, "NEW")
    ground.pass_time(1)
    bot.send("DELETE", "/api/v3/orderList", symbol="BTCUSDT", listClientOrderId="list")
    sent = await ground.sent()
    ended = [
        report(name, status="CANCELED", order_id=number, orderListId=7)
        for name, number in [(each, order.order_id) for each, order in ground.live(bot).ledger.orders.items()]
    ]
    sent.answer(200, {"orderListId": 7, "listClientOrderId": "list", "orderReports": ended})
    assert ground.reserved(bot) == 0
    await _place_pair(ground, other, 8, "NEW")
    ground.pass_time(1)
    bot.send("DELETE", "/api/v3/orderList", symbol="BTCUSDT", listClientOrderId="list")
    assert (bot.reason, ground.upstream.open) == ("CANCEL_NOT_OWN", [])
