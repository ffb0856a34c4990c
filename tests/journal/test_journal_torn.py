"""What a crash leaves at the end of the file is cut, at whatever byte; what was durable is never cut."""

import shutil
from pathlib import Path

import pytest
from journals import START_US, VERIFIER, Begin

from bailiwick.journal import frame, segment
from bailiwick.journal.error import JournalDamaged
from bailiwick.journal.log import Journal
from bailiwick.journal.reader import read, tail
from bailiwick.journal.record import Cut, decode
from bailiwick.journal.verify import verify
from bailiwick.journal.writer import Limits

RECORDS = 3
TEXTS = [b"first", b"second", b"the last record"]


def unclosed(begin: Begin, place: Path) -> bytes:
    """The one segment of a journal that was never closed: no checkpoint covers its records."""
    with begin() as journal:
        for text in TEXTS:
            journal.append_now(text, retention=1)
    for path in ("checkpoint", *(str(found.relative_to(place)) for found in (place / "checkpoints").iterdir())):
        (place / path).unlink()
    return (place / segment.DIRECTORY / segment.name(0)).read_bytes()


def records(place: Path) -> list[bytes | None]:
    """What the journal holds."""
    return [entry.record for entry in read(place)]


def test_a_torn_last_record_is_cut_at_every_byte_and_the_cut_is_recorded(begin: Begin, tmp_path: Path) -> None:
    """Wherever in the last record the file ends, the others stay, the rest is set aside, and a record says so."""
    place = tmp_path / "journal"
    data = unclosed(begin, place)
    path = place / segment.DIRECTORY / segment.name(0)
    last = list(frame.scan(data, segment.HEAD_BYTES))[-1]
    for length in range(last.offset + 1, last.end):
        path.write_bytes(data[:length])
        for old in (place / "checkpoint", *(place / "checkpoints").iterdir()):
            old.unlink(missing_ok=True)
        with begin(limits=Limits(reserve_bytes=0, low_water_bytes=0)):
            pass
        *kept, cut = records(place)
        assert kept == TEXTS[:-1]
        assert cut is not None
        said = decode(cut)
        assert isinstance(said, Cut)
        assert (said.at_us, said.position, said.length) == (START_US, 2, length - last.offset)
        (aside,) = (place / "cuts").iterdir()
        assert aside.read_bytes() == data[last.offset : length]
        aside.unlink()


def test_a_file_that_ends_between_two_records_is_not_cut(begin: Begin, tmp_path: Path) -> None:
    """Nothing is recorded where nothing was torn."""
    place = tmp_path / "journal"
    unclosed(begin, place)
    with begin():
        pass
    assert records(place) == TEXTS


def test_a_segment_whose_head_is_torn_is_begun_anew(begin: Begin, tmp_path: Path) -> None:
    """A stop while a new segment was being made costs nothing but its head."""
    place = tmp_path / "journal"
    unclosed(begin, place)
    (place / segment.DIRECTORY / segment.name(3)).write_bytes(b"bailiwick-jour")
    with begin() as journal:
        journal.append_now(b"after")
    *kept, cut, after = records(place)
    assert (kept, after) == (TEXTS, b"after")
    assert cut is not None
    assert isinstance(decode(cut), Cut)


@pytest.mark.parametrize("number", [0, 1])
def test_a_damaged_record_that_was_durable_is_not_cut(begin: Begin, tmp_path: Path, number: int) -> None:
    """A record that a later commit shows to have been durable stops the start: it is damage, not a torn end."""
    place = tmp_path / "journal"
    data = bytearray(unclosed(begin, place))
    victim = list(frame.scan(bytes(data), segment.HEAD_BYTES))[number]
    data[victim.end - 1] ^= 1
    path = place / segment.DIRECTORY / segment.name(0)
    path.write_bytes(data)
    with pytest.raises(JournalDamaged, match=f"record {number} is damaged"):
        begin()
    assert path.read_bytes() == data


def test_a_signed_record_is_not_cut(begin: Begin, tmp_path: Path) -> None:
    """A last record that a checkpoint covers stops the start if it is torn."""
    place = tmp_path / "journal"
    with begin() as journal:
        journal.append_now(b"only")
    path = place / segment.DIRECTORY / segment.name(0)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(JournalDamaged, match="1 records were signed for, only 0 are here"):
        begin()


