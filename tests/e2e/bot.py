"""A bot of our own: signs as the exchange documents it, over a connection whose every byte is ours."""

import contextlib
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from house import ACCOUNT, House, Issued

from bailiwick.model.secret import Secret
from bailiwick.venues import trusted

T = TypeVar("T")

ORDER = "/api/v3/order"


@dataclass(frozen=True)
class Answer:
    """What came back; ``body`` is the JSON."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        """The exchange's code of a refusal; 0 where there is none."""
        return self.body.get("code", 0) if isinstance(self.body, dict) else 0

    @property
    def reason(self) -> str:
        """The gateway's reason for a refusal; empty where there is none."""
        text = str(self.body.get("msg", "")) if isinstance(self.body, dict) else ""
        return text.partition("[bailiwick ")[2].partition("]")[0]


def sign(secret: str, window_ms: int = 5000, **params: object) -> str:
    """Parameters with time (in microseconds, so that no two are alike) and signature, as they are sent."""
    payload = urlencode({**params, "recvWindow": window_ms, "timestamp": time.time_ns() // 1_000})
    return f"{payload}&signature={hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()}"


class Bot:
    """Speaks to one port with one HMAC key; ``source`` is the local address that it comes from."""

    def __init__(self, port: int, key: Issued, *, source: str = "127.0.0.1", timeout_s: float = 30.0) -> None:
        self.port = port
        self.key = key
        self.source = source
        self.timeout_s = timeout_s

    def ask(self, method: str, path: str, *, window_ms: int = 5000, **params: object) -> Answer:
        """A signed request."""
        text = sign(self.key.secret, window_ms, **params)
        if method in {"POST", "PUT"}:
            return self.send(method, path, text)
        return self.send(method, f"{path}?{text}")

    def send(self, method: str, target: str, body: str | None = None, more: dict[str, str] | None = None) -> Answer:
        """A request as it is written here, with more headers."""
        headers = {**({"X-MBX-APIKEY": self.key.id} if self.key.id else {}), **(more or {})}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=self.timeout_s, source_address=(self.source, 0)
        )
        with contextlib.closing(connection):
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            read = answer.read()
            return Answer(answer.status, json.loads(read), {n.lower(): v for n, v in answer.getheaders()})

    def order(self, side: str, quantity: str, price: str | None = None, symbol: str = "BTCUSDT", **more: Any) -> Answer:
        """Place a limit order, or without a price a market order."""
        params = {"symbol": symbol, "side": side, "type": "MARKET" if price is None else "LIMIT", "quantity": quantity}
        if price is not None:
            params |= {"timeInForce": "GTC", "price": price}
        return self.ask("POST", ORDER, **{**params, **more})

    def mid(self, symbol: str = "BTCUSDT") -> float:
        """The middle of best bid and ask."""
        top = self.send("GET", f"/api/v3/ticker/bookTicker?symbol={symbol}").body
        return (float(top["bidPrice"]) + float(top["askPrice"])) / 2


class Insider(Bot):
    """Speaks to an exchange's own engine as its account's owner would from within."""

    def __init__(self, port: int, secret: Secret) -> None:
        super().__init__(port, Issued("", ""))
        self._secret = secret

    def ask(self, method: str, path: str, *, window_ms: int = 5000, **params: object) -> Answer:
        target, now = f"{path}?{urlencode(params)}", time.time_ns() // 1_000_000
        mac = trusted.mac(self._secret.reveal(), method.encode(), target.encode(), b"", ACCOUNT, "", 0, now, "allow")
        values = (ACCOUNT, "", "0", str(now), "allow", mac)
        return self.send(method, target, more=dict(zip(trusted.HEADERS, values, strict=True)))


def owner_of(house: House) -> Bot:
    """The account's owner, at the exchange itself."""
    exchange = house.exchange
    if house.trusted is not None:
        return Insider(exchange.port, house.trusted)
    return Bot(exchange.port, Issued(exchange.api_key, exchange.secret))


def eventually(found: Callable[[], T], good: Callable[[T], bool], seconds: float = 20.0) -> T:
    """What is found once it is good; fails with the last if it is not in time."""
    until = time.monotonic() + seconds
    while not good(last := found()):
        assert time.monotonic() < until, last
        time.sleep(0.05)
    return last
