"""Proofs that hold without the journal, and without Bailiwick."""

import subprocess
import sys
from pathlib import Path

import pytest
from journals import VERIFIER, Begin

from bailiwick.journal import verify_proof
from bailiwick.journal.proof import prove
from bailiwick.journal.verify_proof import Proof, ProofError, Verifier, main

RECORD = b'["act",1,"ana","freeze","key bwk_1","","","stolen"]'


@pytest.fixture
def proof(begin: Begin, tmp_path: Path) -> str:
    """The proof of record 5 of 9."""
    with begin() as journal:
        for number in range(9):
            journal.append_now(RECORD if number == 5 else b"%d" % number)
    return prove(tmp_path / "journal", 5, VERIFIER)


def test_a_record_is_proved(proof: str) -> None:
    """The proof carries the record, its position and the signed checkpoint, and holds."""
    parsed = Proof.parse(proof)
    assert parsed.check(VERIFIER).size == 9
    assert parsed.position == 5
    assert parsed.record == RECORD


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
def test_every_record_can_be_proved(begin: Begin, tmp_path: Path, size: int) -> None:
    """Over tile edges too, each record has a proof that holds."""
    with begin() as journal:
        for number in range(size):
            journal.append(b"%d" % number)
    for position in {0, 1, 2, 254, 255, 256, size // 2, size - 1}:
        if position < size:
            parsed = Proof.parse(prove(tmp_path / "journal", position, VERIFIER))
            assert parsed.check(VERIFIER).size == size
            assert parsed.record == b"%d" % position


def test_a_record_is_proved_without_being_disclosed(proof: str, tmp_path: Path) -> None:
    """A withheld proof shows the digest alone; the salt keeps anyone from guessing the record."""
    parsed = Proof.parse(prove(tmp_path / "journal", 5, VERIFIER, disclose=False))
    assert parsed.check(VERIFIER).size == 9
    assert parsed.record is None
    assert parsed.digest == Proof.parse(proof).digest


def test_no_character_of_a_proof_can_be_changed(proof: str) -> None:
    """Wherever a proof is altered, it does not hold any more or still says the same."""
    truth = Proof.parse(proof)
    for at in range(len(proof)):
        changed = proof[:at] + ("A" if proof[at] != "A" else "B") + proof[at + 1 :]
        try:
            parsed = Proof.parse(changed)
            parsed.check(VERIFIER)
        except ProofError:
            continue
        assert (parsed.position, parsed.record) == (truth.position, truth.record), f"character {at}"


def test_a_proof_of_another_key_does_not_hold(proof: str) -> None:
    """A checkpoint proves nothing to whoever trusts another key."""
    with pytest.raises(ProofError, match="no signature by the key"):
        Proof.parse(proof).check(Verifier(VERIFIER.name, bytes(32)))


def test_a_record_that_is_not_signed_for_yet_has_no_proof(begin: Begin, tmp_path: Path) -> None:
    """The error says what to wait for; a position that does not exist has none either."""
    with begin() as journal:
        journal.append_now(b"0")
        with pytest.raises(LookupError, match="within a minute"):
            prove(tmp_path / "journal", 0, VERIFIER)
    for position in (1, -1):
        with pytest.raises(LookupError):
            prove(tmp_path / "journal", position, VERIFIER)


def test_the_verifier_runs_alone(proof: str, tmp_path: Path) -> None:
    """Copied to another place, without Bailiwick on the path, the module verifies a proof and refuses a changed one."""
    script = tmp_path / "verify_proof.py"
    script.write_text(Path(verify_proof.__file__).read_text())
    source = script.read_text()
    assert "import bailiwick" not in source
    assert "from bailiwick" not in source
    file = tmp_path / "5.tlog-proof"
    file.write_text(proof)
    command = [sys.executable, "-I", str(script), str(file), "--key", str(VERIFIER)]
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("PROVEN: record 5 of example.com/journal, under a tree of 9\n")
    assert RECORD.decode() in good.stdout
    file.write_text(proof.replace("index 5", "index 4"))
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("NOT PROVEN: ")


def test_the_command_takes_a_key_from_a_file(proof: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The journal's own file ``verifier`` serves as the key; a missing proof is an error, not a trace."""
    file = tmp_path / "5.tlog-proof"
    file.write_text(proof)
    assert main([str(file), "--key", str(tmp_path / "journal/verifier")]) == 0
    assert main([str(tmp_path / "missing"), "--key", str(VERIFIER)]) == 1
    assert main([str(file), "--key", "nonsense"]) == 1
    assert "NOT PROVEN: key: " in capsys.readouterr().err
