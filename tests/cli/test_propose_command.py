"""``bailiwick key propose``: what it prints for a person, for a program, and for the command that issues."""

import json
from pathlib import Path

import pytest
from cli_house import Served

from bailiwick.cli.exits import Exit
from bailiwick.model.grant import grant_from_toml

Capture = pytest.CaptureFixture[str]
PROPOSE = ("key", "propose", "main", "--for", "grid-bot", "--service", "bot")


@pytest.fixture
def settled(served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Served:
    """A venue, an account and a service."""
    monkeypatch.setenv("VENUE_SECRET", "canary-venue-secret")
    assert served.run("venue", "add", "binance", "--url", "https://api.binance.com") == 0
    account = ("account", "add", "main", "--venue", "binance", "--owner", "Ada", "--api-key", "k")
    assert served.run(*account, "--secret-env", "VENUE_SECRET") == 0
    assert served.run("service", "add", "bot", "--network", "10.0.0.0/8") == 0
    capsys.readouterr()
    return served


def test_a_person_reads_each_choice_with_its_thief(settled: Served, capsys: Capture) -> None:
    """Each choice stands with its value, its reason and its thief; below, what a day costs and what holds the key."""
    assert settled.run(*PROPOSE, "--symbol", "BTCUSDT") == 0
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("day_notional: 200")
    assert lines[place + 1].startswith("  No order of this account's keys in 90 days says more")
    assert lines[place + 2].startswith("  A thief could buy for 200 USDT in a day")
    assert "worst loss a day: 8.2 USDT" in lines
    assert "networks: 10.0.0.0/8" in lines
    assert [line for line in lines if line.startswith("native key, usable: yes; at worst all that")] != []


def test_the_grant_alone_can_be_issued(settled: Served, capsys: Capture, tmp_path: Path) -> None:
    """What ``--toml`` prints is a grant that ``key issue`` takes."""
    assert settled.run(*PROPOSE, "--symbol", "BTCUSDT", "--budget", "300", "--toml") == 0
    text = capsys.readouterr().out
    assert grant_from_toml(text).how_much.day_notional == 300
    (tmp_path / "grant.toml").write_text(text)
    issue = ("key", "issue", "--account", "main", "--service", "bot", "--grant", str(tmp_path / "grant.toml"))
    assert settled.run(*issue) == 0
    assert "worst loss a day: 12.3 USDT" in capsys.readouterr().out


def test_a_program_gets_everything(settled: Served, capsys: Capture) -> None:
    """As JSON the proposal has its grant, its choices, what is wrong, and both ways to hold the key."""
    assert settled.run(*PROPOSE, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["field"] for each in told["wrong"]] == ["symbols"]
    assert (told["worst"], told["choices"]["symbols"]) == (None, [])
    assert [each["way"] for each in told["ways"]] == ["gateway", "native"]


def test_what_lacks_something_is_not_printed_as_a_grant(settled: Served, capsys: Capture) -> None:
    """Without a history and without symbols there is no grant to issue, and the command says what to name."""
    assert settled.run(*PROPOSE, "--toml") == Exit.REFUSED
    told = capsys.readouterr()
    assert (told.out, "symbols: none is named; name what it trades" in told.err) == ("", True)
    assert settled.run(*PROPOSE) == 0
    assert "to be named yet: symbols" in capsys.readouterr().err
    assert settled.run(*PROPOSE, "--budget", "much") == Exit.USAGE
