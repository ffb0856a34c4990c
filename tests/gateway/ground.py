"""A gateway in this process: real store, vault, journal and dialect; venue, time and disk in the hands of the test."""

import asyncio
import errno
import hashlib
import hmac
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from fake_transport import FakeTransport

from bailiwick import config, config_text
from bailiwick.gateway import links, process, registry
from bailiwick.gateway.clock import VenueClock
from bailiwick.gateway.framing import HeadReader
from bailiwick.gateway.parties import Live, VenueSide
from bailiwick.gateway.process import House
from bailiwick.gateway.server import ClientConnection, Listener
from bailiwick.gateway.unkeyed import PublicData
from bailiwick.gateway.upstream import Failure, Waiter
from bailiwick.journal import log as journal_log
from bailiwick.journal import record
from bailiwick.journal.disk import Disk
from bailiwick.journal.writer import Limits
from bailiwick.model.credential import KEY_ID_RANDOM_BYTES, SECRET_RANDOM_BYTES, Purpose, make_key_id, make_secret
from bailiwick.model.grant import Grant, HowMuch, What, grant_to_toml
from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType, Side
from bailiwick.model.market import Quote, SymbolInfo
from bailiwick.model.party import (
    Account,
    Credential,
    Key,
    KeyKind,
    KeyState,
    Service,
    Venue,
    credential_record,
    key_record,
)
from bailiwick.model.request import Outgoing
from bailiwick.model.secret import Secret
from bailiwick.opening import make_journal_key
from bailiwick.store.store import Store
from bailiwick.vault.custody import make_key_file, root_from_key_file
from bailiwick.vault.keyringfile import make_keyring
from bailiwick.vault.vault import Vault
from bailiwick.venues.binance.dialect import BINANCE

