"""What the journal says while it is written: decisions, acts and events, told to pages that are open.

The journal is read where it lies, by position, so nothing is told that it does not hold, and a page that was cut off
goes on where it was. Where more is decided than a person can read, rows are left out and the numbers say how many:
acts, events and holds come first, then denials, and of what was allowed every so-many-th.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import final

import msgspec

from bailiwick.journal import reader
from bailiwick.journal.error import JournalError
from bailiwick.journal.line import words
from bailiwick.journal.record import Act, Event, Failures, Intent, Read, Record, decode
from bailiwick.logs import log
from bailiwick.store.errors import NotFoundError
from bailiwick.store.store import Store

TICK_S = 0.25
ROWS = 12  # of one message: more cannot be read
BEHIND = 5_000  # records that are read for a page that comes late; what is older is in the journal
AT_FIRST = 40  # records that a page begins with
LISTENERS = 16
LASTS_S = 240.0  # then the browser asks anew, by itself
CHECKED_TICKS = 20  # how often it is asked whether the session still holds

_DECIDED = {"allow": "allowed", "deny": "denied", "hold": "held"}
_RANK = {"act": 0, "event": 0, "held": 0, "denied": 1, "refused": 1, "allowed": 2, "read": 3}


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One record as the page shows it."""

    position: int
    at_ms: int
    what: str
    key: str
    account: str
    subject: str
    reason: str
    text: str


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded since the last. ``left_out`` are counted and not shown, ``skipped`` were not even read."""

    position: int
    counts: dict[str, int]
    rows: tuple[FeedRow, ...]
    left_out: int = 0
    skipped: int = 0


@final
class Feed:
    """Tells pages of new records."""

    def __init__(self, directory: Path, store: Store) -> None:
        self._directory = directory
        self._store = store
        self._latest: deque[FeedRow] = deque(maxlen=BEHIND)
        self._end = -1  # the last position that was read; -1 while nobody listens
        self._listeners = 0
        self._reading: asyncio.Task[None] | None = None
        self._more = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Let every page go."""
        self._closed = True
        if self._reading is not None:
            self._reading.cancel()
        self._wake()

    @property
    def full(self) -> bool:
        """Whether as many pages listen as are served."""
        return self._closed or self._listeners >= LISTENERS

    async def told(self, after: int | None, owner: str, holds: Callable[[], bool]) -> AsyncIterator[bytes]:
        """What is recorded behind a position, as server-sent events.

        Args:
            after: the position that the page has last; None where it has nothing yet.
            owner: whose records alone; empty for all.
            holds: whether the session is still in force.
        """
        self._listeners += 1
        try:
            async for message in self._told(after, owner, holds):
                yield message
        finally:
            self._listeners -= 1
            if not self._listeners and self._reading is not None:
                self._reading.cancel()
                self._reading = None
                self._latest.clear()
                self._end = -1

    async def _told(self, after: int | None, owner: str, holds: Callable[[], bool]) -> AsyncIterator[bytes]:
        size = await asyncio.to_thread(self._size)
        begin = max(-1, size - 1 - AT_FIRST) if after is None or after >= size else after
        skipped = max(0, size - 1 - BEHIND - begin)
        old = await asyncio.to_thread(self._read, begin + 1 + skipped)
        position = old[-1].position if old else max(begin, size - 1)
        yield _event(self._batch(old, position, owner, skipped))
        self._begin(position)
        loop = asyncio.get_running_loop()
        ends, ticks = loop.time() + LASTS_S, 0
        while loop.time() < ends and not self._closed:
            if self._end <= position:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S * CHECKED_TICKS):
                        await self._more.wait()
            ticks += 1
            if ticks % CHECKED_TICKS == 0 and not holds():
                return
            if self._end <= position:
                if not holds():
                    return
                yield b": still here\n\n"
                continue
            new = [row for row in self._latest if row.position > position]
            lost = 0
            if self._latest and len(self._latest) == BEHIND:
                lost = max(0, self._latest[0].position - position - 1)
            position = self._end
            yield _event(self._batch(new, position, owner, lost))

    def _begin(self, position: int) -> None:
        """See that somebody reads on, from here at the latest."""
        if self._reading is None:
            self._end = position
            self._reading = asyncio.create_task(self._read_on(), name="feed")

    async def _read_on(self) -> None:
        while not self._closed:
            await asyncio.sleep(TICK_S)
            try:
                new = await asyncio.to_thread(self._read, self._end + 1)
            except (OSError, JournalError) as error:
                log.warning("the journal cannot be told", why=str(error))
                continue
            if new:
                self._latest.extend(new)
                self._end = new[-1].position
                self._wake()

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()

    def _size(self) -> int:
        try:
            return reader.size(self._directory)
        except (OSError, JournalError):
            return 0

    def _read(self, start: int) -> list[FeedRow]:
        with contextlib.suppress(FileNotFoundError):
            return [_row(entry) for entry in islice(reader.read(self._directory, start), BEHIND)]
        return []

    def _batch(self, rows: Sequence[FeedRow], position: int, owner: str, skipped: int) -> Batch:
        own = self._own(owner) if owner else None
        seen = [row for row in rows if row.what and (own is None or own(row))]
        counts = Counter(row.what for row in seen)
        shown = sampled(seen)
        return Batch(
            position=position,
            counts=dict(counts),
            rows=tuple(shown),
            left_out=len(seen) - len(shown),
            skipped=skipped,
        )

    def _own(self, owner: str) -> Callable[[FeedRow], bool]:
        accounts = {account.id for account in self._store.accounts.list() if account.owner == owner}

        def own(row: FeedRow) -> bool:
            if row.account:
                return row.account in accounts
            if row.subject in accounts:
                return True
            try:
                return bool(row.subject) and self._store.keys.get(row.subject).account in accounts
            except NotFoundError:
                return False

        return own


