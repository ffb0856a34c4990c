"""Verify an inclusion proof offline: ``python -m bailiwick.journal.verify_proof FILE --key VKEY``.

This module stands alone: it imports the standard library and ``cryptography`` and nothing of Bailiwick, so that
somebody who is handed a proof can read it, copy it, and run it as ``python verify_proof.py``.

A proof is a text in C2SP ``tlog-proof`` form: the position of a record, the hashes from its leaf to the root
(RFC 6962, section 2.1.1), and a signed checkpoint (C2SP ``tlog-checkpoint``) that fixes the root. Its *extra* line
carries one byte ``R``, the salt, one byte of class and the record; or ``D`` and the digest of these, where the record
is not disclosed.
"""

import argparse
import base64
import binascii
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PROOF_LINE = "c2sp.org/tlog-proof@v1"
SALT_BYTES = 16
LEAD_BYTES = 1  # between salt and record: retention class and a mark
DISCLOSED = b"R"
WITHHELD = b"D"
ED25519 = b"\x01"  # the signature type of C2SP signed-note


class ProofError(ValueError):
    """The proof, the checkpoint or the key is malformed, or does not hold."""


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962, section 2.1: the hash of a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, section 2.1: the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and the name it signs under, written ``name+keyid+base64`` (C2SP signed-note)."""

    name: str
    key: bytes  # 32 bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read a verifier key.

        Raises:
            ProofError: if it is not an Ed25519 key in ``name+keyid+base64`` form, or the key id does not fit.
        """
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _base64(encoded, "key")
        if not name or len(raw) != 33 or raw[:1] != ED25519:
            raise ProofError("key: want NAME+KEYID+BASE64 of an Ed25519 key, as in the journal's file 'verifier'")
        verifier = cls(name, raw[1:])
        if verifier.key_id.hex() != key_id:
            raise ProofError("key: the key id does not belong to this name and key; copy the whole line again")
        return verifier


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement: the tree of this origin had this size and this root."""

    origin: str
    size: int
    root: bytes
    note: str  # the signed note as it stands in the file


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """Check the signature of a checkpoint and read it.

    Raises:
        ProofError: if the note is malformed, of another origin, or not signed by the verifier's key.
    """
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise ProofError("checkpoint: not a signed note (text, empty line, signature lines)")
    text += "\n"
    if not any(_signed(text, line, verifier) for line in signatures[:-1].split("\n")):
        raise ProofError(f"checkpoint: no signature by the key {verifier}")
    lines = text.split("\n")
    if len(lines) < 4 or "" in lines[:-1]:
        raise ProofError("checkpoint: want three lines: origin, size, root")
    origin, size, root = lines[0], lines[1], _base64(lines[2], "checkpoint root")
    if origin != verifier.name:
        raise ProofError(f"checkpoint: of {origin!r}, but the key is of {verifier.name!r}")
    return Checkpoint(origin, _decimal(size, "checkpoint size"), _hash(root, "checkpoint root"), note)


def _signed(text: str, line: str, verifier: Verifier) -> bool:
    start = f"— {verifier.name} "
    if not line.startswith(start):
        return False
    signature = _base64(line.removeprefix(start), "signature")
    if signature[:4] != verifier.key_id:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(signature[4:], text.encode())
    except InvalidSignature as error:
        raise ProofError("checkpoint: the signature does not fit the text: it was altered") from error
    return True


def root_of_inclusion(position: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that a leaf at this position and its path lead to (RFC 9162, section 2.1.3.2).

    Raises:
        ProofError: if the position is outside of the tree or the path has not the right length.
    """
    if not 0 <= position < size:
        raise ProofError(f"position {position} is outside of a tree of {size}")
    place, last, node = position, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofError("the path is too long")
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise ProofError("the path is too short")
    return node


@dataclass(frozen=True, slots=True)
class Proof:
    """A parsed proof: not yet believed until ``check`` returned."""

    position: int
    path: tuple[bytes, ...]
    extra: bytes
    note: str

    @classmethod
    def parse(cls, text: str) -> "Proof":
        """Read the text of a proof.

        Raises:
            ProofError: if it is not in tlog-proof form.
        """
        head, gap, note = text.partition("\n\n")
        lines = head.split("\n")
        if not gap or lines[0] != PROOF_LINE or len(lines) < 3:
            raise ProofError(f"not a proof: the first line is not {PROOF_LINE}, or the checkpoint is missing")
        if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
            raise ProofError("not a proof of this journal: want an 'extra' line, then an 'index' line")
        extra = _base64(lines[1].removeprefix("extra "), "extra")
        path = tuple(_hash(_base64(line, "path"), "path") for line in lines[3:])
        return cls(_decimal(lines[2].removeprefix("index "), "index"), path, extra, note)

    @property
    def digest(self) -> bytes:
        """SHA-256(salt ‖ record): what the tree holds at this position."""
        kind, rest = self.extra[:1], self.extra[1:]
        if kind == DISCLOSED and len(rest) >= SALT_BYTES + LEAD_BYTES:
            return sha256(rest).digest()
        if kind == WITHHELD:
            return _hash(rest, "digest")
        raise ProofError("extra: neither a salted record nor a digest")

    @property
    def record(self) -> bytes | None:
        """The record, or None where it is withheld."""
        return self.extra[1 + SALT_BYTES + LEAD_BYTES :] if self.extra[:1] == DISCLOSED else None

    def check(self, verifier: Verifier) -> Checkpoint:
        """Prove that the record stands at its position under a checkpoint that this key signed.

        Raises:
            ProofError: if it does not.
        """
        checkpoint = open_checkpoint(self.note, verifier)
        if root_of_inclusion(self.position, checkpoint.size, leaf_hash(self.digest), self.path) != checkpoint.root:
            raise ProofError("the record and its path do not lead to the signed root: record or proof was altered")
        return checkpoint


def _base64(text: str, field: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofError(f"{field}: not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise ProofError(f"{field}: not canonical base64")
    return raw


def _hash(raw: bytes, field: str) -> bytes:
    if len(raw) != 32:
        raise ProofError(f"{field}: want 32 bytes, got {len(raw)}")
    return raw


def _decimal(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0") or len(text) > 19:
        raise ProofError(f"{field}: not a decimal number: {text[:40]!r}")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: exit code 0 if the proof holds, 1 if not."""
    parser = argparse.ArgumentParser(
        prog="verify_proof",
        description="Check offline that a journal record stands under a signed checkpoint.",
        epilog='example: python -m bailiwick.journal.verify_proof record-1234.tlog-proof --key "$(cat verifier)"',
    )
    parser.add_argument("file", type=Path, help="the proof, as 'journal prove' wrote it")
    parser.add_argument("--key", required=True, help="the journal's public key: NAME+KEYID+BASE64, or a file with it")
    options = parser.parse_args(arguments)
    try:
        key = Path(options.key).read_text() if Path(options.key).is_file() else options.key
        proof = Proof.parse(options.file.read_text(encoding="utf-8"))
        checkpoint = proof.check(Verifier.parse(key))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"NOT PROVEN: {error}\n")
        return 1
    sys.stdout.write(f"PROVEN: record {proof.position} of {checkpoint.origin}, under a tree of {checkpoint.size}\n")
    record = proof.record
    shown = proof.digest.hex() if record is None else record.decode("utf-8", "backslashreplace")
    sys.stdout.write(f"{'digest' if record is None else 'record'}: {shown}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
