"""When a snapshot of the state is taken, and how: so often that a start has little to read, and nobody waits for it.

A start reads the newest snapshot and the records behind it. So one is due after a time, and sooner where many records
have come; none where none has come, for its own note is a record too.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from bailiwick.gateway.recovery import NOTHING, Common, Profile, encode_ledger, encode_state
from bailiwick.gateway.watching import Watching
from bailiwick.journal.error import JournalError
from bailiwick.journal.log import Journal
from bailiwick.logs import log
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.replay import ReplayMarks

MOST_RECORDS = 20_000  # behind a snapshot: a third of a second of a start
OVERDUE_RECORDS = 60_000  # a start that had so many to read takes one before it serves
LOOK_EVERY_S = 0.5
SLICE_S = 0.002  # of the loop at a time, one ledger at least
LEAST_S = 5.0  # between two, whatever comes and whatever fails
OWN_RECORDS = 1  # the note of the snapshot


async def _nothing() -> None:
    """Where no uses are kept."""


class Snapshots:
    """Takes snapshots of ledgers, replay marks and the profiles of keys."""

    def __init__(
        self,
        journal: Journal,
        ledgers: Mapping[str, Ledger],
        marks: ReplayMarks,
        every_s: float,
        watching: Watching | None = None,
        profiles: Mapping[str, Profile] | None = None,
    ) -> None:
        self._journal = journal
        self._ledgers = ledgers
        self._marks = marks
        self._every_s = every_s
        self.note_uses: Callable[[], Awaitable[None]] = _nothing  # records before a snapshot are not read for them
        self._watching = watching
        self._profiles = dict(profiles or {})  # as they were packed last
        self._behind = journal.snapshot.position if journal.snapshot is not None else 0
        self._taken_at = time.monotonic()
        self._taken = False  # by this process

    @property
    def _records(self) -> int:
        """How many stand behind the newest."""
        return self._journal.position - self._behind

    @property
    def due(self) -> bool:
        """Whether it is time for one."""
        records = self._records
        waited = time.monotonic() - self._taken_at
        many = records >= MOST_RECORDS and (waited >= LEAST_S or not self._taken)
        return many or (waited >= self._every_s and records > OWN_RECORDS)

    async def catch_up(self) -> None:
        """Take one before anything is served if a start had far too much to read.

        A gateway that is killed again and again soon after its start would otherwise read more each time, and never
        come to take one.
        """
        if self._records >= OVERDUE_RECORDS:
            await self.take()

    async def run(self) -> None:
        """Take one whenever it is due, until cancelled."""
        while True:
            await asyncio.sleep(min(LOOK_EVERY_S, self._every_s))
            if self._watching is not None:
                self._watching.rest(self._watching.now_us())
            if self.due:
                await self.take()

    async def take(self) -> None:
        """Store the state with the position from which the journal is to be read again."""
        position = self._journal.position
        self._taken_at = time.monotonic()
        self._taken = True
        marks = self._marks.alive()  # at this position: later ones stand in the records behind it
        await self.note_uses()
        ledgers: dict[str, msgspec.Raw] = {}
        until = time.monotonic() + SLICE_S
        for key_id, ledger in list(self._ledgers.items()):
            ledgers[key_id] = encode_ledger(ledger)
            if time.monotonic() >= until:
                await asyncio.sleep(0)  # requests go on meanwhile: see recovery
                until = time.monotonic() + SLICE_S
        await self._pack(until)
        common = self._common()  # in the same run as the last profile: so both know the same records
        profiles = dict(self._profiles)
        doubts = {} if self._watching is None else dict(self._watching.doubts)
        watched_us = 0 if self._watching is None else self._watching.state.began_us
        try:
            await asyncio.to_thread(
                lambda: self._journal.write_snapshot(
                    encode_state(ledgers, marks, profiles, doubts, watched_us, common), position
                )
            )
        except (JournalError, OSError) as error:
            log.error("no snapshot", why=str(error))
        else:
            self._behind = position

    def _common(self) -> Common:
        """What the watch knows of accounts, services and symbols, as of now."""
        watching = self._watching
        if watching is None:
            return NOTHING
        try:
            return Common(self._journal.position, watching.state.encode_common())
        except Exception:  # ledgers and profiles must not go without
            log.exception("what keys have in common is not kept")
            return NOTHING

    async def _pack(self, until: float) -> None:
        """Pack what the watch has learnt of keys since the last time.

        A profile is told its records only once, unlike a ledger: so each keeps the position up to which it knows them.
        """
        watching = self._watching
        if watching is None:
            return
        while watching.touched:
            key_id = watching.touched.pop()
            found = watching.state.whose(key_id)
            if found is None:
                self._profiles.pop(key_id, None)
                continue
            try:
                data = watching.state.encode_key(key_id, watching.now_us())
            except Exception:  # whatever is wrong with one profile, ledgers and the other keys' must not go without
                log.exception("a profile is not kept", key=key_id)
                continue
            self._profiles[key_id] = Profile(self._journal.position, *found, data)
            if time.monotonic() >= until:
                await asyncio.sleep(0)
                until = time.monotonic() + SLICE_S
