"""The command line: what it prints, what it ends with, and what it never takes or shows."""

import importlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_house import Served

from bailiwick import __version__
from bailiwick.authority.verbs import Kind, Move
from bailiwick.cli import main, overview
from bailiwick.cli.acting import MEANS, meaning
from bailiwick.cli.exits import Exit
from bailiwick.cli.reasons import document
from bailiwick.link.questions import ExplainAnswer, Step
from bailiwick.model.reason import Reason

ROOT = Path(__file__).parents[2]
GROUPS = tuple(name for path, name, _ in overview.COMMANDS if path.endswith(":app"))
Capture = pytest.CaptureFixture[str]

GRANT = """
purpose = "x"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = ["BTCUSDT"]
sides = ["BUY"]
order_types = ["LIMIT"]
"""


@pytest.fixture
def key(served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path) -> str:
    """An issued key, with its venue, account and service."""
    monkeypatch.setenv("VENUE_SECRET", "canary-venue-secret")
    (tmp_path / "grant.toml").write_text(GRANT)
    assert served.run("venue", "add", "binance", "--url", "https://api.binance.com") == 0
    account = ("account", "add", "main", "--venue", "binance", "--owner", "Ada", "--api-key", "k")
    assert served.run(*account, "--secret-env", "VENUE_SECRET") == 0
    assert served.run("service", "add", "bot", "--network", "10.0.0.0/8", "--network", "::1/128") == 0
    capsys.readouterr()
    issue = ("key", "issue", "--account", "main", "--service", "bot", "--grant", str(tmp_path / "grant.toml"))
    assert served.run(*issue, "--json") == 0
    return str(json.loads(capsys.readouterr().out)["id"])


