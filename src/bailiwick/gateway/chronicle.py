"""What the gateway writes into the journal, and when it counts as written."""

import time
from collections import OrderedDict
from collections.abc import Callable

from bailiwick.gateway.events import Events
from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.framing import Head
from bailiwick.gateway.parties import Live
from bailiwick.journal import record
from bailiwick.journal.error import JournalFull, JournalStopped
from bailiwick.journal.log import Journal
from bailiwick.journal.record import encode
from bailiwick.journal.retention import Retention
from bailiwick.model.decision import Allow, Deny
from bailiwick.model.intent import Intent
from bailiwick.model.order import Answer
from bailiwick.model.reason import Reason
from bailiwick.model.request import Signed

STOPPED = -1
FULL = -2
"""What takes the place of a position where nothing could be recorded."""

FINGERPRINTS = 1 << 16  # remembered by their digests
MANNERS = 1 << 12  # remembered whole, so that they need not be hashed
LONGEST_MANNER = 2048  # bytes; what is longer is no client in use, and is hashed each time
FINGERPRINTS_KEPT = 10_000  # recorded for ever since the start; a sender that goes on changing is recorded for a while
DENIALS_APIECE = 300  # of one key that are recorded between two notes; beyond, they are counted
SAMPLED_SOURCES = 4096

_TRADE, _READ, _FAILURE, _KEEP = Retention.TRADE, Retention.READ, Retention.FAILURE, Retention.KEEP


def wall_us() -> int:
    """This machine's time, in microseconds since 1970."""
    return time.time_ns() // 1000


class _Counted:
    """Failed authentications of one cause from one address, with the first as a sample."""

    __slots__ = ("count", "key", "sample")

    def __init__(self, key: str, sample: str) -> None:
        self.count = 0
        self.key = key
        self.sample = sample


