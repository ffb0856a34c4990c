"""Which records were altered, removed, inserted or moved, once it is known that some were.

The signed tree says what belongs at each position: its leaf hashes are in the tiles, and whether the tiles are right
is seen from the signed root. What stands in the files is matched against that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bailiwick.journal import frame, segment
from bailiwick.journal.report import Fault, Finding
from bailiwick.journal.segment import Segment
from bailiwick.journal.tree import Tiles, Tree
from bailiwick.journal.verify_proof import Checkpoint, leaf_hash

FAR = 10_000  # a frame behind the signed ones that claims a position further off is no record of this journal


@dataclass(frozen=True, slots=True)
class Found:
    """A right frame as it stands in the files."""

    position: int  # as it claims
    leaf: bytes
    damaged_before: bool  # bytes that are no frame stand before it


def found_in(segments: Sequence[Segment]) -> Iterator[Found | None]:
    """All right frames in the order of the files; None at the end where the last bytes are no frame."""
    damaged = False
    for part in segments:
        data = part.path.read_bytes()
        at = segment.HEAD_BYTES
        while (found := frame.find(data, at)) is not None:
            damaged = damaged or found.offset != at
            yield Found(found.position, leaf_hash(found.digest), damaged)
            at, damaged = found.end, False
        damaged = damaged or at < len(data)
    if damaged:
        yield None


def true_leaves(directory: Path, checkpoint: Checkpoint | None) -> list[bytes]:
    """The leaf hashes that the checkpoint signed for, or none if the tiles do not lead to its root."""
    if checkpoint is None:
        return []
    try:
        tree = Tree.from_tiles(checkpoint.size, Tiles(directory).read)
        leaves = list(Tiles(directory).leaves(checkpoint.size))
    except (OSError, ValueError):
        return []
    rebuilt = Tree()
    rebuilt.push_leaves(leaves)
    return leaves if tree.root() == rebuilt.root() == checkpoint.root else []


def diagnose(directory: Path, segments: Sequence[Segment], checkpoint: Checkpoint | None) -> list[Fault]:
    """Name the records that are wrong; in the order of their positions."""
    match = _Match(true_leaves(directory, checkpoint))
    for found in found_in(segments):
        if found is None:
            match.torn = True
        else:
            match.take(found)
    match.look_for_missing(checkpoint.size if checkpoint is not None else 0)
    return sorted(match.faults, key=lambda fault: (fault.first, fault.finding))


class _Match:
    """What stands in the files against what was signed for."""

    def __init__(self, truth: list[bytes]) -> None:
        self.faults: list[Fault] = []
        self.torn = False  # behind the last frame there are bytes that are none
        self._truth = truth
        self._home = {leaf: position for position, leaf in enumerate(truth)}
        self._standing: set[int] = set()  # positions whose own record is somewhere in the files
        self._claimed: set[int] = set()  # positions that some frame claims
        self._damaged: set[int] = set()  # positions beside which there are damaged bytes
        self._before = -1  # the highest position of a record found so far

    def take(self, found: Found) -> None:
        """Match one frame."""
        own = self._own_position(found)
        if found.damaged_before:
            self._damaged.update(range(self._before + 1, max(-1 if own is None else own, self._before + 2)))
        if own is None:
            inserted = found.position in self._claimed
            kind = Finding.INSERTED if inserted else Finding.ALTERED
            self._add(kind, found.position, "its content is not what was signed for")
        elif own in self._standing:
            self._add(Finding.INSERTED, own, "a second copy of the record stands in the files")
        elif own != found.position:
            self._add(Finding.REORDERED, own, f"it stands at position {found.position}")
        elif own < self._before:
            self._add(Finding.REORDERED, own, f"it stands behind record {self._before}")
        self._claimed.add(found.position)
        if own is not None:
            self._standing.add(own)
            self._before = max(self._before, own)

    def _own_position(self, found: Found) -> int | None:
        """The position that a frame's content belongs to, or None if it belongs to none that was signed for."""
        if found.leaf in self._home:
            return self._home[found.leaf]
        unsigned = max(len(self._truth), self._before + 1)
        return found.position if len(self._truth) <= found.position <= unsigned + FAR else None

    def look_for_missing(self, signed: int) -> None:
        """Name what is nowhere in the files."""
        for position in range(max(signed, self._before + 1)):
            if position in self._standing or position in self._claimed:
                continue
            if position in self._damaged or (self.torn and position == self._before + 1):
                self._add(Finding.ALTERED, position, "its bytes are damaged")
            else:
                self._add(Finding.REMOVED, position, "it is not in the files")
        if self.torn and signed <= self._before + 1:
            self._add(Finding.TORN, self._before + 1, "opening the journal cuts these bytes and records that")

    def _add(self, finding: Finding, position: int, detail: str) -> None:
        self.faults.append(Fault(finding, position, position, detail))
