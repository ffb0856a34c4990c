"""What one request costs inside of the process: the real chain and journal, without sockets or exchange.

    python bench/chain.py                  # µs of processor time a request, best round; a busy machine disturbs it
    python bench/chain.py --instructions   # instructions a request, under valgrind: no matter how busy the machine
    python bench/chain.py --functions      # and which functions are called how often, under the profiler

Every connection of a turn sends a request, then every one that has left is answered, as sixteen bots would have it; the
requests are those of the bench's load. Kernel and sockets are missing, so this tells what a change to the code is
worth, and `compare.py` what the gateway costs.
"""

import argparse
import asyncio
import cProfile
import ctypes
import gc
import hashlib
import hmac
import math
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvloop
from prepare import prepare

from bailiwick.config import load
from bailiwick.gateway import process
from bailiwick.gateway.framing import HeadReader
from bailiwick.gateway.server import Listener
from bailiwick.gateway.upstream import Connection
from bailiwick.model.market import Quote, SymbolInfo
from bailiwick.venues.binance.dialect import BINANCE

TURN = 10  # requests a key sends before it begins anew, as in load.lua
WARM_TURNS = 2
HEAD = (
    " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\n"
    "Accept: */*\r\nConnection: keep-alive\r\nX-MBX-APIKEY: "
)
ANSWER = (
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\n"
    "Content-Length: {}\r\nConnection: keep-alive\r\nx-mbx-used-weight-1m: 12\r\nx-mbx-order-count-10s: 3\r\n\r\n{}"
)

# How a program tells the valgrind that it runs under to begin counting anew, and to write down what it has counted.
ORDERS = """
#include <valgrind/callgrind.h>
void begin(void) { CALLGRIND_ZERO_STATS; }
void end(void) { CALLGRIND_DUMP_STATS; }
"""


class Wires(list["Wire"]):
    """Those on which something was written, in order; ``full`` is told when there are so many."""

    def __init__(self) -> None:
        super().__init__()
        self.full: asyncio.Future[None] | None = None
        self.many = 0

    def note(self, wire: "Wire") -> None:
        self.append(wire)
        if self.full is not None and len(self) >= self.many:
            self.full.set_result(None)
            self.full = None

    async def wait(self, many: int) -> None:
        if len(self) < many:
            self.many = many
            self.full = asyncio.get_running_loop().create_future()
            await self.full


class Wire:
    """A transport that keeps what is written last, and says so to whoever plays the other side."""

    def __init__(self, written: Wires) -> None:
        self.data = b""
        self.end: Any = None
        self._written = written

    def write(self, data: bytes) -> None:
        self.data = data
        self._written.note(self)

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 40000) if name == "peername" else default


class Bot:
    """The requests of one key, and what the exchange answers to each."""

    def __init__(self, key: str, secret: str, number: int) -> None:
        self._key, self._secret, self._number = key, secret.encode(), number
        self._count = 0
        self._resting = ""

    def turn(self) -> Iterator[tuple[bytes, bytes]]:
        """Ten requests with their answers."""
        placed = ""
        for step in range(TURN):
            if step == 8:
                yield self._request("GET", "/api/v3/account", "omitZeroBalances=true"), answer('{"balances":[]}')
            elif step in (7, 9) and self._resting:
                text = f"symbol=BTCUSDT&origClientOrderId={self._resting}"
                method, status = ("GET", "NEW") if step == 7 else ("DELETE", "CANCELED")
                yield self._request(method, "/api/v3/order", text), answer(report(self._resting, 1, status))
            else:
                self._count += 1
                name, time_in_force = f"x-{self._number}t{os.getpid()}-{self._count}", "GTC" if step == 6 else "IOC"
                placed = name if step == 6 else placed
                text = (
                    f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce={time_in_force}&quantity=0.01000000"
                    f"&price=65000.10&newClientOrderId={name}"
                )
                order = report(name, self._number * 1_000_000 + self._count, "NEW" if step == 6 else "FILLED")
                yield self._request("POST", "/api/v3/order", text, in_body=step >= 4), answer(order)
        self._resting = placed

    def _request(self, method: str, path: str, text: str, *, in_body: bool = False) -> bytes:
        text += f"&recvWindow=60000&timestamp={time.time_ns() // 1000}"
        text += "&signature=" + hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
        if in_body:
            kind = "Content-Type: application/x-www-form-urlencoded"
            return f"{method} {path}{HEAD}{self._key}\r\n{kind}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
        length = "Content-Length: 0\r\n" if method == "POST" else ""
        return f"{method} {path}?{text}{HEAD}{self._key}\r\n{length}\r\n".encode()


