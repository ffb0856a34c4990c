"""Issued credentials: how a key id and a secret are spelled, and what a sealed one is.

A key id is public: ``bwk_`` + two characters of the account's bucket + 22 random characters + checksum. A secret is
``bws_`` + 43 random characters + checksum, and the whole text is the HMAC key. Both consist of letters, digits and
underscore alone, so that they are legal header values and one double-click; the prefix and the checksum let a scanner
recognise a leaked one without asking anybody.
"""

import hashlib
import re
import zlib
from enum import StrEnum

import msgspec

from bailiwick.model.secret import Secret

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BUCKETS = 62 * 62

KEY_ID_PREFIX = "bwk_"
KEY_ID_RANDOM_BYTES = 16
KEY_ID_RANDOM_CHARS = 22  # 62^22 > 2^128
SECRET_PREFIX = "bws_"  # noqa: S105  (what a secret begins with, not one)
TOKEN_PREFIX = "bwt_"  # noqa: S105  (what a token of the control API begins with)
SECRET_RANDOM_BYTES = 32
SECRET_RANDOM_CHARS = 43  # 62^43 > 2^256
CHECKSUM_CHARS = 6  # 62^6 > 2^32

KEY_ID_LENGTH = len(KEY_ID_PREFIX) + 2 + KEY_ID_RANDOM_CHARS + CHECKSUM_CHARS
SECRET_LENGTH = len(SECRET_PREFIX) + SECRET_RANDOM_CHARS + CHECKSUM_CHARS

_PAIRS = [first + second for first in BASE62 for second in BASE62]
_BASE62_ONLY = re.compile(r"[0-9A-Za-z]*")


class KeyId(msgspec.Struct, frozen=True):
    """A key id that has been checked: its text and the bucket that it names."""

    text: str
    bucket: str


class Purpose(StrEnum):
    """What a sealed record is for. It is authenticated: a record sealed for one purpose opens for no other."""

    ISSUED_HMAC = "issued.hmac"  # the secret of a key that was issued here
    UPSTREAM_HMAC = "upstream.hmac"  # the secret half of a venue's own HMAC key
    UPSTREAM_ED25519 = "upstream.ed25519"  # PKCS#8 DER
    UPSTREAM_RSA = "upstream.rsa"  # PKCS#8 DER
    BACKUP = "backup"  # the data key of a backup


class Sealed(msgspec.Struct, frozen=True):
    """A secret at rest: the record that it belongs to, its purpose, and the vault's envelope around it."""

    record: str
    purpose: Purpose
    envelope: bytes


def bucket_of(account_id: str) -> str:
    """The two characters that every key of this account carries, by which a load balancer may route."""
    number = int.from_bytes(hashlib.sha256(account_id.encode()).digest()[:8]) % BUCKETS
    return _base62(number, 2)


def make_key_id(account_id: str, random: bytes) -> str:
    """Spell the id of a new key.

    Args:
        account_id: the account that the key acts for.
        random: 16 bytes from the operating system's generator.

    Raises:
        ValueError: if ``random`` has another length.
    """
    if len(random) != KEY_ID_RANDOM_BYTES:
        raise ValueError(f"a key id takes {KEY_ID_RANDOM_BYTES} random bytes, not {len(random)}")
    body = KEY_ID_PREFIX + bucket_of(account_id) + _base62(int.from_bytes(random), KEY_ID_RANDOM_CHARS)
    return body + _checksum(body)


def make_secret(random: bytes) -> Secret:
    """Spell a new HMAC secret of 256 bits.

    Args:
        random: 32 bytes from the operating system's generator.

    Raises:
        ValueError: if ``random`` has another length.
    """
    return _made(SECRET_PREFIX, random)


def make_token(random: bytes) -> Secret:
    """Spell a new token of the control API, as a secret is spelled but for its prefix.

    Args:
        random: 32 bytes from the operating system's generator.

    Raises:
        ValueError: if ``random`` has another length.
    """
    return _made(TOKEN_PREFIX, random)


def _made(prefix: str, random: bytes) -> Secret:
    if len(random) != SECRET_RANDOM_BYTES:
        raise ValueError(f"a secret takes {SECRET_RANDOM_BYTES} random bytes, not {len(random)}")
    body = prefix + _base62(int.from_bytes(random), SECRET_RANDOM_CHARS)
    return Secret((body + _checksum(body)).encode())


def parse_key_id(text: str) -> KeyId:
    """Read a key id.

    Raises:
        ValueError: naming what is wrong: prefix, length, alphabet or checksum.
    """
    _check("key id", text, KEY_ID_PREFIX, KEY_ID_LENGTH)
    return KeyId(text, text[len(KEY_ID_PREFIX) : len(KEY_ID_PREFIX) + 2])


def parse_secret(text: str) -> Secret:
    """Read an issued HMAC secret.

    Raises:
        ValueError: naming what is wrong, and never the text.
    """
    _check("secret", text, SECRET_PREFIX, SECRET_LENGTH)
    return Secret(text.encode())


def parse_token(text: str) -> Secret:
    """Read a token of the control API.

    Raises:
        ValueError: naming what is wrong, and never the text.
    """
    _check("token", text, TOKEN_PREFIX, SECRET_LENGTH)
    return Secret(text.encode())


def _check(noun: str, text: str, prefix: str, length: int) -> None:
    if not text.startswith(prefix):
        raise ValueError(f"{noun}: prefix: it begins with {prefix}")
    if len(text) != length:
        raise ValueError(f"{noun}: length: it has {length} characters, not {len(text)}")
    if _BASE62_ONLY.fullmatch(text, len(prefix)) is None:
        raise ValueError(f"{noun}: alphabet: only letters and digits follow {prefix}")
    if _checksum(text[:-CHECKSUM_CHARS]) != text[-CHECKSUM_CHARS:]:
        raise ValueError(f"{noun}: checksum: a character was lost, changed or swapped; copy it again")


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_CHARS)


def _base62(number: int, width: int) -> str:
    text = ""
    while number:
        number, pair = divmod(number, BUCKETS)
        text = _PAIRS[pair] + text
    return text.rjust(width, "0")[-width:]  # an odd width leaves the zero of half a pair in front
