"""Somebody feels for the edges: withdrawals that the key never made, and one sort of denial after another."""

from typing import Final

from bailiwick.model.harm import BIT, Harm
from bailiwick.model.reason import Reason
from bailiwick.watch.course import Course

REACH: Final = "reaches-for-more"
DENIED: Final = "many-denials"
MOST: Final = 5_000

DENIALS_S: Final = 1_800  # within which sorts of denials are counted together

_WEIGHT: Final = {
    Harm.WITHDRAW: 4_000,
    Harm.BEARER: 4_500,
    Harm.ADMINISTER: 4_000,
    Harm.MOVE: 3_000,
    Harm.BORROW: 2_500,
}
# What a client that is broken or behind in time is denied for says nothing of who it is.
_INNOCENT: Final = frozenset(
    {
        Reason.REPLAYED,
        Reason.TIMESTAMP_STALE,
        Reason.TIMESTAMP_AHEAD,
        Reason.WINDOW_SPENT,
        Reason.REQUEST_RATE,
        Reason.WEIGHT_SHARE,
        Reason.VENUE_PAUSED,
        Reason.REGISTRY_STALE,
        Reason.REFERENCE_STALE,
        Reason.JOURNAL_FULL,
        Reason.JOURNAL_STOPPED,
        Reason.CREDENTIAL_SEALED,
        Reason.ACCOUNT_CLOSED,
        Reason.SHUTTING_DOWN,
        Reason.FAULT,
        Reason.HELD,
        Reason.KEY_WINDING_DOWN,
        Reason.KEY_FROZEN,
        Reason.CLIENT_ORDER_ID_USED,
        Reason.OPEN_ORDERS,
    }
)
_BITS: Final = {reason: 1 << place for place, reason in enumerate(each for each in Reason if each not in _INNOCENT)}


def reaches(harm: Harm, usual: int) -> int:
    """What it says that a key asks for this sort of harm, of which ``usual`` are the bits that are its habit."""
    found = _WEIGHT.get(harm, 0)
    return 0 if found and usual & BIT[harm] else found


def deny(course: Course, reason: Reason, now_s: int) -> bool:
    """Note a denial; tells whether it is of a sort not met within half an hour."""
    bit = _BITS.get(reason, 0)
    if now_s - course.denied_s > DENIALS_S:
        course.denials = 0
    if not bit or course.denials & bit:
        return False
    course.denials |= bit
    course.denied_s = now_s
    return True


def denied(course: Course, now_s: int) -> int:
    """What the sorts of denials met within half an hour say: a fault is of one sort, who feels for edges meets many."""
    if now_s - course.denied_s > DENIALS_S:
        return 0
    sorts = course.denials.bit_count()
    return min((sorts - 2) * 1_000, 3_000) if sorts > 2 else 0


def reach_values(harm: Harm) -> tuple[tuple[str, str], ...]:
    return (("asks to", harm.value),)


def denied_values(course: Course) -> tuple[tuple[str, str], ...]:
    return (("sorts of denials in half an hour", str(course.denials.bit_count())),)
