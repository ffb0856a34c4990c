"""The house of these tests."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from api_house import ApiHouse

from bailiwick.store.store import Store


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables made, which takes longer than all that a test does with it."""
    path = tmp_path_factory.mktemp("store") / "bailiwick.db"
    Store.open(path).close()
    return path


@pytest.fixture
async def house(tmp_path: Path, empty_store: Path) -> AsyncIterator[ApiHouse]:
    """A control API with two owners behind it."""
    shutil.copy(empty_store, tmp_path / "bailiwick.db")
    made = ApiHouse(tmp_path)
    await made.settle()
    yield made
    made.store.close()
