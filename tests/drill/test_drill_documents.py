"""What the page of drills lists."""

from pathlib import Path

import pytest

from bailiwick.sandbox.market.scenario import Attack, Crowd, Detail, Event, Habits, Scenario, shipped

PAGE = (Path(__file__).parents[2] / "docs" / "drills.md").read_text()


@pytest.mark.parametrize("table", [Scenario, Crowd, Habits, Detail, Attack, Event])
def test_every_field_of_a_scenario_is_listed(table: type) -> None:
    """A refused field refers to the page, so each that there is stands on it."""
    fields = set(table.__struct_fields__) - {"crowd", "habits", "detail", "attack", "event"}  # type: ignore[attr-defined]
    assert {field for field in fields if f"`{field}`" not in PAGE} == set()


def test_every_shipped_scenario_is_listed() -> None:
    """The page that a wrong name refers to has each scenario that is shipped."""
    assert [name for name in shipped() if f"`{name}`" not in PAGE] == []
