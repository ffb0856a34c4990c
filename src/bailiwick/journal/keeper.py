"""What is done beside the hot path: tiles, indexes, signed checkpoints and their copies, the watch over free space."""

import os
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.files import replace_durably
from bailiwick.journal import note, segment
from bailiwick.journal.recovery import CHECKPOINT, HISTORY
from bailiwick.journal.segment import Segment
from bailiwick.journal.tree import Tiles
from bailiwick.journal.verify_proof import Checkpoint
from bailiwick.journal.writer import Ground, Writer

LOOK_EVERY_SECONDS = 1.0
PUBLISH_EVERY_SECONDS = 1.0
SPACE_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs checkpoints, and where else they are kept."""

    origin: str
    key: Ed25519PrivateKey
    copy_to: Path | None


class Keeper:
    """Signs checkpoints over what is durable: when asked, every so many records, every so often, and at the end.

    Every checkpoint goes to the day's history, here and at the second place. At most once a second the newest one is
    also *published*: written as the file ``checkpoint``, with the partial tiles that belong to it.
    """

    def __init__(self, ground: Ground, signing: Signing, last: Checkpoint | None) -> None:
        self.writer: Writer | None = None  # set before the thread starts
        self.last = last
        self.trouble = ""  # why the last checkpoint or its copy could not be written; "" when all is well
        self._directory = ground.directory
        self._disk = ground.disk
        self._limits = ground.limits
        self._clock = ground.clock
        self._signing = signing
        self._tiles = Tiles(ground.directory)
        self._due = threading.Event()
        self._asked = False
        self._ending = False
        self._turn = threading.Lock()  # one checkpoint at a time, whoever asks
        self._published: Checkpoint | None = None
        self._signed_at = self._published_at = self._looked_at = time.monotonic()

    def nudge(self) -> None:
        """Many records were added: sign soon. Returns at once."""
        self._due.set()

    def ask(self) -> None:
        """Sign and publish soon. Returns at once."""
        self._asked = True
        self._due.set()

    def end(self) -> None:
        """Let the thread come to its end."""
        self._ending = True
        self._due.set()

    def run(self) -> None:
        """The thread's work."""
        while not self._ending:
            many = self._due.wait(LOOK_EVERY_SECONDS)
            self._due.clear()
            self.look(time.monotonic(), many=many)

    def look(self, now: float, *, many: bool) -> None:
        """Do what is due at this time of the monotonic clock, in seconds."""
        asked, self._asked = self._asked, False
        aged = now - self._signed_at >= self._limits.checkpoint_seconds
        unpublished = self._published is not self.last and now - self._published_at >= PUBLISH_EVERY_SECONDS
        try:
            if asked or aged or many or unpublished:
                self.checkpoint(publish=asked or aged or unpublished)
            if now - self._looked_at >= SPACE_EVERY_SECONDS:
                self._looked_at = now
                self.watch_space()
        except Exception as error:  # the thread goes on, and the next checkpoint tries again
            self.trouble = f"checkpoint: {error}"

    def checkpoint(self, *, publish: bool = True) -> Checkpoint:
        """Write tiles and indexes, sign the tree as it is, and store the note here and at the second place.

        Raises:
            OSError: if it cannot be stored here. A copy that fails is told in ``trouble`` instead.
        """
        assert self.writer is not None
        with self._turn:
            self._signed_at = time.monotonic()
            writer = self.writer
            with writer.tree_lock:
                tree = writer.grow()
                size, root = tree.size, tree.root()
                finished, entries = tree.finished(), list(writer.entries)
                partial = tree.partial() if publish else []
            if self.last is None or self.last.size != size or self.trouble:
                self._tiles.write(finished)
                _append_indexes(entries)
                with writer.tree_lock:
                    tree.drop(len(finished))
                    del writer.entries[: len(entries)]
                self._sign(size, root)
                writer.checkpointed = size
            assert self.last is not None
            if publish and self._published is not self.last:
                self._publish(partial)
            return self.last

    def _sign(self, size: int, root: bytes) -> None:
        signed = note.sign_checkpoint(self._signing.origin, self._signing.key, size, root)
        day = f"{datetime.fromtimestamp(self._clock() / 1e6, UTC):%Y-%m-%d}"
        add_to_history(self._directory, signed, day)
        self.last, self.trouble = signed, ""
        if self._signing.copy_to is not None:
            try:
                add_to_history(self._signing.copy_to, signed, day)
            except OSError as error:
                self.trouble = f"checkpoint copy to {self._signing.copy_to}: {error}"

    def _publish(self, partial: list[tuple[int, int, bytes]]) -> None:
        assert self.last is not None
        self._tiles.write(partial)
        replace_durably(self._directory / CHECKPOINT, self.last.note.encode())
        self._published, self._published_at = self.last, time.monotonic()
        copy_to = self._signing.copy_to
        if copy_to is not None:
            try:
                replace_durably(copy_to / CHECKPOINT, self.last.note.encode())
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


def add_to_history(directory: Path, signed: Checkpoint, day: str) -> None:
    """Add a checkpoint to the history of a day, durably."""
    path = f"{directory}/{HISTORY}/{day}.txt"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_DSYNC | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        (directory / HISTORY).mkdir(parents=True, mode=0o700)
        descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, f"{signed.note}\n".encode())
    finally:
        os.close(descriptor)


def _append_indexes(entries: list[tuple[Segment, int, int]]) -> None:
    by_segment: defaultdict[Segment, list[tuple[int, int]]] = defaultdict(list)
    for part, position, offset in entries:
        by_segment[part].append((position, offset))
    for part, pairs in by_segment.items():
        segment.append_index(part, pairs)
