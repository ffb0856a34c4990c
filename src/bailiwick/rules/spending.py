"""What was spent when: sums in buckets of five minutes, for any window over the last day."""

from decimal import Decimal
from typing import final

from bailiwick.model.money import ZERO, plus
from bailiwick.rules.windows import BUCKET_US, DAY_US, LONGEST_DAY_US

MOST_BUCKETS = 2 * LONGEST_DAY_US // BUCKET_US  # of a sum that is never asked for


@final
class Spending:
    """Amounts by the bucket in which they were spent.

    A bucket counts until its last moment is out of the window, so that no window is ever longer in truth than it is
    said to be. Two sums are kept at hand: that of 24 hours and that of the calendar day.
    """

    __slots__ = ("_day_first", "_day_sum", "_rolling_first", "_rolling_sum", "buckets")

    def __init__(self, buckets: dict[int, Decimal] | None = None) -> None:
        self.buckets = dict(buckets) if buckets else {}
        self._rolling_first = -1
        self._rolling_sum = ZERO
        self._day_first = -1
        self._day_sum = ZERO

    def add(self, amount: Decimal, now_us: int) -> None:
        """Count an amount as spent now."""
        if not amount:
            return
        bucket = now_us // BUCKET_US
        before = self.buckets.get(bucket)
        if before is None:
            if len(self.buckets) >= MOST_BUCKETS:  # nobody asks for this sum, or it would have forgotten them
                self._forget((now_us - LONGEST_DAY_US) // BUCKET_US)
            self.buckets[bucket] = amount
        else:
            self.buckets[bucket] = plus(before, amount)
        if bucket >= self._rolling_first >= 0:
            self._rolling_sum = plus(self._rolling_sum, amount)
        if bucket >= self._day_first >= 0:
            self._day_sum = plus(self._day_sum, amount)

    def rolling(self, now_us: int) -> Decimal:
        """What was spent in the last 24 hours."""
        first = (now_us - DAY_US) // BUCKET_US
        if first != self._rolling_first:
            self._forget((now_us - LONGEST_DAY_US) // BUCKET_US)
            self._rolling_first = first
            self._rolling_sum = self._sum(first)
        return self._rolling_sum

    def since(self, start_us: int) -> Decimal:
        """What was spent since the start of a day, which lies at most 26 hours back."""
        first = start_us // BUCKET_US
        if first != self._day_first:
            self._forget((start_us - LONGEST_DAY_US) // BUCKET_US)
            self._day_first = first
            self._day_sum = self._sum(first)
        return self._day_sum

    def _sum(self, first: int) -> Decimal:
        total = ZERO
        for bucket, amount in self.buckets.items():
            if bucket >= first:
                total = plus(total, amount)
        return total

    def _forget(self, first: int) -> None:
        for bucket in [bucket for bucket in self.buckets if bucket < first]:
            del self.buckets[bucket]
