"""What is done beside the hot path: tiles, indexes, signed checkpoints and their copies, the watch over free space."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.journal import note, segment
from bailiwick.journal.recovery import CHECKPOINT, HISTORY
from bailiwick.journal.segment import Segment
from bailiwick.journal.tree import Tiles
from bailiwick.journal.verify_proof import Checkpoint
from bailiwick.journal.writer import Ground, Writer

LOOK_EVERY_SECONDS = 1.0
SPACE_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs checkpoints, and where else they are kept."""

    origin: str
    key: Ed25519PrivateKey
    copy_to: Path | None


class Keeper:
    """Signs checkpoints over what is durable: when asked, every so many records, every so often, and at the end."""

    def __init__(self, ground: Ground, signing: Signing, last: Checkpoint | None) -> None:
        self.writer: Writer | None = None  # set before the thread starts
        self.last = last
        self.trouble = ""  # why the last checkpoint or its copy could not be written; "" when all is well
        self._directory = ground.directory
        self._disk = ground.disk
        self._limits = ground.limits
        self._signing = signing
        self._tiles = Tiles(ground.directory)
        self._due = threading.Event()
        self._ending = False
        self._turn = threading.Lock()  # one checkpoint at a time, whoever asks
        self._signed_at = time.monotonic()
        self._looked_at = self._signed_at

    def nudge(self) -> None:
        """Ask for a checkpoint soon; returns at once."""
        self._due.set()

    def end(self) -> None:
        """Let the thread come to its end."""
        self._ending = True
        self._due.set()

    def run(self) -> None:
        """The thread's work."""
        while not self._ending:
            asked = self._due.wait(LOOK_EVERY_SECONDS)
            self._due.clear()
            now = time.monotonic()
            if asked or now - self._signed_at >= self._limits.checkpoint_seconds:
                self._try_checkpoint()
            if now - self._looked_at >= SPACE_EVERY_SECONDS:
                self._looked_at = now
                self.watch_space()

    def _try_checkpoint(self) -> None:
        try:
            self.checkpoint()
        except OSError as error:
            self.trouble = f"checkpoint: {error}"

    def checkpoint(self) -> Checkpoint:
        """Write tiles and indexes, sign the tree as it is, and store the note here and at the second place.

        Raises:
            OSError: if it cannot be stored here. A copy that fails is told in ``trouble`` instead.
        """
        assert self.writer is not None
        with self._turn:
            self._signed_at = time.monotonic()
            writer = self.writer
            with writer.tree_lock:
                size, root = writer.tree.size, writer.tree.root()
                finished, partial, entries = writer.tree.finished(), writer.tree.partial(), list(writer.entries)
            if self.last is not None and self.last.size == size and not self.trouble:
                return self.last
            self._tiles.write(finished + partial)
            _append_indexes(entries)
            with writer.tree_lock:
                writer.tree.drop(len(finished))
                del writer.entries[: len(entries)]
            signed = note.sign_checkpoint(self._signing.origin, self._signing.key, size, root)
            store(self._directory, signed)
            self.last, writer.checkpointed = signed, size
            self._copy(signed)
            return signed

    def _copy(self, signed: Checkpoint) -> None:
        self.trouble = ""
        copy_to = self._signing.copy_to
        if copy_to is None:
            return
        try:
            copy_to.mkdir(parents=True, exist_ok=True)
            store(copy_to, signed)
        except OSError as error:
            self.trouble = f"checkpoint copy to {copy_to}: {error}"

    def watch_space(self) -> None:
        """Give up the reserve when the disk is nearly full, and take it again when there is room."""
        writer = self.writer
        assert writer is not None
        free = self._disk.free(self._directory)
        if not writer.full and free < self._limits.low_water_bytes:
            writer.full = True
            writer.reserve.release()
        elif writer.full and free > self._limits.reserve_bytes + 2 * self._limits.low_water_bytes:
            writer.full = not writer.reserve.hold()


def store(directory: Path, signed: Checkpoint) -> None:
    """Put a checkpoint in a directory: in the day's history, then as the newest one."""
    history = directory / HISTORY
    history.mkdir(exist_ok=True, mode=0o700)
    with (history / f"{datetime.now(UTC):%Y-%m-%d}.txt").open("a", encoding="utf-8") as file:
        file.write(signed.note + "\n")
    segment.replace_durably(directory / CHECKPOINT, signed.note.encode())


def _append_indexes(entries: list[tuple[Segment, int, int]]) -> None:
    by_segment: defaultdict[Segment, list[tuple[int, int]]] = defaultdict(list)
    for part, position, offset in entries:
        by_segment[part].append((position, offset))
    for part, pairs in by_segment.items():
        segment.append_index(part, pairs)
