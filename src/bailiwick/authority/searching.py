"""Searches the whole journal from its end, a bounded stretch in each answer, so that no question holds up another."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bailiwick.authority.looking_verbs import FoundRecord, FoundRecords, SearchRecords
from bailiwick.authority.trades import first_since
from bailiwick.journal import reader, segment
from bailiwick.journal.backwards import stretches
from bailiwick.journal.error import JournalDamaged
from bailiwick.journal.line import words
from bailiwick.journal.record import Act, Failures, Fingerprint, Record, decode, named
from bailiwick.link.wire import Code, LinkError

PASSED_AT_ONCE = 500_000  # records that one answer goes past
LOOKED_AT_ONCE = 10_000  # records that one answer takes apart
MOST_FOUND = 500
KINDS = frozenset(each.__struct_config__.tag for each in Record.__args__)
DECISIONS = frozenset({"allow", "deny", "hold"})
_LONGEST = 200


class Wanted(NamedTuple):
    """What is looked for: in the bytes of a record first, since most are not it, then in the record itself."""

    words: tuple[bytes, ...]
    begins: bytes
    text: bytes
    symbol: re.Pattern[bytes] | None
    account: str
    service: str
    decision: str
    since_us: int
    until_us: int

    def may_be(self, raw: bytes) -> bool:
        """Whether the bytes may be of such a record."""
        return (
            raw.startswith(self.begins)
            and (not self.text or self.text in raw.lower())
            and (self.symbol is None or self.symbol.search(raw) is not None)
        )

    def is_it(self, record: Record) -> bool:
        """Whether the record is such a one."""
        at_us = moment_us(record)
        return (
            self.since_us <= at_us < self.until_us
            and (not self.decision or getattr(record, "decision", "") == self.decision)
            and _of(record, "account", self.account)
            and _of(record, "service", self.service)
        )


def search(directory: Path, question: SearchRecords) -> FoundRecords:
    """One stretch.

    Raises:
        LinkError: naming the field that makes no sense.
        JournalDamaged: if a record is not right.
    """
    if not 1 <= question.limit <= MOST_FOUND:
        raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_FOUND}")
    wanted = _wanted(question)
    size = reader.size(directory)
    floor = first_since(directory, wanted.since_us) if wanted.since_us else 0
    before = min(size, question.before if question.before >= 0 else _end(directory, wanted.until_us, size))
    rows: list[FoundRecord] = []
    looked, at = 0, before
    for stretch in stretches(directory, before, floor, wanted.words):
        for entry in stretch.entries:
            row = _row(entry, wanted)
            if row is not None:
                rows.append(row)
            if len(rows) == question.limit:
                return _found(rows, entry.position, before, size, floor)
        looked, at = looked + len(stretch.entries), stretch.first
        if looked >= LOOKED_AT_ONCE or before - at >= PASSED_AT_ONCE:
            break
    return _found(rows, at, before, size, floor)


def _found(rows: list[FoundRecord], at: int, before: int, size: int, floor: int) -> FoundRecords:
    return FoundRecords(rows=tuple(rows), before=at, read=before - at, size=size, more=at > floor)


def moment_us(record: Record) -> int:
    """When it was, in µs since 1970; 0 of what has no time of its own."""
    if isinstance(record, Fingerprint):
        return 0
    return record.until_us if isinstance(record, Failures) else record.at_us


def _row(entry: reader.Entry, wanted: Wanted) -> FoundRecord | None:
    if entry.record is None or not wanted.may_be(entry.record):
        return None
    try:
        record = decode(entry.record)
    except ValueError:
        return None  # of a newer program
    if not wanted.is_it(record):
        return None
    values: dict[str, Any] = named(record)
    return FoundRecord(
        position=entry.position,
        at_ms=moment_us(record) // 1000,
        kind=str(values["kind"]),
        decision=str(values.get("decision", "")),
        key=str(values.get("key", "")),
        account=str(values.get("account", "")),
        words=words(record),
        record=values,
    )


def _of(record: Record, field: str, wanted: str) -> bool:
    if not wanted:
        return True
    if isinstance(record, Act):
        quoted = f'"{wanted}"'
        return record.subject == wanted or quoted in record.after or quoted in record.before
    return bool(getattr(record, field, "") == wanted)


def _wanted(question: SearchRecords) -> Wanted:
    for name in ("text", "key", "account", "service", "symbol"):
        if len(getattr(question, name)) > _LONGEST:
            raise LinkError(Code.REFUSED, f"{name}: at most {_LONGEST} characters")
    if question.kind and question.kind not in KINDS:
        raise LinkError(Code.REFUSED, f"kind: {question.kind[:40]!r} is none; choose from {', '.join(sorted(KINDS))}")
    if question.decision and question.decision not in DECISIONS:
        raise LinkError(Code.REFUSED, f"decision: {question.decision[:40]!r} is none; choose allow, deny or hold")
    symbol = re.escape(question.symbol.upper().encode())
    begins = f'["{question.kind}"' if question.kind else ""
    decision = f'"{question.decision}"' if question.decision else ""
    held = (question.key, question.account, question.service, question.symbol.upper(), begins, decision)
    return Wanted(
        words=tuple(each.encode() for each in held if each),
        begins=begins.encode(),
        text=question.text.lower().encode(),
        symbol=re.compile(b"(?<![A-Z0-9])" + symbol + b"(?![A-Z0-9])") if symbol else None,
        account=question.account,
        service=question.service,
        decision=question.decision,
        since_us=_time_us("since", question.since, 0),
        until_us=_time_us("until", question.until, 1 << 62),
    )


def _time_us(field: str, text: str, otherwise: int) -> int:
    if not text:
        return otherwise
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text) * 1000
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise LinkError(
            Code.REFUSED, f"{field}: {text[:40]!r} is no time; write it like 2026-11-21T09:00:00Z"
        ) from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _end(directory: Path, until_us: int, size: int) -> int:
    """A position before which everything up to a moment is found."""
    end = size
    for part in reversed(segment.listed(directory)):
        try:
            if segment.read_head(part) <= until_us:
                break
        except JournalDamaged:
            break
        end = part.first
    return end
