"""What the control process is asked before a key is issued: a grant to propose, and what a draft comes to.

Neither has an effect. The choices of a draft are texts, as somebody types them: what is wrong with one is an answer
that names it, so that a page can say so beside it.
"""

from decimal import Decimal

import msgspec

from bailiwick.authority.service_verbs import WorstLoss
from bailiwick.link.wire import Answer, Question, Verbs


class Choices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The choices of a grant as they are typed. An empty limit is none; distances are in percent, or "none".

    ``expires`` is a day such as 2027-01-31, which it does not outlast in UTC, or a moment; empty for never.
    ``day_notional`` is that of a calendar day and of any 24 hours.
    """

    symbols: tuple[str, ...] = ()
    order_types: tuple[str, ...] = ()
    order_notional: str = ""
    day_notional: str = ""
    loss_per_day: str = ""
    open_orders: str = ""
    requests_per_minute: str = ""
    near: str = ""
    anchor: str = ""
    stop: str = ""
    networks: tuple[str, ...] = ()
    expires: str = ""


class ChoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """One choice: why it is proposed (empty where it was not), and what a thief could do with it."""

    field: str
    thief: str
    reason: str = ""


class WrongView(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one choice, and what to write."""

    field: str
    sentence: str
    remedy: str = ""


class WayView(msgspec.Struct, frozen=True, kw_only=True):
    """A way in which the service can hold a key: ``gateway`` or ``native``, what it protects and what it does not.

    ``fits`` says whether the service can use it: yes, no or unknown.
    """

    way: str
    fits: str
    protects: str
    leaves: str
    worst: str


class DraftAnswer(Answer, frozen=True, kw_only=True):
    """A draft of a grant and what it comes to.

    ``grant`` is TOML; a choice that is wrong stands in it as it was before. ``worst`` is the worst loss of a day by
    trading, within the limits of account and service, as a service's blast radius reckons it; None where it does not
    trade or is wrong.
    ``past`` says what the proposal was drawn from, ``pointing`` whether the service can be given another API address.
    """

    currency: str
    grant: str
    choices: Choices
    lines: tuple[ChoiceView, ...]
    sentences: tuple[str, ...] = ()
    worst: WorstLoss | None = None
    wrong: tuple[WrongView, ...] = ()
    notes: tuple[str, ...] = ()
    past: str = ""
    pointing: str = ""
    ways: tuple[WayView, ...] = ()


class ProposeGrant(Question[DraftAnswer], frozen=True, forbid_unknown_fields=True, kw_only=True, tag="propose_grant"):
    """Propose the narrowest grant for a kind of client, by what the account's keys did. Nothing is done.

    ``symbols`` and ``budget``, where they are given, stand in the place of what the history says.
    """

    account: str
    kind: str
    service: str = ""
    symbols: tuple[str, ...] = ()
    budget: Decimal | None = None


class ReckonGrant(Question[DraftAnswer], frozen=True, forbid_unknown_fields=True, kw_only=True, tag="reckon_grant"):
    """Say what a draft comes to: its worst loss, what a thief could do with each choice, what is wrong with it.

    ``choices``, where they are given, stand in the place of those in ``grant``. Nothing is done.
    """

    grant: str
    account: str = ""
    service: str = ""
    choices: Choices | None = None


DRAFT_VERBS: Verbs = (ProposeGrant, ReckonGrant)
"""Everything about a key before it is issued."""
