"""The documentation: what it shows exists, and what it points to is there."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
from test_commands import every_command

from bailiwick.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    str(page.relative_to(ROOT))
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench/README.md")
)
KNOWN = {" ".join(command) for command in every_command()}


def commands_in(page: str) -> list[list[str]]:
    """Every `bailiwick …` that a page shows, as words."""
    text = (ROOT / page).read_text()
    shown = re.findall(r"(?m)^ {4}bailiwick ([^#\n]+)|`bailiwick ([^`\n]+)`", text)
    return [shlex.split((line or quoted).split(" > ")[0]) for line, quoted in shown]


def command_of(words: list[str]) -> str:
    """The command that the words begin with; empty if there is none."""
    return next((name for name in (" ".join(words[:2]), words[0]) if name in KNOWN), "")


def anchors(page: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_what_is_shown_exists(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command in the documentation is one, or a group of them, and takes the options that it is shown with."""
    groups = {name.split()[0] for name in KNOWN}
    unknown = []
    for words in commands_in(page):
        name = command_of(words)
        options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)} - {"--help", "-c"}
        if name:
            main([*name.split(), "--help"])
            told = capsys.readouterr().out
            unknown += [f"{name} {option}" for option in options if not re.search(rf"{option}\b", told)]
        elif words[0] not in groups and options != {"--help"} and words[0] not in {"COMMAND", "--help", "…"}:
            unknown.append(" ".join(words))
    assert unknown == []


def test_people_are_shown_commands() -> None:
    """The pages for people show enough commands for the test above to mean something."""
    pages = ("README.md", "docs/operating.md", "docs/break-glass.md", "docs/sandbox.md", "docs/journal.md")
    assert [page for page in pages if len(commands_in(page)) < 4] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """A link within the repository names a file that is there, and a heading that it has."""
    here, lost = ROOT / page, []
    for target in re.findall(r"\]\(([^)\s]+)\)", here.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (here.parent / name).resolve() if name else here
        if not path.exists() or (anchor and anchor not in anchors(path)):
            lost.append(target)
    assert lost == []


def test_every_page_is_led_to() -> None:
    """The README, where everybody begins, has a link to each page of the documentation."""
    linked = set(re.findall(r"\]\((docs/[a-z-]+\.md)\)", (ROOT / "README.md").read_text()))
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} - linked == set()


def test_every_decision_is_listed() -> None:
    """The index of decisions has a line for each page, under the number that its heading has."""
    place = ROOT / "docs/adr"
    listed = re.findall(r"(?m)^(\d+)\. \[(.*?)\]\((\S+)\)", (place / "README.md").read_text())
    pages = {path.name: path.read_text().splitlines()[0] for path in place.glob("0*.md")}
    assert {name: f"# {number}. {title}" for number, title, name in listed} == pages
    assert [number for number, _, name in listed if int(name[:4]) != int(number)] == []


def test_every_sandbox_act_is_documented() -> None:
    """docs/sandbox.md has a row for each endpoint of the sandbox's other side, and for each fault."""
    admin = importlib.import_module("bailiwick.sandbox.admin")
    faults = importlib.import_module("bailiwick.sandbox.faults")
    sandbox = importlib.import_module("bailiwick.sandbox")
    text = (ROOT / "docs/sandbox.md").read_text()
    _, told = admin.Admin(sandbox.Sandbox()).answer("GET", "/sandbox/none", b"", 0)
    endpoints = re.findall(r"[A-Z]+ /sandbox/[a-z-]+", told["error"])
    assert [endpoint for endpoint in endpoints if f"`{endpoint}" not in text] == []
    assert [kind for kind in faults.KINDS if f"`{kind}`" not in text] == []
