"""A sealed file: a stream of any length under one data key, in pieces that can be neither dropped nor reordered.

Each piece of 1 MiB is sealed by AES-256-GCM with a nonce that counts and says which piece is the last, as in the
STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015). The head is authenticated with every piece.
"""

import hashlib
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE_BYTES = 1 << 20
TAG_BYTES = 16
LAST_BYTE = 11


def seal_stream(plain: BinaryIO, sealed: BinaryIO, data_key: bytes, head: bytes) -> None:
    """Write ``plain`` sealed. ``data_key`` must be used for this one stream alone: its nonces count from zero."""
    cipher, context = AESGCM(data_key), hashlib.sha256(head).digest()
    number, piece = 0, plain.read(PIECE_BYTES)
    while True:
        following = plain.read(PIECE_BYTES)
        sealed.write(cipher.encrypt(_nonce(number, last=not following), piece, context))
        if not following:
            return
        number, piece = number + 1, following


def open_stream(sealed: BinaryIO, plain: BinaryIO, data_key: bytes, head: bytes) -> None:
    """Write what was sealed; nothing that is written may be believed until this returns.

    Raises:
        ValueError: if the stream was altered, cut short or grown, or is of another key or head.
    """
    cipher, context = AESGCM(data_key), hashlib.sha256(head).digest()
    number, piece = 0, sealed.read(PIECE_BYTES + TAG_BYTES)
    while True:
        following = sealed.read(PIECE_BYTES + TAG_BYTES)
        try:
            plain.write(cipher.decrypt(_nonce(number, last=not following), piece, context))
        except InvalidTag:
            raise ValueError(f"piece {number} does not open") from None
        if not following:
            return
        number, piece = number + 1, following


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(LAST_BYTE) + bytes((last,))
