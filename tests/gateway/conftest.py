"""A gateway to attack, one for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from ground import Ground, make_template, open_ground


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory to copy."""
    return make_template(tmp_path_factory.mktemp("gateway") / "template")


@pytest.fixture
async def ground(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ground]:
    """A gateway whose venue, time and disk the test holds."""
    opened = open_ground(template, tmp_path / "house", monkeypatch)
    yield opened
    opened.disk.let_go()
    await opened.stop(crash=True)


def _drop(logger: Any, method: str, event: Any) -> Any:
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Faults are injected here by the hundred: nothing of them is printed."""
    structlog.configure(processors=[_drop])
    yield
    structlog.reset_defaults()
