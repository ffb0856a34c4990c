"""What is remembered of one symbol: its latest orders one by one, a day by minutes and a week by hours. Bounded."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from math import floor, log2
from typing import Final, final

from bailiwick.watch.pump.order import Bar, Order
from bailiwick.watch.pump.rings import DAY, WEEK, Hours, Minutes

MINUTE_US: Final = 60_000_000
KEPT: Final = 1_024  # orders
BURST_US: Final = 10_000_000  # a silence as long ends a burst
EPISODE_US: Final = 1_800_000_000
OPENS: Final = 0.015  # above the middle of the last ten minutes
REFERENCE_MINUTES: Final = 10
SIZES: Final = 96
FADES: Final = 0.7  # a day

_NO_TICK: Final = float("inf")
_LEAST: Final = 1e-12


def size_class(value: float) -> int:
    """The class of an order's value; two classes to an octave."""
    return min(max(floor(log2(value + _LEAST) * 2) + 40, 0), SIZES - 1)


@final
class Counts:
    """What has come to pass on a symbol until an order, the order among it; each only grows."""

    __slots__ = ("bought", "buys", "levels", "sells", "sold", "sweeps", "ups")

    def __init__(self) -> None:
        self.bought = self.sold = 0.0
        self.buys = self.sells = self.levels = self.ups = self.sweeps = 0


