"""The way of one request: its order, one answer whatever happens, nothing before its record, nothing twice."""

import errno
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from ground import BOT, Client, Failure, Ground, Sent, reason_of, report

from bailiwick.gateway import dispatch
from bailiwick.gateway.chronicle import Chronicle
from bailiwick.gateway.pipeline import Gateway
from bailiwick.gateway.registry import Registry
from bailiwick.journal import record
from bailiwick.rules.ledger import Ledger

ORDER, ACCOUNT_PATH = "/api/v3/order", "/api/v3/account"


class Broken(Exception):
    """A fault that a test injects."""


def broken(*arguments: object, **named: object) -> Any:
    raise Broken


def idle(ground: Ground) -> bool:
    """Whether no request is in the gateway's hands."""
    return ground.house.gateway.in_hand == 0


# Faults: refused, released, answered once


@pytest.mark.parametrize("step", ["find", "verify", "unfold", "parse", "decide", "intent", "reserve", "when_durable"])
async def test_a_fault_before_the_record_refuses_and_holds_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A fault in any step before the record is durable is refused once, sends nothing and leaves nothing reserved."""
    bot = ground.bot()
    live = ground.live(bot)
    owner: Any = {
        "find": Registry, "verify": type(live.verifier), "unfold": type(live.account.venue.dialect),
        "parse": type(live.account.venue.dialect), "intent": Chronicle, "reserve": Ledger, "when_durable": Chronicle,
    }.get(step)  # fmt: skip
    with monkeypatch.context() as patch:
        if owner is None:
            patch.setattr("bailiwick.gateway.pipeline.decide", broken)
        else:
            patch.setattr(owner, step, broken)
        bot.buy()
        await ground.durable()
    assert bot.reasons == ["FAULT"]
    assert ground.upstream.sent == []
    assert ground.reserved(bot) == 0
    assert idle(ground)


async def test_a_fault_in_signing_releases_and_is_recorded(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be signed was not sent: it is released, and the journal says so."""
    bot = ground.bot()
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "sign", broken)
        bot.buy()
        await ground.durable()
    await ground.durable()
    assert bot.reasons == ["FAULT"]
    assert ground.reserved(bot) == 0
    assert [outcome.executed for outcome in ground.records(record.Outcome)] == [False]


async def test_a_fault_while_sending_releases_nothing(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once bytes may have left, a fault leaves the outcome unknown: everything stays reserved and is looked up."""
    bot = ground.bot()
    send = ground.upstream.send

    def send_and_break(outgoing: Any, waiter: Any) -> None:
        send(outgoing, waiter)
        raise Broken

    monkeypatch.setattr(ground.upstream, "send", send_and_break)
    bot.buy()
    sent = await ground.sent()
    assert bot.reasons == ["UPSTREAM_UNKNOWN"]
    assert ground.reserved(bot) == 100
    assert len(ground.house.reconciler) == 1
    sent.accept()  # the answer comes all the same
    assert len(bot.answers) == 1
    assert idle(ground)


@pytest.mark.parametrize("step", ["read_answer", "apply", "outcome"])
async def test_a_fault_while_settling_leaves_the_outcome_unknown(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A fault after the venue has answered keeps what was reserved, is answered as unknown once, and is looked up."""
    bot = ground.bot()
    bot.buy()
    sent = await ground.sent()
    owner: Any = {"read_answer": type(ground.venue.dialect), "apply": dispatch, "outcome": Chronicle}[step]
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, broken)
        sent.accept()
    assert bot.reasons == ["UPSTREAM_UNKNOWN"]
    assert ground.reserved(bot) == 100
    assert idle(ground)


@pytest.mark.parametrize("failure", list(Failure))
async def test_a_fault_while_taking_in_a_failure_is_answered(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, failure: Failure
) -> None:
    """A fault in the handling of a failed request is answered too, and does not reach whoever reports the failure."""
    bot = ground.bot()
    bot.buy()
    sent = await ground.sent()
    with monkeypatch.context() as patch:
        patch.setattr(Chronicle, "outcome", broken)
        patch.setattr(Chronicle, "not_sent", broken)
        sent.fail(failure)
    assert bot.reasons == ["UPSTREAM_UNKNOWN"]
    assert idle(ground)


