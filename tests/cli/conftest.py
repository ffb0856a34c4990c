"""What the tests of the command line share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_house import Served

from bailiwick.cli import main


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A control process over a fresh `bailiwick init`."""
    path = tmp_path / "b.toml"
    assert main(["init", str(path), "--port", "0", "--health", ""]) == 0
    running = Served(path)
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No terminal, no colours, a wide page, and nothing of the developer's own environment."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    for name in [name for name in os.environ if name.startswith("BAILIWICK_")]:
        monkeypatch.delenv(name)
