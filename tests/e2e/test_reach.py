"""What lies beyond plain orders: withdrawals, lists, replacements, the request rate, and headers of the gateway's."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import msgspec
import pytest
from bot import ORDER, Answer, Bot, sign
from grants import WIDE
from house import House

from bailiwick.model.grant import Grant, HowMuch, What, WithdrawalGrant
from bailiwick.model.harm import Harm
from bailiwick.venues import trusted

WITHDRAW = "/sapi/v1/capital/withdraw/apply"
HOME = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
LOW = "64000"
CASHIER = Grant(
    purpose="sends bitcoin home",
    what=What(may=frozenset({Harm.READ, Harm.WITHDRAW})),
    withdrawals=(WithdrawalGrant("BTC", "BTC", HOME, per_act=Decimal("0.02"), per_day=Decimal("0.03")),),
)


def withdraw(bot: Bot, amount: str, **more: str) -> Answer:
    """Ask for a withdrawal home, or as said."""
    return bot.ask("POST", WITHDRAW, **{"coin": "BTC", "network": "BTC", "address": HOME, "amount": amount, **more})


def test_money_goes_to_named_destinations_in_named_amounts(house: House) -> None:
    """Coin, network, address and tag together must be granted, and the amounts of an act and of a day hold."""
    bot = Bot(house.port, house.issue(CASHIER))
    for wrong in ({"address": HOME.upper()}, {"network": "ETH"}, {"coin": "ETH"}, {"addressTag": "1"}):
        refused = withdraw(bot, "0.01", **wrong)
        assert (refused.status, refused.reason) == (401, "WITHDRAWAL_DESTINATION"), wrong
    assert withdraw(bot, "0.021").reason == "WITHDRAWAL_AMOUNT"
    assert withdraw(bot, "0.02").status == 200
    assert withdraw(bot, "0.011").reason == "WITHDRAWAL_DAY"
    assert withdraw(bot, "0.01").status == 200
    sent = [row["parameters"] for row in house.exchange.received() if row["path"] == WITHDRAW]
    assert [(row["address"], row["amount"]) for row in sent] == [(HOME, "0.02"), (HOME, "0.01")]


def test_a_list_of_orders_is_placed_and_cancelled(house: House) -> None:
    """Both legs of an OCO get client order ids, are counted as the dearest, and end together."""
    bot = Bot(house.port, house.issue(WIDE))
    assert bot.order("BUY", "0.002").body["status"] == "FILLED"
    placed = bot.ask(
        "POST",
        "/api/v3/orderList/oco",
        symbol="BTCUSDT",
        side="SELL",
        quantity="0.001",
        aboveType="LIMIT_MAKER",
        abovePrice="67000",
        belowType="STOP_LOSS_LIMIT",
        belowStopPrice="63000",
        belowPrice="62900",
        belowTimeInForce="GTC",
    )
    assert placed.status == 200, placed
    open_ = house.usage(bot.key).open_orders
    assert sorted(order.client_order_id for order in open_) == sorted(
        row["clientOrderId"] for row in placed.body["orders"]
    )
    gone = bot.ask("DELETE", "/api/v3/orderList", symbol="BTCUSDT", orderListId=placed.body["orderListId"])
    assert gone.status == 200, gone
    assert house.usage(bot.key).open_orders == ()


def test_a_replacement_counts_the_new_order_alone(house: House) -> None:
    """After a cancelReplace the old order's budget is free and the new one's reserved."""
    bot = Bot(house.port, house.issue(WIDE))
    old = bot.order("BUY", "0.002", LOW).body["orderId"]
    replaced = bot.ask(
        "POST",
        "/api/v3/order/cancelReplace",
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.001",
        price=LOW,
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=old,
    )
    assert replaced.status == 200, replaced
    usage = house.usage(bot.key)
    assert [Decimal(order.quantity) for order in usage.open_orders] == [Decimal("0.001")]
    assert 64 < Decimal(usage.budgets[0].reserved) < 66


def test_the_grants_own_rate_is_answered_as_the_exchange_would(house: House) -> None:
    """A key that asks faster than its grant allows is told 429 with the time to wait; nothing else here says 429."""
    grant = msgspec.structs.replace(WIDE, how_much=HowMuch(requests_per_minute=6))
    bot = Bot(house.port, house.issue(grant))
    answers = [bot.ask("GET", "/api/v3/account") for _ in range(8)]
    last = answers[-1]
    assert (last.status, last.code, last.reason) == (429, -1003, "REQUEST_RATE")
    assert 0 < int(last.headers["retry-after"]) <= 10


@pytest.mark.parametrize("name", trusted.HEADERS)
def test_a_client_cannot_vouch_for_itself(house: House, name: str) -> None:
    """A client that sends a header by which an engine trusts the gateway is refused, whoever it is."""
    key = house.issue(WIDE)
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    try:
        target = f"/api/v3/account?{sign(key.secret)}"
        connection.request("GET", target, headers={"X-MBX-APIKEY": key.id, name: "1"})
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    assert answer.status == 400


def test_an_order_is_tried_without_leaving_a_trace_in_the_budget(house: House) -> None:
    """A test order is judged by the grant, placed nowhere, and reserves nothing."""
    bot = Bot(house.port, house.issue(WIDE))
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": LOW}
    assert bot.ask("POST", f"{ORDER}/test", quantity="0.001", **order).status == 200
    assert bot.ask("POST", f"{ORDER}/test", quantity="1", **order).reason == "ORDER_NOTIONAL"
    assert (house.usage(bot.key).open_orders, house.usage(bot.key).budgets[0].reserved) == ((), "0")


def test_equal_reads_at_once_are_all_answered_by_an_engine(engine_house: House) -> None:
    """Two equal reads of one millisecond are two to the engine, which believes no header twice."""
    bot = Bot(engine_house.port, engine_house.issue(WIDE))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: bot.ask("GET", "/api/v3/rateLimit/order"), range(200)))
    assert {(answer.status, answer.code) for answer in answers} == {(200, 0)}
