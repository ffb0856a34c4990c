"""Plays a scenario: once for each arm, from the same seed, and tells what became of it."""

import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from bailiwick.drill.arm import Arm, Setting
from bailiwick.drill.chart import Minute
from bailiwick.drill.guard import Guard
from bailiwick.drill.hearing import Stop
from bailiwick.drill.reckoning import Reckoning, Victim
from bailiwick.model.money import ZERO
from bailiwick.sandbox.market.door import Door, KeyFacts, OpenDoor
from bailiwick.sandbox.market.scenario import Scenario
from bailiwick.sandbox.market.world import World

MINUTE_US = 60_000_000
_CENT = Decimal("0.01")


class Wronged(msgspec.Struct, frozen=True, kw_only=True):
    """An honest key about which the watch did something: what, in which symbol, and what its owner was told."""

    key: str
    kind: str
    service: str
    measure: str
    symbol: str
    at_us: int
    why: tuple[str, ...]


class Suffered(msgspec.Struct, frozen=True, kw_only=True):
    """What befell one victim.

    Attributes:
        theft: the attack.
        loss: in USDT; ``after`` of it within the hour after the key was stopped.
        orders: that the thief asked for; ``forwarded`` those that left before the first was held, and of these
            ``sales`` those that only raised money: of what the victim held, at the market's price.
        stopped_us: when the first was held; None: never.
        signal_us: when the watch first spoke of the key after the thief's first act; ``why`` what it said.
    """

    key: str
    theft: str
    first_us: int
    loss: Decimal
    after: Decimal
    orders: int
    forwarded: int
    sales: int
    refused: int
    stopped_us: int | None = None
    signal_us: int | None = None
    why: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one playing.

    Attributes:
        wound_down, held, alerted: honest keys about which the watch did this, each key once in each.
        holds: how often an honest key's owner was asked.
        denied: honest acts that a rule refused, by reason.
        key_days: days that honest keys lived; ``active_key_days`` those of keys that asked for an order.
        baselines: for each that looked on, of how many honest keys it would have refused something.
        minutes: of the symbols that were played in detail.
    """

    arm: Arm
    victims: tuple[Suffered, ...]
    wound_down: tuple[Wronged, ...]
    held: tuple[Wronged, ...]
    alerted: int
    holds: int
    denied: dict[str, int]
    acts: int
    key_days: float
    active_key_days: float
    faults: int = 0
    baselines: dict[str, int] = {}
    minutes: dict[str, list[Minute]] = {}

    @property
    def loss(self) -> Decimal:
        """What all victims lost, in USDT."""
        return sum((each.loss for each in self.victims), ZERO)


def play(scenario: Scenario, seed: int, setting: Setting) -> Outcome:
    """Play it once."""
    if setting.arm is Arm.NOTHING:
        return _played(scenario, seed, setting, OpenDoor(), None)
    if not setting.pipeline:
        guard = Guard(setting)
        return _played(scenario, seed, setting, guard, guard)
    with tempfile.TemporaryDirectory(prefix="bailiwick-drill-") as directory:
        guard = Guard(setting, Path(directory) / "journal")
        try:
            return _played(scenario, seed, setting, guard, guard)
        finally:
            guard.close()


def _played(scenario: Scenario, seed: int, setting: Setting, door: Door, guard: Guard | None) -> Outcome:
    begins = {each.title: scenario.start_us + each.at_minutes * MINUTE_US for each in scenario.attack}
    world = World(scenario, seed)
    books = Reckoning(world, door, begins)
    world.run(books)
    facts = world.keys
    stops = [] if guard is None else [each for each in guard.stops if each.at_us >= world.start_us]
    wronged = _wronged(stops, books.victims, facts)
    honest = len(facts) - len(books.victims)
    active = len(books.traded - books.victims.keys())
    return Outcome(
        arm=setting.arm,
        victims=tuple(_suffered(each, stops) for each in books.victims.values()),
        wound_down=_once(wronged, "wind-down"),
        held=_once(wronged, "hold"),
        alerted=len(_once(wronged, "alert")),
        holds=sum(each.measure == "hold" for each in wronged),
        denied=books.denied,
        acts=books.acts,
        key_days=round(honest * scenario.days, 3),
        active_key_days=round(active * scenario.days, 3),
        faults=0 if guard is None or guard.watching is None else guard.watching.faults,
        baselines={}
        if guard is None
        else {
            name.value: sum(_before(books.victims.get(key), at) for key, at in each.refused_keys.items())
            for name, each in guard.others.items()
        },
        minutes={symbol: list(minutes.values()) for symbol, minutes in books.minutes.items()},
    )


def _before(victim: Victim | None, at_us: int) -> bool:
    """Whether a key was honest at the time."""
    return victim is None or at_us < victim.first_us


def _wronged(stops: Sequence[Stop], victims: dict[str, Victim], facts: Mapping[str, KeyFacts]) -> list[Wronged]:
    """What was done about keys that no thief held, or none held yet."""
    found = []
    for stop in stops:
        if not _before(victims.get(stop.key), stop.at_us):
            continue
        of = facts[stop.key]
        found.append(
            Wronged(
                key=stop.key, kind=of.kind, service=of.service, measure=stop.measure, symbol=stop.symbol,
                at_us=stop.at_us, why=stop.why,
            )
        )  # fmt: skip
    return found


def _once(wronged: Sequence[Wronged], measure: str) -> tuple[Wronged, ...]:
    first: dict[str, Wronged] = {}
    for each in wronged:
        if each.measure == measure:
            first.setdefault(each.key, each)
    return tuple(first.values())


def _suffered(victim: Victim, stops: Sequence[Stop]) -> Suffered:
    said = next((stop for stop in stops if stop.key == victim.key and stop.at_us >= victim.first_us), None)
    return Suffered(
        key=victim.key,
        theft=victim.theft,
        first_us=victim.first_us,
        loss=victim.loss.quantize(_CENT),
        after=victim.after.quantize(_CENT),
        orders=victim.orders,
        forwarded=victim.forwarded,
        sales=victim.sales,
        refused=victim.refused,
        stopped_us=victim.stopped_us,
        signal_us=None if said is None else said.at_us,
        why=() if said is None else said.why,
    )
