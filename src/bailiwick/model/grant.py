"""Grants: the bailiwick of a key, drawn exactly, in one readable form.

A grant is written as TOML and shown as TOML. Permissions that are absent are denied; limits that are absent do not
limit. A ``Bound`` has the same sections with everything open: it is what an account or a service adds to narrow all of
its keys. The effective permission is the intersection of all, which ``bailiwick.rules.authority`` computes.
"""

import ipaddress
import re
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import tomli_w

from bailiwick.model.complaint import complaint
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Destination, OrderType, Side
from bailiwick.model.money import FRACTION_DIGITS, WHOLE_DIGITS, plain

MOST_PURPOSE_CHARS = 200
MOST_BPS = 100_000
MOST_PER_MINUTE = 60_000

_ASSET = re.compile(r"[A-Za-z0-9]{1,20}")
_HOURS = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_MOST_AMOUNT = Decimal(10) ** WHOLE_DIGITS

Bps = int | Literal["none"]
Symbols = frozenset[str] | Literal["all"]


class Orders(StrEnum):
    """Which orders a key may look up, cancel, amend and replace."""

    OWN = "own"  # those that it placed
    ACCOUNT = "account"  # all of its account


class MarketOrders(StrEnum):
    """What becomes of an order without a limit price."""

    BOUND = "bound"  # it leaves as a limit order at the band's edge
    DENY = "deny"
    PASS = "pass"  # noqa: S105  (not a password)  # it leaves as it is, above the grant's liquidity floor


class Day(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def read_hours(text: str) -> tuple[int, int]:
    """Minutes of the day from which and until which ``08:00-18:00`` reaches; the second may be the smaller.

    Raises:
        ValueError: if the text is not of this form.
    """
    found = _HOURS.fullmatch(text)
    if found is not None:
        hour, minute, until_hour, until_minute = map(int, found.groups())
        start, end = hour * 60 + minute, until_hour * 60 + until_minute
        if start < 1440 and 0 < end <= 1440 and start != end:
            return start, end
    raise ValueError(f"hours: {text[:40]!r} is not a span of a day; write it like 08:00-18:00 or 22:00-06:00")


def _check_amount(field: str, amount: Decimal | None) -> None:
    if amount is None:
        return
    if not amount.is_finite() or amount.is_signed() or amount >= _MOST_AMOUNT:
        raise ValueError(f"{field}: {amount} is not an amount; write a plain number of at most {WHOLE_DIGITS} digits")
    if -int(amount.as_tuple().exponent) > FRACTION_DIGITS:
        raise ValueError(f"{field}: {amount} is too fine; write at most {FRACTION_DIGITS} digits after the point")


def _check_count(field: str, count: int | None, least: int, most: int) -> None:
    if count is not None and not least <= count <= most:
        raise ValueError(f"{field}: {count} is out of range; write a whole number from {least} to {most}")


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(f"zone: {zone[:40]!r} is not known; write an IANA name like Europe/Berlin") from error


def _check_moment(field: str, moment: datetime | None) -> None:
    if moment is None:
        return
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"{field}: it has no offset; write it like 2027-01-31T12:00:00Z")
    if offset % timedelta(minutes=1):
        raise ValueError(f"{field}: its offset is not of whole minutes; write it in UTC")
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{field}: it is out of range; write a year from 1 to 9999") from error


def _check_head(purpose: str, currency: str) -> None:
    if len(purpose) > MOST_PURPOSE_CHARS or not purpose.isprintable():
        raise ValueError(f"purpose: write at most {MOST_PURPOSE_CHARS} printable characters")
    if _ASSET.fullmatch(currency) is None:
        raise ValueError(f"currency: {currency[:40]!r} is not an asset; write one like USDT")


class GrantError(ValueError):
    """A text is not a grant. The message names the field and the remedy."""


