"""A thief who owns both sides of a thin book triggers whatever stop he is allowed to place."""

from decimal import Decimal
from itertools import count

import pytest
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


def taken(grant: Grant, kind: OrderType) -> Decimal:
    """What the thief takes in a day who buys from himself as dear, and sells to himself as cheap, as it goes.

    He places whatever passes before the first of it is filled, so that no loss is known meanwhile.
    """
    key, lost = Key(grant), dec(0)
    for side, sign in ((Side.BUY, 1), (Side.SELL, -1)):
        left: list[OrderDraft] = []
        for bps in range(4000, 0, -25):
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
                lost += sign * quantity * (limit - FAIR)
        for draft in left:
            fill(key, draft, next(_numbers))
    return lost


@pytest.mark.parametrize(("kind", "most"), [(OrderType.LIMIT, dec("0.06")), (OrderType.STOP_LOSS_LIMIT, dec("0.60"))])
def test_a_thief_takes_at_most_both_bands(kind: OrderType, most: Decimal) -> None:
    """He buys at the upper edge and sells at the lower: of the budget, twice the band, which for stops is stop_bps."""
    grant = preset("signal-bot", ["BTCUSDT"], "USDT", BUDGET)
    assert 0 < taken(grant, kind) <= BUDGET * most
