"""What follows when the watch speaks: its owner's choice, an incident, one notice, and a person's word."""

from typing import Any

import pytest
from authority_house import NOW, House
from msgspec.structs import replace

from bailiwick.authority.approval_verbs import ShowApproval
from bailiwick.authority.desk import Desk
from bailiwick.authority.notice_verbs import ListIncidents
from bailiwick.authority.verbs import EditKey
from bailiwick.authority.watch_verbs import (
    EndVouch,
    ListAlerts,
    ListVouches,
    ShowAlert,
    ShowWatchedKey,
    VouchAlert,
)
from bailiwick.authority.watchdesk import VOUCHED_MS
from bailiwick.link.questions import Event
from bailiwick.link.watch_questions import HabitView, KnownAnswer
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import Cause, KeyState, Response
from bailiwick.store.approvals import HoldState

DAY_MS = 86_400_000
DETAIL = {
    "digest": "d1", "what": "an order: buy THNUSDT", "symbol": "THNUSDT", "worth": "5250", "worth_in": "USDT",
    "score": "12300", "scope": "key", "source": "192.0.2.77", "suspected": "THNUSDT", "measure": "wind-down",
    "why00": "The key has never traded THNUSDT.", "why01": "5,250 USDT is 50 times its usual largest order.",
    "request00": "POST /api/v3/order\nsymbol = THNUSDT\n", "request01": "quantity = 50", "call": "POST /api/v3/order",
}  # fmt: skip


class Watch:
    """A house whose gateway tells of one key."""

    def __init__(self, house: House, key: str) -> None:
        self.house = house
        self.store = house.store
        self.key = key
        self.now = NOW
        self.desk = Desk(house.config, house.store, house.gateway, clock=lambda: self.now)
        self._position = 1000

    async def tell(self, kind: str, position: int | None = None, **changed: str) -> str:
        """The gateway tells of something; gives the alert's id."""
        if position is None:
            self._position += 1
            position = self._position
        event = Event(
            position=position, at_ms=self.now, kind=f"watch_{kind}", key=self.key, account="main",
            detail=DETAIL | changed,
        )  # fmt: skip
        await self.desk.watch.told(event)
        return f"w{position}"

    async def ask(self, question: Any, actor: str = "ada (uid 1000)") -> Any:
        return await self.desk.answer(question, actor)

    async def vouch(self, alert: str, actor: str = "ada (uid 1000)") -> Any:
        seen = (await self.ask(ShowAlert(id=alert))).seen
        return await self.ask(VouchAlert(id=alert, seen=seen), actor)

    def state(self) -> KeyState:
        return self.store.keys.get(self.key).state

    def notices(self) -> list[Any]:
        return [each.notice for each in self.store.notices.list()]


@pytest.fixture
async def watch(house: House) -> Watch:
    return Watch(house, (await house.issue()).id)


async def test_a_stolen_key_winds_down_under_suspicion(watch: Watch) -> None:
    """By default it winds down for a day, with the symbol suspected, by the rule and in the journal."""
    await watch.tell("suspect")
    key = watch.store.keys.get(watch.key)
    assert (key.state, key.cause, key.suspected, key.until) == (
        KeyState.WINDING_DOWN,
        Cause.SUSPICION,
        ("THNUSDT",),
        NOW + DAY_MS,
    )
    moved = next(act for act in watch.house.gateway.acts if act.act == "key.watch")
    assert (moved.actor, watch.key in moved.after) == ("rule:watch", True)


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        (Response.NOTICE, KeyState.ACTIVE),
        (Response.WIND_DOWN, KeyState.WINDING_DOWN),
        (Response.FREEZE, KeyState.FROZEN),
        (Response.REVOKE, KeyState.REVOKED),
    ],
)
async def test_its_owner_has_chosen_what_follows(choice: Response, state: KeyState, watch: Watch) -> None:
    """What a person wrote for the key is done, and nothing else."""
    await watch.ask(EditKey(id=watch.key, on_alert=choice))
    alert = await watch.tell("suspect")
    found = (await watch.ask(ShowAlert(id=alert))).alert
    assert (watch.state(), bool(found.hold)) == (state, choice is Response.NOTICE)


