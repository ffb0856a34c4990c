"""A gateway to attack, one for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ground import Ground, make_template, open_ground

from bailiwick.logs import Log


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


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults are injected here by the hundred: nothing of them is printed."""
    monkeypatch.setattr(Log, "_write", lambda *_: None)
