"""A record of the journal in one line for people; `--json` has all of it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from bailiwick.journal.record import (
    Act,
    Condensed,
    Cut,
    Erased,
    Event,
    Failures,
    Fingerprint,
    Intent,
    Outcome,
    Read,
    Record,
    Resolved,
    Seen,
    SetBack,
    SnapshotNote,
)
from bailiwick.model.intent import OrderDraft
from bailiwick.model.order import OrderReport, TradeReport
from bailiwick.model.reason import Reason
from bailiwick.words import counted

_FOR_PROGRAMS = re.compile(r"digest|request\d\d").fullmatch  # of an event: a held request, in pieces, and its digest
_EXECUTED = {True: "done", False: "not done", None: "outcome not known yet"}
_DECIDED = {"allow": "allowed", "deny": "denied", "hold": "held"}


def line(position: int, record: Record) -> str:
    """Where it stands, when it was (UTC), what it is, and what matters of it."""
    at_us = 0 if isinstance(record, Fingerprint) else record.from_us if isinstance(record, Failures) else record.at_us
    when = datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") if at_us else ""
    when = f"{when}.{at_us // 1000 % 1000:03}Z" if when else ""
    return _printable(f"{position:>7}  {when:24}  {_told(record)}".rstrip())


def words(record: Record) -> str:
    """What a record is and what matters of it, without where it stands."""
    return _printable(" ".join(_told(record).split()))


def _told(record: Record) -> str:
    match record:
        case Intent() | Read():
            return _request(record)
        case Outcome():
            return f"outcome of {record.intent}: {_outcome(record)}"
        case Resolved():
            of = f" of {record.intent}" if record.intent >= 0 else ""
            what = _joined([*map(_report, record.orders), *map(_trade, record.trades)])
            absent = f"; {record.absent}: the venue never had it" if record.absent else ""
            return f"learned{of} from {record.evidence}: {what}{absent}"
        case Act():
            return f"act      {record.verb} {record.subject}, by {record.actor}{_because(record.reason)}"
        case Failures():
            whose = f" of {record.key}" if record.key else ""
            return f"refused  {record.count} x {record.cause}{whose} from {record.source}, such as {record.sample}"
        case Fingerprint():
            return f"client   {record.digest}: {record.user_agent}"
        case Cut():
            return f"cut      {record.length} bytes at the end that were no whole record ({record.cause})"
        case Condensed():
            return f"condensed  {counted(record.count, 'record')} from {record.first} to {record.end - 1}"
        case Erased():
            return f"erased   record {record.position}, by {record.actor}{_because(record.reason)}"
        case Seen():
            prices = [f"{symbol} at {price:g}" for symbol, price in record.near]
            signs = [f"{symbol} {score / 1000:+.1f}" for symbol, _, score, _ in record.signs]
            return f"market   {_joined([*prices, *signs])}"
        case SnapshotNote():
            return f"snapshot of all before {record.position}"
        case SetBack():
            return f"set back to {record.size} records, upon a person's word"
        case Event():
            detail = ", ".join(f"{name} {text}" for name, text in record.detail if text and not _FOR_PROGRAMS(name))
            return f"event    {record.what}  {record.key}  {detail}".rstrip()


def _request(record: Intent | Read) -> str:
    decided = f"{_DECIDED.get(record.decision, record.decision):7}"
    head = f"{decided}  {record.method} {record.path}  {record.key} from {record.source}"
    if record.reason:
        detail = record.detail if isinstance(record, Intent) else ""
        why = detail or (Reason[record.reason].sentence if record.reason in Reason.__members__ else "")
        return f"{head}  {record.reason}: {why}"
    if isinstance(record, Read):
        return f"{head}  status {record.status}"
    return f"{head}  {_joined(map(_draft, record.orders))}".rstrip()


def _outcome(record: Outcome) -> str:
    status = f", status {record.status}" if record.status else ", no answer"
    code = f", the venue's code {record.code}" if record.code else ""
    orders = f"; {_joined(map(_report, record.orders))}" if record.orders else ""
    return f"{_EXECUTED[record.executed]}{status}{code}{orders}{_because(record.detail)}"


def _draft(order: OrderDraft) -> str:
    if order.quantity is not None:
        amount = _plain(order.quantity)
    else:
        amount = f"for {_plain(order.quote_quantity)}" if order.quote_quantity is not None else ""
    price = f" at {_plain(order.price)}" if order.price is not None else ""
    stop = f" stop {_plain(order.stop_price)}" if order.stop_price is not None else ""
    return f"{order.side.value} {amount} {order.symbol} {order.type.value}{price}{stop}"


def _report(order: OrderReport) -> str:
    of = f" of {_plain(order.quantity)}" if order.quantity is not None else ""
    side = f"{order.side.value} " if order.side is not None else ""
    state = "open" if order.live else "ended"
    return f"{side}{order.symbol} order {order.order_id} {state}, {_plain(order.executed)}{of} filled"


def _trade(trade: TradeReport) -> str:
    fill = trade.fill
    return f"{trade.side.value} {_plain(fill.quantity)} {trade.symbol} at {_plain(fill.price)}, order {trade.order_id}"


def _plain(amount: Decimal) -> str:
    """Without exponent, and without zeros that say nothing."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _printable(text: str) -> str:
    """A client's own words move no cursor and begin no line of their own."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
