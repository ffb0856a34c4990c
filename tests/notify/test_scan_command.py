"""`bailiwick scan`: finds what has the right checksum wherever it stands, and says nothing that could be used."""

import re
import tomllib
from pathlib import Path

import pytest

from bailiwick.cli import main
from bailiwick.cli.scan import CHUNK_BYTES, OVERLAP_BYTES
from bailiwick.model.credential import make_key_id, make_secret
from bailiwick.model.leaked import gitleaks_rule

SECRET = make_secret(b"s" * 32).reveal().decode()
KEY_ID = make_key_id("main", b"k" * 16)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["scan", *arguments])
    return code, capsys.readouterr().out


def test_a_secret_is_found_in_any_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ignored, hidden and binary files are looked at, and the exit code says that there is something."""
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / ".env").write_text(f"A=1\nSECRET={SECRET}\n")
    (tmp_path / "dump.bin").write_bytes(b"\x00\xff" + SECRET.encode() + b"\x00")
    code, out = run(capsys, str(tmp_path))
    assert (code, [line.split(": ")[0].rpartition("/")[2] for line in out.splitlines()]) == (
        7,
        [".env:2", "dump.bin:1"],
    )
    assert SECRET not in out


def test_a_word_with_a_wrong_checksum_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What only looks like a secret is none: an example in a document raises no alarm."""
    wrong = SECRET[:-1] + ("0" if SECRET[-1] != "0" else "1")
    (tmp_path / "a").write_text(f"{wrong} {SECRET}x x{SECRET} {SECRET[:-1]}")
    assert run(capsys, str(tmp_path)) == (0, "")


def test_a_key_id_is_shown_on_demand_and_is_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids stand in headers and logs; they are shown with --ids, and leave the exit code alone."""
    (tmp_path / "a").write_text(KEY_ID)
    quiet, shown = run(capsys, str(tmp_path)), run(capsys, str(tmp_path), "--ids")
    assert (quiet, shown[0], "key id" in shown[1]) == ((0, ""), 0, True)


@pytest.mark.parametrize("at", [-60, -30, -1, 0, 1, OVERLAP_BYTES - 30, OVERLAP_BYTES + 1])
def test_a_secret_between_two_pieces_is_found_once(tmp_path: Path, capsys: pytest.CaptureFixture[str], at: int) -> None:
    """A large file is read in pieces; what stands across their border is found, once, with its line."""
    start = CHUNK_BYTES - OVERLAP_BYTES + at
    text = bytearray(b"\n" * (2 * CHUNK_BYTES + 100))
    text[start : start + len(SECRET)] = SECRET.encode()
    (tmp_path / "large").write_bytes(text)
    assert run(capsys, str(tmp_path)) == (7, f"{tmp_path}/large:{start + 1}: secret {SECRET[:8]}…\n")


def test_what_is_too_large_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not looked at is said to be so."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2 << 20)
    code = main(["scan", str(tmp_path), "--max-mib", "1"])
    assert (code, "huge" in capsys.readouterr().err) == (0, True)


def test_a_link_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tree with a loop in it ends."""
    (tmp_path / "loop").symlink_to(tmp_path)
    assert run(capsys, str(tmp_path)) == (0, "")


def test_the_gitleaks_rule_is_toml_and_finds_what_scan_finds() -> None:
    """The rule is read by a TOML reader, and its expression finds a secret and no longer word."""
    rules = {each["id"]: each for each in tomllib.loads(gitleaks_rule())["rules"]}
    expression = re.compile(rules["bailiwick-secret"]["regex"])
    assert expression.search(f"x={SECRET};")[1] == SECRET  # type: ignore[index]  # it is there
    assert expression.search(SECRET + "x") is None
    assert re.search(rules["bailiwick-key-id"]["regex"], KEY_ID) is not None


def test_a_path_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    """A misspelt path does not pass for a clean one."""
    assert main(["scan", str(tmp_path / "nowhere")]) == 2
