"""The suite: every incident with its variants in every arm, beside baselines, and an honest crowd; one table of it all.

Figures are over victims, or over key-days. Their intervals are of 95 %: bootstrap over victims for shares of money,
exact Poisson for what happens seldom.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from bailiwick.drill.arm import Arm, Owner, Setting
from bailiwick.drill.baseline import Baseline
from bailiwick.drill.crew import PROCESSES, Played, Task, run_all
from bailiwick.drill.crowd import counts, rates, tasks
from bailiwick.drill.interval import quantile, ratio
from bailiwick.drill.play import Suffered
from bailiwick.model.grant import Most
from bailiwick.sandbox.market.scenario import Attack, Dress, Play, Scenario, Source, altered, load

INCIDENTS = ("axs", "dmg", "sys", "nxt", "sell-then-buy", "drip", "mimic")
VARIED = frozenset({"axs", "sys", "sell-then-buy"})  # the others are variants themselves, or take long
SHARD = 12_500  # keys of one world of the crowd
ALERTED = Owner(minutes=10)

# What is changed of an incident's attack. The first is the incident as it was.
VARIANTS: dict[str, dict[str, Any]] = {
    "as it was": {},
    "a new address": {"source": "new", "dress": "own"},
    "the service's address": {"source": "service", "dress": "service"},
    "a fresh account at the service": {"source": "fresh-account", "dress": "service"},
    "dormant keys": {"choose": "dormant", "source": "fresh-account", "dress": "service"},
    "mimicry from the service's address": {
        "source": "service", "dress": "victim", "order_worth": 0, "bot_pace": True, "minutes": 240,
    },
    "several services at once": {"leaks": 3},
    "going on in the wind-down": {"wind_down": True, "patience": 50},
}  # fmt: skip
AS_IT_WAS = "as it was"
PLAYS = {Play.PUMP: "pump", Play.SELL_THEN_BUY: "sell-then-buy", Play.CONTRA: "contra", Play.DRIP: "drip"}


class Lineup(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite plays.

    Attributes:
        keys, days: of the honest crowd.
        seed: the first; every world has its own.
        seeds: how many times each incident is played.
        incidents: scenarios by name.
        variants: which of ``VARIANTS``; beside the incident as it was, only of those in ``VARIED``.
    """

    keys: int = 100_000
    days: int = 3
    seed: int = 1000
    seeds: int = 1
    incidents: tuple[str, ...] = INCIDENTS
    variants: tuple[str, ...] = tuple(VARIANTS)
    baselines: bool = True
    shard: int = SHARD


def lineup_tasks(lineup: Lineup) -> list[Task]:
    """Everything that is played: the crowd's worlds first, for they take longest."""
    shards = max(1, round(lineup.keys / lineup.shard))
    keys = lineup.keys // shards
    found = tasks(keys, lineup.days, range(lineup.seed, lineup.seed + shards), beside=lineup.baselines)
    for name in lineup.incidents:
        for variant in lineup.variants if name in VARIED else (AS_IT_WAS,):
            for number in range(lineup.seeds):
                found += _of_incident(varied(load(name), variant), variant, lineup, lineup.seed + number)
    return found


def _of_incident(scenario: Scenario, variant: str, lineup: Lineup, seed: int) -> Iterable[Task]:
    base = Setting(arm=Arm.NOTHING, pipeline=False)
    watch = msgspec.structs.replace(base, arm=Arm.WATCH)
    settings = [base, watch]
    if variant == AS_IT_WAS:
        settings += [msgspec.structs.replace(base, arm=arm) for arm in (Arm.GRANT, Arm.BOTH)]
        settings.append(msgspec.structs.replace(watch, most=Most.ALERT, owner=ALERTED))
        if lineup.baselines:
            settings += [msgspec.structs.replace(watch, baseline=each) for each in Baseline]
    return [Task(scenario=scenario, seed=seed, setting=setting, name=variant) for setting in settings]


def varied(scenario: Scenario, variant: str) -> Scenario:
    """An incident with another thief."""
    changes = {
        f"attack.{place}.{field}": value
        for place in range(len(scenario.attack))
        for field, value in VARIANTS[variant].items()
    }
    return altered(scenario, changes)


def run(lineup: Lineup, done: Callable[[int, int], None], *, processes: int = PROCESSES) -> dict[str, Any]:
    """Play the suite; ``done`` is told how many of how many playings are over."""
    todo = lineup_tasks(lineup)
    over = 0

    def note(played: Played) -> None:
        nonlocal over
        over += 1
        done(over, len(todo))

    done(0, len(todo))
    return table(lineup, run_all(todo, note, processes=processes))


def table(lineup: Lineup, played: Sequence[Played]) -> dict[str, Any]:
    """The figures of a suite."""
    crowd = [counts(each) for each in played if each.task.name == "crowd"]
    incidents = [each for each in played if each.task.name != "crowd"]
    return {
        "seed": lineup.seed,
        "incident_seeds": list(range(lineup.seed, lineup.seed + lineup.seeds)),
        "crowd": rates(crowd),
        "orders_before_hold": _orders(incidents),
        "prevented": _prevented(incidents),
        "incidents": _by_incident(incidents),
    }


