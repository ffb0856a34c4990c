"""Rules of a key's life: its state, its first and last moment, its hours."""

from bailiwick.model.decision import Deny
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act
from bailiwick.model.life import KeyState
from bailiwick.model.reason import Reason
from bailiwick.rules import winding
from bailiwick.rules.case import Case

READS = BIT[Harm.PUBLIC] | BIT[Harm.READ]
HARMLESS = READS | BIT[Harm.CANCEL]
CANCELS = frozenset({Act.CANCEL, Act.CANCEL_LIST, Act.CANCEL_ALL, Act.AMEND})

_ACTIVE = KeyState.ACTIVE

_OVER = {
    KeyState.PENDING: Deny(Reason.KEY_PENDING, "the key is pending"),
    KeyState.EXPIRED: Deny(Reason.KEY_EXPIRED, "the key is expired"),
    KeyState.REVOKED: Deny(Reason.KEY_REVOKED, "the key is revoked"),
}


def standing(case: Case) -> Deny | None:
    """A key acts while it is active; winding down it does what ``winding`` leaves it; frozen it reads."""
    state = case.state
    if state is _ACTIVE:
        return None
    if state in _OVER:
        return _OVER[state]
    return winding.standing(case) if state is KeyState.WINDING_DOWN else winding.frozen(case)


def lifetime(case: Case) -> Deny | None:
    """A grant has a first and a last moment."""
    authority = case.authority
    if authority.not_before_us is not None and case.now_us < authority.not_before_us:
        return Deny(Reason.KEY_PENDING, "the grant's not_before lies ahead")
    if authority.expires_us is not None and case.now_us >= authority.expires_us:
        return winding.expired(case, authority.expires_us)
    return None


def hours(case: Case) -> Deny | None:
    """Outside of its days and hours a key opens nothing; it still reads, cancels and reduces."""
    schedules = case.authority.schedules
    if not schedules or case.reducing or case.intent.endpoint.bit & HARMLESS or case.act in CANCELS:
        return None
    for schedule in schedules:
        if not schedule.open_at(case.now_us):
            return Deny(Reason.OUTSIDE_HOURS, "the grant allows: " + "; ".join(case.authority.hours))
    return None
