"""Rules of how thin a market may be for a key, and how much of it the key may be."""

from decimal import Decimal

from bailiwick.model.decision import Deny
from bailiwick.model.money import of_asset, plus, times
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
        trades, least = of_asset(volume, authority.currency), of_asset(floor, authority.currency)
        return Deny(Reason.LIQUIDITY_FLOOR, f"{symbol} trades {trades} a day, and {least} is the least")
    if authority.order_share is not None:
        most = times(volume, authority.order_share)
        if leg.notional > most:
            return _above(case, Reason.LIQUIDITY_ORDER_SHARE, leg.notional, most, f"in {symbol}")
    if authority.day_share is not None:
        most = times(volume, authority.day_share)
        use = plus(case.ledger.symbol_use(symbol, case.day_us), case.notional)
        if use > most:
            return _above(case, Reason.LIQUIDITY_DAY_SHARE, use, most, f"in {symbol} today")
    return None


def _above(case: Case, reason: Reason, amount: Decimal, most: Decimal, where: str) -> Deny:
    currency = case.authority.currency
    return Deny(reason, f"{of_asset(amount, currency)} is more than {of_asset(most, currency)} {where}")
