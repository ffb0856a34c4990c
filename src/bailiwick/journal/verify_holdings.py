"""Whose keys are and were, as the acts of a journal lead to it: for whoever works an act out again from that alone."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

ISSUE_VERB = "key.issue"
HAND_OVER_VERB = "key.hand-over"
ROTATE_VERB = "key.rotate"
NOT_DONE = (".undone", ".failed")
"""How the verb of an act ends that was recorded before and then not done."""


class After(msgspec.Struct, frozen=True):
    """What is read of an act's ``after``; anything else is passed over."""

    id: str = ""
    service: str = ""
    state: str = ""
    keys: tuple[str, ...] = ()
    ever: dict[str, Any] = {}
    states: dict[str, Any] = {}
    natives: dict[str, Any] | None = None
    overlap: bool = False  # of a rotation: whether the earlier secret is believed for a while
    standing: str = ""
    in_force: int = -1


def read_after(text: str) -> After:
    """The fields that are of the right kind: not every act is the authority's."""
    try:
        values = msgspec.json.decode(text or "{}")
    except msgspec.MsgspecError:
        return After()
    if not isinstance(values, dict):
        return After()
    keys = values.get("keys")
    picked: dict[str, Any] = {
        name: values[name] for name in ("id", "service", "state", "standing") if _is(values, name, str)
    }
    picked |= {name: values[name] for name in ("ever", "states", "natives") if _is(values, name, dict)}
    picked["overlap"] = values.get("overlap_until") is not None
    if _is(values, "from", int):
        picked["in_force"] = values["from"]
    if isinstance(keys, list):
        picked["keys"] = tuple(key for key in keys if isinstance(key, str))
    return After(**picked)


def _is(values: dict[str, Any], name: str, kind: type) -> bool:
    return isinstance(values.get(name), kind)


@dataclass(slots=True)
class Holdings:
    """Whose keys are and were, and in which state, as the acts of a journal lead to it."""

    holder: dict[str, str] = field(default_factory=dict)
    ever: dict[str, set[str]] = field(default_factory=dict)  # by service
    state: dict[str, str] = field(default_factory=dict)
    fresh: dict[str, set[str]] = field(default_factory=dict)  # by key: services that left it before its newest secret
    stale: dict[str, set[str]] = field(default_factory=dict)  # the same before that secret
    undo: dict[tuple[str, str], list[tuple[str, str | None, str | None]]] = field(default_factory=dict)

    def take(self, verb: str, subject: str, after: After) -> None:
        """Take an act."""
        for ending in NOT_DONE:
            if verb.endswith(ending):
                self._take_back(verb.removesuffix(ending), subject)
                return
        before = [(key, self.holder.get(key), self.state.get(key)) for key in after.keys or (subject,)]
        if verb == ISSUE_VERB and after.service:
            self._hold(subject, after.service)
            self.state[subject] = after.state
        elif verb == HAND_OVER_VERB and subject in self.holder:
            self._hold(subject, after.service)
        elif verb == ROTATE_VERB and not after.overlap:
            self.stale[subject] = self.fresh.get(subject, set())
            past = {service for service, keys in self.ever.items() if subject in keys}
            self.fresh[subject] = past - {self.holder.get(subject, "")}
        elif after.state:
            for key in after.keys:
                self.state[key] = after.state
        self.undo[verb, subject] = before

    def _hold(self, key: str, service: str) -> None:
        self.holder[key] = service
        self.ever.setdefault(service, set()).add(key)
        self.fresh.get(key, set()).discard(service)

    def _take_back(self, verb: str, subject: str) -> None:
        """What was recorded and not done: what allows something is taken back, what takes it away is believed."""
        if verb == ROTATE_VERB:
            self.fresh[subject] = self.stale.pop(subject, set())
        for key, holder, state in self.undo.pop((verb, subject), []):
            if verb == ISSUE_VERB:
                self.ever.get(self.holder.pop(key, ""), set()).discard(key)
                self.state.pop(key, None)
            elif verb == HAND_OVER_VERB and holder is not None:
                self.ever.get(self.holder[key], set()).discard(key)
                self._hold(key, holder)
            elif self.state.get(key) == "active" and state is not None:
                self.state[key] = state

    def spared(self, service: str) -> set[str]:
        """The keys of a service that left it and have another secret since."""
        return {
            key
            for key in self.ever.get(service, ())
            if self.holder.get(key) != service and service in self.fresh.get(key, ())
        }
