"""Held intents at the gateway: refused, told once, passed once after an approval, through restarts."""

import time
from decimal import Decimal

import msgspec
import pytest
from ground import ACCOUNT, BOT, Client, Ground, Sent
from msgspec.structs import replace

from bailiwick.gateway import holds
from bailiwick.gateway.pipeline import Gateway
from bailiwick.journal import record
from bailiwick.model.grant import Grant, Holds, HowMuch, WithdrawalGrant
from bailiwick.model.harm import Harm
from bailiwick.rules.hold import digest
from bailiwick.store.approvals import Hold, HoldState
from bailiwick.store.store import Store

PATH = "/sapi/v1/capital/withdraw/apply"
HOME = WithdrawalGrant(coin="USDT", network="TRX", address="home", per_act=Decimal(100), per_day=Decimal(150))
HELD: Grant = replace(
    BOT,
    what=replace(BOT.what, may=BOT.what.may | {Harm.WITHDRAW}),
    how_much=HowMuch(order_notional=Decimal(500), day_notional=Decimal(2000)),
    withdrawals=(HOME,),
    holds=Holds(may=frozenset({Harm.WITHDRAW}), notional_above=Decimal(200)),
)


def withdraw(bot: Client, amount: str = "50", **more: str) -> None:
    bot.send("POST", PATH, coin="USDT", network="TRX", address="home", amount=amount, **more)


async def events(ground: Ground, what: str) -> list[record.Event]:
    await ground.durable()
    return [each for each in ground.records(record.Event) if each.what == what]


async def left(ground: Ground) -> Sent:
    """The withdrawal that leaves; prices are fetched beside it."""
    await ground.durable()
    (found,) = [each for each in ground.upstream.open if each.path == PATH]
    ground.upstream.open.remove(found)
    return found


def gone(ground: Ground) -> list[Sent]:
    """Every withdrawal that left."""
    return [each for each in ground.upstream.sent if each.path == PATH]


async def approve(ground: Ground, event: record.Event, *, seconds: float = 300) -> None:
    """What the authority does when a person approves."""
    now = time.time_ns() // 1_000_000
    detail = dict(event.detail)
    row = Hold(
        id=f"h{event.at_us}", key=event.key, account=event.account, digest=detail["digest"], position=0,
        raised=now, answer_by=now, state=HoldState.APPROVED, what=detail["what"], request="",
        use_by=now + int(seconds * 1000),
    )  # fmt: skip
    with Store.open(ground.config.database) as store:
        store.holds.add(row)
    await ground.house.refresh()


async def test_what_is_held_is_refused_in_the_venues_format(ground: Ground) -> None:
    """A 400 −2010 that names no limit; nothing leaves, no budget is used, and it is no use of the key."""
    bot = ground.bot(HELD)
    withdraw(bot)
    status, body = bot.answers[-1]
    assert (status, body["code"], bot.reason) == (400, -2010, "HELD")
    assert [digit for digit in body["msg"] if digit.isdigit()] == []
    assert (gone(ground), ground.live(bot).used_us) == ([], 0)


async def test_a_person_is_told_once(ground: Ground) -> None:
    """A client that repeats itself is refused each time, and asks for a person's attention once."""
    bot = ground.bot(HELD)
    for number in range(5):
        withdraw(bot, withdrawOrderId=f"n{number}")
    assert bot.reasons == ["HELD"] * 5
    (event,) = await events(ground, "hold")
    detail = dict(event.detail)
    assert (event.account, detail["what"], "amount = 50" in detail["request00"]) == (
        ACCOUNT,
        "a withdrawal of USDT",
        True,
    )


async def test_an_approved_intent_passes_once(ground: Ground) -> None:
    """The same intent, under another name and time, leaves once; the next is held again."""
    bot = ground.bot(HELD)
    withdraw(bot, withdrawOrderId="first")
    (event,) = await events(ground, "hold")
    await approve(ground, event)
    withdraw(bot, withdrawOrderId="second")
    sent = await left(ground)
    sent.answer(200, {"id": "1"})
    withdraw(bot, withdrawOrderId="third")
    assert (sent.params["amount"], bot.reasons) == ("50", ["HELD", None, "HELD"])
    assert len(await events(ground, "hold_used")) == 1


@pytest.mark.parametrize("status", [400, 504])
async def test_an_approval_is_spent_though_the_exchange_refuses(status: int, ground: Ground) -> None:
    """What was let through once is not let through again: neither after a clear refusal nor when nobody knows."""
    bot = ground.bot(HELD)
    withdraw(bot)
    (event,) = await events(ground, "hold")
    await approve(ground, event)
    withdraw(bot)
    (await left(ground)).answer(status, {"code": -4026, "msg": "insufficient balance"})
    withdraw(bot)
    assert (bot.reason, len(gone(ground))) == ("HELD", 1)


