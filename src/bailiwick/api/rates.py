"""How often a token may ask: so many requests a minute, evenly, with a burst of a sixth of them.

A program that loops, or a token that was taken, must leave the authority time for everybody else's acts.
"""

from collections.abc import Callable
from typing import final

BURST_S = 10.0  # requests of so many seconds may come at once
MOST_TOKENS = 10_000  # those that came last are known; a token that is forgotten begins anew


@final
class Rates:
    """The requests of every token, by the moment at which its last one would have been due at the even rate."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._gap_s = 60.0 / per_minute
        self._burst_s = max(BURST_S, self._gap_s)
        self._clock = clock
        self._due: dict[str, float] = {}

    def wait_s(self, token: str) -> float:
        """How long this token has to wait before it asks; 0 where it may now, which counts."""
        now = self._clock()
        due = max(self._due.pop(token, now), now)
        wait = due + self._gap_s - now - self._burst_s
        if wait > 0:
            self._due[token] = due
            return wait
        self._due[token] = due + self._gap_s
        if len(self._due) > MOST_TOKENS:
            del self._due[next(iter(self._due))]
        return 0.0
