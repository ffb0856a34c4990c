"""Grants to begin with: for each kind of client the narrowest that works."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from bailiwick.model.grant import ClientKind, Grant, HowFar, HowMuch, Liquidity, Orders, Symbols, What
from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType, Side
from bailiwick.model.money import divide, round_down, times

_BOTH = frozenset(Side)
_LIMITS = frozenset({OrderType.LIMIT, OrderType.LIMIT_MAKER})
_SIGNALS = frozenset(
    {
        OrderType.LIMIT,
        OrderType.MARKET,
        OrderType.STOP_LOSS,
        OrderType.STOP_LOSS_LIMIT,
        OrderType.TAKE_PROFIT,
        OrderType.TAKE_PROFIT_LIMIT,
        OrderType.LIMIT_MAKER,
    }
)
_TRADES = frozenset({Harm.PUBLIC, Harm.READ, Harm.CANCEL, Harm.TRADE})
_READS = frozenset({Harm.PUBLIC, Harm.READ})
_FINEST = Decimal(1).scaleb(-8)

# A thief needs a market that a budget can move. Whoever trades a hundredth of a day's volume is not the usual client.
_SHARES = Liquidity(order_share_bps=20, day_share_bps=100)


class _Trading(NamedTuple):
    """What distinguishes one kind of trading client from another."""

    purpose: str
    sides: frozenset[Side]
    order_types: frozenset[OrderType]
    orders_per_budget: int  # the largest order is this part of the day's budget
    open_orders: int
    requests_per_minute: int
    loss_bps: int  # of the day's budget
    how_far: HowFar


_TRADING = {
    "signal-bot": _Trading("Trades on signals", _BOTH, _SIGNALS, 4, 20, 120, 200, HowFar()),
    "grid-bot": _Trading("Keeps a grid of limit orders", _BOTH, _LIMITS, 20, 100, 300, 100, HowFar(near_bps=50)),
    "dca": _Trading(
        "Buys at intervals",
        frozenset({Side.BUY}),
        frozenset({OrderType.LIMIT, OrderType.MARKET}),
        1,
        5,
        30,
        350,  # all of its budget may go into one order, which counts with the whole of the anchor's band and a fee
        HowFar(near_bps=50),
    ),
    "market-maker": _Trading(
        "Quotes both sides", _BOTH, _LIMITS, 50, 50, 1200, 50, HowFar(near_bps=50, anchor_bps=200)
    ),
}
READING = {
    "portfolio-tracker": ("Shows balances and orders", 60),
    "tax-tool": ("Reads the history for taxes", 300),
}
"""Kinds of client that place no orders: what each is for, and how often it asks in a minute."""

PRESETS = (*_TRADING, *READING)

# Twice what Binance takes as an order at the least, in what accounts are usually counted in.
LEAST_ORDERS = {
    **dict.fromkeys(("USDT", "USDC", "FDUSD", "USD", "EUR"), Decimal(10)),
    "BTC": Decimal("0.0002"),
    "ETH": Decimal("0.005"),
    "BNB": Decimal("0.02"),
}
"""The smallest order that a proposal reckons with, by the currency that it counts in."""


def least_budget(name: str, currency: str) -> Decimal:
    """The least budget of a day at which a preset's orders reach an exchange's minimum, in one of ``LEAST_ORDERS``."""
    return times(LEAST_ORDERS[currency], Decimal(_TRADING[name].orders_per_budget))


def preset(name: str, symbols: Iterable[str], currency: str, budget: Decimal) -> Grant:
    """The grant that a kind of client begins with.

    Args:
        name: one of ``PRESETS``.
        symbols: what a trading client trades; those that only read need none.
        currency: what amounts are counted in.
        budget: what a trading client may buy and sell in a day.

    Raises:
        ValueError: if there is no such preset, or a trading client is given no symbol or no budget.
    """
    if name in READING:
        purpose, per_minute = READING[name]
        what = What(may=_READS, orders=Orders.ACCOUNT)
        return Grant(
            purpose=purpose,
            kind=ClientKind(name),
            currency=currency,
            what=what,
            how_much=HowMuch(requests_per_minute=per_minute),
        )
    if name not in _TRADING:
        raise ValueError(f"preset: {name[:40]!r} is not one; choose from {', '.join(PRESETS)}")
    traded: Symbols = frozenset(symbols)
    if not traded:
        raise ValueError(f"symbols: a {name} needs some; name what it trades")
    if not budget > 0:
        raise ValueError(f"budget: a {name} needs one; write what it may buy and sell in a day")
    kind = _TRADING[name]
    return Grant(
        purpose=kind.purpose,
        kind=ClientKind(name),
        currency=currency,
        what=What(may=_TRADES, symbols=traded, sides=kind.sides, order_types=kind.order_types),
        how_much=HowMuch(
            order_notional=_part(budget, 10_000 // kind.orders_per_budget),
            day_notional=budget,
            rolling_notional=budget,
            loss_per_day=_part(budget, kind.loss_bps),
            open_orders=kind.open_orders,
            requests_per_minute=kind.requests_per_minute,
        ),
        how_far=kind.how_far,
        liquidity=_SHARES,
    )


def _part(budget: Decimal, bps: int) -> Decimal:
    return round_down(divide(times(budget, Decimal(bps)), Decimal(10_000)), _FINEST)
