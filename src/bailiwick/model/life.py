"""The life of a key: its states, what moved it, and the one table of the steps between them with who may take each.

An account has the same states, of which it uses four. Times are whole milliseconds since 1970-01-01 UTC.
"""

import re
from enum import StrEnum
from typing import NamedTuple

import msgspec


class KeyState(StrEnum):
    """Where a key is in its life."""

    PENDING = "pending"  # issued, and not yet in force
    ACTIVE = "active"
    WINDING_DOWN = "winding_down"  # may read, cancel and reduce, and opens nothing
    FROZEN = "frozen"  # may read, until somebody decides
    REVOKED = "revoked"  # for ever
    EXPIRED = "expired"  # removed: its time ran out, or it lay idle


class Cause(StrEnum):
    """Why a key is in its state. What a key that winds down may do depends on it."""

    OWNER = "owner"  # its owner, or whoever acts for him, said so
    IDLENESS = "idleness"
    EXPIRY = "expiry"
    STANDING = "standing"  # its service is suspended or compromised
    ACCOUNT = "account"  # its account winds down or is frozen
    SUSPICION = "suspicion"  # an alert, a canary, holds that nobody answered
    LEAK = "leak"  # somebody else has its secret


SUSPECT = frozenset({Cause.SUSPICION, Cause.LEAK})
"""Causes that doubt whoever holds the key itself: it winds down slowly, and without the suspected symbols."""

REMOVING = frozenset({Cause.IDLENESS, Cause.EXPIRY})
"""Causes at whose end the key is removed rather than left frozen."""

CAUSE_WORDS = {
    Cause.OWNER: "because a person said so",
    Cause.IDLENESS: "because it lay idle",
    Cause.EXPIRY: "because its time ran out",
    Cause.STANDING: "because of its service's standing",
    Cause.ACCOUNT: "because of its account's state",
    Cause.SUSPICION: "because it is suspected of abuse",
    Cause.LEAK: "because its secret leaked",
}


class Response(StrEnum):
    """What an owner wants done with a key when something happens to it."""

    NOTICE = "notice"  # tell me, and do nothing
    WIND_DOWN = "wind-down"
    FREEZE = "freeze"
    REVOKE = "revoke"


RESPONSE_STATES = {
    Response.WIND_DOWN: KeyState.WINDING_DOWN,
    Response.FREEZE: KeyState.FROZEN,
    Response.REVOKE: KeyState.REVOKED,
}

STOPPING = frozenset(RESPONSE_STATES)
"""Responses that stop the key: what is allowed for an expiry and for a compromised service."""

MEANINGS = {
    KeyState.ACTIVE: "it does what its grant allows again",
    KeyState.WINDING_DOWN: "it reads, cancels, and sells what it bought itself; it opens nothing, and orders that "
    "protect can only be replaced by ones that protect as much; after a while it is frozen",
    KeyState.FROZEN: "it only reads; orders that rest at the exchange live on, and it cannot cancel them; a person can "
    "undo it",
    KeyState.REVOKED: "it is dead for ever and does not even read; orders that rest at the exchange live on: look at "
    "them there",
}
"""What each state that a user chooses means, in the words used wherever one is chosen."""

DIFFERENCE = "\n\n".join(
    f"{name}: {MEANINGS[state]}."
    for name, state in (
        ("wind-down", KeyState.WINDING_DOWN),
        ("freeze", KeyState.FROZEN),
        ("revoke", KeyState.REVOKED),
    )
)
"""The difference between the three."""


class Mover(StrEnum):
    """Who takes a step: a signed-in person, or a rule (a sweep, a detector, a link in a notice, time itself)."""

    PERSON = "person"
    RULE = "rule"


_PERSON = re.compile(r".{1,100} \(uid [0-9]{1,10}\)|uid [0-9]{1,10}|person:.{1,100}")


def mover_of(actor: str) -> Mover:
    """Whether an actor, as the journal names it, is a signed-in person. Whatever is not known to be one is a rule.

    A person is named by the doors through which people come in: ``name (uid 1000)`` by the kernel's word for the
    command line, ``person:name`` after a sign-in. Links, sweeps and detectors are ``rule:idle``, ``link:telegram``, ….
    """
    return Mover.PERSON if _PERSON.fullmatch(actor) else Mover.RULE


_BOTH = frozenset(Mover)
_PERSONS = frozenset({Mover.PERSON})
_S = KeyState

