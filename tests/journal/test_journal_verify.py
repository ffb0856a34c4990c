"""Verification finds whatever was done to the files, and says to which record."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import KEY, ORIGIN, SMALL, VERIFIER, Begin, fixed_clock

from bailiwick.journal import frame, segment
from bailiwick.journal.log import Journal
from bailiwick.journal.report import Finding, Report
from bailiwick.journal.verify import copies, verify
from bailiwick.journal.verify_proof import ProofError

RECORDS = 14
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small closed journal with a copy of its checkpoints."""
    place = tmp_path_factory.mktemp("written")
    settings = {"origin": ORIGIN, "signer": KEY, "clock": fixed_clock, "limits": SMALL, "copy_to": place / "copy"}
    with Journal.open(place / "journal", **settings) as journal:
        for number in range(RECORDS):
            journal.append_now(b"record %d" % number, retention=1)
    return place


@pytest.fixture
def tampered(written: Path, tmp_path: Path) -> Callable[[Callable[[bytes], bytes]], Report]:
    """Verifies a copy of the journal after something was done to its one segment."""

    place = tmp_path / "tampered"
    shutil.copytree(written / "journal", place)
    path = place / segment.DIRECTORY / segment.name(0)
    untouched = path.read_bytes()

    def verified(change: Callable[[bytes], bytes]) -> Report:
        path.write_bytes(change(untouched))
        return verify(place, VERIFIER)

    return verified


def frames_of(data: bytes) -> list[bytes]:
    """The frames of a segment."""
    return [data[found.offset : found.end] for found in frame.scan(data, segment.HEAD_BYTES)]


def with_frames(data: bytes, frames: list[bytes]) -> bytes:
    """The segment with other frames."""
    return data[: segment.HEAD_BYTES] + b"".join(frames)


def test_an_untouched_journal_is_right(written: Path) -> None:
    """Nothing is found in a journal that nobody touched, and its copy agrees."""
    report = verify(written / "journal", VERIFIER, copies(written / "copy", VERIFIER))
    assert report.faults == ()
    assert (report.records, report.signed, report.ok) == (RECORDS, RECORDS, True)


@MANY
@given(place=st.integers(0), change=st.integers(1, 255))
def test_any_altered_byte_is_found(
    tampered: Callable[[Callable[[bytes], bytes]], Report], place: int, change: int
) -> None:
    """Whichever byte of a segment is altered, verification fails."""

    def alter(data: bytes) -> bytes:
        at = place % len(data)
        return data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]

    assert not tampered(alter).ok


