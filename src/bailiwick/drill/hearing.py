"""What the watch says during a drill, and what comes of it: it stands where the gateway has events, holds and keys.

The watch is asked by the gateway's own ``Watching``, whichever way an act comes in. What that would write into the
journal, ask a person, or have the registry do, is noted here, and done to the keys of the drill.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, final

import msgspec

from bailiwick.gateway.parties import Live
from bailiwick.gateway.watching import ALERT, SUSPECT
from bailiwick.model.decision import Deny
from bailiwick.model.intent import Intent
from bailiwick.model.life import Curb, KeyState, Standstill
from bailiwick.model.reason import Reason

ASKED_AGAIN_US = 600_000_000  # an intent is not asked about again, nor an alert told again, for so long
SUSPECT_US = 24 * 3_600_000_000  # how long a suspect key winds down before it is frozen, as configured by default
_MEASURES = {ALERT: "alert", SUSPECT: "wind-down"}


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the watch did about a key.

    Attributes:
        measure: ``alert``, ``hold`` or ``wind-down``.
        theft: the attack that the act belonged to; empty for an honest one.
        why: the sentences that its owner is told.
    """

    key: str
    at_us: int
    measure: str
    symbol: str
    theft: str
    why: tuple[str, ...]


@final
class Hearing:
    """Hears what the watch says of the act under way."""

    def __init__(self, now: Callable[[], int], keys: Mapping[str, Live], told: Callable[[Stop], None]) -> None:
        self.events = self
        self.fills: deque[Any] = deque(maxlen=0)  # nobody replays a drill from a journal
        self.theft = ""  # of the act under way
        self.now = now
        self._keys = keys
        self._tell = told
        self._told: dict[tuple[str, str, str], int] = {}
        self._asked: dict[str, deque[tuple[int, object]]] = {}
        self._position = 0

    # In the place of the journal

    def raise_(
        self, what: str, key: str, account: str, detail: Mapping[str, str], *, matter: str = "", once_us: int = 0
    ) -> int:
        """An event is raised."""
        self._position += 1
        measure = _MEASURES.get(what)
        if measure is None or self.too_soon(what, key, matter, once_us):
            return self._position
        self._told[what, key, matter] = self.now()
        self._stop(key, measure, detail)
        return self._position

    def too_soon(self, what: str, key: str, matter: str, once_us: int) -> bool:
        """Whether the same event was raised within its while."""
        last = self._told.get((what, key, matter))
        return last is not None and self.now() - last < once_us

    def seen(self, now: int, near: object = (), signs: object = ()) -> None:
        """The watch was told of the market."""

    # In the place of holds

    def has_approval(self, live: Live, intent: Intent) -> bool:
        """Nobody approves single intents here: an owner vouches, or he does not."""
        return False

    def described(self, live: Live, intent: Intent) -> dict[str, str]:
        """The request as an event would hold it: not needed."""
        return {}

    def use_watched(self, live: Live, intent: Intent, why: Mapping[str, str]) -> Deny:
        """An intent is held, and its owner asked; however often, his key goes on, as the authority has it (ADR 23)."""
        now = self.now()
        asked = self._asked.setdefault(live.id, deque())
        while asked and now - asked[0][0] >= ASKED_AGAIN_US:
            asked.popleft()
        name = tuple((each.symbol, each.side, each.type, each.quantity, each.price) for each in intent.orders)
        if all(name != before for _, before in asked):
            asked.append((now, name))
            self._stop(live.id, "hold", why)
        return Deny(Reason.WATCHED)

    def answered(self, key: str) -> None:
        """The owner of a key has answered."""
        self._asked.pop(key, None)

    # In the place of the registry

    def doubt(self, key_id: str, still: Standstill) -> None:
        """The key winds down under suspicion."""
        self._wind_down(self._keys[key_id], frozenset(still.suspected), self.now())

    def trust(self, key_id: str) -> None:
        """The key does what its grant allows again."""
        live = self._keys[key_id]
        live.state, live.curb = KeyState.ACTIVE, None

    def _wind_down(self, live: Live, suspected: frozenset[str], now: int) -> None:
        if live.state is KeyState.ACTIVE:
            live.state = KeyState.WINDING_DOWN
            live.curb = Curb(True, suspected, now, now + SUSPECT_US)
            live.ledger.slow = True

    def _stop(self, key: str, measure: str, detail: Mapping[str, str]) -> None:
        why = tuple(text for name, text in detail.items() if name.startswith("why"))
        symbol = detail.get("symbol", "")
        self._tell(Stop(key=key, at_us=self.now(), measure=measure, symbol=symbol, theft=self.theft, why=why))