STEPS: dict[tuple[KeyState, KeyState], frozenset[Mover]] = {
    (_S.PENDING, _S.ACTIVE): _PERSONS,
    (_S.PENDING, _S.FROZEN): _BOTH,
    (_S.PENDING, _S.REVOKED): _BOTH,
    (_S.PENDING, _S.EXPIRED): _BOTH,
    (_S.ACTIVE, _S.WINDING_DOWN): _BOTH,
    (_S.ACTIVE, _S.FROZEN): _BOTH,
    (_S.ACTIVE, _S.REVOKED): _BOTH,
    (_S.ACTIVE, _S.EXPIRED): _BOTH,
    (_S.WINDING_DOWN, _S.ACTIVE): _PERSONS,
    (_S.WINDING_DOWN, _S.FROZEN): _BOTH,
    (_S.WINDING_DOWN, _S.REVOKED): _BOTH,
    (_S.WINDING_DOWN, _S.EXPIRED): _BOTH,
    (_S.FROZEN, _S.ACTIVE): _PERSONS,
    (_S.FROZEN, _S.WINDING_DOWN): _PERSONS,
    (_S.FROZEN, _S.REVOKED): _BOTH,
    (_S.FROZEN, _S.EXPIRED): _BOTH,
    (_S.EXPIRED, _S.REVOKED): _BOTH,  # who wants it back issues another
}
"""The one table: every step, and who may take it. Nothing leads out of revoked; what widens is a person's alone."""

TRANSITIONS: dict[KeyState, frozenset[KeyState]] = {
    state: frozenset(to for start, to in STEPS if start is state) for state in KeyState
}
"""What may follow what, whoever takes the step."""

BREADTH = {
    KeyState.ACTIVE: 3,
    KeyState.PENDING: 3,  # it is active as soon as its time comes
    KeyState.WINDING_DOWN: 2,
    KeyState.FROZEN: 1,
    KeyState.EXPIRED: 0,
    KeyState.REVOKED: 0,
}
"""How much a state lets a key do; a step to a greater one widens."""


def moved(state: KeyState, to: KeyState, mover: Mover = Mover.PERSON) -> KeyState:
    """The state after a step.

    Raises:
        ValueError: if the table has no such step, or has it for a person alone and a rule would take it.
    """
    movers = STEPS.get((state, to))
    if movers is None:
        allowed = ", ".join(sorted(TRANSITIONS[state])) or "nothing"
        raise ValueError(f"state: a key that is {state} cannot become {to}; from here it can become {allowed}")
    if mover not in movers:
        raise ValueError(f"state: only a signed-in person makes a key {to} that is {state}; ask its owner to do it")
    return to


class Standstill(msgspec.Struct, frozen=True):
    """What is known of a key's state beside its name: why, since when, and until when it winds down or stays frozen.

    Attributes:
        cause: why; None for a key that was never moved.
        suspected: symbols in which a suspect key may do nothing; resting orders there live on.
        since: when it came to its state.
        until: when a wind-down becomes a freeze, and a freeze of a key that is being removed its end. None: never.
    """

    cause: Cause | None = None
    suspected: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    @property
    def suspect(self) -> bool:
        """Whether it is the holder of the key who is doubted."""
        return self.cause in SUSPECT


class Life(NamedTuple):
    """A state with what is known of it."""

    state: KeyState
    still: Standstill = Standstill()


def stricter(before: Life, after: Life) -> Life:
    """The narrower of two lives of a key, point by point.

    It is what an act comes to on a key that is in the state already: a suspicion that falls on a key winding down for
    another cause narrows it, and a lenient cause does not lift a suspicion.
    """
    if BREADTH[after.state] != BREADTH[before.state]:
        low, high = sorted((before, after), key=lambda life: BREADTH[life.state])
    else:
        low, high = (before, after) if before.still.suspect or not after.still.suspect else (after, before)
    end = min(_end(before.still), _end(after.still)) if low.state is high.state else _end(low.still)
    suspected = tuple(sorted({*low.still.suspected, *high.still.suspected}))
    cause = high.still.cause if high.still.suspect and not low.still.suspect else low.still.cause
    until = None if end == _NEVER else int(end)
    return Life(low.state, msgspec.structs.replace(low.still, cause=cause, suspected=suspected, until=until))


_NEVER = float("inf")


def _end(still: Standstill) -> float:
    return _NEVER if still.until is None else still.until


class Curb(msgspec.Struct, frozen=True, gc=False):
    """How a key that is not simply active is held back, as the rules ask for it. Times are in microseconds.

    Attributes:
        suspect: whether it is the holder of the key who is doubted.
        suspected: symbols in which a suspect key may do nothing.
        since_us: when it came to its state.
        until_us: when its wind-down becomes a freeze; None: never by itself.
        on_expiry: what its owner wants when its time runs out.
        expiry_us: how long it winds down after that.
        home: the home assets of its account, into which it may sell by any pair; none: the grant's currency alone.
    """

    suspect: bool = False
    suspected: frozenset[str] = frozenset()
    since_us: int = 0
    until_us: int | None = None
    on_expiry: Response = Response.REVOKE
    expiry_us: int = 0
    home: frozenset[str] = frozenset()
