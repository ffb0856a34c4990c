"""The HTTP server under the application: h11, the stricter of uvicorn's parsers, since nothing here is hot.

Its own log would quote what a client sent, so it has none; its signal handlers would take the process's, so it gets
none of those either.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 64
KEEP_ALIVE_S = 15
HEAD_S = 10.0
HEAD_BYTES = 16 << 10
END_S = 5


class BoundedHead(H11Protocol):
    """Gives a client only so long to send a request's head: a silent one would keep its connection for ever."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        super().connection_made(transport)
        self._head = self.loop.call_later(HEAD_S, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        waiting = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if not waiting and self._head is not None:
            self._head.cancel()
            self._head = None
        elif waiting and self._head is None:
            self._head = self.loop.call_later(HEAD_S, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._head is not None:
            self._head.cancel()
        super().connection_lost(exc)


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
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=END_S,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    config.load()
    return _Server(config)
