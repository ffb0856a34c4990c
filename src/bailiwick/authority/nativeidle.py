"""Native keys that lie idle: the configured policies, for keys whose use is known from their trades alone.

What was not looked at is not idle: a key is stopped only where its trades were read after its time had run out, and one
that nobody can see used (it only reads, or has no reading key beside it) is told of and never stopped.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from bailiwick.authority.lives import DAY_MS, Terms
from bailiwick.authority.sweep_verbs import Swept
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.native import Native
from bailiwick.rules.idleness import Policy

WHAT: dict[KeyState, Literal["wind-down", "freeze", "revoke"]] = {
    KeyState.WINDING_DOWN: "wind-down",
    KeyState.FROZEN: "freeze",
    KeyState.REVOKED: "revoke",
}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is due for a key: ``to`` is what it comes to; else its owner is told. ``days`` are those before a removal.

    ``mark`` is what its row remembers of having been told; ``reason`` is empty where it traded again since, so that
    nobody need be told.
    """

    to: KeyState | None = None
    days: int | None = None
    mark: int = 0
    reason: str = ""


class Idleness(msgspec.Struct, frozen=True):
    """The policies for keys that can trade and for those that only read, and how long each step of a removal takes."""

    trading: Policy
    reading: Policy
    terms: Terms

    def step(self, native: Native, now: int) -> Step | None:
        """What is due now; None where nothing is."""
        if native.cause is Cause.IDLENESS:
            return self._further(native, now)
        if native.state is not KeyState.ACTIVE:
            return None
        if not native.trades or native.watch is None:
            return self._unseen(native, now)
        rule = self.trading
        if rule.days is None or (rule.spares_bound and bound(native)):
            return None
        due = max(native.last_traded or 0, native.created, native.since or 0) + rule.days * DAY_MS
        if due <= now:
            if (native.polled or 0) < due:
                return None  # its trades were not read since: the exchange is down, and it may have traded
            return Step(to=KeyState.WINDING_DOWN, reason=f"no trade for {rule.days} days: {rule}")
        return _warning(native, rule, due, now)

    def _further(self, native: Native, now: int) -> Step | None:
        """A removal goes on: by way of a freeze, as of other keys, it is deleted."""
        since = native.since or now
        if self.trading.ends == "stop":
            return None
        if native.state is KeyState.WINDING_DOWN and since + self.terms.wind_down <= now:
            return Step(to=KeyState.FROZEN, reason="the time of its wind-down is over")
        if native.state is KeyState.FROZEN and since + self.terms.removal <= now:
            return Step(to=KeyState.REVOKED, reason="idle, and nobody took it back")
        return None

    def _unseen(self, native: Native, now: int) -> Step | None:
        rule = self.trading if native.trades else self.reading
        if rule.days is None or native.warned == rule.days:
            return None
        if max(native.created, native.since or 0) + rule.days * DAY_MS > now:
            return None
        return Step(mark=rule.days, reason=f"nobody here can see whether it was used in {rule.days} days")


def bound(native: Native) -> bool:
    """Whether it serves from named addresses alone: by what was asked for, and what the exchange last said of it."""
    if native.said is not None and native.said.bound is not None:
        return native.said.bound
    return bool(native.addresses)


def swept(found: Iterable[tuple[Native, Step]]) -> tuple[Swept, ...]:
    """What a sweep says of them."""
    return tuple(
        Swept(
            what="tell" if step.to is None and step.days is None else "warn" if step.to is None else WHAT[step.to],
            why="idle",
            days=step.days,
            count=1,
            keys=(f"native key {native.id}",),
        )
        for native, step in found
    )


def _warning(native: Native, rule: Policy, due: int, now: int) -> Step | None:
    for days in sorted(rule.warnings):
        if due - days * DAY_MS <= now:
            if not native.warned or native.warned > days:
                reason = f"no trade lately; it is stopped in {days} days: {rule}"
                return Step(days=days, mark=days, reason=reason)
            return None
    return Step(mark=0) if native.warned else None