@pytest.mark.parametrize("kind", ["alert", "hold"])
async def test_less_than_a_suspicion_stops_no_key(kind: str, watch: Watch) -> None:
    """An alert and a hold leave the key as it is; of each there is an incident and a notice."""
    await watch.tell(kind)
    (incident,) = (await watch.ask(ListIncidents())).rows
    assert (watch.state(), incident.kind, incident.keys, len(watch.notices())) == (
        KeyState.ACTIVE,
        "watch",
        (watch.key,),
        1,
    )


async def test_a_notice_names_neither_amount_nor_address(watch: Watch) -> None:
    """A notice may be read over a shoulder: what was asked stands in it, its size and where it came from do not."""
    for kind in ("alert", "hold", "suspect"):
        await watch.tell(kind, symbol=f"{kind.upper()}USDT", digest=kind)
    texts = [f"{each.title} {each.text}" for each in watch.notices()]
    assert len(texts) == 3
    assert [word for word in ("5250", "5,250", "192.0.2.77") if any(word in text for text in texts)] == []
    assert [text for text in texts if f"bailiwick key not-me {watch.key}" not in text] == []


async def test_a_storm_is_one_notice(watch: Watch) -> None:
    """A hundred alerts of one matter are one incident and one notice that counts."""
    for place in range(100):
        await watch.tell("hold", digest=f"d{place}")
    rows = (await watch.ask(ListIncidents())).rows
    assert (len(rows), len(watch.notices()), watch.state()) == (1, 1, KeyState.ACTIVE)


async def test_an_event_told_twice_is_one_alert(watch: Watch) -> None:
    """After a crash an event is heard again: nothing is done twice."""
    for _ in range(2):
        await watch.tell("suspect", position=7)
    acts = [act.act for act in watch.house.gateway.acts].count("key.watch")
    assert (len((await watch.ask(ListAlerts())).rows), acts, len(watch.notices())) == (1, 1, 1)


async def test_a_key_that_a_person_gave_back_stays_so(watch: Watch) -> None:
    """An old event that is heard again does not wind down anew what its owner has given back."""
    await watch.tell("suspect", position=7)
    watch.store.keys.move(watch.key, KeyState.ACTIVE, account="main")
    await watch.tell("suspect", position=7)
    assert watch.state() is KeyState.ACTIVE


async def test_what_the_watch_held_may_be_approved(watch: Watch) -> None:
    """The held request waits as any other, whole, and three of them do not wear the key down: it is no fault of it."""
    alerts = [await watch.tell("hold", digest=f"d{place}") for place in range(4)]
    hold = (await watch.ask(ShowAlert(id=alerts[0]))).alert.hold
    shown = (await watch.ask(ShowApproval(id=hold))).hold
    assert (shown.state, shown.request, watch.state()) == (
        HoldState.WAITING,
        "POST /api/v3/order\nsymbol = THNUSDT\nquantity = 50",
        KeyState.ACTIVE,
    )


async def test_an_alert_explains_itself(watch: Watch) -> None:
    """Whoever looks reads why in sentences, what was asked, what was done and what to say."""
    found = (await watch.ask(ShowAlert(id=await watch.tell("suspect")))).alert
    assert (found.why, found.worth, found.score, found.done, found.not_me) == (
        ("The key has never traded THNUSDT.", "5,250 USDT is 50 times its usual largest order."),
        "5250 USDT",
        12.3,
        "winds down",
        f"bailiwick key not-me {watch.key}",
    )


# That was me


async def test_a_person_vouches_for_what_was_shown(watch: Watch) -> None:
    """The word covers the symbol and the size of the alert, ends after 30 days, and stands in the journal."""
    alert = await watch.tell("hold")
    given = (await watch.vouch(alert)).vouch
    (kept,) = watch.store.vouches.of_key(watch.key)
    act = watch.house.last_act()
    assert (kept.symbol, kept.worth, kept.worth_in, kept.until) == ("THNUSDT", "5250", "USDT", NOW + VOUCHED_MS)
    assert (act.act, act.actor, '"worth":"5250"' in act.after) == ("watch.vouch", "ada (uid 1000)", True)
    assert (await watch.ask(ShowAlert(id=alert))).alert.vouch == given.id


