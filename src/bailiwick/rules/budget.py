"""Rules of what a key may spend, leave open and lose."""

from decimal import Decimal

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Act, TimeInForce
from bailiwick.model.money import of_asset, plus
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case

_REPLACE = Act.REPLACE
_IOC = TimeInForce.IOC
_FOK = TimeInForce.FOK


def day(case: Case) -> Deny | None:
    """What is spent and reserved in a calendar day stays within day_notional, to the last digit."""
    limit = case.authority.day_notional
    if limit is None or case.reducing:
        return None
    use = plus(case.ledger.spent.since(case.day_us), case.claim)
    if use > limit:
        return _over(case, Reason.DAY_NOTIONAL, f"it would come to {_told(case, use)} today", limit)
    return None


def rolling(case: Case) -> Deny | None:
    """What is spent and reserved in 24 hours stays within rolling_notional, to the last digit."""
    limit = case.authority.rolling_notional
    if limit is None or case.reducing:
        return None
    use = plus(case.ledger.spent.rolling(case.now_us), case.claim)
    if use > limit:
        return _over(case, Reason.ROLLING_NOTIONAL, f"it would come to {_told(case, use)} in 24 hours", limit)
    return None


def open_orders(case: Case) -> Deny | None:
    """A key has at most open_orders orders that rest; a replacement takes the place of the old one."""
    limit = case.authority.open_orders
    if limit is None or case.reducing:
        return None
    more = 0
    for leg in case.legs:
        time_in_force = leg.out.time_in_force
        if time_in_force is not _IOC and time_in_force is not _FOK:
            more += 1
    if case.act is _REPLACE and not case.intent.keep_on_failure:
        more -= 1
    count = case.ledger.resting + more
    if more > 0 and count > limit:
        return Deny(Reason.OPEN_ORDERS, f"it would come to {count} open orders, and {limit} are granted")
    return None


def loss(case: Case) -> Deny | None:
    """Once a day's loss is spent, or would be if what is open were executed at its limits, only what reduces passes."""
    limit = case.authority.loss_per_day
    if limit is None or case.reducing:
        return None
    lost = case.ledger.losses.since(case.day_us)
    if lost >= limit:
        return _over(case, Reason.LOSS_PER_DAY, f"it has lost {_told(case, lost)} today", limit)
    most = plus(plus(lost, case.ledger.risked), case.risk)
    if most > limit:
        open_ = f"with what is open it may come to {_told(case, most)} today"
        return _over(case, Reason.LOSS_PER_DAY, f"it has lost {_told(case, lost)}, {open_}", limit)
    return None


def _told(case: Case, amount: Decimal) -> str:
    return of_asset(amount, case.authority.currency)


def _over(case: Case, reason: Reason, said: str, limit: Decimal) -> Deny:
    return Deny(reason, f"{said}, and {_told(case, limit)} is granted")
