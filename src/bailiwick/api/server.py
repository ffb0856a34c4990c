"""Serves the control API from within the control process.

It is started when the process is ready and in a thread's time, since its libraries take most of a second to load. Where
its port is taken, the process serves on without it: who may act on this machine must not depend on a port.
"""

import asyncio
import contextlib
import ipaddress
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any, final

from bailiwick.authority.desk import Desk
from bailiwick.authority.openroutes import OpenRoute
from bailiwick.config import Config, split_address
from bailiwick.link.wire import Code, LinkError
from bailiwick.logs import log, where
from bailiwick.store.store import Store

BACKLOG = 64
END_S = 6.0  # a second more than the server gives to what is in hand


@final
class ApiServer:
    """The API on its port."""

    def __init__(self, config: Config, desk: Desk, store: Store, open_routes: Sequence[OpenRoute] = ()) -> None:
        self._config = config
        self._settings = config.api
        self._desk = desk
        self._store = store
        self._open_routes = open_routes
        self._server: Any = None
        self._console: Any = None
        self._serving: asyncio.Task[None] | None = None
        self.address: tuple[str, int] | None = None

    async def start(self) -> None:
        """Take the port and serve.

        Raises:
            LinkError: if the port cannot be had.
        """
        host, port = split_address("api.listen", self._settings.listen)
        listening = _listen(host, port)
        self.address = listening.getsockname()[:2]
        try:
            self._server = await asyncio.to_thread(self._made, self.address)
        except BaseException:
            listening.close()
            raise
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        log.info("the control API serves", address=self.address)

    def _made(self, address: tuple[str, int]) -> Any:
        from bailiwick.api.app import make_app  # noqa: PLC0415  (in this thread, and not before it is needed)
        from bailiwick.api.rates import Rates  # noqa: PLC0415
        from bailiwick.api.uvicornserver import make_server  # noqa: PLC0415
        from bailiwick.console.console import make_console  # noqa: PLC0415

        config, desk, store = self._config, self._desk, self._store
        tls = self._settings.tls_certificate is not None
        self._console = make_console(desk.people, store, config.data, config.journal_directory, tls=tls)
        hosts = hosts_of(address, self._settings.hosts)
        rates = Rates(self._settings.requests_per_minute, time.monotonic)
        recognise = desk.tokens.recognise
        app = make_app(desk, store, recognise, hosts, self._open_routes, rates=rates, console=self._console)
        return make_server(app, self._settings.tls_certificate, self._settings.tls_key)

    async def close(self) -> None:
        """Take nothing new, finish what is in hand, and end."""
        if self._serving is None:
            return
        self._console.feed.close()  # a page that listens is let go, and asks the next process by itself
        self._server.should_exit = True
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(END_S):
                await self._serving


async def keep(server: ApiServer) -> None:
    """Start the API, and say so where it cannot be."""
    try:
        await server.start()
    except LinkError as error:
        log.error("the control API does not serve", why=error.sentence)
    except Exception as error:
        log.error("the control API does not serve", fault=where(error))


def hosts_of(address: tuple[str, int], named: Sequence[str]) -> Sequence[str]:
    """What a request's Host may say, in lower case."""
    host, port = address
    names = [*named, f"[{host}]" if ":" in host else host]
    if ipaddress.ip_address(host).is_loopback:
        names += ["localhost", "127.0.0.1", "[::1]", "bailiwick.localhost"]
    return tuple(dict.fromkeys(_with_port(names, port)))


def _with_port(names: Sequence[str], port: int) -> Iterator[str]:
    for name in names:
        yield f"{name.lower()}:{port}"
        if port in {80, 443}:
            yield name.lower()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)  # whoever comes before the server takes it over is served then
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise LinkError(
            Code.UNAVAILABLE,
            f'api.listen: {host}:{port}: {error.strerror}; name a free port in the configuration, or "" for none',
        ) from None
    return listening
