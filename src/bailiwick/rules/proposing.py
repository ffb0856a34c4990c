"""A grant for a kind of client, narrowed by what the account's keys did so far. Each choice has its reason.

History only narrows what the preset gives, but for the amounts, for which a preset has no measure of its own: those are
what the account's orders came to, with headroom. A theft among them would propose itself, so whoever gathers the
history leaves out what is disputed or suspected.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TypeVar

import msgspec

from bailiwick.model.grant import Bps, Grant, HowFar, HowMuch, What, When, Where
from bailiwick.model.intent import OrderType
from bailiwick.model.money import ZERO, of_asset, plain, plus, times
from bailiwick.rules.presets import PRESETS, READING, least_budget, preset
from bailiwick.rules.pricing import STOPS
from bailiwick.words import counted

HEADROOM = Decimal("1.25")
MEASURED_FROM = 20  # orders, and
MEASURED_DAYS = 7  # fewer do not say how far from a market that moves, and by which types, a client orders
MOST_SYMBOLS = 20
LASTS_DAYS = {"tax-tool": 30, "portfolio-tracker": 365}
TRADING_LASTS_DAYS = 90
_NINETY_FIVE = 95
_DIGITS = 2  # of a proposed amount
_LEAST_BANDS_BPS = {"near": 20, "anchor": 100, "stop": 500}  # a market moves as much in the time that each looks back
_USUALLY = {
    "near": "As far as such a client usually orders from the market.",
    "anchor": "As far as such a client usually orders from a market that moves within the hour.",
    "stop": "As far off as stops usually stand. A client that needs none is narrowed most by taking them away.",
}
_T = TypeVar("_T", Decimal, int)


class Ordered(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An order of the account's keys that was let through. ``worth`` is in the account's currency, None: not known."""

    day: int  # since 1970, UTC
    symbol: str
    type: str
    worth: Decimal | None
    near_bps: float | None  # adverse
    anchor_bps: float | None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What the account's keys did: ``orders`` oldest first, ``sources`` from where the service's keys were used."""

    orders: tuple[Ordered, ...] = ()
    of_kind: bool = False  # whether they are of keys of the kind that is asked for, and not of all
    sources: tuple[str, ...] = ()
    days: int = 90


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: whoever names symbols or a budget is believed before the history."""

    kind: str
    currency: str
    symbols: tuple[str, ...] = ()
    budget: Decimal | None = None
    networks: tuple[str, ...] = ()  # that the service publishes


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A grant, and for each choice in it why it is proposed."""

    grant: Grant
    reasons: dict[str, str]


def propose(wish: Wish, history: History, now: datetime) -> Proposal:
    """The narrowest grant that lets such a client do what the account's keys did.

    Raises:
        ValueError: if there is no such kind of client.
    """
    if wish.kind not in PRESETS:
        raise ValueError(f"kind: {wish.kind[:40]!r} is not one; choose from {', '.join(PRESETS)}")
    reasons = {"may": f"A {wish.kind} needs no more than this."}
    drawn = _reading(wish, reasons) if wish.kind in READING else _trading(wish, history, reasons)
    grant = msgspec.structs.replace(
        drawn, where=_where(wish, history, reasons), when=When(expires=_expires(wish.kind, now, reasons))
    )
    return Proposal(grant=grant, reasons=reasons)


def _reading(wish: Wish, reasons: dict[str, str]) -> Grant:
    reasons["requests_per_minute"] = f"As a {wish.kind} usually asks."
    return preset(wish.kind, (), wish.currency, ZERO)


def _trading(wish: Wish, history: History, reasons: dict[str, str]) -> Grant:
    symbols = _symbols(wish, history, reasons)
    worths = [each.worth for each in history.orders if each.worth]
    days = _sums_by_day(history.orders)
    if wish.budget is not None:
        budget = wish.budget
        reasons["day_notional"] = "As you named it."
    elif days:
        budget = _with_headroom(_usual(days))
        reasons["day_notional"] = (
            f"{_most_of(len(days))} {_whose(history)} ordered {of_asset(_usual(days), wish.currency)} or less; a "
            "quarter more is left."
        )
    else:
        budget = least_budget(wish.kind, wish.currency)
        reasons["day_notional"] = _without(history, "the least at which each order still reaches an exchange's minimum")
    drawn = preset(wish.kind, symbols or ("X",), wish.currency, budget)
    amount = drawn.how_much.order_notional
    if worths:
        amount = min(_with_headroom(_usual(worths)), budget)
        reasons["order_notional"] = (
            f"95 of 100 orders came to {of_asset(_usual(worths), wish.currency)} or less "
            f"({counted(len(worths), 'order')}); a quarter more is left."
            if len(worths) >= MEASURED_FROM
            else f"The largest of {counted(len(worths), 'order')} came to {of_asset(_usual(worths), wish.currency)}; a "
            "quarter more is left."
        )
    else:
        reasons["order_notional"] = f"The part of a day's budget that one order of a {wish.kind} usually has."
    reasons["loss_per_day"] = f"What a {wish.kind} with this budget loses in fees and slippage, and hardly more."
    reasons["requests_per_minute"] = f"As a {wish.kind} usually asks."
    much = msgspec.structs.replace(
        drawn.how_much, order_notional=amount, open_orders=_open_orders(drawn.how_much, history, reasons)
    )
    what = msgspec.structs.replace(
        drawn.what, symbols=frozenset(symbols), order_types=_types(drawn.what, history, reasons)
    )
    return msgspec.structs.replace(drawn, what=what, how_much=much, how_far=_how_far(drawn.how_far, history, reasons))


def _is_measured(orders: Sequence[Ordered]) -> bool:
    return len(orders) >= MEASURED_FROM and len({each.day for each in orders}) >= MEASURED_DAYS


def _most_of(days: int) -> str:
    if days == 1:
        return "On the one day"
    return "On 95 of 100 days" if days >= MEASURED_FROM else f"On each of {days} days"


def _whose(history: History) -> str:
    return "this account's keys of that kind" if history.of_kind else "this account's keys"


def _without(history: History, instead: str) -> str:
    return f"No order of this account's keys in {history.days} days says more: {instead}."


def _symbols(wish: Wish, history: History, reasons: dict[str, str]) -> tuple[str, ...]:
    if wish.symbols:
        reasons["symbols"] = "As you named them."
        return wish.symbols
    counts = Counter(each.symbol for each in history.orders if each.symbol)
    if not counts:
        reasons["symbols"] = _without(history, "none, until you name what it trades")
        return ()
    most = [symbol for symbol, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MOST_SYMBOLS]]
    left = f", the {MOST_SYMBOLS} most traded of {len(counts)}" if len(counts) > MOST_SYMBOLS else ""
    reasons["symbols"] = f"What {_whose(history)} traded in {history.days} days{left}; no other is needed so far."
    return tuple(sorted(most))


def _open_orders(much: HowMuch, history: History, reasons: dict[str, str]) -> int | None:
    counts = Counter(each.day for each in history.orders)
    most = much.open_orders
    if not counts or most is None:
        reasons["open_orders"] = "As many as such a client usually has."
        return most
    usual = _usual(list(counts.values()))
    reasons["open_orders"] = (
        f"{_most_of(len(counts))} {_whose(history)} placed {counted(usual, 'order')} or fewer; a quarter more."
    )
    return min(most, max(2, int(_ceiling(times(Decimal(usual), HEADROOM)))))


def _types(what: What, history: History, reasons: dict[str, str]) -> frozenset[OrderType]:
    used = {OrderType(each.type) for each in history.orders if each.type in set(OrderType)} & what.order_types
    if not _is_measured(history.orders) or not used:
        reasons["order_types"] = "Those that such a client usually places."
        return what.order_types
    reasons["order_types"] = f"Those that {_whose(history)} placed; whoever needs stops later adds them then."
    return frozenset(used)


def _how_far(far: HowFar, history: History, reasons: dict[str, str]) -> HowFar:
    placed = [each for each in history.orders if each.type not in STOPS]
    stops = [each for each in history.orders if each.type in STOPS]  # they stand far off, by what they are for
    return msgspec.structs.replace(
        far,
        near_bps=_narrowed(far.near_bps, "near", placed, [each.near_bps for each in placed], reasons),
        anchor_bps=_narrowed(far.anchor_bps, "anchor", placed, [each.anchor_bps for each in placed], reasons),
        stop_bps=_narrowed(far.stop_bps, "stop", stops, [each.anchor_bps for each in stops], reasons),
    )


def _narrowed(
    wide: Bps, name: str, orders: Sequence[Ordered], found: Sequence[float | None], reasons: dict[str, str]
) -> Bps:
    measured = [max(ZERO, Decimal(str(round(each, 2)))) for each in found if each is not None]
    if len(measured) < MEASURED_FROM or not _is_measured(orders) or isinstance(wide, str):
        reasons[name] = _USUALLY[name]
        return wide
    usual = _usual(measured)
    reasons[name] = (
        f"95 of 100 orders stood {plain(usual.scaleb(-2))} % or less off on the costly side; some room is left for a "
        "market that moves."
    )
    return min(wide, max(_LEAST_BANDS_BPS[name], int(_ceiling(times(usual, HEADROOM)))))


def _where(wish: Wish, history: History, reasons: dict[str, str]) -> Where:
    if wish.networks:
        reasons["networks"] = "What its service publishes as its own."
        return Where(networks=wish.networks)
    if history.sources:
        reasons["networks"] = "From where this service's keys of this account were used so far."
        return Where(networks=history.sources)
    reasons["networks"] = "Its service publishes no addresses, and none of its keys was used: name the client's."
    return Where()


def _expires(kind: str, now: datetime, reasons: dict[str, str]) -> datetime:
    days = LASTS_DAYS.get(kind, TRADING_LASTS_DAYS)
    reasons["expires"] = f"After {days} days a key that nobody renews winds down by itself."
    end = (now + timedelta(days=days)).astimezone(UTC)
    return end.replace(hour=0, minute=0, second=0, microsecond=0)


def _sums_by_day(orders: Iterable[Ordered]) -> list[Decimal]:
    sums: defaultdict[int, Decimal] = defaultdict(Decimal)
    for each in orders:
        if each.worth:
            sums[each.day] = plus(sums[each.day], each.worth)
    return list(sums.values())


def _usual(values: Sequence[_T]) -> _T:
    """The 95th percentile by nearest rank: of few values the greatest."""
    rank = -(-len(values) * _NINETY_FIVE // 100)
    return sorted(values)[rank - 1]


def _with_headroom(amount: Decimal) -> Decimal:
    """A quarter more, rounded up to an amount that a person would write."""
    more = times(amount, HEADROOM)
    return more.quantize(Decimal(1).scaleb(more.adjusted() - _DIGITS + 1), ROUND_CEILING)


def _ceiling(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_CEILING)
