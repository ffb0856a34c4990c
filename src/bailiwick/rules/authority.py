"""The effective permission of a key: the intersection of its grant with the bounds of its account and its service.

It is computed here and nowhere else, shown by ``describe``, and compiled for the path that every request takes.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

import msgspec

from bailiwick.model import harm
from bailiwick.model.grant import Bound, Bps, Day, Grant, MarketOrders, Most, Orders, Symbols
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Destination, OrderType, Side
from bailiwick.model.money import BASIS_POINTS, EXACT, ZERO
from bailiwick.rules.calendar import Days, Schedule, microseconds, schedule
from bailiwick.rules.network import Networks, admits, read_networks

ONE = Decimal(1)

_Limit = TypeVar("_Limit", Decimal, int)

_MILDEST_FIRST = tuple(Most)
_STOPPING = frozenset({Most.HOLD, Most.WIND_DOWN})
_STRICTEST = (MarketOrders.DENY, MarketOrders.BOUND, MarketOrders.PASS)


class Allowance(msgspec.Struct, frozen=True):
    """How much may be withdrawn to one destination, in units of the coin."""

    per_act: Decimal | None
    per_day: Decimal | None


class Band(msgspec.Struct, frozen=True, gc=False):
    """How far an order may stand from one reference: ``buy`` × reference at most, ``sell`` × reference at least."""

    bps: int
    buy: Decimal
    sell: Decimal


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """What a key may do, all things considered. ``None`` means no limit."""

    currency: str
    harms: frozenset[Harm]
    mask: int  # of harms, see model.harm
    symbols: frozenset[str] | None
    sides: frozenset[Side]
    order_types: frozenset[OrderType]
    own_orders_only: bool
    market_orders: MarketOrders
    order_notional: Decimal | None
    day_notional: Decimal | None
    rolling_notional: Decimal | None
    loss_per_day: Decimal | None
    open_orders: int | None
    requests_per_minute: int | None
    days: Days
    near: Band | None
    anchor: Band | None
    stop: Band | None  # how far from the anchor a stop may let its order be executed
    stop_gap: Band | None  # how far a stop's limit may stand from its trigger
    least_daily_volume: Decimal | None
    order_share: Decimal | None  # of a day's volume, as a fraction
    day_share: Decimal | None
    withdrawals: dict[Destination, Allowance]
    networks: tuple[Networks, ...]
    not_before_us: int | None
    expires_us: int | None
    schedules: tuple[Schedule, ...]
    hours: tuple[str, ...]  # the schedules in words
    places: tuple[str, ...]  # the networks in words
    counts_money: bool  # whether any limit is an amount or a share
    prices_matter: bool  # whether any limit needs a price, or the watch, which may stop what it can judge
    worth_matters: bool  # whether any limit is an amount or a share, or the watch may stop what it can judge
    volume_matters: bool  # whether any limit needs a market's volume
    hold_mask: int = 0  # of the harms that a person must approve
    hold_above: Decimal | None = None  # the notional above which one must
    may_hold: bool = False  # whether anything is ever held
    watch_most: Most = Most.WIND_DOWN  # the most that the watch may do by itself
    kind: str = ""  # what sort of client the grant declares; empty where it declares none

    @property
    def reads(self) -> bool:
        """Whether the key may know what only the account's owner may."""
        return bool(self.mask & harm.BIT[Harm.READ])

    def admits(self, address: str) -> bool:
        """Whether the key may be used from this address. The answer never changes: a caller may keep it."""
        return admits(self.networks, address)