class _Plain(Decimal):
    """An amount that is written without an exponent."""

    def __str__(self) -> str:
        return plain(self)


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a grant."""


class What(_Section, frozen=True):
    """What a key may do. Everything here is a permission: absent means denied."""

    may: frozenset[Harm] = frozenset()
    symbols: Symbols = frozenset()
    sides: frozenset[Side] = frozenset()
    order_types: frozenset[OrderType] = frozenset()
    orders: Orders = Orders.OWN
    market_orders: MarketOrders = MarketOrders.BOUND

    def __post_init__(self) -> None:
        if self.symbols != "all":
            for symbol in self.symbols:
                if not 0 < len(symbol) <= 40 or not symbol.isprintable() or " " in symbol:
                    raise ValueError(f'symbols: {symbol[:40]!r} is not a symbol; write it as the venue does, or "all"')


class HowMuch(_Section, frozen=True):
    """How much a key may do. Amounts are in the grant's currency; absent means no limit.

    ``day_notional`` and ``loss_per_day`` renew at midnight of ``zone``, ``rolling_notional`` counts 24 hours.
    """

    order_notional: Decimal | None = None
    day_notional: Decimal | None = None
    rolling_notional: Decimal | None = None
    loss_per_day: Decimal | None = None
    zone: str = "UTC"
    open_orders: int | None = None
    requests_per_minute: int | None = None

    def __post_init__(self) -> None:
        for field in ("order_notional", "day_notional", "rolling_notional", "loss_per_day"):
            _check_amount(field, getattr(self, field))
        _check_zone(self.zone)
        _check_count("open_orders", self.open_orders, 0, 10_000)
        _check_count("requests_per_minute", self.requests_per_minute, 1, MOST_PER_MINUTE)


class HowFar(_Section, frozen=True):
    """How far from the market an order may stand on its adverse side, in basis points, or "none".

    ``stop_bps`` is how far from the anchor a stop or take-profit may let its order be executed: whoever can move the
    last price of a thin market can trigger it.
    """

    near_bps: Bps = 100
    anchor_bps: Bps = 300
    stop_bps: Bps = 3_000

    def __post_init__(self) -> None:
        for field in ("near_bps", "anchor_bps", "stop_bps"):
            value = getattr(self, field)
            if value != "none":
                _check_count(field, value, 0, MOST_BPS)


class Liquidity(_Section, frozen=True):
    """How thin a market may be. Volumes are 30-day medians of a day's, in the grant's currency."""

    least_daily_volume: Decimal | None = None
    order_share_bps: int | None = None
    day_share_bps: int | None = None

    def __post_init__(self) -> None:
        _check_amount("least_daily_volume", self.least_daily_volume)
        _check_count("order_share_bps", self.order_share_bps, 0, 10_000)
        _check_count("day_share_bps", self.day_share_bps, 0, 10_000)


class WithdrawalGrant(_Section, frozen=True):
    """One destination and how much may go there. Coin, network, address and tag are matched together, byte for byte."""

    coin: str
    network: str
    address: str
    tag: str = ""
    per_act: Decimal | None = None
    per_day: Decimal | None = None

    def __post_init__(self) -> None:
        for field in ("coin", "network", "address"):
            if not getattr(self, field):
                raise ValueError(f"{field}: it is empty; write what the venue calls it")
        _check_amount("per_act", self.per_act)
        _check_amount("per_day", self.per_day)

    @property
    def destination(self) -> Destination:
        """What a withdrawal's destination must equal."""
        return Destination(self.coin, self.network, self.address, self.tag)


def _check_destinations(withdrawals: tuple[WithdrawalGrant, ...]) -> None:
    seen = set()
    for withdrawal in withdrawals:
        if withdrawal.destination in seen:
            raise ValueError(f"withdrawals: {withdrawal.coin} to {withdrawal.address} stands twice; write it once")
        seen.add(withdrawal.destination)


