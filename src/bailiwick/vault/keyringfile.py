"""The keyring file: the vault keys, wrapped by the root, beside the database in the data directory.

One wrapped blob holds all keys, the current one first, so that a start unwraps once. The file is replaced whole and
atomically. It is worthless without the root, and the database is worthless without it: keep a copy of it apart.
"""

from pathlib import Path

import msgspec

from bailiwick.files import replace_durably
from bailiwick.model.secret import Secret
from bailiwick.vault.custody import Unwrapper, Wrapper
from bailiwick.vault.errors import CustodyError
from bailiwick.vault.vaultkey import KEY_BYTES, Keyring, VaultKey

VERSION = 1
MOST_KEYS = 64


class KeyringFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the file: nothing of it is secret without the root."""

    version: int
    source: str  # passphrase, key-file, environment, systemd, transit: tells a start where to look for the root
    wrapped: bytes
    kdf: str | None = None  # Argon2id's parameters, where the root is a passphrase


def read_keyring_file(path: Path) -> KeyringFile:
    """The file, still wrapped.

    Raises:
        CustodyError: if it is missing, damaged or of a newer program.
    """
    try:
        file = msgspec.json.decode(path.read_bytes(), type=KeyringFile)
    except FileNotFoundError:
        raise CustodyError(f"keyring {path}: there is none; make one with `bailiwick init`, or restore it") from None
    except (OSError, msgspec.MsgspecError):
        raise CustodyError(f"keyring {path}: it cannot be read; restore it from a copy") from None
    if file.version != VERSION:
        raise CustodyError(f"keyring {path}: version {file.version} is not known here; use a newer program")
    return file


def write_keyring_file(path: Path, file: KeyringFile) -> None:
    """Replace the file atomically: after a crash the old one or the new one stands there whole."""
    replace_durably(path, msgspec.json.encode(file) + b"\n")


def make_keyring(path: Path, root: Wrapper, *, source: str, kdf: str | None = None) -> Keyring:
    """A new keyring of one new key, written where there is none yet.

    Raises:
        CustodyError: if the file exists: overwriting it would lose whatever it has sealed.
    """
    if path.exists():
        raise CustodyError(f"keyring {path}: there is one already; sealed records need it")
    keyring = Keyring(VaultKey.generate())
    save_keyring(path, root, keyring, KeyringFile(VERSION, source, b"", kdf))
    return keyring


def open_keyring(path: Path, root: Unwrapper) -> Keyring:
    """The keyring in the file, by one call of the root.

    Raises:
        CustodyError: if the file is missing or does not open under this root.
    """
    return _split(root.unwrap(read_keyring_file(path).wrapped))


def save_keyring(path: Path, root: Wrapper, keyring: Keyring, like: KeyringFile) -> None:
    """Write a keyring, with the source and parameters of ``like``."""
    keys = b"".join(key.material.reveal() for key in (keyring.current, *keyring.older))
    write_keyring_file(path, msgspec.structs.replace(like, wrapped=root.wrap(Secret(keys))))


def _split(keys: Secret) -> Keyring:
    raw = keys.reveal()
    if not raw or len(raw) % KEY_BYTES or len(raw) > KEY_BYTES * MOST_KEYS:
        raise CustodyError(f"keyring: {len(raw)} bytes are no list of keys; restore it from a copy")
    first, *rest = (VaultKey(Secret(raw[at : at + KEY_BYTES])) for at in range(0, len(raw), KEY_BYTES))
    return Keyring(first, tuple(rest))
