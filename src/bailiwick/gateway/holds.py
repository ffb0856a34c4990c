"""Intents that wait for a person: refused at first, and passed once when the same comes again after an approval.

That an approval is used stands in the journal before the intent does, so that neither a crash nor a restart lets it be
used twice: at a start the uses are read from there.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, final

from bailiwick.gateway.events import MOST_DETAIL, Events
from bailiwick.gateway.parties import Live
from bailiwick.model.approval import Approved
from bailiwick.model.decision import Allow, Deny
from bailiwick.model.intent import Intent
from bailiwick.model.reason import Reason
from bailiwick.rules.hold import MOST_REQUEST_CHARS, digest, must_be_held, request_text, what

HOLD = "hold"
WATCH_HOLD = "watch_hold"  # what no rule holds, but the watch does
HOLD_USED = "hold_used"
ASK_AGAIN_US = 600_000_000  # the same intent is not asked about again for so long
ASKED_AT_ONCE = 10  # of one key within that time, answered or not; the authority winds it down at three unanswered
MOST_KEYS = 4096


class Approvals(Protocol):
    """Where approvals are kept."""

    def approved(self) -> Iterable[Approved]:
        """Those that are not used and not over, as far as the store knows."""
        ...


@final
class Holds:
    """Holds what a person must approve."""

    def __init__(self, events: Events, store: Approvals, clock: Callable[[], int]) -> None:
        self._events = events
        self._store = store
        self._clock = clock  # µs, of this machine: a person answers by it
        self._latest = 0  # µs
        self._approved: dict[tuple[str, str], Approved] = {}
        self._used: set[str] = set()
        self._times: dict[tuple[str, str], int] = {}  # how often an approval of this intent was used
        self._asked: dict[str, deque[int]] = {}  # when each key's holds were raised

    def load(self) -> None:
        """Read approvals, and from the journal which of them are used, when the gateway starts."""
        kept = list(self._store.approved())
        if kept:
            told = list(self._events.since(min(each.position for each in kept)))
            self._used |= {event.detail["hold"] for event in told if event.kind == HOLD_USED}
            self._latest = max((event.at_ms * 1000 for event in told), default=0)
        self.refresh()

    def refresh(self) -> None:
        """Read approvals again, after the store has changed."""
        kept = {(each.key, each.digest): each for each in self._store.approved() if each.id not in self._used}
        self._approved = kept

    def stop(self, live: Live, intent: Intent, allow: Allow) -> Deny | None:
        """Refuse what needs an approval that it has not, and have a person asked; None lets it go on."""
        if not must_be_held(intent, live.authority, allow):
            return None
        name = self._digest(live, intent)
        if self._usable(live, name) is not None:
            return None
        self._ask(live, intent, name, HOLD, {})
        return Deny(Reason.HELD, what(intent))

    def use(self, live: Live, intent: Intent, allow: Allow) -> Deny | None:
        """Use up the approval of what is about to leave. The record of it stands before the record of the intent."""
        if not must_be_held(intent, live.authority, allow):
            return None
        name = self._digest(live, intent)
        approval = self._usable(live, name)
        if approval is None:
            return Deny(Reason.HELD, what(intent))
        return self._use(live, name, approval)

    def has_approval(self, live: Live, intent: Intent) -> bool:
        """Whether a person approved this, so that it may pass once."""
        return bool(self._approved) and self._usable(live, self._digest(live, intent)) is not None

    def use_watched(self, live: Live, intent: Intent, why: Mapping[str, str]) -> Deny | None:
        """Use up the approval of what the watch holds; without one refuse it, and have a person asked.

        ``why`` goes into the event beside the request.
        """
        name = self._digest(live, intent)
        approval = self._usable(live, name)
        if approval is not None:
            return self._use(live, name, approval)
        self._ask(live, intent, name, WATCH_HOLD, why)
        return Deny(Reason.WATCHED, what(intent))

    def described(self, live: Live, intent: Intent) -> dict[str, str]:
        """The request as an event holds it, for a person to look at; without its text where that is too long."""
        detail = {"digest": self._digest(live, intent), "what": what(intent), "service": live.service}
        text = request_text(intent)
        for place in range(0, len(text) if len(text) <= MOST_REQUEST_CHARS else 0, MOST_DETAIL):
            detail[f"request{place // MOST_DETAIL:02}"] = text[place : place + MOST_DETAIL]
        return detail

    def _use(self, live: Live, name: str, approval: Approved) -> Deny | None:
        detail = {"hold": approval.id, "digest": name}
        if self._events.raise_(HOLD_USED, live.id, live.account.id, detail, matter=approval.id, once_us=0) < 0:
            return Deny(Reason.JOURNAL_STOPPED)
        self._used.add(approval.id)
        del self._approved[live.id, name]
        place = (live.id, name)
        self._times[place] = self._times.get(place, 0) + 1
        return None

    def _digest(self, live: Live, intent: Intent) -> str:
        return digest(live.id, live.account.id, intent, live.account.venue.dialect.own_names)

    def _usable(self, live: Live, name: str) -> Approved | None:
        found = self._approved.get((live.id, name))
        return found if found is not None and self._now() < found.use_by * 1000 else None

    def _now(self) -> int:
        """The time in µs, which never goes back: a clock that was set back would lengthen an approval.

        It begins with the latest event that the journal has since the first approval in force.
        """
        self._latest = max(self._latest, self._clock())
        return self._latest

    def _ask(self, live: Live, intent: Intent, name: str, kind: str, more: Mapping[str, str]) -> None:
        detail = self.described(live, intent)
        if "request00" not in detail or not self._may_ask(live.id):
            return
        matter = f"{name}/{self._times.get((live.id, name), 0)}"
        detail |= more
        if self._events.raise_(kind, live.id, live.account.id, detail, matter=matter, once_us=ASK_AGAIN_US) >= 0:
            self._asked[live.id].append(self._clock())

    def _may_ask(self, key: str) -> bool:
        now = self._clock()
        if key not in self._asked and len(self._asked) >= MOST_KEYS:
            self._asked.pop(next(iter(self._asked)))
        asked = self._asked.setdefault(key, deque())
        while asked and now - asked[0] >= ASK_AGAIN_US:
            asked.popleft()
        return len(asked) < ASKED_AT_ONCE
