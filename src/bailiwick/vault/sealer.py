"""The sealer: seals and cannot unseal, for the process that takes secrets in and has no business with them after.

A sealer holds the public half of a key pair that follows from the vault key, and a token. The data key is wrapped to
the public half by an ephemeral X25519 exchange (as in ECIES), so that the sealer cannot open what it sealed a moment
ago. The token goes into the derivation too: who can merely write to the database cannot make an envelope that opens.
"""

import os
from typing import Protocol, final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.secret import Secret
from bailiwick.vault import envelope
from bailiwick.vault.envelope import Envelope, Wrap
from bailiwick.vault.errors import CustodyError
from bailiwick.vault.vaultkey import KEY_BYTES, KEY_ID_BYTES, VaultKey

SEALER_BYTES = KEY_ID_BYTES + envelope.EPHEMERAL_BYTES + KEY_BYTES


class Seals(Protocol):
    """Whatever can seal: a sealer, a vault, or somebody who asks one."""

    def seal(self, record: str, purpose: Purpose, plaintext: Secret) -> Sealed:
        """Seal a secret for one record and one purpose."""
        ...


@final
class Sealer:
    """Seals to one vault key. ``export`` and ``load`` carry it from the gateway to the control process."""

    __slots__ = ("_key_id", "_public", "_token")

    def __init__(self, key_id: bytes, public: bytes, token: Secret) -> None:
        self._key_id = key_id
        self._public = public
        self._token = token

    @property
    def key_id(self) -> bytes:
        """The vault key that it seals to; a sealer of a retired key must be replaced."""
        return self._key_id

    def seal(self, record: str, purpose: Purpose, plaintext: Secret) -> Sealed:
        """Seal a secret for one record and one purpose."""
        ephemeral = X25519PrivateKey.generate()
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(self._public))
        ephemeral_public = ephemeral.public_key().public_bytes_raw()
        wrapping = intake_key(shared, self._token, ephemeral_public, self._public)
        data_key = os.urandom(KEY_BYTES)
        wrap_nonce, nonce = os.urandom(envelope.NONCE_BYTES), os.urandom(envelope.NONCE_BYTES)
        context = envelope.wrap_context(record, purpose, Wrap.INTAKE, self._key_id)
        payload_context = envelope.payload_context(record, purpose)
        parts = Envelope(
            wrap=Wrap.INTAKE,
            key_id=self._key_id,
            ephemeral=ephemeral_public,
            wrap_nonce=wrap_nonce,
            wrapped=wrapping.encrypt(wrap_nonce, data_key, context),
            nonce=nonce,
            payload=AESGCM(data_key).encrypt(nonce, plaintext.reveal(), payload_context),
        )
        return Sealed(record, purpose, envelope.write(parts))

    def export(self) -> Secret:
        """The sealer as bytes, for the control process alone: who has them can seal, and not unseal."""
        return Secret(self._key_id + self._public + self._token.reveal())

    @classmethod
    def load(cls, exported: Secret) -> "Sealer":
        """The sealer of exported bytes.

        Raises:
            CustodyError: if they have the wrong length.
        """
        raw = exported.reveal()
        if len(raw) != SEALER_BYTES:
            raise CustodyError(f"sealer: it has {SEALER_BYTES} bytes, not {len(raw)}; ask the gateway for a new one")
        at = KEY_ID_BYTES + envelope.EPHEMERAL_BYTES
        return cls(raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:at], Secret(raw[at:]))

    def __repr__(self) -> str:
        return f"Sealer({self._key_id.hex()})"


def sealer_for(key: VaultKey) -> Sealer:
    """The sealer of a vault key."""
    return Sealer(key.id, key.intake.public_key().public_bytes_raw(), key.intake_token)


def intake_key(shared: bytes, token: Secret, ephemeral: bytes, public: bytes) -> AESGCM:
    """The key that wraps a data key on its way from a sealer to the vault."""
    info = b"bailiwick intake wrap" + ephemeral + public
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=token.reveal(), info=info).derive(shared))
