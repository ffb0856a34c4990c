"""What becomes of orders whose answers are late, cut, lost or wrong; and of what happens on the exchange's own side."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from bot import ORDER, Answer, Bot, eventually, owner_of
from grants import BOT, WIDE
from house import ACCOUNT, Exchange, House, Issued

from bailiwick.journal import record
from bailiwick.model.secret import Secret

ANSWER_S = "1"  # how long the gateway waits for the exchange in these tests
LOW = "64000"


@pytest.fixture(scope="module", params=["signed", "trusted"])
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway that loses patience after a second, before an exchange or before an exchange's own engine."""
    directory, secret = tmp_path_factory.mktemp("outcomes"), None
    arguments: tuple[str, ...] = ()
    if request.param == "trusted":
        secret, path = Secret(os.urandom(32).hex().encode()), directory / "engine.secret"
        path.write_bytes(secret.reveal())
        arguments = ("--trusted-secret-file", str(path))
    exchange = Exchange(directory, *arguments)
    exchange.tell("POST", "accounts", {"name": "other", "funds": {"BTC": "10", "USDT": "1000000"}})
    made = House(directory / "house", exchange, trusted=secret, settings={"upstream_answer_s": ANSWER_S})
    made.issue(BOT)
    made.start()
    yield made
    made.close()
    exchange.process.stop()


@pytest.fixture
def bot(here: House) -> Bot:
    """A bot with a wide key of its own."""
    return Bot(here.port, here.issue(WIDE))


def states(house: House, key: Issued) -> dict[str, str]:
    """The state of each of a key's orders that has not ended, by client order id."""
    return {order.client_order_id: order.state for order in house.usage(key).open_orders}


def reserved(house: House, key: Issued) -> float:
    """What a key's orders may still spend."""
    return next(float(budget.reserved) for budget in house.usage(key).budgets if budget.name == "day_notional")


def used(house: House, key: Issued) -> float:
    """What a key has spent today."""
    return next(float(budget.used) for budget in house.usage(key).budgets if budget.name == "day_notional")


def told(house: House, key: Issued) -> list[record.Resolved]:
    """What the journal holds of a key's orders that was learnt otherwise than from their own answer."""
    return [each for each in house.records() if isinstance(each, record.Resolved) and each.key == key.id]


def unknown(answer: Answer) -> bool:
    """Whether an answer is the exchange's own way of saying that the outcome is unknown."""
    return (answer.status, answer.code, answer.reason) == (503, -1007, "UPSTREAM_UNKNOWN")


@pytest.mark.parametrize(
    "how",
    [
        {"kind": "delay", "delay_ms": 1600},
        {"kind": "reset_after"},
        {"kind": "half_answer"},
        {"kind": "status_after", "status": 500},
        {"kind": "status_after", "status": 503},
    ],
    ids=lambda how: f"{how['kind']}-{how.get('status', '')}".rstrip("-"),
)
def test_an_order_that_was_executed_unseen_is_found(here: House, bot: Bot, how: dict[str, Any]) -> None:
    """A late, cut or lost answer is told as unknown; the order is then found at the exchange, and was sent once."""
    name = f"found-{how['kind']}-{how.get('status', 0)}"
    here.exchange.fault(method="POST", path=ORDER, **how)
    answer = bot.order("BUY", "0.001", LOW, newClientOrderId=name)
    assert unknown(answer), answer
    found = eventually(lambda: states(here, bot.key), lambda seen: seen.get(name) == "open")
    assert found == {name: "open"}
    assert here.exchange.received_ids().count(name) == 1
    assert reserved(here, bot.key) == pytest.approx(65.0, rel=0.01)  # at the market, which is above the limit
    eventually(lambda: told(here, bot.key), lambda seen: [each.client_id for e in seen for each in e.orders] == [name])


@pytest.mark.parametrize(
    "how", [{"kind": "reset_before"}, {"kind": "status_before", "status": 502}], ids=["reset", "502"]
)
def test_an_order_that_never_was_gives_back_its_budget_only_when_that_is_certain(
    here: House, bot: Bot, how: dict[str, Any]
) -> None:
    """An order lost before the exchange saw it keeps its budget until its window has passed, and then returns it."""
    name = f"lost-{how['kind']}"
    here.exchange.fault(method="POST", path=ORDER, **how)
    assert unknown(bot.order("BUY", "0.001", LOW, newClientOrderId=name, window_ms=500))
    assert states(here, bot.key) == {name: "unknown"}
    assert reserved(here, bot.key) > 60
    eventually(lambda: states(here, bot.key), lambda seen: not seen)
    assert reserved(here, bot.key) == 0
    assert name not in here.exchange.received_ids()
    eventually(lambda: told(here, bot.key), lambda seen: [each.absent for each in seen] == [name])


