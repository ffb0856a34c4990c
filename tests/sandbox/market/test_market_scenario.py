"""Scenarios: strictly read, every parameter settable."""

import pytest

from bailiwick.sandbox.market.scenario import ScenarioError, altered, scenario_from_toml

HEAD = 'name = "a"\ntitle = "b"\n'
PUMP = HEAD + '[[attack]]\nkind = "pump"\nsymbol = "AXSUSDT"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "the text is not TOML"),
        ("name = 3", "name: a whole number stands there; write text in quotation marks"),
        (HEAD + "hour = 3", "hour: there is no such field; remove it or correct its spelling"),
        (HEAD + '[[attack]]\nkind = "pumpe"\nsymbol = "AXSUSDT"', "attack[0].kind: 'pumpe' is not a word of it"),
        (PUMP + "pace_ms = 0", "attack[0].pace_ms: 0 is out of range; write a whole number from 1"),
        (PUMP + "at_minutes = 600", "hours: pump AXSUSDT (number 1) would begin after the end"),
        (PUMP + "teach_days = 2", "attack[0].teach_days: the teaching would begin before the world"),
        (HEAD + "[crowd.habits]\nnew_symbol = -1", "crowd.habits.new_symbol: -1 is out of range"),
        (HEAD + "start = 2022-11-13T00:00:00", "start: it has no offset"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(text: str, said: str) -> None:
    """A text that is not a scenario is refused, naming the field and what to write."""
    with pytest.raises(ScenarioError) as caught:
        scenario_from_toml(text)
    assert said in str(caught.value)


def test_every_parameter_can_be_set_from_outside() -> None:
    """A value deep inside a scenario can be replaced by its path, under the same checks."""
    scenario = scenario_from_toml(PUMP)
    changed = altered(scenario, {"attack.0.pace_ms": 5, "crowd.keys": 10, "crowd.habits.new_symbol": 7})
    assert (changed.attack[0].pace_ms, changed.crowd.keys, changed.crowd.habits.new_symbol) == (5, 10, 7)
    for path, value in (("attack.0.pase_ms", 5), ("attack.1.pace_ms", 5), ("crowd.keys", 0), ("crowd.keys", "x")):
        with pytest.raises(ScenarioError):
            altered(scenario, {path: value})