async def test_a_fault_in_asking_a_read_again_is_answered(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that cannot be sent a second time is answered once."""
    bot = ground.bot()
    bot.send("GET", ACCOUNT_PATH)
    sent = ground.upstream.take()
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "sign", broken)
        sent.fail()
    assert bot.reasons == ["UPSTREAM_UNKNOWN"]
    assert idle(ground)


async def test_a_budget_freed_by_a_fault_is_whole_again(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any number of faults before sending, the day's budget buys exactly as much as on the first day."""
    bot = ground.bot()
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "sign", broken)
        for _ in range(10):
            bot.buy("5")
            await ground.durable()
    others = [ground.client(bot.key) for _ in range(5)]
    for other in others:
        other.buy("5")
    await ground.durable()
    assert [other.reasons for other in others] == [[], [], [], [], ["DAY_NOTIONAL"]]
    assert len(ground.upstream.sent) == 4


# Nothing leaves before its record


async def test_nothing_leaves_before_its_record_is_durable(ground: Ground) -> None:
    """An order waits for the disk, and leaves once the disk has it."""
    bot = ground.bot()
    ground.disk.hold()
    bot.buy()
    assert ground.upstream.sent == []
    assert ground.reserved(bot) == 100
    ground.disk.let_go()
    sent = await ground.sent()
    intents = ground.records(record.Intent)
    assert [intent.key for intent in intents] == [bot.key.id]
    assert sent.params["newClientOrderId"] == intents[0].orders[0].client_id


async def test_a_record_that_is_lost_releases_and_refuses(ground: Ground) -> None:
    """Where the journal fails between the record and its durability, nothing is sent and nothing stays reserved."""
    bot = ground.bot()
    ground.disk.hold()
    bot.buy()
    ground.disk.let_go(errno.EIO)
    await ground.durable()
    assert bot.reasons == ["JOURNAL_STOPPED"]
    assert ground.upstream.sent == []
    assert ground.reserved(bot) == 0