@pytest.mark.parametrize("actor", ["rule:watch", "link:page", "token bot", "link:telegram"])
async def test_only_a_person_vouches(actor: str, watch: Watch) -> None:
    """No rule, link, message or program says that it was the owner."""
    alert = await watch.tell("hold")
    with pytest.raises(LinkError) as refused:
        await watch.vouch(alert, actor)
    assert (refused.value.code, list(watch.store.vouches.of_key(watch.key))) == (Code.REFUSED, [])


async def test_nothing_is_vouched_for_unseen(watch: Watch) -> None:
    """Whoever has not been shown the alert, or was shown another, vouches for nothing."""
    alert, other = await watch.tell("hold"), await watch.tell("hold", worth="1", digest="d2")
    seen = (await watch.ask(ShowAlert(id=other))).seen
    for mark in ("", seen):
        with pytest.raises(LinkError) as refused:
            await watch.ask(VouchAlert(id=alert, seen=mark))
        assert refused.value.code is Code.CONFLICT


async def test_what_is_no_order_cannot_be_vouched_for(watch: Watch) -> None:
    """A withdrawal or a series of denials has no symbol and size that a word could cover."""
    alert = await watch.tell("alert", symbol="", worth="")
    with pytest.raises(LinkError) as refused:
        await watch.vouch(alert)
    assert refused.value.code is Code.REFUSED


async def test_a_word_does_not_give_a_key_back(watch: Watch) -> None:
    """Whoever vouches is told that the key still winds down, and how a person gives it back."""
    answer = await watch.vouch(await watch.tell("suspect"))
    assert (watch.state(), "key unfreeze" in answer.notes[0]) == (KeyState.WINDING_DOWN, True)


async def test_a_word_ends(watch: Watch) -> None:
    """It is over after its time, and before it when somebody ends it; a newer one for the symbol takes its place."""
    first = (await watch.vouch(await watch.tell("hold"))).vouch.id
    second = (await watch.vouch(await watch.tell("hold", digest="d2"))).vouch.id
    alive = [each.id for each in (await watch.ask(ListVouches(key=watch.key))).rows]
    await watch.ask(EndVouch(id=second), "rule:any")
    ended = (await watch.ask(ListVouches(key=watch.key))).rows
    third = (await watch.vouch(await watch.tell("hold", digest="d3"))).vouch.id
    watch.now += VOUCHED_MS
    over = (await watch.ask(ListVouches(key=watch.key))).rows
    assert (alive, ended, over, len({first, second, third})) == ([second], (), (), 3)


# What is known


async def test_what_is_known_is_told_in_words(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner reads what his key is known by: symbols, sizes, how many networks, and its last alert."""
    known = KnownAnswer(
        known=True, orders=120, days=4, settled=True, networks=2, clients=1, score=4200,
        habits=(HabitView(symbol="BTCUSDT", orders=120, usual="100", largest="150"),),
    )  # fmt: skip
    ask = watch.house.gateway.ask

    async def answered(question: Any, **how: Any) -> Any:
        return known if type(question).__name__ == "KnownOfKey" else await ask(question, **how)

    monkeypatch.setattr(watch.house.gateway, "ask", answered)
    alert = await watch.tell("alert")
    found = await watch.ask(ShowWatchedKey(key=watch.key))
    assert (found.sentences, found.last_alert.split()[0]) == (
        (
            "It has placed 120 orders on 4 days that it is known by, from 2 networks and by 1 client.",
            "It trades BTCUSDT (usually 100).",
            "What speaks against it now comes to 4.2.",
        ),
        alert,
    )


async def test_the_latest_are_listed_first(watch: Watch) -> None:
    """Alerts come newest first, in pages."""
    ids = [await watch.tell("alert", symbol=f"S{place}") for place in range(3)]
    page = await watch.ask(ListAlerts(limit=2))
    rest = await watch.ask(replace(ListAlerts(limit=2), after=page.rows[-1].id))
    assert ([row.id for row in page.rows], page.more, [row.id for row in rest.rows], rest.more) == (
        ids[:0:-1],
        True,
        ids[:1],
        False,
    )
