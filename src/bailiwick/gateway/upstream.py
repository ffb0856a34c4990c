"""Connections to a venue: one request in flight on each, answers parsed strictly, nothing repeated that changes state.

A connection that says one byte more than was asked, or one that cannot be parsed, is dropped and never pooled: what
follows on it could be taken for the answer to somebody else's request.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Protocol

import httptools

from bailiwick.model.request import Outgoing

HEAD_LIMIT = 64 << 10
_HEAD_END = b"\r\n\r\n"


class Failure(Enum):
    """How a request came to have no answer."""

    NOT_SENT = "not sent"  # no byte of it left: it was certainly not executed
    UNKNOWN = "unknown"  # it left, and no whole answer came back


class Waiter(Protocol):
    """Whoever awaits an answer. Exactly one of the two is called, once."""

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        """The venue's whole answer. ``head`` is its head as it came, without the empty line, its framing checked."""
        ...

    def failed(self, failure: Failure) -> None:
        """There is no answer."""
        ...


class Origin:
    """Where a venue is reached: host, port, TLS, the local address to leave from, and the bounds of patience."""

    __slots__ = ("connect_s", "host", "limit", "line", "local", "most", "port", "tls", "wait_s")

    def __init__(
        self,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        *,
        local: str | None = None,
        most: int = 64,
        connect_s: float = 3.0,
        wait_s: float = 10.0,
        limit: int = 64 << 20,
    ) -> None:
        self.host = host
        self.port = port
        self.tls = tls
        self.local = local
        self.most = most
        self.connect_s = connect_s
        self.wait_s = wait_s
        self.limit = limit
        standard = 443 if tls else 80
        bracketed = f"[{host}]" if ":" in host else host
        name = bracketed if port == standard else f"{bracketed}:{port}"
        self.line = b" HTTP/1.1\r\nHost: " + name.encode("ascii") + b"\r\n"  # what follows every target


class _Callbacks:
    """What the parser of answers calls. Most are methods of lists: no Python runs for them.

    It is not told the headers: its own work on them is the framing, and what a venue says of its limits is read from
    the head's bytes, once.
    """

    __slots__ = ("on_body", "on_message_begin", "on_message_complete")

    def __init__(self, connection: "Connection", body: list[bytes], awaited: list[None]) -> None:
        self.on_message_begin = awaited.pop  # it raises where no answer is awaited, and that drops the connection
        self.on_body = body.append
        self.on_message_complete = connection.completed


