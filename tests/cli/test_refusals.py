"""What the command line says when it does not do what was asked: to people in a sentence, to programs in JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_house import Served

from bailiwick.cli import main
from bailiwick.cli.exits import Exit
from bailiwick.config import load
from bailiwick.journal.log import Journal
from bailiwick.journal.segment import listed
from bailiwick.opening import journal_key


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The one object on standard error."""
    captured = capsys.readouterr()
    assert captured.out == ""
    found: dict[str, object] = json.loads(captured.err)
    return found


def test_under_json_a_failure_is_one_object(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Code, exit, message and remedy, whether it was refused, not found, not running or not even understood."""
    capsys.readouterr()
    assert served.run("account", "show", "nobody", "--json") == Exit.NOT_FOUND
    found = told(capsys)
    assert (found["code"], found["exit"], "nobody" in str(found["message"])) == ("not_found", 4, True)
    assert main(["status", "--config", str(tmp_path / "absent.toml"), "--json"]) == Exit.REFUSED
    found = told(capsys)
    assert ("no such file" in str(found["message"]), "bailiwick init" in str(found["remedy"])) == (True, True)
    assert main(["account", "show", "--json"]) == Exit.USAGE
    assert told(capsys)["code"] == "usage"


def test_without_a_terminal_the_options_are_named(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can be asked for a secret, the sentence names the options that say where it stands."""
    monkeypatch.setattr(sys, "stdin", open("/dev/null"))  # noqa: SIM115, PTH123  (for as long as the test)
    assert served.run("account", "add", "a", "--venue", "v", "--owner", "o", "--api-key", "k") == Exit.REFUSED
    told_ = capsys.readouterr().err
    assert ("--secret-env" in told_, "--secret-file" in told_) == (True, True)
    sys.stdin.close()


def test_an_api_key_with_a_space_is_none(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was pasted with something beside it is refused before anything is sealed; a foreign address is noted."""
    monkeypatch.setenv("S", "secret")
    served.run("venue", "add", "v", "--url", "https://api.example.com")
    add = ("account", "add", "a", "--venue", "v", "--owner", "o", "--secret-env", "S", "--api-key")
    assert served.run(*add, "a b") == Exit.REFUSED
    assert "without spaces" in capsys.readouterr().err
    assert served.run(*add, "ab", "--local-address", "192.0.2.77") == 0
    assert "192.0.2.77 is no address of this machine" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-3"])
def test_tail_wants_a_number_of_records(served: Served, count: str, capsys: pytest.CaptureFixture[str]) -> None:
    """None and fewer are no numbers of records to print."""
    assert served.run("journal", "tail", "-n", count) == Exit.USAGE
    assert "at least 1" in capsys.readouterr().err


def test_a_secret_is_printed_last(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """What the key may do stands in sentences, not fifty lines of TOML, and the secret comes last, by itself."""
    served.run("venue", "add", "v", "--url", "https://api.example.com")
    served.run("account", "add", "a", "--venue", "v", "--owner", "o")
    served.run("service", "add", "s")
    capsys.readouterr()
    issue = ("key", "issue", "--account", "a", "--service", "s", "--preset", "signal-bot")
    assert served.run(*issue, "--symbol", "BTCUSDT", "--budget", "100") == 0
    lines = capsys.readouterr().out.splitlines()
    assert (lines[-1].startswith("secret  bws_"), [line for line in lines if "[what]" in line]) == (True, [])
    assert any("BTCUSDT" in line for line in lines)


def test_doctor_looks_at_a_journal_at_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When nothing runs, the end of the journal is looked at too: a damaged record there is an error."""
    path = tmp_path / "b.toml"
    assert main(["init", str(path), "--port", "0", "--health", ""]) == 0
    config = load(path)
    with Journal.open(
        config.journal_directory, origin="o", signer=journal_key(config.journal_key), clock=lambda: 1
    ) as journal:
        for number in range(4):
            journal.append_now(b"record %d" % number)
    capsys.readouterr()

    def found() -> list[str]:
        main(["doctor", "--config", str(path), "--json"])
        findings = json.loads(capsys.readouterr().out)
        return [
            each["severity"] for each in findings if each["subject"] == "journal" and "private" not in each["sentence"]
        ]

    assert found() == ["fine"]
    (part,) = listed(config.journal_directory)
    data = bytearray(part.path.read_bytes())
    data[data.index(b"record 2")] ^= 1
    part.path.write_bytes(data)
    assert found() == ["error"]


def test_a_reader_who_wants_no_more_is_told_nothing() -> None:
    """Output that is cut off, as ``| head`` does, is no failure to tell of."""
    reading, writing = os.pipe()
    os.close(reading)
    code = "import sys; from bailiwick.cli.exits import ending; sys.exit(ending(lambda: sys.stdout.write('a line')))"
    ended = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, timeout=30)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (Exit.CUT_OFF, b"")
