"""Both ways into a drill, and what is heard of the watch."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bailiwick.drill.arm import Arm, Owner, Setting
from bailiwick.drill.guard import Guard
from bailiwick.gateway import watching
from bailiwick.model.order import OrderReport
from bailiwick.sandbox.market.door import Act, Print, Ruling, Scene, Venue
from bailiwick.sandbox.market.scenario import Crowd, Scenario
from bailiwick.sandbox.market.world import World
from bailiwick.watch.event import Asked

SEED = 7
KEYS = 60


@dataclass
class Noted:
    """A door that notes what another one says to each act."""

    door: Guard
    said: list[tuple[int, str, str, str]] = field(default_factory=list)

    def begin(self, scene: Scene) -> None:
        self.door.begin(scene)

    def ask(self, act: Act, venue: Venue) -> Ruling:
        ruling = self.door.ask(act, venue)
        self.said.append((act.at_us, act.key, ruling.ruled, ruling.reason))
        return ruling

    def filled(self, key: str, report: OrderReport, at_us: int) -> None:
        self.door.filled(key, report, at_us)

    def granted(self, key: str, symbols: frozenset[str], at_us: int) -> None:
        self.door.granted(key, symbols, at_us)

    def printed(self, trade: Print) -> None:
        self.door.printed(trade)


def played(setting: Setting, directory: Path | None, signed_bps: int) -> Noted:
    """Ten hours of a small crowd."""
    scenario = Scenario(name="day", title="A day", hours=10, crowd=Crowd(keys=KEYS, signed_bps=signed_bps))
    door = Noted(Guard(setting, directory))
    try:
        World(scenario, SEED).run(door)
    finally:
        door.door.close()
    return door


@pytest.mark.parametrize("arm", [Arm.WATCH, Arm.BOTH])
def test_both_ways_decide_alike(arm: Arm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same acts, as signed bytes through the real gateway and at the intent, get the same answers and words."""
    setting = Setting(arm=arm, owner=Owner(minutes=60))
    seen: list[Asked] = []
    reads = watching.asked

    def noted(*given: Any) -> Asked:
        seen.append(reads(*given))
        return seen[-1]

    monkeypatch.setattr(watching, "asked", noted)
    direct = played(setting, None, 10_000)
    at_the_intent, seen = seen, []
    real = played(setting, tmp_path, 10_000)
    tops = [[(each.at_us, each.symbol, each.top_worth) for each in way if each.side] for way in (at_the_intent, seen)]
    assert tops[0] == tops[1]
    assert [top for _, _, top in tops[0] if not top] == []
    assert len(direct.said) > 50
    assert real.said == direct.said
    assert real.door.stops == direct.door.stops
    assert direct.door.watching is not None
    assert real.door.watching is not None
    assert real.door.watching.faults == direct.door.watching.faults == 0


def test_the_same_seed_is_the_same_drill() -> None:
    """A drill that is played again says the same, word for word."""
    setting = Setting(arm=Arm.WATCH)
    assert played(setting, None, 0).said == played(setting, None, 0).said
