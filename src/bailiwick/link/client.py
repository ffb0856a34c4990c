"""The side that asks and waits: for the command line."""

import socket
from pathlib import Path
from typing import TypeVar

from bailiwick.link.wire import (
    ANSWER_S,
    LENGTH,
    Code,
    LinkError,
    Question,
    admit,
    answer_type,
    frame,
    frame_length,
    peer_of,
    read_answer,
)

A = TypeVar("A")


def absent(path: Path) -> LinkError:
    """The failure where nobody listens; nothing was done."""
    return LinkError(Code.UNAVAILABLE, f"nobody answers at {path}; start it with `bailiwick up`")


def lost(sentence: str) -> LinkError:
    """The failure where the answer went missing."""
    return LinkError(Code.UNCERTAIN, f"{sentence}; look whether it was done before you repeat it")


class Client:
    """Asks, and waits: for the command line. One connection for each question."""

    def __init__(self, path: Path, *, timeout_s: float = ANSWER_S) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def ask(self, question: Question[A], *, timeout_s: float | None = None) -> A:
        """The answer.

        Raises:
            LinkError: as the other side says, or if nobody answers.
        """
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(self._timeout_s if timeout_s is None else timeout_s)
            try:
                connection.connect(str(self._path))
            except OSError:
                raise absent(self._path) from None
            admit(peer_of(connection), serving=False)
            try:
                connection.sendall(frame(question))
                body = _receive(connection, frame_length(_receive(connection, LENGTH.size)))
            except TimeoutError:
                raise lost("no answer came in time") from None
            except ConnectionError:
                raise lost("the connection broke") from None
        return read_answer(answer_type(type(question)), body)


def _receive(connection: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        chunk = connection.recv(min(length - len(received), 1 << 16))
        if not chunk:
            raise ConnectionResetError
        received += chunk
    return bytes(received)