def test_records_that_do_not_lead_to_the_signed_root_stop_the_start(begin: Begin, tmp_path: Path) -> None:
    """Nothing is appended to a journal whose signed past was changed, with tiles or without."""
    place = tmp_path / "journal"
    with begin() as journal:
        for text in TEXTS:
            journal.append_now(text)
    path = place / segment.DIRECTORY / segment.name(0)
    data = path.read_bytes()
    frames = [data[found.offset : found.end] for found in frame.scan(data, segment.HEAD_BYTES)]
    salted = bytes(16) + b"\x00forged"
    forged = frame.HEAD.pack(frame.WHOLE, len(salted), 1, frame.sha256(salted).digest()) + salted
    path.write_bytes(data[: segment.HEAD_BYTES] + frames[0] + forged + frames[2])
    (place / "tile/0/000.p/3").unlink()
    with pytest.raises(JournalDamaged, match="do not lead to the root"):
        begin()


def test_missing_tiles_and_indexes_are_made_again(begin: Begin, tmp_path: Path) -> None:
    """Tiles and indexes are only a short cut: without them the start reads the segments."""
    place = tmp_path / "journal"
    with begin() as journal:
        for number in range(700):
            journal.append(b"%d" % number)
        before = journal.checkpoint_now()
    for path in (*place.glob("tile/*/*"), *place.glob("segments/*.idx")):
        if path.is_file():
            path.unlink()
    with begin() as journal:
        assert isinstance(journal, Journal)
        assert journal.checkpoint_now().root == before.root
        journal.append_now(b"more")
    assert len(records(place)) == 701
    assert (place / "tile/0/001").exists()


def framed(position: int, lead: int, text: bytes) -> bytes:
    """A frame with a right digest."""
    body = bytes(16) + bytes([lead]) + text
    return frame.HEAD.pack(frame.WHOLE, len(body), position, frame.sha256(body).digest()) + body


def test_a_hole_in_the_last_commit_is_cut_although_whole_records_follow_it(begin: Begin, tmp_path: Path) -> None:
    """A power cut may leave a later part of one commit and not an earlier one: nobody was told of any of it."""
    place = tmp_path / "journal"
    unclosed(begin, place)
    (place / "checkpoint").unlink(missing_ok=True)
    hole = bytes(len(framed(1, 1, b"second")))
    data = framed(0, 0x81, b"first") + hole + framed(2, 1, b"third") + framed(3, 1, b"fourth")
    (place / segment.DIRECTORY / segment.name(0)).write_bytes(segment.head(0, START_US) + data)
    with begin():
        pass
    first, cut = records(place)
    assert first == b"first"
    assert cut is not None
    assert isinstance(decode(cut), Cut)


def copied(place: Path, to: Path) -> Path:
    """The journal as a kill at this moment would leave it, moved to where the next one is opened."""
    shutil.copytree(place, to / "journal")
    return to / "journal"


def test_a_kill_between_a_checkpoint_and_its_publication_loses_nothing(begin: Begin, tmp_path: Path) -> None:
    """The newest checkpoint counts although only an older one was published with its tiles."""
    place = tmp_path / "journal"
    with begin() as journal:
        for number in range(300):
            journal.append(b"%d" % number)
        journal.checkpoint_now()
        for number in range(300, 700):
            journal.append(b"%d" % number)
        journal._writer.wait(699)
        newest = journal._keeper.checkpoint(publish=False)
        journal.append_now(b"700")
        left = copied(place, tmp_path / "left")
    assert newest.size == 700
    with begin(place=left) as journal:
        assert journal.position == 701
        assert journal.last_checkpoint == newest
    assert verify(left, VERIFIER).faults == ()
    (path,) = (left / segment.DIRECTORY).glob("*.seg")
    data = path.read_bytes()
    last = [found for found in frame.scan(data, segment.HEAD_BYTES) if found.position < 650][-1]
    path.write_bytes(data[: last.end])
    with pytest.raises(JournalDamaged, match="701 records were signed for"):
        begin(place=left)


def test_a_damaged_record_near_the_end_is_no_end(begin: Begin, tmp_path: Path) -> None:
    """Whoever reads the last records is told that one is damaged, and not shown fewer as if there were no more."""
    with begin() as journal:
        for number in range(6):
            journal.append_now(b"record %d" % number)
    (part,) = segment.listed(tmp_path / "journal")
    data = bytearray(part.path.read_bytes())
    data[data.index(b"record 4")] ^= 1
    part.path.write_bytes(data)
    with pytest.raises(JournalDamaged, match="record 4"):
        tail(tmp_path / "journal", 3)
