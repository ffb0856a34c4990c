"""The watch at the gateway: asked before anything leaves, obeyed at once, and never in the way of an exit."""

import errno
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ground import BOT, SYMBOLS, Client, Ground, Sent
from msgspec.structs import replace

from bailiwick.gateway import chronicle, watching
from bailiwick.journal import record
from bailiwick.model.decision import Deny
from bailiwick.model.grant import Grant, HowFar, HowMuch, Liquidity, Most, Watched
from bailiwick.model.life import KeyState
from bailiwick.model.market import Quote
from bailiwick.model.reason import Reason
from bailiwick.store.alerts import Alert
from bailiwick.store.approvals import Hold, HoldState
from bailiwick.store.store import Store
from bailiwick.store.vouches import Vouch
from bailiwick.venues.binance.refusal import refuse
from bailiwick.watch.event import Asked, Event, Refused, Vouched
from bailiwick.watch.learning import settle_last
from bailiwick.watch.signal import PASS, Measure, Signal, Verdict
from bailiwick.watch.state import State

THIN = "THNUSDT"
ALL: Grant = replace(
    BOT,
    what=replace(BOT.what, symbols="all"),
    how_much=HowMuch(),
    how_far=HowFar(near_bps=1000, anchor_bps=1000),
    liquidity=Liquidity(),
)
WHY = Signal("new-symbol", 9000, (("symbol", THIN), ("market", "a thin market"), ("symbols known", "1")))


def says(
    monkeypatch: pytest.MonkeyPatch, measure: Measure, *, when: Callable[[Any], bool] | None = None
) -> list[Event]:
    """Let the watch say this of every intent, as far as its policy lets it; gives what it is told."""
    told: list[Event] = []

    def scripted(state: State, event: Event, now_us: int, policy: Any = None) -> tuple[State, Verdict]:
        told.append(event)
        if not isinstance(event, Asked) or (when is not None and not when(event)):
            return state, PASS
        return state, Verdict(min(measure, policy.most), 9000, "key", (WHY,))

    monkeypatch.setattr(watching, "step", scripted)
    return told


async def events(ground: Ground, what: str) -> list[record.Event]:
    await ground.durable()
    return [each for each in ground.records(record.Event) if each.what == what]


def gone(ground: Ground) -> int:
    """How many orders left."""
    return sum(sent.method == "POST" and sent.path == "/api/v3/order" for sent in ground.upstream.sent)


async def left(ground: Ground) -> Sent:
    """The order that leaves; prices are fetched beside it."""
    await ground.durable()
    found = [each for each in ground.upstream.open if each.path == "/api/v3/order"]
    ground.upstream.open.remove(found[0])
    return found[0]


async def bought(ground: Ground, bot: Client, quantity: str = "1") -> None:
    """The key buys, and its order is executed."""
    bot.buy(quantity)
    (await left(ground)).accept(quantity)


async def decided(ground: Ground, event: record.Event, position: int, **done: Any) -> None:
    """The authority has dealt with an event of the watch."""
    with Store.open(ground.config.database) as store:
        if done.get("moved"):
            store.keys.move(event.key, KeyState.WINDING_DOWN, account=event.account)
        store.alerts.add(Alert(position=position, at=1, key=event.key, account=event.account, kind="suspect"))
    await ground.house.refresh()


# What each measure does


