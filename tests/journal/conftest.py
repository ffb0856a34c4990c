"""A journal in a directory of its own."""

from pathlib import Path
from typing import Any

import pytest
from journals import KEY, ORIGIN, SMALL, Begin, fixed_clock

from bailiwick.journal.log import Journal


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """Opens the journal of the test; keyword arguments replace those of ``Journal.open``."""

    def opened(**changes: Any) -> Journal:
        settings: dict[str, Any] = {"origin": ORIGIN, "signer": KEY, "clock": fixed_clock, "limits": SMALL}
        place = changes.pop("place", tmp_path / "journal")
        return Journal.open(place, **(settings | changes))

    return opened
