"""Who guesses is slowed down, and nobody else: a stranger cannot lock an owner out of their own console.

Failures are counted for a source and a name together, and for a source over all names. A browser in which the owner
has signed in before has a mark of its own, and is counted by that instead of by its address: behind one proxy or one
tunnel the stranger's failures are not the owner's. Passkeys cannot be guessed and are never counted.
"""

from collections import OrderedDict
from typing import final

FREE = 5  # failures of one source at one name before it has to wait
FREE_OF_SOURCE = 20  # failures of one source at whatever names
FIRST_WAIT_MS = 2_000
MOST_WAIT_MS = 15 * 60_000
FORGOTTEN_MS = 60 * 60_000
REMEMBERED = 10_000


@final
class Attempts:
    """Failures by whom they are counted for. Bounded: the oldest are forgotten first."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()  # how many, and the latest

    def wait_ms(self, source: str, name: str, now: int) -> int:
        """How long this source has to wait before it may try this name (again); 0 where it need not."""
        return max(self._wait((source, name), FREE, now), self._wait((source, ""), FREE_OF_SOURCE, now))

    def failed(self, source: str, name: str, now: int) -> None:
        """Count a failure."""
        for who in ((source, name), (source, "")):
            count, last = self._failures.pop(who, (0, now))
            self._failures[who] = (1 if now - last >= FORGOTTEN_MS else count + 1, now)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, source: str, name: str) -> None:
        """Forget the failures of this source at this name, and the one that was counted for this try at all names."""
        self._failures.pop((source, name), None)
        count, last = self._failures.get((source, ""), (0, 0))
        if count:
            self._failures[source, ""] = (count - 1, last)

    def _wait(self, who: tuple[str, str], free: int, now: int) -> int:
        count, last = self._failures.get(who, (0, 0))
        if count < free or now - last >= FORGOTTEN_MS:
            return 0
        wait = min(MOST_WAIT_MS, FIRST_WAIT_MS << min(count - free, 20))
        return max(0, last + wait - now)