async def test_a_stopped_journal_denies_whatever_changes_state(ground: Ground) -> None:
    """After a failed write orders and cancels are refused, and reads still pass."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    (await ground.sent()).accept()
    ground.disk.let_go(errno.EIO)
    bot.buy()
    await ground.durable()
    bot.send("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="mine")
    bot.buy()
    bot.send("GET", ACCOUNT_PATH)
    ground.upstream.take().answer(200, {})
    assert bot.reasons == [None, "JOURNAL_STOPPED", "JOURNAL_STOPPED", "JOURNAL_STOPPED", None]
    assert [sent.method for sent in ground.upstream.sent] == ["POST", "GET"]


async def test_on_a_full_disk_only_exits_pass(ground: Ground) -> None:
    """While the disk is full a new order is refused; a cancel and a reducing order are recorded in the reserve."""
    bot = ground.bot()
    bot.buy(newClientOrderId="bought")
    (await ground.sent()).accept("1")
    ground.disk.let_go(errno.ENOSPC)
    bot.buy(newClientOrderId="resting")
    number = (await ground.sent()).accept()
    assert ground.house.journal.full
    bot.buy()
    bot.send("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="resting")
    (await ground.sent()).answer(200, report("resting", status="CANCELED", order_id=number))
    bot.place("SELL", "1")
    (await ground.sent()).accept("1")
    await ground.durable()
    assert bot.reasons == [None, None, "JOURNAL_FULL", None, None]
    assert ground.reserved(bot) == 0


async def test_a_window_spent_while_the_journal_wrote_sends_nothing(ground: Ground) -> None:
    """The client's window is looked at again after the journal's wait: nothing left of it denies, and is recorded."""
    bot = ground.bot()
    ground.disk.hold()
    bot.buy()
    ground.pass_time(5)
    ground.disk.let_go()
    await ground.durable()
    await ground.durable()
    assert bot.reasons == ["WINDOW_SPENT"]
    assert ground.upstream.sent == []
    assert ground.reserved(bot) == 0
    assert [outcome.detail for outcome in ground.records(record.Outcome)] == ["WINDOW_SPENT"]


async def test_a_cancel_all_whose_window_is_spent_sends_nothing(ground: Ground) -> None:
    """The cancels that stand for a cancel-all keep to the client's window as every other request does."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept()
    ground.disk.hold()
    bot.send("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
    ground.pass_time(6)
    ground.disk.let_go()
    await ground.durable()
    assert bot.reasons == [None, "WINDOW_SPENT"]
    assert len(ground.upstream.sent) == 1


async def test_the_venue_is_given_what_is_left_of_the_window(ground: Ground) -> None:
    """What the journal's wait took is taken off the window that the venue is given."""
    bot = ground.bot()
    ground.disk.hold()
    bot.buy()
    ground.clock.at += 2_000_000
    ground.disk.let_go()
    sent = await ground.sent()
    assert 2990 <= int(sent.params["recvWindow"]) <= 3001
    assert int(sent.params["timestamp"]) == ground.clock.at // 1000


# What the venue answers


@pytest.mark.parametrize(
    ("status", "body", "reason", "reserved"),
    [
        (500, b"oops", "UPSTREAM_UNKNOWN", 100),
        (503, b'{"code":-1007,"msg":"timeout"}', "UPSTREAM_UNKNOWN", 100),
        (503, b'{"code":-1008,"msg":"overloaded"}', None, 0),
        (504, b"", "UPSTREAM_UNKNOWN", 100),
        (429, b'{"code":-1003,"msg":"slow"}', None, 0),
        (418, b'{"code":-1003,"msg":"banned"}', None, 0),
        (403, b"<html>", None, 0),
        (400, b'{"code":-2010,"msg":"no funds"}', None, 0),
        (400, b'{"code":-1006,"msg":"unexpected"}', None, 100),
        (400, b"garbage", None, 100),
        (200, b"garbage", "UPSTREAM_UNKNOWN", 100),
        (200, b"", "UPSTREAM_UNKNOWN", 100),
        (200, b"[]", "UPSTREAM_UNKNOWN", 100),
        (302, b"", "UPSTREAM_UNKNOWN", 100),
    ],
)
async def test_only_a_definite_refusal_releases(
    ground: Ground, status: int, body: bytes, reason: str | None, reserved: int
) -> None:
    """An order is released where the venue certainly did not take it, and stays reserved wherever it might have."""
    bot = ground.bot()
    bot.buy()
    sent = await ground.sent()
    sent.waiter.answered(status, b"", body)
    head = bot.transport.written.partition(b"\r\n\r\n")
    assert bot.transport.written.count(b"HTTP/1.1 ") == 1
    assert reason_of({"msg": head[2].decode().removesuffix('"}')}) == reason
    assert ground.reserved(bot) == reserved
    assert len(ground.house.reconciler) == (1 if reserved else 0)
    assert idle(ground)


@pytest.mark.parametrize(
    ("failure", "reason", "reserved"),
    [(Failure.NOT_SENT, "UPSTREAM_UNREACHABLE", 0), (Failure.UNKNOWN, "UPSTREAM_UNKNOWN", 100)],
)
async def test_a_request_without_an_answer(ground: Ground, failure: Failure, reason: str, reserved: int) -> None:
    """What was not sent is released; what may have arrived stays reserved; neither is sent again."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).fail(failure)
    assert bot.reasons == [reason]
    assert ground.reserved(bot) == reserved
    assert len(ground.upstream.sent) == 1
    assert idle(ground)


async def test_an_answer_about_another_order_settles_nothing(ground: Ground) -> None:
    """A 200 that speaks of an order that is not this key's leaves the reserved order as it was, and it is looked up."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    sent = await ground.sent()
    other = sent.order("1") | {"clientOrderId": "somebody-elses"}
    sent.answer(200, other)
    assert (ground.reserved(bot), ground.spent(bot)) == (100, 0)

    def venue(asked: Sent) -> bool:
        asked.answer(200, sent.order("1"))
        return True

    await ground.reconcile(venue)
    assert (ground.reserved(bot), ground.spent(bot)) == (0, 100)


async def test_a_read_is_asked_again_once_at_most(ground: Ground) -> None:
    """A read that is lost is repeated one time; after that its client is told."""
    bot = ground.bot()
    bot.send("GET", ACCOUNT_PATH)
    ground.upstream.take().fail()
    assert bot.answers == []
    ground.upstream.take().fail()
    assert bot.reasons == ["UPSTREAM_UNKNOWN"]
    assert len(ground.upstream.sent) == 2
    assert idle(ground)


async def test_a_cancel_is_never_repeated(ground: Ground) -> None:
    """A cancel of unknown outcome is left to its client to repeat, with a new signature."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    (await ground.sent()).accept()
    bot.send("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="mine")
    (await ground.sent()).fail()
    assert bot.reasons == [None, "UPSTREAM_UNKNOWN"]
    assert len(ground.upstream.sent) == 2


async def test_an_order_goes_on_when_its_client_has_gone(ground: Ground) -> None:
    """A client that hangs up after its order was recorded loses the answer, not the order's accounting."""
    bot = ground.bot()
    bot.buy()
    sent = await ground.sent()
    bot.connection.connection_lost(None)
    sent.accept("1")
    assert bot.transport.written == b""
    assert (ground.reserved(bot), ground.spent(bot)) == (0, 100)
    assert idle(ground)


async def test_while_shutting_down_nothing_new_leaves(ground: Ground) -> None:
    """A gateway that ends refuses new requests and settles what was forwarded."""
    bot = ground.bot()
    bot.buy()
    sent = await ground.sent()
    other = ground.client(bot.key)
    ground.house.gateway.closing = True
    other.buy()
    sent.accept()
    await ground.durable()
    assert other.reasons == ["SHUTTING_DOWN"]
    assert bot.reasons == [None]
    assert len(ground.upstream.sent) == 1


async def test_thousands_sent_ahead_are_each_answered_once(ground: Ground) -> None:
    """Requests that a client sends ahead in one piece are answered one after the other, however many are refused."""
    bot = ground.bot()
    bot.send("GET", ACCOUNT_PATH)
    bot.connection.data_received(b"GET /nothing HTTP/1.1\r\nHost: gateway\r\n\r\n" * 3000)
    ground.upstream.take().answer(200, {})
    assert bot.reasons == [None] + ["ENDPOINT_UNKNOWN"] * 3000
    assert idle(ground)


async def test_two_hundred_orders_at_once_stay_within_the_budget(ground: Ground) -> None:
    """Two hundred orders that arrive before the first is durable reserve the day's budget and no cent more."""
    bot = ground.bot()
    ground.disk.hold()
    clients = [ground.client(bot.key) for _ in range(200)]
    for place, client in enumerate(clients):
        client.buy("0.3", price=f"{99 + place % 2}.{place % 100:02}")
    ground.disk.let_go()
    await ground.durable()
    total = sum(
        (Decimal(sent.params["quantity"]) * max(Decimal(sent.params["price"]), Decimal(100)))
        for sent in ground.upstream.sent
    )
    assert total == ground.reserved(bot)
    assert Decimal(1960) < total <= 2000
    assert sum(bool(client.answers) for client in clients) == 200 - len(ground.upstream.sent)


# Trial orders place nothing, and so release nothing


async def test_a_refused_trial_does_not_release_an_order_of_the_same_id(ground: Ground) -> None:
    """A thief cannot free an order's budget by the failure of a trial order that was given the same id before it."""
    bot, other = ground.bot(), None
    other = ground.client(bot.key)
    bot.send(
        "POST", "/api/v3/order/test", symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1",
        price="100", newClientOrderId="twin",
    )  # fmt: skip
    trial = await ground.sent()
    other.buy(newClientOrderId="twin")
    order = await ground.sent()
    trial.refuse()
    assert ground.reserved(bot) == 100
    order.accept("1")
    assert (ground.reserved(bot), ground.spent(bot)) == (0, 100)


async def test_a_lost_trial_leaves_nothing_to_look_up(ground: Ground) -> None:
    """A trial order of unknown outcome placed nothing: there is no order to look for, none to take for absent."""
    bot = ground.bot()
    bot.send(
        "POST", "/api/v3/order/test", symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1",
        price="100", newClientOrderId="twin",
    )  # fmt: skip
    (await ground.sent()).fail()
    assert len(ground.house.reconciler) == 0


def spell(client: Client) -> str:
    """The whole conversation's text."""
    return client.transport.written.decode()


async def test_refusals_name_no_number(ground: Ground) -> None:
    """What the sender of a refused order reads names neither the limit nor what is left of it."""
    grant = msgspec.structs.replace(BOT, how_much=msgspec.structs.replace(BOT.how_much, order_notional=Decimal(777)))
    bot = ground.bot(grant)
    bot.buy("7.78")
    assert bot.reasons == ["ORDER_NOTIONAL"]
    assert "77" not in spell(bot).partition("\r\n\r\n")[2]
