"""The journal of one data directory: its only writer.

::

    journal = Journal.open(directory, origin="example.com/journal", signer=key, clock=clock_us, loop=loop)
    position = journal.append(encode(record), retention=Retention.TRADE)
    journal.when_durable(position, forward)      # forward(None), or forward(JournalStopped)

Reading, proving and verifying need no open journal: see :mod:`.reader`, :mod:`.proof` and :mod:`.verify`.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from struct import Struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.journal import reader, recovery, segment, snapshot
from bailiwick.journal.disk import Disk, Lock
from bailiwick.journal.error import JournalBehind, JournalDamaged, JournalError, JournalFull, JournalStopped
from bailiwick.journal.frame import CLASS_MASK, HEAD, MAX_BODY_BYTES, MAX_RECORD_BYTES, WHOLE
from bailiwick.journal.keeper import Keeper, Signing
from bailiwick.journal.note import verifier_of
from bailiwick.journal.reader import Entry
from bailiwick.journal.record import SetBack, SnapshotNote, decode, encode
from bailiwick.journal.retention import Retention
from bailiwick.journal.snapshot import Snapshot
from bailiwick.journal.verify_proof import SALT_BYTES, Checkpoint
from bailiwick.journal.writer import Ground, Limits, Writer
from bailiwick.model.secret import Secret

DurableCallback = Callable[[JournalStopped | None], None]

MOST_ROUNDS = 6  # of the loop, in which more may gather before a commit is asked for
LATEST_S = 0.02  # how long a record that nobody waits for may wait for others

_POOL = Struct(f"{SALT_BYTES}s" * 256)
_LEADS = [bytes([lead]) for lead in range(256)]


class Journal:
    """Append, and be told when it is durable.

    ``append`` and ``when_durable`` belong to one thread, that of the event loop: positions are given out without a
    lock. ``append_now``, ``checkpoint_now``, ``write_snapshot`` and ``recover`` block and may be called from others.
    """

    def __init__(self, ground: Ground, signing: Signing, lock: Lock, found: recovery.Recovered) -> None:
        self.directory = ground.directory
        self.verifier = verifier_of(signing.origin, signing.key)
        self.snapshot: Snapshot | None = None  # the newest valid one, as it was at the opening
        self._ground = ground
        self._clock = ground.clock
        self._lock = lock
        self._keeper = Keeper(ground, signing, found.checkpoint)
        writer = Writer(ground, found.tree, on_commit=self._on_commit, on_many=self._keeper.nudge)
        writer.checkpointed = found.checkpoint.size if found.checkpoint is not None else 0
        self._writer = self._keeper.writer = writer
        self._next = writer.durable
        self._closed = False
        self._salts: list[bytes] = []
        self._waiting: deque[tuple[int, DurableCallback]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home = threading.get_ident()
        self._frames = writer.frames
        self._asking = self._asking_soon = False  # whether the loop will ask for a commit when it has done what it does
        self._rounds = 0  # of the loop since it was to ask
        self._seen = -1  # the position at the last of them
        self._threads: list[threading.Thread] = []

    # --- opening

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        origin: str,
        signer: Ed25519PrivateKey | Secret,
        clock: Callable[[], int],
        loop: asyncio.AbstractEventLoop | None = None,
        copy_to: Path | None = None,
        limits: Limits | None = None,
        disk: Disk | None = None,
        accept_behind: bool = False,
    ) -> "Journal":
        """Open a journal for writing, or begin one.

        Args:
            directory: where it lies; made with mode 0700 if it is not there.
            origin: the name of this journal in its checkpoints, such as ``example.com/journal``.
            signer: the Ed25519 key of the checkpoints, or its 32 bytes.
            clock: µs since 1970.
            loop: where ``when_durable`` calls back; ``attach`` may set it later.
            copy_to: the second place for checkpoints.
            limits: sizes and spans.
            disk: the system calls; for tests.
            accept_behind: a person's word that the journal may go on although the second place holds a checkpoint
                of more records than are here. The fact is recorded.

        Raises:
            JournalLocked: if another process writes to it.
            JournalDamaged: if what is there is not what was signed; nothing was changed.
            JournalBehind: if the second place knows of more records.
        """
        key = Ed25519PrivateKey.from_private_bytes(signer.reveal()) if isinstance(signer, Secret) else signer
        signing = Signing(origin, key, copy_to)
        ground = Ground(directory, disk or Disk(), limits or Limits(), clock)
        for name in ("", segment.DIRECTORY, snapshot.DIRECTORY, recovery.CUTS):
            (directory / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = Lock(directory / "lock")
        try:
            verifier = verifier_of(origin, key)
            recovery.check_verifier(directory, verifier)
            found = recovery.recover(directory, verifier)
            ahead = recovery.ahead(directory, copy_to, verifier, found)
            if ahead is not None and not accept_behind:
                raise JournalBehind(
                    f"{copy_to}: holds a checkpoint of {ahead.size} records that does not fit the {found.tree.size} "
                    "here: the journal was cut or restored from an older copy; if that is known, open it with "
                    "accept_behind, which is recorded"
                )
            journal = cls(ground, signing, lock, found)
            journal.attach(loop)
            journal._begin(found)
        except BaseException:
            lock.release()
            raise
        if ahead is not None:
            said = SetBack(clock(), found.tree.size, ahead.note)
            journal.append(encode(said), retention=Retention.KEEP, essential=True)
        journal.snapshot = journal._latest_snapshot()
        return journal

    def _begin(self, found: recovery.Recovered) -> None:
        """Take up the file where it ends, with the torn bytes set aside, and start the two threads."""
        writer = self._writer
        if self._ground.disk.free(self.directory) < self._ground.limits.low_water_bytes:
            writer.full = True
            writer.reserve.release()  # before anything is written: a start needs some room, and so does who reads after
        cut = recovery.set_aside(self.directory, found, self._clock()) if found.torn else None
        if found.segment is not None:
            writer.resume(found.segment, found.offset)
        else:
            writer.begin_segment()
        writer.full = writer.full or not writer.reserve.hold()
        self._start("journal-writer", writer.run)
        self._start("journal-keeper", self._keeper.run)
        if cut is not None:
            self.append(encode(cut), retention=Retention.KEEP, essential=True)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Set the loop in whose thread, which is this one, ``append`` is called and ``when_durable`` calls back."""
        self._loop = loop
        self._home = threading.get_ident()

    # --- appending

    def append(
        self, record: bytes, *, retention: int = Retention.TRADE, essential: bool = False, prompt: bool = True
    ) -> int:
        """Append a record; gives its position at once, before it is durable.

        Args:
            record: at most a mebibyte.
            retention: a :class:`Retention`.
            essential: a cancel, a reducing order or the outcome of one: still accepted while the disk is full.
            prompt: whether to wake the writer for it at once. One that nobody waits for goes with the next commit
                that somebody waits for, or after some milliseconds: a commit for it alone would cost more than it.

        Raises:
            JournalStopped: if the journal is closed, or a write has failed and ``recover`` has not succeeded since.
            JournalFull: if the disk is full and the record is not essential.
            ValueError: if the record is too long or the class is none.
        """
        writer = self._writer
        if writer.failure is not None or writer.full or self._closed:
            self._refuse(essential)
        position = self._next
        if not self._salts:
            self._salts.extend(_POOL.unpack(os.urandom(_POOL.size)))
        salted = self._salts.pop() + _LEADS[retention | (position == writer.taken) << 7] + record
        length = len(salted)
        if length > MAX_BODY_BYTES or not 0 <= retention <= CLASS_MASK:
            raise ValueError(f"record: want at most {MAX_RECORD_BYTES} bytes, and a class of at most {CLASS_MASK}")
        self._next = position + 1
        self._frames.append(HEAD.pack(WHOLE, length, position, sha256(salted).digest()) + salted)
        if prompt or self._loop is None:
            writer.ask()
        elif not self._asking_soon:
            self._asking_soon = True
            self._loop.call_later(LATEST_S, self._ask_at_last)
        return position

    def _ask(self) -> None:
        """Have all committed that has gathered, once the loop has read all that has arrived: one commit for it all.

        That is no interval of waiting, for the loop has work in hand. A commit costs as much as a request does.
        """
        if self._seen != self._next and self._rounds < MOST_ROUNDS:
            self._rounds += 1
            self._seen = self._next
            assert self._loop is not None
            self._loop.call_soon(self._ask)
            return
        self._asking = False
        self._commit_or_ask()

    def _ask_at_last(self) -> None:
        self._asking_soon = False
        if self._frames and not self._asking:
            self._commit_or_ask()

    def _commit_or_ask(self) -> None:
        """In the loop: commit here while the disk is quick, and have the thread do it while it is not."""
        writer = self._writer
        if not writer.quick:
            writer.ask()
        elif writer.commit():
            self._settle()

    def _refuse(self, essential: bool) -> None:
        if self._closed:
            raise JournalStopped("the journal is closed")
        if self._writer.failure is not None:
            raise self._writer.failure
        if not essential:
            raise JournalFull("the disk is full: only cancels and reducing orders are recorded; make room")

    def when_durable(self, position: int, callback: DurableCallback) -> None:
        """Call back in the loop's thread once the record is durable, or at once if it is.

        The callback gets None, or the failure because of which the record is not durable. Callbacks come in the
        order in which they were given; one batch of records wakes the loop once.
        """
        if self._loop is None:
            raise JournalError("when_durable needs a loop: give one to open() or attach()")
        writer = self._writer
        if position < writer.durable:
            callback(None)
            return
        self._waiting.append((position, callback))
        if not self._asking:
            self._asking, self._rounds, self._seen = True, 0, self._next
            self._loop.call_soon(self._ask)
        # The commit may have ended between the look and the entry, and then nobody was woken for it.
        if position < writer.durable or writer.failure is not None:
            self._wake()

    def _on_commit(self) -> None:
        """In the writer's thread, after each commit of its own and after a failure."""
        if self._waiting:
            self._wake()

    def _wake(self) -> None:
        if self._loop is None:
            return
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        waiting, durable = self._waiting, self._writer.durable
        while waiting and waiting[0][0] < durable:
            waiting.popleft()[1](None)
        failure = self._writer.failure
        if failure is not None:
            lost = list(waiting)
            waiting.clear()
            for position, callback in lost:
                callback(None if position < durable else failure)

    def append_now(self, record: bytes, *, retention: int = Retention.KEEP, essential: bool = True) -> int:
        """Append a record and block until it is durable: for tools and administrative acts, not for the loop.

        Raises:
            JournalStopped: if it could not be made durable.
        """
        position = self._append_at_home(record, retention, essential)
        self._writer.wait(position)
        return position

    def _append_at_home(self, record: bytes, retention: int, essential: bool) -> int:
        loop = self._loop
        if loop is None or threading.get_ident() == self._home or not loop.is_running():
            return self.append(record, retention=retention, essential=essential)
        given: Future[int] = Future()

        def post() -> None:
            try:
                given.set_result(self.append(record, retention=retention, essential=essential))
            except Exception as error:  # it belongs to whoever waits
                given.set_exception(error)

        loop.call_soon_threadsafe(post)
        return given.result()

    # --- state

    @property
    def position(self) -> int:
        """The position that the next record gets."""
        return self._next

    @property
    def durable(self) -> int:
        """How many records are durable."""
        return self._writer.durable

    @property
    def healthy(self) -> bool:
        """Whether records are accepted. A full disk leaves it healthy: see ``full``."""
        return self._writer.failure is None and not self._closed

    @property
    def full(self) -> bool:
        """Whether only essential records are accepted."""
        return self._writer.full

    @property
    def failure(self) -> JournalStopped | None:
        """Why the writer stopped."""
        return self._writer.failure

    @property
    def trouble(self) -> str:
        """What is wrong beside the records, such as a checkpoint copy that could not be written; "" if nothing is."""
        return self._keeper.trouble

    @property
    def last_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint."""
        return self._keeper.last

    # --- checkpoints and snapshots

    def checkpoint(self) -> None:
        """Ask for a signed checkpoint, as after an administrative act; returns at once."""
        self._keeper.ask()

    def checkpoint_now(self) -> Checkpoint:
        """Wait until everything appended is durable, and sign it: blocks; not for the loop.

        Raises:
            JournalStopped: if the writer stopped.
            OSError: if the checkpoint cannot be stored.
        """
        if self._next:
            self._writer.wait(self._next - 1)
        return self._keeper.checkpoint()

    def write_snapshot(self, state: bytes, position: int) -> Snapshot:
        """Store a state that covers the records before ``position``; blocks until it is on disk: not for the loop.

        Raises:
            JournalStopped: if the writer stopped.
            JournalFull: if the disk is full.
            OSError: if the file cannot be written.
        """
        if not 0 <= position <= self._next:
            raise ValueError(f"position {position}: the journal has {self._next} records")
        digest = sha256(state).hexdigest()
        taken = SnapshotNote(self._clock(), position, len(state), digest)
        vouching = self.append_now(encode(taken), retention=Retention.KEEP, essential=False)
        written = Snapshot(position, vouching, state, digest)
        snapshot.write(self.directory, written, self._ground.limits.snapshots_kept)
        return written

    def _latest_snapshot(self) -> Snapshot | None:
        for path in snapshot.listed(self.directory):
            found = snapshot.read(path)
            if found is not None and found.note < self.durable and self._vouched(found):
                return found
        return None

    def _vouched(self, found: Snapshot) -> bool:
        _, framed = reader.frame_at(self.directory, found.note)
        if framed.record is None:
            return False
        try:
            taken = decode(framed.record)
        except ValueError:
            return False
        return isinstance(taken, SnapshotNote) and taken.position == found.position and taken.sha256 == found.digest

    def replay(self) -> Iterator[Entry]:
        """The records behind the snapshot (all, if there is none), for rebuilding the state at a start."""
        return reader.read(self.directory, self.snapshot.position if self.snapshot is not None else 0)

    # --- after a failure, and at the end

    def recover(self) -> None:
        """After the writer stopped: read the file again from the disk, check it, and go on in a new segment.

        Blocks; not for the loop. Nothing that was told to be durable may be missing; records whose writing failed
        are cut off, as their callers were told that they failed.

        Raises:
            JournalDamaged: if what is on the disk is not what was durable; the journal stays stopped.
            OSError: if the disk still fails; the journal stays stopped.
        """
        if self._writer.failure is None:
            return
        self._threads[0].join()
        old = self._writer
        old.cut_back()
        found = recovery.recover(self.directory, self.verifier)
        with old.tree_lock:
            root = old.grow().root()
        if found.tree.size != old.durable or found.tree.root() != root or found.torn:
            raise JournalDamaged(
                f"{self.directory}: {old.durable} records were durable, the disk gives back {found.tree.size} that "
                "are right; restore the journal from a backup"
            )
        old.begin_segment()
        old.full = not old.reserve.hold()
        self._next = old.durable
        old.begin_anew()
        self._threads[0] = threading.Thread(target=old.run, name="journal-writer", daemon=True)
        self._threads[0].start()

    def close(self) -> None:
        """Make everything appended durable, sign it, and let go of the directory. Closing twice does nothing.

        Raises:
            OSError: if the last checkpoint cannot be stored; the records are durable.
        """
        if self._closed:
            return
        self._closed = True
        self._writer.end()
        self._threads[0].join()
        self._keeper.end()
        self._threads[1].join()
        try:
            if self._writer.failure is None:
                self._keeper.checkpoint()
        finally:
            self._writer.close_file()
            self._lock.release()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


__all__ = ["DurableCallback", "Journal"]
