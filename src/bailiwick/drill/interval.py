"""How sure a figure is: intervals of 95 % for rare counts and for sums that few cases carry.

Written out, because they are a few lines each: Garwood's exact interval (1936) for a count of rare events, Efron's
percentile bootstrap (1979) for a ratio of sums.
"""

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

TAIL = 0.025
RESAMPLES = 1_000
_HALVINGS = 60


class Interval(NamedTuple):
    """A figure and between what it lies, 95 times in a hundred."""

    value: float
    low: float
    high: float


def poisson(count: int, exposure: float, per: float = 1.0) -> Interval | None:
    """So many events in so much exposure, told ``per`` so much of it; nothing where there was no exposure."""
    if exposure <= 0:
        return None
    low = 0.0 if count == 0 else _solve(lambda mean: 1.0 - _at_most(count - 1, mean), count, rising=True)
    high = _solve(lambda mean: _at_most(count, mean), count, rising=False)
    return Interval(count / exposure * per, low / exposure * per, high / exposure * per)


def ratio(parts: Sequence[tuple[float, float]], seed: int) -> Interval | None:
    """The sum of the first over the sum of the second, of cases drawn again; nothing where the second sums to nothing.

    Args:
        parts: a pair for each case.
        seed: from which the drawing follows.
    """
    whole = sum(part[1] for part in parts)
    if whole <= 0:
        return None
    value = sum(part[0] for part in parts) / whole
    draw = random.Random(seed)  # noqa: S311  (statistics, not secrets)
    found = []
    for _ in range(RESAMPLES):
        chosen = draw.choices(parts, k=len(parts))
        below = sum(part[1] for part in chosen)
        if below > 0:
            found.append(sum(part[0] for part in chosen) / below)
    found.sort()
    return Interval(value, found[int(TAIL * len(found))], found[min(len(found) - 1, int((1 - TAIL) * len(found)))])


def quantile(values: Sequence[float], share: float) -> float | None:
    """The least value that so great a share of all does not exceed; nothing of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def _at_most(count: int, mean: float) -> float:
    """The chance of so many events at most."""
    if mean <= 0:
        return 1.0
    log = math.log(mean)
    return min(1.0, math.fsum(math.exp(each * log - mean - math.lgamma(each + 1)) for each in range(count + 1)))


def _solve(chance: Callable[[float], float], count: int, *, rising: bool) -> float:
    """The mean at which the chance is that of one tail."""
    low, high = 0.0, count + 10.0 * math.sqrt(count + 1.0) + 10.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if (chance(middle) < TAIL) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2