def test_an_id_of_unknown_outcome_is_not_used_again(here: House, bot: Bot) -> None:
    """A client order id whose outcome is unknown, and one that was used, is refused as the exchange refuses it."""
    here.exchange.fault("reset_before", method="POST", path=ORDER)
    assert unknown(bot.order("BUY", "0.001", LOW, newClientOrderId="twice", window_ms=500))
    again = bot.order("BUY", "0.001", LOW, newClientOrderId="twice")
    assert (again.status, again.code, again.reason) == (400, -2010, "CLIENT_ORDER_ID_USED")


def test_a_cancel_of_unknown_outcome_is_looked_up(here: House, bot: Bot) -> None:
    """A cancel whose answer is lost is told as unknown, never repeated, and the order's end is noticed."""
    bot.order("BUY", "0.001", LOW, newClientOrderId="to-cancel")
    here.exchange.fault("reset_after", method="DELETE", path=ORDER)
    assert unknown(bot.ask("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="to-cancel"))
    eventually(lambda: states(here, bot.key), lambda seen: not seen)
    cancels = [
        row
        for row in here.exchange.received()
        if row["method"] == "DELETE" and row["parameters"].get("origClientOrderId") == "to-cancel"
    ]
    assert len(cancels) == 1


def test_a_fill_on_the_exchanges_side_is_noticed_without_being_asked(here: House, bot: Bot) -> None:
    """An order that rests is filled by somebody else, and counts as spent though its owner never asks."""
    price = f"{bot.mid():.2f}"
    assert bot.order("BUY", "0.001", price, newClientOrderId="rests").body["status"] == "NEW"
    fill(here, price)
    eventually(lambda: used(here, bot.key), lambda spent: spent > 60)
    assert (states(here, bot.key), reserved(here, bot.key)) == ({}, 0)
    assert [(held.asset, held.quantity) for held in here.usage(bot.key).holdings] == [("BTCUSDT", "0.000999")]


@pytest.mark.parametrize("path", ["/api/v3/allOrders", "/api/v3/myTrades", ORDER])
def test_a_fill_is_read_from_answers_that_pass(here: House, bot: Bot, path: str) -> None:
    """What an answer to the client tells of its orders counts at once."""
    price = f"{bot.mid():.2f}"
    placed = bot.order("BUY", "0.001", price)
    assert placed.body["status"] == "NEW"
    fill(here, price)
    named = {"orderId": placed.body["orderId"]} if path == ORDER else {}
    assert bot.ask("GET", path, symbol="BTCUSDT", **named).status == 200
    assert used(here, bot.key) > 60


def fill(house: House, price: str) -> None:
    """Somebody else sells into the bot's order."""
    selling = {"account": "other", "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.001", "price": price}
    sold = house.exchange.tell("POST", "orders", selling)
    assert sold["status"] == "FILLED"


def test_a_cancel_on_the_exchanges_own_pages_is_noticed(here: House, bot: Bot) -> None:
    """An order that its owner cancels at the exchange gives its budget back though nobody here was told."""
    bot.order("BUY", "0.001", LOW, newClientOrderId="cancelled-there")
    assert reserved(here, bot.key) > 60
    gone = owner_of(here).ask("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="cancelled-there")
    assert gone.body["status"] == "CANCELED"
    eventually(lambda: reserved(here, bot.key), lambda left: left == 0)
    assert states(here, bot.key) == {}


def test_a_read_may_be_asked_twice_and_an_order_never(here: House, bot: Bot) -> None:
    """A read whose answer is lost is asked once more and answered; nothing that changes state is."""
    here.exchange.fault("reset_before", method="GET", path="/api/v3/account")
    assert bot.ask("GET", "/api/v3/account").status == 200
    names = here.exchange.received_ids()
    assert len(names) == len(set(names)), "an order reached the exchange twice"


def test_the_account_is_the_sandboxs_own(here: House) -> None:
    """What the journal calls the account is what the exchange received for it."""
    assert {row["account"] for row in here.exchange.received()} <= {ACCOUNT}
