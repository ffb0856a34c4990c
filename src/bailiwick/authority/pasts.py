"""What a key did over its last days, counted from the journal: by the hour, by address, by program.

The journal is read from its end, a bounded stretch for each question, and what was counted is kept: whoever asks again
gets it further back, and what was recorded since. Nothing is kept on the disk; the journal is where it stands.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import final

from bailiwick.authority import bounds
from bailiwick.authority.acts import Asks
from bailiwick.authority.agents import Agents
from bailiwick.authority.looking_verbs import Hour, PastOfKey, SeenClient, SeenPlace, UseOverTime
from bailiwick.authority.searching import moment_us
from bailiwick.authority.trades import first_since
from bailiwick.journal import reader
from bailiwick.journal.backwards import stretches
from bailiwick.journal.error import JournalError
from bailiwick.journal.record import Failures, Intent, Read, Record, decode
from bailiwick.link.watch_questions import KnownAnswer, KnownOfKey
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.grant import grant_from_toml
from bailiwick.rules.network import admits, read_networks
from bailiwick.store.store import Store

KEPT = 64  # keys that somebody looked at lately
MOST_DAYS = 31
MOST_PLACES = 200  # addresses, and programs, of one key
PASSED_AT_ONCE = 500_000  # records that one answer goes past
LOOKED_AT_ONCE = 10_000  # records that one answer takes apart
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
_ALLOWED, _DENIED, _HELD, _READ, _REFUSED = range(5)
_PLACE = {"allow": _ALLOWED, "deny": _DENIED, "hold": _HELD}


@final
class Sighting:
    """When something was met, how often, and how often it was denied."""

    __slots__ = ("count", "denied", "first", "last")

    def __init__(self) -> None:
        self.first, self.last, self.count, self.denied = 1 << 62, 0, 0, 0

    def met(self, at_ms: int, *, denied: bool) -> None:
        """Once more."""
        self.first, self.last = min(self.first, at_ms), max(self.last, at_ms)
        self.count += 1
        self.denied += denied


@final
class Past:
    """What was counted of one key, from position ``low`` up to ``high``."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.turn = asyncio.Lock()
        self.begin(-1)

    def begin(self, size: int) -> None:
        """Begin anew, before this position."""
        self.low = self.high = size
        self.since_ms = 0
        self.hours: dict[int, list[int]] = {}
        self.places: dict[str, Sighting] = {}
        self.clients: dict[str, Sighting] = {}
        self.unread = 0
        self.left_out = 0

    def count(self, record: Record) -> None:
        """Count a record, if it is this key's."""
        match record:
            case Intent() | Read() if record.key == self.key:
                at_ms, denied = record.at_us // 1000, record.decision == "deny"
                reads = isinstance(record, Read) and record.decision == "allow"
                self._add(at_ms, _READ if reads else _PLACE.get(record.decision, _DENIED), 1)
                self._meet(self.places, record.source, at_ms, denied=denied)
                self._meet(self.clients, record.fingerprint, at_ms, denied=denied)
            case Failures() if record.key == self.key:
                self._add(record.until_us // 1000, _REFUSED, record.count)
            case _:
                pass

    def _add(self, at_ms: int, place: int, count: int) -> None:
        self.hours.setdefault(at_ms // HOUR_MS, [0, 0, 0, 0, 0])[place] += count

    def _meet(self, met: dict[str, Sighting], name: str, at_ms: int, *, denied: bool) -> None:
        found = met.get(name)
        if found is None:
            if len(met) >= MOST_PLACES:
                self.left_out += 1
                return
            found = met[name] = Sighting()
        found.met(at_ms, denied=denied)


@final
class Pasts:
    """Counts what keys did."""

    def __init__(self, directory: Path, store: Store, gateway: Asks, clock: Callable[[], int]) -> None:
        self._directory = directory
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._kept: OrderedDict[str, Past] = OrderedDict()
        self._agents = Agents(directory)

    async def show(self, question: UseOverTime, actor: str) -> PastOfKey:
        """What a key did, as far as it is counted by now."""
        if not 1 <= question.days <= MOST_DAYS:
            raise LinkError(Code.REFUSED, f"days: 1 to {MOST_DAYS}")
        self._store.keys.get(question.key)
        now_ms = self._clock()
        since_ms = now_ms - question.days * DAY_MS
        past = self._kept.setdefault(question.key, Past(question.key))
        self._kept.move_to_end(question.key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        async with past.turn:
            try:
                more, agents = await asyncio.to_thread(self._read_on, past, since_ms)
            except (JournalError, OSError) as error:
                raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None
        known = await self._known(past)
        places, clients = self._places(past, known), _clients(past, agents, self._familiar(past.key), known)
        first = (past.since_ms if more else since_ms) // HOUR_MS
        hours = [
            Hour(at_ms=hour * HOUR_MS, allowed=each[0], denied=each[1], held=each[2], reads=each[3], refused=each[4])
            for hour, each in sorted(past.hours.items())
            if hour >= first
        ]
        return PastOfKey(
            hours=tuple(hours), places=places, clients=clients, since_ms=past.since_ms if more else since_ms,
            until_ms=now_ms, more=more, unread=past.unread, left_out=past.left_out,
        )  # fmt: skip

    def _read_on(self, past: Past, since_ms: int) -> tuple[bool, dict[str, str]]:
        """Count what is new, and a stretch further back; whether there is more to be counted, and which programs."""
        if not (self._directory / "segments").exists():
            return False, {}
        size = reader.size(self._directory)
        if past.high < 0 or size - past.high > PASSED_AT_ONCE:
            past.begin(size)
        self._read_new(past, size)
        floor = first_since(self._directory, since_ms * 1000)
        looked, began = 0, past.low
        for stretch in stretches(self._directory, past.low, floor, (past.key.encode(),)) if past.low > floor else ():
            for entry in stretch.entries:
                _count(past, entry)
            past.low, past.unread = stretch.first, past.unread + stretch.unread
            looked += len(stretch.entries)
            if looked >= LOOKED_AT_ONCE or began - past.low >= PASSED_AT_ONCE:
                break
        past.since_ms = _time_at(self._directory, past.low) or since_ms
        return past.low > floor, self._agents.of(size, past.clients)

    def _read_new(self, past: Past, size: int) -> None:
        if size > past.high:
            for stretch in stretches(self._directory, size, past.high, (past.key.encode(),)):
                for entry in stretch.entries:
                    if entry.position >= past.high:
                        _count(past, entry)
            past.high = size

    async def _known(self, past: Past) -> KnownAnswer | None:
        """What the watch has for habits of these; None where the gateway does not answer."""
        question = KnownOfKey(key=past.key, sources=tuple(past.places), fingerprints=tuple(past.clients))
        try:
            return await self._gateway.ask(question)
        except LinkError:
            return None

    def _familiar(self, key: str) -> frozenset[str] | None:
        """The programs that the key's service names as its own; None where it names none."""
        service = self._store.services.get(self._store.keys.get(key).service)
        return frozenset(service.fingerprints) if service.fingerprints else None

    def _places(self, past: Past, known: KnownAnswer | None) -> tuple[SeenPlace, ...]:
        key = self._store.keys.get(past.key)
        service, account = self._store.services.get(key.service), self._store.accounts.get(key.account)
        authority = bounds.within(grant_from_toml(key.grant), account, service)
        networks = read_networks(service.networks)
        found = [
            SeenPlace(
                source=source,
                first_ms=seen.first,
                last_ms=seen.last,
                count=seen.count,
                denied=seen.denied,
                of_service=admits((networks,), source) if networks else None,
                granted=authority.admits(source),
                habitual=None if known is None else source in known.usual_sources,
            )
            for source, seen in past.places.items()
        ]
        return tuple(sorted(found, key=lambda each: -each.last_ms))


def _clients(
    past: Past, agents: dict[str, str], familiar: frozenset[str] | None, known: KnownAnswer | None
) -> tuple[SeenClient, ...]:
    found = [
        SeenClient(
            fingerprint=fingerprint,
            agent=agents.get(fingerprint, ""),
            first_ms=seen.first,
            last_ms=seen.last,
            count=seen.count,
            denied=seen.denied,
            of_service=None if familiar is None else fingerprint in familiar,
            habitual=None if known is None else fingerprint in known.usual_fingerprints,
        )
        for fingerprint, seen in past.clients.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.last_ms))


def _count(past: Past, entry: reader.Entry) -> None:
    if entry.record is not None:
        with contextlib.suppress(ValueError):  # of a newer program
            past.count(decode(entry.record))


def _time_at(directory: Path, position: int) -> int:
    """When the record at a position or one shortly after it was, in ms; 0 where nobody knows."""
    for entry in islice(reader.read(directory, position), 100):
        if entry.record is not None:
            with contextlib.suppress(ValueError):
                found = moment_us(decode(entry.record))
                if found:
                    return found // 1000
    return 0
