"""How a key's budgets stand, and how they would stand once a request had left."""

import msgspec

from bailiwick.gateway.parties import Live
from bailiwick.link.questions import BudgetUse
from bailiwick.model.decision import Allow
from bailiwick.model.intent import Intent
from bailiwick.model.money import plain, plus
from bailiwick.rules.hold import notional
from bailiwick.rules.ledger import Ledger


def afterwards(allow: Allow, intent: Intent, live: Live, now_us: int) -> tuple[str, tuple[BudgetUse, ...]]:
    """What a request comes to at worst, and the budgets once it is reserved.

    It is reserved in a ledger of its own, by the same lines as a request that leaves, and that is thrown away.
    """
    named = [
        msgspec.structs.replace(order, client_id=order.client_id or f"asked-{place}")
        for place, order in enumerate(allow.orders)
    ]
    asked = Ledger()
    asked.reserve(msgspec.structs.replace(allow, orders=tuple(named)), intent, now_us)
    return plain(notional(allow)), budgets_of(live, now_us, asked)


def budgets_of(live: Live, now_us: int, asked: Ledger | None = None) -> tuple[BudgetUse, ...]:
    """How the budgets of a key stand, with what was asked beside it."""
    ledger, authority, more = live.ledger, live.authority, asked or Ledger()
    day = authority.days.start_us(now_us)
    unit = authority.currency

    def use(name: str, limit: object, used: str, reserved: str) -> BudgetUse:
        return BudgetUse(name=name, unit=unit, limit="" if limit is None else str(limit), used=used, reserved=reserved)

    reserved = plain(plus(ledger.reserved, more.reserved))
    risked = plain(plus(ledger.risked, more.risked))
    resting = str(ledger.resting + more.resting)
    return (
        use("day_notional", authority.day_notional, plain(ledger.spent.since(day)), reserved),
        use("rolling_notional", authority.rolling_notional, plain(ledger.spent.rolling(now_us)), reserved),
        use("loss_per_day", authority.loss_per_day, plain(ledger.loss(day)), risked),
        BudgetUse(name="open_orders", unit="orders", limit=str(authority.open_orders or ""), used=resting),
    )
