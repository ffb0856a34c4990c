"""Evidence must not go quietly: neither under cover of what may go, nor under cover of a journal in use."""

import fcntl
from pathlib import Path

import pytest
from journals import START_US, VERIFIER, Begin

from bailiwick.journal import frame, segment
from bailiwick.journal.erasure import condense
from bailiwick.journal.report import Finding
from bailiwick.journal.retention import Retention
from bailiwick.journal.verify import copies, verify
from bailiwick.journal.writer import Limits

DAY_US = 86_400_000_000
SHORT = Limits(reserve_bytes=0, low_water_bytes=0, index_every=8, segment_bytes=4_000)


def blank(place: Path, position: int) -> None:
    """Take the body of a record out of its segment, as condensing would."""
    part = next(part for part in reversed(segment.listed(place)) if part.first <= position)
    data = part.path.read_bytes()
    found = next(each for each in frame.scan(data, segment.HEAD_BYTES) if each.position == position)
    assert found.form == frame.WHOLE
    gone = frame.HEAD.pack(frame.CONDENSED, 0, position, found.digest)
    part.path.write_bytes(data[: found.offset] + gone + data[found.end :])


@pytest.mark.parametrize("rounds", [1, 2])
def test_condensed_reads_are_no_cover_for_a_trade_that_goes(begin: Begin, tmp_path: Path, rounds: int) -> None:
    """Whoever takes out a trade between reads that were rightly condensed is found out by their number."""
    place = tmp_path / "journal"
    kinds = (Retention.TRADE, Retention.READ, Retention.FAILURE)
    with begin(limits=SHORT) as journal:
        for number in range(90):
            journal.append_now(b"x" * 100, retention=kinds[number % 3])
        assert condense(journal, START_US + 8 * DAY_US)
        if rounds == 2:
            condense(journal, START_US + 9_999 * DAY_US)
    assert verify(place, VERIFIER).faults == ()
    blank(place, 3)
    assert [fault.finding for fault in verify(place, VERIFIER).faults] == [Finding.BLANKED]


def test_a_lock_and_a_torn_end_hide_no_truncation(begin: Begin, tmp_path: Path) -> None:
    """Records that a checkpoint signed for are missed even where the journal looks as if it were being written."""
    place = tmp_path / "journal"
    with begin(copy_to=tmp_path / "copy") as journal:
        for number in range(20):
            journal.append_now(b"record %d" % number)
    part = segment.listed(place)[0]
    data = part.path.read_bytes()
    frames = list(frame.scan(data, segment.HEAD_BYTES))
    part.path.write_bytes(data[: frames[9].offset + 20])
    with (place / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not verify(place, VERIFIER).ok
        assert not verify(place, VERIFIER, copies(tmp_path / "copy", VERIFIER)).ok
