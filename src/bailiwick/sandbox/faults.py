"""Faults that a rehearsal injects: what the next matching requests meet instead of a good answer."""

from typing import Final

import msgspec

KINDS: Final = (
    "delay",
    "late_answer",
    "reset_before",
    "reset_after",
    "half_answer",
    "close_after",
    "surplus",
    "garbage",
    "status_before",
    "status_after",
    "429",
    "418",
)


class Fault(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """One fault, for the next ``count`` requests whose method and path begin match.

    ``delay_ms`` passes before the request is looked at, except for ``late_answer``: that one executes at once and
    answers after the delay. ``reset_before`` closes the connection without executing, ``reset_after`` executes
    first; ``half_answer`` executes and cuts the answer in the middle; ``close_after`` answers and then hangs up
    without having said so; ``surplus`` sends bytes behind the answer that belong to none, ``garbage`` executes and
    answers what is not HTTP; ``status_before`` and ``status_after`` answer ``status`` without and after executing;
    ``429`` and ``418`` carry ``retry_after`` seconds and never execute. An empty method or path matches all.
    """

    kind: str
    count: int = 1
    method: str = ""
    path: str = ""
    delay_ms: int = 0
    status: int = 503
    retry_after: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}: choose one of {', '.join(KINDS)}")


class Faults:
    """The faults that still wait for a request, in the order they were injected."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def inject(self, fault: Fault) -> None:
        """Let the next matching requests meet a fault."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Forget what has not struck."""
        self._waiting.clear()

    def next(self, method: str, path: str) -> Fault | None:
        """The fault a request meets; None, as a rule."""
        if not self._waiting:
            return None
        for fault in self._waiting:
            if fault.method in ("", method) and path.startswith(fault.path):
                fault.count -= 1
                if fault.count <= 0:
                    self._waiting.remove(fault)
                return fault
        return None
