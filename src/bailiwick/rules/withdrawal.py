"""Rules of what leaves the account."""

from bailiwick.model.decision import Deny
from bailiwick.model.money import EXACT, ZERO, of_asset
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case


def withdrawal(case: Case) -> Deny | None:
    """A withdrawal goes to a destination of the grant, byte for byte, within its amounts."""
    wanted = case.intent.withdrawal
    if wanted is None:
        return Deny(Reason.WITHDRAWAL_DESTINATION, "the request names no destination")
    allowance = case.authority.withdrawals.get(wanted.destination)
    if allowance is None:
        return Deny(Reason.WITHDRAWAL_DESTINATION, f"{wanted.destination} is not granted")
    if wanted.amount <= ZERO:
        return Deny(Reason.WITHDRAWAL_AMOUNT, "the request names no amount")
    coin = wanted.destination.coin
    if allowance.per_act is not None and wanted.amount > allowance.per_act:
        asked, most = of_asset(wanted.amount, coin), of_asset(allowance.per_act, coin)
        return Deny(Reason.WITHDRAWAL_AMOUNT, f"{asked} is more than {most}")
    if allowance.per_day is not None:
        day_us = case.authority.days.start_us(case.now_us)
        use = EXACT.add(case.ledger.withdrawn_since(wanted.destination, day_us), wanted.amount)
        if use > allowance.per_day:
            come, most = of_asset(use, coin), of_asset(allowance.per_day, coin)
            return Deny(Reason.WITHDRAWAL_DAY, f"{come} today is more than {most}")
    return None
