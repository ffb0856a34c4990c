"""Rules of what leaves the account."""

from bailiwick.model.decision import Deny
from bailiwick.model.money import EXACT, ZERO, plain
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
    if allowance.per_act is not None and wanted.amount > allowance.per_act:
        return Deny(Reason.WITHDRAWAL_AMOUNT, f"{plain(wanted.amount)} is more than {plain(allowance.per_act)}")
    if allowance.per_day is not None:
        day_us = case.authority.days.start_us(case.now_us)
        use = EXACT.add(case.ledger.withdrawn_since(wanted.destination, day_us), wanted.amount)
        if use > allowance.per_day:
            return Deny(Reason.WITHDRAWAL_DAY, f"{plain(use)} today is more than {plain(allowance.per_day)}")
    return None