def _kind_of(task: Task, theft: str) -> str:
    """The play that a victim suffered."""
    found: Attack | None = next((each for each in task.scenario.attack if each.title == theft), None)
    return "" if found is None else PLAYS[found.kind]


def _orders(played: Sequence[Played]) -> dict[str, Any]:
    """How many orders were forwarded before the hold, by play, with the watch alone; mimicry for itself."""
    by_kind: dict[str, list[Suffered]] = {}
    for each in _of(played, Arm.WATCH):
        for victim in each.outcome.victims:
            kind = _kind_of(each.task, victim.theft) + ("-mimicry" if mimics(each.task.scenario) else "")
            by_kind.setdefault(kind, []).append(victim)
    return {kind: _counted(found) for kind, found in sorted(by_kind.items())}


def _counted(victims: Sequence[Suffered]) -> dict[str, Any]:
    forwarded = [each.forwarded for each in victims]
    theft = [each.forwarded - each.sales for each in victims]
    return {
        "victims": len(victims),
        "median": quantile(forwarded, 0.5),
        "p95": quantile(forwarded, 0.95),
        "most": max(forwarded),
        "theft_median": quantile(theft, 0.5),
        "theft_p95": quantile(theft, 0.95),
        "theft_most": max(theft),
    }


def _prevented(played: Sequence[Played]) -> dict[str, Any]:
    mimicry = [each for each in played if mimics(each.task.scenario)]
    plain = [each for each in played if not mimics(each.task.scenario)]
    return {
        "watch_hold": share(plain, lambda each: _is(each, Arm.WATCH)),
        "watch_hold_mimicry": share(mimicry, lambda each: _is(each, Arm.WATCH)),
        "watch_alert": share(played, lambda each: _is(each, Arm.WATCH, Most.ALERT)),
        "grant": share(played, lambda each: _is(each, Arm.GRANT)),
        "both": share(played, lambda each: _is(each, Arm.BOTH)),
        "baselines": {
            baseline.value: share(played, lambda each, baseline=baseline: each.task.setting.baseline is baseline)  # type: ignore[misc]  # a lambda's default cannot be annotated
            for baseline in Baseline
        },
    }


def _by_incident(played: Sequence[Played]) -> list[dict[str, Any]]:
    rows = []
    for place in dict.fromkeys((each.task.scenario.name, each.task.name) for each in played):
        found = [each for each in played if (each.task.scenario.name, each.task.name) == place]
        forwarded = [victim.forwarded for each in _of(found, Arm.WATCH) for victim in each.outcome.victims]
        lost = sum(float(each.outcome.loss) for each in _of(found, Arm.NOTHING))
        rows.append(
            {
                "scenario": place[0],
                "variant": place[1],
                "lost_with_nothing": round(lost, 2),
                "orders_before_hold": {"median": quantile(forwarded, 0.5), "p95": quantile(forwarded, 0.95)},
                "wrong_stops": sum(len(each.outcome.wound_down) for each in _of(found, Arm.WATCH)),
                **_prevented_rows(found),
            }
        )
    return rows


def _prevented_rows(found: Sequence[Played]) -> dict[str, Any]:
    rows = _prevented(found)
    mimicry = rows.pop("watch_hold_mimicry")
    rows["watch_hold"] = rows["watch_hold"] or mimicry
    return rows


def mimics(scenario: Scenario) -> bool:
    """Whether a thief sends from the service's own addresses, looking like the victims' bots."""
    return any(each.source is Source.SERVICE and each.dress is Dress.VICTIM for each in scenario.attack)


def share(played: Sequence[Played], chosen: Callable[[Played], bool]) -> dict[str, float] | None:
    """What of the loss was prevented, value-weighted over victims; nothing where the arm was not played."""
    lost = {
        (*_world(each), victim.key, victim.theft): float(victim.loss)
        for each in _of(played, Arm.NOTHING)
        for victim in each.outcome.victims
    }
    parts: list[tuple[float, float]] = []
    for each in played:
        if not chosen(each):
            continue
        left = {(victim.key, victim.theft): victim for victim in each.outcome.victims}
        world = _world(each)
        for place, before in lost.items():
            if place[: len(world)] == world:
                after = _loss(left.get((place[-2], place[-1])))
                parts.append((before - after, before))
    interval = ratio(parts, seed=len(parts)) if parts else None
    if interval is None:
        return None
    value, low, high = (round(each, 5) for each in interval)
    return {"value": value, "low": low, "high": high, "victims": len(parts)}


def _loss(victim: Suffered | None) -> float:
    return 0.0 if victim is None else float(victim.loss)


def _world(played: Played) -> tuple[str, str, int]:
    return played.task.scenario.name, played.task.name, played.task.seed


def _of(played: Sequence[Played], arm: Arm) -> list[Played]:
    return [each for each in played if _is(each, arm)]


def _is(played: Played, arm: Arm, most: Most = Most.WIND_DOWN) -> bool:
    setting = played.task.setting
    return setting.arm is arm and setting.most is most and setting.baseline is None