def report(name: str, number: int, status: str) -> str:
    """An order in the exchange's form."""
    executed, fills, time_ms = "0.00000000", "", time.time_ns() // 1_000_000 + 1000  # made beforehand, told afterwards
    if status == "FILLED":
        executed = "0.01000000"
        fills = (
            '{"price":"65000.10","qty":"0.01000000","commission":"0.00000000","commissionAsset":"BTC",'
            f'"tradeId":{28457000000 + number}}}'
        )
    return (
        f'{{"symbol":"BTCUSDT","orderId":{28457000000 + number},"orderListId":-1,"clientOrderId":"{name}",'
        f'"transactTime":{time_ms},"price":"65000.10","origQty":"0.01000000","executedQty":"{executed}",'
        f'"origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"{"650.00100000" if fills else "0.00000000"}",'
        f'"status":"{status}","timeInForce":"IOC","type":"LIMIT","side":"BUY","workingTime":{time_ms},'
        f'"fills":[{fills}],"selfTradePreventionMode":"EXPIRE_MAKER"}}'
    )


def answer(body: str) -> bytes:
    """The whole of an answer."""
    return ANSWER.format(len(body), body).encode()


class Chain:
    """A gateway between bots and an exchange that are played by one loop."""

    def __init__(self, directory: Path, bots: int) -> None:
        prepare(directory, bots, 1, "http://127.0.0.1:1")
        self.house = process.House(load(directory / "bailiwick.toml"))
        self.house.journal.attach(asyncio.get_running_loop())
        self.house.registry._read_at = math.inf  # however slow it is under valgrind, the keys count as read just now
        pairs = [line.split("\t") for line in (directory / "keys.tsv").read_text().splitlines()]
        self.bots = [Bot(key, secret, number) for number, (key, secret) in enumerate(pairs)]
        listener = Listener(self.house.gateway, HeadReader(BINANCE.key_header), time.monotonic)
        self.sent = Wires()
        self.answered = Wires()
        self._price()
        self.clients = [listener.connection() for _ in self.bots]
        for client in self.clients:
            client.connection_made(Wire(self.answered))  # type: ignore[arg-type]  # as much of one as is needed
        (pool,) = self.house.links.pools()
        for _ in self.bots:
            connection, wire = Connection(pool), Wire(self.sent)
            wire.end = connection
            connection.connection_made(wire)  # type: ignore[arg-type]  # as above
            pool.released(connection)

    def _price(self) -> None:
        market = self.house.links.venues()[0].market
        steps = {"tick": Decimal("0.01"), "step": Decimal("0.00001")}
        least = {"least_quantity": Decimal("0.00001"), "least_notional": Decimal(5)}
        market.set_symbols(
            {"BTCUSDT": SymbolInfo(symbol="BTCUSDT", base="BTC", quote="USDT", trading=True, **steps, **least)}
        )
        price, later = Decimal("65000.00000000"), time.time_ns() // 1000 + 600_000_000
        volume = Decimal("325000000.00000000")
        market.set_quote(
            "BTCUSDT", Quote(near=price, anchor=price, near_us=later, anchor_us=later, daily_volume=volume)
        )

    async def turn(self, requests: list[list[tuple[bytes, bytes]]]) -> None:
        """Every bot sends its requests, one after the other."""
        sent, answered = self.sent, self.answered
        for step in zip(*requests, strict=True):
            sent.clear()
            answered.clear()
            for client, (request, _) in zip(self.clients, step, strict=True):
                client.data_received(request)
            if answered:
                sys.exit(f"refused: {answered[0].data!r}")
            await sent.wait(len(step))
            # All of a step are of one kind, so they have left in the order in which they came.
            for wire, (_, reply) in zip(list(sent), step, strict=True):
                wire.end.data_received(reply)
            for wire in answered:
                if not wire.data.startswith(b"HTTP/1.1 200"):
                    sys.exit(f"refused: {wire.data!r}")

    def requests(self) -> list[list[tuple[bytes, bytes]]]:
        """The next turn of every bot; made beforehand, so that it is not measured."""
        return [list(bot.turn()) for bot in self.bots]


