"""Scenarios: what a rehearsal plays, written as TOML. Every parameter of an attack is settable from outside."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec

from bailiwick.model.complaint import complaint

_BPS: Final = 10_000


class ScenarioError(ValueError):
    """A text is not a scenario. The message names the field and the remedy."""


class Play(StrEnum):
    """The kinds of attack."""

    PUMP = "pump"  # victims buy a thin coin that the thief holds
    CONTRA = "contra"  # victims trade to and fro against the thief's own orders
    SELL_THEN_BUY = "sell-then-buy"  # victims' holdings are sold to pay for the thin coin
    DRIP = "drip"  # small orders at bad prices, for days


class Choice(StrEnum):
    """Which keys of a leaked service the thief takes."""

    ANY = "any"
    RICH = "rich"  # the accounts worth most first
    BUSY = "busy"  # those that trade most, in whose noise he hides
    DORMANT = "dormant"  # those that have not traded for long


class Source(StrEnum):
    """From where the thief sends."""

    NEW = "new"  # addresses of his own, one for each few victims
    SERVICE = "service"  # the service's own: he is inside it
    FRESH_ACCOUNT = "fresh-account"  # an account of his own at the service, loaded with the victims' keys


class Dress(StrEnum):
    """What his client looks like."""

    OWN = "own"  # a script of his own
    SERVICE = "service"  # the service's client, with ids of another instance
    VICTIM = "victim"  # exactly what the victim's bot sends


class Happens(StrEnum):
    """The kinds of look-alike: what must not be stopped."""

    NEWS_RALLY = "news-rally"
    LISTING = "listing"
    STRATEGY_CHANGE = "strategy-change"
    HOST_MOVE = "host-move"
    LIQUIDATIONS = "liquidations"
    WHALE = "whale"
    PUBLIC_PUMP = "public-pump"
    MARKET_BEHAVIOUR = "market-behaviour"


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a scenario."""


def _within(section: _Section, **ranges: tuple[int, int]) -> None:
    for field, (least, most) in ranges.items():
        found = getattr(section, field)
        if not least <= found <= most:
            raise ValueError(f"{field}: {found} is out of range; write a whole number from {least} to {most}")


class Habits(_Section, frozen=True):
    """How often honest people do what thieves do: times a hundred keys that trade, in thirty days.

    They are assumptions, set high rather than low: no exchange publishes them. Bots at platforms are edited weekly to
    monthly, home lines change address every few days (JKorf/Binance.Net#85), hosts restart for updates.
    """

    new_symbol: int = 60  # a coin that the key never traded, of the kind it is used to
    thinner_symbol: int = 12  # a coin thinner than all it traded
    strategy_change: int = 15  # other sizes, cadence and sides from one moment to the next
    resize: int = 40  # sizes times one half to four, on a deposit or a change of mind
    address_change: int = 80  # of those who host their bots themselves
    host_move: int = 6  # another network and another version of the client
    restart: int = 120  # reads, cancels, then all orders anew in a burst
    idle_phase: int = 25  # stops for days, and then goes on
    by_hand: int = 20  # the owner sends some orders of his own through the key
    fat_finger: int = 2  # an order ten times too large, or far through the market
    awakening: int = 10  # of keys that lay idle: their owners come back
    forgotten_grant: int = 30  # in a hundred new symbols: tried before it was granted

    def __post_init__(self) -> None:
        _within(self, **{field: (0, 100_000) for field in self.__struct_fields__ if field != "forgotten_grant"})
        _within(self, forgotten_grant=(0, 100))


