"""Rules of how thin a market may be for a key, and how much of it the key may be."""

from decimal import Decimal

from bailiwick.model.decision import Deny
from bailiwick.model.money import plain, plus, times
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case
from bailiwick.rules.pricing import Leg, daily_volume


def liquidity(case: Case) -> Deny | None:
    """A market has a least volume, and an order and a day are at most a share of it."""
    if case.reducing or not case.authority.volume_matters:
        return None
    for leg in case.legs:
        volume = None if leg.info is None else daily_volume(case.authority, case.market, leg.info)
        if volume is None:
            return Deny(Reason.UNPRICEABLE, f"the daily volume of {leg.draft.symbol} is not known")
        if (deny := _judge(case, leg, volume)) is not None:
            return deny
    return None


def _judge(case: Case, leg: Leg, volume: Decimal) -> Deny | None:
    authority, symbol = case.authority, leg.draft.symbol
    floor = authority.least_daily_volume
    if floor is not None and volume < floor:
        return Deny(Reason.LIQUIDITY_FLOOR, f"{symbol} trades {plain(volume)} a day, and {plain(floor)} is the least")
    if authority.order_share is not None:
        most = times(volume, authority.order_share)
        if leg.notional > most:
            return Deny(Reason.LIQUIDITY_ORDER_SHARE, f"{plain(leg.notional)} is more than {plain(most)} in {symbol}")
    if authority.day_share is not None:
        most = times(volume, authority.day_share)
        use = plus(case.ledger.symbol_use(symbol, case.day_us), case.notional)
        if use > most:
            return Deny(Reason.LIQUIDITY_DAY_SHARE, f"{plain(use)} today is more than {plain(most)} in {symbol}")
    return None
