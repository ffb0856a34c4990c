"""*Not me* of a native key: it is switched off at its exchange, an incident is open, and its trades are disputed.

Its orders never passed here, so what is disputed are the records of trades that were read afterwards.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, final

from bailiwick.authority.native import Natives
from bailiwick.authority.notice_verbs import IncidentAnswer, NotMe
from bailiwick.authority.notices import Notices
from bailiwick.authority.trades import native_trades_of
from bailiwick.journal.error import JournalError
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.native import PROTECTION, Native, printed_as
from bailiwick.model.notice import Notice, Urgency
from bailiwick.store.incidents import Incident
from bailiwick.store.store import Store
from bailiwick.words import counted

if TYPE_CHECKING:
    from bailiwick.authority.incidents import Incidents

HOUR_MS = 3_600_000


@final
class NativeDisputes:
    """What an owner says of a native key."""

    def __init__(
        self, store: Store, natives: Natives, incidents: "Incidents", notices: Notices, journal: Path,
        clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._store = store
        self._natives = natives
        self._incidents = incidents
        self._notices = notices
        self._journal = journal
        self._clock = clock

    def find(self, key: str) -> Native | None:
        """The native key of this id, if there is one."""
        return next((each for each in self._store.native.list() if each.id == key), None)

    def of(self, incident: Incident) -> Native | None:
        """The native key that an incident is about, if it is about one."""
        return next((each for each in self._store.native.list() if printed_as(each.id) == incident.matter), None)

    async def not_me(self, native: Native, question: NotMe, actor: str) -> IncidentAnswer:
        """Do all that "not me" does for a native key.

        Raises:
            LinkError: if the act could not be recorded.
        """
        said = [f"native key {native.id} is {native.state.value} already"]
        if native.state is KeyState.ACTIVE:
            reason = question.reason or "its owner says: not me"
            done = await self._natives.bring(
                native.id, KeyState.WINDING_DOWN, Cause.SUSPICION, f"rule:not-me ({actor})", reason
            )
            said = [f"native key {native.id}: trading is to be off; {done.values['at_exchange']}", *done.notes]
        said += await self._natives.watch.look(self._store.native.get(native.id))
        positions = await self._trades(native, question.hours, said)
        account = self._store.accounts.get(native.account)
        opened = await self._incidents.open(
            "not_me",
            f"An owner says that this was not him: native key {native.id}",
            keys=[],
            owner=account.owner,
            matter=printed_as(native.id),
            actor=actor,
            reason=question.reason,
            positions=positions,
            note=question.reason,
        )
        fresh = self._store.incidents.dispute(printed_as(native.id), positions, opened.id)
        said.append(f"disputed: {counted(len(positions), 'record')} of trades read afterwards ({PROTECTION})")
        evidence = await self._incidents.evidence(opened, actor, said, grown=bool(fresh))
        self._tell(native, opened)
        return self._incidents.answered(opened, said, evidence)

    async def _trades(self, native: Native, hours: int, said: list[str]) -> list[int]:
        since_us = (self._clock() - hours * HOUR_MS) * 1000
        try:
            return await asyncio.to_thread(native_trades_of, self._journal, native.id, since_us)
        except (JournalError, OSError) as error:
            said.append(f"its trades could not be read from the journal: {error}; say it again when that is whole")
            return []

    def _tell(self, native: Native, incident: Incident) -> None:
        notice = Notice(
            kind="not_me",
            title=f"Native key {native.id} is switched off: its owner said it was not him",
            text="Asked of the exchange: trading off; orders that rest there live on. `bailiwick native show "
            f"{native.id}` says what was read back. Trades are disputed under incident {incident.id}.",
            urgency=Urgency.STOP,
            key=native.id,
            account=native.account,
            matter=incident.id,
            incident=incident.id,
        )
        self._notices.tell(incident.owner, notice)
