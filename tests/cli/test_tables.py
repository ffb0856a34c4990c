"""Tables on narrow terminals."""

import re
import sys
import time

import pytest

from bailiwick.cli.output import print_table

KEY = "bwk_VX2hTEDvOfr1w4EREUOjap1q22a4vT"


@pytest.mark.parametrize("width", ["40", "60", "80"])
def test_no_cell_is_cut_on_a_narrow_terminal(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every cell stands whole in one line however narrow the terminal, and a column that says nothing is left out."""
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(("id", "name", "account", "state", "used"), [(KEY, "", "main", "winding_down", "2026-11-21T01:50:29Z")])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if KEY in line] == [[KEY, "main", "winding_down", "2026-11-21T01:50:29Z"]]
    assert not any("name" in line for line in lines)


def test_prose_is_wrapped_into_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `doctor` finds stays within the terminal; in a pipe it is one line."""
    rows = [("warning", "journal", "a sentence of some length " * 5)]
    monkeypatch.setenv("COLUMNS", "60")
    print_table(("", "what", "finding"), rows)
    assert len(capsys.readouterr().out.splitlines()) == 2
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(("", "what", "finding"), rows)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, plain.splitlines())) <= 60


def test_very_many_rows_are_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The keys of a service that was compromised are 100,000 lines in columns, and nobody waits for their layout."""
    rows = [(f"bwk_{number}", "", "main", "") for number in range(100_000)]
    began = time.process_time()
    print_table(("key", "name", "account", "why"), rows)
    took = time.process_time() - began
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[0], lines[2]) == (100_001, "key        account", "bwk_1      main")
    assert took < 5  # it took a minute and more