class Where(_Section, frozen=True):
    """From which networks a key may be used. Absent means from any."""

    networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for network in self.networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"networks: {error}; write it like 203.0.113.0/24 or 2001:db8::/32") from error


class When(_Section, frozen=True):
    """When a key may be used. ``days`` and ``hours`` are of ``zone`` and bind what opens: reads and cancels pass.

    Hours that end before they begin reach into the next day.
    """

    not_before: datetime | None = None
    expires: datetime | None = None
    days: frozenset[Day] = frozenset()
    hours: tuple[str, ...] = ()
    zone: str = "UTC"

    def __post_init__(self) -> None:
        for field in ("not_before", "expires"):
            _check_moment(field, getattr(self, field))
        if self.not_before is not None and self.expires is not None and self.expires <= self.not_before:
            raise ValueError("expires: it lies before not_before; write a later moment")
        for hours in self.hours:
            read_hours(hours)
        _check_zone(self.zone)


HELD = frozenset({Harm.TRADE, Harm.BORROW, Harm.MOVE, Harm.WITHDRAW, Harm.BEARER, Harm.ADMINISTER})
"""What can be held for a person. Reads and cancels cannot: nothing is lost by them, and a key must get out."""


class Holds(_Section, frozen=True):
    """What is held for a person's approval: all of a harm class, or orders above an amount of the grant's currency."""

    may: frozenset[Harm] = frozenset()
    notional_above: Decimal | None = None

    def __post_init__(self) -> None:
        if not self.may <= HELD:
            raise ValueError(f"may: only {', '.join(harm for harm in Harm if harm in HELD)} can be held")
        _check_amount("notional_above", self.notional_above)


class Most(StrEnum):
    """The most that the watch may do by itself when a key behaves as a thief would, from the mildest."""

    NOTE = "note"  # it stands in the journal
    ALERT = "alert"  # and its owner is told
    HOLD = "hold"  # and what is suspect waits for a person
    WIND_DOWN = "wind-down"  # and the key winds down where little doubt is left


class ClientKind(StrEnum):
    """What kind of client a key is for: a key that has no history yet is judged by it."""

    SIGNAL_BOT = "signal-bot"
    GRID_BOT = "grid-bot"
    DCA = "dca"
    MARKET_MAKER = "market-maker"
    PORTFOLIO_TRACKER = "portfolio-tracker"
    TAX_TOOL = "tax-tool"


class Watched(_Section, frozen=True):
    """What the watch may do to a key."""

    most: Most = Most.WIND_DOWN


class BoundWatched(_Section, frozen=True):
    """What the watch may do to every key within a bound, at the least; absent means what its grant says."""

    most: Most | None = None


class Grant(_Section, frozen=True):
    """The bailiwick of a key. ``kind`` declares what sort of client it is for."""

    purpose: str
    kind: ClientKind | None = None
    currency: str = "USDT"
    what: What = What()
    how_much: HowMuch = HowMuch()
    how_far: HowFar = HowFar()
    liquidity: Liquidity = Liquidity()
    withdrawals: tuple[WithdrawalGrant, ...] = ()
    where: Where = Where()
    when: When = When()
    holds: Holds = Holds()
    watch: Watched = Watched()

    def __post_init__(self) -> None:
        _check_head(self.purpose, self.currency)
        _check_destinations(self.withdrawals)
        if self.what.market_orders is MarketOrders.PASS and not self.liquidity.least_daily_volume:
            raise ValueError("what.market_orders: pass needs a floor; name liquidity.least_daily_volume or write bound")
        bands = {self.how_far.near_bps, self.how_far.anchor_bps}
        if self.what.market_orders is MarketOrders.BOUND and Harm.TRADE in self.what.may and bands == {"none"}:
            raise ValueError(
                "what.market_orders: bound needs a band; name how_far.near_bps or how_far.anchor_bps, or write deny"
            )


