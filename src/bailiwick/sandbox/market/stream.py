"""Randomness by name: who draws, and for the how-manieth time, alone decides what comes.

Every actor has its own stream, begun anew at each of its acts. So what a door refuses to one changes nothing that
others draw, and two worlds of one seed can be laid side by side.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Final, TypeVar, final

_WORD: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_UNIT: Final = 1.0 / (1 << 53)

_Each = TypeVar("_Each")


def seed_of(seed: int, *names: str | int) -> int:
    """A 64-bit number that depends on nothing but what is given."""
    text = "/".join(str(name) for name in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


@final
class Stream:
    """SplitMix64 (Steele, Lea, Flood 2014): small, quick to begin, even enough for a crowd."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, number: int = 0) -> None:
        self._state = (seed ^ (number * 0xD1342543DE82EF95)) & _WORD

    def word(self) -> int:
        """64 bits."""
        self._state = state = (self._state + _STEP) & _WORD
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _WORD
        return state ^ (state >> 31)

    def unit(self) -> float:
        """A number from 0 up to 1."""
        # As ``word``: half of all draws are these, and a call costs as much as the sum.
        self._state = state = (self._state + _STEP) & _WORD
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _WORD
        return ((state ^ (state >> 31)) >> 11) * _UNIT

    def below(self, most: int) -> int:
        """A whole number from 0 up to ``most``, without it."""
        return self.word() % most

    def chance(self, bps: float) -> bool:
        """True so many times in ten thousand."""
        return self.unit() * 10_000 < bps

    def between(self, least: float, most: float) -> float:
        """A number between two."""
        return least + (most - least) * self.unit()

    def normal(self) -> float:
        """Mean 0, variance 1 (Box and Muller)."""
        return math.sqrt(-2.0 * math.log(1.0 - self.unit())) * math.cos(2.0 * math.pi * self.unit())

    def spread(self, sigma: float) -> float:
        """A factor around 1: log-normal with median 1."""
        return math.exp(sigma * self.normal())

    def wait(self, mean: float) -> float:
        """The time until something that happens once in ``mean``."""
        return -mean * math.log(1.0 - self.unit())

    def choose(self, among: Sequence[_Each]) -> _Each:
        """One of several.

        Raises:
            ZeroDivisionError: if there is none.
        """
        return among[self.word() % len(among)]

    def weighed(self, weights: Sequence[float]) -> int:
        """The place of one of several that weigh differently."""
        left = self.unit() * sum(weights)
        for place, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return place
        return len(weights) - 1

    def sample(self, among: Sequence[_Each], number: int) -> list[_Each]:
        """So many different ones, or all."""
        rest = list(among)
        taken: list[_Each] = []
        while rest and len(taken) < number:
            taken.append(rest.pop(self.word() % len(rest)))
        return taken
