"""The page on grants is right."""

import re
from pathlib import Path

import msgspec

from bailiwick.model.grant import Grant, bound_from_toml, grant_from_toml, grant_to_toml
from bailiwick.rules.presets import PRESETS

PAGE = (Path(__file__).parents[2] / "docs" / "grant.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_are_grants() -> None:
    """What the page shows can be used as it is, and survives its text."""
    grant, bound = EXAMPLES
    read = grant_from_toml(grant)
    assert grant_from_toml(grant_to_toml(read)) == read
    assert bound_from_toml(bound).how_much.order_notional == 1000


def test_every_field_has_its_example_and_its_words() -> None:
    """No field of a grant is missing from the example or from the tables, and no preset from the list."""
    for section in msgspec.structs.fields(Grant):
        value = getattr(grant_from_toml(EXAMPLES[0]), section.name)
        each = value[0] if isinstance(value, tuple) else value
        assert f"`{section.name}`" in PAGE or f"{section.name}" in EXAMPLES[0]
        if isinstance(each, msgspec.Struct):
            for field in msgspec.structs.fields(each):
                assert re.search(rf"^{field.name} = ", EXAMPLES[0], re.MULTILINE), field.name
                assert re.search(rf"`(\w+\.)?{field.name}`", PAGE), field.name
    for preset in PRESETS:
        assert f"`{preset}`" in PAGE
