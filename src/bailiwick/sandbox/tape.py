"""What traded: the public trades of one symbol and their minutes."""

from collections import deque
from dataclasses import dataclass

from sortedcontainers import SortedDict

from bailiwick.sandbox.orders import Trade

MINUTE_MS = 60_000
KEPT_TRADES = 20_000


@dataclass(slots=True)
class Minute:
    """The trades of one minute, or of several together."""

    first: int
    last: int
    high: int
    low: int
    quantity: int = 0
    quote: int = 0
    count: int = 0
    taker_quantity: int = 0
    taker_quote: int = 0

    def add(self, price: int, quantity: int, quote: int, buyer_is_maker: bool) -> None:
        """Count one more trade."""
        self.last = price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.quantity += quantity
        self.quote += quote
        self.count += 1
        if not buyer_is_maker:
            self.taker_quantity += quantity
            self.taker_quote += quote

    def merge(self, later: "Minute") -> None:
        """Append a later stretch."""
        self.last = later.last
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.quantity += later.quantity
        self.quote += later.quote
        self.count += later.count
        self.taker_quantity += later.taker_quantity
        self.taker_quote += later.taker_quote


class Tape:
    """Trades in their order; the oldest are dropped, their minutes stay."""

    def __init__(self) -> None:
        self.trades: deque[Trade] = deque(maxlen=KEPT_TRADES)
        self.next_id = 1
        self._minutes: SortedDict[int, Minute] = SortedDict()

    def print(self, price: int, quantity: int, quote: int, now: int, *, buyer_is_maker: bool) -> Trade:
        """Record a trade."""
        trade = Trade(self.next_id, price, quantity, quote, now, buyer_is_maker)
        self.next_id += 1
        self.trades.append(trade)
        minute = now // MINUTE_MS
        bucket: Minute | None = self._minutes.get(minute)
        if bucket is None:
            bucket = self._minutes[minute] = Minute(price, price, price, price)
        bucket.add(price, quantity, quote, buyer_is_maker)
        return trade

    def between(self, start: int, end: int) -> Minute | None:
        """The trades of whole minutes from ``start`` up to but not including ``end`` (ms); None if there were none."""
        total: Minute | None = None
        for minute in self._minutes.irange(start // MINUTE_MS, (end - 1) // MINUTE_MS):
            bucket = self._minutes[minute]
            if total is None:
                total = Minute(bucket.first, bucket.last, bucket.high, bucket.low)
                total.quantity, total.quote, total.count = bucket.quantity, bucket.quote, bucket.count
                total.taker_quantity, total.taker_quote = bucket.taker_quantity, bucket.taker_quote
            else:
                total.merge(bucket)
        return total
