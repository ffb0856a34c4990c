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

    def sealed_elsewhere(self, key_id: bytes, limit: int) -> list[Sealed]:
        """At most ``limit`` records whose envelope needs another vault key than this one."""
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
        UnsealError: if a row does not open under any key of the ring, or will not change; the ring is left as it is.
    """
    current = vault.keyring.current.id
    count = 0
    stuck = 0
    while batch := rows.sealed_elsewhere(current, batch_rows):
        replaced = rows.replace_sealed([(sealed, vault.rewrap(sealed)) for sealed in batch])
        count += replaced
        stuck = 0 if replaced else stuck + 1
        if stuck == 3:
            raise UnsealError(f"record {batch[0].record}: its envelope changes under the rotation; run it again")
    return count


def finish(path: Path, root: Wrapper, vault: Vault, rows: SealedRows) -> None:
    """Drop the older keys, if no row needs one.

    Raises:
        UnsealError: if a row still does.
    """
    keyring = vault.keyring
    left = rows.sealed_elsewhere(keyring.current.id, 1)
    if left:
        raise UnsealError(f"record {left[0].record}: it still needs an older vault key; run the rotation again")
    alone = Keyring(keyring.current)
    save_keyring(path, root, alone, read_keyring_file(path))
    vault.adopt(alone)
