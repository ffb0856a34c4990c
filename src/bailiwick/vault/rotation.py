"""Rotation: every data key under a new vault key, while the vault stays in use.

Three steps, each safe to be interrupted before, within and after, and each safe to be run again:

1. ``begin``: the new key is in the keyring file in front of the old one before anything is sealed with it;
2. ``rewrap_rows``: rows change in batches, each row only if it still is what was read;
3. ``finish``: the old key leaves the file only after a look at every row found none that needs it.

An interrupted rotation is taken up by running it again: a ring of more than one key is not given another. A sealer
handed out earlier seals to the old key; give the control process a new one between the first step and the last.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bailiwick.model.credential import Sealed
from bailiwick.vault.custody import Wrapper
from bailiwick.vault.errors import UnsealError
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

    Args:
        path: the keyring file.
        root: what wraps it.
        vault: the vault of this process; it reads old and new throughout.
        rows: where the sealed records are.
        batch_rows: rows in one transaction.
        handed_over: called once the new key is in use, to give the control process a new sealer.
    """
    begin(path, root, vault)
    handed_over()
    count = rewrap_rows(vault, rows, batch_rows=batch_rows)
    finish(path, root, vault, rows)
    return count


def begin(path: Path, root: Wrapper, vault: Vault) -> None:
    """Put a new key in front of the ring, in the file first, unless a rotation is under way."""
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


def finish(path: Path, root: Wrapper, vault: Vault, rows: SealedRows) -> None:
    """Drop the older keys from the file, if no row needs one.

    The vault of this process keeps them until its next start: copies of rows in memory may still need them.

    Raises:
        UnsealError: if a row still does.
    """
    keyring = vault.keyring
    left = rows.sealed_elsewhere(keyring.current.id, 1)
    if left:
        raise UnsealError(f"record {left[0].record}: it still needs an older vault key; run the rotation again")
    save_keyring(path, root, Keyring(keyring.current), read_keyring_file(path))
