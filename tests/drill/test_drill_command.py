"""The command, as a program and a person use it, on worlds that are small enough to wait for."""

import json
from pathlib import Path

import pytest

from bailiwick.cli import main
from bailiwick.drill import adversary, crowd, suite
from bailiwick.drill.arm import Arm, Setting
from bailiwick.drill.baseline import Baseline
from bailiwick.drill.play import play
from bailiwick.sandbox.market.scenario import Scenario, load, scenario_from_toml

PUMP = """
name = "small"
title = "A small pump"
start = 2022-11-13T12:00:00Z
hours = 1

[crowd]
keys = 120
services = 3

[detail]
before_minutes = 5
after_minutes = 10
tick_ms = 2000

[[attack]]
kind = "pump"
symbol = "GLMUSDT"
choose = "rich"
at_minutes = 20
minutes = 4
leak_rank = 0
victims = 4
order_worth = 2500
price_bps = 3000
exit_minutes = 5
"""


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A scenario in a file."""
    path = tmp_path / "small.toml"
    path.write_text(PUMP)
    return str(path)


def scenario() -> Scenario:
    """The same, read."""
    return scenario_from_toml(PUMP)


def test_a_program_gets_one_object(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is one object with the seed, the scenario, the orders, and the four arms."""
    assert main(["drill", small, "--seed", "3", "--processes", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"seed", "scenario", "orders_before_hold", "nothing", "grant", "watch", "both"} <= found.keys()
    assert (found["seed"], found["scenario"]) == (3, "small")
    assert len(found["orders_before_hold"]) == len(found["watch"]["victims"]) > 0
    for arm in ("nothing", "grant", "watch", "both"):
        assert {"loss", "prevented_share", "wrong_stops", "key_days"} <= found[arm].keys()
        assert found[arm]["faults"] == 0
    assert found["nothing"]["loss"] > 0
    assert found["nothing"]["prevented_share"] == 0
    assert found["watch"]["loss"] < found["nothing"]["loss"]
    assert found["grant"]["loss"] <= found["nothing"]["loss"]


def test_a_person_sees_the_arms_side_by_side(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The page has the chart, the four arms, and the sentence of the first signal."""
    assert main(["drill", small, "--seed", "3", "--processes", "1"]) == 0
    told = capsys.readouterr().out
    for words in ("GLMUSDT by the minute", "lost, USDT", "prevented, of it", "First signal", "honest keys wound down"):
        assert words in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "scenario"),
        (["axs", "--most", "kill"], "--most"),
        (["axs", "--arm", "both", "--arm", "none"], "--arm"),
        (["axs", "--set", "attack.0.pace"], "--set"),
        (["axs", "--set", "attack.0.speed=3"], "attack.0.speed"),
        (["axs", "--answer-minutes", "-3"], "--answer-minutes"),
        (["suite", "--keys", "0"], "--keys"),
    ],
)
def test_what_cannot_be_played_is_said(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong input is refused in a sentence that names it, before anything is played."""
    assert main(["drill", *words]) != 0
    said = capsys.readouterr().err
    assert said.startswith("bailiwick: ")
    assert says in said


def test_a_suite_has_every_figure(small: str) -> None:
    """A small suite has the crowd's rates, shares with intervals for each arm and baseline, and the orders by play."""
    lineup = suite.Lineup(
        keys=60, days=1, seed=3, incidents=(small,), variants=("as it was",), shard=60, baselines=False
    )
    steps: list[tuple[int, int]] = []
    played = suite.run(lineup, lambda over, all_: steps.append((over, all_)), processes=1)
    assert steps[-1][0] == steps[-1][1]
    assert played["crowd"]["key_days"] == 60
    assert played["orders_before_hold"]["pump"]["victims"] > 0
    for arm in ("watch_hold", "watch_alert", "grant", "both"):
        share = played["prevented"][arm]
        assert share["low"] <= share["value"] <= share["high"] <= 1.05
    assert [row["scenario"] for row in played["incidents"]] == ["small"]


@pytest.mark.parametrize("baseline", list(Baseline))
def test_each_baseline_can_stand_in_the_watchs_place(baseline: Baseline) -> None:
    """A drill runs with what others do in the place of the watch, and never costs more than it would have."""
    hindered = play(scenario(), 3, Setting(arm=Arm.WATCH, baseline=baseline, pipeline=False))
    unhindered = play(scenario(), 3, Setting(arm=Arm.NOTHING, pipeline=False))
    assert hindered.victims
    assert hindered.loss <= unhindered.loss
    assert hindered.faults == 0


def test_an_allowlist_stops_a_stranger_and_a_collar_what_is_dear() -> None:
    """The thief sends from new addresses, 30 % through the market: both baselines that look at that refuse him."""
    for baseline in (Baseline.ALLOWLIST, Baseline.COLLAR):
        found = play(scenario(), 3, Setting(arm=Arm.WATCH, baseline=baseline, pipeline=False))
        assert [each.forwarded for each in found.victims] == [0] * len(found.victims)


def test_calibration_goes_on_where_it_was_left(tmp_path: Path) -> None:
    """A second run plays the seeds that are missing and no other, and comes to what one run would have come to."""
    file, seeds = tmp_path / "progress.jsonl", []
    size = {"keys": 30, "days": 1, "first_seed": 5, "processes": 1}
    told = lambda each, total: seeds.append(each.seed)  # noqa: E731
    crowd.calibrate(file, key_days=30, told=told, **size)
    found = crowd.calibrate(file, key_days=60, told=told, **size)
    assert seeds == [5, 6]
    assert (found["seeds"], found["key_days"]) == ([5, 6], 60)
    with pytest.raises(ValueError, match="another size"):
        crowd.calibrate(file, key_days=90, told=told, **(size | {"keys": 31}))


def test_the_adversary_keeps_the_worst(tmp_path: Path) -> None:
    """What the search calls the worst lost as much as any attack that it tried, and it follows from its seed."""
    tried: list[adversary.Try] = []
    found = adversary.search(scenario(), 3, 3, lambda last, worst: tried.append(last), processes=1)
    assert found["tries"] == len(tried) == 3
    assert found["worst"]["loss"] == pytest.approx(max(each.loss for each in tried), abs=0.01)
    assert tried[0].changes == {}
    with pytest.raises(ValueError, match="no attack"):
        adversary.search(crowd.crowd(10, 1), 1, 1, lambda last, worst: None)


def test_every_incident_can_be_varied() -> None:
    """Each variant is one that the scenarios know, and leaves the incident an attack."""
    for name in suite.INCIDENTS:
        for variant in suite.VARIANTS:
            assert suite.varied(load(name), variant).attack
