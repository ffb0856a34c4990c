"""Rotation: every data key under a new vault key, while the vault stays in use.

Three steps, each safe to be interrupted before, within and after, and each safe to be run again:

1. ``begin``: the new key is in the keyring file in front of the old one before anything is sealed with it;
2. ``rewrap_rows``: rows change in batches, each row only if it still is what was read;
3. ``retire``: the old key leaves the file, at the next start or the next rotation, if a look at every row finds none
   that needs it.

The third step waits on purpose: a secret that was sealed a moment before the first may be on its way to the database
still, and an old key in the file gives nobody anything who has not the root. An interrupted rotation is taken up by
running it again: while a row needs an older key the ring gets no other. A sealer handed out earlier seals to the old
key; give the control process a new one after the first step.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bailiwick.model.credential import Sealed
from bailiwick.vault.custody import Wrapper
from bailiwick.vault.keyringfile import open_keyring, read_keyring_file, save_keyring
from bailiwick.vault.vault import Vault
from bailiwick.vault.vaultkey import Keyring, VaultKey

BATCH_ROWS = 500


class SealedRows(Protocol):
    """Where sealed records are kept, as a rotation sees it."""

    def sealed_elsewhere(self, key_id: bytes, limit: int, after: Sealed | None = None) -> list[Sealed]:
        """At most ``limit`` records, in an order of their own, that need another vault key than this one.

        Args:
            key_id: the vault key that they do not need.
            limit: how many at most.
            after: the record to go on behind; none for the first.
        """
        ...

    def replace_sealed(self, changes: list[tuple[Sealed, Sealed]]) -> int:
        """In one transaction, put each new envelope where the old one still stands; how many did."""
        ...


def rotate(
    path: Path,
    root: Wrapper,
    vault: Vault,
    rows: SealedRows,
    *,
    batch_rows: int = BATCH_ROWS,
    handed_over: Callable[[], None] = lambda: None,
) -> int:
    """Rotate the vault key, or take up an interrupted rotation; how many rows were re-wrapped.

    Afterwards every row is under the new key, and the old one awaits ``retire``.

    Args:
        path: the keyring file.
        root: what wraps it.
        vault: the vault of this process; it reads old and new throughout.
        rows: where the sealed records are.
        batch_rows: rows in one transaction.
        handed_over: called once the new key is in use, to give the control process a new sealer.
    """
    begin(path, root, vault, rows)
    handed_over()
    return rewrap_rows(vault, rows, batch_rows=batch_rows)


def begin(path: Path, root: Wrapper, vault: Vault, rows: SealedRows) -> None:
    """Put a new key in front of the ring, in the file first, unless a rotation is under way."""
    retire(path, root, rows)
    keyring = open_keyring(path, root)
    if not keyring.older:
        keyring = Keyring(VaultKey.generate(), (keyring.current,))
        save_keyring(path, root, keyring, read_keyring_file(path))
    vault.adopt(keyring)


def rewrap_rows(vault: Vault, rows: SealedRows, *, batch_rows: int = BATCH_ROWS) -> int:
    """Re-wrap every row that is not under the current key; how many were.

    Raises:
        UnsealError: if a row does not open under any key of the ring; the ring is left as it is.
    """
    current = vault.keyring.current.id
    count = 0
    last: Sealed | None = None
    while batch := rows.sealed_elsewhere(current, batch_rows, last):
        count += rows.replace_sealed([(sealed, vault.rewrap(sealed)) for sealed in batch])
        last = batch[-1]
    return count


def retire(path: Path, root: Wrapper, rows: SealedRows) -> int:
    """Drop the older keys from the file if no row needs one, as a start may do; how many were dropped.

    A vault in use keeps them until its next start: copies of rows in memory may need them.
    """
    keyring = open_keyring(path, root)
    if not keyring.older or rows.sealed_elsewhere(keyring.current.id, 1):
        return 0
    save_keyring(path, root, Keyring(keyring.current), read_keyring_file(path))
    return len(keyring.older)
