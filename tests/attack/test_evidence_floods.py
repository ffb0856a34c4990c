"""A token is in a thief's hands, and he asks for the file for the exchange until the disk is full."""

import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from notify_house import NotifyHouse

from bailiwick.authority import evidencefiles
from bailiwick.authority import notice_verbs as verbs
from bailiwick.authority.evidencefiles import DAY_MS, PAUSE_MS
from bailiwick.link.wire import LinkError

THIEF = "token of Ada"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[NotifyHouse]:
    """A house with a venue, an account and a service."""
    made = NotifyHouse(tmp_path)
    await made.settle()
    yield made
    made.close()


def files(house: NotifyHouse) -> list[Path]:
    return sorted((house.config.data / "incidents").rglob("*.*"))


def made_at(file: str) -> int:
    return Path(file).stat().st_mtime_ns


def content(file: str) -> bytes:
    return Path(file).read_bytes()


async def write(house: NotifyHouse, incident: str, actor: str = THIEF) -> str:
    """What is said to who asks for the file: that it is there, or why it is not."""
    try:
        return (await house.desk.answer(verbs.WriteEvidence(id=incident), actor)).evidence
    except LinkError as refused:
        return refused.sentence


async def test_an_incident_has_one_file_however_often_it_is_written(house: NotifyHouse) -> None:
    """Written anew again and again, the file lies in the place of the old one, and is the new one."""
    key = (await house.issue()).id
    house.traded(key, "c1")
    first = await house.ask(verbs.NotMe(key=key))
    for _ in range(5):
        house.now += PAUSE_MS
        assert await write(house, first.id) == first.evidence
    house.traded(key, "c2")
    second = await house.ask(verbs.NotMe(key=key))
    assert (second.evidence, files(house)) == (first.evidence, [Path(first.evidence)])
    with zipfile.ZipFile(second.evidence) as bundle:
        assert all(name in bundle.read("READ-ME-FIRST.txt").decode() for name in ("c1", "c2"))


async def test_a_loop_writes_once_a_minute(house: NotifyHouse) -> None:
    """Within the minute both ways to it leave the file and the journal alone, and say when it is written again."""
    key = (await house.issue()).id
    opened = await house.ask(verbs.NotMe(key=key))
    before = made_at(opened.evidence)
    for _ in range(3):
        assert "less than a minute ago; ask again after 20" in await write(house, opened.id)
        again = await house.desk.answer(verbs.NotMe(key=key), THIEF)
        assert (again.evidence, "less than a minute ago" in again.said[-1]) == (opened.evidence, True)
    assert (made_at(opened.evidence), "incident.evidence" in house.verbs()) == (before, False)
    house.now += PAUSE_MS
    assert await write(house, opened.id) == opened.evidence
    assert made_at(opened.evidence) > before


async def test_what_is_disputed_since_does_not_wait(house: NotifyHouse) -> None:
    """Orders that an owner disputes one after another are all in the file at once."""
    key = (await house.issue()).id
    for name in ("c1", "c2"):
        house.traded(key, name)
        answer = await house.ask(verbs.NotMe(key=key, order=name))
        with zipfile.ZipFile(answer.evidence) as bundle:
            assert name in bundle.read("READ-ME-FIRST.txt").decode()


async def test_who_floods_takes_the_files_from_nobody_else(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """One actor has so many files a day written, and no more; it still stops keys, and others have theirs written."""
    key = (await house.issue()).id
    opened = await house.ask(verbs.NotMe(key=key))
    monkeypatch.setattr(evidencefiles, "MOST_A_DAY", 4)
    spent = house.now + PAUSE_MS
    for _ in range(4):
        house.now += PAUSE_MS
        assert await write(house, opened.id) == opened.evidence
    house.now += PAUSE_MS
    assert "you had 4 files written within a day" in await write(house, opened.id)
    other = (await house.issue()).id
    stopped = await house.desk.answer(verbs.NotMe(key=other), THIEF)
    assert (house.state(other)[0], stopped.evidence) == ("winding_down", "")
    assert (await write(house, stopped.id, "uid 1000")).endswith(f"{other}.zip")
    house.now = spent + DAY_MS
    assert await write(house, opened.id) == opened.evidence


async def test_a_file_that_fails_leaves_the_old_one(house: NotifyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk fails midway the file of before is there, whole, and no half of another beside it."""
    key = (await house.issue()).id
    house.traded(key, "c1")
    opened = await house.ask(verbs.NotMe(key=key))
    before = content(opened.evidence)
    house.now += PAUSE_MS

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bailiwick.authority.evidence.prove", full)
    assert "No space left on device" in await write(house, opened.id)
    assert (files(house), content(opened.evidence)) == ([Path(opened.evidence)], before)