def authority(grant: Grant, *bounds: Bound) -> Authority:
    """Intersect a grant with bounds.

    Limits are the least of all, permissions what all permit, networks and hours must all be satisfied; held is what
    any of them holds, and the watch may do the most that any of them lets it. Days are those of the grant's zone.

    Raises:
        ValueError: if a bound limits amounts in another currency than the grant's.
    """
    _check_currencies(grant, bounds)
    parts: tuple[Grant | Bound, ...] = (grant, *bounds)
    much = [part.how_much for part in parts]
    far = [part.how_far for part in parts]
    thin = [part.liquidity for part in parts]
    when = [part.when for part in parts]
    harms = frozenset.intersection(*(part.what.may for part in parts))
    near, anchor = _band(each.near_bps for each in far), _band(each.anchor_bps for each in far)
    order_share = _share(each.order_share_bps for each in thin)
    day_share = _share(each.day_share_bps for each in thin)
    floors = [each.least_daily_volume for each in thin if each.least_daily_volume is not None]
    least_daily_volume = max(floors, default=None)  # a floor: the highest of all binds
    order_notional = _least(each.order_notional for each in much)
    day_notional = _least(each.day_notional for each in much)
    rolling_notional = _least(each.rolling_notional for each in much)
    loss_per_day = _least(each.loss_per_day for each in much)
    held = harms & frozenset().union(*(part.holds.may for part in parts))
    hold_above = _least(part.holds.notional_above for part in parts)
    money = (order_notional, day_notional, rolling_notional, loss_per_day, hold_above)
    volume_matters = any(each is not None for each in (least_daily_volume, order_share, day_share))
    counts_money = volume_matters or any(each is not None for each in money)
    watch_most = max((part.watch.most for part in parts if part.watch.most), key=_MILDEST_FIRST.index)
    worth_matters = counts_money or watch_most in _STOPPING
    return Authority(
        currency=grant.currency,
        harms=harms,
        mask=harm.mask(harms),
        symbols=_symbols(part.what.symbols for part in parts),
        sides=frozenset.intersection(*(part.what.sides for part in parts)),
        order_types=frozenset.intersection(*(part.what.order_types for part in parts)),
        own_orders_only=any(part.what.orders is Orders.OWN for part in parts),
        market_orders=min((part.what.market_orders for part in parts), key=_STRICTEST.index),
        order_notional=order_notional,
        day_notional=day_notional,
        rolling_notional=rolling_notional,
        loss_per_day=loss_per_day,
        open_orders=_least(each.open_orders for each in much),
        requests_per_minute=_least(each.requests_per_minute for each in much),
        days=Days(grant.how_much.zone),
        near=near,
        anchor=anchor,
        stop=_band(each.stop_bps for each in far),
        stop_gap=near or anchor,
        least_daily_volume=least_daily_volume,
        order_share=order_share,
        day_share=day_share,
        withdrawals=_withdrawals(parts),
        networks=tuple(read_networks(part.where.networks) for part in parts if part.where.networks),
        not_before_us=max((microseconds(each.not_before) for each in when if each.not_before), default=None),
        expires_us=min((microseconds(each.expires) for each in when if each.expires), default=None),
        schedules=tuple(table for each in when if (table := schedule(each)) is not None),
        hours=tuple(_hours_in_words(part) for part in parts if part.when.days or part.when.hours),
        places=tuple(" or ".join(part.where.networks) for part in parts if part.where.networks),
        counts_money=counts_money,
        prices_matter=worth_matters or near is not None or anchor is not None,
        worth_matters=worth_matters,
        volume_matters=volume_matters,
        hold_mask=harm.mask(held),
        hold_above=hold_above,
        may_hold=bool(held) or hold_above is not None,
        watch_most=watch_most,
        kind=grant.kind.value if grant.kind is not None else "",
    )


def _check_currencies(grant: Grant, bounds: Iterable[Bound]) -> None:
    for bound in bounds:
        if bound.counts_money and bound.currency != grant.currency:
            raise ValueError(
                f"currency: the grant counts in {grant.currency} and a bound in {bound.currency}; "
                "write both in the same currency"
            )


def _least(limits: Iterable[_Limit | None]) -> _Limit | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _symbols(sets: Iterable[Symbols]) -> frozenset[str] | None:
    named = [each for each in sets if each != "all"]
    return frozenset.intersection(*named) if named else None


def _band(limits: Iterable[Bps]) -> Band | None:
    bps = _least(limit for limit in limits if limit != "none")
    if bps is None:
        return None
    part = EXACT.divide(Decimal(bps), BASIS_POINTS)
    return Band(bps, EXACT.add(ONE, part), max(ZERO, EXACT.subtract(ONE, part)))


def _share(limits: Iterable[int | None]) -> Decimal | None:
    bps = _least(limits)
    return None if bps is None else EXACT.divide(Decimal(bps), BASIS_POINTS)


def _withdrawals(parts: tuple[Grant | Bound, ...]) -> dict[Destination, Allowance]:
    """The destinations that every part lists, each with the least of its amounts."""
    lists = [{each.destination: each for each in part.withdrawals} for part in parts if part.withdrawals is not None]
    common = set(lists[0]).intersection(*lists[1:])
    return {
        destination: Allowance(
            _least(each[destination].per_act for each in lists), _least(each[destination].per_day for each in lists)
        )
        for destination in lists[0]
        if destination in common
    }


def _hours_in_words(part: Grant | Bound) -> str:
    days = [day.value for day in Day if day in part.when.days]
    return " ".join([*days, *part.when.hours, part.when.zone])
