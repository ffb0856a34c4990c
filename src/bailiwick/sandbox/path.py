"""The price path and the volumes of a market: functions of seed and time alone, in whole numbers.

History is not stored: any candle of any past moment is computed, and two sandboxes of one seed agree on it. The
path is a level times a small wave. The level is the symbol's starting price until somebody sets another.
"""

import hashlib
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from typing import Final

from bailiwick.sandbox.amount import value
from bailiwick.sandbox.symbols import Symbol

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
MINUTES_A_DAY: Final = 1440
MILLION: Final = 1_000_000

CALM: Final = 100
MOVING: Final = 30_000

# Periods of the waves with their weights in a hundred: minutes, hours, days.
_WAVES: Final = ((7 * MINUTE_MS, 10), (97 * MINUTE_MS, 20), (26 * 60 * MINUTE_MS, 30), (17 * DAY_MS, 40))
# A wave is at most a thousand times its weight, an amplitude is in millionths.
_WHOLE: Final = 1000 * 100 * MILLION
_SAMPLES: Final = 12


@lru_cache(maxsize=65_536)
def draw(seed: int, name: str, number: int) -> int:
    """A number from 0 to 999,999 that depends on nothing but the three."""
    digest = hashlib.blake2b(f"{seed}/{name}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % MILLION


class Path:
    """Price and volume of one symbol at any time. ``amplitude`` is the reach of the wave in parts per million."""

    def __init__(self, symbol: Symbol, seed: int, amplitude: int = CALM) -> None:
        self.symbol = symbol
        self.amplitude = amplitude
        self._seed = seed
        self._changes: list[int] = []
        self._levels = [symbol.price]
        self._phases = [
            draw(seed, symbol.name + "/wave", n) * period // MILLION for n, (period, _) in enumerate(_WAVES)
        ]
        weights = (800 + draw(seed, symbol.name + "/minute", minute) % 401 for minute in range(MINUTES_A_DAY))
        self._shares = [0, *accumulate(weights)]

    def set_level(self, price: int, now: int) -> None:
        """From now on the path runs around another price. Time does not go back."""
        if self._changes and now <= self._changes[-1]:
            self._levels[-1] = price
            return
        self._changes.append(now)
        self._levels.append(price)

    def level(self, at: int) -> int:
        """The price around which the path runs at a time."""
        return self._levels[bisect_right(self._changes, at)]

    def mid(self, at: int) -> int:
        """The price at a time, in whole ticks."""
        wave = 0
        for (period, weight), phase in zip(_WAVES, self._phases, strict=True):
            place = (at + phase) % period
            wave += weight * (abs(4 * place - 2 * period) - period) // (period // 1000)
        price = self.level(at) * (_WHOLE + wave * self.amplitude) // _WHOLE
        ticks = (price + self.symbol.tick // 2) // self.symbol.tick
        return max(ticks, 1) * self.symbol.tick

    def range(self, start: int, end: int) -> tuple[int, int, int, int]:
        """Open, high, low and close from ``start`` up to ``end`` (ms)."""
        step = max((end - start) // _SAMPLES, 1)
        points = [self.mid(at) for at in range(start, end, step)]
        points.append(self.mid(end))
        for change in self._changes[bisect_right(self._changes, start) : bisect_right(self._changes, end)]:
            points.insert(-1, self.mid(change))
        return points[0], max(points), min(points), points[-1]

    def volume(self, start: int, end: int) -> int:
        """The base quantity traded from ``start`` up to ``end``: what parts have adds up to what the whole has."""
        return self._traded_by(end) - self._traded_by(start)

    def _traded_by(self, at: int) -> int:
        """What was traded since the first of the month ``at`` lies in, counted from a fixed day before it."""
        day, rest = divmod(at, DAY_MS)
        whole = self._days_before(day)
        minute, part = divmod(rest, MINUTE_MS)
        low, high = self._shares[minute], self._shares[minute + 1]
        share = low * MINUTE_MS + (high - low) * part
        return whole + self._of_day(day) * share // (self._shares[-1] * MINUTE_MS)

    def _days_before(self, day: int) -> int:
        return _sum_of_days(self._seed, self.symbol.name, day) * self.symbol.daily_volume // 1000

    def _of_day(self, day: int) -> int:
        return self._days_before(day + 1) - self._days_before(day)


_BLOCK: Final = 256


@lru_cache(maxsize=65_536)
def _sum_of_days(seed: int, name: str, day: int) -> int:
    """The sum of the day factors (thousandths, 800 to 1200) of all days before one, in blocks of equal sum."""
    block, within = divmod(day, _BLOCK)
    factors = _block_factors(seed, name, block)
    return block * _BLOCK * 1000 + factors[within]


@lru_cache(maxsize=4_096)
def _block_factors(seed: int, name: str, block: int) -> list[int]:
    """Running sums of a block: the second half mirrors the first, so that each block has the same sum."""
    first = [draw(seed, name + "/day", block * _BLOCK + n) % 401 - 200 for n in range(_BLOCK // 2)]
    return [0, *accumulate(1000 + factor for factor in [*first, *(-factor for factor in reversed(first))])]


def quote_volume(volume: int, high: int, low: int) -> int:
    """What a base volume was worth at the middle of its range."""
    return value((high + low) // 2, volume)


def trade_count(volume: int, daily_volume: int) -> int:
    """A believable number of trades for a volume: ten thousand on a usual day."""
    return max(volume * 10_000 // max(daily_volume, 1), 1 if volume else 0)
