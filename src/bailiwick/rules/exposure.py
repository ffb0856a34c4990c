"""What a key can lose in a day at worst, in money: the sentence that a leaked key comes to."""

from decimal import Decimal

import msgspec

from bailiwick.model.harm import Harm
from bailiwick.model.intent import Side
from bailiwick.model.money import ZERO, plus, times
from bailiwick.rules.authority import Authority, Band
from bailiwick.rules.pricing import STOPS

USUAL_FEE = Decimal("0.001")  # of the value of a trade: what Binance takes of whoever has no discount
_WHOLE = Decimal(1)
LEAVING = frozenset({Harm.WITHDRAW, Harm.BEARER, Harm.MOVE, Harm.BORROW, Harm.ADMINISTER})
"""Rights by which money leaves otherwise than by trading."""


class Loss(msgspec.Struct, frozen=True):
    """What may be lost in a day. ``most`` is None where nothing bounds it; ``beyond`` are rights that it leaves out."""

    currency: str
    most: Decimal | None
    beyond: frozenset[Harm] = frozenset()


def worst_loss(authority: Authority, fee: Decimal = USUAL_FEE) -> Loss:
    """What trading with a key can lose in a day: notional × (band + fee), of what opens at most the loss per day.

    The notional is the day's budget, and once more for a key that may sell what it bought, since neither a budget nor
    the loss per day refuses an exit. The band is the widest that binds an order of the key; without one, all of the
    value can be lost. Withdrawals and the like are not trading: they are named in ``beyond``.
    """
    beyond = authority.harms & LEAVING
    if Harm.TRADE not in authority.harms or not authority.sides or not authority.order_types:
        return Loss(authority.currency, ZERO, beyond)
    cap = authority.loss_per_day
    budgets = [each for each in (authority.day_notional, authority.rolling_notional) if each is not None]
    exits = set(authority.sides) == {Side.BUY, Side.SELL}
    if not budgets:
        return Loss(authority.currency, None if exits else cap, beyond)
    lost = times(min(budgets), plus(share_at_risk(authority), fee))
    most = lost if cap is None else min(lost, cap)
    return Loss(authority.currency, plus(most, lost) if exits else most, beyond)


def share_at_risk(authority: Authority) -> Decimal:
    """How much of an order's value the distance from the market can cost."""
    bands: list[Band | None] = []
    if authority.order_types - STOPS:
        binding = [band for band in (authority.near, authority.anchor) if band is not None]
        # Near is moved by a thief with a few dollars; the anchor is what holds him, where there is one.
        bands.append(authority.anchor or (binding[0] if binding else None))
    if authority.order_types & STOPS:
        bands.append(authority.stop)
    shares = [_WHOLE if band is None else min(_WHOLE, band.buy - _WHOLE) for band in bands]
    return max(shares, default=_WHOLE)


def total(losses: list[tuple[Loss, int]]) -> dict[str, Decimal | None]:
    """What so many keys of each kind can lose together, by currency; None where one of them has no bound."""
    sums: dict[str, Decimal | None] = {}
    for loss, keys in losses:
        before = sums.get(loss.currency, ZERO)
        sums[loss.currency] = None if before is None or loss.most is None else plus(before, loss.most * keys)
    return sums
