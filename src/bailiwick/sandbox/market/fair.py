"""The fair price of each coin over the whole rehearsal: a path by the minute, known beforehand and touched by nobody.

What a thief does moves the book, and the book comes back to this; what really happens to a coin moves this.
"""

import math
from array import array
from statistics import median
from typing import Final, final

from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.market.coins import DUST, Coin
from bailiwick.sandbox.market.stream import Stream, seed_of

MINUTE_US: Final = 60_000_000
DAY_MINUTES: Final = 1_440
HISTORY_MINUTES: Final = DAY_MINUTES
_HOUR: Final = 60

# A minute in fifty is four times as lively: with the hours' own calm and hurry this gives a kurtosis of 20 to 60 in
# three minutes. AXS had 163 in a fortnight with a crash of the whole market in it.
_HURRY_BPS: Final = 200
_HURRY: Final = 4.0
_HOUR_SIGMA: Final = 0.45
_CALM: Final = 0.64  # what keeps a day's deviation, without jumps, at what the tier says


@final
class Climate:
    """What moves all coins together.

    What came before the last day before the world has steps of its own, so that the world is the same however much
    of it there is.
    """

    def __init__(self, seed: int, start_us: int, hours: int, history_days: int = 0) -> None:
        self.seed = seed
        self.early = history_days * DAY_MINUTES
        self.first_minute = start_us // MINUTE_US - HISTORY_MINUTES - self.early
        self.minutes = HISTORY_MINUTES + hours * 60 + 2
        self.steps = self.path(0.028, "climate")

    def path(self, day_sigma: float, *names: str) -> "array[float]":
        """Steps by the minute, over the whole, under a name."""
        early = _steps(seed_of(self.seed, *names, "early"), self.early, day_sigma)
        return early + _steps(seed_of(self.seed, *names), self.minutes, day_sigma)


def _steps(seed: int, minutes: int, day_sigma: float) -> "array[float]":
    """Logarithmic returns by the minute."""
    stream = Stream(seed)
    normal, unit, hurried = stream.normal, stream.unit, _HURRY_BPS
    sigma = day_sigma / math.sqrt(DAY_MINUTES) * _CALM
    found = array("d")
    hour = 1.0
    for minute in range(minutes):
        if minute % _HOUR == 0:
            hour = hour**0.6 * stream.spread(_HOUR_SIGMA)
        step = normal() * sigma * hour
        found.append(step * _HURRY if unit() * 10_000 < hurried else step)
    return found


@final
class Fair:
    """One coin's fair price, in hundred-millionths of its quote asset."""

    def __init__(self, coin: Coin, climate: Climate) -> None:
        self.coin = coin
        self._first = climate.first_minute
        tier = coin.tier
        own = math.sqrt(max(tier.day_sigma**2 - (0.028 * tier.beta) ** 2, (tier.day_sigma / 3) ** 2))
        # The quote's own movement is not of this pair.
        beta = tier.beta if coin.symbol.quote == "USDT" else tier.beta / 4
        early = Stream(seed_of(climate.seed, "jumps", coin.name, "early"))
        jumps = Stream(seed_of(climate.seed, "jumps", coin.name))
        jump_bps = tier.jumps_a_month / 30 / DAY_MINUTES * 10_000
        price = 0.0
        self._logs = array("d")
        for place, (common, step) in enumerate(zip(climate.steps, climate.path(own, "fair", coin.name), strict=True)):
            price += beta * common + step
            drawn = jumps if place >= climate.early else early
            if drawn.chance(jump_bps):
                price += tier.jump_sigma * drawn.normal()
            self._logs.append(price)
        # The world begins at the coin's price, whatever the history was.
        shift = math.log(coin.price * SCALE) - self._logs[climate.early + HISTORY_MINUTES]
        for place, each in enumerate(self._logs):
            self._logs[place] = each + shift
        self._anchor = self._mid = (-1, 0)

    def shift(self, start_us: int, rise_us: int, fade_us: int, move: float, stays: float) -> None:
        """Something happens: the price moves by a factor, and falls back to what of it stays."""
        whole = math.log1p(move)
        for place in range(len(self._logs)):
            since = (self._first + place) * MINUTE_US - start_us
            if since <= 0:
                continue
            if since < rise_us:
                part = math.sin(math.pi / 2 * since / rise_us)
            else:
                part = stays + (1.0 - stays) * math.exp(-3.0 * (since - rise_us) / fade_us)
            self._logs[place] += whole * part
        self._anchor = self._mid = (-1, 0)

    def mid(self, at_us: int) -> int:
        """The fair price of a moment."""
        if at_us == self._mid[0]:
            return self._mid[1]
        minute, rest = divmod(at_us, MINUTE_US)
        place = min(max(minute - self._first, 0), len(self._logs) - 2)
        before, after = self._logs[place], self._logs[place + 1]
        price = max(int(math.exp(before + (after - before) * rest / MINUTE_US)), 1)
        self._mid = (at_us, price)
        return price

    def range(self, start_us: int, end_us: int) -> tuple[int, int]:
        """The lowest and the highest price between two moments."""
        first = max(start_us // MINUTE_US + 1 - self._first, 0)
        last = min(end_us // MINUTE_US - self._first, len(self._logs) - 1)
        ends = (self.mid(start_us), self.mid(end_us))
        low, high = min(ends), max(ends)
        if first <= last:
            inside = self._logs[first : last + 1]
            low, high = min(low, int(math.exp(min(inside)))), max(high, int(math.exp(max(inside))))
        return low, high

    def anchor(self, at_us: int) -> int:
        """The median of the last hour's minutes, of the last day's in a market where hours pass without a trade."""
        thin = self.coin.tier.name == DUST
        minute = at_us // MINUTE_US
        if thin:
            minute -= minute % 10
        if self._anchor[0] != minute:
            place = minute - self._first
            logs = self._logs[max(place - (DAY_MINUTES if thin else _HOUR), 0) : place]
            self._anchor = (minute, int(math.exp(median(logs))) if logs else self.mid(at_us))
        return self._anchor[1]

    def past(self, at_us: int) -> list[tuple[int, int]]:
        """The minutes of the last day and the price of each, oldest first."""
        last = at_us // MINUTE_US - self._first
        first = max(last - DAY_MINUTES, 0)
        return [(self._first + place, int(math.exp(self._logs[place]))) for place in range(first, last)]
