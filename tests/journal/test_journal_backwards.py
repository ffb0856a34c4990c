"""Reading from the end: the same records as from the beginning, without taking apart what is of no interest."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from journals import START_US, Begin

from bailiwick.journal import reader
from bailiwick.journal.backwards import stretches
from bailiwick.journal.erasure import condense
from bailiwick.journal.error import JournalDamaged
from bailiwick.journal.retention import Retention
from bailiwick.journal.writer import Limits

WORDS = (b"alpha", b"beta", b"gamma")
COUNT = 200
SHORT = Limits(reserve_bytes=0, low_water_bytes=0, index_every=8, segment_bytes=4_000)  # some dozens of records


@pytest.fixture
def place(begin: Begin, tmp_path: Path) -> Path:
    """A journal of 200 records in several files, each with some of the words in it."""
    with begin(limits=SHORT) as journal:
        for number in range(COUNT):
            said = b" ".join(word for bit, word in enumerate(WORDS) if number % 7 >> bit & 1)
            journal.append_now(b'["act","%d %s"]' % (number, said), retention=Retention.KEEP)
    return tmp_path / "journal"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=some.integers(0, COUNT),
    floor=some.integers(0, COUNT),
    words=some.lists(some.sampled_from([*WORDS, b"absent"]), max_size=2),
)
def test_it_is_the_same_as_reading_forwards(place: Path, before: int, floor: int, words: list[bytes]) -> None:
    """Whatever is looked for and wherever, exactly the records with all the words are given, newest first."""
    found = [
        entry
        for stretch in stretches(place, before, floor, words)
        for entry in stretch.entries
        if entry.position >= floor
    ]
    every = reader.read(place)
    wanted = [each for each in every if floor <= each.position < before and _has(each.record, words)]
    assert found == wanted[::-1]


def _has(record: bytes | None, words: list[bytes]) -> bool:
    return record is not None and all(word in record for word in words)


def test_stretches_join_without_a_gap(place: Path) -> None:
    """Each stretch ends where the one before it begins, down to the first record."""
    found = list(stretches(place, COUNT, 0, (b"absent",)))
    assert len(found) > 5
    assert [each.end for each in found] == [COUNT, *(each.first for each in found[:-1])]
    assert found[-1].first == 0


def test_a_record_that_was_altered_is_not_given(place: Path) -> None:
    """One altered byte in a record that is looked at is said to be damage, and nothing is made of it."""
    segment = next(each for each in (place / "segments").glob("*.seg") if b'"100 ' in each.read_bytes())
    data = segment.read_bytes()
    at = data.index(b'"100 ')
    segment.write_bytes(data[:at] + b'"1X0 ' + data[at + 5 :])
    with pytest.raises(JournalDamaged):
        list(stretches(place, COUNT, 0, (b"act",)))


def test_without_an_index_it_reads_all_the_same(place: Path) -> None:
    """Where the index of a file is gone, nothing is missed."""
    for index in (place / "segments").glob("*.idx"):
        index.unlink()
    found = [each.position for stretch in stretches(place, COUNT, 0, (b"alpha",)) for each in stretch.entries]
    assert found == [number for number in reversed(range(COUNT)) if number % 7 & 1]


def test_bodies_that_are_gone_are_counted(begin: Begin, tmp_path: Path) -> None:
    """Of a condensed record nobody knows what it said, so it is counted and not passed over in silence."""
    with begin(limits=SHORT) as journal:
        journal.append_now(b'["act","kept alpha"]', retention=Retention.KEEP)
        for _ in range(99):
            journal.append_now(b'["read","alpha"]', retention=Retention.READ)
        dropped = condense(journal, START_US + 8 * 86_400_000_000)
    found = list(stretches(tmp_path / "journal", 100, 0, (b"alpha",)))
    assert dropped > 40
    assert sum(each.unread for each in found) == dropped
    assert sum(len(each.entries) for each in found) == 100 - dropped
