"""The rule of an order's size."""

from bailiwick.model.decision import Deny
from bailiwick.model.money import of_asset
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case


def order(case: Case) -> Deny | None:
    """No order is larger than order_notional, at the worst of its limit, near and anchor price."""
    limit = case.authority.order_notional
    if limit is None or case.reducing:
        return None
    for leg in case.legs:
        if leg.notional > limit:
            worth, granted = (of_asset(each, case.authority.currency) for each in (leg.notional, limit))
            return Deny(Reason.ORDER_NOTIONAL, f"it is worth {worth}, and {granted} is granted")
    return None
