"""A made-up thin market, told as public trades; the same from the same seed."""

import random

from bailiwick.watch.pump.order import Trade

DAY_US = 86_400_000_000
START_US = 1_700_006_400_000_000  # a midnight


def quiet(seed: int = 1, *, hours: float = 30, start_us: int = START_US, price: float = 1e-5) -> list[Trade]:
    """Trades every half a minute or so, which lead the price nowhere."""
    chance = random.Random(seed)
    end = start_us + int(hours * 3600e6)
    trades, now, here = [], start_us, price
    while True:
        now += int(chance.expovariate(1 / 30) * 1e6) + 1
        if now >= end:
            return trades
        here *= 1 + chance.gauss(0, 0.0004) - 0.002 * (here / price - 1)
        trades.append(Trade(now, round(here, 9), round(chance.lognormvariate(7, 1), 2), chance.random() < 0.5))


def pump(after: Trade, *, gap_s: float = 20, seconds: float = 20, rise: float = 0.2) -> list[Trade]:
    """Purchases that follow one another faster and faster and lift the price, each through several levels."""
    trades = []
    count = int(seconds * 10)
    for i in range(count):
        now = after.time_us + int((gap_s + seconds * i / count) * 1e6)
        here = after.price * (1 + rise * (i + 1) / count)
        trades += [Trade(now, round(here * (1 + 0.001 * level), 10), 20_000.0, True) for level in range(4)]
    return trades