class Connection(asyncio.Protocol):
    """One connection. ``waiter`` is set while a request is in flight on it."""

    __slots__ = (
        "_awaited",
        "_body",
        "_chunks",
        "_done",
        "_interim",
        "_keep",
        "_parser",
        "_pool",
        "_size",
        "_status",
        "deadline",
        "idle_since",
        "transport",
        "waiter",
    )

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._body: list[bytes] = []
        self._awaited: list[None] = []  # one for each message that may begin
        self._parser = httptools.HttpResponseParser(_Callbacks(self, self._body, self._awaited))
        self._chunks: list[bytes] = []  # as they came, up to the one in which the body begins
        self._interim = 0
        self._size = 0
        self._status = 0
        self._done = False
        self._keep = False
        self.waiter: Waiter | None = None
        self.deadline = 0.0
        self.idle_since = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP and TLS transports both are Transports

    def send(self, outgoing: Outgoing, waiter: Waiter, deadline: float) -> None:
        """Write one request. The connection must be idle."""
        assert self.transport is not None
        self.waiter = waiter
        self.deadline = deadline
        self._done = False
        self._interim = 0
        self._size = 0
        self._awaited.append(None)
        body, line = outgoing.body, self._pool.origin.line
        if body or outgoing.method == b"POST":
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            parts = (outgoing.method, b" ", outgoing.target, line, outgoing.headers, length, body)
        else:
            parts = (outgoing.method, b" ", outgoing.target, line, outgoing.headers, b"\r\n", b"")
        self.transport.write(b"".join(parts))

    def data_received(self, data: bytes) -> None:
        if self.waiter is None:
            self.abort()  # unsolicited bytes
            return
        if not self._body:
            self._chunks.append(data)
        try:
            self._parser.feed_data(data)
        except Exception:  # any complaint of the parser, or of the callbacks: a surplus message, say
            self.abort()
            return
        size = self._size = self._size + len(data)
        if size > self._pool.origin.limit or (size > HEAD_LIMIT and not (self._body or self._done)):
            self.abort()
        elif self._done:
            self._finish()

    def completed(self) -> None:
        """The parser has read a whole message."""
        status = self._parser.get_status_code()
        if status < 200:
            self._interim += 1
            self._awaited.append(None)  # an interim answer; the real one follows
            return
        self._done = True
        self._status = status
        self._keep = self._parser.should_keep_alive()  # the parser forgets it once the message is over

    def _finish(self) -> None:
        chunks, pieces = self._chunks, self._body
        raw = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        chunks.clear()
        pieces.clear()
        begin = 0
        for _ in range(self._interim):
            begin = raw.find(_HEAD_END, begin) + len(_HEAD_END)
        end = raw.find(_HEAD_END, begin)
        if end > HEAD_LIMIT:
            self.abort()
            return
        waiter, status = self.waiter, self._status
        assert waiter is not None
        self.waiter = None
        if self._keep:
            self._pool.released(self)
        else:
            self.abort()
        waiter.answered(status, raw[begin:end], body)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail()

    def abort(self) -> None:
        """Drop the connection at once; a request in flight on it has an unknown outcome."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()
        self._fail()

    def _fail(self) -> None:
        self._pool.lost(self)
        waiter = self.waiter
        if waiter is not None:
            self.waiter = None
            waiter.failed(Failure.UNKNOWN)


class Pool:
    """The connections to one origin.

    Waiting requests are bounded; what cannot be sent in time is reported as not sent. Idle connections that have
    been silent for longer than ``idle_s`` are closed rather than used: the venue may be closing them just now, and a
    request lost that way would have an unknown outcome.
    """

    def __init__(self, origin: Origin, clock: Callable[[], float], *, idle_s: float = 20.0, queue: int = 4096) -> None:
        self.origin = origin
        self._clock = clock
        self._idle_s = idle_s
        self._queue_limit = queue
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[tuple[Outgoing, Waiter, float]] = deque()
        self.tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def send(self, outgoing: Outgoing, waiter: Waiter) -> None:
        """Send on an idle connection, or on the next that comes free."""
        now = self._clock()
        idle = self._idle
        while idle:
            connection = idle.pop()
            transport = connection.transport
            if transport is None or transport.is_closing():
                continue
            if now - connection.idle_since > self._idle_s:
                transport.abort()
                continue
            self._busy.add(connection)
            connection.send(outgoing, waiter, now + self.origin.wait_s)
            return
        if self._closed or len(self._waiting) >= self._queue_limit:
            waiter.failed(Failure.NOT_SENT)
            return
        self._waiting.append((outgoing, waiter, now + self.origin.connect_s))
        self._open_more()

    def _open_more(self) -> None:
        if self._opening < len(self._waiting) and self._opening + len(self._busy) + len(self._idle) < self.origin.most:
            self._opening += 1
            task = asyncio.get_running_loop().create_task(self._open())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _open(self) -> None:
        origin = self.origin
        loop = asyncio.get_running_loop()
        connection: Connection | None = None
        try:
            async with asyncio.timeout(origin.connect_s):
                _, connection = await loop.create_connection(
                    lambda: Connection(self),
                    origin.host,
                    origin.port,
                    ssl=origin.tls,
                    server_hostname=origin.host if origin.tls else None,
                    local_addr=(origin.local, 0) if origin.local else None,
                )
        except (OSError, TimeoutError):
            connection = None
        finally:
            self._opening -= 1
        if connection is None:
            self._give_up()
        elif self._closed:
            connection.abort()
        else:
            self.released(connection)

    def _give_up(self) -> None:
        """The venue cannot be reached: whoever still waits is told so, once no other attempt is under way."""
        if self._opening or self._busy or self._idle:
            return
        waiting, self._waiting = self._waiting, deque()
        for _, waiter, _ in waiting:
            waiter.failed(Failure.NOT_SENT)

    def released(self, connection: Connection) -> None:
        """A connection is free: give it the next request, or keep it."""
        now = self._clock()
        while self._waiting:
            outgoing, waiter, until = self._waiting.popleft()
            if until < now:
                waiter.failed(Failure.NOT_SENT)
                continue
            self._busy.add(connection)
            connection.send(outgoing, waiter, now + self.origin.wait_s)
            return
        self._busy.discard(connection)
        if self._closed:
            connection.abort()
            return
        connection.idle_since = now
        self._idle.append(connection)

    def lost(self, connection: Connection) -> None:
        """A connection is gone."""
        self._busy.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting and not self._closed:
            self._open_more()

    def sweep(self) -> None:
        """End what has waited too long. To be called a few times a second."""
        now = self._clock()
        for connection in [c for c in self._busy if c.deadline < now]:
            connection.abort()
        while self._waiting and self._waiting[0][2] < now:
            _, waiter, _ = self._waiting.popleft()
            waiter.failed(Failure.NOT_SENT)

    def drop_waiting(self, unwanted: Callable[[Waiter], bool] = lambda waiter: True) -> None:
        """Send nothing of what still waits for a connection, or of some of it: it is reported as not sent."""
        waiting, self._waiting = self._waiting, deque()
        dropped: list[tuple[Outgoing, Waiter, float]] = []
        for each in waiting:
            (dropped if unwanted(each[1]) else self._waiting).append(each)
        for _, waiter, _ in dropped:
            waiter.failed(Failure.NOT_SENT)

    def close(self) -> None:
        """Close idle connections; busy ones close when their answer is there."""
        self._closed = True
        for connection in self._idle:
            if connection.transport is not None:
                connection.transport.abort()
        self._idle.clear()
        self.drop_waiting()
