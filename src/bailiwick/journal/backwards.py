"""Reading a journal from its end for the records with some words in them, without reading those without.

Most of what somebody looks for was recorded last, and most records are of somebody else. So the files are read from
their end, a stretch between two entries of the index at a time; where a word does not occur in it, nothing of it is
taken apart, and where it does, only the records that hold all words are checked and given.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bailiwick.journal import frame, segment
from bailiwick.journal.error import JournalDamaged
from bailiwick.journal.reader import Entry


class Stretch(NamedTuple):
    """Records that stand together, from ``first`` up to ``end``.

    ``entries`` are those with the words in them, newest first; ``unread`` have lost their bodies, so nobody knows.
    """

    first: int
    end: int
    entries: list[Entry]
    unread: int


def stretches(directory: Path, before: int, floor: int = 0, words: Sequence[bytes] = ()) -> Iterator[Stretch]:
    """The records before a position and not before the floor, the last stretch first.

    Raises:
        JournalDamaged: if a record that is looked at is not right.
    """
    for part in reversed(segment.listed(directory)):
        if part.first >= before:
            continue
        marks = [(part.first, segment.HEAD_BYTES), *segment.read_index(part)]
        with part.path.open("rb") as file:
            end = os.fstat(file.fileno()).st_size
            for first, offset in reversed(marks):
                if offset >= end or not _is_at(file, first, offset):
                    continue  # a file that was condensed meanwhile has its records elsewhere than its index says
                if first >= before:
                    end = offset
                    continue
                file.seek(offset)
                found = _look(part, file.read(end - offset), first, before, words)
                yield found
                before, end = found.first, offset
                if before <= floor:
                    return


def _is_at(file: BinaryIO, position: int, offset: int) -> bool:
    """Whether the frame of this position begins there; the first is looked at in any case."""
    if offset == segment.HEAD_BYTES:
        return True
    file.seek(offset)
    data = file.read(frame.HEAD_BYTES)
    if len(data) < frame.HEAD_BYTES:
        return False
    form, _, found, _ = frame.HEAD.unpack(data)
    return bool(form[:3] == frame.SYNC and found == position)


def _look(part: segment.Segment, data: bytes, first: int, before: int, words: Sequence[bytes]) -> Stretch:
    gone = frame.CONDENSED in data or frame.ERASED in data
    if not gone and not all(word in data for word in words):
        return Stretch(first, before, [], 0)
    longest = max(words, key=len, default=b"")  # likely the rarest: where it is next, so far nothing need be looked at
    entries: list[Entry] = []
    at, position, unread, met = 0, first, 0, data.find(longest)
    while position < before and at + frame.HEAD_BYTES <= len(data):
        form, length, found, _ = frame.HEAD.unpack_from(data, at)
        end = at + frame.HEAD_BYTES + length
        if form[:3] != frame.SYNC or found != position or end > len(data):
            break
        if form != frame.WHOLE:
            unread += 1
        elif 0 <= met < end and all(data.find(word, at, end) >= 0 for word in words):
            whole = frame.parse(data, at)
            if whole is None:
                break
            entries.append(Entry(position, whole.retention, whole.record, whole.digest))
        if 0 <= met < end:
            met = data.find(longest, end)
        if met < 0 and not gone:
            position = before  # nothing more of interest
        else:
            at, position = end, position + 1
    if position < before:
        raise JournalDamaged(f"{part.path}: record {position} is not right; run 'journal verify' to see what happened")
    entries.reverse()
    return Stretch(first, before, entries, unread)
