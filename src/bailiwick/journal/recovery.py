"""What is on disk when a journal is opened, checked against what was signed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bailiwick.files import replace_durably
from bailiwick.journal import frame, merkle, note, segment
from bailiwick.journal.error import JournalDamaged
from bailiwick.journal.record import Cut
from bailiwick.journal.segment import Segment
from bailiwick.journal.tree import TILE_BYTES, TILE_HASHES, Tiles, Tree, tile_path
from bailiwick.journal.verify_proof import Checkpoint, ProofError, Verifier, open_checkpoint

CHECKPOINT = "checkpoint"
HISTORY = "checkpoints"
VERIFIER = "verifier"
CUTS = "cuts"
HISTORY_END_BYTES = 1 << 14
TILES_AT_RISK = 4096  # a million records: more than the system holds back for its half minute


@dataclass(slots=True)
class Recovered:
    """The state at the end of the journal."""

    tree: Tree
    checkpoint: Checkpoint | None
    segment: Segment | None  # the one to append to, if there is any
    offset: int  # where its last right frame ends
    torn: bytes  # what stands behind that


def read_published(directory: Path, verifier: Verifier) -> Checkpoint | None:
    """The published checkpoint of a directory, or None if it holds none.

    Raises:
        ProofError: if the checkpoint there is not signed by this key.
    """
    path = directory / CHECKPOINT
    return open_checkpoint(path.read_text(encoding="utf-8"), verifier) if path.exists() else None


def read_newest(directory: Path, verifier: Verifier) -> Checkpoint | None:
    """The checkpoint of most records in a directory, published or in its history, or None if it holds none.

    Raises:
        ProofError: if the published checkpoint is not signed by this key.
    """
    histories = sorted((directory / HISTORY).glob("*.txt"))[-2:]
    candidates = [read_published(directory, verifier), *(note.newest(_end_of(path), verifier) for path in histories)]
    return max((found for found in candidates if found is not None), key=lambda found: found.size, default=None)


def _end_of(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - HISTORY_END_BYTES))
        return file.read().decode("utf-8", "replace")


def recover(directory: Path, verifier: Verifier) -> Recovered:
    """Read the end of a journal: the newest checkpoint, the tree at it, and the records behind it.

    Raises:
        JournalDamaged: if the records do not lead to the signed root, one that was durable is not right, or the
            checkpoint is not signed by this key.
    """
    try:
        return _recover(directory, verifier)
    except ProofError as error:
        raise JournalDamaged(f"{directory / CHECKPOINT}: {error}") from error


def _recover(directory: Path, verifier: Verifier) -> Recovered:
    newest = read_newest(directory, verifier)
    segments = segment.listed(directory)
    _check_gapless_start(segments, directory)
    tree = _tree_at(directory, read_published(directory, verifier), segments)
    torn = b""
    active, offset = None, 0
    for place, part in enumerate(segments):
        following = segments[place + 1].first if place + 1 < len(segments) else None
        if following is not None and following <= tree.size:
            continue
        if following is None and part.path.stat().st_size < segment.HEAD_BYTES and part.first == tree.size:
            torn = part.path.read_bytes()  # the machine stopped while it was being made
            active, offset = part, 0
            break
        segment.read_head(part)
        active, offset = part, _extend(tree, part, newest)
        torn = _behind(part, offset)
        if following is not None and (torn or tree.size != following):
            raise JournalDamaged(
                f"{part.path}: record {tree.size} is not right, and records follow it; run 'journal verify'"
            )
    _check_tail(torn, active, tree.size)
    if newest is not None and (tree.size < newest.size or active is None):
        raise _too_few(directory, newest.size, tree.size if active is not None else 0)
    return Recovered(tree, newest, active, offset, torn)


def _check_gapless_start(segments: list[Segment], directory: Path) -> None:
    if segments and segments[0].first != 0:
        raise JournalDamaged(f"{directory}: the first segment begins with record {segments[0].first}, not 0")


def _tree_at(directory: Path, checkpoint: Checkpoint | None, segments: list[Segment]) -> Tree:
    """The tree at the checkpoint: from the tiles, or from the segments where the tiles do not lead to its root."""
    if checkpoint is None:
        return Tree()
    try:
        tree = Tree.from_tiles(checkpoint.size, Tiles(directory).read)
        if tree.root() == checkpoint.root and _has_recent_tiles(directory, checkpoint.size):
            return tree
    except (OSError, ValueError):
        pass  # tiles are not flushed: after a power cut some may be missing or short
    tree = Tree()
    for found in all_frames(segments):
        if tree.size == checkpoint.size or found.position != tree.size:
            break
        tree.push([found.digest])
    if tree.size == checkpoint.size and tree.root() == checkpoint.root:
        return tree
    raise _not_signed(directory, checkpoint)


def _not_signed(path: Path, checkpoint: Checkpoint) -> JournalDamaged:
    return JournalDamaged(
        f"{path}: the records do not lead to the root that was signed at {checkpoint.size} records; nothing is "
        "appended to a journal that was changed: run 'journal verify' to see where"
    )


def _has_recent_tiles(directory: Path, size: int) -> bool:
    """Whether the newest full tiles are there: they are not flushed, so a power cut may have taken some."""
    full = size // TILE_HASHES
    try:
        return all(
            os.stat(f"{directory}/{tile_path(0, index)}").st_size == TILE_BYTES  # noqa: PTH116  (4096 of them at a start)
            for index in range(max(0, full - TILES_AT_RISK), full)
        )
    except FileNotFoundError:
        return False


def all_frames(segments: list[Segment]) -> Iterator[frame.Frame]:
    """The frames of all segments in their order, up to the first place where one is not right."""
    for part in segments:
        end = segment.HEAD_BYTES
        for found in segment.frames(part):
            end = found.end
            yield found
        if end != part.path.stat().st_size:
            return


def _extend(tree: Tree, part: Segment, newest: Checkpoint | None) -> int:
    """Append the segment's records that the tree does not have yet; gives the offset behind the last right frame."""
    signed = tree.size
    offset = segment.offset_near(part, signed)
    reached = part.first
    for found in segment.frames(part, offset):
        if found.position > tree.size:
            raise JournalDamaged(f"{part.path}: record {found.position} stands where {tree.size} is wanted")
        if found.position == tree.size:
            tree.push([found.digest])
            if newest is not None and newest.size == tree.size and newest.root != tree.root():
                raise _not_signed(part.path, newest)
        offset, reached = found.end, found.position + 1
    if reached < signed:
        raise _too_few(part.path, signed, reached)
    return offset


