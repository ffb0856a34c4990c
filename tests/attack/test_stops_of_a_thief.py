"""A thief who owns both sides of a thin book triggers whatever stop he is allowed to place."""

from decimal import Decimal
from itertools import count

import pytest
from msgspec import structs
from rules_ground import Key, dec, order, quote

from bailiwick.model.decision import Allow
from bailiwick.model.grant import Grant
from bailiwick.model.intent import OrderDraft, OrderType, Side
from bailiwick.model.order import OrderReport
from bailiwick.rules.presets import preset

BUDGET = dec(2000)
FAIR = dec(100)
FINEST = dec("0.01")
_numbers = count(1)


def fill(key: Key, draft: OrderDraft, number: int) -> None:
    """The order is filled at its limit."""
    assert draft.quantity is not None
    assert draft.price is not None
    report = OrderReport(
        symbol=draft.symbol, order_id=number, client_id=draft.client_id or "", live=False, executed=draft.quantity,
        quote_executed=draft.quantity * draft.price,
    )  # fmt: skip
    key.ledger.report(report, key.now_us)


def taken(grant: Grant, kind: OrderType, *, dear: bool = True) -> tuple[Decimal, Decimal]:
    """What the thief takes in a day who buys from himself as dear, and sells to himself as cheap, as it goes.

    He places whatever passes before the first of it is filled, so that no loss is known meanwhile. If he does not buy
    dear he has more to sell. What he takes by buying and by selling stands apart.
    """
    key, both = Key(grant), [dec(0), dec(0)]
    for place, (side, sign) in enumerate(((Side.BUY, 1), (Side.SELL, -1))):
        left: list[OrderDraft] = []
        for bps in range(4000 if dear or side is Side.SELL else 0, -1, -25):
            limit = (FAIR * (1 + sign * dec(bps) / 10_000)).quantize(FINEST)
            trigger = (limit * (1 - sign * dec("0.0095"))).quantize(FINEST)
            stopped = kind is OrderType.STOP_LOSS_LIMIT
            key.market.set_quote("BTCUSDT", quote(trigger - sign * FINEST if stopped else limit, FAIR))
            size = (dec(450) / max(limit, FAIR)).quantize(dec("0.001"))
            while True:
                quantity = size if side is Side.BUY else min(size, key.ledger.free("BTCUSDT"))
                draft = order(side, quantity, limit, kind, stop_price=trigger if stopped else None)
                if not quantity or not isinstance(key.send(draft), Allow):
                    break
                left.append(draft)
                both[place] += sign * quantity * (limit - FAIR)
        for draft in left:
            fill(key, draft, next(_numbers))
    return both[0], both[1]


@pytest.mark.parametrize(("kind", "band"), [(OrderType.LIMIT, dec("0.03")), (OrderType.STOP_LOSS_LIMIT, dec("0.30"))])
@pytest.mark.parametrize("dear", [True, False])
def test_a_thief_takes_at_most_the_loss_of_a_day_and_one_band(kind: OrderType, band: Decimal, dear: bool) -> None:
    """What he buys dear, all at once, is bound by loss_per_day; what he then sells cheap, by the band of the budget."""
    grant = preset("signal-bot", ["BTCUSDT"], "USDT", BUDGET)
    assert grant.how_much.loss_per_day is not None
    bought, sold = taken(grant, kind, dear=dear)
    assert bought <= grant.how_much.loss_per_day
    assert 0 < sold <= BUDGET * band


def test_without_a_loss_of_a_day_a_thief_takes_both_bands() -> None:
    """It is loss_per_day that binds what he places at once: without it he takes the band of the budget twice."""
    grant = preset("signal-bot", ["BTCUSDT"], "USDT", BUDGET)
    grant = structs.replace(grant, how_much=structs.replace(grant.how_much, loss_per_day=None))
    bought, sold = taken(grant, OrderType.LIMIT)
    assert 40 < bought <= BUDGET * dec("0.03")
    assert 40 < sold <= BUDGET * dec("0.03")
