"""Signatures as Binance defines them: HMAC-SHA256 in hex, Ed25519 and RSA (PKCS #1 v1.5 over SHA-256) in base64.

All three cover the raw bytes of the parameters. HMAC hex is case-insensitive, base64 is not; base64 has characters
that must be percent-encoded. Some clients encode them twice in a body and some not at all; as no two spellings
stand for different signatures, and a replay is known by its payload, each is read.
"""

import binascii
import hashlib
import hmac
from urllib.parse import quote_from_bytes, unquote_to_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from bailiwick.model.secret import Secret
from bailiwick.venues.dialect import Signer, Verifier

BLOCK_BYTES = 64
HEX_LENGTH = 64
ED25519_BYTES = 64
LEAST_RSA_BITS = 2048
LONGEST_SIGNATURE = 4096
_PEM = b"-----BEGIN"
_VISIBLE = bytes(range(0x21, 0x7F))
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))

_unhexlify = binascii.unhexlify
_same = hmac.compare_digest


class _Mac:
    """HMAC-SHA256 with both pads hashed beforehand: half the time of ``hmac.digest`` on messages of this length."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: Secret) -> None:
        key = secret.reveal()
        if not key:
            raise ValueError("hmac: the secret is empty; copy it again")
        block = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))


class HmacVerifier(_Mac):
    """Checks HMAC signatures in hex of either case."""

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is the hex of this key's HMAC over ``payload``."""
        if len(signature) != HEX_LENGTH:
            return False
        try:
            claimed = _unhexlify(signature)
        except ValueError:
            return False
        inner = self._inner.copy()
        inner.update(payload)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return _same(outer.digest(), claimed)


class HmacSigner(_Mac):
    """Signs with an upstream HMAC secret."""

    __slots__ = ("key",)

    def __init__(self, key: bytes, secret: Secret) -> None:
        super().__init__(secret)
        self.key = _header_value(key)

    def sign(self, payload: bytes) -> bytes:
        """The signature in lower-case hex."""
        inner = self._inner.copy()
        inner.update(payload)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return binascii.hexlify(outer.digest())


class Ed25519Verifier:
    """Checks Ed25519 signatures with the public half of an issued key."""

    __slots__ = ("_public",)

    def __init__(self, public: Ed25519PublicKey) -> None:
        self._public = public

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether ``signature``, base64 in any spelling clients use, is this key's over ``payload``."""
        raw = read_base64(signature)
        if raw is None or len(raw) != ED25519_BYTES:
            return False
        try:
            self._public.verify(raw, payload)
        except InvalidSignature:
            return False
        return True


class Ed25519Signer:
    """Signs with an upstream Ed25519 key."""

    __slots__ = ("_private", "key")

    def __init__(self, key: bytes, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.key = _header_value(key)

    def sign(self, payload: bytes) -> bytes:
        """The signature in base64, percent-encoded."""
        return write_base64(self._private.sign(payload))


class RsaVerifier:
    """Checks RSA signatures with the public half of an issued key of at least 2048 bits."""

    __slots__ = ("_public",)

    def __init__(self, public: RSAPublicKey) -> None:
        _check_size(public.key_size)
        self._public = public

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether ``signature``, base64 in any spelling clients use, is this key's over ``payload``."""
        raw = read_base64(signature)
        if raw is None:
            return False
        try:
            self._public.verify(raw, payload, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


class RsaSigner:
    """Signs with an upstream RSA key of at least 2048 bits."""

    __slots__ = ("_private", "key")

    def __init__(self, key: bytes, private: RSAPrivateKey) -> None:
        _check_size(private.key_size)
        self._private = private
        self.key = _header_value(key)

    def sign(self, payload: bytes) -> bytes:
        """The signature in base64, percent-encoded."""
        return write_base64(self._private.sign(payload, PKCS1v15(), SHA256()))


def verifier_of(text: bytes) -> Verifier:
    """The verifier of an issued key by its public half (SubjectPublicKeyInfo in PEM or DER).

    Raises:
        ValueError: if it is no Ed25519 key and no RSA key of at least 2048 bits.
    """
    public = load_pem_public_key(text) if text.lstrip().startswith(_PEM) else load_der_public_key(text)
    if isinstance(public, Ed25519PublicKey):
        return Ed25519Verifier(public)
    if isinstance(public, RSAPublicKey):
        return RsaVerifier(public)
    raise ValueError("public key: Binance takes Ed25519 and RSA keys; make one of these")


def signer_of(key: bytes, private: Ed25519PrivateKey | RSAPrivateKey) -> Signer:
    """The signer of an upstream credential that is a private key registered at the venue under ``key``.

    Raises:
        ValueError: for an RSA key of fewer than 2048 bits.
    """
    return Ed25519Signer(key, private) if isinstance(private, Ed25519PrivateKey) else RsaSigner(key, private)


def read_base64(signature: bytes) -> bytes | None:
    """The bytes of a base64 signature: plain, percent-encoded once, or twice as one client sends it in a body."""
    if len(signature) > LONGEST_SIGNATURE:
        return None
    for _ in range(2):
        if b"%" in signature:
            signature = unquote_to_bytes(signature)
    try:
        return binascii.a2b_base64(signature, strict_mode=True)
    except ValueError:
        return None


def write_base64(raw: bytes) -> bytes:
    """A base64 signature as it stands on the wire: percent-encoded once."""
    return quote_from_bytes(binascii.b2a_base64(raw, newline=False), safe="").encode()


def _check_size(bits: int) -> None:
    if bits < LEAST_RSA_BITS:
        raise ValueError(f"rsa: {bits} bits are too few; use at least {LEAST_RSA_BITS}")


def _header_value(key: bytes) -> bytes:
    """The API key, if it can stand in a header and cannot end one."""
    if not key or key.translate(None, _VISIBLE):
        raise ValueError("api key: empty, or with a character that is not printable ASCII; copy it again")
    return key
