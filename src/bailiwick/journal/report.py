"""What a verification found."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    """What can be wrong with a journal."""

    ALTERED = "altered"  # a record is not what was written
    REMOVED = "removed"  # a record is missing
    INSERTED = "inserted"  # there is a record that never was appended
    REORDERED = "reordered"  # a record stands where another belongs
    TORN = "torn"  # behind the last record there are bytes that are none
    BLANKED = "blanked"  # a body is gone and no record says why
    CHECKPOINT = "checkpoint"  # a checkpoint is malformed, or not signed by the key
    DIVERGED = "diverged"  # the records do not lead to a root that was signed
    TILE = "tile"  # a tile is missing or wrong, while the records are right
    SEGMENT = "segment"  # the head of a segment file is wrong
    SNAPSHOT = "snapshot"  # a snapshot is damaged, or unlike its note


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where."""

    finding: Finding
    first: int  # position of the first record concerned; -1 where none is
    last: int
    detail: str

    def __str__(self) -> str:
        if self.first < 0:
            return f"{self.finding}: {self.detail}"
        where = f"record {self.first}" if self.first == self.last else f"records {self.first} to {self.last}"
        return f"{self.finding}: {where}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was read, what of it is signed for, and what is wrong."""

    records: int
    signed: int  # records that the newest checkpoint covers
    checkpoints: int  # checkpoints whose roots the records lead to
    condensed: int
    erased: int
    faults: tuple[Fault, ...]
    consistency: tuple[str, ...] = ()  # the proof (RFC 6962, section 2.1.2) from the copy to the newest, hexadecimal

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong. What was cut off behind the newest known checkpoint cannot be seen."""
        return not self.faults


def merged(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Neighbouring faults of one kind and detail as one."""
    joined: list[Fault] = []
    for fault in faults:
        before = joined[-1] if joined else None
        if (
            before is not None
            and (before.finding, before.detail) == (fault.finding, fault.detail)
            and before.last + 1 == fault.first
            and fault.first >= 0
        ):
            joined[-1] = Fault(fault.finding, before.first, fault.last, fault.detail)
        else:
            joined.append(fault)
    return tuple(joined)
