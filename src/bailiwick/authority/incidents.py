"""Incidents, and "not me": what an owner says of what he sees, and what follows at once.

*Not me* is believed at its word, since all that it does is to narrow: the key winds down as a suspect one, an incident
is open, the orders are disputed, and there is a file for the exchange's support.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

from bailiwick.authority.acts import Act, Acts, Asks
from bailiwick.authority.evidence import Case, write_evidence
from bailiwick.authority.evidencefiles import EvidenceFiles
from bailiwick.authority.lives import Lives
from bailiwick.authority.nativedispute import NativeDisputes
from bailiwick.authority.nativeevidence import NativeCase, write_native_evidence
from bailiwick.authority.notice_verbs import (
    CloseIncident,
    EvidenceAnswer,
    FindEvidence,
    IncidentAnswer,
    IncidentsAnswer,
    ListIncidents,
    NoteIncident,
    NotMe,
    OrderRow,
    OrdersAnswer,
    OrdersOfKey,
    ShowIncident,
    WriteEvidence,
)
from bailiwick.authority.notices import Notices
from bailiwick.authority.show import moment
from bailiwick.authority.trades import Trade, became, described, trades_at, trades_of
from bailiwick.config import Config
from bailiwick.journal.error import JournalError
from bailiwick.journal.verify_proof import Verifier
from bailiwick.link.questions import Checkpoint
from bailiwick.link.wire import Code, LinkError
from bailiwick.logs import log
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.native import Native
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.party import Key
from bailiwick.store.errors import NotFoundError
from bailiwick.store.incidents import ORDERS, STATES, Incident, Note, Step
from bailiwick.store.store import Store
from bailiwick.words import counted

MOST_HOURS = 24 * 366
MOST_ROWS = 1000
MOST_NOTE_CHARS = 2000
NOBODY = "-"
VERDICTS = ("theft", "false-alarm", "test", "other")
"""What an incident may be found to be."""
NOT_ME = "not-me"


@final
class Incidents:
    """The authority over incidents."""

    def __init__(
        self,
        config: Config,
        store: Store,
        acts: Acts,
        lives: Lives,
        notices: Notices,
        gateway: Asks,
        clock: Callable[[], int],
    ) -> None:
        self._config = config
        self._store = store
        self._acts = acts
        self._lives = lives
        self._notices = notices
        self._gateway = gateway
        self._clock = clock
        self._files = EvidenceFiles(config.data / "incidents", clock)
        self.natives: NativeDisputes | None = None  # of the keys that services hold directly

    # What others call

    async def open(
        self,
        kind: str,
        title: str,
        *,
        keys: Sequence[str],
        owner: str,
        matter: str,
        actor: str,
        reason: str = "",
        positions: Sequence[int] = (),
        note: str = "",
    ) -> Incident:
        """Open an incident, or add to the open one of the same kind and matter; the incident as it is then.

        Raises:
            LinkError: if it could not be recorded; then nothing was done.
        """
        now = self._clock()
        draft = Incident(
            id=f"inc-{secrets.token_hex(5)}",
            opened=now,
            kind=kind,
            title=title,
            owner=owner,
            matter=matter,
            keys=tuple(dict.fromkeys(keys)),
            positions=tuple(sorted(set(positions))),
            notes=(Note(now, actor, note),) if note else (),
        )
        async with self._acts.turn():
            there = self._store.incidents.find_open(kind, matter) if matter else None
            act = Act(
                actor=actor,
                act="incident.open" if there is None else "incident.grow",
                subject=draft.id if there is None else there.id,
                after={"kind": kind, "keys": list(draft.keys), "positions": list(draft.positions)},
                reason=reason,
            )
            opened, _ = await self._acts.perform(act, lambda: self._store.incidents.open(draft))
        return opened

    def answered(
        self, incident: Incident, said: Sequence[str], evidence: str = "", *, position: int = -1
    ) -> IncidentAnswer:
        """What is told of an incident, with what was done, and where that stands in the journal."""
        evidence = evidence or self._files.latest(incident.id)
        return self._answer(incident, said=said, evidence=evidence, position=position)

    # Verbs

    async def not_me(self, question: NotMe, actor: str) -> IncidentAnswer:
        """Do all that "not me" does.

        Raises:
            LinkError: if there is no such key or order, or the act could not be recorded.
        """
        if not 1 <= question.hours <= MOST_HOURS:
            raise LinkError(Code.REFUSED, f"hours: 1 to {MOST_HOURS}")
        try:
            key = self._store.keys.get(question.key)
        except NotFoundError:
            native = None if self.natives is None else self.natives.find(question.key)
            if self.natives is None or native is None:
                raise
            return await self.natives.not_me(native, question, actor)
        # The key comes first: it is stopped whatever becomes of the rest, even where the journal cannot be read.
        moved = await self._lives.move(
            [key.id],
            KeyState.WINDING_DOWN,
            cause=Cause.SUSPICION,
            # No person's step, even where a person says it: of a frozen key it would make one that may sell.
            actor=f"rule:not-me ({actor})",
            reason=question.reason or "its owner says: not me",
            act="key.not-me",
        )
        said = [f"key {key.id} winds down" if moved.keys else f"key {key.id} is {key.state.value} already"]
        trades = await self._disputed(key, question, said)
        account = self._store.accounts.get(key.account)
        opened = await self.open(
            "not_me",
            "An owner says that this was not him",
            keys=[key.id],
            owner=account.owner,
            matter=key.id,
            actor=actor,
            reason=question.reason,
            positions=[trade.position for trade in trades],
            note=question.reason,
        )
        fresh = self._store.incidents.dispute(key.id, [trade.position for trade in trades], opened.id)
        disputed = f"disputed: {counted(len(trades), 'order')}"
        said.append(disputed + (f", {fresh} of them newly" if fresh != len(trades) else ""))
        evidence = await self.evidence(opened, actor, said, grown=bool(fresh)) or self._files.latest(opened.id)
        self._tell(key, opened, evidence)
        return self._answer(opened, evidence=evidence, said=said)

    async def rows(self, question: ListIncidents, actor: str) -> IncidentsAnswer:
        """Incidents, by default the newest first."""
        if not 1 <= question.limit <= MOST_ROWS:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_ROWS}")
        if question.state and question.state not in STATES:
            raise LinkError(Code.REFUSED, f"state: {', '.join(STATES)}")
        if question.sort not in ORDERS:
            raise LinkError(Code.REFUSED, f"sort: {', '.join(ORDERS)}")
        assignee = "" if question.assignee == NOBODY else question.assignee or None
        found = self._store.incidents.list(
            state=question.state, key=question.key, owner=question.owner or None, assignee=assignee,
            sort=question.sort, down=question.down, limit=question.limit,
        )  # fmt: skip
        return IncidentsAnswer(rows=tuple(self._answer(each) for each in found))

    async def show(self, question: ShowIncident, actor: str) -> IncidentAnswer:
        """One incident."""
        found = self._store.incidents.get(question.id)
        return self._answer(found, evidence=self._files.latest(found.id))

    async def note(self, question: NoteIncident, actor: str) -> IncidentAnswer:
        """Write something down."""
        if not 0 < len(question.text) <= MOST_NOTE_CHARS:
            raise LinkError(Code.REFUSED, f"text: 1 to {MOST_NOTE_CHARS} characters")
        note = Note(self._clock(), actor, question.text)
        async with self._acts.turn():
            self._store.incidents.get(question.id)
            act = Act(actor=actor, act="incident.note", subject=question.id, after={"text": question.text})
            there, done = await self._acts.perform(act, lambda: self._store.incidents.note(question.id, note))
        return self._answer(there, position=done.position)

    async def close(self, question: CloseIncident, actor: str) -> IncidentAnswer:
        """Close an incident."""
        if question.verdict not in VERDICTS:
            raise LinkError(Code.REFUSED, f"verdict: say what it was: {', '.join(VERDICTS)}")
        if question.verdict == "other" and not question.reason.strip():
            raise LinkError(Code.REFUSED, "reason: say what it was, where it is none of the others")
        async with self._acts.turn():
            there = self._store.incidents.get(question.id)
            if there.closed is not None:
                raise LinkError(Code.CONFLICT, f"incident {there.id}: it is closed already")
            act = Act(
                actor=actor,
                act="incident.close",
                subject=question.id,
                after={"verdict": question.verdict},
                reason=question.reason,
            )
            step = Step(self._clock(), actor, "closed", question.verdict)
            closed, done = await self._acts.perform(
                act, lambda: self._store.incidents.close(question.id, question.verdict, question.reason, step)
            )
        return self._answer(closed, position=done.position)

    async def write_evidence(self, question: WriteEvidence, actor: str) -> IncidentAnswer:
        """Write the file for the exchange anew.

        Raises:
            LinkError: if it could not be written, or not yet again.
        """
        there = self._store.incidents.get(question.id)
        said: list[str] = []
        evidence = await self.evidence(there, actor, said)
        if not evidence:
            raise LinkError(Code.REFUSED, said[-1] if said else f"incident {there.id}: it concerns no key")
        async with self._acts.turn():
            position = await self._acts.note(
                Act(actor=actor, act="incident.evidence", subject=there.id, after={"file": Path(evidence).name})
            )
        return self._answer(there, evidence=evidence, said=said, position=position)

    async def find_evidence(self, question: FindEvidence, actor: str) -> EvidenceAnswer:
        """Where the file is that was written last.

        Raises:
            LinkError: if none was written.
        """
        there = self._store.incidents.get(question.id)
        found = self._files.latest(there.id, question.key)
        if not found:
            raise LinkError(Code.CONFLICT, f"incident {there.id}: no such file is written; have it written first")
        return EvidenceAnswer(path=found)

    async def orders(self, question: OrdersOfKey, actor: str) -> OrdersAnswer:
        """The latest orders of a key, each with its "not me"."""
        key = self._store.keys.get(question.key)
        if not 1 <= question.limit <= MOST_ROWS or not 1 <= question.hours <= MOST_HOURS:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_ROWS}; hours: 1 to {MOST_HOURS}")
        found = await asyncio.to_thread(self._trades, key.id, question.hours, question.limit)
        disputes = self._store.incidents.disputes(key.id)
        rows = tuple(
            OrderRow(
                position=trade.position,
                at=moment(trade.intent.at_us // 1000) or "",
                order=described(trade),
                client_order_id=", ".join(trade.client_ids),
                outcome=became(trade),
                disputed=disputes.get(trade.position, ""),
                not_me=f"bailiwick key not-me {key.id} --order {trade.position}",
            )
            for trade in reversed(found)
        )
        return OrdersAnswer(rows=rows)

    # Their parts

    def _trades(self, key: str, hours: int, most: int) -> list[Trade]:
        since_us = (self._clock() - hours * 3_600_000) * 1000
        try:
            return trades_of(self._config.journal_directory, key, since_us, most=most)
        except (JournalError, OSError) as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None

    async def _disputed(self, key: Key, question: NotMe, said: list[str]) -> list[Trade]:
        order = question.order
        if order:
            found = await asyncio.to_thread(self._find, key.id, order)
            if found:
                return found
            # What is disputed may be no order: a notice about a refused request, say. The key winds down all the same.
            said.append(f"{order} is no order of this key; its orders of the last {question.hours} h are disputed")
        return await asyncio.to_thread(self._trades, key.id, question.hours, MOST_ROWS)

    def _find(self, key: str, order: str) -> list[Trade]:
        if order.isascii() and order.isdigit() and len(order) < 16:
            found = trades_at(self._config.journal_directory, key, [int(order)])
            if found:
                return found
        return [trade for trade in self._trades(key, MOST_HOURS, MOST_ROWS) if order in trade.client_ids]

    async def evidence(self, incident: Incident, actor: str, said: list[str], *, grown: bool = False) -> str:
        """Write the file; "" where it was not written, and why among what is said.

        Args:
            incident: what it is about.
            actor: who asks, whose writing is bounded.
            said: where it is said why there is none.
            grown: whether more is disputed than before.
        """
        async with self._files.turn:
            refusal = self._files.refusal(incident.id, actor, grown=grown)
            if refusal:
                said.append(refusal)
                return ""
            try:
                await self._gateway.ask(Checkpoint())
                written = [await asyncio.to_thread(self._write, incident, key) for key in incident.keys]
                native = None if self.natives is None else self.natives.of(incident)
                if native is not None:
                    written.append(await asyncio.to_thread(self._write_native, incident, native))
            except (LinkError, JournalError, LookupError, OSError, ValueError) as error:
                log.error("no evidence was written", incident=incident.id, error=error)
                said.append(
                    f"the file for the exchange could not be written: {error}; `bailiwick incident evidence` does"
                )
                return ""
            self._files.wrote(incident.id)
        return str(written[0]) if written else ""

    def _write(self, incident: Incident, key_id: str) -> Path:
        store, journal = self._store, self._config.journal_directory
        key = store.keys.get(key_id)
        account = store.accounts.get(key.account)
        disputed = [at for at, whose in store.incidents.disputes(key_id).items() if whose == incident.id]
        trades = trades_at(journal, key_id, disputed)
        case = Case(
            incident=incident,
            key=key,
            account=account,
            service=store.services.get(key.service),
            venue=store.venues.get(account.venue),
            trades=tuple(trades),
        )
        verifier = self._verifier()
        return self._files.write(incident.id, key_id, lambda path: write_evidence(path, journal, verifier, case))

    def _write_native(self, incident: Incident, native: Native) -> Path:
        store, journal, verifier = self._store, self._config.journal_directory, self._verifier()
        account = store.accounts.get(native.account)
        case = NativeCase(
            incident=incident,
            native=native,
            account=account,
            service=store.services.get(native.service),
            venue=store.venues.get(account.venue),
            disputed=self._disputed_under(incident),
        )
        return self._files.write(
            incident.id, native.id, lambda path: write_native_evidence(path, journal, verifier, case)
        )

    def _verifier(self) -> Verifier:
        return Verifier.parse((self._config.journal_directory / "verifier").read_text())

    def _disputed_under(self, incident: Incident) -> tuple[int, ...]:
        """The records that are disputed under an incident, of its keys and of the native key that it is about."""
        return tuple(
            at
            for key in dict.fromkeys((*incident.keys, incident.matter))
            for at, whose in self._store.incidents.disputes(key).items()
            if whose == incident.id
        )

    def _tell(self, key: Key, incident: Incident, evidence: str) -> None:
        written = " The file for the exchange's support lies beside it on the server." if evidence else ""
        self._notices.tell(
            incident.owner,
            Notice(
                kind="not_me",
                title="A key winds down: its owner said it was not him",
                text="It can still cancel and reduce, and opens nothing. Trades are disputed under incident "
                f"{incident.id}; `bailiwick incident show {incident.id}` has them.{written}",
                urgency=Urgency.STOP,
                key=key.id,
                account=key.account,
                matter=incident.id,
                incident=incident.id,
            ),
        )

    def _answer(
        self, incident: Incident, *, evidence: str = "", said: Sequence[str] = (), position: int = -1
    ) -> IncidentAnswer:
        return IncidentAnswer(
            id=incident.id,
            kind=incident.kind,
            state=incident.state,
            title=incident.title,
            owner=incident.owner,
            opened=moment(incident.opened) or "",
            keys=incident.keys,
            disputed=self._disputed_under(incident),
            positions=incident.positions,
            notes=tuple((moment(note.at) or "", note.by, note.text) for note in incident.notes),
            closed=moment(incident.closed),
            closing=incident.closing,
            assignee=incident.assignee,
            taken=moment(incident.taken),
            verdict=incident.verdict,
            evidence=evidence,
            said=tuple(said),
            position=position,
        )
