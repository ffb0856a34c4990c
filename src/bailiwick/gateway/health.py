"""The health address: whether the gateway serves, and its figures for Prometheus; plain HTTP."""

import asyncio
import contextlib
import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from bailiwick.gateway.verbs import health_of

if TYPE_CHECKING:
    from bailiwick.gateway.process import House

READ_S = 5.0
_JSON = b"application/json"
_TEXT = b"text/plain; version=0.0.4; charset=utf-8"


class HealthServer:
    """Answers ``/`` and ``/metrics``."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Take the address.

        Raises:
            OSError: if it is taken.
        """
        self._server = await asyncio.start_server(self._answer, host, port)

    def close(self) -> None:
        """Let go of the address."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        trouble = (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        with contextlib.suppress(*trouble):
            async with asyncio.timeout(READ_S):
                head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET /metrics "):
                good, kind, body = True, _TEXT, (await _figures()).told(self._house)
            else:
                good, body = health_of(self._house)
                kind = _JSON
            status = b"200 OK" if good else b"503 Service Unavailable"
            writer.write(
                b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
                % (status, kind, len(body), body)
            )
            await writer.drain()
        writer.close()


async def _figures() -> ModuleType:
    """Beside the loop, which must not wait for it to load."""
    return await asyncio.to_thread(importlib.import_module, "bailiwick.gateway.figures")
