"""The HTTP server under the application: h11, the stricter of uvicorn's parsers, since nothing here is hot.

Its own log would quote what a client sent, so it has none; its signal handlers would take the process's, so it gets
none of those either.
"""

import asyncio
import contextlib
import ipaddress
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 256
PER_ADDRESS = 64  # beyond this machine, where one address is one user's more often than all of them
KEEP_ALIVE_S = 15
HEAD_S = 10.0
HEAD_BYTES = 16 << 10
END_S = 5


class BoundedHead(H11Protocol):
    """Gives a client only so long to send a request's head: a silent one would keep its connection for ever.

    Where all connections are taken, the one that has been sending its request for longest gives way to a new one, first
    of the address that has most: who holds connections open, and on loopback everybody has one address, keeps nobody
    else out. A request that came in whole is never broken off for another.
    """

    _head: asyncio.TimerHandle | None = None
    _since = 0.0  # when it began to wait for what its client sends

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        super().connection_made(transport)
        self._since = self.loop.time()
        self._head = self.loop.call_later(HEAD_S, transport.close)
        others = [each for each in self.connections if isinstance(each, BoundedHead)]
        own = [each for each in others if each.address == self.address]
        if len(own) > PER_ADDRESS and not ipaddress.ip_address(self.address).is_loopback:
            _give_way(own)
        elif len(others) > CONNECTIONS:
            _give_way(others)

    @property
    def address(self) -> str:
        """Whom it is with."""
        return self.client[0] if self.client is not None else "127.0.0.1"

    @property
    def waits(self) -> bool:
        """Whether it waits for what its client sends, or for it to read what was broken off already."""
        return self.conn.their_state in {h11.IDLE, h11.SEND_BODY} or self.transport.is_closing()

    @property
    def since(self) -> float:
        """Since when, by the loop's clock."""
        return self._since

    def give_way(self) -> None:
        """End it at once."""
        self.transport.abort()
        self.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        waiting = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if not waiting and self._head is not None:
            self._head.cancel()
            self._head = None
        elif waiting and self._head is None:
            self._since = self.loop.time()
            self._head = self.loop.call_later(HEAD_S, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._head is not None:
            self._head.cancel()
        super().connection_lost(exc)


def _give_way(connections: Collection[BoundedHead]) -> None:
    """End one of these that wait: of the address that has most, the one that waits longest, were it the newest."""
    crowd = Counter(each.address for each in connections)
    waiting = [each for each in connections if each.waits]
    if waiting:
        min(waiting, key=lambda each: (-crowd[each.address], each.since)).give_way()


@final
class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # the process has its own
        yield


def make_server(app: ASGIApp, certificate: Path | None, key: Path | None) -> uvicorn.Server:
    """A server for this application, to be given a listening socket."""
    config = uvicorn.Config(
        app,
        http=BoundedHead,
        ws="none",
        lifespan="off",
        loop="none",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS + 1,  # it counts the one that asks
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=END_S,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    config.load()
    return _Server(config)
