"""The rule of how often a key asks."""

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Act
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case
from bailiwick.rules.windows import SECOND_US

_CANCELS = frozenset({Act.CANCEL, Act.CANCEL_LIST, Act.CANCEL_ALL})


def requests(case: Case) -> Deny | None:
    """A key sends requests_per_minute at once at most, refilled continuously; exits are counted and never refused.

    A cancel is one: what an open sell claims can be sold in another way only once that has been cancelled.
    """
    limit = case.authority.requests_per_minute
    if limit is None or case.reducing or case.act in _CANCELS:
        return None
    wait_us = case.ledger.wait_us(limit, case.now_us)
    if wait_us > 0:
        return Deny(Reason.REQUEST_RATE, f"{limit} a minute are granted", retry_after_s=-(-wait_us // SECOND_US))
    return None
