"""What the gateway is asked of markets, for whoever follows public trades beside it. All of it is public data.

The gateway asks the venue, since it alone counts what weight is left of the address that both share.
"""

from decimal import Decimal

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol that a grant names or an order touched.

    ``moved_bps``: how far its price is from that of the last hour.
    """

    venue: str
    symbol: str
    moved_bps: float | None = None


class FollowedAnswer(Answer, frozen=True, kw_only=True):
    """The symbols whose prices are kept."""

    symbols: tuple[Followed, ...]


class FollowedSymbols(Question[FollowedAnswer], frozen=True, kw_only=True, tag="followed_symbols"):
    """Which symbols matter to keys of this gateway?"""


class TradeTold(msgspec.Struct, frozen=True, array_like=True):
    """A public trade: its number, the venue's time in microseconds, price, quantity, and whether the taker bought."""

    number: int
    at_us: int
    price: float
    quantity: float
    taker_buy: bool


class TradesAnswer(Answer, frozen=True, kw_only=True):
    """Public trades, oldest first. ``more``: there are more behind them. ``at_us`` is the venue's clock."""

    trades: tuple[TradeTold, ...]
    at_us: int
    more: bool = False


class PublicTrades(Question[TradesAnswer], frozen=True, kw_only=True, tag="public_trades"):
    """What was traded behind this number, or lately?"""

    venue: str
    symbol: str
    after: int | None = None


class MinuteTold(msgspec.Struct, frozen=True, array_like=True):
    """A minute of a symbol, its values in the quote asset."""

    open_ms: int
    high: float
    low: float
    close: float
    bought: float
    sold: float
    count: int


class MinutesAnswer(Answer, frozen=True, kw_only=True):
    """The last day by minutes, oldest first, without the one that runs."""

    minutes: tuple[MinuteTold, ...]


class TradedMinutes(Question[MinutesAnswer], frozen=True, kw_only=True, tag="traded_minutes"):
    """What was traded in the last day?"""

    venue: str
    symbol: str


class Candle(msgspec.Struct, frozen=True, array_like=True):
    """A minute of a symbol, by its beginning in milliseconds since 1970; exact prices, in the quote asset."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class CandlesAnswer(Answer, frozen=True, kw_only=True):
    """Minutes, oldest first, the one that runs among them. ``at_ms`` is the venue's clock."""

    base: str
    quote: str
    at_ms: int
    candles: tuple[Candle, ...]


class Candles(Question[CandlesAnswer], frozen=True, kw_only=True, tag="candles"):
    """How did the price of a symbol go, from a moment on: so many minutes, at most a thousand?"""

    venue: str
    symbol: str
    from_ms: int
    count: int


MARKET_VERBS: Verbs = (FollowedSymbols, PublicTrades, TradedMinutes, Candles)
"""Everything about markets."""
