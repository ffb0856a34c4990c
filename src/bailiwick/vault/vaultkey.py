"""Vault keys: 256-bit keys that wrap data keys, and what is derived from them."""

import hashlib
import os
from typing import Self, final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bailiwick.model.secret import Secret
from bailiwick.vault.errors import CustodyError, UnsealError

KEY_BYTES = 32
KEY_ID_BYTES = 8


def derive(key: bytes, label: str, length: int = KEY_BYTES) -> bytes:
    """One more key from a key, by HKDF-SHA-256 (RFC 5869) under a label of its own."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"bailiwick " + label.encode()).derive(key)


@final
class VaultKey:
    """One vault key. Its id follows from the key, so that nobody has to keep a list of ids.

    The bytes themselves wrap nothing: wrapping, the sealer's key pair and the id each have a derived key.
    """

    __slots__ = ("_material", "id", "intake", "intake_token", "wrapping")

    def __init__(self, material: Secret) -> None:
        raw = material.reveal()
        if len(raw) != KEY_BYTES:
            raise CustodyError(f"vault key: it has {KEY_BYTES} bytes, not {len(raw)}")
        self._material = material
        self.id = derive(raw, "vault key id", KEY_ID_BYTES)
        self.wrapping = AESGCM(derive(raw, "wrapping"))
        self.intake = X25519PrivateKey.from_private_bytes(derive(raw, "intake"))
        self.intake_token = Secret(derive(raw, "intake token"))

    @classmethod
    def generate(cls) -> Self:
        """A new key from the operating system's generator."""
        return cls(Secret(os.urandom(KEY_BYTES)))

    @property
    def material(self) -> Secret:
        """The 32 bytes, for the keyring that keeps them wrapped."""
        return self._material

    def __repr__(self) -> str:
        return f"VaultKey({self.id.hex()})"


@final
class Keyring:
    """The vault keys in use: the current one, which seals, and older ones, which are only read until re-wrapped."""

    __slots__ = ("_by_id", "current", "older")

    def __init__(self, current: VaultKey, older: tuple[VaultKey, ...] = ()) -> None:
        self.current = current
        self.older = older
        self._by_id = {key.id: key for key in (current, *older)}

    def find(self, key_id: bytes) -> VaultKey:
        """The key of this id.

        Raises:
            UnsealError: if it is not in the ring.
        """
        key = self._by_id.get(key_id)
        if key is None:
            raise UnsealError(f"vault key {key_id.hex()} is not in the keyring; restore the keyring that sealed this")
        return key

    def digest(self) -> str:
        """Names the ring in logs, without giving anything of it away."""
        return hashlib.sha256(b"".join(self._by_id)).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Keyring({self.current!r}, older={len(self.older)})"
