"""Signed notes and checkpoints in the form of C2SP."""

import base64

import pytest
from journals import KEY, ORIGIN, VERIFIER

from bailiwick.journal.note import newest, notes_in, sign, sign_checkpoint, verifier_of, without_notes
from bailiwick.journal.verify_proof import Checkpoint, ProofError, Verifier, open_checkpoint

# The note that the Go packages for signed notes carry as their example.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ROOT = bytes(range(32))


def test_a_published_verifier_key_is_read_and_written_alike() -> None:
    """The key id of the published key is the one that its name and bytes give."""
    verifier = Verifier.parse(PETER)
    assert (verifier.name, verifier.key_id.hex(), str(verifier)) == ("PeterNeumann", "c74f20a3", PETER)


@pytest.mark.parametrize(
    "text", ["", "name", "name+00000000+", PETER.replace("c74f20a3", "c74f20a4"), PETER.replace("ARpc", "AhpC")]
)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    """A key without name, of another type or with another key id is not taken for a key."""
    with pytest.raises(ProofError):
        Verifier.parse(text)


def test_a_signed_checkpoint_is_read_back() -> None:
    """What was signed is what is read, and the signature line names origin and key id."""
    signed = sign_checkpoint(ORIGIN, KEY, 7, ROOT)
    assert open_checkpoint(signed.note, VERIFIER) == Checkpoint(ORIGIN, 7, ROOT, signed.note)
    line = signed.note.splitlines()[-1]
    assert line.startswith(f"— {ORIGIN} ")
    assert base64.b64decode(line.split(" ")[2])[:4] == VERIFIER.key_id


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_a_checkpoint_with_a_changed_character_is_refused(place: int) -> None:
    """No character of a checkpoint can be changed."""
    note = sign_checkpoint(ORIGIN, KEY, 1234, ROOT).note
    at = place % len(note)
    changed = note[:at] + ("0" if note[at] != "0" else "1") + note[at + 1 :]
    with pytest.raises(ProofError):
        open_checkpoint(changed, VERIFIER)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n07\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n-7\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"{ORIGIN}\n7\n",
        f"example.org/other\n7\n{base64.b64encode(ROOT).decode()}\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_of_this_journal_is_refused(text: str) -> None:
    """A right signature does not make a malformed or foreign text a checkpoint."""
    with pytest.raises(ProofError):
        open_checkpoint(sign(ORIGIN, KEY, text), VERIFIER)


def test_an_origin_that_a_note_cannot_carry_is_refused() -> None:
    """Names with spaces, plus signs or line ends are refused before anything is signed."""
    for name in ("", "two words", "a+b", "a\nb"):
        with pytest.raises(ValueError, match="origin"):
            verifier_of(name, KEY)


def test_a_history_gives_its_newest_checkpoint_even_with_a_torn_end() -> None:
    """Notes are found in a history, and half a note at its end is passed over."""
    notes = [sign_checkpoint(ORIGIN, KEY, size, ROOT).note for size in (1, 2, 3)]
    history = "".join(f"{note}\n" for note in notes)
    assert notes_in(history) == notes
    assert without_notes(history) == ""
    found = newest(history + notes[0][:20], VERIFIER)
    assert found is not None
    assert found.size == 3
    assert newest("", VERIFIER) is None
