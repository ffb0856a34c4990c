"""Reference prices of one venue: what its public data says, brought into the market that decisions read."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import median

from bailiwick.model.intent import Side
from bailiwick.model.market import BookTop, Candle, Quote, SymbolInfo
from bailiwick.rules.market import Market


class Prices:
    """Feeds a market."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._volumes: dict[str, Decimal] = {}
        self._seeded: set[str] = set()

    def set_symbols(self, symbols: Mapping[str, SymbolInfo]) -> None:
        """Take the venue's description of its symbols."""
        self.market.set_symbols(symbols)

    def observe(self, tops: Sequence[BookTop], now_us: int) -> None:
        """Take best bids and asks."""
        for top in tops:
            if top.symbol not in self._seeded:
                continue
            mid = (top.bid + top.ask) / 2
            volume = self._volumes.get(top.symbol)
            self.market.set_quote(
                top.symbol, Quote(near=mid, anchor=mid, near_us=now_us, anchor_us=now_us, daily_volume=volume)
            )

    def seed(self, symbol: str, minutes: Sequence[Candle], now_us: int) -> None:
        """Take the last day's candles of a minute."""
        self._seeded.add(symbol)

    def set_daily_volumes(self, symbol: str, volumes: Sequence[Decimal]) -> None:
        """Take the volumes of whole days, in the quote asset."""
        if volumes:
            self._volumes[symbol] = median(volumes)

    def own_trade(self, symbol: str, side: Side, quantity: Decimal, now_us: int) -> None:
        """A key behind this gateway traded."""
