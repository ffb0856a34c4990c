"""What an incident cost, and what was prevented: pure reckoning over orders and minutes, exact decimals throughout.

A purchase of ``base`` for ``quote`` loses ``quote - base x price`` against a price, a sale the reverse. Fees are left
out. What a refused order would have done is an estimate, and so has two ends: at prices that were really traded in its
minute, and at its own limit, where a thief sits on the other side of it.
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from statistics import median_low

import msgspec

from bailiwick.authority.incidentorders import Ordered
from bailiwick.model.course import MINUTE_MS, Course, Minute
from bailiwick.model.intent import OrderType, Side
from bailiwick.model.money import ZERO, divide, minus, plus, times

THEN_MS = 5 * MINUTE_MS
AGAIN_MS = 10 * MINUTE_MS  # within so long the same request is the same wish, sent again
BEFORE_MS = 60 * MINUTE_MS
BESIDE_MS = 100  # a signal and the record of what raised it are written one after the other
NO_MARKET = "the market of that minute is not known"


class Trade(msgspec.Struct, frozen=True):
    """Something bought (or sold): base for quote asset, at a moment."""

    at_ms: int
    side: Side
    base: Decimal
    quote: Decimal

    def loss(self, price: Decimal) -> Decimal:
        """What it loses against a price; below zero it gains."""
        worth = times(self.base, price)
        return minus(self.quote, worth) if self.side is Side.BUY else minus(worth, self.quote)


class Would(msgspec.Struct, frozen=True):
    """What a refused order would have come to: at traded prices, and at its own limit. ``why_not`` where it is none."""

    order: Ordered
    least: Trade | None = None
    most: Trade | None = None
    why_not: str = ""


class Loss(msgspec.Struct, frozen=True):
    """What was lost, and from and to what was prevented, against one price; None is not known."""

    against: str
    lost: Decimal | None
    least: Decimal | None
    most: Decimal | None


class Reckoned(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of a symbol, and the orders that they are of."""

    traded: tuple[Trade, ...]
    would: tuple[Would, ...]
    losses: tuple[Loss, ...]
    before: Decimal | None
    unknown: int


def reckon(orders: Sequence[Ordered], course: Course, first_ms: int) -> Reckoned:
    """Reckon the orders of one symbol, oldest first; ``first_ms`` is when the first signal was."""
    known, unknown = _executed(orders)
    passed = {order.same for order in orders if order.forwarded}
    would = tuple(_would(each, course) for each in _stopped(orders, first_ms, passed))
    unknown += sum(1 for each in would if each.why_not == NO_MARKET)
    before = _before(course, first_ms)
    least = [each.least for each in would if each.least is not None]
    most = [each.most for each in would if each.most is not None]
    losses = tuple(
        Loss(name, *(_sum(trades, course, name, before) for trades in (known, least, most)))
        for name in ("before", "then", "now")
    )
    return Reckoned(traded=tuple(known), would=would, losses=losses, before=before, unknown=unknown)


def _executed(orders: Iterable[Ordered]) -> tuple[list[Trade], int]:
    """What the orders that were let through came to, and of how many of them nobody knows it."""
    known: list[Trade] = []
    unknown = 0
    for order in orders:
        if not order.forwarded or order.executed == 0:
            continue
        if order.executed is None or order.paid is None:
            unknown += 1
        else:
            known.append(Trade(order.at_ms, order.draft.side, order.executed, order.paid))
    return known, unknown


def since(order: Ordered, first_ms: int) -> bool:
    """Whether an order came with the first signal or after it."""
    return order.at_ms >= first_ms - BESIDE_MS


def results(course: Course, traded: Iterable[Trade], would: Iterable[Would]) -> list[tuple[Decimal, Decimal]]:
    """The victim's result by the end of each minute: as it was, and had the refused orders been executed, too."""
    real = list(traded)
    otherwise = real + [each.least for each in would if each.least is not None]
    return [(_result(real, minute), _result(otherwise, minute)) for minute in course.minutes]


def _result(trades: Iterable[Trade], minute: Minute) -> Decimal:
    end, total = minute.open_ms + MINUTE_MS, ZERO
    for trade in trades:
        if trade.at_ms < end:
            total = minus(total, trade.loss(minute.close))
    return total


def _stopped(orders: Iterable[Ordered], first_ms: int, passed: Collection[object]) -> list[Ordered]:
    """The refused orders since the first signal, each wish once: neither repetitions nor what was let through later."""
    last: dict[object, int] = {}
    found = []
    for order in orders:
        if order.forwarded or not since(order, first_ms) or order.same in passed:
            continue
        again = order.at_ms - last.get(order.same, -AGAIN_MS) < AGAIN_MS
        last[order.same] = order.at_ms
        if not again:
            found.append(order)
    return found


def _would(order: Ordered, course: Course) -> Would:
    draft, minute = order.draft, course.minute_of(order.at_ms)
    if draft.type not in {OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT_MAKER}:
        return Would(order, why_not="it waits for its trigger price")
    if minute is None:
        return Would(order, why_not=NO_MARKET)
    buys = draft.side is Side.BUY
    worst = minute.high if buys else minute.low
    if draft.type is OrderType.MARKET or draft.price is None:
        return _filled(order, worst, worst)
    limit = draft.price
    if draft.type is OrderType.LIMIT and (limit >= minute.low if buys else limit <= minute.high):
        return _filled(order, min(limit, worst) if buys else max(limit, worst), limit)
    later = (each for each in course.minutes if each.open_ms > minute.open_ms)
    if any(each.low <= limit if buys else each.high >= limit for each in later):
        return _filled(order, limit, limit)
    return Would(order, why_not="the price never reached its limit")


def _filled(order: Ordered, least: Decimal, most: Decimal) -> Would:
    first, second = _traded(order, least), _traded(order, most)
    return Would(order, first, second) if first and second else Would(order, why_not="it names no amount")


def _traded(order: Ordered, price: Decimal) -> Trade | None:
    draft = order.draft
    if draft.quantity is not None:
        return Trade(order.at_ms, draft.side, draft.quantity, times(draft.quantity, price))
    if draft.quote_quantity is not None and price > 0:
        return Trade(order.at_ms, draft.side, divide(draft.quote_quantity, price), draft.quote_quantity)
    return None


def _before(course: Course, first_ms: int) -> Decimal | None:
    """The price before anything was noticed: the median of the closes of the hour until the first signal."""
    closes = [
        each.close
        for each in course.minutes
        if first_ms - BEFORE_MS <= each.open_ms and each.open_ms + MINUTE_MS <= first_ms
    ]
    return median_low(closes) if closes else None


def _sum(trades: Sequence[Trade], course: Course, against: str, before: Decimal | None) -> Decimal | None:
    """What the trades lose against such a price, in the quote asset; None where one of them has no such price."""
    total = ZERO
    for trade in trades:
        match against:
            case "before":
                price = before
            case "then":
                price = _then(trade, course)
            case _:
                price = course.latest
        if price is None:
            return None
        total = plus(total, trade.loss(price))
    return total


def _then(trade: Trade, course: Course) -> Decimal | None:
    """The close of the minute that came ``THEN_MS`` after a trade, once that minute is over."""
    minute = course.minute_of(trade.at_ms + THEN_MS)
    if minute is None or minute.open_ms + MINUTE_MS > course.latest_at:
        return None
    return minute.close
