"""Load: bots that order, fill and cancel as fast as they are answered, and come back when the gateway went away."""

import asyncio
import contextlib
import itertools
import random

from bot import ORDER, sign
from house import Issued

HEAD = (
    "{method} {target} HTTP/1.1\r\nHost: gateway\r\nX-MBX-APIKEY: {key}\r\n{more}Content-Length: {length}\r\n\r\n{body}"
)
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
AGAIN_S = 0.01


class Swarm:
    """So many connections, each with one request under way; ``port`` may change while they run."""

    def __init__(self, keys: list[Issued], moments: random.Random, *, low: str, high: str) -> None:
        self.port = 0
        self.answered = 0
        self._keys = keys
        self._random = moments
        self._prices = (low, high)  # one rests in the book, the other is filled at once
        self._numbers = itertools.count(1)

    async def run(self, connections: int) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for place in range(connections):
                group.create_task(self._live(self._keys[place % len(self._keys)]))

    async def _live(self, key: Issued) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                with contextlib.closing(writer):
                    while True:
                        writer.write(self._request(key))
                        await writer.drain()
                        await _answer(reader)
                        self.answered += 1
            await asyncio.sleep(AGAIN_S)

    def _request(self, key: Issued) -> bytes:
        if self._random.random() < 0.03:
            text = sign(key.secret, symbol="BTCUSDT")
            target = f"/api/v3/openOrders?{text}"
            return HEAD.format(method="DELETE", target=target, key=key.id, more="", length=0, body="").encode()
        text = sign(
            key.secret,
            symbol="BTCUSDT",
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.00100",
            price=self._random.choice(self._prices),
            newClientOrderId=f"c-{next(self._numbers)}",
        )
        return HEAD.format(method="POST", target=ORDER, key=key.id, more=FORM, length=len(text), body=text).encode()


async def _answer(reader: asyncio.StreamReader) -> None:
    """Read one answer whole; what it says is not asked."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    await reader.readexactly(length)
