"""What the control process is asked about how an incident goes: who works on it, what happened, what it cost."""

import msgspec

from bailiwick.authority.notice_verbs import IncidentAnswer
from bailiwick.link.wire import Answer, Question, Verbs


class AssignIncident(Question[IncidentAnswer], frozen=True, kw_only=True, tag="assign_incident"):
    """Say which person works on an incident: one who signs in to the console. Empty for nobody."""

    id: str
    assignee: str = ""


class MoveIncident(Question[IncidentAnswer], frozen=True, kw_only=True, tag="move_incident"):
    """Say that an incident is being worked on (working), or is not (open). ``close`` is a verb of its own."""

    id: str
    state: str
    reason: str = ""


class HappeningView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the timeline.

    ``kind`` is ``signal``, ``held``, ``refused``, ``order``, ``wind-down``, ``freeze``, ``given-back``, ``vouch``,
    ``not-me``, ``answer``, ``note``, ``assigned``, ``state``, ``opened`` or ``other``. ``alert`` names what the watch
    said, ``position`` the record in the journal.
    """

    at: str
    kind: str
    text: str
    by: str = ""
    key: str = ""
    alert: str = ""
    vouch: str = ""
    why: tuple[str, ...] = ()
    position: int = -1


class AffectedView(msgspec.Struct, frozen=True, kw_only=True):
    """A key that an incident concerns, and whose it is."""

    key: str
    name: str
    state: str
    account: str
    service: str
    venue: str
    owner: str


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order of an affected key. Money is a decimal in a string; ``None`` is not known.

    ``fate`` is ``forwarded``, ``held`` or ``refused``. ``executed`` is in the base asset and ``paid`` in the quote
    asset, as the exchange reported. A held or refused one is reckoned at a price ``would_from`` ``would_to``;
    ``why_not`` says why one is not.
    """

    position: int
    at: str
    key: str
    symbol: str
    side: str
    type: str
    fate: str
    reason: str = ""
    quantity: str | None = None
    quote_quantity: str | None = None
    price: str | None = None
    executed: str | None = None
    paid: str | None = None
    would_from: str | None = None
    would_to: str | None = None
    why_not: str = ""


class SumView(msgspec.Struct, frozen=True, kw_only=True):
    """A loss, in the quote asset: never below nothing. ``gain`` says that it was none; ``None`` is not known."""

    amount: str | None
    gain: bool = False


class LossView(msgspec.Struct, frozen=True, kw_only=True):
    """What was lost and what was prevented, reckoned against one price.

    ``against`` is ``before`` (the median of the hour before the first signal), ``then`` (five minutes after each order)
    or ``now`` (the latest price). What was prevented is an estimate, from ``least`` to ``most``.
    """

    against: str
    lost: SumView
    least: SumView
    most: SumView


class MinuteView(msgspec.Struct, frozen=True, kw_only=True):
    """A minute of the symbol, and the victim's result by its end.

    ``real`` is with what was let through, ``otherwise`` as if the held and refused orders had been executed as well.
    """

    at_ms: int
    open: str
    high: str
    low: str
    close: str
    real: str
    otherwise: str


class CourseView(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol of an incident: its minutes, the orders in it, and what they cost.

    ``counted`` and ``prevented`` are how many orders the sums are of; ``unknown`` how many could not be reckoned.
    """

    symbol: str
    venue: str
    base: str
    quote: str
    minutes: tuple[MinuteView, ...]
    orders: tuple[OrderView, ...]
    losses: tuple[LossView, ...]
    counted: int
    prevented: int
    unknown: int
    before: str | None = None
    latest: str | None = None
    latest_at: str | None = None


class PictureAnswer(Answer, frozen=True, kw_only=True):
    """An incident in full: who is affected, what happened when, and each symbol's picture.

    ``first`` is when the first signal was; orders count from ``begins`` to ``ends``. ``notes`` say what is missing.
    """

    id: str
    first: str
    begins: str
    ends: str
    affected: tuple[AffectedView, ...]
    timeline: tuple[HappeningView, ...]
    courses: tuple[CourseView, ...]
    notes: tuple[str, ...] = ()


class LookAtIncident(Question[PictureAnswer], frozen=True, kw_only=True, tag="look_at_incident"):
    """Show an incident's timeline, whom it affects, and what it cost."""

    id: str


INCIDENT_VERBS: Verbs = (AssignIncident, MoveIncident, LookAtIncident)
"""How an incident goes."""
