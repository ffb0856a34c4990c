"""The envelope around a sealed secret: bytes in, parts out, and the data that both of its halves authenticate.

::

    version   1 byte    1
    wrap      1 byte    1 = under the vault key, 2 = to the vault key's public half (made by a sealer)
    key id    8 bytes   the vault key
    ephemeral 32 bytes  the sealer's X25519 public key; only with wrap 2
    nonce     12 bytes  of the wrapped data key
    wrapped   48 bytes  the data key under AES-256-GCM
    nonce     12 bytes  of the payload
    payload   n + 16    the secret under AES-256-GCM with the data key

Both halves authenticate the record's id and purpose, so that an envelope moved to another record, or half of one
put together with half of another, does not open. The payload does not authenticate the vault key: re-wrapping
replaces the head and leaves the payload alone.
"""

from enum import IntEnum
from typing import NamedTuple

from bailiwick.model.credential import Purpose
from bailiwick.vault.errors import UnsealError
from bailiwick.vault.vaultkey import KEY_ID_BYTES

VERSION = 1
NONCE_BYTES = 12
EPHEMERAL_BYTES = 32
WRAPPED_BYTES = 48
TAG_BYTES = 16
HEAD_BYTES = 2 + KEY_ID_BYTES


class Wrap(IntEnum):
    """How the data key is wrapped."""

    VAULT_KEY = 1
    INTAKE = 2


class Envelope(NamedTuple):
    """The parts of an envelope; nothing has been authenticated yet."""

    wrap: Wrap
    key_id: bytes
    ephemeral: bytes
    wrap_nonce: bytes
    wrapped: bytes
    nonce: bytes
    payload: bytes


def write(envelope: Envelope) -> bytes:
    """The bytes of an envelope."""
    head = bytes((VERSION, envelope.wrap)) + envelope.key_id + envelope.ephemeral
    return head + envelope.wrap_nonce + envelope.wrapped + envelope.nonce + envelope.payload


def read(data: bytes) -> Envelope:
    """The parts of an envelope.

    Raises:
        UnsealError: if the bytes are none, or of a version this program does not know.
    """
    if len(data) < HEAD_BYTES:
        raise UnsealError(f"envelope: {len(data)} bytes are too few; the stored row is damaged")
    if data[0] != VERSION:
        raise UnsealError(f"envelope: version {data[0]} is not known here; it was sealed by a newer program")
    try:
        wrap = Wrap(data[1])
    except ValueError:
        raise UnsealError(f"envelope: wrap {data[1]} is not known here; the stored row is damaged") from None
    at = HEAD_BYTES + (EPHEMERAL_BYTES if wrap is Wrap.INTAKE else 0)
    wrapped_at = at + NONCE_BYTES
    nonce_at = wrapped_at + WRAPPED_BYTES
    payload_at = nonce_at + NONCE_BYTES
    if len(data) < payload_at + TAG_BYTES:
        raise UnsealError(f"envelope: {len(data)} bytes are too few; the stored row is damaged")
    return Envelope(
        wrap=wrap,
        key_id=data[2:HEAD_BYTES],
        ephemeral=data[HEAD_BYTES:at],
        wrap_nonce=data[at:wrapped_at],
        wrapped=data[wrapped_at:nonce_at],
        nonce=data[nonce_at:payload_at],
        payload=data[payload_at:],
    )


def payload_context(record: str, purpose: Purpose) -> bytes:
    """What the payload authenticates: the record and its purpose, each with its length so that no two read alike."""
    return b"bailiwick payload" + bytes((VERSION,)) + _counted(record) + _counted(purpose)


def wrap_context(record: str, purpose: Purpose, wrap: Wrap, key_id: bytes) -> bytes:
    """What the wrapped data key authenticates: also how and under which vault key it is wrapped."""
    return b"bailiwick wrap" + bytes((VERSION, wrap)) + key_id + _counted(record) + _counted(purpose)


def _counted(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4) + data
