"""Verification of a whole journal: every record, every checkpoint, every tile, and a copy kept elsewhere.

What no verification of a log can show: that records were cut off behind the newest checkpoint that anybody has. That
is why checkpoints go to a second place.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bailiwick.journal import merkle, note, recovery, segment, snapshot
from bailiwick.journal.diagnosis import diagnose
from bailiwick.journal.error import JournalDamaged
from bailiwick.journal.frame import CONDENSED, ERASED, Frame
from bailiwick.journal.record import Condensed, Erased, SnapshotNote, decode
from bailiwick.journal.report import Fault, Finding, Report, merged
from bailiwick.journal.segment import Segment
from bailiwick.journal.tree import TILE_HASHES, Tiles, Tree, tile_path
from bailiwick.journal.verify_proof import Checkpoint, ProofError, Verifier, open_checkpoint

OWN_WORDS = (b'["erased"', b'["condensed"', b'["snapshot"')


def verify(
    directory: Path,
    verifier: Verifier,
    against: Iterable[Checkpoint] = (),
    heard: Callable[[int], None] = lambda read: None,
) -> Report:
    """Verify a journal, also while it is being written.

    Args:
        directory: the journal.
        verifier: the public key of its checkpoints, from a source that is not this directory.
        against: checkpoints kept elsewhere, opened with the same key: the records must agree with each.
        heard: told now and then how many records were read.
    """
    faults: list[Fault] = []
    newest, signed = _checkpoints(directory, verifier, faults)
    kept = sorted(against, key=lambda checkpoint: checkpoint.size)
    segments = segment.listed(directory)
    walk = _Walk(directory, _by_size([*signed, *kept]), heard)
    for part in segments:
        walk.through(part)
    largest = max([*signed, *kept], key=lambda checkpoint: checkpoint.size, default=None)
    short = largest is not None and largest.size > walk.tree.size
    if walk.broken or walk.diverged or short:
        # A commit under way may end in the middle of a record, but what a checkpoint signed for was durable before it.
        if short or walk.diverged or not (walk.at_tail and _is_being_written(directory)):
            faults += diagnose(directory, segments, newest)
            faults += walk.diverged
            faults += _missing(kept, walk.tree.size)
    else:
        faults += walk.wrong_tiles
        faults += _edge_tiles(directory, newest)
    faults += walk.segment_faults
    faults += walk.blanked()
    faults += _snapshots(directory, walk.snapshots)
    return Report(
        records=walk.tree.size,
        signed=newest.size if newest is not None else 0,
        checkpoints=walk.agreed,
        condensed=len(walk.condensed),
        erased=len(walk.erased),
        faults=merged(faults),
        consistency=_consistency(directory, kept, newest, faults),
    )


def copies(place: Path, verifier: Verifier) -> list[Checkpoint]:
    """The checkpoints of a second place: a directory that a journal copied to, or a file with one or more notes.

    Raises:
        ProofError: if there is none, or one is not signed by this key.
    """
    files = [place] if place.is_file() else [place / recovery.CHECKPOINT, *(place / recovery.HISTORY).glob("*.txt")]
    texts = [path.read_text(encoding="utf-8") for path in files if path.exists()]
    found = [open_checkpoint(text, verifier) for whole in texts for text in note.notes_in(whole)]
    if not found:
        raise ProofError(f"{place}: holds no checkpoint")
    return found


def _checkpoints(
    directory: Path, verifier: Verifier, faults: list[Fault]
) -> tuple[Checkpoint | None, list[Checkpoint]]:
    """The newest checkpoint and all that are signed; what is no signed checkpoint becomes a fault."""
    found: list[Checkpoint] = []
    published = directory / recovery.CHECKPOINT
    paths = [published] if published.exists() else []
    for path in [*paths, *sorted((directory / recovery.HISTORY).glob("*.txt"))]:
        text = path.read_text(encoding="utf-8", errors="replace")
        if note.without_notes(text):
            faults.append(Fault(Finding.CHECKPOINT, -1, -1, f"{path.name} holds something that is no checkpoint"))
        for each in note.notes_in(text):
            try:
                found.append(open_checkpoint(each, verifier))
            except ProofError as error:
                faults.append(Fault(Finding.CHECKPOINT, -1, -1, f"{path.name}: {error}"))
    return max(found, key=lambda checkpoint: checkpoint.size, default=None), found


def _by_size(checkpoints: Sequence[Checkpoint]) -> dict[int, list[Checkpoint]]:
    by_size: dict[int, list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        by_size.setdefault(checkpoint.size, []).append(checkpoint)
    return by_size


@dataclass(slots=True)
class _Walk:
    """One pass over the records in order, up to the first place where something is wrong."""

    directory: Path
    expected: dict[int, list[Checkpoint]]
    heard: Callable[[int], None]
    tree: Tree = field(default_factory=Tree)
    broken: bool = False
    at_tail: bool = False
    agreed: int = 0
    diverged: list[Fault] = field(default_factory=list)
    wrong_tiles: list[Fault] = field(default_factory=list)
    segment_faults: list[Fault] = field(default_factory=list)
    condensed: set[int] = field(default_factory=set)
    erased: set[int] = field(default_factory=set)
    words: list[Condensed | Erased] = field(default_factory=list)
    snapshots: dict[int, SnapshotNote] = field(default_factory=dict)

    def through(self, part: Segment) -> None:
        """Walk through a segment, if everything before it was right."""
        try:
            segment.read_head(part)
        except JournalDamaged as error:
            self.segment_faults.append(Fault(Finding.SEGMENT, -1, -1, str(error)))
        if self.broken or part.first != self.tree.size:
            self.broken = True
            self.at_tail = False
            return
        end = segment.HEAD_BYTES
        for found in segment.frames(part):
            if found.position != self.tree.size:
                self.broken = True
                return
            self._take(found)
            end = found.end
        self.broken = self.at_tail = end < part.path.stat().st_size

    def _take(self, found: Frame) -> None:
        self.tree.push([found.digest])
        if found.form == CONDENSED:
            self.condensed.add(found.position)
        elif found.form == ERASED:
            self.erased.add(found.position)
        elif found.record is not None and found.record.startswith(OWN_WORDS):
            self._note(found.position, found.record)
        for checkpoint in self.expected.get(self.tree.size, ()):
            self._compare(checkpoint)
        if self.tree.size % TILE_HASHES == 0:
            self._compare_tiles()
            self.heard(self.tree.size)

    def _note(self, position: int, record: bytes) -> None:
        try:
            said = decode(record)
        except ValueError:
            return
        if isinstance(said, Condensed | Erased):
            self.words.append(said)
        elif isinstance(said, SnapshotNote):
            self.snapshots[position] = said

    def _compare(self, checkpoint: Checkpoint) -> None:
        if checkpoint.root == self.tree.root():
            self.agreed += 1
        elif not self.diverged:
            text = f"the records do not lead to the root signed at {checkpoint.size} records"
            self.diverged.append(Fault(Finding.DIVERGED, self._last_agreed(), checkpoint.size - 1, text))

    def _last_agreed(self) -> int:
        return max((size for size in self.expected if size < self.tree.size), default=0)

    def _compare_tiles(self) -> None:
        finished = self.tree.finished()
        for level, index, hashes in finished:
            path = self.directory / tile_path(level, index)
            last = (index + 1) * TILE_HASHES ** (level + 1) - 1
            if last < max(self.expected, default=0) and (not path.exists() or path.read_bytes() != hashes):
                self.wrong_tiles.append(Fault(Finding.TILE, -1, -1, f"{tile_path(level, index)} is not what it was"))
        self.tree.drop(len(finished))

    def blanked(self) -> list[Fault]:
        """Bodies that are gone without a record that says so."""
        erased = {word.position for word in self.words if isinstance(word, Erased)}
        spans: dict[tuple[int, int], int] = {}
        for word in self.words:
            if isinstance(word, Condensed):
                spans[word.first, word.end] = spans.get((word.first, word.end), 0) + word.count
        said = set()
        faults = []
        for (first, end), count in spans.items():
            gone = {place for place in self.condensed if first <= place < end}
            said |= gone
            if len(gone) > count:  # of a body that is gone nobody can tell the class, but how many went was recorded
                text = f"of {len(gone)} bodies that are gone, records say of {count} that they were condensed"
                faults.append(Fault(Finding.BLANKED, first, end - 1, text))
        text = "its body is gone, and no record says that it was erased or condensed"
        unsaid = (self.erased - erased) | (self.condensed - said)
        return faults + [Fault(Finding.BLANKED, position, position, text) for position in sorted(unsaid)]


def _missing(kept: Sequence[Checkpoint], size: int) -> list[Fault]:
    text = "a checkpoint kept elsewhere signed for them, and they are not here in their order"
    return [Fault(Finding.DIVERGED, size, kept[-1].size - 1, text)] if kept and kept[-1].size > size else []


def _edge_tiles(directory: Path, newest: Checkpoint | None) -> list[Fault]:
    """The partial tiles of the published checkpoint lead to its root."""
    published = directory / recovery.CHECKPOINT
    if newest is None or not published.exists():
        return []
    notes = note.notes_in(published.read_text(encoding="utf-8", errors="replace"))
    if notes != [newest.note]:
        return []
    try:
        if Tree.from_tiles(newest.size, Tiles(directory).read).root() == newest.root:
            return []
    except (OSError, ValueError):
        pass
    return [Fault(Finding.TILE, -1, -1, "a partial tile of the newest checkpoint is missing or wrong")]


def _snapshots(directory: Path, notes: dict[int, SnapshotNote]) -> list[Fault]:
    faults = []
    for path in snapshot.listed(directory):
        found = snapshot.read(path)
        said = notes.get(found.note) if found is not None else None
        if found is None or said is None or (said.position, said.sha256) != (found.position, found.digest):
            faults.append(Fault(Finding.SNAPSHOT, -1, -1, f"{path.name} is damaged, or unlike its note in the journal"))
    return faults


def _is_being_written(directory: Path) -> bool:
    """Whether some process holds the journal open: then the last bytes may be a commit under way."""
    try:
        descriptor = os.open(directory / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _consistency(
    directory: Path, kept: Sequence[Checkpoint], newest: Checkpoint | None, faults: Sequence[Fault]
) -> tuple[str, ...]:
    """The proof that the newest checkpoint continues the copy; checked before it is given."""
    if not kept or newest is None or faults or kept[-1].size > newest.size:
        return ()
    proof = merkle.consistency(kept[-1].size, newest.size, Tiles(directory).subtree(newest.size))
    merkle.check_consistency(kept[-1].size, newest.size, kept[-1].root, newest.root, proof)
    return tuple(node.hex() for node in proof)