async def test_a_clock_that_is_set_back_lengthens_no_approval(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """An approval that was over stays over when this machine's clock goes back."""
    bot = ground.bot(HELD)
    withdraw(bot)
    (event,) = await events(ground, "hold")
    await approve(ground, event, seconds=60)
    assert ground.house.holds is not None
    at_us = time.time_ns() // 1000
    monkeypatch.setattr(ground.house.holds, "_clock", lambda: at_us + 61_000_000)
    withdraw(bot)
    monkeypatch.setattr(ground.house.holds, "_clock", lambda: at_us)
    withdraw(bot)
    assert (bot.reasons, gone(ground)) == (["HELD"] * 3, [])


async def test_another_intent_does_not_pass(ground: Ground) -> None:
    """An approval of one amount is none of another, and none for another key."""
    bot, other = ground.bot(HELD), ground.bot(HELD)
    withdraw(bot)
    (event,) = await events(ground, "hold")
    await approve(ground, event)
    withdraw(bot, amount="51")
    withdraw(other)
    assert (bot.reasons, other.reasons, gone(ground)) == (["HELD", "HELD"], ["HELD"], [])


@pytest.mark.parametrize("crash", [False, True])
async def test_a_used_approval_stays_used(crash: bool, ground: Ground) -> None:
    """After a restart, in order or not, the journal says which approvals were used, whatever the store says."""
    bot = ground.bot(HELD)
    withdraw(bot)
    (event,) = await events(ground, "hold")
    await approve(ground, event)
    withdraw(bot, withdrawOrderId="a")
    (await left(ground)).answer(200, {"id": "1"})
    await ground.restart(crash=crash)
    again = ground.client(bot.key)
    ground.pass_time(120)  # what was signed before a crash opens nothing
    withdraw(again, withdrawOrderId="b")
    assert (again.reasons, len(gone(ground))) == (["HELD"], 1)


async def test_an_unused_approval_survives_a_restart(ground: Ground) -> None:
    """A person need not approve twice because the gateway was started anew."""
    bot = ground.bot(HELD)
    withdraw(bot)
    (event,) = await events(ground, "hold")
    await approve(ground, event)
    await ground.restart()
    again = ground.client(bot.key)
    withdraw(again)
    assert (await left(ground)).params["amount"] == "50"


async def test_an_approval_ends(ground: Ground) -> None:
    """After its time an approval is none."""
    bot = ground.bot(HELD)
    withdraw(bot)
    (event,) = await events(ground, "hold")
    await approve(ground, event, seconds=-0.001)
    withdraw(bot, withdrawOrderId="late")
    assert bot.reasons == ["HELD", "HELD"]


async def test_budgets_are_checked_at_use(ground: Ground) -> None:
    """An approval lifts the hold and nothing else: what is spent meanwhile is spent."""
    bot = ground.bot(HELD)
    for amount in ("80", "90"):
        withdraw(bot, amount=amount)
    for event in await events(ground, "hold"):
        await approve(ground, event)
    withdraw(bot, amount="80", withdrawOrderId="a")
    (await left(ground)).answer(200, {"id": "1"})
    withdraw(bot, amount="90", withdrawOrderId="b")
    assert bot.reasons == ["HELD", "HELD", None, "WITHDRAWAL_DAY"]


async def test_large_orders_are_held_and_exits_never(ground: Ground) -> None:
    """Above the amount an order waits for a person; selling what the key bought does not."""
    bot = ground.bot(HELD)
    bot.buy("3")
    assert bot.reason == "HELD"
    for _ in range(2):
        bot.buy("1.5")
        sent = await ground.sent()
        sent.accept(executed="1.5")
    bot.place("SELL", "3")
    assert (await ground.sent()).params["side"] == "SELL"


async def test_a_key_asks_no_more_than_ten_times(ground: Ground) -> None:
    """However many different intents a key comes up with, no more than ten are raised in ten minutes."""
    bot = ground.bot(HELD)
    for amount in range(1, 16):
        withdraw(bot, amount=str(amount))
    assert (bot.reasons, len(await events(ground, "hold"))) == (["HELD"] * 15, 10)


async def test_without_holds_nothing_is_asked(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a grant that holds nothing the way of a request does not touch approvals at all."""

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(holds.Holds, "stop", fail)
    monkeypatch.setattr(holds.Holds, "use", fail)
    bot = ground.bot()
    bot.buy()
    assert (await ground.sent()).params["quantity"] == "1"


async def test_a_gateway_without_approvals_holds_for_ever(ground: Ground) -> None:
    """Where approvals are not wired, what must be held is refused: nothing fails open."""
    gateway: Gateway = ground.house.gateway
    gateway.holds = None
    bot = ground.bot(HELD)
    withdraw(bot)
    assert (bot.reason, gone(ground)) == ("HELD", [])


async def test_explain_says_that_it_would_be_held(ground: Ground) -> None:
    """Whoever asks beforehand is told that a person will be asked."""
    from bailiwick.gateway.verbs import handlers
    from bailiwick.link.questions import Explain
    from bailiwick.link.wire import Peer

    bot = ground.bot(HELD)
    assert bot.key is not None
    target = f"{PATH}?coin=USDT&network=TRX&address=home&amount=50"
    answer = await handlers(ground.house)[Explain](Explain(key=bot.key.id, method="POST", target=target), Peer(1, 0))
    assert (answer.allowed, answer.reason) == (False, "HELD")  # type: ignore[attr-defined]  # an ExplainAnswer


def test_the_digest_is_that_of_the_rules() -> None:
    """The gateway's names for an intent are the pure function's."""
    assert holds.digest is digest
    assert msgspec.structs.fields(Hold)[3].name == "digest"
