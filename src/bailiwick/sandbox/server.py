"""The sandbox on a socket: clock, connections and faults around the pure front."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

import msgspec

from bailiwick.sandbox.admin import PREFIX, Admin
from bailiwick.sandbox.connection import Connection
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.faults import Fault
from bailiwick.sandbox.front import Answer, Front, Request

Clock = Callable[[], int]
TICK_S = 1.0


def system_clock() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


class Running:
    """A sandbox that listens."""

    def __init__(
        self, server: asyncio.Server, ticker: asyncio.Task[None], connections: set[Connection], host: str, port: int
    ) -> None:
        self._server = server
        self._ticker = ticker
        self._connections = connections
        self.host = host
        self.port = port
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening, drop the connections."""
        self._ticker.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticker
        self._server.close()
        for connection in list(self._connections):
            connection.reset()
        await self._server.wait_closed()


class Server:
    """Answers each request of each connection."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self._sandbox = sandbox
        self._front = Front(sandbox)
        self._admin = Admin(sandbox)
        self._clock = clock

    def handle(self, connection: Connection, request: Request) -> Answer | None:
        """One request; None if a fault waits for it, which answers in its own way."""
        target = request.target.decode("latin-1")
        if target.startswith(PREFIX):
            status, said = self._admin.answer(request.method, target, request.body, self._clock() // 1000)
            return Answer(status, {}, msgspec.json.encode(said))
        fault = self._sandbox.faults.next(request.method, target)
        if fault is None:
            return self._front.answer(request, self._clock())
        connection.later(self._strike(connection, request, fault))
        return None

    async def _strike(self, connection: Connection, request: Request, fault: Fault) -> None:
        late = fault.kind == "late_answer"
        if fault.delay_ms and not late:
            await asyncio.sleep(fault.delay_ms / 1000)
        match fault.kind:
            case "reset_before":
                connection.reset()
            case "status_before":
                connection.reply(_broken(fault.status))
            case "429" | "418":
                connection.reply(_too_many(int(fault.kind), fault.retry_after))
            case _:
                answer = self._front.answer(request, self._clock())
                if late:
                    await asyncio.sleep(fault.delay_ms / 1000)
                _spoil(connection, answer, fault)


def _spoil(connection: Connection, answer: Answer, fault: Fault) -> None:
    """Give the answer of an executed request in the way the fault wants it."""
    match fault.kind:
        case "reset_after":
            connection.reset()
        case "half_answer":
            connection.halve(answer)
        case "garbage":
            connection.babble()
        case "status_after":
            connection.reply(_broken(fault.status))
        case _:
            connection.reply(answer)
            if fault.kind == "surplus":
                connection.babble()
            elif fault.kind == "close_after":
                connection.close()


def _broken(status: int) -> Answer:
    return Answer(status, {}, b'{"code":-1000,"msg":"An unknown error occurred while processing the request."}')


def _too_many(status: int, retry_after: int) -> Answer:
    return Answer(status, {"Retry-After": str(retry_after)}, b'{"code":-1003,"msg":"Too many requests."}')


async def _tick(sandbox: Sandbox, clock: Clock) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        sandbox.tick(clock() // 1000)


async def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, *, clock: Clock = system_clock) -> Running:
    """Listen on a loopback address; port 0 chooses a free one.

    Raises:
        ValueError: if the address is not a loopback address: the admin side asks nobody for a password.
        OSError: if the port is taken.
    """
    if host != "localhost" and not ip_address(host).is_loopback:
        raise ValueError(f"the sandbox listens on loopback only, not on {host}: choose 127.0.0.1 or ::1")
    loop = asyncio.get_running_loop()
    server, connections = Server(sandbox, clock), set[Connection]()
    listening = await loop.create_server(lambda: Connection(server.handle, connections), host, port, backlog=4096)
    chosen: int = listening.sockets[0].getsockname()[1]
    return Running(listening, loop.create_task(_tick(sandbox, clock)), connections, host, chosen)
