"""The sandbox on a socket: bytes, faults, the admin side and the program."""

import asyncio
import hashlib
import hmac
import json
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from rehearsal import NOW

from bailiwick.sandbox import Running, Sandbox, serve
from bailiwick.sandbox.connection import MAX_BODY


class Client:
    """One connection that speaks HTTP/1.1 byte by byte."""

    def __init__(self, running: Running, api_key: str, secret: str) -> None:
        self.running = running
        self.api_key, self.secret = api_key, secret.encode()
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def close(self) -> None:
        if self.writer is not None:
            self.writer.transport.abort()
            self.writer = self.reader = None

    async def send(self, data: bytes) -> None:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.running.host, self.running.port)
        self.writer.write(data)

    async def receive(self) -> tuple[int, dict[str, str], Any]:
        assert self.reader is not None
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await self.reader.readexactly(int(headers["Content-Length"]))
        return int(head[0].split()[1]), headers, json.loads(body) if body else None

    async def ask(self, method: str, target: str, body: str = "") -> tuple[int, dict[str, str], Any]:
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: {self.api_key}\r\n"
        await self.send(f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode())
        return await self.receive()

    async def signed(self, method: str, path: str, query: str) -> tuple[int, dict[str, str], Any]:
        query += f"&timestamp={NOW}"
        signature = hmac.new(self.secret, query.encode(), hashlib.sha256).hexdigest()
        return await self.ask(method, f"{path}?{query}&signature={signature}")

    async def order(self, client_id: str) -> tuple[int, dict[str, str], Any]:
        query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=60000"
        return await self.signed("POST", "/api/v3/order", f"{query}&newClientOrderId={client_id}")

    async def admin(self, method: str, path: str, said: object = None) -> Any:
        status, _, found = await self.ask(method, f"/sandbox/{path}", "" if said is None else json.dumps(said))
        assert status == 200, found
        return found


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    sandbox = Sandbox(1, NOW, amplitude=0)
    sandbox.open_account("trader", NOW, {"USDT": "100000"})
    key, secret = sandbox.issue_key("trader", NOW)
    running = await serve(sandbox, clock=lambda: NOW * 1000)
    made = Client(running, key.api_key, secret or "")
    yield made
    await made.close()
    await running.close()


async def received(client: Client) -> list[str]:
    return [row["client_ids"][0] for row in await client.admin("GET", "orders?account=trader")]


async def test_requests_of_one_connection_are_answered_in_their_order(client: Client) -> None:
    """A connection is kept, and pipelined requests are answered one after the other."""
    await client.send(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\nGET /api/v3/time HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await client.receive())[2] == {}
    status, headers, said = await client.receive()
    assert (status, said) == (200, {"serverTime": NOW})
    assert headers["Content-Type"].startswith("application/json")


async def test_a_request_may_come_in_pieces(client: Client) -> None:
    """Bytes that arrive one at a time make the same request."""
    for byte in b"GET /api/v3/time HTTP/1.1\r\nHost: x\r\n\r\n":
        await client.send(bytes([byte]))
        await asyncio.sleep(0)
    assert (await client.receive())[2] == {"serverTime": NOW}


@pytest.mark.parametrize("target", ["a b+c", "x=%zz", "x=%2B%26", "%E8%BF%99"])
async def test_the_target_is_taken_byte_for_byte(client: Client, target: str) -> None:
    """A signature over unusual bytes of the query verifies, because nothing re-encodes them."""
    query = f"{target.replace(' ', '%20')}&timestamp={NOW}"
    signature = hmac.new(client.secret, query.encode(), hashlib.sha256).hexdigest()
    status, _, said = await client.ask("GET", f"/sapi/v1/account/status?{query}&signature={signature}")
    assert (status, said) == (200, {"data": "Normal"})


