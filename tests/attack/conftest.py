"""What is attacked: a gateway, a key before the rules, a journal; each as its own tests set it up."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

for _part in ("gateway", "rules", "journal", "authority", "notify", "watch"):
    _place = str(Path(__file__).parent.parent / _part)
    if _place not in sys.path:
        sys.path.append(_place)

from ground import Ground, make_template, open_ground  # noqa: E402  (found only now)
from journals import KEY, ORIGIN, SMALL, Begin, fixed_clock  # noqa: E402

from bailiwick.journal.log import Journal  # noqa: E402


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


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """Opens the journal of the test; keyword arguments replace those of ``Journal.open``."""

    def opened(**changes: Any) -> Journal:
        settings: dict[str, Any] = {"origin": ORIGIN, "signer": KEY, "clock": fixed_clock, "limits": SMALL}
        place = changes.pop("place", tmp_path / "journal")
        return Journal.open(place, **(settings | changes))

    return opened
