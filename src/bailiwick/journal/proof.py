"""Proofs that a record stands in the journal; :mod:`.verify_proof` checks them offline."""

import base64
from pathlib import Path

from bailiwick.journal import merkle, reader, recovery
from bailiwick.journal.error import JournalDamaged
from bailiwick.journal.tree import Tiles
from bailiwick.journal.verify_proof import DISCLOSED, PROOF_LINE, WITHHELD, Proof, ProofError, Verifier


def prove(directory: Path, position: int, verifier: Verifier, *, disclose: bool = True) -> str:
    """The proof that a record stands at its position under the published checkpoint, as a C2SP tlog-proof.

    Args:
        directory: the journal; another process may be writing to it.
        position: the record.
        verifier: the public key of the journal.
        disclose: put the record and its salt into the proof; else, and where the body is gone, only its digest.

    Raises:
        LookupError: if there is no such record, or no published checkpoint covers it yet.
        JournalDamaged: if record, tiles and checkpoint do not belong together.
    """
    checkpoint = recovery.read_published(directory, verifier)
    if checkpoint is None or position >= checkpoint.size:
        raise LookupError(f"position {position}: not under a checkpoint yet; the next one comes within a minute")
    _, found = reader.frame_at(directory, position)
    salted = found.salted if disclose else None
    extra = DISCLOSED + salted if salted is not None else WITHHELD + found.digest
    path = merkle.inclusion(position, checkpoint.size, Tiles(directory).subtree(checkpoint.size))
    lines = [PROOF_LINE, f"extra {_base64(extra)}", f"index {position}", *map(_base64, path)]
    text = "\n".join(lines) + "\n\n" + checkpoint.note
    try:
        Proof.parse(text).check(verifier)
    except ProofError as error:
        raise JournalDamaged(f"position {position}: {error}; run 'journal verify'") from error
    return text


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
