"""What a key did, read from the journal: its orders, and everything that became of them.

The journal is read as it lies on the disk, beside the gateway that writes to it.
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec

from bailiwick.journal import reader, segment
from bailiwick.journal.error import JournalDamaged
from bailiwick.journal.record import Act, Intent, Outcome, Record, Resolved, decode
from bailiwick.model.money import plain
from bailiwick.model.order import OrderReport

NATIVE_TRADES = "native.trades"
MOST_ORDERS = 5_000  # of one key in one look


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was let through, with the positions of the records that tell of it."""

    position: int
    intent: Intent
    outcomes: tuple[tuple[int, Outcome], ...] = ()
    resolved: tuple[tuple[int, Resolved], ...] = ()

    @property
    def client_ids(self) -> tuple[str, ...]:
        """The names that its orders have at the exchange."""
        return tuple(order.client_id for order in self.intent.orders if order.client_id)

    @property
    def reports(self) -> tuple[OrderReport, ...]:
        """What the exchange said of its orders, oldest first."""
        said = [order for _, each in self.outcomes for order in each.orders]
        return (*said, *(order for _, each in self.resolved for order in each.orders))

    @property
    def positions(self) -> tuple[int, ...]:
        """Every record that tells of it."""
        return (self.position, *(at for at, _ in self.outcomes), *(at for at, _ in self.resolved))


def trades_of(directory: Path, key: str, since_us: int, *, most: int = MOST_ORDERS) -> list[Trade]:
    """The orders and withdrawals of a key that were let through since a moment, oldest first; the latest ``most``.

    Raises:
        JournalDamaged: if the journal is not right.
    """
    found: dict[int, Trade] = {}
    first = first_since(directory, since_us)
    _gather(found, directory, key, first, lambda position, intent: intent.at_us >= since_us)
    return list(found.values())[-most:]


def trades_at(directory: Path, key: str, positions: Collection[int]) -> list[Trade]:
    """The orders of a key whose records, or whose outcomes' records, stand at these positions, oldest first.

    Raises:
        JournalDamaged: if the journal is not right.
    """
    wanted = {_intent_of(directory, position) for position in positions} - {-1}
    found: dict[int, Trade] = {}
    if wanted:
        _gather(found, directory, key, min(wanted), lambda position, intent: position in wanted)
    return list(found.values())


def _intent_of(directory: Path, position: int) -> int:
    try:
        _, framed = reader.frame_at(directory, position)
    except LookupError:
        return -1
    record = None if framed.record is None else _decoded(framed.record)
    if isinstance(record, Outcome | Resolved):
        return record.intent
    return position if isinstance(record, Intent) else -1


def _gather(
    found: dict[int, Trade], directory: Path, key: str, first: int, wanted: Callable[[int, Intent], bool]
) -> None:
    for position, record in _records(directory, first, key):
        match record:
            case Intent() if record.key == key and _matters(record) and wanted(position, record):
                found[position] = Trade(position=position, intent=record)
                if len(found) > MOST_ORDERS:
                    del found[next(iter(found))]
            case Outcome() if record.intent in found:
                found[record.intent] = _with_outcome(found[record.intent], position, record)
            case Resolved() if record.key == key:
                _resolve(found, position, record)
            case _:
                pass


def acts_on(directory: Path, key: str, account: str) -> list[tuple[int, Act]]:
    """The administrative acts about a key and its account, oldest first: who issued it, and what was done since."""
    wanted = {key, account}
    found = []
    for position, record in _records(directory, 0, key, account):
        if isinstance(record, Act) and (record.subject in wanted or key in record.after):
            found.append((position, record))
    return found


def acts_of_native(directory: Path, native: str) -> list[tuple[int, Act]]:
    """The acts upon a native key, oldest first, the records of its trades among them.

    Raises:
        JournalDamaged: if the journal is not right.
    """
    return [
        (position, record)
        for position, record in _records(directory, 0, native)
        if isinstance(record, Act) and record.subject == native and record.verb.startswith("native.")
    ]


def native_trades_of(directory: Path, native: str, since_us: int) -> list[int]:
    """The positions of the records of a native key's trades that were read since a moment, oldest first.

    Raises:
        JournalDamaged: if the journal is not right.
    """
    return [
        position
        for position, record in _records(directory, first_since(directory, since_us), native)
        if isinstance(record, Act)
        and (record.verb, record.subject) == (NATIVE_TRADES, native)
        and record.at_us >= since_us
    ]


def first_since(directory: Path, since_us: int) -> int:
    """A position from which on everything since a moment is found."""
    first = 0
    for part in segment.listed(directory):
        try:
            if segment.read_head(part) > since_us:
                break
        except JournalDamaged:
            break
        first = part.first
    return first


def _records(directory: Path, first: int, *words: str) -> Iterator[tuple[int, Record]]:
    """The records with one of these words in them: most are of other keys, and need not be read."""
    sought = [word.encode() for word in words]
    for entry in reader.read(directory, first):
        if entry.record is not None and any(word in entry.record for word in sought):
            record = _decoded(entry.record)
            if record is not None:
                yield entry.position, record


def _decoded(raw: bytes) -> Record | None:
    try:
        return decode(raw)
    except ValueError:
        return None  # of a newer program: it is proven as it stands, and not understood


def _matters(intent: Intent) -> bool:
    return intent.decision == "allow" and bool(intent.orders or intent.withdrawal or intent.charges)


def _with_outcome(trade: Trade, position: int, outcome: Outcome) -> Trade:
    return msgspec.structs.replace(trade, outcomes=(*trade.outcomes, (position, outcome)))


def _resolve(found: dict[int, Trade], position: int, resolved: Resolved) -> None:
    names = {order.client_id for order in resolved.orders} | {resolved.absent}
    for at, trade in found.items():
        if resolved.intent == at or names.intersection(trade.client_ids):
            found[at] = msgspec.structs.replace(trade, resolved=(*trade.resolved, (position, resolved)))


def described(trade: Trade) -> str:
    """What was ordered, in one line."""
    parts = []
    for order in trade.intent.orders:
        amount = plain(order.quantity) if order.quantity is not None else ""
        if order.quote_quantity is not None:
            amount = f"for {plain(order.quote_quantity)} of the quote asset"
        price = f" at {plain(order.price)}" if order.price is not None else ""
        parts.append(f"{order.side.value} {amount} {order.symbol} {order.type.value}{price}")
    if trade.intent.withdrawal is not None:
        parts.append("a withdrawal")
    return "; ".join(parts) or f"{trade.intent.method} {trade.intent.path}"


def became(trade: Trade) -> str:
    """What became of it, in one line, by the latest that is known."""
    reports = [report for report in trade.reports if report.client_id in trade.client_ids or not trade.client_ids]
    if reports:
        last = {report.client_id: report for report in reports}
        return "; ".join(
            f"{plain(report.executed)} {report.symbol} filled, {'open' if report.live else 'ended'}"
            for report in last.values()
        )
    executed = [outcome.executed for _, outcome in trade.outcomes]
    if not executed or executed[-1] is None:
        return "not known"
    return "done" if executed[-1] else "refused by the exchange"
