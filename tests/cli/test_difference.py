"""Wind-down, freeze and revoke: what sets them apart stands wherever one of them is chosen."""

import pytest

from bailiwick.cli import main
from bailiwick.model.life import MEANINGS, RESPONSE_STATES

CHOICES = [
    *(f"{group} {move}" for group in ("key", "account") for move in ("wind-down", "freeze", "revoke")),
    "service freeze",
    "service revoke",
    "service compromise",
    "key edit",
]


@pytest.mark.parametrize("command", CHOICES)
def test_the_difference_stands_where_one_is_chosen(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The help of each command by which a key can be stopped says in full what each of the three leaves it."""
    monkeypatch.setenv("COLUMNS", "1000")
    main([*command.split(), "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert [state for state in RESPONSE_STATES.values() if MEANINGS[state] not in told] == []
