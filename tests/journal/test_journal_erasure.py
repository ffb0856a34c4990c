"""Bodies go, digests stay, and nothing goes without a word."""

from datetime import timedelta
from pathlib import Path

import pytest
from journals import START_US, VERIFIER, Begin

from bailiwick.journal import frame, segment
from bailiwick.journal.erasure import condense, erase
from bailiwick.journal.error import JournalDamaged, JournalError
from bailiwick.journal.proof import prove
from bailiwick.journal.reader import read
from bailiwick.journal.record import Condensed, Erased, decode
from bailiwick.journal.report import Finding
from bailiwick.journal.retention import Retention
from bailiwick.journal.verify import verify
from bailiwick.journal.verify_proof import Proof
from bailiwick.journal.writer import Limits

DAY_US = 86_400_000_000
SHORT = Limits(reserve_bytes=0, low_water_bytes=0, index_every=8, segment_bytes=4_000)


def test_reads_are_condensed_after_seven_days_and_the_tree_still_verifies(begin: Begin, tmp_path: Path) -> None:
    """Trades stay, reads of closed segments keep only their digests, room is given back, and it is recorded once."""
    place = tmp_path / "journal"
    with begin(limits=SHORT) as journal:
        for number in range(100):
            retention = Retention.READ if number % 2 else Retention.TRADE
            journal.append_now(b"x" * 100 + b"%d" % number, retention=retention)
        before = sum(path.stat().st_size for path in place.glob("segments/*.seg"))
        assert condense(journal, START_US + 7 * DAY_US - 1) == 0
        dropped = condense(journal, START_US + 7 * DAY_US)
        assert dropped > 40
        assert condense(journal, START_US + 8 * DAY_US) == 0
        after = sum(path.stat().st_size for path in place.glob("segments/*.seg"))
        assert after < before - 50 * dropped
    entries = [entry for entry in read(place) if entry.position < 100]
    gone = [entry.position for entry in entries if entry.record is None]
    assert len(gone) == dropped
    assert all(position % 2 for position in gone)
    said = [decode(entry.record) for entry in read(place, 100) if entry.record is not None]
    assert sum(record.count for record in said if isinstance(record, Condensed)) == dropped
    report = verify(place, VERIFIER)
    assert (report.faults, report.condensed) == ((), dropped)
    parsed = Proof.parse(prove(place, gone[0], VERIFIER))
    assert parsed.check(VERIFIER).size == report.signed
    assert parsed.record is None
    with begin(limits=SHORT) as journal:
        journal.append_now(b"goes on")


def test_a_damaged_segment_is_not_condensed(begin: Begin) -> None:
    """Rewriting a damaged segment would lose what stands behind the damage, so it is left as it is."""
    with begin(limits=SHORT) as journal:
        for number in range(100):
            journal.append_now(b"x" * 100 + b"%d" % number, retention=Retention.READ)
        path = segment.listed(journal.directory)[0].path
        data = bytearray(path.read_bytes())
        data[1_000] ^= 1
        path.write_bytes(data)
        with pytest.raises(JournalDamaged, match="nothing is condensed"):
            condense(journal, START_US + 8 * DAY_US)
        assert path.read_bytes() == data


def test_the_period_of_each_class_is_its_own(begin: Begin) -> None:
    """A class without a period is kept for ever, another goes when its time is over."""
    with begin(limits=SHORT) as journal:
        for number in range(60):
            journal.append_now(b"x" * 100, retention=Retention(number % 4))
        assert condense(journal, START_US + 9_999 * DAY_US, {Retention.FAILURE: timedelta(days=1)}) > 0
        kept = {
            entry.retention for entry in read(journal.directory) if entry.record is not None and entry.position < 30
        }
        assert kept == {Retention.KEEP, Retention.TRADE, Retention.READ}


def test_one_record_is_erased_and_the_others_stay(begin: Begin, tmp_path: Path) -> None:
    """Body and salt are overwritten on the disk, the act is recorded, and everything still verifies and proves."""
    place = tmp_path / "journal"
    with begin() as journal:
        for number in range(5):
            journal.append_now(b"secret %d" % number, retention=Retention.TRADE)
        journal.write_snapshot(b"state", 5)
    with begin() as journal:
        erase(journal, 2, actor="ana", reason="asked for", now_us=START_US)
        erase(journal, 2, actor="ana", reason="again", now_us=START_US)
    assert b"secret 2" not in (place / "segments" / segment.name(0)).read_bytes()
    entries = list(read(place))
    assert [entry.record for entry in entries[:5]] == [b"secret 0", b"secret 1", None, b"secret 3", b"secret 4"]
    assert entries[6].record is not None
    assert decode(entries[6].record) == Erased(START_US, 2, "ana", "asked for")
    report = verify(place, VERIFIER)
    assert (report.faults, report.erased) == ((), 1)
    assert Proof.parse(prove(place, 2, VERIFIER)).check(VERIFIER).size == 7
    with begin() as journal, pytest.raises(LookupError):
        erase(journal, 99, actor="ana", reason="no such record", now_us=START_US)


def test_what_is_still_needed_is_not_erased(begin: Begin) -> None:
    """Acts, which a restore reads, and records that no snapshot covers, which a start reads, stay as they are."""
    with begin() as journal:
        journal.append_now(b"a revocation", retention=Retention.KEEP)
        journal.append_now(b"an order", retention=Retention.TRADE)
        journal.write_snapshot(b"state", 2)
        later = journal.append_now(b"a later order", retention=Retention.TRADE)
    with begin() as journal:
        with pytest.raises(JournalError, match="explains others"):
            erase(journal, 0, actor="ana", reason="", now_us=START_US)
        with pytest.raises(JournalError, match="next start needs it"):
            erase(journal, later, actor="ana", reason="", now_us=START_US)
        assert [entry.position for entry in read(journal.directory) if entry.record is None] == []


@pytest.mark.parametrize("form", [frame.CONDENSED, frame.ERASED])
def test_a_body_that_goes_without_a_word_is_a_fault(begin: Begin, tmp_path: Path, form: bytes) -> None:
    """Blanking a record from outside keeps the tree right, but no record says so, and that is named."""
    place = tmp_path / "journal"
    with begin() as journal:
        for number in range(5):
            journal.append_now(b"secret %d" % number)
    path = place / "segments" / segment.name(0)
    data = path.read_bytes()
    frames = list(frame.scan(data, segment.HEAD_BYTES))
    length = frames[3].end - frames[3].offset - frame.HEAD_BYTES if form == frame.ERASED else 0
    blank = frame.HEAD.pack(form, length, 3, frames[3].digest) + bytes(length)
    path.write_bytes(data[: frames[3].offset] + blank + data[frames[3].end :])
    assert [(fault.finding, fault.first) for fault in verify(place, VERIFIER).faults] == [(Finding.BLANKED, 3)]