async def test_garbage_closes_the_connection(client: Client) -> None:
    """What is not HTTP is a 400 and the end; so is a body beyond all bounds."""
    await client.send(b"NOT HTTP\r\n\r\n")
    assert (await client.receive())[0] == 400
    assert client.reader is not None
    assert await client.reader.read() == b""
    await client.close()
    await client.send(b"POST /api/v3/order HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1))
    await client.send(b"x" * (MAX_BODY + 1))
    assert (await client.receive())[0] == 400


async def test_the_sandbox_closes_when_it_is_asked_to(client: Client) -> None:
    """A client that wants the connection closed after the answer gets it closed."""
    await client.send(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    status, headers, _ = await client.receive()
    assert (status, headers["Connection"]) == (200, "close")
    assert client.reader is not None
    assert await client.reader.read() == b""


@pytest.mark.parametrize(("kind", "executed"), [("reset_before", False), ("reset_after", True)])
async def test_a_reset_strikes_before_or_after_executing(client: Client, kind: str, executed: bool) -> None:
    """The client sees a broken connection in both cases; only the exchange knows whether the order exists."""
    await client.admin("POST", "faults", {"kind": kind, "path": "/api/v3/order"})
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.order("one")
    await client.close()
    assert await received(client) == (["one"] if executed else [])
    assert (await client.order("two"))[0] == 200


async def test_half_an_answer_is_half_an_answer(client: Client) -> None:
    """The order is executed; head and half of the body arrive; the connection ends."""
    await client.admin("POST", "faults", {"kind": "half_answer", "method": "POST"})
    with pytest.raises(asyncio.IncompleteReadError) as caught:
        await client.order("one")
    assert caught.value.partial.startswith(b'{"symbol"')
    await client.close()
    assert await received(client) == ["one"]


async def test_an_answer_can_come_late(client: Client) -> None:
    """A late answer belongs to an order that was executed long before."""
    await client.admin("POST", "faults", {"kind": "late_answer", "method": "POST", "delayMs": 60_000})
    waiting = asyncio.create_task(client.order("one"))
    other = Client(client.running, client.api_key, client.secret.decode())
    while not await received(other):
        pass
    assert (await received(other), waiting.done()) == (["one"], False)
    assert await other.admin("GET", "client-ids?account=trader") == ["one"]
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await other.close()


async def test_a_connection_can_end_behind_a_whole_answer(client: Client) -> None:
    """The answer is good and says nothing of the end that follows it."""
    await client.admin("POST", "faults", {"kind": "close_after", "method": "POST"})
    status, headers, _ = await client.order("one")
    assert (status, "Connection" in headers) == (200, False)
    assert client.reader is not None
    assert await client.reader.read() == b""


async def test_bytes_can_follow_an_answer_that_belong_to_none(client: Client) -> None:
    """Surplus bytes come behind a good answer, unasked."""
    await client.admin("POST", "faults", {"kind": "surplus", "method": "POST"})
    assert (await client.order("one"))[0] == 200
    assert client.reader is not None
    assert (await client.reader.readexactly(4)) == b"\x00not"


async def test_an_answer_can_be_garbage(client: Client) -> None:
    """What comes instead of the answer is not HTTP, though the order was executed."""
    await client.admin("POST", "faults", {"kind": "garbage", "method": "POST"})
    with pytest.raises(KeyError, match="Content-Length"):
        await client.order("one")
    await client.close()
    assert await received(client) == ["one"]


@pytest.mark.parametrize(
    ("kind", "more", "status", "executed"),
    [
        ("status_before", {"status": 502}, 502, False),
        ("status_after", {"status": 504}, 504, True),
        ("429", {"retryAfter": 7}, 429, False),
        ("418", {"retryAfter": 9}, 418, False),
    ],
)
async def test_a_status_strikes_as_often_as_asked(
    client: Client, kind: str, more: dict[str, int], status: int, executed: bool
) -> None:
    """The next matching requests meet the status, others do not, and afterwards all is well."""
    await client.admin("POST", "faults", {"kind": kind, "count": 2, "method": "POST", "path": "/api/v3/order", **more})
    assert (await client.ask("GET", "/api/v3/ping"))[0] == 200
    for name in ("one", "two"):
        found, headers, _ = await client.order(name)
        assert (found, headers.get("Retry-After")) == (
            status,
            str(more["retryAfter"]) if "retryAfter" in more else None,
        )
    assert (await client.order("three"))[0] == 200
    assert await received(client) == (["one", "two", "three"] if executed else ["three"])


async def test_a_delay_passes_before_the_request_is_looked_at() -> None:
    """A request that is held up past its window is refused, as the venue's second check does."""
    moments = iter([NOW * 1000, NOW * 1000, NOW * 1000 + 6_000_000])
    sandbox = Sandbox(1, NOW, amplitude=0)
    sandbox.open_account("trader", NOW)
    key, secret = sandbox.issue_key("trader", NOW)
    running = await serve(sandbox, clock=lambda: next(moments))
    client = Client(running, key.api_key, secret or "")
    await client.admin("POST", "faults", {"kind": "delay", "delayMs": 1})
    await client.admin("GET", "totals")
    assert (await client.signed("GET", "/api/v3/account", "x=1"))[2]["code"] == -1021
    await client.close()
    await running.close()


async def test_faults_can_be_taken_back(client: Client) -> None:
    """What has not struck yet can be cleared."""
    await client.admin("POST", "faults", {"kind": "reset_before"})
    await client.admin("DELETE", "faults")
    assert (await client.order("one"))[0] == 200


async def test_the_admin_side_opens_funds_and_moves(client: Client) -> None:
    """Accounts, deposits, keys, prices and counterparty orders are made over HTTP, and the totals add up."""
    await client.admin("POST", "accounts", {"name": "other", "funds": {"BTC": "2"}})
    await client.admin("POST", "deposits", {"account": "other", "asset": "USDT", "amount": "5", "wallet": "FUNDING"})
    made = await client.admin("POST", "keys", {"account": "other", "permissions": ["enableReading"]})
    assert len(made["apiKey"]) == len(made["secret"]) == 64
    await client.admin("POST", "prices", {"symbol": "BTCUSDT", "shiftBps": -1000})
    order = {"account": "other", "symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "price": "58000"}
    assert (await client.admin("POST", "orders", order))["status"] == "FILLED"
    assert (await client.admin("GET", "totals"))["imbalance"] == {}
    await client.admin("POST", "tick")
    await client.order("one")
    assert await received(client) == ["one"]
    await client.admin("POST", "clear")
    assert await received(client) == []


@pytest.mark.parametrize(
    ("method", "path", "said", "status"),
    [
        ("POST", "accounts", {"name": "trader"}, 400),
        ("POST", "accounts", {"nome": "x"}, 400),
        ("POST", "accounts", {"name": "x", "takerBps": -1}, 400),
        ("POST", "deposits", {"account": "nobody", "asset": "BTC", "amount": "1"}, 404),
        ("POST", "deposits", {"account": "trader", "asset": "BTC", "amount": "-1"}, 400),
        ("POST", "deposits", {"account": "trader", "asset": "BTC", "amount": "1", "wallet": "X"}, 400),
        ("POST", "keys", {"account": "trader", "permissions": ["everything"]}, 400),
        ("POST", "prices", {"symbol": "NOPE", "price": "1"}, 400),
        ("POST", "faults", {"kind": "earthquake"}, 400),
        ("POST", "nothing", {}, 404),
        ("GET", "orders?account=nobody", {}, 404),
    ],
)
async def test_the_admin_side_says_what_is_wrong(
    client: Client, method: str, path: str, said: object, status: int
) -> None:
    """A request it cannot do is refused with a sentence."""
    found, _, answer = await client.ask(method, f"/sandbox/{path}", json.dumps(said))
    assert (found, bool(answer["error"])) == (status, True)


async def test_the_owners_own_pages_act_past_the_front(client: Client) -> None:
    """An order that its owner cancels elsewhere is gone for the client, without a received request."""
    await client.order("one")
    found = await client.admin("DELETE", "orders", {"account": "trader", "symbol": "BTCUSDT", "clientOrderId": "one"})
    assert found["status"] == "CANCELED"
    assert (await client.signed("GET", "/api/v3/openOrders", "symbol=BTCUSDT"))[2] == []
    assert await received(client) == ["one"]
    balances = await client.admin("GET", "balances?account=trader")
    assert balances == {"SPOT": {"USDT": ["100000.00000000", "0.00000000"]}}


async def test_only_loopback_is_listened_on() -> None:
    """An address that others can reach is refused, because the admin side asks nobody for a password."""
    with pytest.raises(ValueError, match="loopback only"):
        await serve(Sandbox(1, NOW), "0.0.0.0")


async def test_a_published_key_can_be_registered(client: Client) -> None:
    """A key and secret chosen elsewhere sign as given."""
    made = {"account": "trader", "apiKey": "v" * 64, "secret": "published"}
    assert await client.admin("POST", "keys", made) == {"apiKey": "v" * 64, "secret": "published"}
    client.api_key, client.secret = "v" * 64, b"published"
    assert (await client.signed("GET", "/api/v3/account", "omitZeroBalances=true"))[0] == 200


async def test_the_program_runs_alone_and_ends_when_told() -> None:
    """It prints one ready line with address and credentials, serves, and ends with 0 on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bailiwick.sandbox", "--port", "0", "--fund", "USDT=100", "--json",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    assert set(ready) == {"url", "account", "apiKey", "secret"}
    host, port = ready["url"].removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"{}")
    writer.close()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