@final
class Tape:
    """The memory of one symbol. ``add`` each order in its turn."""

    __slots__ = (
        "_bought",
        "_count",
        "_day",
        "_high",
        "_levels",
        "_low",
        "_met",
        "_minute",
        "_sold",
        "before",
        "bought",
        "burst_price",
        "burst_us",
        "buys",
        "counts",
        "highs",
        "hours",
        "last",
        "levels",
        "lows",
        "minutes",
        "opened_us",
        "prices",
        "reference",
        "sells",
        "sizes",
        "sizes_sum",
        "sold",
        "sweeps",
        "tick",
        "times",
        "ups",
    )  # fmt: skip

    def __init__(self) -> None:
        self.counts = Counts()
        self.times: array[int] = array("q")
        self.prices: array[float] = array("d")
        self.highs: array[float] = array("d")
        self.lows: array[float] = array("d")
        self.bought: array[float] = array("d")
        self.sold: array[float] = array("d")
        self.buys: array[int] = array("q")
        self.sells: array[int] = array("q")
        self.levels: array[int] = array("q")
        self.ups: array[int] = array("q")
        self.sweeps: array[int] = array("q")
        self.minutes: Minutes | None = None
        self.hours: Hours | None = None
        self.last = 0.0
        self.reference = 0.0
        self.tick = _NO_TICK
        self._met = 0.0
        self.sizes = [0.0] * SIZES
        self.sizes_sum = 0.0
        self.burst_us = self.before = self.opened_us = 0
        self.burst_price = 0.0
        self._minute = -1
        self._day = -1
        self._high = self._low = self._bought = self._sold = 0.0
        self._count = self._levels = 0

    @property
    def ready(self) -> bool:
        """Whether a day is known, which is what an order is compared with."""
        return self.minutes is not None and self.minutes.known >= DAY

    def add(self, order: Order) -> bool:
        """Take an order in; whether it opens the gate: a purchase well above the middle of the last ten minutes."""
        time = order.time_us
        minute = time // MINUTE_US
        if minute != self._minute:
            self._turn(minute, order.high)
        counts = self.counts
        if order.buy:
            price = order.high
            self._measure(price, self.last, order)
            counts.bought += order.value
            counts.buys += 1
            if price > self.last:
                counts.ups += 1
            if order.levels > 2:
                counts.sweeps += 1
            self.sizes[size_class(order.value)] += 1
            self.sizes_sum += 1
        else:
            price = order.low
            self._measure(price, self.last, order)
            counts.sold += order.value
            counts.sells += 1
        counts.levels += order.levels - 1
        self._high = max(self._high, order.high)
        self._low = min(self._low, order.low)
        if time - self.before > BURST_US:
            self.burst_us, self.burst_price = time, self.last
        self.before = time
        self.last = price
        self._keep(order, price)
        return order.buy and order.high >= self.reference * (1 + OPENS)

    def seed(self, bars: Sequence[Bar]) -> None:
        """Begin with minutes that are known from elsewhere, each following the one before or later, oldest first.

        Let it ``meet`` orders of that time before. How many levels orders ran through a bar does not tell: it is taken
        for what the price moved in a minute, and at most its trades: half of the time that is 0.9 to 1.6 of them.
        """
        first, last = bars[0], bars[-1]
        minutes = self.minutes = Minutes(first.minute, first.close)
        hours = self.hours = Hours(first.minute // 60, first.close)
        for bar in bars:
            if minutes.last >= minutes.first:
                minutes.skip_to(bar.minute)
            before = minutes.closes[minutes.last % DAY]
            run = min((bar.high - bar.low) / self.tick, bar.count)
            minutes.put(bar.high, bar.low, bar.close, bar.bought, bar.sold, bar.count, run)
            if bar.minute // 60 != hours.running:
                hours.move_to(bar.minute // 60, before)
            hours.put(bar.high, bar.bought, bar.high / before - 1, run)
        self._minute = last.minute + 1
        self._day = (self._minute - first.minute) // DAY
        self.last = self._high = self._low = last.close
        self._refer(minutes)

    def meet(self, order: Order) -> None:
        """Learn sizes and price steps from an order of the time that the tape is to be seeded with."""
        if self._met:
            self._measure(order.high, self._met, order)
        self._met = order.high if order.buy else order.low
        if order.buy:
            self.sizes[size_class(order.value)] += 1
            self.sizes_sum += 1

    def open(self, time_us: int) -> None:
        """Note that the gate stood open; a new time after half an hour is a new episode."""
        if time_us - self.opened_us > EPISODE_US and self.hours is not None:
            self.hours.alarms[self.hours.running % WEEK] += 1
        self.opened_us = time_us

    def at(self, time_us: int) -> int:
        """Where the last order before a moment stands; the first that is kept, if all came after it."""
        return max(bisect_left(self.times, time_us) - 1, 0)

    def _measure(self, price: float, before: float, order: Order) -> None:
        """Learn the smallest step of the price."""
        step = abs(price - before)
        if 0 < step < self.tick:
            self.tick = step
        if order.levels > 1:
            step = (order.high - order.low) / (order.levels - 1)
            if 0 < step < self.tick:
                self.tick = step

    def _keep(self, order: Order, price: float) -> None:
        counts = self.counts
        self.times.append(order.time_us)
        self.prices.append(price)
        self.highs.append(order.high)
        self.lows.append(order.low)
        self.bought.append(counts.bought)
        self.sold.append(counts.sold)
        self.buys.append(counts.buys)
        self.sells.append(counts.sells)
        self.levels.append(counts.levels)
        self.ups.append(counts.ups)
        self.sweeps.append(counts.sweeps)
        if len(self.times) >= KEPT:
            self._forget()

    def _forget(self) -> None:
        half = KEPT // 2
        for column in (
            self.times, self.prices, self.highs, self.lows, self.bought, self.sold, self.buys, self.sells, self.levels,
            self.ups, self.sweeps,
        ):  # fmt: skip
            del column[:half]

    def _turn(self, minute: int, price: float) -> None:
        """Let a minute begin; the one before is complete."""
        if self.minutes is None or self.hours is None:
            self.minutes, self.hours = Minutes(minute, price), Hours(minute // 60, price)
            self.last = self.reference = self._high = self._low = price
            self._minute = minute
            self._day = 0
            return
        minutes, hours, counts = self.minutes, self.hours, self.counts
        bought = counts.bought - self._bought
        before = minutes.closes[minutes.last % DAY]
        count = counts.buys + counts.sells
        levels = counts.levels - self._levels
        sold = counts.sold - self._sold
        minutes.put(self._high, self._low, self.last, bought, sold, count - self._count, levels)
        hours.put(self._high, bought, self._high / before - 1, levels)
        minutes.skip_to(minute)
        if minute // 60 != hours.running:
            hours.move_to(minute // 60, self.last)
        day = (minute - minutes.first) // DAY
        if day != self._day:
            self._day = day
            self.sizes = [each * FADES for each in self.sizes]
            self.sizes_sum *= FADES
        self._minute = minute
        self._high = self._low = self.last
        self._bought, self._sold, self._count, self._levels = counts.bought, counts.sold, count, counts.levels
        self._refer(minutes)

    def _refer(self, minutes: Minutes) -> None:
        middle = sorted(minutes.latest(minutes.closes, REFERENCE_MINUTES))
        self.reference = (middle[4] + middle[5]) / 2