def _too_few(path: Path, signed: int, here: int) -> JournalDamaged:
    return JournalDamaged(
        f"{path}: {signed} records were signed for, only {here} are here and right; restore the journal from a "
        "backup, or run 'journal verify' to see what is missing"
    )


def _behind(part: Segment, offset: int) -> bytes:
    with part.path.open("rb") as file:
        file.seek(offset)
        return file.read()


def _check_tail(torn: bytes, active: Segment | None, position: int) -> None:
    """A torn record is the end of the last commit. A frame that began a later commit says that it was durable."""
    later = frame.find(torn, 0)
    while later is not None:
        if later.lead & frame.BEGINS_COMMIT and later.position > position:
            where = active.path if active is not None else ""
            raise JournalDamaged(
                f"{where}: record {position} is damaged although record {later.position} was written after it was "
                "durable; restore the segment from a backup, or run 'journal verify' to see more"
            )
        later = frame.find(torn, later.end)


def check_verifier(directory: Path, verifier: Verifier) -> None:
    """Write down the public key of a new journal, or compare it with that of an old one.

    Raises:
        JournalDamaged: if the journal was begun under another key or name.
    """
    path = directory / VERIFIER
    if not path.exists():
        replace_durably(path, f"{verifier}\n".encode())
    elif path.read_text().strip() != str(verifier):
        raise JournalDamaged(
            f"{path}: this journal is signed by another key or under another origin than the configured one "
            f"({verifier}); configure the key it was begun with"
        )


def ahead(directory: Path, copy_to: Path | None, verifier: Verifier, found: Recovered) -> Checkpoint | None:
    """The checkpoint at the second place, if it covers more records than are here or was signed over others.

    Raises:
        JournalDamaged: if the checkpoint kept there is not signed by this key, or cannot be read.
    """
    if copy_to is None:
        return None
    try:
        copied = read_newest(copy_to, verifier)
    except (OSError, ProofError) as error:
        raise JournalDamaged(f"{copy_to}: the checkpoint kept there cannot be read: {error}") from error
    if copied is None:
        return None
    size = found.tree.size
    if copied.size == size:
        return None if copied.root == found.tree.root() else copied
    return copied if copied.size > size or not _begins_with(directory, verifier, copied) else None


def _begins_with(directory: Path, verifier: Verifier, copied: Checkpoint) -> bool:
    """Whether the tree begins with that of an older checkpoint, as far as the published tiles tell."""
    published = read_published(directory, verifier)
    if published is None or published.size < copied.size:
        return True
    try:
        return merkle.root(copied.size, Tiles(directory).subtree(published.size)) == copied.root
    except (OSError, ValueError):
        return True  # a tile is missing: 'journal verify' tells, and nothing is decided by its absence


def set_aside(directory: Path, found: Recovered, now_us: int) -> Cut:
    """Keep the torn bytes in a file of their own; gives the record that says they were cut."""
    size = found.tree.size
    replace_durably(directory / CUTS / f"{size:016d}-{now_us}.bin", found.torn)
    return Cut(now_us, size, len(found.torn), sha256(found.torn).hexdigest())