ACCOUNT, SERVICE, VENUE = "trader", "bot", "exchange"
UPSTREAM_KEY, UPSTREAM_SECRET = "upstream-key", "upstream-secret"
BOT = Grant(
    purpose="a bot",
    what=What(
        may=frozenset({Harm.PUBLIC, Harm.READ, Harm.TRADE, Harm.CANCEL}),
        symbols=frozenset({"BTCUSDT", "ETHUSDT"}),
        sides=frozenset(Side),
        order_types=frozenset(OrderType),
    ),
    how_much=HowMuch(order_notional=Decimal(500), day_notional=Decimal(2000)),
)
FILTERS = [
    {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001"},
]
SYMBOLS = {
    name: SymbolInfo(
        symbol=name, base=name[:3], quote=name[3:], trading=True, tick=Decimal("0.01"), step=Decimal("0.001"),
        least_quantity=Decimal("0.001"), least_notional=Decimal(0),
    )
    for name in ("BTCUSDT", "ETHUSDT", "BNBUSDT", "ETHBTC")
}  # fmt: skip
_orders = count(1001)


class SetClock(VenueClock):
    """A venue's clock that the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = time.time_ns() // 1000

    def now_us(self) -> int:
        """The moment that the test set."""
        return self.at


class Sent:
    """One request that reached the venue; the test answers it."""

    def __init__(self, outgoing: Outgoing, waiter: Waiter) -> None:
        self.outgoing = outgoing
        self.waiter = waiter
        self.method = outgoing.method.decode()
        self.path, _, query = outgoing.target.decode().partition("?")
        self.params = dict(parse_qsl(query or outgoing.body.decode()))

    def answer(self, status: int = 200, body: object = b"{}", headers: dict[str, str] | None = None) -> None:
        """Answer it, in JSON unless bytes are given."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = "".join(f"\r\n{name}: {value}" for name, value in (headers or {}).items())
        self.waiter.answered(status, f"HTTP/1.1 {status} Answer{lines}".encode(), raw)

    def fail(self, failure: Failure = Failure.UNKNOWN) -> None:
        """Leave it without an answer."""
        self.waiter.failed(failure)

    def order(self, executed: str = "0", status: str | None = None, **more: Any) -> dict[str, Any]:
        """The venue's report of the order that this request places."""
        price, quantity = self.params.get("price", "100"), self.params.get("quantity", "1")
        if status is None:
            status = "FILLED" if Decimal(executed) == Decimal(quantity) else "NEW"
        return report(
            self.params.get("newClientOrderId") or self.params.get("origClientOrderId", ""), quantity, executed, status,
            price=price, symbol=self.params["symbol"], side=self.params.get("side", "BUY"), **more,
        )  # fmt: skip

    def accept(self, executed: str = "0", **more: Any) -> int:
        """Accept the order that it places; gives the venue's order id."""
        order = self.order(executed, **more)
        self.answer(200, order)
        return int(order["orderId"])

    def refuse(self, code: int = -2010, status: int = 400) -> None:
        """Refuse it definitely."""
        self.answer(status, {"code": code, "msg": "no"})


def report(
    client_id: str, quantity: str = "1", executed: str = "0", status: str = "NEW", *, price: str = "100",
    order_id: int | None = None, symbol: str = "BTCUSDT", side: str = "BUY", **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """What the venue says of an order."""
    return {
        "symbol": symbol, "orderId": next(_orders) if order_id is None else order_id, "clientOrderId": client_id,
        "price": price, "origQty": quantity, "executedQty": executed, "status": status, "side": side,
        "cummulativeQuoteQty": str(Decimal(price) * Decimal(executed)),
    } | more  # fmt: skip


def trade(order_id: int, trade_id: int, quantity: str, price: str = "100", **more: Any) -> dict[str, Any]:
    """A row of the venue's list of trades."""
    return {
        "symbol": "BTCUSDT", "id": trade_id, "orderId": order_id, "price": price, "qty": quantity, "commission": "0",
        "commissionAsset": "USDT", "time": 0, "isBuyer": True,
    } | more  # fmt: skip


class Upstream:
    """Stands in the place of every pool: keeps what would leave until the test answers it."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.open: list[Sent] = []
        self.closed = False
        self.refuses = False  # whether nothing can be sent
        self.by_itself: Callable[[Sent], bool] = lambda sent: False  # answers some requests at once

    def send(self, outgoing: Outgoing, waiter: Waiter) -> None:
        if self.closed or self.refuses:
            waiter.failed(Failure.NOT_SENT)
            return
        sent = Sent(outgoing, waiter)
        self.sent.append(sent)
        if not self.by_itself(sent):
            self.open.append(sent)

    def take(self) -> Sent:
        """The oldest request without an answer."""
        return self.open.pop(0)

    def sweep(self) -> None:
        pass

    def drop_waiting(self, unwanted: Callable[[Waiter], bool] = lambda waiter: True) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class GatedDisk(Disk):
    """A disk whose writes the test holds back, fails, or finds no room for."""

    def __init__(self) -> None:
        self._gate = threading.Event()
        self._gate.set()
        self.error: OSError | None = None

    def hold(self) -> None:
        """From now on writes wait."""
        self._gate.clear()

    def let_go(self, error: int | None = None) -> None:
        """Let writes go on, or fail with this errno."""
        self.error = None if error is None else OSError(error, os.strerror(error))
        self._gate.set()

    def write_durably(self, descriptor: int, data: bytes, offset: int) -> None:
        assert self._gate.wait(20)
        if self.error is not None:
            if self.error.errno == errno.ENOSPC:  # the reserve then makes room
                self.error, error = None, self.error
                raise error
            raise self.error
        super().write_durably(descriptor, data, offset)


@dataclass(frozen=True)
class Issued:
    """What a client is handed."""

    id: str
    secret: bytes

    def sign(self, payload: str) -> str:
        """The payload with its signature behind it."""
        return f"{payload}&signature={hmac.new(self.secret, payload.encode(), hashlib.sha256).hexdigest()}"


class Client:
    """A client's connection to the gateway, without a socket."""

    def __init__(self, listener: Listener, clock: SetClock, key: Issued | None, peer: str) -> None:
        self.connection: ClientConnection = listener.connection()
        self.transport = FakeTransport(peer)
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]  # stands in for one
        self.key = key
        self.clock = clock

    def payload(self, window_ms: int = 5000, **params: object) -> str:
        """Parameters with the time of now."""
        self.clock.at += 1000  # no two requests are signed at one moment
        text = "&".join(f"{name}={value}" for name, value in params.items())
        timed = f"recvWindow={window_ms}&timestamp={self.clock.at // 1000}"
        return f"{text}&{timed}" if text else timed

    def send(self, method: str, path: str, window_ms: int = 5000, **params: object) -> str:
        """Send a signed request; gives its signed payload."""
        assert self.key is not None
        payload = self.payload(window_ms, **params)
        self.send_signed(method, path, self.key.sign(payload))
        return payload

    def send_signed(self, method: str, path: str, signed: str) -> None:
        """Send parameters that are signed already, where the method has them."""
        assert self.key is not None
        if method == "POST":
            self.raw(method, path, body=signed, key=self.key.id)
        else:
            self.raw(method, f"{path}?{signed}", key=self.key.id)

    def raw(self, method: str, target: str, *, body: str = "", key: str = "", headers: str = "") -> None:
        """Send any request."""
        head = f"{method} {target} HTTP/1.1\r\nHost: gateway\r\n{headers}"
        if key:
            head += f"X-MBX-APIKEY: {key}\r\n"
        if body:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        self.connection.data_received(f"{head}\r\n{body}".encode())

    def buy(self, quantity: str = "1", price: str = "100", **more: object) -> str:
        """Send a limit order to buy; gives its signed payload."""
        return self.place("BUY", quantity, price, **more)

    def place(self, side: str, quantity: str, price: str = "100", symbol: str = "BTCUSDT", **more: object) -> str:
        """Send a limit order; gives its signed payload."""
        return self.send(
            "POST", "/api/v3/order", symbol=symbol, side=side, type="LIMIT", timeInForce="GTC", quantity=quantity,
            price=price, **more,
        )  # fmt: skip

    @property
    def answers(self) -> list[tuple[int, Any]]:
        """Status and body of each answer so far."""
        found, rest = [], self.transport.written
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            length = int(fields[b"content-length"])
            body, rest = rest[:length], rest[length:]
            found.append((int(head.split(b" ")[1]), json.loads(body)))
        return found

    @property
    def reason(self) -> str | None:
        """The name of the reason in the last answer, or None if it is no refusal of the gateway's own."""
        return reason_of(self.answers[-1][1])

    @property
    def reasons(self) -> list[str | None]:
        """The reasons of all answers."""
        return [reason_of(body) for _, body in self.answers]


def reason_of(body: Any) -> str | None:
    """The reason that a refusal names."""
    text = body.get("msg", "") if isinstance(body, dict) else ""
    return text.partition("[bailiwick ")[2].rstrip("]") or None


class Ground:
    """The gateway's house with everything around it."""

    def __init__(self, directory: Path, upstream: Upstream, disk: GatedDisk) -> None:
        self.directory = directory
        self.upstream = upstream
        self.disk = disk
        self.clock = SetClock()
        self.config = config.load(directory / "bailiwick.toml")
        self.house: House
        self.listener: Listener
        self._live = False
        self.start()

    def start(self) -> None:
        """Open the house, and know the markets."""
        self.house = house = House(self.config)
        house.journal.attach(asyncio.get_running_loop())
        self._live = True
        self.venue.clock = self.clock
        self.venue.prices.set_symbols(SYMBOLS)
        self.fresh_prices()
        house.unkeyed.add(self.venue, PublicData(house.gateway, self.venue, self.config.gateway.public))
        house._take_up_doubts()
        self.listener = Listener(house.gateway, HeadReader(BINANCE.key_header), time.monotonic)

    @property
    def venue(self) -> VenueSide:
        """The venue's side."""
        return self.house.links.venue(VENUE)

    def fresh_prices(self, price: str = "100") -> None:
        """BTC and the others cost as much, as of now."""
        now = self.clock.at
        for name in SYMBOLS:
            self.venue.market.set_quote(
                name,
                Quote(
                    near=Decimal(price), anchor=Decimal(price), near_us=now, anchor_us=now, daily_volume=Decimal(10**9)
                ),
            )

    def pass_time(self, seconds: float) -> None:
        """Let time pass at the venue, with prices that stay fresh."""
        self.clock.at += int(seconds * 1_000_000)
        self.fresh_prices()

    def issue(self, grant: Grant = BOT) -> Issued:
        """Issue a key that is in force when this returns."""
        key_id = make_key_id(ACCOUNT, os.urandom(KEY_ID_RANDOM_BYTES))
        secret = make_secret(os.urandom(SECRET_RANDOM_BYTES))
        sealed = self.house.vault.seal(key_record(key_id, ACCOUNT), Purpose.ISSUED_HMAC, secret)
        now = time.time_ns() // 1_000_000
        with Store.open(self.config.database) as store:
            store.keys.add(
                Key(
                    key_id, ACCOUNT, SERVICE, KeyKind.HMAC, grant_to_toml(grant), KeyState.ACTIVE, now,
                    secret=sealed.envelope,
                )
            )  # fmt: skip
        self.house.registry.refresh()
        return Issued(key_id, secret.reveal())

    def client(self, key: Issued | None = None, peer: str = "127.0.0.1") -> Client:
        """A client's connection."""
        return Client(self.listener, self.clock, key, peer)

    def bot(self, grant: Grant = BOT) -> Client:
        """A client with a key of its own."""
        return self.client(self.issue(grant))

    def live(self, client: Client) -> Live:
        """What the gateway knows of a client's key."""
        assert client.key is not None
        found = self.house.registry.find(client.key.id.encode())
        assert found is not None
        return found

    def reserved(self, client: Client) -> Decimal:
        """What the client's open orders may still spend."""
        return self.live(client).ledger.reserved

    def spent(self, client: Client) -> Decimal:
        """What counts against the client's budget of 24 hours, without what is reserved."""
        return self.live(client).ledger.spent.rolling(self.clock.at)

    async def durable(self) -> None:
        """Wait until everything that was appended is durable, and those who waited for it were told."""
        journal = self.house.journal
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        journal.when_durable(journal.position - 1, lambda error: done.set_result(None))
        async with asyncio.timeout(10):
            await done

    async def sent(self) -> Sent:
        """What leaves next: once its record is durable."""
        await self.durable()
        return self.upstream.take()

    async def reconcile(self, by_itself: Callable[[Sent], bool] | None = None) -> None:
        """Let the reconciler look up everything that is open to doubt, now."""
        if by_itself is not None:
            self.upstream.by_itself = by_itself
        for doubt in self.house.reconciler._doubts.values():
            doubt.due = 0.0
        await self.house.reconciler._settle_doubts()

    async def poll(self, by_itself: Callable[[Sent], bool] | None = None) -> None:
        """Let the reconciler look at the open orders, now."""
        if by_itself is not None:
            self.upstream.by_itself = by_itself
        await self.house.reconciler._poll()

    def records(self, kind: type[Any] = object) -> list[Any]:
        """The records of one kind, oldest first."""
        return [each for each in self._records() if isinstance(each, kind)]

    def _records(self) -> Iterator[record.Record]:
        from bailiwick.journal import reader

        for entry in reader.read(self.config.journal_directory):
            if entry.record is not None:
                yield record.decode(entry.record)

    async def restart(self, *, crash: bool = False) -> None:
        """End the gateway, in order or not, and start it anew; time passes meanwhile."""
        await self.stop(crash=crash)
        self.upstream.open.clear()
        self.upstream.closed = False
        self.start()

    async def stop(self, *, crash: bool = False) -> None:
        """End the gateway."""
        if not self._live:
            return
        self._live = False
        if crash:
            self.house.journal.close()
            self.house.store.close()
        else:
            await self.house.snapshots.take()
            self.house._close()


def make_template(directory: Path, **gateway: object) -> Path:
    """A configuration and a data directory with a venue, an account, its credential and a service."""
    directory.mkdir(mode=0o700, parents=True)
    path = directory / "bailiwick.toml"
    config_text.write_default(path, port=0, health="")
    settings = config.load(path)
    settings.data.mkdir(mode=0o700)
    make_key_file(settings.vault.key_file)
    vault = Vault(make_keyring(settings.keyring, root_from_key_file(settings.vault.key_file), source="key-file"))
    make_journal_key(settings.journal_key)
    with Store.open(settings.database) as store:
        store.venues.add(Venue(VENUE, "Exchange", "binance", "http://127.0.0.1:9"))
        store.accounts.add(Account(ACCOUNT, VENUE, "Trader", "the tests", home_assets=("USDT",)))
        sealed = vault.seal(credential_record("main", ACCOUNT), Purpose.UPSTREAM_HMAC, Secret(UPSTREAM_SECRET.encode()))
        store.attach_credential(Credential("main", ACCOUNT, Purpose.UPSTREAM_HMAC, UPSTREAM_KEY, sealed.envelope))
        store.services.add(Service(SERVICE, "Bot"))
    return directory


def open_ground(template: Path, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """A ground on a copy of the template."""
    shutil.copytree(template, directory)
    upstream, disk = Upstream(), GatedDisk()
    monkeypatch.setattr(links, "Pool", lambda origin, clock: upstream)
    monkeypatch.setattr(journal_log, "Disk", lambda: disk)
    monkeypatch.setattr(registry, "STALE_S", 3600.0)  # a busy machine is no stale store; one test is about these
    small = {"reserve_bytes": 1 << 16, "low_water_bytes": 0}
    monkeypatch.setattr(process, "Limits", lambda **limits: Limits(**(limits | small)))
    return Ground(directory, upstream, disk)


__all__ = ["BOT", "Client", "Failure", "Ground", "Issued", "Upstream", "reason_of", "report", "trade"]
