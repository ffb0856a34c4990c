"""How an incident goes: who works on it, its states, its timeline out of store and journal, and its minutes."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace
from notify_house import NOW, NotifyHouse

from bailiwick.authority import notice_verbs as verbs
from bailiwick.authority.incident_verbs import AssignIncident, LookAtIncident, MoveIncident
from bailiwick.authority.incidentcourses import AROUND_MS, MINUTES
from bailiwick.authority.verbs import Kind, Move, MoveParty
from bailiwick.journal import record
from bailiwick.journal.retention import Retention
from bailiwick.link.market_questions import Candle, Candles, CandlesAnswer
from bailiwick.link.questions import Event
from bailiwick.link.wire import LinkError
from bailiwick.model.course import MINUTE_MS
from bailiwick.model.person import Entry, Person
from bailiwick.model.token import Role

SYMBOL = "BTCUSDT"


def candles(price: str = "100", at_ms: int = NOW) -> CandlesAnswer:
    """Minutes at one price, from an hour before until a moment."""
    start = (NOW - AROUND_MS) // MINUTE_MS * MINUTE_MS
    count = (at_ms - start) // MINUTE_MS + 1
    worth = Decimal(price)
    found = tuple(Candle(start + n * MINUTE_MS, worth, worth, worth, worth) for n in range(count))
    return CandlesAnswer(base="BTC", quote="USDT", at_ms=at_ms, candles=found)


def refused(house: NotifyHouse, key: str, reason: str = "WATCHED", **params: Any) -> int:
    """An order of a key that was refused, in the journal, as the gateway writes it."""
    at = house.now * 1000
    sent = urlencode({"symbol": SYMBOL, "side": "BUY", **params, "timestamp": house.now})
    intent = record.Intent(
        at, at, key, "bot", "main", "203.0.113.9", "", "POST", "/api/v3/order", sent, "", "deny", reason, "trade"
    )
    return house.journal.append_now(record.encode(intent), retention=Retention.TRADE)


async def told(house: NotifyHouse, key: str, kind: str = "hold", position: int = 10_000) -> None:
    """The watch speaks of the key."""
    detail = {
        "digest": f"d{position}", "what": f"an order: buy {SYMBOL}", "symbol": SYMBOL, "worth": "500",
        "worth_in": "USDT",
        "score": "9000", "scope": "key", "source": "203.0.113.9", "suspected": SYMBOL, "measure": "hold",
        "why00": "It is new to it.", "request00": "POST /api/v3/order", "call": "POST /api/v3/order",
    }  # fmt: skip
    event = Event(position=position, at_ms=house.now, kind=f"watch_{kind}", key=key, account="main", detail=detail)
    await house.desk.watch.told(event)


async def theft(house: NotifyHouse, kind: str = "hold") -> tuple[str, str]:
    """A key of which one order was let through and one held; the key and the incident."""
    house.gateway.candles = candles()
    key = (await house.issue()).id
    house.traded(key, "c1", executed=None)
    await told(house, key, kind)
    refused(house, key, type="LIMIT", timeInForce="GTC", quantity="5", price="120")
    (row,) = (await house.ask(verbs.ListIncidents())).rows
    return key, row.id


def person(house: NotifyHouse, name: str, role: Role, owner: str = "", ended: int | None = None) -> None:
    """Somebody who signs in, or did until a moment."""
    entry = Entry(digest=name.encode(), person=name, created=NOW, expires=NOW + 1)
    house.store.people.invite(Person(name=name, role=role, owner=owner, created=NOW), entry)
    if ended is not None:
        house.store.people.end(name, ended)


async def test_it_is_assigned_worked_on_and_closed(house: NotifyHouse) -> None:
    """Each step is in the journal with who took it, in the timeline, and in what the list is filtered by."""
    _, incident = await theft(house)
    person(house, "ada", Role.OPERATOR)
    await house.ask(AssignIncident(id=incident, assignee="ada"))
    await house.ask(MoveIncident(id=incident, state="working"))
    listed = [
        [row.id for row in (await house.ask(verbs.ListIncidents(state=state, assignee=who))).rows] == [incident]
        for state, who in (("working", "ada"), ("current", ""), ("open", ""), ("working", "-"), ("closed", ""))
    ]
    closed = await house.ask(verbs.CloseIncident(id=incident, verdict="false-alarm"))
    steps = [
        each.text
        for each in (await house.ask(LookAtIncident(id=incident))).timeline
        if each.kind in {"assigned", "state"}
    ]
    assert listed == [True, True, False, False, False]
    assert (closed.state, closed.verdict, closed.assignee) == ("closed", "false-alarm", "ada")
    assert steps == ["Assigned to ada", "Being worked on", "Closed: a false alarm, it was me"]
    assert house.verbs()[-3:] == ["incident.assign", "incident.state", "incident.close"]


@pytest.mark.parametrize(
    ("name", "role", "owner", "ended"),
    [
        ("nobody", None, "", None),
        ("aud", Role.AUDITOR, "", None),
        ("bob", Role.OWNER, "Bob", None),
        ("gone", Role.OPERATOR, "", 1),
    ],
)
async def test_only_who_may_act_on_it_is_assigned(
    name: str, role: Role | None, owner: str, ended: int | None, house: NotifyHouse
) -> None:
    """A stranger, an auditor, another's owner, and who signs in no more are refused, and nothing is written."""
    _, incident = await theft(house)
    if role is not None:
        person(house, name, role, owner, ended)
    with pytest.raises(LinkError, match="assignee"):
        await house.ask(AssignIncident(id=incident, assignee=name))
    assert "incident.assign" not in house.verbs()


