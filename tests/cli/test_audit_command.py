"""`bailiwick audit`: what it prints, what it ends with, and where it reads keys from."""

import json
import sys
from pathlib import Path

import pytest
from cli_house import Served

from bailiwick.audit.facts import KeyFacts
from bailiwick.audit.venues import VENUES
from bailiwick.cli import main
from bailiwick.cli.exits import Exit

sys.path.insert(0, str(Path(__file__).parent.parent / "audit"))
from exchanges import binance, serving

Capture = pytest.CaptureFixture[str]
SECRET = "s" * 64
GOOD = {
    "ipRestrict": True, "createTime": 0, "enableReading": True, "enableWithdrawals": False,
    "enableSpotAndMarginTrading": True, "enableInternalTransfer": False, "permitsUniversalTransfer": False,
    "enableMargin": False, "enableFutures": False,
}  # fmt: skip


def asked(monkeypatch: pytest.MonkeyPatch, says: dict[str, object], *more: str) -> int:
    monkeypatch.setenv("K", "the-public-half")
    monkeypatch.setenv("S", SECRET)
    with serving(binance("the-public-half", SECRET.encode(), "/sapi/v1/account/apiRestrictions", says)) as address:
        return main(["audit", "--venue", "binance", "--key-env", "K", "--secret-env", "S", "--url", address, *more])


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (GOOD, Exit.DONE),
        ({**GOOD, "enableFutures": True}, Exit.FOUND_WARNINGS),
        ({**GOOD, "enableWithdrawals": True}, Exit.FOUND_ERRORS),
        ({**GOOD, "ipRestrict": False}, Exit.FOUND_ERRORS),
        ({}, Exit.ABSENT),
    ],
)
def test_its_exit_code_is_the_worst_that_it_found(
    says: dict[str, object], code: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 good, 8 warnings, 7 danger, and 3 where the exchange did not tell: cron must not go quiet."""
    assert asked(monkeypatch, says) == code


def test_it_prints_the_danger_first_with_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A person reads what is worst, why, the remedy, what is not told, and the narrowest key."""
    asked(monkeypatch, {**GOOD, "enableWithdrawals": True})
    printed = capsys.readouterr().out

    assert printed.index("it can take money out") < printed.index("bound to addresses")
    assert "Delete it at the exchange" in printed
    assert "Not told by Binance: last use, expiry, the addresses themselves, symbol limits." in printed
    assert "The narrowest key that serves" in printed


def test_it_prints_json_for_a_program_and_no_secret(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """--json has grade, verdicts and rights of each key; of the key itself the beginning of its public half."""
    asked(monkeypatch, GOOD, "--json")
    printed = capsys.readouterr().out
    (report,) = json.loads(printed)

    assert (report["told"], report["grade"], report["key"]) == (True, "not told", "the-pu…")
    assert "enableSpotAndMarginTrading" in report["permissions"]
    assert SECRET not in printed


def test_a_read_key_that_can_trade_is_danger_for_who_only_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """--need read turns the right to trade into the danger that it is for a tax tool's key."""
    assert asked(monkeypatch, GOOD, "--need", "read") == Exit.FOUND_ERRORS


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--venue", "mtgox", "--key-env", "K", "--secret-env", "S"], "choose from binance, binance-us, bybit"),
        (["--need", "everything"], "choose from read, trade"),
        (["--secret-env", "S"], "--venue: name the exchange"),
        (["main", "--venue", "binance"], "not both"),
    ],
)
def test_wrong_input_is_told_what_to_write(arguments: list[str], sentence: str, capsys: Capture) -> None:
    """Each mistake names the option and what it may be."""
    assert main(["audit", *arguments]) == Exit.USAGE
    assert sentence in capsys.readouterr().err


def test_adding_an_account_goes_on_where_the_exchange_is_down(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """The account is added, and it is said that its key is not known yet and how to ask later."""
    monkeypatch.setenv("S", SECRET)
    assert served.run("venue", "add", "b", "--name", "B", "--url", "https://b.example") == 0
    arguments = ("--venue", "b", "--owner", "Ada", "--api-key", "abc", "--secret-env", "S")

    assert served.run("account", "add", "main", *arguments) == 0

    printed = capsys.readouterr()
    assert "account main added" in printed.out
    assert "could not be audited" in printed.err
    assert "bailiwick audit main" in printed.err


def test_the_documents_table_names_every_exchange_with_its_question() -> None:
    """docs/audit.md has a row for each exchange that can be asked, and names those that cannot tell of a key."""
    text = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()

    assert [venue.title for venue in VENUES.values() if f"| {venue.title} | `" not in text] == []
    assert KeyFacts().withdraw is None
