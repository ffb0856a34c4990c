"""How one record lies in a segment.

A frame is a head of 48 bytes and a body:

====== ===== ==================================================================================
offset bytes meaning
====== ===== ==================================================================================
0      4     ``bwj`` and the form: ``W`` whole, ``C`` condensed, ``E`` erased
4      4     length of the body, little-endian
8      8     position, little-endian
16     32    digest: SHA-256 of the body as it was first written, which is the entry of the tree
48     n     body: salt (16), lead (1), the caller's record
====== ===== ==================================================================================

The *lead* is the retention class, plus 0x80 where the frame began a commit. Since a commit starts only when the one
before it is durable, a frame with that mark says that everything before it was durable. That tells a torn tail from
a damaged record: behind a torn record there is no such frame.

Condensed frames have no body. Erased ones keep its length, filled with zeros. Both keep the digest, so the tree
still verifies.
"""

from collections.abc import Iterator
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

from bailiwick.journal.verify_proof import LEAD_BYTES, SALT_BYTES

HEAD = Struct("<4sIQ32s")
HEAD_BYTES = HEAD.size
PREFIX_BYTES = SALT_BYTES + LEAD_BYTES
MAX_RECORD_BYTES = 1 << 20
MAX_BODY_BYTES = MAX_RECORD_BYTES + PREFIX_BYTES

SYNC = b"bwj"
WHOLE = b"bwjW"
CONDENSED = b"bwjC"
ERASED = b"bwjE"

BEGINS_COMMIT = 0x80
CLASS_MASK = 0x7F


class Frame(NamedTuple):
    """A frame whose shape is right and, where it is whole, whose digest fits its body."""

    position: int
    offset: int  # in its segment
    end: int
    digest: bytes
    salted: bytes | None  # salt, lead and record; None where condensed or erased
    form: bytes

    @property
    def lead(self) -> int:
        """Retention class and mark; 0 where the body is gone."""
        return self.salted[SALT_BYTES] if self.salted is not None else 0

    @property
    def retention(self) -> int:
        """The retention class."""
        return self.lead & CLASS_MASK

    @property
    def record(self) -> bytes | None:
        """The caller's record, or None where it is condensed or erased."""
        return self.salted[PREFIX_BYTES:] if self.salted is not None else None


def parse(data: bytes, at: int, base: int = 0) -> Frame | None:
    """The frame at ``data[at]``, or None if there is no right frame there.

    Args:
        data: part of a segment.
        at: where the frame begins in it.
        base: where ``data`` begins in the segment.
    """
    if at + HEAD_BYTES > len(data):
        return None
    form, length, position, digest = HEAD.unpack_from(data, at)
    end = at + HEAD_BYTES + length
    if length > MAX_BODY_BYTES or end > len(data):
        return None
    body = data[at + HEAD_BYTES : end]
    if form == WHOLE:
        if length < PREFIX_BYTES or sha256(body).digest() != digest:
            return None
        return Frame(position, base + at, base + end, digest, body, form)
    if (form == CONDENSED and length == 0) or (form == ERASED and length >= PREFIX_BYTES and not any(body)):
        return Frame(position, base + at, base + end, digest, None, form)
    return None


def scan(data: bytes, at: int, base: int = 0) -> Iterator[Frame]:
    """The frames from ``at`` on, up to the first place where there is none."""
    while (frame := parse(data, at, base)) is not None:
        yield frame
        at = frame.end - base


def find(data: bytes, at: int, base: int = 0) -> Frame | None:
    """The first right frame at or after ``at``, looking over whatever stands in between."""
    at = data.find(SYNC, at)
    while at >= 0:
        frame = parse(data, at, base)
        if frame is not None:
            return frame
        at = data.find(SYNC, at + 1)
    return None
