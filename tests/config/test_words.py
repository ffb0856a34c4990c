"""Words that depend on a number."""

import re
from pathlib import Path

import pytest

import bailiwick
from bailiwick.words import counted

TOLD = ("cli", "authority")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 keys"), (1, "1 key"), (2, "2 keys"), (1_000, "1,000 keys"), (1_000_000, "1,000,000 keys")],
)
def test_one_is_one(number: int, said: str) -> None:
    """One is said without an s, everything else with it, and long numbers in threes."""
    assert counted(number, "key") == said


def test_no_sentence_puts_an_s_behind_a_number_of_its_own() -> None:
    """Whatever the commands and the authority count of keys, accounts, owners or orders goes through one function."""
    written = re.compile(
        r"\{(?![A-Z_]+\})[^{}]*\} (?:keys|accounts|owners|orders|networks|channels|services)\b(?! of|\])"
    )
    found = [
        f"{path.name}: {match[0]}"
        for part in TOLD
        for path in sorted((Path(bailiwick.__file__).parent / part).glob("*.py"))
        for match in written.finditer(path.read_text())
    ]
    assert found == []
