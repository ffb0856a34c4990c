"""Reference prices of one venue: its public data, symbol by symbol, brought into the market that decisions read."""

from collections.abc import Container, Mapping, Sequence
from decimal import Decimal

from bailiwick.model.intent import Side
from bailiwick.model.market import BookTop, Candle, SymbolInfo
from bailiwick.model.money import ZERO
from bailiwick.rules.market import Market
from bailiwick.rules.reference import Reference


class Prices:
    """Keeps a market's quotes.

    Trades of keys behind this gateway are gathered between two looks at the book, and told to the reference with the
    mid of the look before them: so that they do not move the anchor, and so that a busy second costs no more than a
    quiet one.
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        self._references: dict[str, Reference] = {}
        self._mids: dict[str, Decimal] = {}
        self._own: dict[tuple[str, Side], Decimal] = {}
        self._missed: set[tuple[str, str]] = set()

    @property
    def followed(self) -> Container[str]:
        """The symbols whose market is followed."""
        return self._references.keys()

    def miss(self, symbol: str, currency: str) -> None:
        """Note that an order of this symbol could not be priced in this currency, so that its market is followed."""
        if symbol in self.market.symbols:
            self._missed.add((symbol, currency))

    def take_missed(self) -> set[tuple[str, str]]:
        """What was missed since the last call: symbols, each with the currency it was to be priced in."""
        missed, self._missed = self._missed, set()
        return missed

    def set_symbols(self, symbols: Mapping[str, SymbolInfo]) -> None:
        """Take the venue's description of its symbols."""
        self.market.set_symbols(symbols)

    def seed(self, symbol: str, minutes: Sequence[Candle], now_us: int) -> None:
        """Take a symbol's candles of a minute of the last day; it is followed from then on."""
        reference = self._references.get(symbol)
        if reference is None:
            reference = self._references[symbol] = Reference()
            reference.seed(minutes, now_us)
            self.market.set_quote(symbol, reference.quote(now_us))

    def set_daily_volumes(self, symbol: str, volumes: Sequence[Decimal], running: Decimal = ZERO) -> None:
        """Take the volumes of whole days, in the quote asset, and of the one that is not over."""
        reference = self._references.get(symbol)
        if reference is not None:
            reference.set_daily_volumes(volumes, running)

    def observe(self, tops: Sequence[BookTop], now_us: int) -> None:
        """Take best bids and asks, of all symbols at once."""
        own, self._own = self._own, {}
        for (symbol, side), quantity in own.items():
            reference = self._references.get(symbol)
            if reference is not None:
                reference.own_trade(side, quantity, now_us, self._mids.get(symbol))
        for top in tops:
            reference = self._references.get(top.symbol)
            if reference is not None:
                reference.observe(top.bid, top.ask, now_us)
                self._mids[top.symbol] = (top.bid + top.ask) / 2
                self.market.set_quote(top.symbol, reference.quote(now_us), top.resting)

    def own_trade(self, symbol: str, side: Side, quantity: Decimal) -> None:
        """Note that a key behind this gateway traded so much, in the base asset."""
        place = (symbol, side)
        self._own[place] = self._own.get(place, Decimal(0)) + quantity
