"""The two grants of a drill: the preset that a key of its kind begins with, and one that lets every attack through."""

from decimal import Decimal
from functools import lru_cache

import msgspec

from bailiwick.model.grant import (
    ClientKind,
    Grant,
    HowFar,
    Liquidity,
    MarketOrders,
    Most,
    Orders,
    Watched,
    What,
)
from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType, Side
from bailiwick.rules.authority import Authority, authority
from bailiwick.rules.presets import preset
from bailiwick.sandbox.market.door import KeyFacts

CURRENCY = "USDT"
_LEAST_BUDGET = Decimal(100)


def preset_authority(facts: KeyFacts, symbols: frozenset[str], most: Most) -> Authority:
    """What a key may do under the preset of its kind, for the symbols and the budget that its owner named."""
    grant = preset(facts.purpose, sorted(symbols), CURRENCY, max(facts.budget, _LEAST_BUDGET))
    return authority(msgspec.structs.replace(grant, watch=Watched(most=most)))


@lru_cache(maxsize=64)
def open_authority(purpose: str, most: Most) -> Authority:
    """What a key may do whose owner ticked every box: all symbols, no budget, no band, every kind of order."""
    what = What(
        may=frozenset({Harm.PUBLIC, Harm.READ, Harm.CANCEL, Harm.TRADE}),
        symbols="all",
        sides=frozenset(Side),
        order_types=frozenset(OrderType),
        orders=Orders.ACCOUNT,
        market_orders=MarketOrders.PASS,
    )
    grant = Grant(
        purpose="Everything",
        kind=ClientKind(purpose),
        currency=CURRENCY,
        what=what,
        how_far=HowFar(near_bps="none", anchor_bps="none", stop_bps="none"),
        liquidity=Liquidity(least_daily_volume=Decimal(1)),
        watch=Watched(most=most),
    )
    return authority(grant)
