"""Symbols, reference prices, and what an asset is worth in another, as far as a venue's own prices tell."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple, final

from bailiwick.model.market import Quote, SymbolInfo
from bailiwick.model.money import EXACT, FRACTION_DIGITS, times

HUBS = ("USDT", "BTC", "BNB", "ETH", "FDUSD", "USDC")

_ONE = Decimal(1)
_FINEST = _ONE.scaleb(-FRACTION_DIGITS)


Reckoned = tuple[float, int, float, int, float | None, float | None, float | None, str]
"""Near and anchor as floats, 0 where there is none, each with the last moment (µs) at which it is true; a day's volume,
and what rests at the best bid and ask, None where it is not known; and the asset that these are counted in, empty where
the venue no longer has the symbol."""


class Worth(NamedTuple):
    """What one unit of an asset is worth in another: at most, at least, and when the oldest price on the way was fresh.

    Both have at most 18 digits after the point, the one rounded up and the other down.
    """

    most: Decimal
    least: Decimal
    fresh_us: int


_SAME = Worth(_ONE, _ONE, 1 << 62)


@final
class Market:
    """What is known of a venue's markets at this moment. Whoever owns it sets it; decisions only read."""

    __slots__ = ("_pairs", "_worths", "quotes", "reckoned", "resting", "symbols")

    def __init__(self, symbols: Mapping[str, SymbolInfo] | None = None) -> None:
        self.symbols: dict[str, SymbolInfo] = {}
        self.quotes: dict[str, Quote] = {}
        self.reckoned: dict[str, Reckoned] = {}  # of each quote, by the watch; see its reading
        self.resting: dict[str, tuple[Decimal, Decimal]] = {}  # at the best bid and ask, in the quote asset
        self._pairs: dict[tuple[str, str], str] = {}
        self._worths: dict[tuple[str, str], Worth | None] = {}
        if symbols:
            self.set_symbols(symbols)

    def set_symbols(self, symbols: Mapping[str, SymbolInfo]) -> None:
        """Take the venue's description of its symbols; quotes of those that are gone go too."""
        self.symbols = dict(symbols)
        self._pairs = {(info.base, info.quote): info.symbol for info in symbols.values()}
        self.quotes = {symbol: quote for symbol, quote in self.quotes.items() if symbol in self.symbols}
        self.resting = {symbol: resting for symbol, resting in self.resting.items() if symbol in self.symbols}
        self._worths.clear()
        self.reckoned.clear()

    def set_quote(self, symbol: str, quote: Quote, resting: tuple[Decimal, Decimal] | None = None) -> None:
        """Take fresh reference prices of a symbol, and what rests at its best bid and ask, in the quote asset."""
        self.quotes[symbol] = quote
        if resting is not None:
            self.resting[symbol] = resting
        elif symbol in self.resting:
            del self.resting[symbol]
        self.reckoned.pop(symbol, None)
        if self._worths:
            self._worths.clear()

    def convert(self, asset: str, currency: str) -> Decimal | None:
        """What a unit of the asset is worth in the currency at most, or None where there is no path."""
        worth = self.worth(asset, currency)
        return None if worth is None else worth.most

    def worth(self, asset: str, currency: str) -> Worth | None:
        """What a unit of the asset is worth in the currency: by a pair of both, or over one hub."""
        if asset == currency:
            return _SAME
        key = (asset, currency)
        if key not in self._worths:
            self._worths[key] = self._pair(asset, currency) or self._over_hub(asset, currency)
        return self._worths[key]

    def between(self, asset: str, currency: str) -> tuple[str, ...]:
        """The symbols whose prices lead from the asset to the currency: one, two over a hub, or none."""
        direct = self._symbol(asset, currency)
        if direct is not None:
            return (direct,)
        for hub in HUBS:
            first, second = self._symbol(asset, hub), self._symbol(hub, currency)
            if first is not None and second is not None:
                return first, second
        return ()

    def _symbol(self, asset: str, currency: str) -> str | None:
        return self._pairs.get((asset, currency)) or self._pairs.get((currency, asset))

    def _over_hub(self, asset: str, currency: str) -> Worth | None:
        for hub in HUBS:
            if hub in (asset, currency):
                continue
            first, second = self._pair(asset, hub), self._pair(hub, currency)
            if first is not None and second is not None:
                return Worth(
                    _up(times(first.most, second.most)),
                    _down(times(first.least, second.least)),
                    min(first.fresh_us, second.fresh_us),
                )
        return None

    def _pair(self, asset: str, currency: str) -> Worth | None:
        """By the near and anchor prices of one symbol: the worst of both."""
        if (symbol := self._pairs.get((asset, currency))) is not None:
            found = self._extremes(symbol)
            return found and Worth(found.most, found.least, found.fresh_us)
        if (symbol := self._pairs.get((currency, asset))) is not None:
            found = self._extremes(symbol)
            return found and Worth(
                _up(EXACT.divide(_ONE, found.least)), _down(EXACT.divide(_ONE, found.most)), found.fresh_us
            )
        return None

    def _extremes(self, symbol: str) -> Worth | None:
        quote = self.quotes.get(symbol)
        if quote is None or not quote.near or not quote.anchor:
            return None
        return Worth(max(quote.near, quote.anchor), min(quote.near, quote.anchor), min(quote.near_us, quote.anchor_us))


def _up(amount: Decimal) -> Decimal:
    return amount.quantize(_FINEST, ROUND_CEILING, EXACT)


def _down(amount: Decimal) -> Decimal:
    return amount.quantize(_FINEST, ROUND_FLOOR, EXACT)
