"""The listening side: connections of clients, one request of each at a time."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

import httptools

from bailiwick.gateway.framing import BODY_LIMIT, HEAD_LIMIT, Head, HeadReader, Malformed

QUEUE_LIMIT = 32  # requests a client may send ahead on one connection before it is no longer read
IDLE_S = 75.0
REQUEST_S = 10.0

_REASONS = {
    200: b"OK", 400: b"Bad Request", 401: b"Unauthorized", 403: b"Forbidden", 404: b"Not Found",
    408: b"Request Timeout", 409: b"Conflict", 413: b"Content Too Large", 417: b"Expectation Failed",
    418: b"I'm a teapot", 429: b"Too Many Requests", 431: b"Request Header Fields Too Large",
    500: b"Internal Server Error", 502: b"Bad Gateway", 503: b"Service Unavailable", 504: b"Gateway Timeout",
}  # fmt: skip
_LINE_END = b"\r\n"
_JSON = b"Content-Type: application/json;charset=UTF-8\r\n"
_STATUS_LINES = {
    status: b"HTTP/1.1 %d %b\r\n%bContent-Length: " % (status, reason, _JSON) for status, reason in _REASONS.items()
}


class Handler(Protocol):
    """Whoever answers requests. It answers each exactly once, by ``ClientConnection.respond``."""

    def handle(self, connection: "ClientConnection", method: str, head: Head, body: bytes) -> None:
        """Take a whole request whose framing has been checked."""
        ...


class Listener:
    """What the connections of one listening socket share."""

    def __init__(
        self,
        handler: Handler,
        heads: HeadReader,
        clock: Callable[[], float],
        *,
        most: int = 2048,
        most_per_address: int = 512,
        idle_s: float = IDLE_S,
        request_s: float = REQUEST_S,
    ) -> None:
        self.handler = handler
        self.heads = heads
        self.clock = clock
        self.most = most
        self.most_per_address = most_per_address
        self.idle_s = idle_s
        self.request_s = request_s
        self.connections: set[ClientConnection] = set()
        self.per_address: dict[str, int] = {}
        self.closing = False

    def connection(self) -> "ClientConnection":
        """The factory for ``loop.create_server``."""
        return ClientConnection(self)

    def sweep(self) -> None:
        """Close what has been silent or half a request for too long. To be called about once a second."""
        now = self.clock()
        for connection in list(self.connections):
            connection.expire(now)

    def close(self) -> None:
        """Take no further request: idle connections close now, the others after their answer."""
        self.closing = True
        for connection in list(self.connections):
            connection.finish()


class ClientConnection(asyncio.Protocol):
    """One client's connection."""

    __slots__ = (
        "_began", "_between", "_body", "_busy", "_close_after", "_head", "_head_size", "_listener", "_method",
        "_names", "_parser", "_paused", "_queue", "_read", "_seen", "_size", "_taking", "_url", "_values", "_writable",
        "peer", "transport",
    )  # fmt: skip

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._parser = httptools.HttpRequestParser(self)
        self.transport: asyncio.Transport | None = None
        self.peer = ""
        self._url = b""
        self._names: list[bytes] = []  # of the headers, and their values
        self._values: list[bytes] = []
        self._body: list[bytes] = []
        self._size = 0
        self._head: Head | None = None
        self._between = True  # whether not a byte of a request has been read since the one before it
        self._read: tuple[Head, bytes] | None = None  # the only request in the bytes in hand, if its connection is kept
        self._method = ""
        self._head_size = 0
        self._busy = False
        self._taking = False  # whether the queue is being worked off further up in this very call
        self._paused = False
        self._writable = True
        self._close_after = False
        self._queue: deque[tuple[str, Head, bytes, bool]] = deque()
        self._began = 0.0  # when the request that is being read began, 0 if none is
        self._seen = 0.0

    # The transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        listener = self._listener
        self.transport = transport  # type: ignore[assignment]  # TCP and TLS transports both are Transports
        address = transport.get_extra_info("peername")
        # A socket of both families tells IPv4 clients in IPv6 clothes; networks are written for the address itself.
        self.peer = address[0].removeprefix("::ffff:") if isinstance(address, tuple) else "local"
        count = listener.per_address.get(self.peer, 0) + 1
        listener.per_address[self.peer] = count
        listener.connections.add(self)
        self._seen = listener.clock()
        if listener.closing or len(listener.connections) > listener.most or count > listener.most_per_address:
            transport.abort()  # type: ignore[attr-defined]  # as above

    def connection_lost(self, exc: Exception | None) -> None:
        listener = self._listener
        listener.connections.discard(self)
        left = listener.per_address.get(self.peer, 1) - 1
        if left > 0:
            listener.per_address[self.peer] = left
        else:
            listener.per_address.pop(self.peer, None)
        self._queue.clear()
        self.transport = None

    def pause_writing(self) -> None:
        self._writable = False
        self._pause()

    def resume_writing(self) -> None:
        self._writable = True
        self._resume()

    def _pause(self) -> None:
        if not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self._writable and len(self._queue) < QUEUE_LIMIT and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._close_after:
            return
        whole = self._between
        if whole:
            known = self._listener.heads.recall(data)
            if known is not None:
                method, head, body = known
                if self._busy or self._queue:
                    self._request(method, head, body, True)
                else:
                    self._busy = True
                    self._listener.handler.handle(self, method, head, body)
                return
        if self._head is None:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._reject(Malformed(400, "no other protocol is spoken here"))
            return
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._reject(cause if isinstance(cause, Malformed) else Malformed(400, "the request cannot be read"))
            return
        except httptools.HttpParserError:
            self._reject(Malformed(400, "the request cannot be read in exactly one way"))
            return
        if self._head is None and self._head_size > HEAD_LIMIT:
            self._reject(Malformed(431, "the head is too large"))
        elif whole and self._between and self._read is not None:
            self._listener.heads.remember(data, *self._read)

    # The parser's side

    def on_message_begin(self) -> None:
        self._between = False
        self._read = None
        self._url = b""
        self._names = []
        self._values = []
        self._body = []
        self._size = 0
        self._head = None
        self._began = self._listener.clock()

    def on_url(self, url: bytes) -> None:
        self._url = self._url + url if self._url else url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._names.append(name)
        self._values.append(value)

    def on_headers_complete(self) -> None:
        parser = self._parser
        method = parser.get_method()
        self._method = method.decode("ascii")
        if self._head_size > HEAD_LIMIT:
            self._measure()
        self._head = self._listener.heads.read(method, parser.get_http_version(), self._url, self._names, self._values)
        self._head_size = 0

    def _measure(self) -> None:
        """So many bytes came that the head may be too large; they may also be the body's."""
        if len(self._url) + sum(map(len, self._names)) + sum(map(len, self._values)) > HEAD_LIMIT:
            raise Malformed(431, "the head is too large")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > BODY_LIMIT:
            raise Malformed(413, "the body is too large")
        self._body.append(body)

    def on_message_complete(self) -> None:
        head = self._head
        assert head is not None
        self._head = None
        self._began = 0.0
        self._between = True
        body = b"".join(self._body)
        keep = self._parser.should_keep_alive()
        self._read = (head, body) if keep else None
        self._request(self._method, head, body, keep)

    # Requests and answers

    def _request(self, method: str, head: Head, body: bytes, keep: bool) -> None:
        """A whole request is there: hand it over, or keep it until those before it are answered."""
        if self._busy or self._queue:
            self._queue.append((method, head, body, keep))
            if len(self._queue) >= QUEUE_LIMIT:
                self._pause()
        else:
            self._start(method, head, body, keep)

    def _start(self, method: str, head: Head, body: bytes, keep: bool) -> None:
        self._busy = True
        if not keep:
            self._close_after = True
        self._listener.handler.handle(self, method, head, body)

    def respond(self, status: int, body: bytes, headers: bytes = b"") -> None:
        """Answer the request in hand. ``headers`` are complete lines, each ended by CRLF."""
        transport = self.transport
        self._busy = False
        if transport is None:
            return
        self._seen = self._listener.clock()
        start = _STATUS_LINES.get(status)
        if start is None:
            start = b"HTTP/1.1 %d Answer\r\n%bContent-Length: " % (status, _JSON)
        if self._close_after or self._listener.closing:
            transport.write(b"%b%d\r\n%bConnection: close\r\n\r\n%b" % (start, len(body), headers, body))
            self._close_after = True
            self._queue.clear()
            transport.close()
            return
        transport.write(b"".join((start, b"%d\r\n" % len(body), headers, _LINE_END, body)))
        if self._queue and not self._taking:
            self._take_queued()

    def _take_queued(self) -> None:
        """Hand over what was sent ahead, until one is not answered at once.

        In a loop: were each handed over from within the answer to the one before it, some hundreds that are refused at
        once would exhaust the stack.
        """
        self._taking = True
        try:
            while self._queue and not self._busy:
                self._start(*self._queue.popleft())
                self._resume()
        finally:
            self._taking = False

    def _reject(self, malformed: Malformed) -> None:
        """Answer and close. Requests read before it on this connection are answered first."""
        self._close_after = True
        transport = self.transport
        if transport is None:
            return
        if self._busy:
            # The answer to the request in hand must not be mistaken for the answer to this one: let it go out, and
            # close then without another word.
            self._queue.clear()
            return
        body = b'{"code":-1100,"msg":"%b"}' % malformed.why.encode("ascii", "replace").replace(b'"', b"'")
        start = _STATUS_LINES.get(malformed.status, _STATUS_LINES[400])
        transport.write(b"%b%d\r\nConnection: close\r\n\r\n%b" % (start, len(body), body))
        transport.close()

    def expire(self, now: float) -> None:
        """Close if silent, or if a request has been coming in for too long."""
        if self._busy or self.transport is None:
            return
        if self._began and now - self._began > self._listener.request_s:
            self._reject(Malformed(408, "the request took too long to arrive"))
        elif now - self._seen > self._listener.idle_s:
            self.transport.close()

    def finish(self) -> None:
        """Close once nothing is in hand."""
        if not self._busy and self.transport is not None:
            self.transport.close()
