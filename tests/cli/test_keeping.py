"""Backup, restore and the journal's commands, over a journal on the disk."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_house import Served
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.cli import main
from bailiwick.cli.exits import Exit
from bailiwick.journal.log import Journal
from bailiwick.journal.note import sign_checkpoint
from bailiwick.journal.record import Act, encode
from bailiwick.journal.retention import Retention
from bailiwick.opening import journal_key

Capture = pytest.CaptureFixture[str]
ORIGIN = "example.com/journal"


def now_us() -> int:
    return time.time_ns() // 1000


def write_journal(served: Served, until: int | None = None) -> None:
    """The acts that the gateway was told, in a journal on the disk."""
    with Journal.open(
        served.config.journal_directory, origin=ORIGIN, signer=journal_key(served.config.journal_key), clock=now_us
    ) as journal:
        for act in served.gateway.acts[journal.position : until]:
            record = Act(now_us(), act.actor, act.act, act.subject, act.before, act.after, act.reason)
            journal.append(encode(record), retention=Retention.KEEP)


@pytest.fixture
def kept(served: Served, tmp_path: Path, capsys: Capture) -> Iterator[tuple[Served, list[str], Path]]:
    """Three keys, and a backup by a passphrase; the database still serves."""
    assert served.run("venue", "add", "binance", "--url", "https://api.binance.com") == 0
    assert served.run("account", "add", "main", "--venue", "binance", "--owner", "Ada") == 0
    assert served.run("token", "issue", "ops", "--role", "operator") == 0
    assert served.run("service", "add", "bot") == 0
    preset = ("--preset", "tax-tool", "--account", "main", "--service", "bot", "--json")
    keys = []
    for _ in range(3):
        capsys.readouterr()
        assert served.run("key", "issue", *preset) == 0
        keys.append(json.loads(capsys.readouterr().out)["id"])
    (tmp_path / "words").write_text("several words for this")
    path = tmp_path / "b.backup"
    assert served.run("backup", str(path), "--passphrase-file", str(tmp_path / "words")) == 0
    yield served, keys, path


def restore(served: Served, path: Path, *more: str) -> int:
    """Lose the store, and restore it."""
    served.store.close()
    for lost in served.config.data.glob("bailiwick.db*"):
        lost.unlink()
    return served.run("restore", str(path), "--passphrase-file", str(path.parent / "words"), *more)


def states(served: Served, keys: list[str]) -> list[str]:
    return [served.store.keys.get(key).state.value for key in keys]


def test_restore_brings_no_revoked_key_back(kept: tuple[Served, list[str], Path], capsys: Capture) -> None:
    """What the journal says was revoked or rotated after the backup is so after the restore, which is recorded too."""
    served, keys, path = kept
    assert served.run("key", "revoke", keys[0], "--yes") == 0
    assert served.run("key", "rotate", keys[1], "--yes") == 0
    assert served.run("token", "revoke", "ops") == 0
    write_journal(served)
    assert restore(served, path) == 0
    assert [token.revoked is None for token in served.store.tokens.list()] == [False]
    assert states(served, keys) == ["revoked", "frozen", "active"]
    assert served.run("journal", "search", "--text", "store.restore") == 0
    assert " act      store.restore " in capsys.readouterr().out


def test_restore_past_the_journal_needs_a_persons_word(kept: tuple[Served, list[str], Path], capsys: Capture) -> None:
    """A journal that ends before the backup is not believed; on a person's word every key comes back frozen."""
    served, keys, path = kept
    write_journal(served, until=2)
    assert restore(served, path) == Exit.REFUSED
    assert "journal" in capsys.readouterr().err
    assert restore(served, path, "--accept-shorter-journal") == 0
    assert states(served, keys) == ["frozen"] * 3
    assert [token.revoked is None for token in served.store.tokens.list()] == [False]


def test_a_checkpoint_kept_elsewhere_is_asked(kept: tuple[Served, list[str], Path], tmp_path: Path) -> None:
    """If the second place signed for more records than are here, they may hold revocations: refused."""
    served, keys, path = kept
    write_journal(served)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ahead = sign_checkpoint(ORIGIN, journal_key(served.config.journal_key), 1000, b"r" * 32)
    (elsewhere / "checkpoint").write_text(ahead.note)
    text = served.path.read_text().replace("# second_place =", "second_place =")
    served.path.write_text(text.replace("/mnt/elsewhere/bailiwick-checkpoints", str(elsewhere)))
    assert restore(served, path) == Exit.REFUSED
    assert restore(served, path, "--accept-shorter-journal") == 0
    assert states(served, keys) == ["frozen"] * 3


def test_without_the_journal_nothing_is_restored(kept: tuple[Served, list[str], Path], capsys: Capture) -> None:
    """The journal's directory belongs to a restore: what was revoked stands there."""
    served, _, path = kept
    assert restore(served, path) == Exit.NOT_FOUND
    assert "journal" in capsys.readouterr().err


