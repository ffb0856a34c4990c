"""The house of these tests."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from api_house import ApiHouse
from console_house import Browser, ConsoleHouse

from bailiwick.store.store import Store


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables made, which takes longer than all that a test does with it."""
    path = tmp_path_factory.mktemp("store") / "bailiwick.db"
    Store.open(path).close()
    return path


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> ApiHouse:
    """Two owners and what is theirs, made once; each test has a copy."""
    directory = tmp_path_factory.mktemp("settled")
    shutil.copy(empty_store, directory / "bailiwick.db")
    made = ApiHouse(directory)
    asyncio.run(made.settle())
    made.store.close()
    return made


@pytest.fixture
async def house(tmp_path: Path, settled: ApiHouse) -> AsyncIterator[ApiHouse]:
    """A control API with two owners behind it."""
    shutil.copy(settled.config.database, tmp_path / "bailiwick.db")
    made = ApiHouse(tmp_path)
    made.like(settled)
    yield made
    made.store.close()


@pytest.fixture
async def consoled(tmp_path: Path, settled: ApiHouse) -> AsyncIterator[ConsoleHouse]:
    """The same house with a console."""
    shutil.copy(settled.config.database, tmp_path / "bailiwick.db")
    made = ConsoleHouse(tmp_path)
    made.like(settled)
    yield made
    made.store.close()


@pytest.fixture
async def eve(consoled: ConsoleHouse) -> Browser:
    """An operator who has made a passkey by a link and is signed in."""
    browser = Browser(consoled)
    answer = await browser.enter(await consoled.link())
    assert answer.status == 200, answer.body
    return browser