async def measure(args: argparse.Namespace, directory: Path) -> None:
    chain = Chain(directory, args.connections)
    count = args.connections * TURN
    for _ in range(WARM_TURNS):
        await chain.turn(chain.requests())
    gc.collect()
    gc.freeze()
    if args.under_valgrind:
        orders = ctypes.CDLL(args.under_valgrind)
        turns = [chain.requests() for _ in range(args.turns)]
        orders.begin()
        for requests in turns:
            await chain.turn(requests)
        orders.end()
        os._exit(0)
    profile = cProfile.Profile() if args.functions else None
    whole, loop = [], []
    for _ in range(args.turns):
        requests = chain.requests()
        began, began_loop = time.process_time(), time.thread_time()
        if profile is not None:
            profile.enable()
        await chain.turn(requests)
        if profile is not None:
            profile.disable()
        whole.append((time.process_time() - began) / count * 1e6)
        loop.append((time.thread_time() - began_loop) / count * 1e6)
    if profile is not None:
        table(profile, count * args.turns)
    else:
        print(
            f"{min(whole):.1f} µs a request, of which {min(loop):.1f} in the loop's thread; best of {args.turns} turns"
        )
    chain.house.journal.close()


def table(profile: cProfile.Profile, requests: int) -> None:
    """The functions that are called most, in calls a request."""
    rows = []
    for (file, line, name), (_, calls, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        place = f"{file.rpartition('bailiwick/')[2]}:{line} {name}" if "bailiwick" in file else name
        rows.append((own / requests * 1e6, calls / requests, place))
    rows.sort(reverse=True)
    print(f"{sum(calls for _, calls, _ in rows):.0f} calls a request\n{'µs':>7} {'calls':>7}")
    for own_us, calls, place in rows[:70]:
        print(f"{own_us:7.2f} {calls:7.2f} {place}")


def instructions(args: argparse.Namespace) -> None:
    """Run this under valgrind and print what it counted."""
    with tempfile.TemporaryDirectory() as place:
        source, library = Path(place) / "orders.c", f"{place}/orders.so"
        source.write_text(ORDERS)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        kept = f"{args.keep or place}/chain"
        command = [
            "valgrind",
            "--tool=callgrind",
            "--fair-sched=yes",
            f"--callgrind-out-file={kept}",
            sys.executable,
            __file__,
        ]
        options = ["--under-valgrind", library, f"--connections={args.connections}", f"--turns={args.turns}"]
        subprocess.run([*command, *options], check=True, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True)
        for line in Path(f"{kept}.1").read_text().splitlines():
            if line.startswith("summary:"):
                counted = int(line.split()[1])
    print(f"{counted / (args.connections * TURN * args.turns):,.0f} instructions a request")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--turns", type=int, default=10, help="each of ten requests a connection")
    parser.add_argument("--functions", action="store_true", help="which functions are called how often")
    parser.add_argument("--instructions", action="store_true", help="count instructions; needs valgrind")
    parser.add_argument("--keep", help="a directory for what callgrind_annotate reads")
    parser.add_argument("--under-valgrind", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.instructions:
        instructions(args)
        return
    sys.setswitchinterval(process.SWITCH_INTERVAL_S)
    gc.set_threshold(*process.COLLECT_AFTER)
    with tempfile.TemporaryDirectory() as place:
        uvloop.run(measure(args, Path(place) / "data"))


if __name__ == "__main__":
    main()