def sampled(rows: Sequence[FeedRow]) -> list[FeedRow]:
    """At most ``ROWS`` of them in their order: what is rare first, and of what is not, every so-many-th."""
    if len(rows) <= ROWS:
        return list(rows)
    chosen: list[FeedRow] = []
    for rank in sorted({_RANK.get(row.what, 3) for row in rows}):
        of_rank = [row for row in rows if _RANK.get(row.what, 3) == rank]
        room = ROWS - len(chosen)
        if room <= 0:
            break
        chosen += of_rank if len(of_rank) <= room else list(_spread(of_rank, room))
    return sorted(chosen, key=lambda row: row.position)


def _spread(rows: Sequence[FeedRow], count: int) -> Iterator[FeedRow]:
    return (rows[place * len(rows) // count] for place in range(count))


def _event(batch: Batch) -> bytes:
    return b"id: %d\ndata: %s\n\n" % (batch.position, msgspec.json.encode(batch))


def _row(entry: reader.Entry) -> FeedRow:
    """A record as it is shown; without a ``what`` where it is of no interest to a person who watches."""
    try:
        record = None if entry.record is None else decode(entry.record)
    except ValueError:
        record = None  # of a newer program
    what = "" if record is None else _what(record)
    if record is None or not what:
        return FeedRow(position=entry.position, at_ms=0, what="", key="", account="", subject="", reason="", text="")
    at_us = record.until_us if isinstance(record, Failures) else getattr(record, "at_us", 0)
    return FeedRow(
        position=entry.position,
        at_ms=at_us // 1000,
        what=what,
        key=getattr(record, "key", ""),
        account=getattr(record, "account", ""),
        subject=getattr(record, "subject", ""),
        reason=getattr(record, "reason", ""),
        text=words(record),
    )


def _what(record: Record) -> str:
    match record:
        case Intent():
            return _DECIDED.get(record.decision, record.decision)
        case Read():
            return "read" if record.decision == "allow" else _DECIDED.get(record.decision, record.decision)
        case Act():
            return "act"
        case Event():
            return "event"
        case Failures():
            return "refused"
        case _:
            return ""
