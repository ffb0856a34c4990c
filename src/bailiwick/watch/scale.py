"""Logarithms in whole thousandths of nats: what is summed is whole, so that it is the same on every machine."""

from math import frexp, log
from typing import Final

MOST: Final = 32_000
LEAST: Final = -32_000

_STEPS: Final = 512
_LN2: Final = 693_147  # millionths of nats
_PLACES: Final = 2.0 * _STEPS
# By the fraction's place: it is a half at least, so the first half of the table is never asked for.
_FRACTIONS: Final = (0,) * _STEPS + tuple(
    [round(log(0.5 + (step + 0.5) / (2 * _STEPS)) * 1_000_000) for step in range(_STEPS)]
)


def milli_ln(ratio: float) -> int:
    """The natural logarithm in whole thousandths, to two of them; of what is no positive number, the nearest end.

    What is not a number at all counts as the most: nothing looks small because it could not be worked out.
    """
    if ratio <= 1e-13:
        return LEAST
    if not ratio < 7e13:
        return MOST
    fraction, exponent = frexp(ratio)
    return (exponent * _LN2 + _FRACTIONS[int(fraction * _PLACES)]) // 1000


def clamp(value: int, least: int, most: int) -> int:
    """The value, or the end that it is beyond."""
    if value < least:
        return least
    return most if value > most else value  # noqa: FURB136  (min takes three times as long)
