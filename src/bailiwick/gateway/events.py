"""What somebody must hear of: each event is a record of the journal first, and told to the control process after.

Whoever asks has what came behind the position that it names: the latest from memory, older ones, from before this start
or from while nobody listened, out of the journal itself. So an event is told at least once, and none is made up.

An event says that something began, and not how often it happened: the same one of the same key is raised once in its
while, and how many were left out stands in the next.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import final

from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.parties import Live
from bailiwick.journal import reader, record
from bailiwick.journal.error import JournalError, JournalStopped
from bailiwick.journal.log import Journal
from bailiwick.journal.retention import Retention
from bailiwick.link.questions import Event, EventsAnswer
from bailiwick.model.decision import Deny
from bailiwick.model.reason import Reaction, Reason

KEPT = 1024  # of the latest events, in memory
SCANNED = 50_000  # records of the journal that one answer looks through at most
ANSWERED = 500  # events in one answer at most
REMEMBERED = 1 << 16  # events that are told once in a while
ONCE_US = 60_000_000
REFUSED_ONCE_US = 3_600_000_000
UNFAMILIAR_ONCE_US = 86_400_000_000
MOST_DETAIL = 300  # characters of one detail: some are a client's own words

_OPENING = b'["event",'  # how such a record begins
_OVER = frozenset({Reason.KEY_REVOKED, Reason.KEY_EXPIRED})


@final
class Events:
    """Raises events, and tells them to whoever asks."""

    def __init__(self, journal: Journal, directory: Path, clock: Callable[[], int]) -> None:
        self._journal = journal
        self._directory = directory
        self._clock = clock  # µs
        self._latest: deque[Event] = deque(maxlen=KEPT)
        self._from = journal.position  # whatever stands before this is read from the journal
        self._undecided: set[int] = set()  # positions that are not durable yet
        self._raised: OrderedDict[tuple[str, str, str], list[int]] = OrderedDict()  # when last, and how often since
        self._more = asyncio.Event()

    def now(self) -> int:
        """The time that events are written with, in µs."""
        return self._clock()

    def raise_(
        self, what: str, key: str, account: str, detail: Mapping[str, str], *, matter: str = "", once_us: int = ONCE_US
    ) -> int:
        """Record an event and tell it once it is durable; its position, or -1 where it was told a moment ago.

        Args:
            what: its kind, such as ``removed_key_used``.
            key: the key's id, and ``account`` its account; empty where there is none.
            detail: what else there is to say. Never a secret.
            matter: what sets this event apart from another of the same kind and key.
            once_us: how long the same event is not raised again; 0 raises each.
        """
        now = self._clock()
        left_out = self._left_out((what, key, matter), now, once_us)
        if left_out < 0:
            return -1
        said = {name: text[:MOST_DETAIL] for name, text in detail.items()}
        if left_out:
            said["more"] = str(left_out)
        written = record.Event(now, what, key, account, tuple(said.items()))
        try:
            position = self._journal.append(record.encode(written), retention=Retention.KEEP, essential=True)
        except JournalError:
            return -1  # nothing leaves while the journal stands still; doctor and health say so
        self._undecided.add(position)
        self._journal.when_durable(position, lambda failure: self._settled(_told(position, written), failure))
        return position

    def too_soon(self, what: str, key: str, matter: str, once_us: int) -> bool:
        """Whether the same event was raised within its while: then it is counted here, and need not be put together."""
        last = self._raised.get((what, key, matter))
        if last is None or self._clock() - last[0] >= once_us:
            return False
        last[1] += 1
        return True

    def _left_out(self, which: tuple[str, str, str], now: int, once_us: int) -> int:
        """How many of these were not raised since the last; -1 if this is not to be either."""
        last = self._raised.get(which)
        if last is not None and now - last[0] < once_us:
            last[1] += 1
            return -1
        if len(self._raised) >= REMEMBERED:
            self._raised.popitem(last=False)
        self._raised.pop(which, None)
        self._raised[which] = [now, 0]
        return 0 if last is None else last[1]

    def _settled(self, event: Event, failure: JournalStopped | None) -> None:
        self._undecided.discard(event.position)
        if failure is not None:
            return
        if len(self._latest) == KEPT:
            self._from = self._latest[0].position + 1
        self._latest.append(event)
        self._more.set()

    def denied(self, exchange: Exchange, live: Live, deny: Deny) -> None:
        """A verified request was refused. Its client is told "-2015" and no more; its owner is told what it was."""
        if live.canary:
            return  # its owner hears of every use of it otherwise
        reason = deny.reason
        if reason.value.reaction is not Reaction.CREDENTIAL and not live.removed:
            return
        detail = {
            "reason": reason.name,
            "detail": deny.detail,
            "request": f"{exchange.method} {exchange.path}",
            "source": exchange.source,
            "service": live.service,
        }
        what = "removed_key_used" if reason in _OVER or live.removed else "refused"
        self.raise_(what, live.id, live.account.id, detail, matter=reason.name, once_us=REFUSED_ONCE_US)

    def unfamiliar(self, exchange: Exchange, live: Live) -> None:
        """A verified request came from a client that the key's service has not named: told once a day of each key."""
        detail = {
            "fingerprint": exchange.fingerprint,
            "request": f"{exchange.method} {exchange.path}",
            "source": exchange.source,
            "service": live.service,
        }
        self.raise_("unfamiliar_client", live.id, live.account.id, detail, once_us=UNFAMILIAR_ONCE_US)

    async def after(self, position: int, wait_s: float) -> EventsAnswer:
        """The events behind a position, waiting for one if there is none.

        Raises:
            JournalError: if older records cannot be read.
        """
        if position + 1 < self._from:
            return await asyncio.to_thread(self._scan, position + 1, self._from)
        found = self._behind(position)
        if not found and wait_s > 0:
            self._more.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._more.wait()
            found = self._behind(position)
        if len(found) > ANSWERED:
            return EventsAnswer(events=found[:ANSWERED], up_to=found[ANSWERED - 1].position)
        return EventsAnswer(events=found, up_to=min([self._journal.durable, *self._undecided]) - 1)

    def since(self, position: int) -> list[Event]:
        """Every event from a position on that is on the disk; for a start.

        Raises:
            JournalError: if the journal cannot be read.
        """
        found: list[Event] = []
        while position < self._journal.position:
            answer = self._scan(position, self._journal.position)
            found += answer.events
            position = answer.up_to + 1
        return found

    def _behind(self, position: int) -> tuple[Event, ...]:
        # One that is durable behind another that is not waits for it: they are told in their order.
        least = min(self._undecided, default=self._journal.position)
        return tuple(event for event in self._latest if position < event.position < least)

    def _scan(self, first: int, end: int) -> EventsAnswer:
        found: list[Event] = []
        last = end - 1
        for entry in reader.read(self._directory, first):
            if entry.position >= end:
                break
            if entry.record is not None and entry.record.startswith(_OPENING):
                written = record.decode(entry.record)
                assert isinstance(written, record.Event)
                found.append(_told(entry.position, written))
            if entry.position - first >= SCANNED or len(found) >= ANSWERED:
                last = entry.position
                break
        return EventsAnswer(events=tuple(found), up_to=last)


def _told(position: int, written: record.Event) -> Event:
    return Event(
        position=position,
        at_ms=written.at_us // 1000,
        kind=written.what,
        key=written.key,
        account=written.account,
        detail=dict(written.detail),
    )