class Chronicle:
    """Writes the records of the data plane."""

    __slots__ = ("_denials", "_failures", "_failures_from_us", "_kept", "_known", "_met", "events", "fills", "journal")

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.events = Events(journal, journal.directory, wall_us)
        self._known: OrderedDict[tuple[bytes, bytes, tuple[str, ...]], str] = OrderedDict()
        self._met: OrderedDict[str, None] = OrderedDict()
        self._kept = 0
        self._denials: dict[str, int] = {}  # by key, since the last note
        self._failures: dict[tuple[str, str], _Counted] = {}
        self._failures_from_us = wall_us()
        self.fills: list[record.Filled] = []  # told to the watch, and not recorded yet

    def when_durable(self, position: int, callback: Callable[[JournalStopped | None], None]) -> None:
        """Call back when the record is safe, or with the error because of which it is not."""
        self.journal.when_durable(position, callback)

    def fingerprint(self, head: Head, signed: Signed) -> str:
        """The short name of the client's way of speaking; the whole is recorded when it is first met."""
        manner = (head.agent, head.names, signed.names)
        digest = self._known.get(manner)
        if digest is None:
            digest = self._meet(manner)
        return digest

    def _meet(self, manner: tuple[bytes, bytes, tuple[str, ...]]) -> str:
        agent, names, parameters = manner
        headers = tuple(names.decode("latin-1").split(","))
        whole = record.fingerprint(agent.decode("latin-1"), headers, parameters)
        if len(agent) + len(names) + sum(map(len, parameters)) <= LONGEST_MANNER:
            if len(self._known) >= MANNERS:
                self._known.popitem(last=False)
            self._known[manner] = whole.digest
        if whole.digest not in self._met:
            if len(self._met) >= FINGERPRINTS:
                self._met.popitem(last=False)
            self._met[whole.digest] = None
            self._kept += 1
            self._append(encode(whole), _KEEP if self._kept <= FINGERPRINTS_KEPT else _READ)
        return whole.digest

    def _append(self, data: bytes, retention: Retention, *, essential: bool = False) -> int:
        """Append; gives the position, or why there is none."""
        try:
            # Not promptly: an intent is waited for, which wakes the writer, and nobody waits for the others.
            return self.journal.append(data, retention=retention, essential=essential, prompt=False)
        except JournalFull:
            return FULL
        except JournalStopped:
            return STOPPED

    def intent(self, exchange: Exchange, live: Live, intent: Intent, allow: Allow, *, essential: bool) -> int:
        """Record what is about to leave, with what is reserved for it. Gives the position, ``STOPPED`` or ``FULL``."""
        asked = exchange.asked
        leaves = "" if intent is asked else "&".join([f"{name}={value}" for name, value in intent.params])
        return self._append(
            encode(
                record.Intent(
                    wall_us(), exchange.started_us, live.id, live.service, live.account.id, exchange.source,
                    exchange.fingerprint, exchange.method, exchange.path, exchange.payload.decode("latin-1"), leaves,
                    "allow", "", intent.endpoint.harm, allow.orders, allow.charges, intent.target,
                    intent.keep_on_failure, intent.withdrawal, allow.reducing, exchange.until_us, "",
                    None if live.watcher is None else live.watcher.facts_of(exchange, live),
                )
            ),
            _TRADE,
            essential=essential,
        )  # fmt: skip

    def denial(self, exchange: Exchange, live: Live, deny: Deny) -> bool:
        """Record a verified request that was refused; of a key that does nothing else, count it: then this is False."""
        self.events.denied(exchange, live, deny)
        count = self._denials[live.id] = self._denials.get(live.id, 0) + 1
        if count > DENIALS_APIECE:
            self.failure(exchange, live.key, deny)
            return False
        endpoint = exchange.endpoint
        payload = exchange.payload.decode("latin-1")
        if endpoint is not None and endpoint.changes:
            self._append(
                encode(
                    record.Intent(
                        wall_us(), exchange.started_us, live.id, live.service, live.account.id, exchange.source,
                        exchange.fingerprint, exchange.method, exchange.path, payload, "", "deny", deny.reason.name,
                        endpoint.harm, (), (), None, False, None, False, exchange.until_us, deny.detail,
                        None if live.watcher is None else live.watcher.facts_of(exchange, live),
                    )
                ),
                _TRADE,
            )  # fmt: skip
        else:
            self._read(exchange, live, payload, "deny", deny.reason.name, 0, 0)
        return True

    def read(self, exchange: Exchange, live: Live, status: int, latency_us: int) -> None:
        """Record a verified request that changes nothing, with its answer."""
        self._read(exchange, live, exchange.payload.decode("latin-1"), "allow", "", status, latency_us)

    def _read(
        self, exchange: Exchange, live: Live, payload: str, decision: str, reason: str, status: int, latency_us: int
    ) -> None:
        self._append(
            encode(
                record.Read(
                    wall_us(), exchange.started_us, live.id, live.service, live.account.id, exchange.source,
                    exchange.fingerprint, exchange.method, exchange.path, payload, decision, reason, status,
                    latency_us, exchange.until_us,
                    live.watcher.facts_of(exchange, live) if reason and live.watcher is not None else None,
                )
            ),
            _READ,
        )  # fmt: skip

    def outcome(self, exchange: Exchange, live: Live, answer: Answer | None, status: int, latency_us: int) -> None:
        """Record what became of an intent; without an answer its outcome is unknown."""
        if answer is None:
            outcome = record.Outcome(wall_us(), exchange.position, live.id, None, status, latency_us)
        else:
            outcome = record.Outcome(
                wall_us(), exchange.position, live.id, answer.executed, status, latency_us, answer.orders, answer.code,
                "", self._take_fills(),
            )  # fmt: skip
        self._append(encode(outcome), _TRADE, essential=True)

    def not_sent(self, exchange: Exchange, live: Live, reason: Reason) -> None:
        """Record that a recorded intent never left, so that nothing of it is reserved after a restart."""
        outcome = record.Outcome(wall_us(), exchange.position, live.id, False, 0, 0, (), 0, reason.name)
        self._append(encode(outcome), _TRADE, essential=True)

    def resolved(self, live: Live, position: int, answer: Answer, evidence: str) -> None:
        """Record news of orders that came otherwise than in the answer to their own request."""
        self._append(
            encode(
                record.Resolved(
                    wall_us(), live.id, position, evidence, answer.orders, answer.trades, "", self._take_fills()
                )
            ),
            _TRADE,
            essential=True,
        )

    def never_arrived(self, live: Live, position: int, client_id: str) -> None:
        """Record that an order of unknown outcome is not at the venue, and can no longer get there."""
        self._append(
            encode(record.Resolved(wall_us(), live.id, position, "reconciler", (), (), client_id)),
            _TRADE,
            essential=True,
        )

    def seen(
        self,
        now: int,
        near: tuple[tuple[str, float], ...] = (),
        signs: tuple[tuple[str, int, int, str], ...] = (),
    ) -> None:
        """Record what the watch is told of the market."""
        self._append(encode(record.Seen(wall_us(), now, near, signs)), _READ)

    def _take_fills(self) -> tuple[record.Filled, ...]:
        if not self.fills:
            return ()
        taken = tuple(self.fills)
        self.fills.clear()
        return taken

    def failure(self, exchange: Exchange, key: bytes, deny: Deny) -> None:
        """Count a request whose sender is not proven."""
        group = (deny.reason.name, exchange.source)
        counted = self._failures.get(group)
        if counted is None:
            if len(self._failures) >= SAMPLED_SOURCES:
                group = (deny.reason.name, "others")
                counted = self._failures.get(group)
            if counted is None:
                named = key[:80].decode("latin-1")
                counted = self._failures[group] = _Counted(named, f"{exchange.method} {exchange.path[:200]}")
        counted.count += 1

    def flush_failures(self) -> None:
        """Write the counts of failed authentications. To be called every few seconds."""
        now = wall_us()
        for (cause, source), one in self._failures.items():
            counted = record.Failures(self._failures_from_us, now, cause, source, one.count, one.key, one.sample)
            self._append(encode(counted), _FAILURE)
        self._failures.clear()
        self._denials.clear()
        self._failures_from_us = now