class Crowd(_Section, frozen=True):
    """Who is there.

    Attributes:
        keys: how many keys.
        services: how many services hold them; customers fall off as rank to a power, so that the largest has
            ``largest_bps`` of all (29 % in the project's own Monte Carlo of common points).
        published_bps: how many of the services publish the networks they call from.
        own_host_bps: how many keys are in bots that their owners run themselves.
        second_key_bps: how many accounts have a second key elsewhere (1.56 services a key in the same Monte Carlo
            counts those that ever held it; these are at work).
        idle_bps: how many trading keys do nothing at all while the world lasts.
        orders_a_day: the mean over all keys; a few have most of them.
        grid, dca, rebalancer, maker, momentum, guardian, tracker: the kinds of bots, by weight.
        signed_bps: how many of the keys that no attack touches enter as signed bytes.
    """

    keys: int = 2_000
    services: int = 40
    largest_bps: int = 2_900
    published_bps: int = 4_000
    own_host_bps: int = 2_000
    second_key_bps: int = 2_500
    idle_bps: int = 4_500
    orders_a_day: int = 4
    grid: int = 22
    dca: int = 26
    rebalancer: int = 8
    maker: int = 2
    momentum: int = 18
    guardian: int = 8
    tracker: int = 16
    signed_bps: int = 100
    habits: Habits = Habits()

    def __post_init__(self) -> None:
        _within(self, keys=(1, 1_000_000), services=(1, 10_000), orders_a_day=(1, 1_000), largest_bps=(1, _BPS))
        shares = ("published_bps", "own_host_bps", "second_key_bps", "idle_bps", "signed_bps")
        _within(self, **dict.fromkeys(shares, (0, _BPS)))
        kinds = ("grid", "dca", "rebalancer", "maker", "momentum", "guardian", "tracker")
        _within(self, **dict.fromkeys(kinds, (0, 1_000_000)))
        if not any(getattr(self, kind) for kind in kinds):
            raise ValueError("grid: all kinds of bots weigh nothing; give at least one a weight")


class Detail(_Section, frozen=True):
    """How finely a symbol is played around an attack or an event; elsewhere its book is laid when somebody comes.

    ``before_minutes`` and ``after_minutes`` reach beyond it on both sides; ``tick_ms`` is how often makers and
    bystanders act; ``refresh_s`` how late, at most, a resting order elsewhere learns that the price went through it.
    """

    before_minutes: int = 10
    after_minutes: int = 75
    tick_ms: int = 1_000
    refresh_s: int = 300

    def __post_init__(self) -> None:
        _within(self, before_minutes=(0, 1_440), after_minutes=(0, 1_440))
        _within(self, tick_ms=(50, 60_000), refresh_s=(1, 86_400))