async def test_what_is_closed_stays_closed(house: NotifyHouse) -> None:
    """A closed incident is neither taken up, assigned nor reopened; a state that is none is refused."""
    _, incident = await theft(house)
    for state in ("closed", "done"):
        with pytest.raises(LinkError, match="open or working"):
            await house.ask(MoveIncident(id=incident, state=state))
    await house.ask(verbs.CloseIncident(id=incident, verdict="test"))
    for question in (MoveIncident(id=incident, state="working"), AssignIncident(id=incident)):
        with pytest.raises(LinkError, match="closed"):
            await house.ask(question)


async def test_the_timeline_has_what_happened_in_its_order(house: NotifyHouse) -> None:
    """Orders, the signal with its reasons, the freeze, and what people wrote, oldest first and with who it was."""
    key, incident = await theft(house)
    house.now += 1000
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE, reason="stop"))
    house.now += 1000
    await house.ask(verbs.NoteIncident(id=incident, text="asked the service"))
    seen = await house.ask(LookAtIncident(id=incident))
    kinds = [each.kind for each in seen.timeline]
    assert kinds[-2:] == ["freeze", "note"]
    assert sorted(kinds[:-2]) == ["held", "held", "opened", "order"]
    signal = next(each for each in seen.timeline if each.alert)
    assert (signal.why, signal.by, signal.position) == (("It is new to it.",), "rule:watch", 10_000)
    assert [(each.key, each.account, each.service, each.state) for each in seen.affected] == [
        (key, "main", "bot", "frozen")
    ]


async def test_a_refused_order_is_read_as_it_was_sent(house: NotifyHouse) -> None:
    """The record of a refusal has the request alone: its order is read from that, and what it would have cost told."""
    _, incident = await theft(house)
    (course,) = (await house.ask(LookAtIncident(id=incident))).courses
    held = course.orders[-1]
    now = next(each for each in course.losses if each.against == "now")
    assert (held.fate, held.quantity, held.price, held.would_from, held.would_to) == ("held", "5", "120", "100", "120")
    assert (course.quote, now.least.amount, now.most.amount, course.unknown) == ("USDT", "0", "100", 1)


async def test_an_outcome_is_taken_up_by_the_next_look(house: NotifyHouse) -> None:
    """What is written to the journal after one look is in the next; what was read is not read again."""
    key, incident = await theft(house)
    await house.ask(LookAtIncident(id=incident))
    house.traded(key, "c2", executed="0")
    again = await house.ask(LookAtIncident(id=incident))
    assert [each.executed for each in again.courses[0].orders if each.fate == "forwarded"] == [None, "0"]


async def test_minutes_are_kept_with_it_and_bounded(house: NotifyHouse) -> None:
    """They are asked for once in a while from an hour before to an hour after, then only the latest price is."""
    _, incident = await theft(house)
    asked: list[Candles] = []
    house.gateway.before_answer = lambda question: asked.append(question) if isinstance(question, Candles) else None
    for ahead_ms in (0, 1_000, 16_000, 61 * MINUTE_MS, 61 * MINUTE_MS + 20_000, 63 * MINUTE_MS):
        house.now = NOW + ahead_ms
        house.gateway.candles = replace(candles("101", min(house.now, NOW + AROUND_MS)), at_ms=house.now)
        await house.desk.incidents.courses.follow()
    (kept,) = house.store.courses.of(incident)
    assert [each.count for each in asked] == [MINUTES, MINUTES, MINUTES, 3, 3]
    assert (len(kept.minutes), kept.latest) == (MINUTES, Decimal(101))
    await house.ask(verbs.CloseIncident(id=incident, verdict="test"))
    house.now += 120_000
    asked.clear()
    await house.desk.incidents.courses.follow()
    await house.ask(LookAtIncident(id=incident))
    assert asked == []


async def test_a_venue_that_is_away_costs_the_picture_alone(house: NotifyHouse) -> None:
    """Without a market everything else is shown, and it says what is missing; no sum is made up."""
    key, incident = await theft(house)
    house.gateway.candles = None
    seen = await house.ask(LookAtIncident(id=incident))
    (course,) = seen.courses
    assert (course.minutes, course.latest, [each.lost.amount for each in course.losses]) == ((), None, ["0"] * 3)
    assert ["could not be read" in each for each in seen.notes] == [True]
    assert {each.key for each in seen.affected} == {key}


async def test_disputed_orders_tell_which_symbol_it_is_about(house: NotifyHouse) -> None:
    """An incident without a word of the watch is about what was disputed, from the first such order on."""
    house.gateway.candles = candles()
    key = (await house.issue()).id
    house.traded(key, "c1", symbol="ETHUSDT")
    house.now += 60_000
    opened = await house.ask(verbs.NotMe(key=key))
    seen = await house.ask(LookAtIncident(id=opened.id))
    assert [each.symbol for each in seen.courses] == ["ETHUSDT"]
    assert "not-me" in [each.kind for each in seen.timeline]
    assert seen.first < opened.opened


async def test_an_unknown_order_of_the_list_is_refused(house: NotifyHouse) -> None:
    """What a list may be sorted and filtered by is a closed list."""
    for question in (verbs.ListIncidents(sort="notes"), verbs.ListIncidents(state="shut")):
        with pytest.raises(LinkError, match=r"opened|current"):
            await house.ask(question)
