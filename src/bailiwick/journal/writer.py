"""What makes records durable: continuous group commit, in the caller's thread or in one of its own.

It takes whatever has gathered, writes and flushes it with one call, and takes what has gathered meanwhile. There is no
timer: a commit is as large as the last one was long.

While the disk is quick (``quick``), the event loop commits by itself: to hand a record to a thread and be woken by it
costs more than such a flush lasts. As soon as the disk is slow the thread does it, and the loop goes on meanwhile.
There is one commit at a time, whoever makes it.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from bailiwick.files import sync_directory
from bailiwick.journal import segment
from bailiwick.journal.disk import NO_ROOM, Disk, Reserve
from bailiwick.journal.error import JournalStopped
from bailiwick.journal.segment import Segment
from bailiwick.journal.tree import Tree

# Each write returns when it is durable (O_DSYNC is a write and an fdatasync in one call): one call instead of two, and
# the interpreter's lock is handed over once instead of twice.
FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_DSYNC

QUICK_S = 0.002  # a flush that lasts no longer is not worth a thread
PATIENCE_S = 0.1  # in slow flushes without a quick one between; a busy machine alone makes some of them slow
INDEX_EVERY = 256  # records between two entries of a segment's index, at least


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes and spans of a journal."""

    segment_bytes: int = 64 << 20
    segment_us: int = 3_600_000_000
    reserve_bytes: int = 64 << 20
    low_water_bytes: int = 16 << 20  # less free than this counts as a full disk
    checkpoint_records: int = 1_000
    checkpoint_seconds: float = 60.0
    index_every: int = INDEX_EVERY
    snapshots_kept: int = 3


@dataclass(frozen=True, slots=True)
class Ground:
    """What a journal stands on."""

    directory: Path
    disk: Disk
    limits: Limits
    clock: Callable[[], int]  # µs since 1970


