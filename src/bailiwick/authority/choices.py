"""The choices of a grant as somebody types them, to and from the grant; what is wrong with each is told by its name."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from bailiwick.authority.draft_verbs import Choices, WrongView
from bailiwick.model.grant import MOST_BPS, Bps, Grant, HowFar, HowMuch, Symbols, What, Where
from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType
from bailiwick.model.money import parse_amount, plain, times

ALL: Final = "all"
NONE: Final = "none"
_HUNDRED = Decimal(100)
_DAY = timedelta(days=1)


def choices_of(grant: Grant) -> Choices:
    """A grant's choices, as somebody would type them."""
    what, much, far = grant.what, grant.how_much, grant.how_far
    trades = Harm.TRADE in what.may
    return Choices(
        symbols=(ALL,) if what.symbols == ALL else tuple(sorted(what.symbols)),
        order_types=tuple(each.value for each in OrderType if each in what.order_types),
        order_notional=_amount(much.order_notional),
        day_notional=_amount(much.day_notional),
        loss_per_day=_amount(much.loss_per_day),
        open_orders=_count(much.open_orders),
        requests_per_minute=_count(much.requests_per_minute),
        near=_percent(far.near_bps) if trades else "",
        anchor=_percent(far.anchor_bps) if trades else "",
        stop=_percent(far.stop_bps) if trades else "",
        networks=grant.where.networks,
        expires=_until(grant.when.expires),
    )


def chosen(grant: Grant, choices: Choices) -> tuple[Grant, list[WrongView]]:
    """The grant with these choices in the place of its own, and what is wrong with them; those are left as they were.

    What a key that does not trade has no use for is not looked at.
    """
    typed = _Typed(choices)
    drawn = _any_key(grant, typed)
    if Harm.TRADE in grant.what.may:
        drawn = _bands(_trading(drawn, typed), typed)
    return drawn, typed.wrong


class _Typed:
    """Choices that are read one by one, and what was wrong with those that could not be read."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.wrong: list[WrongView] = []

    def take(self, field: str, read: Callable[[Any], Any], was: Any) -> Any:
        """What a field says; ``was`` where it says nothing that can be read."""
        try:
            return read(getattr(self.choices, field))
        except ValueError as error:
            complaint, _, remedy = str(error).removeprefix(f"{field}: ").rpartition("; ")
            self.wrong.append(WrongView(field=field, sentence=complaint or remedy, remedy=remedy if complaint else ""))
            return was


def _any_key(grant: Grant, typed: _Typed) -> Grant:
    much, take = grant.how_much, typed.take
    return msgspec.structs.replace(
        grant,
        how_much=msgspec.structs.replace(
            much, requests_per_minute=take("requests_per_minute", _read_rate, much.requests_per_minute)
        ),
        where=Where(networks=take("networks", _read_networks, grant.where.networks)),
        when=msgspec.structs.replace(grant.when, expires=take("expires", _read_until, grant.when.expires)),
    )


def _trading(grant: Grant, typed: _Typed) -> Grant:
    what, much, take = grant.what, grant.how_much, typed.take
    day = take("day_notional", _read_amount, much.day_notional)
    return msgspec.structs.replace(
        grant,
        what=msgspec.structs.replace(
            what,
            symbols=take("symbols", _read_symbols, what.symbols),
            order_types=take("order_types", _read_types, what.order_types),
        ),
        how_much=msgspec.structs.replace(
            much,
            order_notional=take("order_notional", _read_amount, much.order_notional),
            day_notional=day,
            rolling_notional=day,
            loss_per_day=take("loss_per_day", _read_amount, much.loss_per_day),
            open_orders=take("open_orders", _read_open, much.open_orders),
        ),
    )


def _bands(grant: Grant, typed: _Typed) -> Grant:
    far, take = grant.how_far, typed.take
    bands = {
        "near_bps": take("near", _read_percent, far.near_bps),
        "anchor_bps": take("anchor", _read_percent, far.anchor_bps),
        "stop_bps": take("stop", _read_percent, far.stop_bps),
    }
    try:
        return msgspec.structs.replace(grant, how_far=HowFar(**bands))
    except ValueError:  # a market order is bound to one of the two
        told = WrongView(
            field="anchor",
            sentence="an order without a limit price needs a distance to be bound to",
            remedy="name this one or that from the last seconds",
        )
        typed.wrong.append(told)
        return grant


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else plain(amount)


def _count(count: int | None) -> str:
    return "" if count is None else str(count)


def _percent(bps: Bps) -> str:
    return NONE if isinstance(bps, str) else plain(Decimal(bps).scaleb(-2))


def _until(expires: datetime | None) -> str:
    if expires is None:
        return ""
    moment = expires.astimezone(UTC)
    if moment.time() == datetime.min.time():
        return (moment - _DAY).date().isoformat()
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _read_amount(text: str) -> Decimal | None:
    try:
        return parse_amount(text.strip()) if text.strip() else None
    except ValueError:
        raise ValueError("it is no amount; write digits and at most one point, such as 500 or 12.5") from None


def _read_whole(text: str) -> int | None:
    found = text.strip()
    if found and not (found.isascii() and found.isdigit() and len(found) < 7):
        raise ValueError("it is no whole number; write digits, such as 20, or leave it empty for no limit")
    return int(found) if found else None


def _read_rate(text: str) -> int | None:
    return HowMuch(requests_per_minute=_read_whole(text)).requests_per_minute


def _read_open(text: str) -> int | None:
    return HowMuch(open_orders=_read_whole(text)).open_orders


def _read_percent(text: str) -> Bps:
    found = text.strip().removesuffix("%").strip()
    if found.lower() in {"", NONE}:
        return NONE
    try:
        bps = times(parse_amount(found), _HUNDRED)
    except ValueError:
        raise ValueError('it is no percentage; write one such as 0.5, or "none" for any distance') from None
    if bps != bps.to_integral_value() or bps > MOST_BPS:
        raise ValueError(f"at most two digits after the point, and {MOST_BPS // 100} % at most; write one such as 0.5")
    return int(bps)


def _read_symbols(names: tuple[str, ...]) -> Symbols:
    found = [name.strip() for name in names if name.strip()]
    if [name.lower() for name in found] == [ALL]:
        return ALL
    return What(symbols=frozenset(name.upper() for name in found)).symbols


def _read_types(names: tuple[str, ...]) -> frozenset[OrderType]:
    try:
        return frozenset(OrderType(name.strip().upper()) for name in names)
    except ValueError:
        raise ValueError(f"one of them is not known; choose from {', '.join(OrderType)}") from None


def _read_networks(names: tuple[str, ...]) -> tuple[str, ...]:
    return Where(networks=tuple(name.strip() for name in names if name.strip())).networks


def _read_until(text: str) -> datetime | None:
    found = text.strip()
    if not found:
        return None
    try:
        if len(found) == len("2027-01-31"):
            return datetime.combine(date.fromisoformat(found) + _DAY, datetime.min.time(), UTC)
        moment = datetime.fromisoformat(found)
    except (ValueError, OverflowError):
        raise ValueError("it is no day; write one like 2027-01-31, or leave it empty for never") from None
    if moment.tzinfo is None:
        raise ValueError("it has no offset from UTC; write one like 2027-01-31T12:00:00Z")
    return moment
