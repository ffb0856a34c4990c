"""HTTP/1.1 on one connection: requests in their order, one at a time, answered by whoever is asked.

The bytes of the target and of the body are handed on exactly as they came, because signatures cover them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final, cast

import httptools

from bailiwick.sandbox.front import Answer, Request

MAX_BODY: Final = 1 << 20
MAX_HEAD: Final = 1 << 16


class Connection(asyncio.Protocol):
    """One client. ``handle`` answers at once; None means that it will call ``reply``, ``reset`` or ``halve`` later."""

    def __init__(self, handle: "Handle", open_connections: "set[Connection]") -> None:
        self._handle = handle
        self._open = open_connections
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._address = ""
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = False
        self._keep = True
        self._later: set[asyncio.Task[None]] = set()
        self._clear()

    def _clear(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asyncio's own class under uvloop, so it cannot be asked for one.
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._waiting.clear()
        self._open.discard(self)
        # What was received is executed all the same, as an exchange does: nobody is there to hear of it.

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(426)
            return
        except (httptools.HttpParserError, _TooLargeError):
            self._refuse(400)
            return
        self._work()

    # What the parser calls.

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._count(len(url), MAX_HEAD)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value), MAX_HEAD)
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]},{text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        self._size = 0
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._count(len(body), MAX_BODY)

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode("latin-1")
        request = Request(method, self._target, self._headers, b"".join(self._body), self._address)
        self._waiting.append((request, self._parser.should_keep_alive()))
        self._clear()

    def _count(self, length: int, most: int) -> None:
        self._size += length
        if self._size > most:
            raise _TooLargeError

    # What goes back.

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Let a coroutine finish the request at hand, whether or not its sender waits."""
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def reply(self, answer: Answer) -> None:
        """Answer the request at hand and go on to the next."""
        if self._transport is not None:
            self._transport.write(_head(answer, keep=self._keep) + answer.body)
            if not self._keep:
                self._transport.close()
        self._busy = False
        self._work()

    def halve(self, answer: Answer) -> None:
        """Announce the whole answer, send half of it and hang up."""
        if self._transport is not None:
            self._transport.write(_head(answer, keep=False) + answer.body[: len(answer.body) // 2])
            self._transport.close()

    def babble(self) -> None:
        """Send bytes that are no answer."""
        if self._transport is not None:
            self._transport.write(b"\x00not an answer\r\n\r\n")

    def close(self) -> None:
        """Hang up after what was written."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Break the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _work(self) -> None:
        while self._waiting and not self._busy and self._transport is not None:
            request, self._keep = self._waiting.popleft()
            self._busy = True
            answer = self._handle(self, request)
            if answer is None:
                return
            self._busy = False
            self._transport.write(_head(answer, keep=self._keep) + answer.body)
            if not self._keep:
                self._transport.close()
                return

    def _refuse(self, status: int) -> None:
        if self._transport is not None:
            self._transport.write(_head(Answer(status, {}, b""), keep=False))
            self._transport.close()


Handle = Callable[[Connection, Request], Answer | None]


class _TooLargeError(Exception):
    """A head or a body is larger than anything the exchange takes."""


def _head(answer: Answer, *, keep: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, '')}",
        "Content-Type: application/json;charset=UTF-8",
        f"Content-Length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    if not keep:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
