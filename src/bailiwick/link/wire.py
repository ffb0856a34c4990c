"""How questions and answers stand on the wire.

A frame is four bytes of length, most significant first, and so much MessagePack. A question names its verb; an answer
is the value or a failure with a code and a sentence. Failures are values: a handler that raises anything else than
``LinkError`` is answered with ``fault``, and its own words stay in the log.

The socket is 0600 in a directory that is 0700, and both sides ask the kernel who is at the other end: the mode keeps
others out, and the uid shows it if the mode was ever wrong. What is on the wire may be a secret on its way to be
sealed, so nothing here logs or repeats a frame.
"""

import os
import socket
import struct
import sys
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast, get_args

import msgspec

from bailiwick.model.secret import Secret

FRAME_BYTES = 8 << 20
ANSWER_S = 30.0  # how long a client waits by default
LENGTH = struct.Struct(">I")
_PEER = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid


class Code(StrEnum):
    """What kind of failure it is, for a program to act on."""

    REFUSED = "refused"  # the question is understood and not allowed as it is: the sentence says what to change
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"  # what is there already stands against it
    UNAVAILABLE = "unavailable"  # a part that is needed does not answer; nothing was done
    UNCERTAIN = "uncertain"  # the answer was lost: it may have been done, look before you repeat it
    MALFORMED = "malformed"  # not a question of this protocol
    STRANGER = "stranger"  # the other side is another user
    FAULT = "fault"


class LinkError(Exception):
    """A failure at either end of the socket: its code, and a sentence for people."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Peer(msgspec.Struct, frozen=True):
    """Who is at the other end, as the kernel says."""

    pid: int
    uid: int


A = TypeVar("A")


class Question(msgspec.Struct, Generic[A], frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="verb"):
    """A question, whose class names the kind of its answer."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. Fields are only ever added, with a default."""


Verbs = tuple[type[Question[Any]], ...]


class Done(msgspec.Struct, Generic[A], array_like=True, frozen=True, tag=0):
    """An answer on the wire."""

    answer: A


class Failed(msgspec.Struct, array_like=True, frozen=True, tag=1):
    """A failure on the wire."""

    code: Code
    sentence: str


def _encode_secret(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} is not of this protocol")


def decode_secret(kind: type, value: object) -> object:
    """Bytes where a secret is asked for; nothing else becomes one."""
    if kind is Secret and isinstance(value, bytes):
        return Secret(value)
    raise ValueError("a secret is bytes")


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encode_secret)


def answer_type(question: type[Question[A]]) -> type[A]:
    """The kind of answer that a kind of question has."""
    (base,) = (base for base in question.__orig_bases__ if get_args(base))  # type: ignore[attr-defined]  # PEP 560
    return cast("type[A]", get_args(base)[0])


def frame(value: object) -> bytes:
    """The value as a frame.

    Raises:
        LinkError: if it is too long.
    """
    body = _ENCODER.encode(value)
    if len(body) > FRAME_BYTES:
        raise LinkError(Code.REFUSED, f"the answer is longer than {FRAME_BYTES} bytes; ask for less at once")
    return LENGTH.pack(len(body)) + body


def frame_length(head: bytes) -> int:
    """How many bytes follow the head of a frame.

    Raises:
        LinkError: if they are more than are read.
    """
    length = int(LENGTH.unpack(head)[0])
    if length > FRAME_BYTES:
        raise LinkError(Code.MALFORMED, f"a frame of {length} bytes; at most {FRAME_BYTES} are read")
    return length


def read_answer(kind: type[A], body: bytes) -> A:
    """The answer of this kind in a frame's body.

    Raises:
        LinkError: if it is a failure, or of another version.
    """
    try:
        found = msgspec.msgpack.decode(body, type=Done[kind] | Failed, dec_hook=decode_secret)  # type: ignore[valid-type]  # made at run time
    except msgspec.MsgspecError:
        raise LinkError(
            Code.MALFORMED, "the answer is not of this version; restart `bailiwick up` after an upgrade"
        ) from None
    if isinstance(found, Failed):
        raise LinkError(found.code, found.sentence)
    return cast("A", found.answer)


def peer_of(connection: socket.socket) -> Peer:
    """Who is at the other end of a connected Unix socket.

    Raises:
        LinkError: where the system cannot say.
    """
    if sys.platform != "linux":
        raise LinkError(Code.STRANGER, "only Linux is asked who is at the other end of a socket; run it there")
    pid, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return Peer(pid, uid)


def admit(peer: Peer, *, serving: bool) -> None:
    """Let nobody be at the other end but this user and root; root itself may ask anybody.

    Raises:
        LinkError: if it is somebody else.
    """
    if not serving and os.geteuid() == 0:
        return
    if peer.uid not in {os.geteuid(), 0}:
        raise LinkError(Code.STRANGER, f"the other side is uid {peer.uid}, not {os.geteuid()}; run it as the same user")
