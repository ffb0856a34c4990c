"""Where the key that opens the keyring comes from, and the checks on how it is kept.

Each source yields a root: 32 bytes that wrap the keyring file. A root is read once, at start.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Protocol, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bailiwick.files import UnfitFile, new_file, read_private
from bailiwick.model.secret import Secret
from bailiwick.vault.envelope import NONCE_BYTES
from bailiwick.vault.errors import CustodyError
from bailiwick.vault.vaultkey import KEY_BYTES, derive

ENVIRONMENT_VARIABLE = "BAILIWICK_VAULT_KEY"
CREDENTIAL_NAME = "bailiwick-vault-key"

# RFC 9106 §4, second recommended option: 64 MiB, three passes, four lanes.
ARGON2_MEMORY_KIB = 64 * 1024
ARGON2_PASSES = 3
ARGON2_LANES = 4
ARGON2_SALT_BYTES = 16
ARGON2_MOST_MEMORY_KIB = 4 * 1024 * 1024
_PHC = re.compile(r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,3})\$([A-Za-z0-9+/]{11,86})")

KEY_FILE_MOST_BYTES = 1024


class Unwrapper(Protocol):
    """A place that can open the wrapped keyring: called once, at start."""

    def unwrap(self, wrapped: bytes) -> Secret:
        """The plaintext of ``wrapped``.

        Raises:
            CustodyError: if it does not open, or the place cannot be reached.
        """
        ...


class Wrapper(Unwrapper, Protocol):
    """A place that can also wrap, which making and rotating a keyring need."""

    def wrap(self, plaintext: Secret) -> bytes:
        """What ``unwrap`` will open.

        Raises:
            CustodyError: if the place cannot be reached.
        """
        ...


@final
class Root:
    """A root key held in this process: wraps the keyring under AES-256-GCM."""

    __slots__ = ("_cipher",)

    def __init__(self, material: Secret) -> None:
        raw = material.reveal()
        if len(raw) != KEY_BYTES:
            raise CustodyError(f"root key: it has {KEY_BYTES} bytes, not {len(raw)}; make one with `make_key_file`")
        self._cipher = AESGCM(derive(raw, "keyring root"))

    def wrap(self, plaintext: Secret) -> bytes:
        """The plaintext under this root."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext.reveal(), b"bailiwick keyring")

    def unwrap(self, wrapped: bytes) -> Secret:
        """The plaintext.

        Raises:
            CustodyError: if it was wrapped under another root, or altered.
        """
        try:
            return Secret(self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], b"bailiwick keyring"))
        except (InvalidTag, ValueError):
            raise CustodyError(
                "keyring: it does not open; the passphrase or root key is another one, or the file was altered"
            ) from None


def new_phc() -> str:
    """Argon2id's parameters and a fresh salt in PHC form, without the hash: the hash is the key itself."""
    salt = base64.b64encode(os.urandom(ARGON2_SALT_BYTES)).decode().rstrip("=")
    return f"$argon2id$v=19$m={ARGON2_MEMORY_KIB},t={ARGON2_PASSES},p={ARGON2_LANES}${salt}"


def root_from_passphrase(passphrase: Secret, phc: str) -> Root:
    """The root that a passphrase gives under Argon2id (RFC 9106) with the parameters kept beside the keyring.

    Raises:
        CustodyError: if the passphrase is empty or the parameters are not Argon2id's, or absurd.
    """
    if not passphrase.reveal():
        raise CustodyError("passphrase: it is empty; give one of several words")
    return Root(Secret(stretch(passphrase, phc)))


def stretch(passphrase: Secret, phc: str) -> bytes:
    """32 bytes of Argon2id over a passphrase.

    Raises:
        CustodyError: if the parameters are not Argon2id's, or absurd.
    """
    found = _PHC.fullmatch(phc)
    if found is None:
        raise CustodyError("kdf: not Argon2id parameters in PHC form; restore the keyring file from a copy")
    memory, passes, lanes = int(found[1]), int(found[2]), int(found[3])
    if memory > ARGON2_MOST_MEMORY_KIB:
        raise CustodyError(f"kdf: {memory} KiB of memory is more than {ARGON2_MOST_MEMORY_KIB}; the file was altered")
    try:
        salt = base64.b64decode(found[4] + "=" * (-len(found[4]) % 4), validate=True)
        kdf = Argon2id(salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory)
        return kdf.derive(passphrase.reveal())
    except ValueError:  # binascii.Error is one
        raise CustodyError("kdf: Argon2id refuses these parameters; restore the keyring file from a copy") from None


def make_key_file(path: Path) -> None:
    """Write a new random root key to a file that must not exist yet, readable by its owner alone.

    Raises:
        CustodyError: if the file exists or cannot be made.
    """
    line = base64.b64encode(os.urandom(KEY_BYTES)) + b"\n"
    try:
        with new_file(path) as file:
            file.write(line)
    except OSError as error:
        raise CustodyError(f"key file {path}: {error.strerror}; name a file that does not exist yet") from None


def root_from_key_file(path: Path) -> Root:
    """The root in a key file: base64 of 32 bytes, mode 0600 (or 0400), owned by the user who runs this.

    Raises:
        CustodyError: if the file is missing, a link, open to others, somebody else's, or no key.
    """
    return _read_key(path, f"key file {path}")


def root_from_systemd(environment: Mapping[str, str], name: str = CREDENTIAL_NAME) -> Root:
    """The root in a systemd credential (``LoadCredentialEncrypted=``), base64 of 32 bytes.

    systemd may own the file as root and let the service in by an access list that shows as group rights, so only
    rights of everybody are refused here.

    Raises:
        CustodyError: if there is no such credential, or it is no key.
    """
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise CustodyError(f"CREDENTIALS_DIRECTORY: not set; start under systemd with LoadCredentialEncrypted={name}:…")
    if "/" in name or name in {"", ".", ".."}:
        raise CustodyError(f"credential: {name!r} is not a plain name")
    return _read_key(Path(directory) / name, f"systemd credential {name}", others=0o007, owned=False)


def root_from_environment(environment: MutableMapping[str, str], name: str = ENVIRONMENT_VARIABLE) -> Root:
    """The root in an environment variable, base64 of 32 bytes. It is taken out, so that no child inherits it.

    What ``/proc/PID/environ`` shows is the environment at the start and stays; ``harden_process`` closes that to others
    of the same user.

    Raises:
        CustodyError: if the variable is missing or no key.
    """
    text = environment.pop(name, None)
    if not text:
        raise CustodyError(f"{name}: not set; set it to base64 of 32 random bytes")
    return _decode_key(text.encode(errors="replace"), name)  # an encoding error would quote the text


def _read_key(path: Path, noun: str, **kept: Any) -> Root:
    try:
        return _decode_key(read_private(path, KEY_FILE_MOST_BYTES, **kept), noun)
    except UnfitFile as error:
        raise CustodyError(f"{noun}: {error}") from None


def _decode_key(text: bytes, noun: str) -> Root:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise CustodyError(f"{noun}: it is not base64; it holds base64 of {KEY_BYTES} random bytes") from None
    if len(raw) != KEY_BYTES:
        raise CustodyError(f"{noun}: it holds {len(raw)} bytes, not {KEY_BYTES}")
    return Root(Secret(raw))
