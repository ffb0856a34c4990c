"""Backup and restore: the database sealed in one file, with the place in the journal that it is consistent with.

What happened after that place is in the journal, and a restore applies it: a key that was revoked since does not come
back. So the position must be read *before* the backup is made, and a journal shorter than the backup, or than the
checkpoint kept elsewhere, is believed only on a person's word: what is missing from it may be revocations.

::

    magic   8 bytes            "BWBACKUP"
    length  4 bytes            of the head
    head    JSON               version, position, when, how the data key is sealed; authenticated
    body    sealed pieces      the database file
"""

import contextlib
import secrets
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from bailiwick.files import new_file, sync_directory
from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.party import TRANSITIONS, KeyState
from bailiwick.model.secret import Secret
from bailiwick.store.changes import EVERYTHING, ChangeKind, record_change
from bailiwick.store.endings import end_again
from bailiwick.store.errors import RestoreError, StoreError
from bailiwick.store.keys import force_state
from bailiwick.store.seal import open_stream, seal_stream
from bailiwick.store.store import Store, epoch_ms
from bailiwick.vault.custody import new_phc, root_from_passphrase
from bailiwick.vault.errors import VaultError
from bailiwick.vault.sealer import Seals
from bailiwick.vault.vault import Vault

MAGIC = b"BWBACKUP"
VERSION = 1
KEY_BYTES = 32
MOST_HEAD_BYTES = 16 * 1024


class BackupHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup says of itself before it is opened."""

    version: int
    id: str
    made: int  # ms
    journal_position: int  # records in the journal when it was made, or a little before
    change: int  # the newest numbered change in it
    data_key: bytes  # sealed by the vault, or wrapped under the passphrase
    kdf: str | None  # Argon2id's parameters, if by a passphrase


class Restored(msgspec.Struct, frozen=True):
    """What a restore did."""

    head: BackupHead
    moved: int  # keys whose state the journal's tail changed
    ended: int  # tokens, people and ways in that the journal's tail ended


def backup(store: Store, path: Path, journal_position: int, by: Secret | Seals) -> BackupHead:
    """Write a sealed copy of the database, as of one moment, to a file that does not exist yet.

    Args:
        store: the database; it stays in use meanwhile.
        path: the file to make, for its owner alone.
        journal_position: the number of records in the journal, read before this call.
        by: a passphrase, or what seals to the vault: then the keyring is needed to restore, and is not in the backup.

    Raises:
        StoreError: if the file exists or cannot be written.
    """
    data_key = Secret(secrets.token_bytes(KEY_BYTES))
    backup_id = secrets.token_hex(8)
    sealed_key, kdf = _seal_key(data_key, backup_id, by)
    try:
        with _plain_copy(store, path.parent) as plain, new_file(path) as out:
            head = BackupHead(VERSION, backup_id, epoch_ms(), journal_position, _newest_change(plain), sealed_key, kdf)
            encoded = msgspec.json.encode(head)
            out.write(MAGIC + len(encoded).to_bytes(4) + encoded)
            with plain.open("rb") as source:
                seal_stream(source, out, data_key.reveal(), encoded)
    except OSError as error:
        raise StoreError(
            f"backup {path}: {error.strerror}; name a new file in a directory that can be written"
        ) from None
    return head


def read_head(path: Path) -> BackupHead:
    """What a backup says of itself. It is not proven before the backup is restored.

    Raises:
        RestoreError: if it is no backup, or of a newer program.
    """
    try:
        with path.open("rb") as file:
            return _read_head(file)[0]
    except OSError as error:
        raise RestoreError(f"backup {path}: {error.strerror}") from None


def restore(
    path: Path,
    into: Path,
    by: Secret | Vault,
    *,
    journal_position: int,
    revoked_after: Iterable[tuple[str, KeyState]],
    acts_after: Iterable[tuple[str, str, str]] = (),
    checkpoint_position: int | None = None,
    accept_shorter_journal: bool = False,
) -> Restored:
    """Make the database of a backup, with every key in the state that the journal's tail leaves it in.

    Args:
        path: the backup.
        into: the database file to make; there must be none.
        by: the passphrase, or the vault whose keyring sealed it.
        journal_position: the number of records in the journal as it is now.
        revoked_after: every change of a key's state in the journal behind the backup's position, in order.
        acts_after: verb, subject and ``after`` of every act behind that position, in order, for what else was ended.
        checkpoint_position: the size of the journal in the newest checkpoint that is kept elsewhere.
        accept_shorter_journal: a person's word that the journal is to be believed although it is behind.

    Raises:
        RestoreError: if the backup does not open, ``into`` exists, or the journal is behind without a person's word.
    """
    if into.exists():
        raise RestoreError(f"database {into}: there is one; move it away first")
    draft = into.with_name(into.name + ".restoring")
    for remnant in (draft, *_beside(draft)):
        remnant.unlink(missing_ok=True)
    try:
        head = _unseal(path, draft, by)
        _check_journal(head, journal_position, checkpoint_position, accept_shorter_journal)
        moves, ended = _apply(draft, revoked_after, acts_after)
        draft.replace(into)
        sync_directory(into.parent)
    finally:
        for remnant in (draft, *_beside(draft)):
            remnant.unlink(missing_ok=True)
    return Restored(head, moves, ended)


def state_after(state: KeyState, to: KeyState) -> KeyState:
    """The state of a restored key after one more step that the journal tells of.

    The journal is believed; a step that the table does not have from here (the backup may lack what came between)
    freezes the key, unless it is past use already.
    """
    if to is state or to in TRANSITIONS[state]:
        return to
    if state in {KeyState.REVOKED, KeyState.EXPIRED}:
        return state
    return KeyState.FROZEN


def _check_journal(head: BackupHead, position: int, checkpoint: int | None, accepted: bool) -> None:
    if accepted:
        return
    if position < head.journal_position:
        raise RestoreError(
            f"journal: it has {position} records, the backup was made at {head.journal_position}; "
            "bring the whole journal, or accept_shorter_journal: revocations may be missing from it"
        )
    if checkpoint is not None and position < checkpoint:
        raise RestoreError(
            f"journal: it has {position} records, a checkpoint kept elsewhere {checkpoint}; "
            "bring the whole journal, or accept_shorter_journal: revocations may be missing from it"
        )


def _apply(
    database: Path, tail: Iterable[tuple[str, KeyState]], acts: Iterable[tuple[str, str, str]]
) -> tuple[int, int]:
    with Store.open(database) as store:
        states = {row.id: row.state for row in store.keys.load()}
        before = dict(states)
        for key_id, to in tail:
            if key_id in states:  # a key issued since the backup is not in it, and is not made up
                states[key_id] = state_after(states[key_id], to)
        changed = {key_id: state for key_id, state in states.items() if state is not before[key_id]}
        with store.writing() as connection:
            for key_id, state in changed.items():
                force_state(connection, key_id, state)
            for kind in ChangeKind:
                record_change(connection, kind, EVERYTHING, epoch_ms())
        store.people.end_everything(epoch_ms())
        ended = end_again(store, acts, epoch_ms())
        with store.reading() as connection:
            if connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() != "ok":
                raise RestoreError("backup: the database in it is damaged; take an earlier one")
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file again, so that it can be moved as one
    return len(changed), ended


def _seal_key(data_key: Secret, backup_id: str, by: Secret | Seals) -> tuple[bytes, str | None]:
    if isinstance(by, Secret):
        kdf = new_phc()
        return root_from_passphrase(by, kdf).wrap(data_key), kdf
    return by.seal(f"backup/{backup_id}", Purpose.BACKUP, data_key).envelope, None


def _unseal_key(head: BackupHead, by: Secret | Vault) -> Secret:
    try:
        if isinstance(by, Secret):
            if head.kdf is None:
                raise RestoreError("backup: it was sealed by the vault, not a passphrase; restore the keyring first")
            return root_from_passphrase(by, head.kdf).unwrap(head.data_key)
        if head.kdf is not None:
            raise RestoreError("backup: it was sealed by a passphrase; give it")
        return by.unseal(Sealed(f"backup/{head.id}", Purpose.BACKUP, head.data_key))
    except VaultError as error:
        raise RestoreError(f"backup: its data key does not open: {error}") from None


def _unseal(path: Path, into: Path, by: Secret | Vault) -> BackupHead:
    try:
        with path.open("rb") as file:
            head, encoded = _read_head(file)
            data_key = _unseal_key(head, by)
            with new_file(into) as out:
                open_stream(file, out, data_key.reveal(), encoded)
    except ValueError as error:
        raise RestoreError(f"backup {path}: {error}; it was altered or cut short; take another") from None
    except OSError as error:
        raise RestoreError(f"backup {path}: {error.strerror}") from None
    return head


def _read_head(file: BinaryIO) -> tuple[BackupHead, bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise RestoreError("backup: the file is none")
    length = int.from_bytes(file.read(4))
    encoded = file.read(min(length, MOST_HEAD_BYTES))
    try:
        head = msgspec.json.decode(encoded, type=BackupHead)
    except msgspec.MsgspecError:
        raise RestoreError("backup: its head is damaged, or of a newer program") from None
    if head.version != VERSION:
        raise RestoreError(f"backup: version {head.version} is not known here; use a newer program")
    return head, encoded


@contextmanager
def _plain_copy(store: Store, directory: Path) -> Iterator[Path]:
    """A copy of the database as of one moment; its secrets are sealed, and it goes when the backup is made."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=directory) as private:  # mode 0700
        copy = Path(private) / "copy.db"
        with (
            contextlib.closing(sqlite3.connect(f"file:{store.path.absolute()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        yield copy


def _newest_change(database: Path) -> int:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT coalesce(max(number), 0) FROM change").fetchone()[0])


def _beside(database: Path) -> tuple[Path, Path]:
    return database.with_name(database.name + "-wal"), database.with_name(database.name + "-shm")