async def test_what_is_noted_or_alerted_leaves(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below a hold nothing is stopped: a note is written, of an alert the authority hears, once in a while."""
    bot = ground.bot()
    kinds = []
    for measure in (Measure.NOTE, Measure.ALERT, Measure.ALERT):
        says(monkeypatch, measure)
        bot.buy()
        (await left(ground)).accept()
        kinds.append([len(await events(ground, kind)) for kind in ("watch_note", "watch_alert", "watch_hold")])
    assert (kinds, gone(ground)) == ([[1, 0, 0], [1, 1, 0], [1, 1, 0]], 3)


async def test_what_is_held_does_not_leave(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A held intent is refused and recorded as such; nothing of it is reserved, and the event says why in words."""
    bot = ground.bot()
    told = says(monkeypatch, Measure.HOLD)
    bot.buy()
    (event,) = await events(ground, "watch_hold")
    detail = dict(event.detail)
    (denied,) = ground.records(record.Intent)
    assert (gone(ground), ground.reserved(bot), denied.reason) == (0, Decimal(0), "WATCHED")
    assert (detail["symbol"], detail["worth"], detail["worth_in"]) == ("BTCUSDT", "100", "USDT")
    assert detail["why00"] == f"The key has never traded {THIN}, a thin market; it has traded one other symbol."
    assert "quantity = 1" in detail["request00"]
    assert [type(each).__name__ for each in told] == ["Asked", "Refused"]
    assert isinstance(told[1], Refused) and told[1].reason is Reason.HELD


def test_the_client_reads_an_ordinary_hold() -> None:
    """Byte for byte the same as where a grant holds an order: a bot survives it, and it says nothing of suspicion."""
    answer, ordinary = refuse(Deny(Reason.WATCHED, "why")), refuse(Deny(Reason.HELD))
    assert (answer, answer.status, json.loads(answer.body)["code"]) == (ordinary, 400, -2010)
    assert [word for word in (b"watch", b"suspic", b"suspect", b"alert", b"WATCHED") if word in answer.body] == []


async def test_an_approval_lets_the_same_pass_once(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the watch holds a person may approve: the same leaves once, and the next is held again."""
    bot = ground.bot()
    says(monkeypatch, Measure.HOLD)
    bot.buy()
    (event,) = await events(ground, "watch_hold")
    await approve(ground, event)
    bot.buy("2")
    bot.buy()
    (await left(ground)).accept()
    bot.buy()
    assert bot.reasons == ["HELD", "HELD", None, "HELD"]
    assert (gone(ground), len(await events(ground, "hold_used"))) == (1, 1)


async def test_an_approved_intent_winds_nothing_down(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person approved is not taken for theft, however sure the watch is by then."""
    bot = ground.bot()
    says(monkeypatch, Measure.HOLD)
    bot.buy()
    (event,) = await events(ground, "watch_hold")
    await approve(ground, event)
    says(monkeypatch, Measure.WIND_DOWN)
    bot.buy()
    (await left(ground)).accept()
    assert (ground.live(bot).state, await events(ground, "watch_suspect")) == (KeyState.ACTIVE, [])


async def approve(ground: Ground, event: record.Event) -> None:
    """What the authority does when a person approves."""
    now = time.time_ns() // 1_000_000
    detail = dict(event.detail)
    row = Hold(
        id=f"h{event.at_us}", key=event.key, account=event.account, digest=detail["digest"], position=0, raised=now,
        answer_by=now, state=HoldState.APPROVED, what=detail["what"], request="", use_by=now + 300_000, watched=True,
    )  # fmt: skip
    with Store.open(ground.config.database) as store:
        store.holds.add(row)
    await ground.house.refresh()


async def test_a_key_taken_for_stolen_winds_down_at_once(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the authority has heard of it nothing opens, nothing touches the symbol, and its stop lives on."""
    bot = ground.bot()
    await bought(ground, bot)
    bot.send(
        "POST", "/api/v3/order", symbol="BTCUSDT", side="SELL", type="STOP_LOSS_LIMIT", timeInForce="GTC", quantity="1",
        price="90", stopPrice="90.5",
    )  # fmt: skip
    stop = await left(ground)
    stop.accept()
    says(monkeypatch, Measure.WIND_DOWN, when=lambda event: event.symbol == "ETHUSDT")
    bot.place("BUY", "1", symbol="ETHUSDT")
    live = ground.live(bot)
    assert (live.state, live.curb is not None and live.curb.suspected) == (
        KeyState.WINDING_DOWN,
        frozenset({"ETHUSDT"}),
    )
    bot.buy()
    bot.send("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId=stop.params["newClientOrderId"])
    assert bot.reasons[-3:] == ["HELD", "KEY_WINDING_DOWN", "ORDER_PROTECTS"]
    bot.send("GET", "/api/v3/openOrders", symbol="BTCUSDT")
    assert (await ground.sent()).path == "/api/v3/openOrders"


@pytest.mark.parametrize("crash", [False, True])
async def test_a_doubt_outlives_the_gateway(crash: bool, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that was taken for stolen is so after a restart and after a kill, until the authority has decided."""
    bot = ground.bot()
    says(monkeypatch, Measure.WIND_DOWN)
    bot.buy()
    await ground.durable()
    for _ in range(2):
        await ground.restart(crash=crash)
        assert ground.live(bot).state is KeyState.WINDING_DOWN
    ((position, event),) = [
        (place, each) for place, each in enumerate(ground.records()) if getattr(each, "what", "") == "watch_suspect"
    ]
    await decided(ground, event, position)
    assert (ground.live(bot).state, ground.house.watching.doubts) == (KeyState.ACTIVE, {})
    await ground.restart(crash=crash)
    assert ground.live(bot).state is KeyState.ACTIVE


async def test_the_authoritys_word_takes_the_place_of_the_doubt(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no moment between is the key active: the doubt ends only where the rows that follow from it were read."""
    bot = ground.bot()
    says(monkeypatch, Measure.WIND_DOWN)
    bot.buy()
    (event,) = await events(ground, "watch_suspect")
    position = ground.house.watching.doubts[event.key].position
    states = []
    refresh = ground.house.registry.refresh

    def looked() -> int:
        change = refresh()
        states.append(ground.live(bot).state)
        return change

    monkeypatch.setattr(ground.house.registry, "refresh", looked)
    await decided(ground, event, position, moved=True)
    states.append(ground.live(bot).state)
    assert (set(states), ground.house.watching.doubts) == ({KeyState.WINDING_DOWN}, {})


@pytest.mark.parametrize("most", list(Most))
async def test_the_watch_goes_no_further_than_the_grant(
    most: Most, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However sure it is, it does what the grant lets it do, and no more."""
    bot = ground.bot(replace(BOT, watch=Watched(most=most)))
    says(monkeypatch, Measure.WIND_DOWN)
    bot.buy()
    raised = [kind for kind in ("note", "alert", "hold", "suspect") if await events(ground, f"watch_{kind}")]
    expected = {"note": "note", "alert": "alert", "hold": "hold", "wind-down": "suspect"}
    state = KeyState.WINDING_DOWN if most is Most.WIND_DOWN else KeyState.ACTIVE
    assert (raised, ground.live(bot).state) == ([expected[most]], state)


# What is never in its way


@pytest.mark.parametrize("broken", [False, True])
async def test_exits_pass_whatever_the_watch_says(
    broken: bool, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancels, orders that reduce, and reads leave though the watch would wind down, and though it fails."""
    bot = ground.bot()
    await bought(ground, bot)
    bot.buy("1", "99")
    resting = await left(ground)
    resting.accept()
    says(monkeypatch, Measure.WIND_DOWN)
    if broken:
        monkeypatch.setattr(watching, "step", _fails)
    before = len(ground.upstream.sent)
    bot.place("SELL", "1")
    (await left(ground)).accept("1")
    bot.send("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId=resting.params["newClientOrderId"])
    (await left(ground)).answer(200, resting.order("0", "CANCELED"))
    bot.send("GET", "/api/v3/account")
    (await ground.sent()).answer(200, {"balances": []})
    assert (len(ground.upstream.sent) - before, ground.live(bot).state) == (3, KeyState.ACTIVE)


async def test_a_fault_of_the_watch_refuses_what_opens(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fails open: an order that the watch could not look at does not leave."""
    bot = ground.bot()
    monkeypatch.setattr(watching, "step", _fails)
    bot.buy()
    await ground.durable()
    assert (bot.reason, gone(ground), ground.house.watching.faults > 0) == ("FAULT", 0, True)


def _fails(*_: object) -> Any:
    raise RuntimeError("the watch is broken")


async def test_a_fault_in_counting_a_fill_loses_no_outcome(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of the venue settles its order, whatever the watch makes of the fill."""
    bot = ground.bot()
    bot.buy()
    sent = await left(ground)
    monkeypatch.setattr(watching, "step", _fails)
    sent.accept("1")
    await ground.durable()
    assert (bot.answers[-1][0], ground.live(bot).ledger.holding("BTCUSDT")) == (200, Decimal(1))


async def test_keys_that_never_trade_cost_nothing(ground: Ground) -> None:
    """A read leaves no profile: a million idle keys are a million keys of which the watch knows nothing."""
    bots = [ground.bot() for _ in range(3)]
    for bot in bots:
        bot.send("GET", "/api/v3/account")
        (await ground.sent()).answer(200, {"balances": []})
    bots[0].buy()
    await ground.durable()
    assert list(ground.house.watching.state.keys) == [ground.live(bots[0]).id]


async def test_what_is_held_or_refused_is_no_use_of_the_key(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key whose orders are held lies idle all the same: a use is what was verified, allowed and recorded."""
    bot = ground.bot()
    says(monkeypatch, Measure.HOLD)
    bot.buy()
    live = ground.live(bot)
    held = (bot.reason, live.used_us, live.traded_us)
    says(monkeypatch, Measure.PASS)
    bot.buy()
    (await left(ground)).accept()
    now = ground.clock.at
    assert (held, live.used_us, live.traded_us) == (("HELD", 0, 0), now, now)


@pytest.mark.parametrize("fault", ["full", "uncounted"])
async def test_what_left_no_record_is_no_lesson(fault: str, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the watch passed and the journal had no room for, or a person must approve, does not become a habit."""
    bot = ground.bot(ALL)
    bot.buy()
    (await left(ground)).accept("1")
    live = ground.live(bot)
    if fault == "full":
        ground.disk.let_go(errno.ENOSPC)
        bot.buy()
        (await left(ground)).accept()
        assert ground.house.journal.full
    else:
        live.authority = replace(live.authority, may_hold=True)
        monkeypatch.setattr(chronicle, "DENIALS_APIECE", 0)
        monkeypatch.setattr(ground.house.gateway.holds, "stop", lambda *_: None)
        monkeypatch.setattr(ground.house.gateway.holds, "use", lambda *_: Deny(Reason.HELD))
    watched = ground.house.watching.state.keys[live.id]
    ground.pass_time(60)
    left_before = gone(ground)
    bot.buy("2")
    settle_last(watched)
    assert bot.reason in ("JOURNAL_FULL", "HELD")
    assert (gone(ground), watched.profile.young.orders) == (left_before, left_before)


async def test_bites_are_not_taken_before_the_first_is_counted(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is noted and pays more than the market is held while nobody knows what the key's last such order cost."""
    bot = ground.bot(ALL)
    says(monkeypatch, Measure.NOTE)
    bot.buy("1", "101")
    first = await left(ground)
    bot.buy("1", "101")  # before there is an answer
    first.accept("0")
    bot.buy("1", "101")  # and after one that tells of no fill, as ACK does
    assert bot.reasons == [None, "HELD", "HELD"]  # answers come in the order of what was asked
    bot.buy("1", "100")  # at the market's price nothing is given away
    (await left(ground)).accept("0")
    ground.pass_time(11)
    bot.buy("1", "101")  # by then the reconciler has asked
    (await left(ground)).accept("1")
    bot.buy("1", "101")  # and what was executed is counted
    (await left(ground)).accept("1")
    assert bot.reasons[3:] == [None, None, None]


# A habit, and what is unlike it


def thin_market(ground: Ground) -> None:
    """A coin that hardly anybody trades."""
    ground.venue.prices.set_symbols(SYMBOLS | {THIN: replace(SYMBOLS["BTCUSDT"], symbol=THIN, base="THN")})
    ground.fresh_prices()
    now = ground.clock.at
    quote = Quote(near=Decimal(100), anchor=Decimal(100), near_us=now, anchor_us=now, daily_volume=Decimal(200_000))
    ground.venue.market.set_quote(THIN, quote)


async def habit(ground: Ground, bot: Client, days: int = 6) -> None:
    """Four days and more of small orders in one deep market."""
    for place in range(days * 6):
        ground.pass_time(4 * 3600)
        side = "SELL" if place % 2 else "BUY"
        bot.place(side, "1", newClientOrderId=f"bot-{place}")
        (await left(ground)).accept("1")


async def test_a_thin_coin_out_of_nowhere_is_held(ground: Ground) -> None:
    """A key with a habit in one deep market that suddenly buys much of a thin one is stopped before its first order."""
    bot = ground.bot(ALL)
    await habit(ground, bot)
    before = gone(ground)
    ground.pass_time(3600)
    thin_market(ground)
    bot.place("BUY", "50", "105", symbol=THIN)
    found = await events(ground, "watch_hold") + await events(ground, "watch_suspect")
    assert (bot.reason, gone(ground) - before, len(found)) == ("HELD", 0, 1)
    assert dict(found[0].detail)["symbol"] == THIN


async def test_what_an_owner_vouches_for_passes(ground: Ground) -> None:
    """After "that was me" the symbol passes up to the size that was shown, and more than that does not."""
    bot = ground.bot(replace(ALL, watch=Watched(most=Most.HOLD)))
    await habit(ground, bot)
    ground.pass_time(3600)
    thin_market(ground)
    bot.place("BUY", "50", "105", symbol=THIN)
    (event,) = await events(ground, "watch_hold")
    detail = dict(event.detail)
    row = Vouch(
        id="v-1", key=event.key, symbol=detail["symbol"], worth=detail["worth"], worth_in=detail["worth_in"], made=1,
        made_by="ada (uid 1)", until=ground.clock.at // 1000 + 86_400_000, alert=1,
    )  # fmt: skip
    with Store.open(ground.config.database) as store:
        store.vouches.add(row)
    await ground.house.refresh()
    bot.place("BUY", "50", "105", symbol=THIN)
    (await left(ground)).accept()
    bot.place("BUY", "500", "105", symbol=THIN)
    assert bot.reasons[-3:] == ["HELD", None, "HELD"]


async def test_a_word_that_was_taken_back_says_nothing(ground: Ground) -> None:
    """What is no longer vouched for is held again."""
    told = ground.house.watching
    key = ground.bot(ALL)
    words = _Words([Vouched(key=ground.live(key).id, symbol=THIN, worth=Decimal(100), until_us=1 << 50)])
    key.buy()
    await ground.durable()
    told.learn(words)
    given = dict(told.state.keys[ground.live(key).id].course.pledges)
    words.said.clear()
    told.learn(words)
    assert [pledge.until_s for pledge in told.state.keys[ground.live(key).id].course.pledges.values()] == [0]
    assert len(given) == 1


class _Words:
    def __init__(self, said: list[Vouched]) -> None:
        self.said = said

    def vouched(self) -> list[Vouched]:
        return self.said

    def alerts_at(self, positions: Any) -> frozenset[int]:
        return frozenset()