def test_a_restore_needs_the_right_passphrase(kept: tuple[Served, list[str], Path], tmp_path: Path) -> None:
    """Another passphrase opens nothing and leaves no half of a database."""
    served, _, path = kept
    write_journal(served)
    (tmp_path / "words").write_text("other words entirely")
    assert restore(served, path) == Exit.REFUSED
    assert list(served.config.data.glob("bailiwick.db*")) == []


def test_a_store_is_not_restored_over(kept: tuple[Served, list[str], Path], tmp_path: Path) -> None:
    """Where there is a store, it stays."""
    served, keys, path = kept
    write_journal(served)
    words = ("--passphrase-file", str(tmp_path / "words"))
    assert served.run("restore", str(path), *words) == Exit.REFUSED
    assert states(served, keys) == ["active"] * 3


def test_the_journal_is_read_verified_and_proven(
    kept: tuple[Served, list[str], Path], capsys: Capture, tmp_path: Path
) -> None:
    """Tail, search, verify and prove read the files alone; the proof is checked by the stand-alone program."""
    from bailiwick.journal import verify_proof

    served, keys, _ = kept
    write_journal(served)
    capsys.readouterr()
    assert served.run("journal", "tail", "-n", "2", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["kind"], line["verb"]) for line in lines] == [("act", "key.issue"), ("act", "backup.make")]
    assert served.run("journal", "search", "--kind", "act", "--key", keys[0]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert served.run("journal", "verify", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert served.run("journal", "prove", "0") == 0
    (tmp_path / "proof").write_text(capsys.readouterr().out)
    key = (served.config.journal_directory / "verifier").read_text().strip()
    assert verify_proof.main([str(tmp_path / "proof"), "--key", key]) == 0
    assert served.run("journal", "prove", "12345") == Exit.NOT_FOUND


def test_an_altered_journal_is_found(kept: tuple[Served, list[str], Path], capsys: Capture) -> None:
    """One byte changed in a segment: `verify` ends with 7 and names the record."""
    served, _, _ = kept
    write_journal(served)
    files = (path for path in served.config.journal_directory.rglob("*") if path.is_file())
    segment = next(path for path in files if b"account.add" in path.read_bytes())
    raw = bytearray(segment.read_bytes())
    at = raw.index(b"account.add")
    raw[at] ^= 1
    segment.write_bytes(raw)
    assert served.run("journal", "verify") == Exit.FOUND_ERRORS
    assert "altered" in capsys.readouterr().out


def test_a_journal_is_checked_with_a_key_from_elsewhere(kept: tuple[Served, list[str], Path]) -> None:
    """With another key than the journal's, nothing in it counts as signed."""
    from bailiwick.journal.note import verifier_of

    served, _, _ = kept
    write_journal(served)
    other = str(verifier_of(ORIGIN, Ed25519PrivateKey.generate()))
    assert served.run("journal", "verify", "--key", other) == Exit.FOUND_ERRORS


def test_a_set_back_is_a_persons_word(kept: tuple[Served, list[str], Path], capsys: Capture) -> None:
    """Accepting that records are missing needs a reason and a yes, and is itself recorded."""
    served, _, _ = kept
    write_journal(served)
    assert served.run("journal", "set-back", "--reason", "disk lost") == Exit.USAGE
    assert served.run("journal", "set-back", "--reason", "disk lost", "--yes") == 0
    capsys.readouterr()
    assert served.run("journal", "search", "--text", "journal.set-back", "--json") == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "disk lost"


def test_an_erasure_is_a_persons_word(kept: tuple[Served, list[str], Path], capsys: Capture) -> None:
    """One record is overwritten upon a reason and a yes; acts, and what the next start needs, are not."""
    served, _, _ = kept
    write_journal(served)
    with Journal.open(
        served.config.journal_directory, origin=ORIGIN, signer=journal_key(served.config.journal_key), clock=now_us
    ) as journal:
        order = journal.append_now(b"canary order", retention=Retention.TRADE)
        journal.write_snapshot(b"state", order + 1)
    erase = ("journal", "erase", str(order), "--reason", "asked for")
    assert served.run(*erase) == Exit.USAGE
    assert served.run(*erase, "--yes") == 0
    assert served.run("journal", "erase", "0", "--reason", "asked for", "--yes") == Exit.REFUSED
    assert served.run("journal", "erase", "999", "--reason", "asked for", "--yes") == Exit.NOT_FOUND
    assert served.run("journal", "verify") == 0
    kept_bytes = b"".join(file.read_bytes() for file in served.config.journal_directory.rglob("*") if file.is_file())
    assert b"canary order" not in kept_bytes


def test_before_the_first_start_there_is_no_journal(tmp_path: Path, capsys: Capture) -> None:
    """Commands of the journal say so, rather than that it is damaged."""
    path = tmp_path / "b.toml"
    main(["init", str(path)])
    assert main(["journal", "verify", "--config", str(path)]) == Exit.NOT_FOUND
    assert "bailiwick up" in capsys.readouterr().err
