"""How a client's act reads on the wire: parameters in its order, headers in its order, signed with its secret."""

import hmac
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from bailiwick.model.intent import Act as Does
from bailiwick.model.intent import Destination, Endpoint, Intent, OrderDraft, OrderRef, Withdrawal
from bailiwick.model.money import plain
from bailiwick.model.secret import Secret
from bailiwick.sandbox.market.door import Act, Manner
from bailiwick.venues.binance.endpoints import ENDPOINTS

PLACE: Final = ENDPOINTS["POST", "/api/v3/order"]
CANCEL: Final = ENDPOINTS["DELETE", "/api/v3/order"]
CANCEL_ALL: Final = ENDPOINTS["DELETE", "/api/v3/openOrders"]
BALANCES: Final = ENDPOINTS["GET", "/api/v3/account"]
OPEN_ORDERS: Final = ENDPOINTS["GET", "/api/v3/openOrders"]
TRADES: Final = ENDPOINTS["GET", "/api/v3/myTrades"]
WITHDRAW: Final = ENDPOINTS["POST", "/sapi/v1/capital/withdraw/apply"]
ADDRESS: Final = ENDPOINTS["GET", "/sapi/v1/capital/deposit/address"]

_VALUES: Final = {
    "User-Agent": "",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
    "Content-Type": "application/x-www-form-urlencoded",
}

Pairs = tuple[tuple[str, str], ...]


def placing(order: OrderDraft, at_us: int, window_us: int) -> Intent:
    """The intent to place one order, as its client's clock says."""
    return Intent(
        endpoint=PLACE, params=(), timestamp_us=at_us, window_us=window_us, symbol=order.symbol, orders=(order,)
    )


def cancelling(symbol: str, client_id: str, at_us: int, window_us: int) -> Intent:
    """The intent to cancel an order by the id that its client gave it."""
    return Intent(
        endpoint=CANCEL,
        params=(),
        timestamp_us=at_us,
        window_us=window_us,
        symbol=symbol,
        target=OrderRef(client_id=client_id),
    )


def asking(endpoint: Endpoint, at_us: int, window_us: int, symbol: str | None = None, params: Pairs = ()) -> Intent:
    """The intent to do or read something that has no order in it."""
    return Intent(endpoint=endpoint, params=params, timestamp_us=at_us, window_us=window_us, symbol=symbol)


def withdrawing(coin: str, network: str, address: str, amount: Decimal, at_us: int, window_us: int) -> Intent:
    """The intent to withdraw."""
    return Intent(
        endpoint=WITHDRAW,
        params=(("coin", coin), ("network", network), ("address", address), ("amount", plain(amount))),
        timestamp_us=at_us,
        window_us=window_us,
        withdrawal=Withdrawal(Destination(coin, network, address), amount),
    )


