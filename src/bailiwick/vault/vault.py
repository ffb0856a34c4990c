"""The vault: seals, unseals on first use, and keeps what is in use in a bounded cache."""

import os
import threading
from collections import OrderedDict
from typing import Generic, TypeVar, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.secret import Secret
from bailiwick.vault import envelope
from bailiwick.vault.envelope import Envelope, Wrap
from bailiwick.vault.errors import UnsealError
from bailiwick.vault.privatekey import PrivateKey, parse_private_key
from bailiwick.vault.sealer import Sealer, intake_key, sealer_for
from bailiwick.vault.vaultkey import KEY_BYTES, Keyring

_Value = TypeVar("_Value")

HMAC_PURPOSES = frozenset({Purpose.ISSUED_HMAC, Purpose.UPSTREAM_HMAC})
CACHE_RECORDS = 4096


@final
class Vault:
    """Holds the keyring of one process. Safe to use from several threads.

    A hit in the cache needs record, purpose and envelope to be the same: it proves what unsealing would have proved, so
    an envelope moved to another record is refused whether or not its secret is in memory.
    """

    def __init__(self, keyring: Keyring, *, cache_records: int = CACHE_RECORDS) -> None:
        self._keyring = keyring
        self._secrets: _Cache[Secret] = _Cache(cache_records)
        self._private_keys: _Cache[PrivateKey] = _Cache(cache_records)

    @property
    def keyring(self) -> Keyring:
        """The keys in use."""
        return self._keyring

    def adopt(self, keyring: Keyring) -> None:
        """Use another keyring from now on, as a rotation begins or ends; what is cached stays valid."""
        self._keyring = keyring

    def sealer(self) -> Sealer:
        """What the control process is given: it seals to the current vault key and cannot unseal."""
        return sealer_for(self._keyring.current)

    def seal(self, record: str, purpose: Purpose, plaintext: Secret) -> Sealed:
        """Seal a secret for one record and one purpose, under a data key of its own."""
        data_key = os.urandom(KEY_BYTES)
        nonce = os.urandom(envelope.NONCE_BYTES)
        payload = AESGCM(data_key).encrypt(nonce, plaintext.reveal(), envelope.payload_context(record, purpose))
        return Sealed(record, purpose, self._wrap(record, purpose, data_key, nonce, payload))

    def unseal(self, sealed: Sealed) -> Secret:
        """The plaintext, past the cache.

        Raises:
            UnsealError: if the envelope was altered, belongs to another record or purpose, or needs an absent key.
        """
        parts = envelope.read(sealed.envelope)
        data_key = self._data_key(sealed, parts)
        context = envelope.payload_context(sealed.record, sealed.purpose)
        try:
            return Secret(AESGCM(data_key).decrypt(parts.nonce, parts.payload, context))
        except InvalidTag:
            raise _refusal(sealed) from None

    def hmac_secret(self, sealed: Sealed) -> Secret:
        """The HMAC secret of an issued key or an upstream credential; kept in the cache.

        Raises:
            UnsealError: as ``unseal``, or if the record is sealed for something else than HMAC.
        """
        if sealed.purpose not in HMAC_PURPOSES:
            raise UnsealError(f"record {sealed.record}: sealed for {sealed.purpose}, not for HMAC")
        secret = self._secrets.find(sealed)
        if secret is None:
            secret = self.unseal(sealed)
            self._secrets.keep(sealed, secret)
        return secret

    def private_key(self, sealed: Sealed) -> PrivateKey:
        """The parsed Ed25519 or RSA private key of an upstream credential; kept in the cache.

        Raises:
            UnsealError: as ``unseal``, or if the record holds another kind of key than its purpose names.
        """
        key = self._private_keys.find(sealed)
        if key is None:
            key = parse_private_key(sealed.purpose, self.unseal(sealed))
            self._private_keys.keep(sealed, key)
        return key

    def forget(self, record: str) -> None:
        """Drop what is cached of a record (``Sealed.record``), as it is revoked or gets another secret."""
        self._secrets.drop(record)
        self._private_keys.drop(record)

    def rewrap(self, sealed: Sealed) -> Sealed:
        """The same secret with its data key under the current vault key; the payload is neither opened nor changed.

        Raises:
            UnsealError: as ``unseal``, except that the payload is not looked at.
        """
        parts = envelope.read(sealed.envelope)
        data_key = self._data_key(sealed, parts)
        rewrapped = self._wrap(sealed.record, sealed.purpose, data_key, parts.nonce, parts.payload)
        return Sealed(sealed.record, sealed.purpose, rewrapped)

    def __repr__(self) -> str:
        return f"Vault({self._keyring!r})"

    def _wrap(self, record: str, purpose: Purpose, data_key: bytes, nonce: bytes, payload: bytes) -> bytes:
        key = self._keyring.current
        wrap_nonce = os.urandom(envelope.NONCE_BYTES)
        context = envelope.wrap_context(record, purpose, Wrap.VAULT_KEY, key.id)
        wrapped = key.wrapping.encrypt(wrap_nonce, data_key, context)
        return envelope.write(Envelope(Wrap.VAULT_KEY, key.id, b"", wrap_nonce, wrapped, nonce, payload))

    def _data_key(self, sealed: Sealed, parts: Envelope) -> bytes:
        key = self._keyring.find(parts.key_id)
        wrapping = key.wrapping
        try:
            if parts.wrap is Wrap.INTAKE:
                shared = key.intake.exchange(X25519PublicKey.from_public_bytes(parts.ephemeral))
                public = key.intake.public_key().public_bytes_raw()
                wrapping = intake_key(shared, key.intake_token, parts.ephemeral, public)
            context = envelope.wrap_context(sealed.record, sealed.purpose, parts.wrap, parts.key_id)
            return wrapping.decrypt(parts.wrap_nonce, parts.wrapped, context)
        except (InvalidTag, ValueError):  # ValueError: an ephemeral key of small order has no shared secret
            raise _refusal(sealed) from None


def _refusal(sealed: Sealed) -> UnsealError:
    return UnsealError(
        f"record {sealed.record}: the envelope does not open for {sealed.purpose}; "
        "it was altered, or belongs to another record or purpose"
    )


@final
class _Cache(Generic[_Value]):
    """What was unsealed last, by record, with the envelope that it came from."""

    __slots__ = ("_kept", "_limit", "_lock")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, tuple[Sealed, _Value]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, sealed: Sealed) -> _Value | None:
        with self._lock:
            kept = self._kept.get(sealed.record)
            if kept is None or kept[0] != sealed:
                return None
            self._kept.move_to_end(sealed.record)
            return kept[1]

    def keep(self, sealed: Sealed, value: _Value) -> None:
        with self._lock:
            self._kept[sealed.record] = (sealed, value)
            self._kept.move_to_end(sealed.record)
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)

    def drop(self, record: str) -> None:
        with self._lock:
            self._kept.pop(record, None)

    def __len__(self) -> int:
        return len(self._kept)
