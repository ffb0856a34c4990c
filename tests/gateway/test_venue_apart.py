"""Everything that is true of one venue and of no other stands in that venue's dialect."""

from pathlib import Path

import pytest

import bailiwick

PACKAGE = Path(bailiwick.__file__).parent
OF_BINANCE = ("venues.binance", "x-mbx", "/sapi", "/api/v3", "recvWindow")

NATIVE = "nativecalls.py"  # the keys that Binance's own console makes: a service for that venue alone, which says so


@pytest.mark.parametrize("area", ["gateway", "rules", "journal"])
def test_nothing_of_one_venue_stands_outside_of_its_dialect(area: str) -> None:
    """No module of the gateway, the rules or the journal imports a dialect or spells one's words in its code."""
    found = [
        (path.name, word)
        for path in sorted((PACKAGE / area).glob("*.py"))
        if path.name != NATIVE
        for line in path.read_text().splitlines()
        for word in OF_BINANCE
        if word in line.partition("#")[0]
    ]
    assert found == []
