"""When snapshots are taken."""

import pytest
from ground import Ground

from bailiwick.gateway import snapshots


async def test_an_idle_gateway_takes_no_snapshot(ground: Ground) -> None:
    """Where nothing has come since the last one but its own note, none is due: notes would fill the journal."""
    taking = ground.house.snapshots
    taking._every_s = 0.0
    ground.bot().buy()
    await ground.durable()
    assert taking.due
    await taking.take()
    before = ground.house.journal.position
    assert not taking.due
    assert ground.house.journal.position == before


async def test_many_records_make_one_due_before_its_time(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a start has to read is bounded in records: so many, and a snapshot is due; but not one upon another."""
    monkeypatch.setattr(snapshots, "LEAST_S", 0.0)
    taking = ground.house.snapshots
    await taking.take()
    monkeypatch.setattr(snapshots, "MOST_RECORDS", 3)
    assert not taking.due
    for _ in range(3):
        ground.bot().buy()
    await ground.durable()
    assert taking.due
    monkeypatch.setattr(snapshots, "LEAST_S", 60.0)
    assert not taking.due


async def test_a_start_with_far_too_much_behind_it_takes_one_first(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed again and again, a gateway does not read more at each start: the tail is cut before it serves."""
    journal = ground.house.journal
    for _ in range(3):
        ground.bot().buy()
    await ground.durable()
    begun = snapshots.Snapshots(journal, ground.house.recovered.ledgers, ground.house.recovered.marks, 60.0)
    monkeypatch.setattr(snapshots, "MOST_RECORDS", 3)
    assert begun.due
    await begun.catch_up()
    assert journal.snapshot is None
    monkeypatch.setattr(snapshots, "OVERDUE_RECORDS", 3)
    await begun.catch_up()
    assert not begun.due
