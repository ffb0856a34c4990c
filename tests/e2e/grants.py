"""The grants that the runs are made with."""

from decimal import Decimal

from bailiwick.model.grant import Grant, HowMuch, What, Where
from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType, Side

ALL_SIDES = frozenset(Side)
TYPES = frozenset({OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER})

# A bot's key as the demonstration issues it: two symbols, 500 USDT an order, 2,000 USDT a day.
BOT = Grant(
    purpose="a bot",
    what=What(
        may=frozenset({Harm.PUBLIC, Harm.READ, Harm.TRADE, Harm.CANCEL}),
        symbols=frozenset({"BTCUSDT", "ETHUSDT"}),
        sides=ALL_SIDES,
        order_types=TYPES,
    ),
    how_much=HowMuch(order_notional=Decimal(500), day_notional=Decimal(2000)),
)

# It may trade and cancel, and read nothing: what it is shown when it starts belongs to nobody.
NARROW = Grant(
    purpose="trades and reads nothing",
    what=What(
        may=frozenset({Harm.PUBLIC, Harm.TRADE, Harm.CANCEL}),
        symbols=frozenset({"BTCUSDT"}),
        sides=ALL_SIDES,
        order_types=TYPES,
    ),
    how_much=HowMuch(order_notional=Decimal(500), day_notional=Decimal(2000)),
)

# Bound to addresses that no client here comes from.
ELSEWHERE = Grant(
    purpose="from elsewhere only",
    what=BOT.what,
    how_much=BOT.how_much,
    where=Where(networks=("203.0.113.0/24",)),
)

# Room enough for tests that look at other things than limits.
WIDE = Grant(
    purpose="wide",
    what=What(
        may=frozenset({Harm.PUBLIC, Harm.READ, Harm.TRADE, Harm.CANCEL}),
        symbols="all",
        sides=ALL_SIDES,
        order_types=frozenset(OrderType),
    ),
    how_much=HowMuch(order_notional=Decimal(10_000), day_notional=Decimal(1_000_000)),
)