class Attack(_Section, frozen=True):
    """One theft. Times from the world's beginning; worths in USDT.

    Attributes:
        kind: the play; ``symbol`` where it is played.
        at_minutes: when the first order comes, ``minutes`` how long he goes on at most.
        leaks: how many services lost their keys to him; ``leak_rank`` the place of the first by size, 0 the largest.
        victims: how many keys he uses, ``choose`` which of them, ``least_worth`` what an account must hold.
        spend_bps: how much of an account's worth he turns over (contra: in one direction, before it turns).
        order_worth: the size of his orders, 0: the size that the victim's bot is used to; ``orders`` the most of them
            through one key.
        pace_ms: between two orders through one key, ``jitter_bps`` how uneven, ``bot_pace``: when the bot would.
        stagger_ms: between the first orders of two victims.
        price_bps: how far through the near price his victims' limits stand; ``market_orders``: they have none.
        width_bps: contra: how far from the fair price his own orders wait.
        fund: first sell what the victim holds for money, ``fund_bps`` of it.
        source, dress: from where, and looking like what.
        mimic_symbols: play in a symbol that the victim's bot trades, the thinnest of them, if it is thin enough.
        probe_balance: look at balances and open orders first; ``probe_withdrawal``: try one.
        teach_days: for so many days before, orders of that symbol at fair prices, growing by ``teach_growth_bps`` a
            day from ``teach_worth``.
        retries: after a refusal, so many times with ``shrink_bps`` of the size, then in one of ``other_symbols``.
        patience: after so many refusals in a row he leaves a victim alone; ``wait_ms`` before each new try.
        wind_down: go on with what a key in wind-down may still do: cancel the victim's orders and sell to himself.
        bag_worth: what he holds of the coin beforehand; ``cash`` his money; ``asks_bps`` where he offers the bag,
            above the price at the beginning; ``bids_bps`` below, where he buys from victims.
        exit_minutes: when after the first order he sells what is left.
    """

    kind: Play
    symbol: str
    name: str = ""
    at_minutes: int = 60
    minutes: int = 10
    leaks: int = 1
    leak_rank: int = 1
    victims: int = 12
    choose: Choice = Choice.ANY
    least_worth: int = 0
    spend_bps: int = _BPS
    order_worth: int = 5_000
    orders: int = 10_000
    pace_ms: int = 2_000
    jitter_bps: int = 3_000
    bot_pace: bool = False
    stagger_ms: int = 500
    price_bps: int = 500
    market_orders: bool = False
    width_bps: int = 1_000
    fund: bool = False
    fund_bps: int = _BPS
    source: Source = Source.NEW
    dress: Dress = Dress.OWN
    mimic_symbols: bool = False
    probe_balance: bool = False
    probe_withdrawal: bool = False
    teach_days: int = 0
    teach_worth: int = 20
    teach_growth_bps: int = 5_000
    retries: int = 2
    shrink_bps: int = 5_000
    other_symbols: tuple[str, ...] = ()
    patience: int = 6
    wait_ms: int = 15_000
    wind_down: bool = False
    bag_worth: int = 500_000
    cash: int = 500_000
    asks_bps: tuple[int, ...] = (300, 800, 2_000, 5_000, 9_000)
    bids_bps: tuple[int, ...] = ()
    exit_minutes: int = 20

    def __post_init__(self) -> None:
        _within(self, at_minutes=(0, 1_000_000), minutes=(1, 100_000), exit_minutes=(0, 100_000))
        _within(self, leaks=(1, 1_000), leak_rank=(0, 10_000), victims=(1, 100_000), least_worth=(0, 10**9))
        _within(self, spend_bps=(1, _BPS), fund_bps=(0, _BPS), shrink_bps=(1, _BPS), jitter_bps=(0, _BPS))
        _within(self, order_worth=(0, 10**8), orders=(1, 10**6), pace_ms=(1, 10**9), stagger_ms=(0, 10**9))
        _within(self, price_bps=(-_BPS, 1_000_000), width_bps=(1, 9_900), retries=(0, 100), patience=(1, 1_000))
        _within(self, teach_days=(0, 365), teach_worth=(1, 10**7), teach_growth_bps=(0, 100_000), wait_ms=(0, 10**9))
        _within(self, bag_worth=(0, 10**10), cash=(0, 10**10))
        if self.teach_days * 1_440 > self.at_minutes:
            raise ValueError("teach_days: the teaching would begin before the world; write a later at_minutes")
        if any(each >= _BPS for each in self.bids_bps):
            raise ValueError("bids_bps: a bid 10000 basis points below the price is nothing; write smaller ones")

    @property
    def title(self) -> str:
        """What the attack is called: its name, or its kind and symbol."""
        return self.name or f"{self.kind} {self.symbol}"


class Event(_Section, frozen=True):
    """Something that looks like theft and is not. Times from the world's beginning.

    Attributes:
        symbols: where; for what happens to keys alone, empty.
        at_minutes, minutes: when it begins and how long it rises; ``fade_minutes`` how long it falls back.
        move_bps: how far the price goes, negative: down; ``stays_bps`` how much of that remains.
        volume_times: how many times the usual trading.
        joins: how many keys take part: they buy, change, move or rebalance.
        join_worth: what each of them trades, 0: as much as it is used to.
        service_rank: for ``host-move`` the service, by size, all of whose keys move; -1: some keys of all.
        detailed: whether the symbol is played order by order.
    """

    kind: Happens
    name: str = ""
    symbols: tuple[str, ...] = ()
    at_minutes: int = 60
    minutes: int = 10
    fade_minutes: int = 120
    move_bps: int = 0
    stays_bps: int = 3_000
    volume_times: int = 10
    joins: int = 0
    join_worth: int = 0
    service_rank: int = -1
    detailed: bool = True

    def __post_init__(self) -> None:
        _within(self, at_minutes=(0, 1_000_000), minutes=(1, 100_000), fade_minutes=(1, 100_000))
        _within(self, move_bps=(-9_900, 1_000_000), stays_bps=(0, _BPS), volume_times=(1, 10_000))
        _within(self, joins=(0, 10**6), join_worth=(0, 10**8), service_rank=(-1, 10_000))

    @property
    def title(self) -> str:
        """What it is called: its name, or its kind."""
        return self.name or str(self.kind)


