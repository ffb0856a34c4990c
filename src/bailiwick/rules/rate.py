"""The rule of how often a key asks."""

from bailiwick.model.decision import Deny
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case
from bailiwick.rules.windows import SECOND_US


def requests(case: Case) -> Deny | None:
    """A key sends requests_per_minute at once at most, and they are refilled continuously."""
    limit = case.authority.requests_per_minute
    if limit is None or case.reducing:
        return None
    wait_us = case.ledger.wait_us(limit, case.now_us)
    if wait_us > 0:
        return Deny(Reason.REQUEST_RATE, f"{limit} a minute are granted", retry_after_s=-(-wait_us // SECOND_US))
    return None
