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
    market_step: Decimal
    least_quantity: Decimal
    least_notional: Decimal


class Quote(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Reference prices of a symbol, in its quote asset.

    ``near`` is the median of mids over 10 s, ``anchor`` the time-weighted median over an hour (over a day where the
    hour is thin); ``None`` where there is no history. ``near_us`` and ``anchor_us`` say when each last had fresh data.
    ``daily_volume`` is the median over 30 days of the volume traded in a day, in the quote asset.
    """

    near: Decimal | None
    anchor: Decimal | None
    near_us: int
    anchor_us: int
    daily_volume: Decimal | None
