"""The files that the frames lie in.

``segments/0000000000004096.seg`` begins with a head of 64 bytes and holds the frames from position 4096 on; the next
file begins where it ends. Beside it ``.idx`` holds pairs (position, offset), some hundreds of records apart: a short
cut to a record, made anew by scanning where it is missing or wrong.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from struct import Struct, error

from bailiwick.files import replace_durably
from bailiwick.journal import frame
from bailiwick.journal.error import JournalDamaged

DIRECTORY = "segments"
CHUNK_BYTES = 1 << 20

_HEAD = Struct("<16sQQ")
_MAGIC = b"bailiwick-journl"
HEAD_BYTES = _HEAD.size + 32
_ENTRY = Struct("<QQ")


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment file."""

    path: Path
    first: int  # the position of its first record

    @property
    def index_path(self) -> Path:
        """Its index."""
        return self.path.with_suffix(".idx")


def name(first: int) -> str:
    """The file name of a segment."""
    return f"{first:016d}.seg"


def listed(directory: Path) -> list[Segment]:
    """The segments of a journal, in order."""
    paths = sorted((directory / DIRECTORY).glob("*.seg"))
    return [Segment(path, int(path.stem)) for path in paths]


def head(first: int, opened_us: int) -> bytes:
    """The head of a segment that begins with this position, opened at this time (µs since 1970)."""
    text = _HEAD.pack(_MAGIC, first, opened_us)
    return text + sha256(text).digest()


def read_head(segment: Segment) -> int:
    """When the segment was opened, in µs since 1970.

    Raises:
        JournalDamaged: if the head is not right or is that of another segment.
    """
    with segment.path.open("rb") as file:
        data = file.read(HEAD_BYTES)
    try:
        _, first, opened_us = _HEAD.unpack_from(data)
    except error:
        first, opened_us = -1, 0
    if data != head(max(first, 0), opened_us) or first != segment.first:
        raise JournalDamaged(f"{segment.path}: the head of the segment is damaged; restore the file from a backup")
    return int(opened_us)


def read_index(segment: Segment) -> list[tuple[int, int]]:
    """The index of a segment: (position, offset), rising; empty if there is none or it makes no sense."""
    try:
        data = segment.index_path.read_bytes()
    except FileNotFoundError:
        return []
    entries = list(_ENTRY.iter_unpack(data[: len(data) // _ENTRY.size * _ENTRY.size]))
    rising = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(entries))
    return entries if rising else []


def append_index(segment: Segment, entries: list[tuple[int, int]]) -> None:
    """Add entries to the index of a segment."""
    if entries:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(segment.index_path, flags, 0o600)
        try:
            os.write(descriptor, b"".join(_ENTRY.pack(*entry) for entry in entries))
        finally:
            os.close(descriptor)


def write_index(segment: Segment, entries: list[tuple[int, int]]) -> None:
    """Replace the index of a segment."""
    replace_durably(segment.index_path, b"".join(_ENTRY.pack(*entry) for entry in entries))


def offset_near(segment: Segment, position: int) -> int:
    """Where to begin to look for a position: the nearest frame at or before it that the index knows, checked."""
    entries = read_index(segment)
    known = bisect_right(entries, position, key=itemgetter(0))
    for first, offset in reversed(entries[:known]):
        if _is_at(segment, first, offset):
            return offset
    return HEAD_BYTES


def _is_at(segment: Segment, position: int, offset: int) -> bool:
    with segment.path.open("rb") as file:
        file.seek(offset)
        data = file.read(frame.HEAD_BYTES)
    if len(data) < frame.HEAD_BYTES or offset < HEAD_BYTES:
        return False
    form, _, found, _ = frame.HEAD.unpack(data)
    return bool(form[:3] == frame.SYNC and found == position)


def frames(segment: Segment, offset: int = HEAD_BYTES) -> Iterator[frame.Frame]:
    """The frames of a segment from an offset on, up to its end or the first place where there is no right frame."""
    with segment.path.open("rb") as file:
        file.seek(offset)
        rest = b""
        while chunk := file.read(CHUNK_BYTES):
            data = rest + chunk
            end = 0
            for found in frame.scan(data, 0, offset):
                yield found
                end = found.end - offset
            rest = data[end:]
            offset += end
            if len(rest) > frame.MAX_BODY_BYTES + frame.HEAD_BYTES:
                return
