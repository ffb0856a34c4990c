"""What the journal says of the keys of an incident: the orders that they asked for, and what was done with them.

It is read as it lies on the disk, once: what follows is read on from where the last look ended.
"""

from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import final
from urllib.parse import parse_qsl

import msgspec

from bailiwick.authority.trades import first_since
from bailiwick.journal import reader
from bailiwick.journal.record import Act, Event, Intent, Outcome, Record, Resolved, decode
from bailiwick.model.decision import Deny
from bailiwick.model.intent import OrderDraft
from bailiwick.model.money import times
from bailiwick.model.order import OrderReport
from bailiwick.model.request import Request, Signed
from bailiwick.venues.dialect import Dialect

MOST_ORDERS = 2_000
MOST_HAPPENINGS = 500
TOLD = frozenset({"canary", "bare_canary", "removed_key_used", "previous_secret_used", "unfamiliar_client"})
"""The events that stand in a timeline; those of the watch and of approvals have rows of their own."""
_ACT = b'["act",'
_KEYLESS = frozenset({"freeze", "wind-down", "unfreeze", "revoke", "compromise", "restore"})


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """An order that a key asked for. ``executed`` and ``paid`` are what is known of it: base and quote asset."""

    position: int
    at_ms: int
    key: str
    source: str
    draft: OrderDraft
    reason: str = ""  # why it was refused; "" where it was let through
    executed: Decimal | None = None
    paid: Decimal | None = None

    @property
    def forwarded(self) -> bool:
        """Whether it was let through."""
        return not self.reason

    @property
    def same(self) -> tuple[object, ...]:
        """What another order has in common with this one where it is the same, asked for again."""
        draft = self.draft
        return (
            self.key, draft.symbol, draft.side, draft.type, draft.quantity, draft.quote_quantity, draft.price,
            draft.stop_price,
        )  # fmt: skip


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Whose records are read, of when, and in which dialect each key's requests are."""

    keys: dict[str, Dialect]
    others: frozenset[str]  # accounts, services and venues of the keys
    from_us: int
    orders_until_us: int
    until_us: int | None


@final
class Gathered:
    """What was read so far."""

    def __init__(self, directory: Path, scope: Scope) -> None:
        self.scope = scope
        self.orders: dict[int, Ordered] = {}
        self.acts: list[tuple[int, Act]] = []
        self.events: list[tuple[int, Event]] = []
        self.left_out = 0
        self._directory = directory
        self._next = first_since(directory, scope.from_us)
        self._names: dict[str, int] = {}  # positions of orders by the names that the venue has them by

    def read_on(self) -> None:
        """Read what came since.

        Raises:
            JournalError: if the journal is not right.
            OSError: if it cannot be read.
        """
        scope = self.scope
        words = [key.encode() for key in scope.keys]
        for entry in reader.read(self._directory, self._next):
            self._next = entry.position + 1
            raw = entry.record
            if raw is None or not (raw.startswith(_ACT) or any(word in raw for word in words)):
                continue
            record = _decoded(raw)
            at_us = getattr(record, "at_us", 0)
            if scope.until_us is not None and at_us > scope.until_us:
                return
            if record is not None and at_us >= scope.from_us:
                self._take(entry.position, record)

    def _take(self, position: int, record: Record) -> None:
        match record:
            case Intent() if record.key in self.scope.keys and record.at_us <= self.scope.orders_until_us:
                self._asked(position, record)
            case Outcome() if record.intent in self.orders:
                self._report(record.intent, record.orders, refused=record.executed is False)
            case Resolved() if record.key in self.scope.keys:
                for report in record.orders:
                    self._report(self._names.get(report.client_id, record.intent), (report,), refused=False)
            case Act() if self._concerns(record) and len(self.acts) < MOST_HAPPENINGS:
                self.acts.append((position, record))
            case Event() if record.what in TOLD and record.key in self.scope.keys:
                if len(self.events) < MOST_HAPPENINGS:
                    self.events.append((position, record))
            case _:
                pass

    def _asked(self, position: int, intent: Intent) -> None:
        draft = _draft(intent, self.scope.keys[intent.key])
        if draft is None:
            return
        if len(self.orders) >= MOST_ORDERS:
            self.left_out += 1
            return
        self.orders[position] = Ordered(
            position=position, at_ms=intent.at_us // 1000, key=intent.key, source=intent.source, draft=draft,
            reason="" if intent.decision == "allow" else intent.reason or intent.decision,
        )  # fmt: skip
        if draft.client_id:
            self._names[draft.client_id] = position

    def _report(self, position: int, reports: Collection[OrderReport], *, refused: bool) -> None:
        order = self.orders.get(position)
        if order is None:
            return
        if refused:
            self.orders[position] = msgspec.structs.replace(order, executed=Decimal(0), paid=Decimal(0))
        for report in reports:
            own = report.client_id == (order.draft.client_id or report.client_id)
            if own and report.symbol == order.draft.symbol and report.executed >= (order.executed or 0):
                order = msgspec.structs.replace(order, executed=report.executed, paid=_paid(report))
                self.orders[position] = order

    def _concerns(self, act: Act) -> bool:
        if act.verb.startswith("incident."):
            return False  # what is done with the incident stands in its row
        if act.subject in self.scope.keys or any(key in act.after for key in self.scope.keys):
            return True
        return act.subject in self.scope.others and act.verb.partition(".")[2] in _KEYLESS


def _paid(report: OrderReport) -> Decimal | None:
    """What was paid in the quote asset, as the venue says; None where it says no sum and names not every fill."""
    if report.quote_executed is not None and report.quote_executed >= 0:
        return report.quote_executed
    if sum((fill.quantity for fill in report.fills), Decimal(0)) != report.executed:
        return None
    return sum((times(fill.price, fill.quantity) for fill in report.fills), Decimal(0))


def _draft(intent: Intent, dialect: Dialect) -> OrderDraft | None:
    """The order that a request asks for; of a list its first, since the others only follow or stand for it."""
    if intent.orders:
        return intent.orders[0]
    if intent.decision == "allow":
        return None
    endpoint = dialect.endpoint(intent.method, intent.path)
    if endpoint is None:
        return None
    pairs = tuple(
        (name, value)
        for name, value in parse_qsl(intent.sent, keep_blank_values=True, encoding="latin-1")
        if name not in dialect.signing_names
    )
    request = Request(intent.method, intent.path, intent.sent.encode("latin-1"), b"", b"", b"", intent.source)
    read = dialect.parse(endpoint, request, Signed(b"", b"", pairs, intent.venue_us, 0))
    return None if isinstance(read, Deny) or not read.orders else read.orders[0]


def _decoded(raw: bytes) -> Record | None:
    try:
        return decode(raw)
    except ValueError:
        return None  # of a newer program
