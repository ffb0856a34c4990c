"""The sandbox on a socket: clock, connections and faults around the pure front."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec
from aiohttp import web

from bailiwick.sandbox.admin import PREFIX, Admin
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.faults import Fault
from bailiwick.sandbox.front import Answer, Front, Request
from bailiwick.sandbox.refusal import Refusal

Clock = Callable[[], int]
TICK_S = 1.0


def system_clock() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


class Running:
    """A sandbox that listens."""

    def __init__(self, runner: web.ServerRunner, ticker: asyncio.Task[None], host: str, port: int) -> None:
        self._runner = runner
        self._ticker = ticker
        self.host = host
        self.port = port
        self.url = f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening, close the connections."""
        self._ticker.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticker
        await self._runner.cleanup()


class Server:
    """Answers each request of each connection."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self._sandbox = sandbox
        self._front = Front(sandbox)
        self._admin = Admin(sandbox)
        self._clock = clock

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, with whatever fault waits for it."""
        asked = Request(
            request.method,
            request.raw_path.encode("utf-8", "surrogateescape"),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
            request.remote or "",
        )
        if request.path.startswith(PREFIX):
            status, said = self._admin.answer(asked.method, request.raw_path, asked.body, self._clock() // 1000)
            return _respond(Answer(status, {}, msgspec.json.encode(said)))
        fault = self._sandbox.faults.next(asked.method, request.path)
        if fault is None:
            return _respond(self._front.answer(asked, self._clock()))
        return await self._faulty(request, asked, fault)

    async def _faulty(self, request: web.BaseRequest, asked: Request, fault: Fault) -> web.StreamResponse:
        if fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault.kind in ("429", "418"):
            refusal = Refusal(-1003, "Too many requests.", status=int(fault.kind), retry_after=fault.retry_after)
            body = b'{"code":-1003,"msg":"Too many requests."}'
            return _respond(Answer(refusal.status, {"Retry-After": str(fault.retry_after)}, body))
        if fault.kind == "status_before":
            return _broken(fault.status)
        if fault.kind == "reset_before":
            return _reset(request)
        answer = self._front.answer(asked, self._clock())
        if fault.kind == "status_after":
            return _broken(fault.status)
        if fault.kind == "reset_after":
            return _reset(request)
        if fault.kind == "half_answer":
            return await _half(request, answer)
        return _respond(answer)


def _respond(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body, content_type="application/json")


def _broken(status: int) -> web.Response:
    body = b'{"code":-1000,"msg":"An unknown error occurred while processing the request."}'
    return web.Response(status=status, body=body, content_type="application/json")


def _reset(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


async def _half(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_type = "application/json"
    response.content_length = len(answer.body)
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _tick(sandbox: Sandbox, clock: Clock) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        sandbox.tick(clock() // 1000)


async def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, *, clock: Clock = system_clock) -> Running:
    """Listen on a loopback address; port 0 chooses a free one.

    Raises:
        OSError: if the port is taken.
    """
    runner = web.ServerRunner(web.Server(Server(sandbox, clock).handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=4096)
    await site.start()
    chosen: int = runner.addresses[0][1]
    return Running(runner, asyncio.create_task(_tick(sandbox, clock)), host, chosen)
