"""The rule of what all keys of a service buy of a symbol together."""

from decimal import Decimal

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Act, Side
from bailiwick.model.market import Quote
from bailiwick.model.money import BASIS_POINTS, EXACT, ZERO, minus, of_asset, plus, times
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case

_BUY = Side.BUY
_SHOWN = Decimal(1).scaleb(-8)


def most(share_bps: int, quote: Quote | None) -> Decimal | None:
    """A share of a symbol's median daily volume, in its base asset at the higher price; None where it is not known."""
    if quote is None or quote.daily_volume is None or not quote.near or not quote.anchor:
        return None
    volume = EXACT.divide(times(quote.daily_volume, Decimal(share_bps)), BASIS_POINTS)
    return EXACT.divide(volume, max(quote.near, quote.anchor))


def net_buying(case: Case) -> Deny | None:
    """All keys of a service together buy at most a share of a symbol's volume more in 24 hours than they sell."""
    together = case.ledger.together
    if together is None or case.reducing:
        return None
    buying: dict[str, Decimal] = {}
    for leg in case.legs:
        if leg.draft.side is _BUY:
            buying[leg.draft.symbol] = plus(buying.get(leg.draft.symbol, ZERO), leg.quantity)
    for symbol, quantity in buying.items():
        limit = most(together.share_bps, case.market.quotes.get(symbol))
        if limit is None:
            return Deny(Reason.UNPRICEABLE, f"the daily volume of {symbol} is not known")
        use = minus(plus(together.use(symbol, case.now_us), quantity), _given_back(case, symbol))
        if use > limit:
            base = next((leg.info.base for leg in case.legs if leg.info and leg.draft.symbol == symbol), symbol)
            shown = of_asset(limit.quantize(_SHOWN), base)
            return Deny(
                Reason.SERVICE_NET_BUYING,
                f"all keys of the service would have bought {of_asset(use, base)} more in {symbol} in 24 hours "
                f"than they sold, and {shown} is their share",
            )
    return None


def _given_back(case: Case, symbol: str) -> Decimal:
    """What a replacement frees: it is placed only once the old order is gone."""
    intent = case.intent
    if case.act is not Act.REPLACE or intent.keep_on_failure or intent.target is None:
        return ZERO
    old = case.ledger.find(symbol, intent.target)
    return ZERO if old is None else old.netting