def parameters(act: Act) -> Pairs:
    """The parameters of an act as its client sends them, without the signature."""
    intent, manner = act.intent, act.manner
    pairs = list(_of_intent(intent))
    timestamp = ("timestamp", str(intent.timestamp_us // 1000))
    window = [("recvWindow", str(intent.window_us // 1000))] if intent.window_us else []
    if manner.order == "timestamp-first":
        return (timestamp, *window, *pairs)
    whole = [*pairs, *window, timestamp]
    return tuple(sorted(whole)) if manner.order == "alphabetical" else tuple(whole)


def names(act: Act) -> tuple[str, ...]:
    """The names of the parameters in the client's order, timestamp and window among them."""
    return tuple(name for name, _ in parameters(act))


def signed(act: Act, key: str, secret: Secret, host: str = "127.0.0.1") -> bytes:
    """The whole HTTP request that the act's client would send, signed with the HMAC secret of a key."""
    endpoint, manner = act.intent.endpoint, act.manner
    payload = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters(act))
    payload += "&signature=" + hmac.new(secret.reveal(), payload.encode(), "sha256").hexdigest()
    body = payload if manner.in_body and endpoint.method == "POST" else ""
    target = endpoint.path if body else f"{endpoint.path}?{payload}"
    lines = [f"{endpoint.method} {target} HTTP/1.1", f"Host: {host}"]
    for name in manner.headers:
        if name == "X-MBX-APIKEY":
            lines.append(f"{name}: {key}")
        elif name != "Content-Type" or body:
            lines.append(f"{name}: {manner.user_agent if name == 'User-Agent' else _VALUES[name]}")
    if endpoint.method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _of_intent(intent: Intent) -> Pairs:
    if intent.params:
        return intent.params
    if intent.endpoint.act is Does.PLACE:
        return _of_order(intent.orders[0])
    pairs = [] if intent.symbol is None else [("symbol", intent.symbol)]
    if intent.target is not None and intent.target.client_id is not None:
        pairs.append(("origClientOrderId", intent.target.client_id))
    return tuple(pairs)


def _of_order(order: OrderDraft) -> Pairs:
    fields: tuple[tuple[str, Decimal | str | None], ...] = (
        ("symbol", order.symbol),
        ("side", order.side),
        ("type", order.type),
        ("quantity", order.quantity),
        ("quoteOrderQty", order.quote_quantity),
        ("price", order.price),
        ("stopPrice", order.stop_price),
        ("timeInForce", order.time_in_force),
        ("newClientOrderId", order.client_id),
    )
    return tuple((name, plain(v) if isinstance(v, Decimal) else str(v)) for name, v in fields if v is not None)


def manner_of(name: str, prefix: str = "") -> Manner:
    """A known client, as it was recorded against a loopback server in November 2026 (clients.md).

    Raises:
        KeyError: if nothing is known of it.
    """
    agent, headers, in_body, order, own_prefix, window = _CLIENTS[name]
    return Manner(
        name=name,
        user_agent=agent,
        headers=headers,
        in_body=in_body,
        order=order,
        prefix=prefix or own_prefix,
        window_ms=window,
    )


# Order of parameters, place of the payload, window and prefixes as recorded; the order of headers is each library's
# default and assumed for the services' own programs, of which nothing is recorded.
_REQUESTS: Final = ("User-Agent", "Accept-Encoding", "Accept", "Connection", "X-MBX-APIKEY", "Content-Type")
_AIOHTTP: Final = ("Accept", "X-MBX-APIKEY", "Accept-Encoding", "User-Agent", "Content-Type")
_GO: Final = ("User-Agent", "Content-Type", "X-MBX-APIKEY", "Accept-Encoding")
_NODE: Final = ("Accept", "Content-Type", "X-MBX-APIKEY", "User-Agent", "Connection")
_CLIENTS: Final[dict[str, tuple[str, tuple[str, ...], bool, str, str, int]]] = {
    "ccxt": ("python-requests/2.32.5", _REQUESTS, True, "timestamp-first", "x-TKT5PX2F", 10_000),
    "python-binance": ("binance/python", _REQUESTS, True, "alphabetical", "x-HNA2TXFJ", 0),
    "binance-sdk-spot": ("binance-sdk-spot/13.2.0", _REQUESTS, False, "given", "", 0),
    "binance-connector": ("binance-connector/3.13.0", _REQUESTS, False, "given", "", 0),
    "hummingbot": ("hummingbot", _AIOHTTP, True, "given", "x-MG43PCSN", 0),
    "go": ("Go-http-client/1.1", _GO, False, "given", "", 5_000),
    "node": ("axios/1.6.0", _NODE, False, "alphabetical", "", 5_000),
    "ruby": ("Faraday v1.10.2", _GO, True, "alphabetical", "", 60_000),
    "java": ("okhttp/4.10.0", _GO, False, "given", "", 6_000),
}
SELF_HOSTED: Final = ("ccxt", "ccxt", "ccxt", "python-binance", "hummingbot", "binance-sdk-spot", "binance-connector")
PLATFORMS: Final = ("go", "node", "ruby", "java", "ccxt", "node")
