"""The last day of a symbol by minutes, and the last week by hours, in rings of fixed size."""

from array import array
from typing import Final, final

DAY: Final = 1_440
WEEK: Final = 168


def _ring(size: int, value: float = 0.0) -> "array[float]":
    return array("d", [value]) * size


@final
class Minutes:
    """A day of minutes. Values are in the quote asset; a minute without a trade repeats the price before it."""

    __slots__ = ("buys", "closes", "counts", "first", "highs", "last", "levels", "lows", "sells")

    def __init__(self, minute: int, price: float) -> None:
        self.first = minute
        self.last = minute - 1  # the newest minute that is complete
        self.highs = _ring(DAY, price)
        self.lows = _ring(DAY, price)
        self.closes = _ring(DAY, price)
        self.buys = _ring(DAY)
        self.sells = _ring(DAY)
        self.counts = _ring(DAY)
        self.levels = _ring(DAY)  # that orders ran through beyond their first

    @property
    def known(self) -> int:
        """How many minutes are known, at most a day's."""
        return min(self.last + 1 - self.first, DAY)

    def put(self, high: float, low: float, close: float, buy: float, sell: float, count: float, levels: float) -> None:
        """Complete the next minute."""
        self.last += 1
        i = self.last % DAY
        self.highs[i], self.lows[i], self.closes[i] = high, low, close
        self.buys[i], self.sells[i], self.counts[i], self.levels[i] = buy, sell, count, levels

    def skip_to(self, minute: int) -> None:
        """Complete the minutes before this one, in which nothing was traded."""
        price = self.closes[self.last % DAY]
        self.last = max(self.last, minute - 1 - DAY)
        while self.last < minute - 1:
            self.put(price, price, price, 0.0, 0.0, 0.0, 0.0)

    def latest(self, ring: "array[float]", count: int) -> "array[float]":
        """The values of the last minutes, oldest first."""
        end = self.last % DAY + 1
        return ring[end - count : end] if end >= count else ring[end - count :] + ring[:end]


@final
class Hours:
    """A week of hours, the running one among them."""

    __slots__ = ("alarms", "highs", "levels", "most", "rises", "running", "since", "values")

    def __init__(self, hour: int, price: float) -> None:
        self.since = self.running = hour
        self.highs = _ring(WEEK, price)
        self.values = _ring(WEEK)  # what takers bought
        self.most = _ring(WEEK)  # the most that takers bought in one minute
        self.rises = _ring(WEEK)  # the greatest rise within a minute
        self.levels = _ring(WEEK)  # the most that orders ran through in one minute
        self.alarms = _ring(WEEK)  # how often the gate opened

    def put(self, high: float, buy: float, rise: float, levels: float) -> None:
        """Count a minute of the running hour."""
        i = self.running % WEEK
        self.highs[i] = max(self.highs[i], high)
        self.values[i] += buy
        self.most[i] = max(self.most[i], buy)
        self.rises[i] = max(self.rises[i], rise)
        self.levels[i] = max(self.levels[i], levels)

    def move_to(self, hour: int, price: float) -> None:
        """Let an hour begin."""
        for each in range(max(self.running, hour - WEEK) + 1, hour + 1):
            i = each % WEEK
            self.highs[i] = price
            self.values[i] = self.most[i] = self.rises[i] = self.levels[i] = self.alarms[i] = 0.0
        self.running = hour

    def latest(self, ring: "array[float]", count: int) -> list[float]:
        """The values of the last hours, the running one first."""
        return [ring[(self.running - back) % WEEK] for back in range(count)]
