"""How an incident goes: who works on it, its timeline, whom it affects, and its picture with what it cost.

Nothing of it is kept a second time: signals, holds and vouches stand in the store, orders and acts in the journal. Only
the minutes of the market are kept with the incident, since nobody else keeps them.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

from bailiwick.authority.acts import Act, Acts, Asks
from bailiwick.authority.answering import Answering
from bailiwick.authority.incident_verbs import (
    AffectedView,
    AssignIncident,
    LookAtIncident,
    MoveIncident,
    PictureAnswer,
)
from bailiwick.authority.incidentcourses import AROUND_MS, MOST_SYMBOLS, IncidentCourses, Name, first_of
from bailiwick.authority.incidentorders import Gathered, Scope
from bailiwick.authority.incidents import Incidents
from bailiwick.authority.incidentviews import course_view, timeline
from bailiwick.authority.notice_verbs import IncidentAnswer
from bailiwick.authority.show import moment
from bailiwick.journal import reader
from bailiwick.journal.error import JournalError
from bailiwick.journal.record import decode
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.model.course import Course
from bailiwick.model.token import Role
from bailiwick.store.alerts import Alert
from bailiwick.store.errors import NotFoundError
from bailiwick.store.incidents import Incident, Step
from bailiwick.store.store import Store
from bailiwick.venues import dialects
from bailiwick.words import counted

KEPT = 16  # incidents whose records are kept in memory, so that the next look reads on
BEFORE_MS = 24 * 3_600_000  # how far before its opening an incident may have begun


@final
class IncidentDesk:
    """Answers how incidents go."""

    def __init__(
        self,
        store: Store,
        acts: Acts,
        incidents: Incidents,
        gateway: Asks,
        journal: Path,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._acts = acts
        self._incidents = incidents
        self._journal = journal
        self._clock = clock
        self.courses = IncidentCourses(store, gateway, clock)
        self._gathered: OrderedDict[str, Gathered] = OrderedDict()
        self._reading = asyncio.Lock()

    def answering(self) -> dict[type[Question[Any]], Answering]:
        """One answer for each verb of this subject."""
        return {AssignIncident: self.assign, MoveIncident: self.move, LookAtIncident: self.look}

    # Who works on it

    async def assign(self, question: AssignIncident, actor: str) -> IncidentAnswer:
        """Say who works on it.

        Raises:
            LinkError: if it is closed, or that person may not act on it.
        """
        async with self._acts.turn():
            there = self._not_closed(question.id)
            self._check_person(question.assignee, there)
            act = Act(actor=actor, act="incident.assign", subject=there.id, after={"assignee": question.assignee})
            step = Step(self._clock(), actor, "assigned", question.assignee)
            made, done = await self._acts.perform(
                act, lambda: self._store.incidents.assign(there.id, question.assignee, step)
            )
        return self._incidents.answered(made, (), position=done.position)

    async def move(self, question: MoveIncident, actor: str) -> IncidentAnswer:
        """Say whether somebody works on it.

        Raises:
            LinkError: if it is closed, or in that state already.
        """
        if question.state not in {"open", "working"}:
            raise LinkError(Code.REFUSED, "state: open or working; it is closed with what it was, by `incident close`")
        async with self._acts.turn():
            there = self._not_closed(question.id)
            if there.state == question.state:
                raise LinkError(Code.CONFLICT, f"incident {there.id}: it is {question.state} already")
            act = Act(
                actor=actor, act="incident.state", subject=there.id, after={"state": question.state},
                reason=question.reason,
            )  # fmt: skip
            now = self._clock()
            step = Step(now, actor, question.state, question.reason)
            taken = now if question.state == "working" else None
            made, done = await self._acts.perform(act, lambda: self._store.incidents.take(there.id, taken, step))
        return self._incidents.answered(made, (), position=done.position)

    def _not_closed(self, incident_id: str) -> Incident:
        there = self._store.incidents.get(incident_id)
        if there.closed is not None:
            raise LinkError(Code.CONFLICT, f"incident {there.id}: it is closed; what comes now opens another")
        return there

    def _check_person(self, name: str, incident: Incident) -> None:
        if not name:
            return
        person = self._store.people.find(name)
        if person is None or person.ended is not None:
            raise LinkError(
                Code.REFUSED, f"assignee: nobody signs in as {name[:80]}; `bailiwick console people` lists them"
            )
        if person.role is Role.AUDITOR or (person.role is Role.OWNER and person.owner != incident.owner):
            raise LinkError(Code.REFUSED, f"assignee: {name} may not act on this incident")

    # What happened

    async def look(self, question: LookAtIncident, actor: str) -> PictureAnswer:
        """Everything about it.

        Raises:
            LinkError: if there is none, or the journal cannot be read.
        """
        incident = self._store.incidents.get(question.id)
        alerts = sorted(
            self._store.alerts.list(keys=incident.keys, incident=incident.id), key=lambda each: each.position
        )
        affected = self._affected(incident)
        first = self._first(incident, alerts)
        last = max((first, *(alert.at for alert in alerts)))
        end = min(last + AROUND_MS, incident.closed or self._clock(), self._clock())
        gathered = await self._gather(incident, affected, first, last)
        names = self._names(incident, alerts, gathered, affected)
        failure = await self.courses.refresh(incident, first, names)
        notes = [f"The market could not be read: {failure}"] if failure else []
        if gathered.left_out:
            notes.append(f"{counted(gathered.left_out, 'further order')} not counted: there are too many")
        kept = {(each.venue, each.symbol): each for each in self._store.courses.of(incident.id)}
        own = {each.key: each.venue for each in affected}
        courses = []
        for name in names:
            course = kept.get(name) or Course(venue=name[0], symbol=name[1], base="", quote="", read_at=0)
            orders = [
                each for each in gathered.orders.values()
                if each.draft.symbol == name[1] and own[each.key] == name[0]
            ]  # fmt: skip
            courses.append(course_view(course, orders, first))
        return PictureAnswer(
            id=incident.id,
            first=moment(first) or "",
            begins=moment(first - AROUND_MS) or "",
            ends=moment(end) or "",
            affected=tuple(affected),
            timeline=tuple(timeline(self._store, incident, alerts, gathered)),
            courses=tuple(courses),
            notes=tuple(notes),
        )

    def _first(self, incident: Incident, alerts: Sequence[Alert]) -> int:
        """When it began, as far as it says: its first signal, or the first record that it names."""
        first = first_of(incident, alerts)
        if incident.positions and not alerts:
            try:
                _, framed = reader.frame_at(self._journal, incident.positions[0])
                at_us = getattr(decode(framed.record), "at_us", 0) if framed.record is not None else 0
            except (LookupError, ValueError, OSError, JournalError):
                return first
            if 0 < at_us // 1000 < first:
                return max(at_us // 1000, first - BEFORE_MS)
        return first

    def _affected(self, incident: Incident) -> list[AffectedView]:
        found = []
        for key_id in incident.keys:
            try:
                key = self._store.keys.get(key_id)
            except NotFoundError:
                continue
            account = self._store.accounts.get(key.account)
            found.append(
                AffectedView(
                    key=key.id, name=key.name, state=key.state.value, account=key.account, service=key.service,
                    venue=account.venue, owner=account.owner,
                )
            )  # fmt: skip
        return found

    async def _gather(self, incident: Incident, affected: Sequence[AffectedView], first: int, last: int) -> Gathered:
        venues = {each.venue: self._store.venues.get(each.venue) for each in affected}
        scope = Scope(
            keys={each.key: dialects.find(venues[each.venue].dialect) for each in affected},
            others=frozenset(part for each in affected for part in (each.account, each.service, each.venue)),
            from_us=(first - AROUND_MS) * 1000,
            orders_until_us=(last + AROUND_MS) * 1000,
            until_us=None if incident.closed is None else incident.closed * 1000,
        )
        async with self._reading:
            there = self._gathered.get(incident.id)
            if there is None or there.scope != scope:  # it grew, say: then its orders are others
                there = Gathered(self._journal, scope)
            try:
                await asyncio.to_thread(there.read_on)
            except FileNotFoundError:
                return there
            except (JournalError, OSError) as error:
                raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None
            self._gathered[incident.id] = there
            self._gathered.move_to_end(incident.id)
            while len(self._gathered) > KEPT:
                self._gathered.popitem(last=False)
        return there

    def _names(
        self, incident: Incident, alerts: Sequence[Alert], gathered: Gathered, affected: Sequence[AffectedView]
    ) -> list[Name]:
        """The symbols that it is about: those of signals, else of disputed orders, else of what was ordered."""
        found = dict.fromkeys(self.courses.names(alerts))
        own = {each.key: each.venue for each in affected}
        disputed = set(incident.positions)
        orders = list(gathered.orders.values())
        for chosen in ([each for each in orders if each.position in disputed], orders):
            if not found:
                found = dict.fromkeys((own[each.key], each.draft.symbol) for each in chosen)
        return list(found)[:MOST_SYMBOLS]
