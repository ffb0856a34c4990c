"""Native keys in an act against a service, worked out again from the journal: named, stopped, and read back or not.

Nothing of a native key passes the gateway, so no record can prove that it opened nothing. What can be proven is which
there were, when each was stopped here, and whether its exchange was read back since and said so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

CONFIRMED_VERB = "native.confirmed"
_MADE = ("native.issue", "native.register")
_NOT_MADE = ("native.not-made", "native.issue.failed", "native.issue.undone", "native.register.failed",
             "native.register.undone")  # fmt: skip
_STOPS = {"native.winding-down": "winding_down", "native.frozen": "frozen", "native.revoked": "revoked"}
_BACK = "native.active"


@dataclass(slots=True)
class _Key:
    service: str
    state: str = "active"
    at_us: int = 0
    position: int = -1
    confirmed: int = -1


@dataclass(slots=True)
class NativeHoldings:
    """The native keys of a journal, each with its last state and whether that was read back."""

    keys: dict[str, _Key] = field(default_factory=dict)
    now_us: int = 0

    def take(self, position: int, at_us: int, verb: str, subject: str, service: str) -> None:
        """Take an act; what is not about a native key only tells the time."""
        self.now_us = max(self.now_us, at_us)
        if verb in _MADE:
            self.keys[subject] = _Key(service)
        elif verb in _NOT_MADE:
            self.keys.pop(subject, None)
        elif (key := self.keys.get(subject)) is None:
            return
        elif verb == CONFIRMED_VERB:
            key.confirmed = position if key.state != "active" else -1
        elif verb in _STOPS or verb == _BACK:
            key.state, key.at_us, key.position, key.confirmed = _STOPS.get(verb, "active"), at_us, position, -1

    def of(self, service: str) -> list[str]:
        """The native keys that ever were a service's, but for those that were never made; one never changes hands."""
        return sorted(name for name, key in self.keys.items() if key.service == service)

    def unconfirmed(self, service: str, act: int) -> list[str]:
        """Those that were not read back as stopped, nor given back by a person after the act."""
        return [name for name in self.of(service) if not self._done(self.keys[name], act)]

    def lines(self, service: str, act: int) -> Iterator[str]:
        """How each stands, in words."""
        for name in self.of(service):
            key = self.keys[name]
            if key.state == "active" and key.position > act:
                said = f"given back by a person in record {key.position}"
            elif key.state == "active":
                said = "NOT STOPPED: no record says so"
            elif key.confirmed >= 0:
                said = f"{key.state} since record {key.position}; its exchange confirmed it in record {key.confirmed}"
            else:
                age = max(0, self.now_us - key.at_us) // 1_000_000
                said = f"{key.state} since record {key.position}; ASKED, NOT CONFIRMED by its exchange for {age} s"
            yield f"native key {name}: {said} (detects, does not hold)"

    @staticmethod
    def _done(key: _Key, act: int) -> bool:
        return key.confirmed >= 0 if key.state != "active" else key.position > act
