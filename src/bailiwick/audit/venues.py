"""The exchanges that can be asked, by name."""

from typing import Final

from bailiwick.audit.binance import Binance, BinanceUs
from bailiwick.audit.bybit import Bybit
from bailiwick.audit.coinbase import Coinbase
from bailiwick.audit.kraken import Kraken
from bailiwick.audit.kucoin import Kucoin
from bailiwick.audit.question import AuditVenue

VENUES: Final[dict[str, AuditVenue]] = {
    venue.name: venue for venue in (Binance(), BinanceUs(), Bybit(), Kraken(), Kucoin(), Coinbase())
}


def find(name: str) -> AuditVenue:
    """The exchange of this name.

    Raises:
        ValueError: naming those there are.
    """
    venue = VENUES.get(name)
    if venue is None:
        raise ValueError(f"venue: {name[:40]!r} cannot be asked about keys; choose from {', '.join(VENUES)}")
    return venue
