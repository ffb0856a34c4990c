"""What the gateway process does beside its requests."""

import asyncio
import errno
import inspect

import pytest
from ground import Ground

from bailiwick.gateway import process
from bailiwick.gateway.process import House


def test_everything_that_should_go_on_is_started(ground: Ground) -> None:
    """Each endless work of the house is among those that are started: none is written and forgotten."""
    started = {work.__qualname__ for work in close_all(ground)}
    endless = {
        method.__qualname__
        for _, method in inspect.getmembers(House, inspect.iscoroutinefunction)
        if "while True:" in inspect.getsource(method)
    }
    assert started >= endless


def close_all(ground: Ground) -> tuple[object, ...]:
    works = ground.house.works(ground.listener)
    for work in works:
        work.close()
    return works


async def test_a_journal_that_stopped_goes_on_once_its_disk_is_right(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed write the journal is read again by itself, and takes records again."""
    monkeypatch.setattr(process, "MEND_EVERY_S", 0.01)
    journal = ground.house.journal
    ground.disk.hold()
    ground.bot().buy()
    ground.disk.let_go(errno.EIO)
    await ground.durable()
    assert not journal.healthy
    ground.disk.let_go()
    mending = asyncio.create_task(ground.house._mend())
    async with asyncio.timeout(20):
        while not journal.healthy:  # noqa: ASYNC110  (there is nothing to wait for: it heals in a thread)
            await asyncio.sleep(0.01)
    mending.cancel()
    assert await asyncio.to_thread(journal.append_now, b"{}") >= 0
