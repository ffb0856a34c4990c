"""Examples are what people copy: every one is put to the parser, which takes it whole. Nothing is done."""

import re
import shlex
from pathlib import Path

import pytest
from cyclopts import CycloptsError
from test_commands import every_command

from bailiwick.cli import main
from bailiwick.cli.commands import make_app

ROOT = Path(__file__).parents[2]
PAGES = sorted(str(page.relative_to(ROOT)) for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))


def complaint(example: str) -> str:
    """What the parser has against a line that begins with bailiwick; empty if it takes it."""
    plain = re.sub(r"\$\([^)]*\)", "x", example)  # what the shell would put in
    words = shlex.split(re.split(r" [|>&] ?", plain)[0], comments=True)
    while "=" in words[0]:
        words.pop(0)  # a variable for this command alone
    try:
        make_app().parse_args(words[1:], exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return f"{example}: {error}"
    return ""


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_example_of_a_commands_help_parses(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example in the help of a command is one that the command takes, with its options and values as they stand."""
    monkeypatch.setenv("COLUMNS", "1000")
    main([*command, "--help"])
    examples = re.findall(r"Examples?: +(bailiwick [^\n]+?) *(?:\n|$)", capsys.readouterr().out)
    assert examples != []
    assert [found for found in map(complaint, examples) if found] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_shows_parses(page: str) -> None:
    """A line of a command in the documentation is taken by the parser, but for lines that leave something out."""
    lines = re.findall(r"(?m)^ {4}((?:[A-Z_]+=\S+ )?bailiwick [^\n]*[^\\\n])$", (ROOT / page).read_text())
    whole = [line for line in lines if " … " not in f"{line} " and "COMMAND" not in line and " --help" not in line]
    assert [found for found in map(complaint, whole) if found] == []


def test_the_parser_complains_of_what_is_wrong() -> None:
    """The test of the examples can fail: an option that is none, a value of the wrong kind, a missing argument."""
    for wrong in (
        "bailiwick key list --no-such", "bailiwick journal tail -n many", "bailiwick key show", "bailiwick no-such",
    ):  # fmt: skip
        assert complaint(wrong) != ""
