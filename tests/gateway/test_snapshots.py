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
