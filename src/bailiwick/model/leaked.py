"""Secrets and key ids in any text: what a scanner and the intake of leaks look for.

Prefix and checksum (CRC-32) say what is Bailiwick's without asking anybody: a word that only looks like one is left
out. Nothing here keeps or prints what it finds.
"""

import hashlib
import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from bailiwick.model.credential import (
    CHECKSUM_CHARS,
    KEY_ID_PREFIX,
    KEY_ID_RANDOM_CHARS,
    SECRET_PREFIX,
    SECRET_RANDOM_CHARS,
    parse_key_id,
    parse_secret,
)
from bailiwick.model.secret import Secret

MOST_PEM_BYTES = 16 * 1024

SECRET_RULE = rf"{SECRET_PREFIX}[0-9A-Za-z]{{{SECRET_RANDOM_CHARS + CHECKSUM_CHARS}}}"
KEY_ID_RULE = rf"{KEY_ID_PREFIX}[0-9A-Za-z]{{{2 + KEY_ID_RANDOM_CHARS + CHECKSUM_CHARS}}}"
"""Regular expressions without the checksum, for scanners that have nothing else."""

_WORD = re.compile(
    rb"(?<![0-9A-Za-z_])(?:" + SECRET_RULE.encode() + rb"|" + KEY_ID_RULE.encode() + rb")(?![0-9A-Za-z_])"
)
_PEM = re.compile(
    # It goes no further than to the next five dashes: so a text of a thousand beginnings is read once, and not each
    # of them to the limit.
    rb"-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----(?:(?!-----).){1,%d}-----END \1-----" % MOST_PEM_BYTES,
    re.DOTALL,
)


class Sort(StrEnum):
    """What was found. Only the first two prove anything: a key id stands in headers and logs, and can be planted."""

    SECRET = "secret"  # noqa: S105  (the name of a sort)
    PRIVATE_KEY = "private key"
    KEY_ID = "key id"


class Found(msgspec.Struct, frozen=True):
    """Something that was found, and at which byte."""

    sort: Sort
    text: Secret
    at: int


def find(text: bytes, *, private_keys: bool = True) -> Iterator[Found]:
    """Secrets, key ids and, where wanted, private keys in PEM. Words whose checksum is wrong are none of them."""
    for match in _WORD.finditer(text):
        word = match[0].decode("ascii")
        try:
            if word.startswith(SECRET_PREFIX):
                yield Found(Sort.SECRET, parse_secret(word), match.start())
            else:
                parse_key_id(word)
                yield Found(Sort.KEY_ID, Secret(match[0]), match.start())
        except ValueError:
            continue
    if private_keys:
        for match in _PEM.finditer(text):
            yield Found(Sort.PRIVATE_KEY, Secret(match[0]), match.start())


def secret_print(secret: Secret) -> bytes:
    """By which the key of an issued secret is found again.

    A plain digest: the secret is 256 random bits, so that nobody finds it from the digest, with or without a key.
    """
    return hashlib.sha256(b"bailiwick secret\x00" + secret.reveal()).digest()


def public_print(public_key: bytes) -> bytes:
    """The same of a public key (SubjectPublicKeyInfo in DER)."""
    return hashlib.sha256(b"bailiwick public key\x00" + public_key).digest()


def gitleaks_rule() -> str:
    """A rule for gitleaks. It knows no checksum, so it finds a little more than `scan` does."""
    return f"""\
# Bailiwick: add this to .gitleaks.toml, beside
#   [extend]
#   useDefault = true

[[rules]]
id = "bailiwick-secret"
description = "The secret of a key that Bailiwick issued: it signs orders for a trading account"
regex = '''\\b({SECRET_RULE})\\b'''
secretGroup = 1
keywords = ["bws_"]
tags = ["key", "trading"]

[[rules]]
id = "bailiwick-key-id"
description = "The id of a key that Bailiwick issued: no secret, but the secret may stand beside it"
regex = '''\\b({KEY_ID_RULE})\\b'''
secretGroup = 1
keywords = ["bwk_"]
tags = ["id", "trading"]
"""