@pytest.mark.slow
def test_every_altered_byte_is_found(tampered: Callable[[Callable[[bytes], bytes]], Report], written: Path) -> None:
    """Each byte of a segment, one after the other, altered in one bit."""
    length = (written / "journal" / segment.DIRECTORY / segment.name(0)).stat().st_size
    for at in range(length):
        for bit in (1 << at % 8,):
            report = tampered(lambda data, at=at, bit=bit: data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
            assert not report.ok, f"byte {at}"


@MANY
@given(number=st.integers(0, RECORDS - 1), inner=st.integers(0))
def test_an_altered_record_is_named(
    tampered: Callable[[Callable[[bytes], bytes]], Report], number: int, inner: int
) -> None:
    """A byte altered in the body of a record is found as an alteration of that record."""

    def alter(data: bytes) -> bytes:
        frames = frames_of(data)
        victim = bytearray(frames[number])
        victim[frame.HEAD_BYTES + inner % (len(victim) - frame.HEAD_BYTES)] ^= 0xFF
        frames[number] = bytes(victim)
        return with_frames(data, frames)

    report = tampered(alter)
    assert [(fault.finding, fault.first, fault.last) for fault in report.faults] == [(Finding.ALTERED, number, number)]


@MANY
@given(number=st.integers(0, RECORDS - 1))
def test_a_removed_record_is_named(tampered: Callable[[Callable[[bytes], bytes]], Report], number: int) -> None:
    """Whichever record is taken out, verification says which."""

    def remove(data: bytes) -> bytes:
        frames = frames_of(data)
        del frames[number]
        return with_frames(data, frames)

    report = tampered(remove)
    assert [(fault.finding, fault.first, fault.last) for fault in report.faults] == [(Finding.REMOVED, number, number)]


@MANY
@given(source=st.integers(0, RECORDS - 1), place=st.integers(0, RECORDS))
def test_an_inserted_copy_is_found(
    tampered: Callable[[Callable[[bytes], bytes]], Report], source: int, place: int
) -> None:
    """A record repeated at any place is found, as an insertion of that record."""

    def insert(data: bytes) -> bytes:
        frames = frames_of(data)
        return with_frames(data, [*frames[:place], frames[source], *frames[place:]])

    faults = tampered(insert).faults
    assert Finding.INSERTED in {fault.finding for fault in faults if fault.first == source}


@MANY
@given(place=st.integers(0, RECORDS), text=st.binary(max_size=40))
def test_an_inserted_stranger_is_found(
    tampered: Callable[[Callable[[bytes], bytes]], Report], place: int, text: bytes
) -> None:
    """A record that was never appended is found wherever it is put, with a right digest of its own."""
    salted = bytes(16) + b"\x01" + text
    stranger = frame.HEAD.pack(frame.WHOLE, len(salted), place, frame.sha256(salted).digest()) + salted

    def insert(data: bytes) -> bytes:
        frames = frames_of(data)
        return with_frames(data, [*frames[:place], stranger, *frames[place:]])

    report = tampered(insert)
    assert any(fault.first <= place <= fault.last for fault in report.faults) or place == RECORDS
    if place < RECORDS:
        assert not report.ok


@MANY
@given(pair=st.lists(st.integers(0, RECORDS - 1), min_size=2, max_size=2, unique=True))
def test_swapped_records_are_named(tampered: Callable[[Callable[[bytes], bytes]], Report], pair: list[int]) -> None:
    """Two records that changed places are found as reordered, also when their positions were written anew."""
    low, high = sorted(pair)

    def swap(data: bytes) -> bytes:
        frames = frames_of(data)
        frames[low], frames[high] = frames[high], frames[low]
        return with_frames(data, frames)

    def swap_and_renumber(data: bytes) -> bytes:
        frames = frames_of(swap(data))
        renumbered = [each[:8] + number.to_bytes(8, "little") + each[16:] for number, each in enumerate(frames)]
        return with_frames(data, renumbered)

    moved = [fault for fault in tampered(swap).faults if fault.finding is Finding.REORDERED]
    assert any(fault.first <= low <= fault.last for fault in moved)
    moved = [fault for fault in tampered(swap_and_renumber).faults if fault.finding is Finding.REORDERED]
    assert {low, high} <= {position for fault in moved for position in range(fault.first, fault.last + 1)}


@pytest.mark.parametrize("kept", [0, 1, 7, RECORDS - 1])
def test_records_cut_off_below_the_newest_checkpoint_are_named(
    tampered: Callable[[Callable[[bytes], bytes]], Report], kept: int
) -> None:
    """Truncation below the newest checkpoint is found, with the range that is missing."""
    report = tampered(lambda data: with_frames(data, frames_of(data)[:kept]))
    assert [(fault.finding, fault.first, fault.last) for fault in report.faults] == [
        (Finding.REMOVED, kept, RECORDS - 1)
    ]


def rewritten_without_its_end(written: Path, place: Path, kept: int) -> Path:
    """A journal of which someone with the key cut the end, and signed what is left."""
    settings = {"origin": ORIGIN, "signer": KEY, "clock": fixed_clock, "limits": SMALL}
    with Journal.open(place, **settings):
        pass
    source = (written / "journal" / segment.DIRECTORY / segment.name(0)).read_bytes()
    (place / segment.DIRECTORY / segment.name(0)).write_bytes(with_frames(source, frames_of(source)[:kept]))
    with Journal.open(place, **settings):
        pass
    return place


def test_a_cut_and_signed_again_is_seen_only_with_a_copy(written: Path, tmp_path: Path) -> None:
    """The limit of every log: without a newer copy a truncation is invisible; with one it is named."""
    place = rewritten_without_its_end(written, tmp_path / "cut", 9)
    assert verify(place, VERIFIER).ok
    report = verify(place, VERIFIER, copies(written / "copy", VERIFIER))
    assert any(fault.finding is Finding.DIVERGED and fault.last == RECORDS - 1 for fault in report.faults)


def test_a_history_written_anew_with_the_key_is_seen_with_a_copy(written: Path, tmp_path: Path) -> None:
    """Whoever has the key can sign another history, but not one that agrees with a copy."""
    settings = {"origin": ORIGIN, "signer": KEY, "clock": fixed_clock, "limits": SMALL}
    with Journal.open(tmp_path / "other", **settings) as journal:
        for number in range(RECORDS + 5):
            journal.append(b"another %d" % number, retention=1)
    report = verify(tmp_path / "other", VERIFIER, copies(written / "copy", VERIFIER))
    assert Finding.DIVERGED in {fault.finding for fault in report.faults}


def test_agreement_with_an_older_copy_is_proved(begin: Begin, tmp_path: Path) -> None:
    """Against an older checkpoint the report carries the consistency proof of RFC 6962."""
    with begin() as journal:
        for number in range(5):
            journal.append(b"%d" % number, retention=1)
        older = journal.checkpoint_now()
        for number in range(600):
            journal.append(b"%d" % number, retention=1)
    report = verify(tmp_path / "journal", VERIFIER, [older])
    assert report.faults == ()
    assert len(report.consistency) > 0


BESIDE = [
    ("checkpoint", Finding.CHECKPOINT),
    ("checkpoints/*.txt", Finding.CHECKPOINT),
    ("tile/0/000", Finding.TILE),
    ("tile/1/000.p/2", Finding.TILE),
    ("snapshots/*.snap", Finding.SNAPSHOT),
]


@pytest.mark.parametrize(("pattern", "expected"), BESIDE)
def test_what_lies_beside_the_records_is_verified_too(
    begin: Begin, tmp_path: Path, pattern: str, expected: Finding
) -> None:
    """An altered checkpoint, history, tile or snapshot is found, and the records are not blamed for it."""
    with begin() as journal:
        for number in range(600):
            journal.append(b"%d" % number, retention=1)
        journal.write_snapshot(b"state", journal.position)
    (path,) = (tmp_path / "journal").glob(pattern)
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    assert {fault.finding for fault in verify(tmp_path / "journal", VERIFIER).faults} == {expected}


def test_an_altered_record_is_named_although_its_tile_was_altered_too(begin: Begin, tmp_path: Path) -> None:
    """Whoever fixes digest and tiles after an alteration does not get past the signed root."""
    with begin() as journal:
        for number in range(300):
            journal.append(b"%d" % number, retention=1)
    path = tmp_path / "journal" / segment.DIRECTORY / segment.name(0)
    data = path.read_bytes()
    frames = frames_of(data)
    salted = frames[77][frame.HEAD_BYTES :][:-1] + b"!"
    frames[77] = frame.HEAD.pack(frame.WHOLE, len(salted), 77, frame.sha256(salted).digest()) + salted
    path.write_bytes(with_frames(data, frames))
    tile = tmp_path / "journal/tile/0/000"
    hashes = bytearray(tile.read_bytes())
    hashes[77 * 32 : 78 * 32] = frame.sha256(b"\x00" + frame.sha256(salted).digest()).digest()
    tile.write_bytes(hashes)
    report = verify(tmp_path / "journal", VERIFIER)
    assert any(fault.finding is Finding.DIVERGED and fault.first <= 77 <= fault.last for fault in report.faults)


def test_a_journal_that_is_being_written_verifies(begin: Begin, tmp_path: Path) -> None:
    """Records behind the newest checkpoint are counted as not signed for yet, not as faults."""
    with begin() as journal:
        for number in range(20):
            journal.append_now(b"%d" % number)
        journal.checkpoint_now()
        journal.append_now(b"one more")
        report = verify(tmp_path / "journal", VERIFIER)
    assert (report.faults, report.records, report.signed) == ((), 21, 20)


def test_a_copy_of_another_key_is_refused(written: Path) -> None:
    """A second place with notes that this key did not sign is an error, not an agreement."""
    other = VERIFIER.__class__(ORIGIN, bytes(32))
    with pytest.raises(ProofError):
        copies(written / "copy", other)
    with pytest.raises(ProofError, match="no checkpoint"):
        copies(written / "journal" / "segments", VERIFIER)
