"""What is made once and opened at every start: the root that unwraps the keyring, and the journal's signing key.

The passphrase of a vault that has one comes from ``bailiwick up``, which asks for it once and hands it to the gateway
through a pipe, never through the environment or the command line, where other processes could read it.
"""

import base64
import binascii
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.config import PASSPHRASE_PIPE, Config, Vault
from bailiwick.files import UnfitFile, new_file, read_private
from bailiwick.model.secret import Secret
from bailiwick.vault.custody import (
    Wrapper,
    make_key_file,
    new_phc,
    root_from_environment,
    root_from_key_file,
    root_from_passphrase,
    root_from_systemd,
)
from bailiwick.vault.errors import CustodyError
from bailiwick.vault.keyringfile import make_keyring, read_keyring_file
from bailiwick.vault.vaultkey import Keyring

if TYPE_CHECKING:
    from bailiwick.vault.transit import Transit

MOST_SECRET_BYTES = 4096


def open_root(settings: Vault, keyring: Path, environment: MutableMapping[str, str]) -> Wrapper:
    """The root that the configuration names, for a start. What is secret in the environment is taken out of it.

    Raises:
        CustodyError: naming the source and the remedy.
    """
    kdf = read_keyring_file(keyring).kdf if settings.source == "passphrase" else None
    return root_of(settings, environment, kdf=kdf)


def root_of(
    settings: Vault, environment: MutableMapping[str, str], *, kdf: str | None = None, passphrase: Secret | None = None
) -> Wrapper:
    """The root of a source; ``kdf`` are the Argon2id parameters that belong to a passphrase.

    Raises:
        CustodyError: naming the source and the remedy.
    """
    match settings.source:
        case "key-file":
            return root_from_key_file(settings.key_file)
        case "environment":
            return root_from_environment(environment, settings.variable)
        case "systemd":
            return root_from_systemd(environment, settings.credential)
        case "transit":
            return _transit(settings)
        case "passphrase":
            if kdf is None:
                raise CustodyError("keyring: it was not made for a passphrase; set vault.source to what made it")
            return root_from_passphrase(passphrase or read_passphrase(environment), kdf)


def make_data(config: Config, environment: MutableMapping[str, str], *, passphrase: Secret | None = None) -> Keyring:
    """Make what a start needs: the data directory (0700), the vault's key file, the keyring, the journal's key.

    A key file or a journal's key that is there already stays; a keyring must not be there.

    Raises:
        CustodyError: if the directory is open to others, there is a keyring, there is a database whose keyring is
            missing, or something cannot be made.
    """
    settings = config.vault
    if config.database.exists() and not config.keyring.exists():
        raise CustodyError(
            f"keyring {config.keyring}: it is missing, and {config.database} is sealed under it; "
            "put back the copy of it, or name another data directory"
        )
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CustodyError(f"data {config.data}: {error.strerror}; name a directory that you may write to") from None
    if config.data.stat().st_mode & 0o077:
        raise CustodyError(f"data {config.data}: it is open to others; chmod 700 {config.data}")
    if settings.source == "key-file" and not settings.key_file.exists():
        make_key_file(settings.key_file)
    kdf = new_phc() if settings.source == "passphrase" else None
    root = root_of(settings, environment, kdf=kdf, passphrase=passphrase)
    keyring = make_keyring(config.keyring, root, source=settings.source, kdf=kdf)
    if not config.journal_key.exists():
        make_journal_key(config.journal_key)
    return keyring


def read_passphrase(environment: MutableMapping[str, str]) -> Secret:
    """The passphrase from the pipe that ``bailiwick up`` left open; it can be read once.

    Raises:
        CustodyError: if there is none.
    """
    number = environment.pop(PASSPHRASE_PIPE, "")
    if not number.isdigit():
        raise CustodyError("passphrase: nobody handed one over; start with `bailiwick up`, which asks for it")
    try:
        with os.fdopen(int(number), "rb") as pipe:
            passphrase = pipe.read(MOST_SECRET_BYTES + 1)
    except OSError as error:
        raise CustodyError(f"passphrase: the pipe from `bailiwick up` cannot be read: {error.strerror}") from None
    if not passphrase or len(passphrase) > MOST_SECRET_BYTES:
        raise CustodyError(f"passphrase: it has 1 to {MOST_SECRET_BYTES} bytes")
    return Secret(passphrase)


def _transit(settings: Vault) -> "Transit":
    from bailiwick.vault.transit import Transit  # noqa: PLC0415  (loads a client of HTTP, which no other source needs)

    assert settings.transit_token_file is not None  # the configuration has checked it
    return Transit(
        settings.transit_address,
        settings.transit_key,
        read_private_file(settings.transit_token_file, "transit token"),
        mount=settings.transit_mount,
        ca_file=settings.transit_ca_file,
    )


def make_journal_key(path: Path) -> Ed25519PrivateKey:
    """Write a new signing key for the journal to a file that must not exist yet (mode 0600).

    Raises:
        CustodyError: if the file exists or cannot be made.
    """
    key = Ed25519PrivateKey.generate()
    try:
        with new_file(path) as file:
            file.write(base64.b64encode(key.private_bytes_raw()) + b"\n")
    except OSError as error:
        raise CustodyError(f"journal key {path}: {error.strerror}; name a data directory without one") from None
    return key


def journal_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs the journal's checkpoints.

    Raises:
        CustodyError: if the file is missing, open to others or no key.
    """
    text = read_private_file(path, "journal key")
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.reveal(), validate=True))
    except (binascii.Error, ValueError):
        raise CustodyError(f"journal key {path}: it holds no key; restore it from a copy") from None


def read_private_file(path: Path, noun: str) -> Secret:
    """What stands in a small file that nobody else may read, without white space at its ends.

    Raises:
        CustodyError: if it is missing, open to others, somebody else's or too long.
    """
    try:
        return Secret(read_private(path, MOST_SECRET_BYTES).strip())
    except UnfitFile as error:
        raise CustodyError(f"{noun} {path}: {error}") from None
