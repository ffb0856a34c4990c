"""Honest crowds: worlds in which nobody steals, to count what is stopped wrongly; and their long calibration."""

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bailiwick.drill.arm import Arm, Owner, Setting
from bailiwick.drill.crew import PROCESSES, Played, Task, run_all
from bailiwick.drill.interval import poisson
from bailiwick.drill.play import Outcome
from bailiwick.sandbox.market.scenario import Crowd, Detail, Scenario

MILLION = 1e6
DAY_US = 86_400_000_000
LEARNT_DAYS = 4  # a key's habits count from its third day on; by then those who trade daily have some
ANSWERED = Owner(minutes=60)


class Counts(msgspec.Struct, kw_only=True):
    """What was stopped in crowds, and of how much."""

    seed: int
    keys: int
    days: float
    key_days: float
    active_key_days: float
    acts: int
    learnt_key_days: float  # of them, behind the first days, in which every key is new
    learnt_wound_down: int
    learnt_held: int
    wound_down: int
    held: int
    holds: int
    alerted: int
    faults: int
    baselines: dict[str, int] = {}
    why: dict[str, int] = {}  # first sentences' detectors of keys that were wound down


def crowd(keys: int, days: int) -> Scenario:
    """An honest world."""
    people = Crowd(keys=keys, services=max(20, keys // 100))
    return Scenario(name="crowd", title="An honest crowd", hours=24 * days, crowd=people, detail=Detail(refresh_s=600))


def tasks(keys: int, days: int, seeds: Iterable[int], *, beside: bool) -> list[Task]:
    """A world for each seed, all keys of which have a grant that lets everything through, and the watch."""
    setting = Setting(arm=Arm.WATCH, owner=ANSWERED, pipeline=False, beside=beside)
    return [Task(scenario=crowd(keys, days), seed=seed, setting=setting, name="crowd") for seed in seeds]


def counts(played: Played) -> Counts:
    """What became of one world."""
    outcome, scenario = played.outcome, played.task.scenario
    learnt_us = scenario.start_us + LEARNT_DAYS * DAY_US
    late = max(0.0, scenario.days - LEARNT_DAYS) / scenario.days
    return Counts(
        learnt_key_days=round(outcome.key_days * late, 3),
        learnt_wound_down=sum(each.at_us >= learnt_us for each in outcome.wound_down),
        learnt_held=sum(each.at_us >= learnt_us for each in outcome.held),
        seed=played.task.seed, keys=scenario.crowd.keys, days=scenario.days, key_days=outcome.key_days,
        active_key_days=outcome.active_key_days, acts=outcome.acts, wound_down=len(outcome.wound_down),
        held=len(outcome.held), holds=outcome.holds, alerted=outcome.alerted, faults=outcome.faults,
        baselines=outcome.baselines, why=_why(outcome),
    )  # fmt: skip


def _why(outcome: Outcome) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in (*outcome.wound_down, *outcome.held):
        words = f"{each.measure}, {each.kind}: {each.why[0] if each.why else ''}"
        found[words[:160]] = found.get(words[:160], 0) + 1
    return found


def rates(found: Sequence[Counts]) -> dict[str, Any]:
    """Rates a million key-days with their intervals, over all worlds."""
    days = sum(each.key_days for each in found)
    told: dict[str, Any] = {
        "seeds": [each.seed for each in found],
        "key_days": round(days),
        "active_key_days": round(sum(each.active_key_days for each in found)),
        "acts": sum(each.acts for each in found),
        "faults": sum(each.faults for each in found),
    }
    for name, count in (
        ("wrong_wind_downs", sum(each.wound_down for each in found)),
        ("wrong_holds", sum(each.holds for each in found)),
        ("keys_wrongly_held", sum(each.held for each in found)),
        ("keys_wrongly_alerted", sum(each.alerted for each in found)),
    ):
        told[name] = rate(count, days)
    learnt = sum(each.learnt_key_days for each in found)
    told["learnt_key_days"] = round(learnt)
    told["learnt_wrong_wind_downs"] = rate(sum(each.learnt_wound_down for each in found), learnt)
    told["learnt_keys_wrongly_held"] = rate(sum(each.learnt_held for each in found), learnt)
    names = sorted({name for each in found for name in each.baselines})
    told["baselines"] = {name: rate(sum(each.baselines.get(name, 0) for each in found), days) for name in names}
    return told


def rate(count: int, key_days: float) -> dict[str, float | int | None]:
    """A count, and what it comes to a million key-days."""
    interval = poisson(count, key_days, MILLION)
    if interval is None:
        return {"count": count, "per_million_key_days": None, "low": None, "high": None}
    value, low, high = (round(each, 2) for each in interval)
    return {"count": count, "per_million_key_days": value, "low": low, "high": high}


def calibrate(
    progress: Path, *, keys: int, days: int, first_seed: int, key_days: float, told: Callable[[Counts, float], None],
    processes: int = PROCESSES,
) -> dict[str, Any]:  # fmt: skip
    """Play crowds until so many key-days are counted, from the seeds that the progress file does not have yet.

    Each finished world is a line of the file, so that an interruption costs the worlds under way and no more.

    Raises:
        ValueError: if the file has worlds of another size.
    """
    done = _read(progress, keys, days)
    total = sum(each.key_days for each in done)
    with progress.open("a", encoding="utf-8") as file:

        def note(played: Played) -> None:
            nonlocal total
            each = counts(played)
            done.append(each)
            total += each.key_days
            file.write(json.dumps(msgspec.to_builtins(each)) + "\n")
            file.flush()
            told(each, total)

        while total < key_days:
            known = {each.seed for each in done}
            missing = max(1, round((key_days - total) / (keys * days)))
            fresh = (seed for seed in itertools.count(first_seed) if seed not in known)
            run_all(tasks(keys, days, itertools.islice(fresh, missing), beside=True), note, processes=processes)
    done.sort(key=lambda each: each.seed)
    return {"keys_a_world": keys, "days": days, **rates(done), "why": _all_why(done)}


def _all_why(done: Sequence[Counts]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in done:
        for words, count in each.why.items():
            found[words] = found.get(words, 0) + count
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _read(progress: Path, keys: int, days: int) -> list[Counts]:
    if not progress.exists():
        return []
    lines = progress.read_text(encoding="utf-8").splitlines()
    done = [msgspec.json.decode(line.encode(), type=Counts) for line in lines if line]
    if any(each.keys != keys or each.days != days for each in done):
        raise ValueError(f"{progress}: it has worlds of another size; name another file, or the same --keys and --days")
    return done
