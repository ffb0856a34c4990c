"""Reading a journal, also while another process writes to it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bailiwick.journal import frame, segment
from bailiwick.journal.error import JournalDamaged


class Entry(NamedTuple):
    """A record where it stands."""

    position: int
    retention: int
    record: bytes | None  # None where it is condensed or erased
    digest: bytes  # SHA-256(salt ‖ record): what the tree holds


def read(directory: Path, start: int = 0) -> Iterator[Entry]:
    """The records from a position on, each checked against its digest, up to the end as it is now.

    Raises:
        JournalDamaged: if a record in between is not right. The last ones may still be in the writing; there the
            iteration ends.
    """
    expected = start
    segments = segment.listed(directory)
    for place, part in enumerate(segments):
        following = segments[place + 1].first if place + 1 < len(segments) else None
        if following is not None and following <= start:
            continue
        offset = segment.offset_near(part, start) if part.first < start else segment.HEAD_BYTES
        for found in segment.frames(part, offset):
            if found.position < start:
                continue
            if found.position != expected:
                raise _damaged(part, expected)
            yield Entry(found.position, found.retention, found.record, found.digest)
            expected += 1
        if following is not None and expected != following:
            raise _damaged(part, expected)


def _damaged(part: segment.Segment, position: int) -> JournalDamaged:
    return JournalDamaged(f"{part.path}: record {position} is not right; run 'journal verify' to see what happened")


def frame_at(directory: Path, position: int) -> tuple[segment.Segment, frame.Frame]:
    """The frame at a position and its segment.

    Raises:
        LookupError: if the journal has no such record.
        JournalDamaged: if the record is not right.
    """
    parts = [part for part in segment.listed(directory) if part.first <= position]
    if not parts or position < 0:
        raise LookupError(f"position {position}: the journal in {directory} has no such record")
    for found in segment.frames(parts[-1], segment.offset_near(parts[-1], position)):
        if found.position == position:
            return parts[-1], found
        if found.position > position:
            raise _damaged(parts[-1], position)
    raise LookupError(f"position {position}: the journal in {directory} ends before it")


def size(directory: Path) -> int:
    """How many records there are now.

    Raises:
        JournalDamaged: if one near the end is not right, and others follow it.
    """
    segments = segment.listed(directory)
    if not segments:
        return 0
    last = segments[-1]
    count = last.first
    entries = segment.read_index(last)
    end = segment.offset_near(last, entries[-1][0] if entries else 0)
    for found in segment.frames(last, end):
        count, end = found.position + 1, found.end
    with last.path.open("rb") as file:
        file.seek(end)
        if frame.find(file.read(), 1) is not None:  # what is being written just now has nothing behind it
            raise _damaged(last, count)
    return count


def tail(directory: Path, count: int = 20) -> list[Entry]:
    """The last records."""
    return list(read(directory, max(0, size(directory) - count)))


def search(directory: Path, wanted: Callable[[Entry], bool], start: int = 0) -> Iterator[Entry]:
    """The records from a position on that a filter wants."""
    return (entry for entry in read(directory, start) if wanted(entry))
