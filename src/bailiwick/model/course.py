"""How the price of a symbol went around an incident: minutes, to the digit, in the symbol's quote asset."""

from decimal import Decimal

import msgspec

MINUTE_MS = 60_000


class Minute(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A minute, by its beginning in milliseconds since 1970."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """The minutes of a symbol, oldest first, and its latest price with its time. Times are milliseconds since 1970."""

    venue: str
    symbol: str
    base: str
    quote: str
    read_at: int
    minutes: tuple[Minute, ...] = ()
    latest: Decimal | None = None
    latest_at: int = 0

    def minute_of(self, at_ms: int) -> Minute | None:
        """The minute in which a moment lies, where it is known."""
        start = at_ms // MINUTE_MS * MINUTE_MS
        return next((each for each in self.minutes if each.open_ms == start), None)
