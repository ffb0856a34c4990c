"""The journal as its writer sees it: positions, durability, failure, a full disk, checkpoints and snapshots."""

import asyncio
import errno
import resource
import stat
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from journals import KEY, SMALL, VERIFIER, Begin

from bailiwick.journal.disk import Disk
from bailiwick.journal.error import JournalBehind, JournalDamaged, JournalError, JournalFull, JournalLocked
from bailiwick.journal.error import JournalStopped as Stopped
from bailiwick.journal.log import Journal
from bailiwick.journal.reader import read, search, size, tail
from bailiwick.journal.record import SetBack, decode
from bailiwick.journal.segment import listed
from bailiwick.journal.verify import copies, verify
from bailiwick.journal.writer import Limits
from bailiwick.model.secret import Secret


class FailingDisk(Disk):
    """A disk whose writes fail on command; what was written before stays."""

    def __init__(self) -> None:
        self.error: int | None = None
        self.room: int | None = None  # bytes that may still be written; None is without end
        self.reserves = 0
        self.free_bytes: int | None = None

    def write_durably(self, descriptor: int, data: bytes, offset: int) -> None:
        if self.error is not None:
            super().write_durably(descriptor, data[: len(data) // 2], offset)
            raise OSError(self.error, "as the test wants")
        if self.room is not None:
            if len(data) > self.room:
                super().write_durably(descriptor, data[: self.room], offset)
                raise OSError(errno.ENOSPC, "no room")
            self.room -= len(data)
        super().write_durably(descriptor, data, offset)

    def free(self, directory: Path) -> int:
        return super().free(directory) if self.free_bytes is None else self.free_bytes


class WatchedDisk(Disk):
    """A disk that notes which thread writes."""

    def __init__(self) -> None:
        self.writers: list[int] = []

    def write_durably(self, descriptor: int, data: bytes, offset: int) -> None:
        self.writers.append(threading.get_ident())
        super().write_durably(descriptor, data, offset)


def texts(place: Path) -> list[bytes | None]:
    """What the journal holds."""
    return [entry.record for entry in read(place)]


async def durable(journal: Journal, position: int) -> Stopped | None:
    """Wait for the word on a record."""
    word: asyncio.Future[Stopped | None] = asyncio.get_running_loop().create_future()
    journal.when_durable(position, word.set_result)
    return await word


def test_what_was_appended_is_read_back_in_order(begin: Begin, tmp_path: Path) -> None:
    """Records come back as they were, each at the position it was given."""
    with begin() as journal:
        positions = [journal.append(f"record {number}".encode(), retention=1) for number in range(600)]
    entries = list(read(tmp_path / "journal"))
    assert [entry.position for entry in entries] == positions
    assert [entry.record for entry in entries] == [f"record {number}".encode() for number in range(600)]
    assert {entry.retention for entry in entries} == {1}


def test_records_go_on_after_a_restart(begin: Begin, tmp_path: Path) -> None:
    """A journal that is opened again goes on where it ended, under one tree."""
    for start in range(5):
        with begin() as journal:
            assert journal.position == start * 100
            for number in range(100):
                journal.append(b"%d" % (start * 100 + number))
    assert texts(tmp_path / "journal") == [b"%d" % number for number in range(500)]
    assert verify(tmp_path / "journal", VERIFIER).faults == ()


def test_reading_begins_at_any_position(begin: Begin, tmp_path: Path) -> None:
    """Read, tail and search begin where they are told, over all segments."""
    place = tmp_path / "journal"
    with begin(limits=Limits(reserve_bytes=1 << 12, low_water_bytes=0, index_every=8, segment_bytes=2_000)) as journal:
        for number in range(200):
            journal.append_now(b"%d" % number)
        assert size(place) == 200
    assert len(listed(place)) > 3
    for start in (0, 1, 57, 199, 200):
        assert [entry.record for entry in read(place, start)] == [b"%d" % number for number in range(start, 200)]
    assert [entry.position for entry in tail(place, 3)] == [197, 198, 199]
    assert [entry.position for entry in search(place, lambda entry: entry.record == b"77")] == [77]
    assert verify(place, VERIFIER).faults == ()


def test_a_second_writer_is_refused(begin: Begin) -> None:
    """One writer a directory: the second is told who holds it."""
    with begin(), pytest.raises(JournalLocked, match="stop it first"):
        begin()
    with begin():
        pass


def test_another_key_or_origin_is_refused(begin: Begin) -> None:
    """A journal goes on under the key and the name that it was begun with."""
    with begin():
        pass
    with pytest.raises(JournalDamaged, match="another key"):
        begin(origin="example.com/other")
    with pytest.raises(JournalDamaged, match="another key"):
        begin(signer=Secret(b"x" * 32))
    with begin(signer=Secret(KEY.private_bytes_raw())):
        pass


def test_files_are_for_the_owner_alone(begin: Begin, tmp_path: Path) -> None:
    """No file of the journal can be read by others."""
    with begin() as journal:
        for number in range(300):
            journal.append(b"%d" % number)
        journal.write_snapshot(b"state", journal.position)
    opened = [
        path
        for path in (tmp_path / "journal").rglob("*")
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert opened == []


async def test_the_word_comes_in_the_loop_and_in_order(begin: Begin) -> None:
    """Each callback comes once, in order, and when it comes the record can be read."""
    with begin(loop=asyncio.get_running_loop()) as journal:
        told: list[int] = []
        for number in range(200):
            position = journal.append(b"%d" % number)
            journal.when_durable(position, lambda failure, position=position: told.append(position))
        assert await durable(journal, journal.append(b"last")) is None
        assert told == list(range(200))
        assert journal.durable == 201
        at_once: list[Stopped | None] = []
        journal.when_durable(0, at_once.append)
        assert at_once == [None]


async def test_a_batch_wakes_the_loop_once(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that were committed together are told together."""
    loop = asyncio.get_running_loop()
    with begin(loop=loop) as journal:
        wakes = 0
        settle = journal._settle

        def counted() -> None:
            nonlocal wakes
            wakes += 1
            settle()

        monkeypatch.setattr(journal, "_settle", counted)
        for number in range(500):
            journal.when_durable(journal.append(b"%d" % number), lambda failure: None)
        await durable(journal, journal.append(b"last"))
        assert wakes < 100


def test_when_durable_without_a_loop_is_an_error(begin: Begin) -> None:
    """A callback that nobody would call is refused."""
    with begin() as journal, pytest.raises(JournalError, match="attach"):
        journal.when_durable(journal.append(b"x"), lambda failure: None)


async def test_other_threads_append_through_the_loop(begin: Begin, tmp_path: Path) -> None:
    """``append_now`` and snapshots from a worker thread do not disturb the order of positions."""
    loop = asyncio.get_running_loop()
    with begin(loop=loop) as journal:
        others = [loop.run_in_executor(None, journal.append_now, b"other %d" % number) for number in range(20)]
        for number in range(200):
            journal.append(b"%d" % number)
            if number % 20 == 0:
                await asyncio.sleep(0)
        positions = await asyncio.gather(*others)
        taken = await loop.run_in_executor(None, journal.write_snapshot, b"state", journal.position)
        assert len(set(positions)) == 20
        assert taken.state == b"state"
    assert [entry.position for entry in read(tmp_path / "journal")] == list(range(221))


@pytest.mark.parametrize("error", [errno.EIO, errno.EROFS])
async def test_a_failed_write_stops_everything_until_the_file_was_read_again(
    begin: Begin, tmp_path: Path, error: int
) -> None:
    """After a failed flush waiting callbacks fail, records are refused, and recover cuts what was not durable."""
    disk = FailingDisk()
    loop = asyncio.get_running_loop()
    with begin(disk=disk, loop=loop) as journal:
        assert await durable(journal, journal.append(b"safe")) is None
        disk.error = error
        lost = [journal.append(b"lost %d" % number) for number in range(3)]
        failures = [await durable(journal, position) for position in lost]
        assert all(isinstance(failure, Stopped) for failure in failures)
        assert (journal.healthy, journal.durable) == (False, 1)
        with pytest.raises(Stopped, match="read again"):
            journal.append(b"refused", essential=True)
        with pytest.raises(OSError, match="as the test wants"):
            journal.recover()
        assert not journal.healthy
        disk.error = None
        await loop.run_in_executor(None, journal.recover)
        assert journal.healthy
        assert await durable(journal, journal.append(b"again")) is None
    assert texts(tmp_path / "journal") == [b"safe", b"again"]
    assert verify(tmp_path / "journal", VERIFIER).faults == ()


async def test_the_loop_writes_itself_while_the_disk_is_quick(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quick flush is made in the loop; a slow disk is left to the thread, and the loop's again once it is quick."""
    now = [0.0]

    def later() -> float:
        now[0] += flush_s
        return now[0]

    monkeypatch.setattr("bailiwick.journal.writer.monotonic", later)
    disk, flush_s = WatchedDisk(), 0.0001
    with begin(loop=asyncio.get_running_loop(), disk=disk) as journal:
        here, there = threading.get_ident(), journal._threads[0].ident

        async def writers(count: int) -> list[int]:
            disk.writers.clear()
            for _ in range(count):
                assert await durable(journal, journal.append(b"one", prompt=False)) is None
            return list(disk.writers)

        assert await writers(3) == [here] * 3
        flush_s = 0.03
        assert await writers(3) == [here] * 3
        flush_s = 0.0001
        assert await writers(1) == [here]
        flush_s = 0.03
        assert await writers(6) == [here] * 4 + [there] * 2
        flush_s = 0.0001
        assert await writers(3) == [there, here, here]
    assert verify(tmp_path / "journal", VERIFIER).faults == ()


async def test_a_write_that_fails_in_the_loop_stops_the_journal_like_any_other(begin: Begin, tmp_path: Path) -> None:
    """Whoever waits is told of the failure, the thread ends too, and after recovery both go on."""
    disk, loop = FailingDisk(), asyncio.get_running_loop()
    with begin(loop=loop, disk=disk) as journal:
        assert await durable(journal, journal.append(b"safe", prompt=False)) is None
        disk.error = errno.EIO
        assert isinstance(await durable(journal, journal.append(b"lost", prompt=False)), Stopped)
        disk.error = None
        with pytest.raises(Stopped):
            journal.append(b"refused", essential=True, prompt=False)
        await loop.run_in_executor(None, journal.recover)
        assert await durable(journal, journal.append(b"again", prompt=False)) is None
        assert await loop.run_in_executor(None, journal.append_now, b"by the thread") == 2
    assert texts(tmp_path / "journal") == [b"safe", b"again", b"by the thread"]
    assert verify(tmp_path / "journal", VERIFIER).faults == ()


async def test_both_threads_commit_under_one_tree(begin: Begin, tmp_path: Path) -> None:
    """Commits of the loop and of the thread, mixed, give each record its position, once."""
    loop = asyncio.get_running_loop()
    with begin(loop=loop) as journal:
        others = [loop.run_in_executor(None, journal.append_now, b"other") for _ in range(30)]
        for _ in range(30):
            journal._writer.slow_s = 0.0
            assert await durable(journal, journal.append(b"mine", prompt=False)) is None
        positions = await asyncio.gather(*others)
    assert len(set(positions)) == 30
    assert sorted(text or b"" for text in texts(tmp_path / "journal")) == [b"mine"] * 30 + [b"other"] * 30
    assert verify(tmp_path / "journal", VERIFIER).faults == ()


def test_recovery_refuses_a_disk_that_gives_back_something_else(begin: Begin, tmp_path: Path) -> None:
    """If what was durable is not what the disk gives back, the journal stays stopped."""
    disk = FailingDisk()
    journal = begin(disk=disk)
    journal.append_now(b"safe")
    disk.error = errno.EIO
    with pytest.raises(Stopped):
        journal.append_now(b"lost")
    disk.error = None
    (path,) = (tmp_path / "journal/segments").glob("*.seg")
    data = bytearray(path.read_bytes())
    data[data.index(b"safe")] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalDamaged, match="1 records were durable"):
        journal.recover()
    assert not journal.healthy
    journal.close()


def test_a_full_disk_takes_essential_records_from_the_reserve_and_then_none(begin: Begin, tmp_path: Path) -> None:
    """The reserve serves cancels and reducing orders; what was accepted before is kept; then all is refused."""
    disk = FailingDisk()
    reserve = tmp_path / "journal/reserve"
    journal = begin(disk=disk)
    assert reserve.stat().st_blocks * 512 >= SMALL.reserve_bytes

    def no_room_but_the_reserve(release: Callable[[], bool]) -> bool:
        disk.room = 1_000 if release() else disk.room
        return disk.room == 1_000

    release = journal._writer.reserve.release
    journal._writer.reserve.release = lambda: no_room_but_the_reserve(release)  # type: ignore[method-assign]
    journal.append_now(b"before")
    disk.room = 10
    journal.append_now(b"accepted while it still looked well", essential=False)
    assert (journal.full, journal.healthy, reserve.exists()) == (True, True, False)
    with pytest.raises(JournalFull, match="make room"):
        journal.append(b"opens a position")
    journal.append_now(b"a cancel", essential=True)
    with pytest.raises(Stopped):
        for _ in range(20):
            journal.append_now(b"a cancel too many", essential=True)
    assert not journal.healthy
    disk.room = None
    journal.recover()
    assert (journal.healthy, journal.full, reserve.exists()) == (True, False, True)
    journal.append_now(b"after", essential=False)
    journal.close()
    assert verify(tmp_path / "journal", VERIFIER).faults == ()
    found = texts(tmp_path / "journal")
    assert found[:3] == [b"before", b"accepted while it still looked well", b"a cancel"]
    assert found[-1] == b"after"


def test_a_disk_that_is_nearly_full_counts_as_full_until_there_is_room(begin: Begin, tmp_path: Path) -> None:
    """Below the low-water mark only essential records are accepted, and the reserve is taken again afterwards."""
    disk = FailingDisk()
    limits = Limits(reserve_bytes=1 << 16, low_water_bytes=1 << 20)
    with begin(disk=disk, limits=limits) as journal:
        disk.free_bytes = 1 << 19
        journal._keeper.watch_space()
        with pytest.raises(JournalFull):
            journal.append(b"no")
        journal.append_now(b"a cancel", essential=True)
        disk.free_bytes = 1 << 30
        journal._keeper.watch_space()
        journal.append_now(b"yes", essential=False)
        assert (tmp_path / "journal/reserve").exists()


def test_a_start_on_a_full_disk_gives_up_the_reserve_first(begin: Begin, tmp_path: Path) -> None:
    """A journal opens on a full disk: it gives up its reserve before it writes, and takes what must be taken."""
    limits = Limits(reserve_bytes=1 << 16, low_water_bytes=1 << 10, index_every=8)
    begin(limits=limits).close()
    reserve = tmp_path / "journal" / "reserve"
    assert reserve.exists()
    disk = FailingDisk()
    disk.free_bytes = 0
    journal = begin(disk=disk, limits=limits)
    assert (journal.full, journal.healthy, reserve.exists()) == (True, True, False)
    with pytest.raises(JournalFull):
        journal.append(b"opens")
    assert journal.append_now(b"cancel", essential=True) == 0


def test_a_real_limit_on_file_size_is_met_like_a_full_disk(begin: Begin, tmp_path: Path) -> None:
    """With the kernel's own refusal (a limit on file size) what was told to be durable is there and whole."""
    journal = begin()
    kept = [journal.append_now(b"x" * 1_000) for _ in range(3)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        with pytest.raises((Stopped, JournalFull)):
            while len(kept) < 8:
                kept.append(journal.append_now(b"x" * 1_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.recover()
    journal.close()
    assert [entry.position for entry in read(tmp_path / "journal")] == kept
    assert verify(tmp_path / "journal", VERIFIER).faults == ()


def test_a_record_that_is_too_long_or_of_no_class_is_refused(begin: Begin) -> None:
    """Such a record takes no position."""
    with begin() as journal:
        for record, retention in ((b"x" * ((1 << 20) + 1), 0), (b"x", 128), (b"x", -1)):
            with pytest.raises(ValueError, match="at most"):
                journal.append(record, retention=retention)
        assert journal.position == 0
        journal.append_now(b"x" * (1 << 20))


def test_a_closed_journal_refuses(begin: Begin) -> None:
    """After close nothing is accepted; closing twice is harmless."""
    journal = begin()
    journal.close()
    journal.close()
    with pytest.raises(Stopped, match="closed"):
        journal.append(b"late")


def test_checkpoints_come_by_count_by_time_by_request_and_at_the_end(begin: Begin, tmp_path: Path) -> None:
    """A checkpoint is due after so many records, after so long, when asked for, and at close; else none is made."""
    limits = Limits(reserve_bytes=0, low_water_bytes=0, checkpoint_seconds=60)
    journal = begin(limits=limits)
    keeper = journal._keeper
    now = keeper._signed_at
    journal.append_now(b"1")
    keeper.look(now + 59, many=False)
    assert journal.last_checkpoint is None
    keeper.look(now + 61, many=False)
    assert journal.last_checkpoint is not None
    assert journal.last_checkpoint.size == 1
    signed = journal.last_checkpoint
    keeper.look(keeper._signed_at + 61, many=False)
    assert journal.last_checkpoint is signed
    journal.append_now(b"2")
    keeper.look(keeper._signed_at, many=True)
    assert journal.last_checkpoint.size == 2
    journal.append_now(b"3")
    assert journal.checkpoint_now().size == 3
    journal.append_now(b"4")
    journal.close()
    assert journal.last_checkpoint.size == 4
    assert verify(tmp_path / "journal", VERIFIER).signed == 4


def test_a_thousand_records_ask_for_a_checkpoint(begin: Begin) -> None:
    """The writer nudges the keeper once so many records are not signed for."""
    with begin(limits=Limits(reserve_bytes=0, low_water_bytes=0, checkpoint_records=50)) as journal:
        nudged: list[bool] = []
        journal._writer._on_many = lambda: nudged.append(True)
        for number in range(49):
            journal.append_now(b"%d" % number)
        assert nudged == []
        journal.append_now(b"49")
        assert nudged == [True]


def test_checkpoints_are_kept_at_the_second_place(begin: Begin, tmp_path: Path) -> None:
    """Each checkpoint is in the copy; a copy that cannot be written is told and stops nothing."""
    with begin(copy_to=tmp_path / "copy") as journal:
        sizes = []
        for number in range(3):
            journal.append_now(b"%d" % number)
            sizes.append(journal.checkpoint_now().size)
        assert sizes == [1, 2, 3]
        assert {checkpoint.size for checkpoint in copies(tmp_path / "copy", VERIFIER)} == {1, 2, 3}
        assert journal.trouble == ""
    (tmp_path / "file").write_text("")
    with begin(copy_to=tmp_path / "file" / "copy") as journal:
        journal.append_now(b"3")
        assert journal.checkpoint_now().size == 4
        assert "copy" in journal.trouble


def test_a_journal_behind_its_copy_needs_a_persons_word(begin: Begin, tmp_path: Path) -> None:
    """A journal that was cut is refused at start; a person may accept it, and that is recorded with the proof."""
    copy = tmp_path / "copy"
    with begin() as journal:
        journal.append_now(b"old")
    with begin(copy_to=copy) as journal:
        journal.append_now(b"new")
    newer = (copy / "checkpoint").read_text()
    for name in ("checkpoint", "checkpoints", "segments", "tile"):
        path = tmp_path / "journal" / name
        path.rename(tmp_path / f"gone-{name}")
    with pytest.raises(JournalBehind, match="accept_behind"):
        begin(copy_to=copy)
    with begin(copy_to=copy, accept_behind=True):
        pass
    (entry,) = read(tmp_path / "journal")
    assert entry.record is not None
    assert decode(entry.record) == SetBack(1_790_000_000_000_000, 0, newer)


def test_a_journal_that_its_copy_contradicts_is_refused(begin: Begin, tmp_path: Path) -> None:
    """A longer journal with another past than the copy signed for is refused too."""
    copy = tmp_path / "copy"
    with begin(copy_to=copy) as journal:
        journal.append_now(b"what happened")
    for name in ("checkpoint", "checkpoints", "segments", "tile"):
        (tmp_path / "journal" / name).rename(tmp_path / f"gone-{name}")
    with begin() as journal:
        for number in range(300):
            journal.append(b"what somebody would rather have had happen %d" % number)
    with pytest.raises(JournalBehind):
        begin(copy_to=copy)


def test_a_keeper_that_fails_goes_on(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trouble with a checkpoint is told, stops no record, and is gone with the next that succeeds."""
    with begin() as journal:
        keeper = journal._keeper
        journal.append_now(b"0")
        with monkeypatch.context() as patched:
            patched.setattr(keeper, "_tiles", None)
            keeper.look(keeper._signed_at + 61, many=False)
        assert journal.trouble.startswith("checkpoint: ")
        assert journal.healthy
        keeper.look(keeper._signed_at + 61, many=False)
        assert journal.trouble == ""
        assert journal.last_checkpoint is not None


def test_a_start_reads_from_the_newest_snapshot_on(begin: Begin, tmp_path: Path) -> None:
    """The state comes from the newest snapshot that its note vouches for, and the records behind it are replayed."""
    with begin() as journal:
        assert journal.snapshot is None
        for number in range(10):
            journal.append_now(b"%d" % number)
        journal.write_snapshot(b"five", 5)
        journal.write_snapshot(b"ten", 10)
        journal.append_now(b"after")
    with begin() as journal:
        assert journal.snapshot is not None
        assert (journal.snapshot.position, journal.snapshot.state) == (10, b"ten")
        assert [entry.position for entry in journal.replay()] == [10, 11, 12]
    newest = tmp_path / f"journal/snapshots/{10:016d}.snap"
    newest.write_bytes(newest.read_bytes()[:-1] + b"!")
    with begin() as journal:
        assert journal.snapshot is not None
        assert journal.snapshot.state == b"five"


def test_a_snapshot_that_no_note_vouches_for_is_not_used(begin: Begin, tmp_path: Path) -> None:
    """A snapshot file put there by somebody, with right checksums, is passed over."""
    from bailiwick.journal import snapshot

    with begin() as journal:
        journal.append_now(b"0")
        journal.write_snapshot(b"true", 1)
    snapshot.write(tmp_path / "journal", snapshot.Snapshot(2, 0, b"forged", sha256(b"forged").hexdigest()), 9)
    snapshot.write(tmp_path / "journal", snapshot.Snapshot(2, 99, b"forged", sha256(b"forged").hexdigest()), 9)
    with begin() as journal:
        assert journal.snapshot is not None
        assert journal.snapshot.state == b"true"


def test_only_the_newest_snapshots_are_kept(begin: Begin, tmp_path: Path) -> None:
    """Old snapshots go, so that they do not fill the disk."""
    with begin() as journal:
        for number in range(6):
            journal.append_now(b"%d" % number)
            journal.write_snapshot(b"state", journal.position)
    assert len(list((tmp_path / "journal/snapshots").iterdir())) == SMALL.snapshots_kept
