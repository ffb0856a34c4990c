"""How Binance would answer a key of an account of this shape: for canaries. Pure, and never asked of the venue.

Parameters were read strictly before; what stands here is what the venue itself looks at after that: whether the symbol
is one, the order is there, the filters hold, and the balance suffices, which it never does. The words and codes are
those of the published list of errors (``errors.md`` of the API documents of Binance spot).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import msgspec

from bailiwick.model.market import SymbolInfo
from bailiwick.model.shape import Row, Said, Shape
from bailiwick.venues.binance.alter import Alteration, Worth

RECORDED: Final = (
    ("GET", "/api/v3/account"),
    ("GET", "/api/v3/rateLimit/order"),
    ("GET", "/sapi/v1/account/apiRestrictions"),
    ("GET", "/sapi/v1/account/status"),
    ("GET", "/sapi/v1/account/info"),
    ("GET", "/sapi/v1/account/apiTradingStatus"),
    ("GET", "/sapi/v1/asset/tradeFee"),
    ("GET", "/sapi/v1/asset/assetDetail"),
    ("GET", "/sapi/v1/capital/config/getall"),
    ("POST", "/sapi/v3/asset/getUserAsset"),
    ("POST", "/sapi/v1/asset/get-funding-asset"),
)
"""The questions without a symbol that a recording asks."""
TRADES, ORDERS, COMMISSION = "/api/v3/myTrades", "/api/v3/allOrders", "/api/v3/account/commission"
BY_SYMBOL: Final = ((TRADES, True), (ORDERS, True), (COMMISSION, False))
"""The questions with one, and whether the history is asked for at its longest."""
LONGEST: Final = 500
MOST_BODY: Final = 1 << 20  # bytes; a longer answer is not recorded

_FAMILIES: Final = ("/api/", "/sapi/")
_LISTS: Final = frozenset(
    {"/api/v3/openOrderList", "/api/v3/allOrderList", "/api/v3/myAllocations", "/api/v3/myPreventedMatches"}
)
_RESTING: Final = frozenset({"NEW", "PARTIALLY_FILLED", "PENDING_NEW"})
_ENCODE: Final = msgspec.json.Encoder().encode
_REFUSED: Final = "Account has insufficient balance for requested action."


class Asked(NamedTuple):
    """One question of a recording, and how it was answered; ``counted`` if the head told the weight used."""

    method: str
    path: str
    symbol: str
    status: int
    body: bytes
    counted: bool


class Question(NamedTuple):
    """What a canary's client asks."""

    method: str
    path: str
    params: Mapping[str, str]


def record(asked: Sequence[Asked], latencies: Sequence[int], salt: bytes, worth: Worth) -> Shape:
    """The shape of an account, out of what it answered. What cannot be read as JSON is left out."""
    alteration = Alteration(salt, worth)
    said: dict[str, Said] = {}
    commission: dict[str, Said] = {}
    lists: dict[str, dict[str, tuple[Row, ...]]] = {TRADES: {}, ORDERS: {}}
    counted = set()
    for each in asked:
        counted |= {family for family in _FAMILIES if each.counted and each.path.startswith(family)}
        try:
            body = alteration.body(msgspec.json.decode(each.body))
        except (msgspec.DecodeError, InvalidOperation):
            continue
        if each.path in lists:
            if each.status == 200 and isinstance(body, list):
                lists[each.path][each.symbol] = tuple(row for row in body if isinstance(row, dict))
        elif each.symbol:
            commission[each.symbol] = Said(each.status, body)
        elif len(each.body) <= MOST_BODY:
            said[f"{each.method} {each.path}"] = Said(each.status, body)
    return Shape(
        said=said,
        commission=commission,
        trades=lists[TRADES],
        orders=lists[ORDERS],
        latencies=tuple(latencies),
        counted=tuple(sorted(counted)),
    )


def answer(shape: Shape, question: Question, symbols: Mapping[str, SymbolInfo], worth: Worth) -> tuple[int, bytes]:
    """The venue's answer, as status and body. ``worth`` is in bitcoin, for the valuations that are asked for."""
    method, path, params = question
    symbol = params.get("symbol", "")
    if symbol and symbol not in symbols:
        return _refusal(-1121, "Invalid symbol.")
    if method == "GET":
        return _read(shape, path, params, symbol)
    if method == "DELETE":
        lists = path == "/api/v3/orderList"
        return _refusal(-2011, "Unknown order list sent." if lists else "Unknown order sent.")
    known = shape.said.get(f"{method} {path}")
    if known is not None:
        return known.status, _ENCODE(_narrowed(known.body, params, worth))
    return _change(path, params, symbols.get(symbol))


def usage_line(weight: int) -> bytes:
    """The header line that tells the weight used in the minute that runs."""
    return b"x-mbx-used-weight-1m: %d" % weight


