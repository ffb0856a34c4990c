"""What is known of a market when an order is judged."""

from decimal import Decimal

import msgspec


class SymbolInfo(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A symbol as its venue describes it. Steps are zero where the venue sets none."""

    symbol: str
    base: str
    quote: str
    trading: bool
    tick: Decimal
    step: Decimal
    least_quantity: Decimal
    least_notional: Decimal


class OrderRates(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How many orders a venue says that it takes of one account; zero where it says nothing."""

    ten_seconds: int = 0
    day: int = 0


class Quote(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Reference prices of a symbol, in its quote asset.

    ``near`` is the median of mids over 10 s, ``anchor`` the time-weighted median over an hour (over a day where the
    hour is thin); ``None`` where there is no history. ``near_us`` and ``anchor_us`` say when each last had fresh data.
    ``daily_volume`` is the median over 30 days of the volume traded in a day, in the quote asset. Where that is
    nothing, ``rare_volume`` is the mean of those days that had any, the running one among them: 0 where none had.
    """

    near: Decimal | None
    anchor: Decimal | None
    near_us: int
    anchor_us: int
    daily_volume: Decimal | None
    rare_volume: Decimal | None = None


class BookTop(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask of a symbol, and how much of the base asset rests at each; None where the venue does not say."""

    symbol: str
    bid: Decimal
    ask: Decimal
    bid_quantity: Decimal | None = None
    ask_quantity: Decimal | None = None

    @property
    def resting(self) -> tuple[Decimal, Decimal] | None:
        """What rests at the best bid and ask, in the quote asset."""
        if self.bid_quantity is None or self.ask_quantity is None:
            return None
        return self.bid * self.bid_quantity, self.ask * self.ask_quantity


class Candle(msgspec.Struct, frozen=True, gc=False):
    """A candle: its beginning in milliseconds since 1970, its last price, and its volume in the quote asset."""

    open_ms: int
    close: Decimal
    quote_volume: Decimal


class PublicTrade(msgspec.Struct, frozen=True, gc=False):
    """A trade that the venue published: its number, when it was made, in microseconds since 1970, and who took."""

    number: int
    at_us: int
    price: Decimal
    quantity: Decimal
    taker_buy: bool


class TradedMinute(msgspec.Struct, frozen=True, gc=False):
    """A minute of a symbol: its beginning in milliseconds since 1970, what takers bought and sold in the quote."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    bought: Decimal
    sold: Decimal
    count: int


class Question(msgspec.Struct, frozen=True, gc=False):
    """A question for public data: the target of a GET and its request weight."""

    target: str
    weight: int
