"""API keys of the sandbox and the check of what they sign.

The payload is the raw query string followed by the raw body, byte for byte, with nothing between the two and without
the ``signature`` parameter (Binance, ``rest-api.md``, "SIGNED endpoint security").
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from bailiwick.model.secret import Secret

READ: Final = "enableReading"
TRADE: Final = "enableSpotAndMarginTrading"
MARGIN: Final = "enableMargin"
FUTURES: Final = "enableFutures"
WITHDRAW: Final = "enableWithdrawals"
TRANSFER: Final = "permitsUniversalTransfer"
INTERNAL: Final = "enableInternalTransfer"
PERMISSIONS: Final = (READ, TRADE, MARGIN, FUTURES, WITHDRAW, TRANSFER, INTERNAL)
EVERYTHING: Final = frozenset(PERMISSIONS)
# The permissions that ``account/apiRestrictions`` names besides; nothing in the sandbox asks for them.
EVERY_PERMISSION: Final = (
    *PERMISSIONS,
    "enableVanillaOptions",
    "enableFixApiTrade",
    "enableFixReadOnly",
    "enablePortfolioMarginTrading",
)

PublicKey = Ed25519PublicKey | RSAPublicKey


@dataclass(slots=True)
class ApiKey:
    """A key of an account; either ``secret`` (HMAC) or ``public_key`` (Ed25519, RSA) is set."""

    api_key: str
    account: str
    permissions: frozenset[str]
    created: int
    secret: Secret | None = None
    public_key: PublicKey | None = None
    addresses: frozenset[str] = frozenset()
    name: str = ""
    status: int = 1
    third_party: str = ""
    updated: int = field(default=0)

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether the signature, as it stood in the request, is this key's over the payload."""
        if self.secret is not None:
            right = hmac.digest(self.secret.reveal(), payload, "sha256").hex().encode()
            return hmac.compare_digest(right, signature.lower())
        try:
            raw = base64.b64decode(unquote_to_bytes(signature), validate=True)
            if isinstance(self.public_key, Ed25519PublicKey):
                self.public_key.verify(raw, payload)
            elif isinstance(self.public_key, RSAPublicKey):
                self.public_key.verify(raw, payload, PKCS1v15(), hashes.SHA256())
            else:
                return False
        except (InvalidSignature, binascii.Error):
            return False
        return True


def load_public_key(text: str) -> PublicKey:
    """Read a public key: PEM, or the base64 of its DER form.

    Raises:
        ValueError: if it is neither, or neither Ed25519 nor RSA of 2048 to 4096 bits.
    """
    raw = text.strip().encode()
    if raw.startswith(b"-----BEGIN"):
        key = load_pem_public_key(raw)
    else:
        key = load_der_public_key(base64.b64decode(raw, validate=True))
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, RSAPublicKey) and 2048 <= key.key_size <= 4096:
        return key
    raise ValueError("not an Ed25519 public key or an RSA one of 2048 to 4096 bits")


def split_signature(query: bytes, body: bytes) -> tuple[bytes, bytes | None]:
    """What was signed, and the signature as it stood in query or body; None if there is none, or more than one."""
    rest_query, in_query = _without_signature(query)
    rest_body, in_body = _without_signature(body)
    found = [*in_query, *in_body]
    return rest_query + rest_body, found[0] if len(found) == 1 else None


def _without_signature(text: bytes) -> tuple[bytes, list[bytes]]:
    if b"signature=" not in text:
        return text, []
    head, mark, tail = text.rpartition(b"&signature=")
    if mark and b"&" not in tail and b"signature=" not in head:  # the usual place, found without splitting
        return head, [tail]
    parts = text.split(b"&")
    kept = [part for part in parts if not part.startswith(b"signature=")]
    return b"&".join(kept), [part[10:] for part in parts if part.startswith(b"signature=")]


class KeyRing:
    """All keys, by their public half. New ones are derived from the seed, so that a rehearsal can be repeated."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0
        self.keys: dict[str, ApiKey] = {}

    def issue(
        self,
        account: str,
        permissions: frozenset[str],
        now: int,
        *,
        public_key: str | None = None,
        addresses: frozenset[str] = frozenset(),
        name: str = "",
    ) -> tuple[ApiKey, str | None]:
        """Make a key; the secret of an HMAC key comes with it, once.

        Raises:
            ValueError: if the public key cannot be read.
        """
        self._count += 1
        api_key = self._derive("key")
        secret = None if public_key is not None else self._derive("secret")
        made = ApiKey(api_key, account, permissions, now, addresses=addresses, name=name, updated=now)
        if secret is not None:
            made.secret = Secret(secret.encode())
        elif public_key is not None:
            made.public_key = load_public_key(public_key)
        self.keys[api_key] = made
        return made, secret

    def register(self, api_key: str, secret: str, account: str, permissions: frozenset[str], now: int) -> ApiKey:
        """Take in an HMAC key that was chosen elsewhere, a published test vector for one."""
        made = ApiKey(api_key, account, permissions, now, secret=Secret(secret.encode()), updated=now)
        self.keys[api_key] = made
        return made

    def delete(self, api_key: str) -> None:
        """The key is gone at once."""
        self.keys.pop(api_key, None)

    def _derive(self, what: str) -> str:
        digest = hashlib.blake2b(f"sandbox/{what}/{self._seed}/{self._count}".encode()).digest()
        return base64.b64encode(digest, altchars=b"xy").decode().rstrip("=")[:64]