class OpenWhat(What, frozen=True):
    """What a bound lets pass: everything, but for what it names."""

    may: frozenset[Harm] = frozenset(Harm)
    symbols: Symbols = "all"
    sides: frozenset[Side] = frozenset(Side)
    order_types: frozenset[OrderType] = frozenset(OrderType)
    orders: Orders = Orders.ACCOUNT
    market_orders: MarketOrders = MarketOrders.PASS


class OpenHowFar(HowFar, frozen=True):
    """How far a bound lets orders stand: anywhere, but for what it names."""

    near_bps: Bps = "none"
    anchor_bps: Bps = "none"
    stop_bps: Bps = "none"


class Bound(_Section, frozen=True):
    """What an account or a service adds to narrow every key of its own. ``withdrawals`` absent means any."""

    purpose: str = ""
    currency: str = "USDT"
    what: OpenWhat = OpenWhat()
    how_much: HowMuch = HowMuch()
    how_far: OpenHowFar = OpenHowFar()
    liquidity: Liquidity = Liquidity()
    withdrawals: tuple[WithdrawalGrant, ...] | None = None
    where: Where = Where()
    when: When = When()
    holds: Holds = Holds()
    watch: BoundWatched = BoundWatched()

    def __post_init__(self) -> None:
        _check_head(self.purpose, self.currency)
        _check_destinations(self.withdrawals or ())

    @property
    def counts_money(self) -> bool:
        """Whether any of its limits is an amount of its currency."""
        much, floor = self.how_much, self.liquidity.least_daily_volume
        above = self.holds.notional_above
        limits = (much.order_notional, much.day_notional, much.rolling_notional, much.loss_per_day, floor, above)
        return any(limit is not None for limit in limits)


_Limits = TypeVar("_Limits", Grant, Bound)


def grant_from_toml(text: str) -> Grant:
    """Read a grant.

    Raises:
        GrantError: naming the field that is wrong, missing or unknown, and what to write instead.
    """
    return _read(text, Grant)


def bound_from_toml(text: str) -> Bound:
    """Read the limits of an account or of a service.

    Raises:
        GrantError: naming the field that is wrong or unknown, and what to write instead.
    """
    return _read(text, Bound)


def grant_to_toml(grant: Grant) -> str:
    """Write a grant: fields in the order of the documentation, sets sorted, absent limits left out."""
    return tomli_w.dumps(_table(grant))


def bound_to_toml(bound: Bound) -> str:
    """Write the limits of an account or of a service."""
    return tomli_w.dumps(_table(bound))


def _read(text: str, kind: type[_Limits]) -> _Limits:
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise GrantError(f"the text is not TOML: {error}") from error
    except (ArithmeticError, RecursionError) as error:
        raise GrantError("the text has a number or a nesting that nobody needs; write plain numbers") from error
    try:
        return msgspec.convert(tables, kind)
    except msgspec.ValidationError as error:
        raise GrantError(complaint(str(error), kind)) from error


def _table(section: msgspec.Struct) -> dict[str, Any]:
    """The section as TOML knows it, values before tables. Left out is what is absent; of a bound, all that is open."""
    values: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    terse = isinstance(section, Bound | OpenWhat | OpenHowFar)
    for field in msgspec.structs.fields(section):
        value = getattr(section, field.name)
        if isinstance(value, msgspec.Struct):
            if table := _table(value):
                tables[field.name] = table
        elif value != field.default or not (terse or value is None or value in ((), frozenset())):
            values[field.name] = _value(value)
    return values | tables


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else _Plain(value)
    if isinstance(value, frozenset):
        return [_value(member) for member in sorted(value, key=_place)]
    if isinstance(value, tuple):
        return [_table(each) if isinstance(each, msgspec.Struct) else each for each in value]
    return value


def _place(member: Enum | str) -> tuple[int, str]:
    """Members of a registry in its order, names in the alphabet's."""
    return (list(type(member)).index(member), "") if isinstance(member, Enum) else (0, member)