def _read(shape: Shape, path: str, params: Mapping[str, str], symbol: str) -> tuple[int, bytes]:
    if path == TRADES:
        return 200, _ENCODE(_page(shape.trades.get(symbol, ()), params, "id", params.get("fromId")))
    if path == ORDERS:
        return 200, _ENCODE(_page(shape.orders.get(symbol, ()), params, "orderId", params.get("orderId")))
    if path == "/api/v3/openOrders":
        there = [order for name, orders in shape.orders.items() if symbol in {"", name} for order in orders]
        return 200, _ENCODE([order for order in there if order.get("status") in _RESTING])
    if path in _LISTS:
        return 200, b"[]"
    if path == "/api/v3/order":
        return _look_up(shape.orders.get(symbol, ()), params)
    if path == "/api/v3/orderList":
        return _refusal(-2013, "Order list does not exist.")
    known = shape.commission.get(symbol) if path == COMMISSION else shape.said.get(f"GET {path}")
    if known is None and path == COMMISSION and shape.commission:
        like = next(iter(shape.commission.values()))  # of another symbol: an account pays mostly the same for all
        known = Said(like.status, like.body | {"symbol": symbol} if isinstance(like.body, dict) else like.body)
    if known is None:
        return 200, b"[]"
    return known.status, _ENCODE(_narrowed(known.body, params, lambda asset: None))


def _look_up(orders: Sequence[Row], params: Mapping[str, str]) -> tuple[int, bytes]:
    number, name = params.get("orderId"), params.get("origClientOrderId")
    if number is None and name is None:
        return _refusal(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    for order in orders:
        if str(order.get("orderId")) == number or (number is None and order.get("clientOrderId") == name):
            return 200, _ENCODE(order)
    return _refusal(-2013, "Order does not exist.")


def _page(rows: Sequence[Row], params: Mapping[str, str], number: str, first: str | None) -> list[Row]:
    """The part of a history that times, numbers and limit ask for: from a number on, else the latest."""
    kept = list(rows)
    if number == "id" and "orderId" in params:
        kept = [row for row in kept if str(row.get("orderId")) == params["orderId"]]
    if "startTime" in params:
        kept = [row for row in kept if row.get("time", 0) >= int(params["startTime"])]
    if "endTime" in params:
        kept = [row for row in kept if row.get("time", 0) <= int(params["endTime"])]
    limit = min(int(params.get("limit", LONGEST)), 1000)
    if first is not None:
        return [row for row in kept if row.get(number, 0) >= int(first)][:limit]
    return kept[:limit] if "startTime" in params else kept[max(0, len(kept) - limit) :]


def _narrowed(body: Any, params: Mapping[str, str], worth: Worth) -> Any:
    """The rows that an asset or symbol asks for, without empty balances where that is asked, and valued."""
    if isinstance(body, dict) and "balances" in body and params.get("omitZeroBalances") == "true":
        return body | {"balances": [row for row in body["balances"] if _held(row)]}
    if isinstance(body, list):
        for name in ("asset", "symbol"):
            if name in params:
                body = [row for row in body if row.get(name) == params[name]]
        if params.get("needBtcValuation") == "true":
            body = [_valued(row, worth) for row in body]
    return body


def _held(row: Row) -> Decimal:
    return Decimal(row["free"]) + Decimal(row["locked"])


def _valued(row: Row, worth: Worth) -> Row:
    unit = worth(row.get("asset", "")) if "btcValuation" in row and Decimal(row["btcValuation"]) else None
    return row if unit is None else row | {"btcValuation": f"{_held(row) * unit:.8f}"}


def _change(path: str, params: Mapping[str, str], info: SymbolInfo | None) -> tuple[int, bytes]:
    if "withdraw" in path or "/asset/" in path or "/sub-account/" in path:
        return _refusal(-4026, "You have insufficient balance.")
    failed = _filter(params, info)
    if failed:
        return _refusal(-1013, f"Filter failure: {failed}")
    if path.endswith("/test"):
        return 200, b"{}"
    if path.endswith("/cancelReplace"):
        data = {
            "cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED",
            "cancelResponse": {"code": -2011, "msg": "Unknown order sent."}, "newOrderResponse": None,
        }  # fmt: skip
        return 400, _ENCODE({"code": -2022, "msg": "Order cancel-replace failed.", "data": data})
    if "/amend/" in path:
        return _refusal(-2013, "Order does not exist.")
    return _refusal(-2010, _REFUSED)


def _filter(params: Mapping[str, str], info: SymbolInfo | None) -> str:
    """The name of the first filter that an order breaks, or ""."""
    if info is None:
        return ""
    price, quantity = Decimal(params.get("price", "0")), Decimal(params.get("quantity", "0"))
    if price and info.tick and price % info.tick:
        return "PRICE_FILTER"
    if quantity and (quantity < info.least_quantity or (info.step and quantity % info.step)):
        return "LOT_SIZE"
    if price and quantity and price * quantity < info.least_notional:
        return "NOTIONAL"
    return ""


def _refusal(code: int, message: str) -> tuple[int, bytes]:
    return 400, _ENCODE({"code": code, "msg": message})
