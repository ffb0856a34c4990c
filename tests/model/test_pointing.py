"""Which clients can be given another API address: what is known, and what is said of whoever is not."""

import pytest

from bailiwick.model.pointing import Pointing, pointing_of


@pytest.mark.parametrize(
    ("service", "name", "found"),
    [
        ("freqtrade", "Freqtrade", Pointing.YES),
        ("mine", "python-binance", Pointing.YES),
        ("binance-sdk", "x", Pointing.YES),
        ("3commas", "x", Pointing.NO),
        ("bots", "3Commas", Pointing.NO),
        ("tax", "Waltio", Pointing.NO),
        ("hummingbot", "Hummingbot", Pointing.NO),
        ("gridbot", "Grid Bot", Pointing.UNKNOWN),
        ("not-3commas", "Not 3Commas", Pointing.UNKNOWN),
        ("ccxt-cloud", "CCXT Cloud", Pointing.UNKNOWN),
    ],
)
def test_a_service_is_known_by_its_whole_name(service: str, name: str, found: Pointing) -> None:
    """What is known of one client is said of no other that is called like it, and the unknown is called unknown."""
    known = pointing_of(service, name)
    assert (known.pointing, "not known" in known.sentence) == (found, found is Pointing.UNKNOWN)
