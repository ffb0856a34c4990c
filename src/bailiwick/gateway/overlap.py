"""Two secrets of one key at once: during a rotation's overlap the one that is given up is believed beside the new."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import final

from bailiwick.gateway.events import Events
from bailiwick.venues.dialect import Verifier

TOLD_ONCE_US = 86_400_000_000


@final
class Overlap:
    """Verifies with the new secret, and until a moment with the old one."""

    __slots__ = ("_clock", "_new", "_old", "_used_us", "until_us")

    def __init__(self, new: Verifier, old: Verifier, until_us: int, clock: Callable[[], int]) -> None:
        self._new = new
        self._old = old
        self.until_us = until_us
        self._clock = clock
        self._used_us = 0

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's, by either secret that is believed now."""
        if self._new.verify(payload, signature):
            return True
        now = self._clock()
        if now >= self.until_us or not self._old.verify(payload, signature):
            return False
        self._used_us = now
        return True

    def take_use(self) -> int:
        """When the old secret was last believed since this was last asked; 0 if it was not."""
        used_us, self._used_us = self._used_us, 0
        return used_us


def tell_uses(overlaps: Mapping[str, Overlap], account_of: Callable[[str], str], events: Events) -> None:
    """Raise an event for each key whose old secret is still in use, once a day."""
    for key_id, overlap in overlaps.items():
        used_us = overlap.take_use()
        if used_us:
            detail = {"last": _moment(used_us), "until": _moment(overlap.until_us)}
            matter = str(overlap.until_us)
            events.raise_(
                "previous_secret_used", key_id, account_of(key_id), detail, matter=matter, once_us=TOLD_ONCE_US
            )


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
