"""A desk at a small sandbox: signs requests like a client and speaks to the front without sockets."""

import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from bailiwick.sandbox.amount import read
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.front import Answer, Front, Request
from bailiwick.sandbox.limits import Limits
from bailiwick.sandbox.orders import OrderRequest

NOW = 1_790_000_000_000
ADDRESS = "127.0.0.1"


class Desk:
    """One account with a key at a sandbox of its own; ``now`` stands until it is moved."""

    def __init__(self, funds: dict[str, str] | None = None, **settings: Any) -> None:
        self.now = NOW
        self.sandbox = Sandbox(7, NOW, amplitude=0, **settings)
        self.front = Front(self.sandbox)
        self.sandbox.open_account("trader", NOW, {"USDT": "100000", "BTC": "10"} if funds is None else funds)
        self.key, secret = self.sandbox.issue_key("trader", NOW)
        assert secret is not None
        self.secret = secret.encode()

    def sign(self, payload: str) -> str:
        return hmac.new(self.secret, payload.encode(), hashlib.sha256).hexdigest()

    def raw(self, method: str, target: str, body: str = "", headers: dict[str, str] | None = None) -> Answer:
        """Send exactly these bytes."""
        sent = {"x-mbx-apikey": self.key.api_key} if headers is None else headers
        return self.front.answer(Request(method, target.encode(), sent, body.encode(), ADDRESS), self.now * 1000)

    def answer(self, method: str, path: str, /, **params: object) -> Answer:
        """A signed request with its parameters in the query."""
        query = urlencode({**params, "timestamp": params.get("timestamp", self.now)})
        return self.raw(method, f"{path}?{query}&signature={self.sign(query)}")

    def ask(self, method: str, path: str, /, **params: object) -> Any:
        """A signed request that is granted."""
        answer = self.answer(method, path, **params)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def refused(self, method: str, path: str, /, **params: object) -> tuple[int, int, str]:
        """A signed request that is refused: status, code and message."""
        answer = self.answer(method, path, **params)
        said = json.loads(answer.body)
        return answer.status, said["code"], said["msg"]

    def public(self, path: str, query: str = "") -> Any:
        """An unsigned request."""
        answer = self.raw("GET", f"{path}?{query}" if query else path, headers={})
        return json.loads(answer.body)

    def limit(self, side: str, quantity: str, price: str, **more: object) -> Any:
        """Place a limit order on BTCUSDT."""
        params = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
        return self.ask("POST", "/api/v3/order", **{**params, "quantity": quantity, "price": price, **more})

    def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        """Free and locked."""
        rows = {row["asset"]: row for row in self.ask("GET", "/api/v3/account")["balances"]}
        return Decimal(rows[asset]["free"]), Decimal(rows[asset]["locked"])


def unlimited() -> Limits:
    """Limits out of the way."""
    return Limits(10**9, 10**9, 10**9)


def wish(side: str, quantity: str, price: str = "0", **more: Any) -> OrderRequest:
    """An order request on BTCUSDT in the engine's own terms."""
    kind = more.pop("type", "LIMIT")
    stop = read(more.pop("stop", "0"))
    symbol = more.pop("symbol", "BTCUSDT")
    return OrderRequest(symbol, side, kind, read(quantity), read(price), stop_price=stop, **more)
