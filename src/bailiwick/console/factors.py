"""What a person knows and what their phone says: passwords under Argon2id, and codes of thirty seconds (RFC 6238).

The seeds of the codes are sealed under a key of the console's own, in a file beside the database: the control process
cannot open what the vault seals, and a copy of the database alone, or a backup, must not give the codes away.
"""

import os
import secrets
from pathlib import Path
from typing import final

from cryptography.exceptions import InvalidKey, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bailiwick.files import UnfitFile, new_file, read_private
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.secret import Secret, same

# RFC 9106 §4, second recommended option: 64 MiB, three passes, four lanes.
MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 4
SALT_BYTES = 16
HASH_BYTES = 32
KEY_BYTES = 32
NONCE_BYTES = 12
SEED_BYTES = 20  # what authenticator apps expect for SHA-1
LEAST_PASSWORD = 12
MOST_PASSWORD = 1024
STEP_S = 30
ISSUER = "Bailiwick"


def hash_password(password: Secret) -> str:
    """The password under Argon2id, in PHC form.

    Raises:
        ValueError: if it is too short or too long.
    """
    raw = password.reveal()
    if not LEAST_PASSWORD <= len(raw) <= MOST_PASSWORD:
        raise ValueError(f"password: {LEAST_PASSWORD} to {MOST_PASSWORD} characters; take several words")
    return _argon2(os.urandom(SALT_BYTES)).derive_phc_encoded(raw)


def is_password(password: Secret, phc: str | None) -> bool:
    """Whether it is the password; where there is none, it takes as long to say no."""
    raw = password.reveal()[:MOST_PASSWORD]
    if phc is None:
        _argon2(bytes(SALT_BYTES)).derive(raw)
        return False
    try:
        Argon2id.verify_phc_encoded(raw, phc)
    except InvalidKey:
        return False
    return True


def _argon2(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=HASH_BYTES, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)


def new_seed() -> Secret:
    """The seed of somebody's codes."""
    return Secret(secrets.token_bytes(SEED_BYTES))


def seed_text(seed: Secret) -> str:
    """A seed as authenticator apps take it."""
    import base64  # noqa: PLC0415

    return base64.b32encode(seed.reveal()).decode()


def seed_link(seed: Secret, name: str, site: str) -> str:
    """A seed as a link that authenticator apps open."""
    import pyotp  # noqa: PLC0415

    return pyotp.TOTP(seed_text(seed)).provisioning_uri(name=f"{name}@{site}", issuer_name=ISSUER)


def step_of_code(code: str, seed: Secret, now: int) -> int | None:
    """Which thirty seconds a code belongs to: these, or those just before or after; None where it is of none.

    Args:
        code: six digits; blanks are let pass.
        seed: of the person's codes.
        now: ms since 1970 UTC.
    """
    import pyotp  # noqa: PLC0415

    given = code.replace(" ", "").encode()
    made = pyotp.TOTP(seed_text(seed))
    step = now // 1000 // STEP_S
    found = None
    for each in (step - 1, step, step + 1):  # each is compared, whichever it is
        if same(made.at(each * STEP_S).encode(), given):
            found = each
    return found


@final
class Locker:
    """Seals seeds, and signs marks for browsers, under the console's own key."""

    def __init__(self, key: Secret) -> None:
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        def derive(purpose: bytes) -> bytes:
            return HKDF(SHA256(), KEY_BYTES, None, b"bailiwick console " + purpose).derive(key.reveal())

        self._cipher = AESGCM(derive(b"seeds"))
        self.marks = Secret(derive(b"marks"))

    @classmethod
    def at(cls, path: Path) -> "Locker":
        """The locker of the key in this file (mode 0600), which is made where there is none.

        Raises:
            LinkError: if it is not kept as a secret must be.
        """
        try:
            try:
                with new_file(path) as file:
                    file.write(os.urandom(KEY_BYTES))
            except FileExistsError:
                pass
            raw = read_private(path, KEY_BYTES)
        except (UnfitFile, OSError) as error:
            raise LinkError(Code.UNAVAILABLE, f"{path.name}: {error}") from None
        if len(raw) != KEY_BYTES:
            raise LinkError(Code.UNAVAILABLE, f"{path.name}: it is not a key; put back the copy, or move it away")
        return cls(Secret(raw))

    def seal(self, person: str, seed: Secret) -> bytes:
        """The seed of a person's codes, sealed for them alone."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, seed.reveal(), person.encode())

    def open(self, person: str, sealed: bytes) -> Secret | None:
        """The seed; None where it was sealed for somebody else or under another key."""
        try:
            opened = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], person.encode())
        except (InvalidTag, ValueError):
            return None
        return Secret(opened)