def every_command() -> list[list[str]]:
    """Every command with its group, as the help of the groups lists them."""
    found = [[name] for _, name, _ in overview.COMMANDS if name not in GROUPS]
    for group in GROUPS:
        app = importlib.import_module(f"bailiwick.cli.{group}").app
        found += [[group, name] for name in app if not name.startswith("-")]
    return found


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(command: list[str], capsys: Capture) -> None:
    """`--help` of each command says what it does and shows how it is written."""
    assert main([*command, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"Example: bailiwick {' '.join(command)}" in text


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Arguments are readable by every process of the machine, so no option's value is a secret."""
    sources = "".join(path.read_text() for path in (ROOT / "src/bailiwick/cli").glob("*.py"))
    options = set(
        re.findall(r"^    (\w*(?:secret|password|passphrase)\w*): (\w+).*(?:,| = .*)$", sources, re.MULTILINE)
    )
    allowed = {
        ("secret_env", "str"),  # the name of a variable
        ("password_env", "str"),
        ("passphrase_env", "str"),
        ("secret_file", "InputFile"),
        ("trusted_secret_file", "InputFile"),
        ("passphrase_file", "InputFile"),
        ("passphrase", "Annotated"),  # a flag: ask for it
        ("secret", "Secret"),  # what was read, in a function's own variable
    }
    assert options == allowed


def test_help_starts_fast() -> None:
    """`bailiwick --help` loads neither the argument parser nor a database: scripts start it often."""
    code = "import sys; from bailiwick.cli import main; main(['--help']); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.splitlines()[-1].split())
    assert loaded & {"cyclopts", "rich", "sqlalchemy", "cryptography", "asyncio", "msgspec"} == set()


def test_a_question_loads_no_database(served: Served) -> None:
    """A command that asks the control process does not load what answers it."""
    code = (
        f"import sys; from bailiwick.cli import main; main(['status', '-c', {str(served.path)!r}]); print(*sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.splitlines()[-1].split())
    assert loaded & {"sqlalchemy", "alembic", "asyncio", "aiohttp"} == set()


def test_the_overview_lists_every_command(capsys: Capture) -> None:
    """Without arguments the commands are listed, and the version is told."""
    assert main([]) == 0
    text = capsys.readouterr().out
    assert [name for _, name, _ in overview.COMMANDS if f"\n  {name} " not in text] == []
    assert (main(["--version"]), capsys.readouterr().out) == (0, f"{__version__}\n")


def test_init_makes_all_that_a_start_needs(tmp_path: Path, capsys: Capture) -> None:
    """`init` writes configuration, database, keyring and keys, private, and says what comes next."""
    path = tmp_path / "etc" / "b.toml"
    assert main(["init", str(path), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    files = [made["config"], made["keyring"], made["vault_key"], made["journal_key"], made["data"] + "/bailiwick.db"]
    assert [Path(file).stat().st_mode & 0o777 for file in files] == [0o600] * 5
    assert Path(made["data"]).stat().st_mode & 0o777 == 0o700
    assert main(["doctor", "--config", str(path), "--json"]) == Exit.FOUND_ERRORS  # nothing is running
    errors = [each for each in json.loads(capsys.readouterr().out) if each["severity"] == "error"]
    assert [each["subject"] for each in errors] == ["bailiwick"]


def test_init_overwrites_nothing(tmp_path: Path, capsys: Capture) -> None:
    """A second `init` leaves every file as it is and ends with a conflict: a new keyring would lose all secrets."""
    path = tmp_path / "b.toml"
    assert main(["init", str(path)]) == 0
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert main(["init", str(path)]) == Exit.CONFLICT
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_a_lost_keyring_is_not_made_anew(tmp_path: Path, capsys: Capture) -> None:
    """Where a database is, `init` makes no other keyring: under it none of the sealed secrets would ever open."""
    path = tmp_path / "b.toml"
    assert main(["init", str(path), "--data", "data"]) == 0
    keyring = tmp_path / "data" / "keyring.json"
    keyring.unlink()
    capsys.readouterr()
    for command in (["init", str(path)], ["up", "--config", str(path)], ["doctor", "--config", str(path)]):
        assert main(command) != 0
        told = capsys.readouterr()
        assert "put back the copy" in told.out + told.err
    assert not keyring.exists()


def test_init_says_what_comes_next(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command that `init` proposes is one that there is."""
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    proposed = re.findall(r"^  bailiwick (\w+(?: [a-z]+)?)", capsys.readouterr().out, re.MULTILINE)
    known = {" ".join(command) for command in every_command()}
    assert [command for command in proposed if command not in known] == []


def test_a_passphrase_is_read_from_a_file_and_has_a_length(tmp_path: Path, capsys: Capture) -> None:
    """A passphrase vault takes its passphrase from a file, refuses a short one, and does not keep it."""
    (tmp_path / "short").write_text("short\n")
    (tmp_path / "words").write_text("magpie several words\n")
    short = ["init", str(tmp_path / "a.toml"), "--vault", "passphrase", "--passphrase-file", str(tmp_path / "short")]
    assert main(short) == Exit.REFUSED
    assert "12 characters" in capsys.readouterr().err
    good = ["init", str(tmp_path / "b.toml"), "--data", "b", "--vault", "passphrase"]
    assert main([*good, "--passphrase-file", str(tmp_path / "words")]) == 0
    kept = b"".join(file.read_bytes() for file in (tmp_path / "b").rglob("*") if file.is_file())
    assert b"magpie" not in kept + (tmp_path / "b.toml").read_bytes()


def test_nothing_running_is_told_with_its_code(tmp_path: Path, capsys: Capture) -> None:
    """Without a control process the sentence says how to start it, and a script can tell by the code."""
    path = tmp_path / "b.toml"
    main(["init", str(path)])
    capsys.readouterr()
    assert main(["key", "list", "--config", str(path)]) == Exit.ABSENT
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n"), "bailiwick up" in told.err) == ("", 1, True)


def test_a_missing_configuration_points_to_init(tmp_path: Path, capsys: Capture) -> None:
    """Whoever has no configuration yet is told how to get one."""
    assert main(["status", "--config", str(tmp_path / "none.toml")]) == Exit.REFUSED
    assert "bailiwick init" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nonsense"], ["key", "nonsense"], ["key", "issue"], ["key", "show", "a", "b"]])
def test_a_command_that_is_written_wrongly_ends_with_two(arguments: list[str]) -> None:
    """Usage is told from refusal."""
    assert main(arguments) == Exit.USAGE


def test_an_issued_secret_is_printed_once(served: Served, key: str, capsys: Capture, tmp_path: Path) -> None:
    """The secret stands in the answer to `issue` and `rotate`, and in no other output."""
    assert served.run("key", "rotate", key, "--yes") == 0
    secret = re.search(r"bws_\w+", capsys.readouterr().out)
    assert secret is not None
    for command in (["key", "show", key], ["key", "list"], ["key", "use", key], ["account", "show", "main"]):
        assert served.run(*command) == 0
        assert served.run(*command, "--json") == 0
    text = capsys.readouterr().out
    assert (secret.group() in text, "canary" in text) == (False, False)
    assert served.gateway.plaintexts[0] == b"canary-venue-secret"


def test_json_is_json(served: Served, key: str, capsys: Capture) -> None:
    """What a program may read is one JSON value on standard output, and remarks are elsewhere."""
    commands: list[list[str]] = [
        ["venue", "list"], ["venue", "show", "binance"], ["account", "list"], ["service", "list"], ["key", "list"],
        ["key", "show", key], ["key", "use", key], ["key", "explain", key, "GET", "/api/v3/account"], ["status"],
        ["doctor"], ["grant", "presets"], ["key", "freeze", key], ["vault", "rotate"],
    ]  # fmt: skip
    for command in commands:
        assert served.run(*command, "--json") == 0, command
        json.loads(capsys.readouterr().out)


def test_people_get_lines(served: Served, key: str, capsys: Capture) -> None:
    """The same commands without --json print what a person reads."""
    for command in (["venue", "list"], ["venue", "show", "binance"], ["key", "list"], ["key", "use", key], ["status"]):
        assert served.run(*command) == 0, command
    text = capsys.readouterr().out
    words = ("https://api.binance.com", "day_notional", "40", "BTC", "c1", "serving", key)
    assert [word for word in words if word not in text] == []


def test_an_explanation_ends_with_its_answer(served: Served, key: str, capsys: Capture) -> None:
    """`key explain` ends with 0 if the request would be allowed, and with 7 and the rule if not."""
    request = ("key", "explain", key, "post", "/api/v3/order", "symbol=DOGEUSDT")
    assert served.run(*request) == 0
    served.gateway.explained = ExplainAnswer(
        allowed=False,
        reason="SYMBOL_NOT_GRANTED",
        sentence="No such symbol.",
        remedy="Add it.",
        detail="DOGEUSDT",
        steps=(Step(rule="symbols", outcome="denied"),),
    )
    assert served.run(*request) == Exit.FOUND_ERRORS
    text = capsys.readouterr().out
    assert [word for word in ("SYMBOL_NOT_GRANTED", "Add it.", "DOGEUSDT", "denied") if word not in text] == []


def test_an_act_needs_a_yes(served: Served, key: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can be asked, what is not confirmed is not done; a freeze is never held up by a question."""
    acts = len(served.gateway.acts)
    assert served.run("key", "revoke", key) == Exit.USAGE
    assert (len(served.gateway.acts), "state: active -> revoked" in capsys.readouterr().out) == (acts, True)
    assert served.run("key", "freeze", key) == 0
    assert len(served.gateway.acts) == acts + 1


def test_a_person_reads_what_an_act_means_before_the_yes(served: Served, key: str, capsys: Capture) -> None:
    """Before a revocation, a wind-down and the end of a freeze stands what they mean; beside a freeze as well."""
    told = {}
    for kind, id, *moves in (
        ("key", key, Move.FREEZE, Move.UNFREEZE, Move.WIND_DOWN, Move.REVOKE),
        ("account", "main", Move.FREEZE, Move.UNFREEZE, Move.REVOKE),
        ("service", "bot", Move.REVOKE),
    ):
        for move in moves:
            served.run(kind, move.value, id)
            said = capsys.readouterr()
            told[kind, move] = meaning(Kind(kind), move) + " " + MEANS[move] in (
                said.err if move is Move.FREEZE else said.out
            )
    assert [each for each, shown in told.items() if not shown] == []


def terminal(monkeypatch: pytest.MonkeyPatch, answers: str) -> None:
    typed = io.StringIO(answers)
    monkeypatch.setattr(typed, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", typed)


def test_a_no_is_a_no(served: Served, key: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person sees the difference first; anything but yes leaves everything as it is."""
    terminal(monkeypatch, "n\ny\n")
    assert served.run("key", "edit", key, "--name", "renamed") == Exit.REFUSED
    assert served.store.keys.get(key).name == ""
    assert served.run("key", "edit", key, "--name", "renamed") == 0
    assert (served.store.keys.get(key).name, capsys.readouterr().out.count("name: renamed")) == ("renamed", 3)


def test_edits_reach_what_they_name(served: Served, key: str, tmp_path: Path, capsys: Capture) -> None:
    """Each option of an edit changes its field and no other."""
    (tmp_path / "limits.toml").write_text('[what]\nsymbols = ["BTCUSDT"]\n')
    limits = ("--limits", str(tmp_path / "limits.toml"), "--yes")
    assert served.run("account", "edit", "main", *limits, "--owner", "Bob") == 0
    assert served.run("service", "edit", "bot", "--network", "10.1.0.0/16", "--contact", "a@b", "--yes") == 0
    assert served.run("venue", "edit", "binance", "--name", "B", "--yes") == 0
    account, service = served.store.accounts.get("main"), served.store.services.get("bot")
    assert (account.owner, account.name, "BTCUSDT" in (account.limits or "")) == ("Bob", "main", True)
    assert (service.networks, service.contact, service.name) == (("10.1.0.0/16",), "a@b", "bot")
    assert served.store.venues.get("binance").name == "B"


def test_not_found_and_conflict_have_their_codes(served: Served, key: str) -> None:
    """A script can tell what is missing from what stands in the way."""
    assert served.run("key", "show", "bwk_none") == Exit.NOT_FOUND
    assert served.run("service", "add", "bot") == Exit.CONFLICT
    assert served.run("key", "revoke", key, "--yes") == 0
    assert served.run("key", "unfreeze", key, "--yes") == Exit.CONFLICT


def test_a_gateway_that_is_away_is_told(served: Served, key: str, capsys: Capture) -> None:
    """An act that could not be recorded ends with its own code, and nothing was done."""
    served.gateway.down = True
    assert served.run("key", "freeze", key) == Exit.ABSENT
    assert served.store.keys.get(key).state == "active"


def test_a_gateway_that_does_not_serve_is_an_answer(served: Served, capsys: Capture) -> None:
    """`status` ends with 7 when the gateway lives and does not serve."""
    served.gateway.ready = False
    assert served.run("status") == Exit.FOUND_ERRORS
    assert "not serving: disk" in capsys.readouterr().out


def test_a_secret_comes_from_one_place(
    served: Served, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Variable, file, standard input or prompt: one of them; without any, and without a terminal, it is refused."""
    (tmp_path / "secret").write_text("from-file\n")
    rotate = ("account", "rotate", "main", "--api-key", "k2", "--yes")
    assert served.run(*rotate, "--secret-file", str(tmp_path / "secret")) == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from-stdin\n")))
    assert served.run(*rotate, "--secret-file", "-") == 0
    assert served.run(*rotate) == Exit.REFUSED
    assert served.run(*rotate, "--secret-env", "UNSET") == Exit.REFUSED
    assert served.run(*rotate, "--secret-env", "A", "--secret-file", "b") == Exit.USAGE
    assert served.run("account", "rotate", "main", "--yes") == Exit.USAGE
    terminal(monkeypatch, "")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "from-prompt")
    assert served.run(*rotate) == 0
    assert served.gateway.plaintexts[-3:] == [b"from-file", b"from-stdin", b"from-prompt"]


def test_a_grant_is_named_once(served: Served, key: str, tmp_path: Path, capsys: Capture) -> None:
    """A key is issued by a file or by a preset, and a preset says what it needs."""
    issue = ("key", "issue", "--account", "main", "--service", "bot")
    assert served.run(*issue) == Exit.USAGE
    assert served.run(*issue, "--preset", "dca", "--grant", str(tmp_path / "grant.toml")) == Exit.USAGE
    assert served.run(*issue, "--preset", "dca") == Exit.USAGE
    assert served.run(*issue, "--preset", "nonsense") == Exit.USAGE
    assert served.run(*issue, "--preset", "dca", "--symbol", "BTCUSDT", "--budget", "100") == 0
    assert re.search(r"secret  bws_\w+", capsys.readouterr().out)


def test_a_preset_is_printed_to_be_edited(capsys: Capture, tmp_path: Path) -> None:
    """What `grant new` prints is a grant that `grant check` reads, in sentences."""
    assert main(["grant", "new", "--preset", "grid-bot", "--symbol", "BTCUSDT", "--budget", "1000"]) == 0
    (tmp_path / "g.toml").write_text(capsys.readouterr().out)
    assert main(["grant", "check", str(tmp_path / "g.toml")]) == 0
    assert "It trades BTCUSDT" in capsys.readouterr().out
    (tmp_path / "bad.toml").write_text("nonsense")
    assert main(["grant", "check", str(tmp_path / "bad.toml")]) == Exit.REFUSED


def test_a_grant_is_checked_within_limits(served: Served, key: str, tmp_path: Path, capsys: Capture) -> None:
    """With account and service named, `grant check` tells what would be left."""
    assert served.run("grant", "check", str(tmp_path / "grant.toml"), "--account", "main", "--service", "bot") == 0
    assert "10.0.0.0/8 or ::1/128" in capsys.readouterr().out


def test_the_vault_is_rotated(served: Served, capsys: Capture) -> None:
    """The person is told to copy the keyring anew."""
    assert served.run("vault", "rotate") == 0
    assert "Copy the keyring" in capsys.readouterr().out


def test_the_page_of_reasons_is_current() -> None:
    """docs/reasons.md is what `bailiwick reasons --markdown` prints; run that if this fails."""
    assert (ROOT / "docs" / "reasons.md").read_text() == document()


def test_every_reason_is_explained(capsys: Capture) -> None:
    """Each reason has its entry on the page, and the command tells the same."""
    assert main(["reasons", "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert [row["reason"] for row in rows] == [reason.name for reason in Reason]
    assert [reason.name for reason in Reason if f"## {reason.name}\n" not in document()] == []
    assert main(["reasons", "band_near"]) == 0
    assert Reason.BAND_NEAR.remedy in capsys.readouterr().out
    assert main(["reasons", "nonsense"]) == Exit.NOT_FOUND


def test_the_exit_codes_are_documented() -> None:
    """docs/operating.md has a row for every code that a command ends with."""
    rows = re.findall(r"(?m)^\| (\d+) \|", (ROOT / "docs" / "operating.md").read_text())
    assert sorted(map(int, rows)) == sorted(map(int, Exit))


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Ctrl-C ends a command with one line."""

    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("bailiwick.cli.reasons.document", interrupted)
    assert main(["reasons", "--markdown"]) == Exit.INTERRUPTED
    assert "Traceback" not in capsys.readouterr().err