class Scenario(_Section, frozen=True):
    """What a rehearsal plays: ``hours`` from ``start``.

    The keys that attacks and events are about, and neighbours of the attacked ones, have lived for ``history_days``
    before ``start`` with nothing happening, so that whoever watches knows their habits. No other key acts then.
    """

    name: str
    title: str
    start: datetime = datetime(2022, 11, 13, tzinfo=UTC)
    hours: int = 4
    history_days: int = 0
    crowd: Crowd = Crowd()
    detail: Detail = Detail()
    attack: tuple[Attack, ...] = ()
    event: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        _within(self, hours=(1, 24 * 366), history_days=(0, 90))
        if self.start.utcoffset() is None:
            raise ValueError("start: it has no offset; write it like 2022-11-13T12:00:00Z")
        played: tuple[Attack | Event, ...] = (*self.attack, *self.event)
        for place, each in enumerate(played):
            if each.at_minutes >= self.hours * 60:
                raise ValueError(f"hours: {each.title} (number {place + 1}) would begin after the end; write more")

    @property
    def start_us(self) -> int:
        """When it begins, microseconds since 1970."""
        return int(self.start.timestamp()) * 1_000_000

    @property
    def days(self) -> float:
        """How long it lasts, in days."""
        return self.hours / 24


def scenario_from_toml(text: str) -> Scenario:
    """Read a scenario.

    Raises:
        ScenarioError: naming the field that is wrong, missing or unknown, and what to write instead.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError(f"the text is not TOML: {error}") from error
    return _convert(table)


def shipped() -> tuple[str, ...]:
    """The names of the scenarios that come with the package."""
    found = files(__package__).joinpath("scenarios").iterdir()
    return tuple(sorted(each.name.removesuffix(".toml") for each in found if each.name.endswith(".toml")))


def load(name: str) -> Scenario:
    """A scenario that comes with the package, or one in a file if the name ends in ``.toml``.

    Raises:
        ScenarioError: if there is none of that name, or it is not one.
    """
    if name.endswith(".toml"):
        try:
            return scenario_from_toml(Path(name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError(f"{name}: it cannot be read ({error})") from error
    if name not in shipped():
        raise ScenarioError(
            f"scenario: {name[:40]!r} is not one; choose from {', '.join(shipped())} or name a .toml file"
        )
    return scenario_from_toml(files(__package__).joinpath("scenarios", f"{name}.toml").read_text(encoding="utf-8"))


def altered(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """The scenario with other values: ``hours``, ``crowd.keys``, ``attack.0.pace_ms`` and the like.

    Raises:
        ScenarioError: if there is no such field, or the value is not one for it.
    """
    table = msgspec.to_builtins(scenario)
    for path, value in changes.items():
        *above, last = path.split(".")
        place: Any = table
        try:
            for step in above:
                place = place[int(step)] if isinstance(place, list | tuple) else place[step]
            known = last in place
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ScenarioError(
                f"{path}: there is no such table in the scenario; write it like attack.0.pace_ms"
            ) from error
        if not isinstance(place, dict) or not known:
            raise ScenarioError(f"{path}: there is no such field; docs/drills.md lists them")
        place[last] = value
    return _convert(table)


def _convert(table: Any) -> Scenario:
    try:
        return msgspec.convert(table, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(complaint(str(error), Scenario).replace("docs/grant.md", "docs/drills.md")) from error
