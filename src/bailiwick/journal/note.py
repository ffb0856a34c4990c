"""Signing checkpoints: C2SP signed-note and tlog-checkpoint. Reading them is in :mod:`.verify_proof`."""

import base64
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.journal.verify_proof import Checkpoint, ProofError, Verifier, open_checkpoint


def verifier_of(name: str, signer: Ed25519PrivateKey) -> Verifier:
    """The public half of a signer under its name.

    Raises:
        ValueError: if the name is empty or holds spaces, control characters or a plus sign.
    """
    if not name or "+" in name or any(sign.isspace() or not sign.isprintable() for sign in name):
        raise ValueError(f"origin: want a name without spaces and plus signs, such as example.com/journal: {name!r}")
    return Verifier(name, signer.public_key().public_bytes_raw())


def sign(name: str, signer: Ed25519PrivateKey, text: str) -> str:
    """The text as a signed note; the text must end in a newline."""
    signature = verifier_of(name, signer).key_id + signer.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def sign_checkpoint(name: str, signer: Ed25519PrivateKey, size: int, root: bytes) -> Checkpoint:
    """Sign that the tree had this size and root."""
    note = sign(name, signer, f"{name}\n{size}\n{base64.b64encode(root).decode()}\n")
    return Checkpoint(name, size, root, note)


_NOTE = re.compile(r"^[^\n]+\n[0-9]+\n[A-Za-z0-9+/]{43}=\n\n— [^\n]+\n\n?", re.MULTILINE)


def notes_in(history: str) -> list[str]:
    """The checkpoints in a history: signed notes, each with an empty line behind it."""
    return [found.group().removesuffix("\n\n").removesuffix("\n") + "\n" for found in _NOTE.finditer(history)]


def without_notes(history: str) -> str:
    """What in a history is no checkpoint: nothing, unless it was altered or its last note is torn."""
    return _NOTE.sub("", history)


def newest(text: str, verifier: Verifier) -> Checkpoint | None:
    """The last checkpoint of a history whose signature holds, or None.

    A history is only ever appended to; its torn last note, and notes of other keys, are passed over.
    """
    for note in reversed(notes_in(text)):
        try:
            return open_checkpoint(note, verifier)
        except ProofError:
            continue
    return None
