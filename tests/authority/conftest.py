"""The house of these tests."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from authority_house import House

from bailiwick.store.store import Store


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables made, which takes longer than all that a test does with it."""
    path = tmp_path_factory.mktemp("store") / "bailiwick.db"
    Store.open(path).close()
    return path


@pytest.fixture
async def house(tmp_path: Path, empty_store: Path) -> AsyncIterator[House]:
    """A house with a venue, an account and a service in it."""
    shutil.copy(empty_store, tmp_path / "bailiwick.db")
    made = House(tmp_path)
    await made.settle()
    yield made
    made.store.close()
