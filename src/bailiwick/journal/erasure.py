"""Letting go of bodies while keeping their digests: what was signed stays verifiable.

*Condensing* drops the bodies of records whose time is over, and gives the room back. *Erasing* overwrites one body
at somebody's word. Both are recorded before they are done, so that a body that is gone without a word is a fault.
"""

import os
from itertools import pairwise
from pathlib import Path

from bailiwick.files import replace_durably, sync_directory
from bailiwick.journal import reader, segment
from bailiwick.journal.error import JournalDamaged, JournalError
from bailiwick.journal.frame import CONDENSED, ERASED, HEAD, WHOLE, Frame
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Condensed, Erased, encode
from bailiwick.journal.retention import DEFAULT_PERIODS, Periods, Retention
from bailiwick.journal.segment import Segment
from bailiwick.journal.writer import INDEX_EVERY


def condense(journal: Journal, now_us: int, periods: Periods = DEFAULT_PERIODS) -> int:
    """Condense what is due in the closed segments; gives how many bodies were dropped.

    A segment is due when it was closed longer ago than a class is kept. Blocks: not for the event loop.

    Args:
        journal: the open journal.
        now_us: µs since 1970.
        periods: how long each class is kept; None or no entry is for ever.

    Raises:
        JournalDamaged: if a segment is not right.
    """
    segments = segment.listed(journal.directory)
    dropped = 0
    for part, following in pairwise(segments):
        age_us = now_us - segment.read_head(following)
        due = {int(kind) for kind in Retention if _is_over(periods, kind, age_us)} - _done(part)
        if due:
            dropped += _condense_segment(journal, part, following.first, frozenset(due), now_us)
    return dropped


def _is_over(periods: Periods, kind: Retention, age_us: int) -> bool:
    period = periods.get(kind)
    return period is not None and age_us >= period.total_seconds() * 1e6


def _done_path(part: Segment) -> Path:
    return part.path.with_suffix(".condensed")


def _done(part: Segment) -> set[int]:
    """The classes that were condensed in a segment before."""
    path = _done_path(part)
    return {int(kind) for kind in path.read_text().split()} if path.exists() else set()


def _condense_segment(journal: Journal, part: Segment, end: int, due: frozenset[int], now_us: int) -> int:
    count = _count_due(part, end, due)
    if count:
        record = Condensed(now_us, part.first, end, tuple(sorted(due)), count)
        journal.append_now(encode(record), retention=Retention.KEEP)
        _rewrite(part, due)
    replace_durably(_done_path(part), " ".join(map(str, sorted(due | _done(part)))).encode())
    return count


def _count_due(part: Segment, end: int, due: frozenset[int]) -> int:
    """How many bodies are due in a segment that is whole: a damaged one would lose what stands behind the damage."""
    count, offset, expected = 0, segment.HEAD_BYTES, part.first
    for found in segment.frames(part):
        count += _is_due(found, due)
        offset, expected = found.end, expected + (found.position == expected)
    if expected != end or offset != part.path.stat().st_size:
        raise JournalDamaged(f"{part.path}: record {expected} is not right; nothing is condensed: run 'journal verify'")
    return count


def _is_due(found: Frame, due: frozenset[int]) -> bool:
    return found.form == WHOLE and found.retention in due


def _rewrite(part: Segment, due: frozenset[int]) -> None:
    """Write the segment without the bodies that are due; a crash leaves the old one or the new one."""
    temporary = part.path.with_suffix(".new")
    entries: list[tuple[int, int]] = []
    with part.path.open("rb") as old, temporary.open("wb") as new:
        new.write(old.read(segment.HEAD_BYTES))
        for found in segment.frames(part):
            if found.position % INDEX_EVERY == 0:
                entries.append((found.position, new.tell()))
            if _is_due(found, due):
                new.write(HEAD.pack(CONDENSED, 0, found.position, found.digest))
            else:
                old.seek(found.offset)
                new.write(old.read(found.end - found.offset))
        new.flush()
        os.fsync(new.fileno())
    temporary.chmod(0o600)
    temporary.replace(part.path)
    sync_directory(part.path.parent)
    segment.write_index(part, entries)


def erase(journal: Journal, position: int, *, actor: str, reason: str, now_us: int) -> None:
    """Overwrite the body and the salt of one record; its digest stays. Blocks: not for the event loop.

    Snapshots, backups and the files under ``cuts/`` are not searched for what the record said.

    Args:
        journal: opened anew: what counts is the snapshot that the next start will take up.
        position: the record.
        actor: at whose word.
        reason: why.
        now_us: µs since 1970.

    Raises:
        LookupError: if there is no such record.
        JournalError: if the record is still needed: a restore reads acts, and a start reads what came after the newest
            snapshot; without it a revoked key would return, or a reservation be forgotten.
        JournalStopped: if the erasure could not be recorded; nothing was erased.
    """
    part, found = reader.frame_at(journal.directory, position)
    if found.form != WHOLE:
        return  # its body is gone already
    if found.retention == Retention.KEEP:
        raise JournalError(f"record {position}: it explains others, such as what became of a key; it is not erased")
    if journal.snapshot is None or position >= journal.snapshot.position:
        raise JournalError(
            f"record {position}: the next start needs it, for no snapshot covers it yet; start Bailiwick, end it in "
            "order, and try again"
        )
    journal.append_now(encode(Erased(now_us, position, actor, reason)), retention=Retention.KEEP)
    length = found.end - found.offset - HEAD.size
    blank = HEAD.pack(ERASED, length, position, found.digest) + bytes(length)
    descriptor = os.open(part.path, os.O_WRONLY | os.O_DSYNC | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, blank, found.offset)
    finally:
        os.close(descriptor)
