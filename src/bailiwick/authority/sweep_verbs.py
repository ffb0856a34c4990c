"""What the control process is asked about keys that lie idle or run out of time."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep did, or would do, to keys of one sort.

    ``what`` is ``warn``, ``tell`` (its owner wants no more than a notice), ``wind-down``, ``freeze`` or ``revoke``;
    ``why`` is ``idle`` or ``expiry``; ``keys`` are the first of them.
    """

    what: str
    why: str
    days: int | None  # before the removal, of a warning
    count: int
    keys: tuple[str, ...]


class SweepAnswer(Answer, frozen=True, kw_only=True):
    """What a sweep found. ``position`` is that of its last act in the journal; -1 where there was none."""

    policies: tuple[str, ...]
    swept: tuple[Swept, ...]
    dry_run: bool
    position: int = -1


class Sweep(Question[SweepAnswer], frozen=True, forbid_unknown_fields=True, kw_only=True, tag="sweep"):
    """Warn of, and remove, keys that lie idle or run out of time, now. A ``dry_run`` only tells what would be done."""

    dry_run: bool = False
    reason: str = ""


SWEEP_ACTS: Verbs = (Sweep,)