class Writer:
    """Owns the active segment and the tree over what is durable."""

    def __init__(
        self, ground: Ground, tree: Tree, *, on_commit: Callable[[], None], on_many: Callable[[], None]
    ) -> None:
        self.frames: deque[bytes] = deque()  # accepted, and not yet taken into a commit
        self.wakes: SimpleQueue[bool] = SimpleQueue()  # True: the last one
        self.asked = False  # a wake is on its way that will find whatever is in ``frames`` by now
        self.taken = tree.size  # records taken into a commit so far
        self.durable = tree.size  # records known to be on disk
        self.failure: JournalStopped | None = None
        self.full = False  # only essential records are accepted
        self.tree = tree
        self.tree_lock = threading.Lock()  # over the tree and the index entries
        self.entries: list[tuple[Segment, int, int]] = []  # index entries that are not on disk yet
        self._fresh: deque[list[bytes]] = deque()  # durable frames that are not in the tree yet
        self._turn = threading.Lock()  # one commit at a time
        self.slow_s = 0.0  # spent in slow flushes since the last quick one
        self.reserve = Reserve(ground.disk, ground.directory / "reserve", ground.limits.reserve_bytes)
        self.checkpointed = 0
        self._directory = ground.directory
        self._disk = ground.disk
        self._limits = ground.limits
        self._clock = ground.clock
        self._on_commit = on_commit
        self._on_many = on_many
        self._segment: Segment | None = None
        self._descriptor = -1
        self._offset = 0
        self._opened_us = 0
        self._indexed = 0
        self._committed = threading.Condition()
        self._flushing = 0

    # --- the file

    def resume(self, part: Segment, offset: int) -> None:
        """Go on in a segment behind its last right frame; whatever stands there is taken off first."""
        if offset < segment.HEAD_BYTES:
            part.path.unlink()
            self.begin_segment()
            return
        self._opened_us = segment.read_head(part)
        self._descriptor = os.open(part.path, FLAGS)
        os.ftruncate(self._descriptor, offset)
        os.fsync(self._descriptor)
        self._segment, self._offset, self._indexed = part, offset, self.tree.size

    def begin_segment(self) -> None:
        """Begin a new segment at the end of what is durable."""
        first = self.durable
        opened_us = self._clock()
        part = Segment(self._directory / segment.DIRECTORY / segment.name(first), first)
        descriptor = os.open(part.path, FLAGS | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._disk.write_durably(descriptor, segment.head(first, opened_us), 0)
            sync_directory(part.path.parent)
        except OSError:
            os.close(descriptor)
            part.path.unlink()
            raise
        self.close_file()
        self._segment, self._descriptor, self._opened_us = part, descriptor, opened_us
        self._offset, self._indexed = segment.HEAD_BYTES, first

    def close_file(self) -> None:
        """Close the active segment, if one is open."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def cut_back(self) -> None:
        """After a failure: read the active segment anew from the disk, and take off what was not durable."""
        assert self._segment is not None
        self.close_file()
        descriptor = os.open(self._segment.path, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.ftruncate(descriptor, self._offset)
            os.fsync(descriptor)
            self._disk.forget_cached(descriptor)
        finally:
            os.close(descriptor)

    # --- the commits

    def run(self) -> None:
        """The thread's work: ends when it is told to, or with ``failure`` set."""
        ending = False
        while not ending and self.failure is None:
            ending = self.wakes.get()
            self.asked = False  # before the look: what comes after it asks anew
            with self._turn:
                self._take()
            self._on_commit()

    @property
    def quick(self) -> bool:
        """Whether the disk is so quick at the time that the loop itself may commit."""
        return self.slow_s < PATIENCE_S

    def commit(self) -> bool:
        """Commit what has gathered in this thread, and tell so; False if the other thread is about to commit it."""
        if not self._turn.acquire(blocking=False):
            self.ask()
            return False
        try:
            self._take()
        finally:
            self._turn.release()
        return True

    def _take(self) -> None:
        """Commit what has gathered. Whoever calls this has the turn."""
        frames = self.frames
        batch = [frames.popleft() for _ in range(len(frames))]
        if not batch or self.failure is not None:
            return
        self.taken += len(batch)
        try:
            self._commit(batch)
        except Exception as error:  # whatever it is, nothing more is durable
            self._fail(error)

    def _commit(self, frames: list[bytes]) -> None:
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        began = monotonic()
        self._write(data)
        took = monotonic() - began
        self.slow_s = 0.0 if took <= QUICK_S else self.slow_s + took
        if self.durable - self._indexed >= self._limits.index_every and self._segment is not None:
            self.entries.append((self._segment, self.durable, self._offset))
            self._indexed = self.durable
        self._offset += len(data)
        self._fresh.append(frames)
        self.durable += len(frames)
        if self._flushing:
            with self._committed:
                self._committed.notify_all()
        if self.durable - self.checkpointed >= self._limits.checkpoint_records:
            self._on_many()
        if self._offset >= self._limits.segment_bytes or self._clock() - self._opened_us >= self._limits.segment_us:
            self._roll()

    def grow(self) -> Tree:
        """The tree over all that is durable. Whoever calls this holds ``tree_lock``.

        Hashed when it is asked for, most of it for a checkpoint: nobody who waits for a record waits for the tree.
        """
        fresh = self._fresh
        while fresh:
            self.tree.push([found[16:48] for found in fresh.popleft()])
        return self.tree

    def _write(self, data: bytes) -> None:
        try:
            self._disk.write_durably(self._descriptor, data, self._offset)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            os.ftruncate(self._descriptor, self._offset)
            self.full = True
            if not self.reserve.release():
                raise
            # The file was cut back, so the failed pages are gone and this is no second flush of them. What was accepted
            # before the disk was known to be full is written whole, since its positions are given out.
            self._disk.write_durably(self._descriptor, data, self._offset)

    def _roll(self) -> None:
        if self.full:
            return
        try:
            self.begin_segment()
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            self.full = True  # the old segment serves until there is room

    def _fail(self, error: Exception) -> None:
        failure = JournalStopped(
            f"the journal stopped at record {self.durable}: {error}; nothing that changes state is accepted until "
            "the file was read again ('journal recover')"
        )
        failure.__cause__ = error
        self.failure = failure
        self.wakes.put(True)  # the thread ends, whichever of the two it was that failed
        with self._committed:
            self._committed.notify_all()

    # --- from other threads

    def ask(self) -> None:
        """Have what has gathered committed. Returns at once."""
        if not self.asked:
            self.asked = True
            self.wakes.put(False)

    def end(self) -> None:
        """Have what has gathered committed, and the thread end. Returns at once."""
        self.wakes.put(True)

    def begin_anew(self) -> None:
        """After a failure, the file having been read again: forget what came while it was being declared."""
        self.frames.clear()
        self.wakes, self.asked = SimpleQueue(), False
        self.taken = self.durable
        self.failure = None

    def wait(self, position: int) -> None:
        """Block until the record at this position is durable.

        Raises:
            JournalStopped: if it will not be.
        """
        with self._committed:
            self._flushing += 1
            self.ask()
            try:
                self._committed.wait_for(lambda: self.durable > position or self.failure is not None)
            finally:
                self._flushing -= 1
        if self.durable <= position and self.failure is not None:
            raise self.failure
