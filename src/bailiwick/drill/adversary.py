"""Looks for the theft that costs most in spite of the watch: random at first, then around the worst that was found.

What it may change is what a thief may: coin, size, pace, price, hour, address, look, overlap with the bot's habit, what
he does about refusals, holds and the wind-down. It decides nothing by what the watch says, only by what was lost.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from bailiwick.drill.arm import Arm, Setting
from bailiwick.drill.crew import PROCESSES, Played, Task, run_all
from bailiwick.sandbox.market.scenario import Scenario, altered

EXPLORED = 0.5  # of all tries are drawn at random; the others begin from the worst so far
CHANGED = 3  # fields at once, at most, around the worst

FIELDS: dict[str, tuple[Any, ...]] = {
    "order_worth": (0, 20, 50, 150, 500, 2_000, 5_000, 20_000, 100_000),
    "orders": (1, 2, 3, 5, 20, 200, 10_000),
    "spend_bps": (500, 2_000, 5_000, 10_000),
    "pace_ms": (200, 1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000),
    "bot_pace": (True, False),
    "stagger_ms": (0, 500, 10_000, 600_000, 3_600_000),
    "minutes": (2, 10, 60, 240),
    "price_bps": (-20, 5, 20, 60, 150, 500, 2_000, 20_000),
    "market_orders": (True, False),
    "fund": (True, False),
    "source": ("new", "service", "fresh-account"),
    "dress": ("own", "service", "victim"),
    "mimic_symbols": (True, False),
    "choose": ("any", "rich", "busy", "dormant"),
    "retries": (0, 2, 10),
    "shrink_bps": (1_000, 5_000, 9_000),
    "patience": (1, 6, 50),
    "wait_ms": (1_000, 15_000, 300_000, 3_600_000),
    "wind_down": (True, False),
    "probe_balance": (True, False),
    "width_bps": (100, 300, 1_000, 5_000),
}
TAUGHT: dict[str, tuple[Any, ...]] = {
    "teach_days": (0, 1, 2, 3, 5),
    "teach_worth": (10, 30, 100, 300),
    "teach_growth_bps": (1_000, 5_000, 15_000),
}


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """An attack that was tried, what it took with the watch, and what it would have taken without anything."""

    changes: dict[str, Any]
    loss: float
    unhindered: float

    @property
    def prevented(self) -> float | None:
        """Which share of it was not lost."""
        return None if self.unhindered <= 0 else 1 - self.loss / self.unhindered


def search(
    scenario: Scenario, tries: int, seed: int, told: Callable[[Try, Try], None], *, arm: Arm = Arm.WATCH,
    processes: int = PROCESSES,
) -> dict[str, Any]:  # fmt: skip
    """Try so many attacks, all of one world's seed; ``told`` hears of each, and of the worst so far.

    Raises:
        ValueError: if the scenario has no attack.
    """
    if not scenario.attack:
        raise ValueError("scenario: it has no attack to change; name another")
    draw = random.Random(seed)  # noqa: S311  (a search, not a secret)
    found: list[Try] = []
    while len(found) < tries:
        batch = [_next(scenario, draw, found, tries) for _ in range(min(processes, tries - len(found)))]
        for each in _play(scenario, batch, seed, arm, processes):
            found.append(each)
            told(each, _worst(found))
    return _report(scenario, seed, arm, found)


def _next(scenario: Scenario, draw: random.Random, found: Sequence[Try], tries: int) -> dict[str, Any]:
    attack = scenario.attack[0]
    fields = FIELDS | {name: values for name, values in TAUGHT.items() if _may_teach(attack.at_minutes)}
    if len(found) < tries * EXPLORED or not found:
        if not found:
            return {}  # the incident as it was
        changes = {name: draw.choice(values) for name, values in fields.items() if draw.random() < 0.6}
    else:
        changes = dict(_worst(found).changes)
        for name in draw.sample(sorted(fields), draw.randint(1, CHANGED)):
            changes[name] = draw.choice(fields[name])
    if changes.get("teach_days", 0) * 1_440 > attack.at_minutes:
        changes["teach_days"] = attack.at_minutes // 1_440
    return changes


def _may_teach(at_minutes: int) -> bool:
    return at_minutes >= 1_440


def _play(scenario: Scenario, batch: Sequence[dict[str, Any]], seed: int, arm: Arm, processes: int) -> list[Try]:
    worlds = [altered(scenario, {f"attack.0.{name}": value for name, value in each.items()}) for each in batch]
    settings = [Setting(arm=each, pipeline=False) for each in (Arm.NOTHING, arm)]
    tasks = [Task(scenario=world, seed=seed, setting=setting) for world in worlds for setting in settings]
    done: list[Played] = run_all(tasks, lambda _: None, processes=processes)
    losses = [float(each.outcome.loss) for each in done]
    return [
        Try(changes=changes, loss=losses[2 * place + 1], unhindered=losses[2 * place])
        for place, changes in enumerate(batch)
    ]


def _worst(found: Sequence[Try]) -> Try:
    return max(found, key=lambda each: each.loss)


def _report(scenario: Scenario, seed: int, arm: Arm, found: Sequence[Try]) -> dict[str, Any]:
    worst, whole = _worst(found), sum(each.unhindered for each in found)
    return {
        "scenario": scenario.name,
        "seed": seed,
        "arm": arm.value,
        "tries": len(found),
        "mean": {
            "loss": round(sum(each.loss for each in found) / len(found), 2),
            "prevented_share": None if whole <= 0 else round(1 - sum(each.loss for each in found) / whole, 5),
        },
        "as_it_was": _told(found[0]),
        "worst": _told(worst),
    }


def _told(each: Try) -> dict[str, Any]:
    share = each.prevented
    return {
        "loss": round(each.loss, 2),
        "unhindered": round(each.unhindered, 2),
        "prevented_share": None if share is None else round(share, 5),
        "changes": each.changes,
    }
