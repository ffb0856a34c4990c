"""Two secrets of one key at once: during a rotation's overlap the one that is given up is believed beside the new."""

from collections.abc import Callable
from typing import final

from bailiwick.venues.dialect import Verifier


@final
class Overlap:
    """Verifies with the new secret, and until a moment with the old one."""

    __slots__ = ("_clock", "_new", "_old", "_until_us")

    def __init__(self, new: Verifier, old: Verifier, until_us: int, clock: Callable[[], int]) -> None:
        self._new = new
        self._old = old
        self._until_us = until_us
        self._clock = clock

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's, by either secret that is believed now."""
        if self._new.verify(payload, signature):
            return True
        return self._clock() < self._until_us and self._old.verify(payload, signature)
