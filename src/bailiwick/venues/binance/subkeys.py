"""Binance's management of a sub-account's API keys, by its master: requests written, answers read.

Forms as published in July 2026: developers.binance.com, sub-account API management (create, query, modify permission,
delete, IP restriction), and the models of its own SDK for sub-accounts, version 8.5.0. The key is named ``apiKey`` when
it is made and ``apikey`` when it is listed or changed.
"""

from typing import TypeVar

import msgspec

from bailiwick.model.native import Native, NativeTrade, Said
from bailiwick.model.request import Outgoing
from bailiwick.venues.binance.countersign import serialise
from bailiwick.venues.dialect import Signer

T = TypeVar("T")
_KEYS = "/sapi/v1/sub-account/subAccountApi"
_KEYS_V2 = "/sapi/v2/sub-account/subAccountApi"
_PERMISSION = "/sapi/v1/sub-account/subAccountApiPermission"
_RESTRICTION = "/sapi/v1/sub-account/subAccountApi/ipRestriction"
_WINDOW_MS = 10_000
_BY_ADDRESS, _OPEN = "2", "1"
# Whatever a key could be given beside spot trading; FIX stays off by being left out.
_NEVER = ("canMarginLoanRepay", "canFuturesTrade", "canUniversalTransfer", "canVanillaOptions")
MOST_TRADES = 1000
WATCH_SUFFIX = "-watch"

Call = tuple[str, str, tuple[tuple[str, str], ...]]
"""Method, path and parameters."""


def create(native: Native, name: str, public_key: str = "") -> Call:
    """Make the key: spot trading or none, bound to its addresses, and no other right."""
    params = [("email", native.email), ("apiName", name), ("status", _BY_ADDRESS if native.addresses else _OPEN)]
    params += [("canTrade", _flag(native.trades)), *((right, "false") for right in _NEVER)]
    if native.addresses:
        params.append(("ipAddress", ",".join(native.addresses)))
    if public_key:
        params.append(("publicKey", public_key))
    return "POST", _KEYS_V2 if public_key else _KEYS, tuple(params)


def create_watch(native: Native, name: str) -> Call:
    """Make the second key beside it, which can only read."""
    params = (("email", native.email), ("apiName", name), ("status", _OPEN), ("canTrade", "false"))
    return "POST", _KEYS, (*params, *((right, "false") for right in _NEVER))


def switch(native: Native, *, trade: bool | None) -> Call:
    """Switch its trading on or off, or leave that alone; every other right off."""
    params = [("email", native.email), ("subAccountApiKey", native.api_key)]
    params += [] if trade is None else [("canTrade", _flag(trade))]
    return "POST", _PERMISSION, (*params, *((right, "false") for right in _NEVER))


def listing(native: Native) -> Call:
    """Ask for the keys of its sub-account."""
    return "GET", _KEYS, (("email", native.email),)


def restriction(native: Native) -> Call:
    """Ask for the addresses that it is bound to."""
    return "GET", _RESTRICTION, (("email", native.email), ("subAccountApiKey", native.api_key))


def delete(native: Native, api_key: str) -> Call:
    """Delete a key of its sub-account."""
    return "DELETE", _KEYS, (("email", native.email), ("subAccountApiKey", api_key))


def holdings() -> Call:
    """With the reading key: what the sub-account holds."""
    return "GET", "/api/v3/account", (("omitZeroBalances", "true"),)


def open_orders() -> Call:
    """With the reading key: the orders that rest."""
    return "GET", "/api/v3/openOrders", ()


def trades(symbol: str, after: int | None) -> Call:
    """With the reading key: trades of a symbol behind one, oldest first; without one the latest."""
    params = [("symbol", symbol), ("limit", str(MOST_TRADES))]
    if after is not None:
        params.append(("fromId", str(after + 1)))
    return "GET", "/api/v3/myTrades", tuple(params)


def sign(call: Call, signer: Signer, now_ms: int) -> Outgoing:
    """The signed request. A public key must stand in the body, so what POST sends stands there whole."""
    method, path, params = call
    timed = (*params, ("recvWindow", str(_WINDOW_MS)), ("timestamp", str(now_ms)))
    payload = serialise(timed)
    payload = b"%b&signature=%b" % (payload, signer.sign(payload))
    head = b"X-MBX-APIKEY: %b\r\n" % signer.key
    if method == "POST":
        return Outgoing(b"POST", path.encode(), head + b"Content-Type: application/x-www-form-urlencoded\r\n", payload)
    return Outgoing(method.encode(), b"%b?%b" % (path.encode(), payload), head, b"")


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A new key as the venue tells it; the secret this once, and of a key with a public key none."""

    apiKey: str  # noqa: N815  (the venue's spelling)
    secretKey: str = ""  # noqa: N815


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    apikey: str
    apiName: str = ""  # noqa: N815
    canTrade: bool | None = None  # noqa: N815
    canMarginLoanRepay: bool | None = None  # noqa: N815
    canFuturesTrade: bool | None = None  # noqa: N815
    canUniversalTransfer: bool | None = None  # noqa: N815
    canVanillaOptions: bool | None = None  # noqa: N815


class _Rows(msgspec.Struct, frozen=True, kw_only=True):
    rows: list[_Row]


class _Restriction(msgspec.Struct, frozen=True, kw_only=True):
    ipRestrict: str | bool  # noqa: N815
    ipList: tuple[str, ...] = ()  # noqa: N815


class _Trade(msgspec.Struct, frozen=True, kw_only=True):
    symbol: str
    id: int
    orderId: int  # noqa: N815
    isBuyer: bool  # noqa: N815
    price: str
    qty: str
    quoteQty: str  # noqa: N815
    commission: str
    commissionAsset: str  # noqa: N815
    time: int


class _Balance(msgspec.Struct, frozen=True):
    asset: str


class _Holdings(msgspec.Struct, frozen=True):
    balances: list[_Balance]


class _Open(msgspec.Struct, frozen=True):
    symbol: str


def read_created(body: bytes) -> Created:
    """The new key.

    Raises:
        ValueError: if the answer has another form than documented.
    """
    return _read(body, Created)


def read_said(api_key: str, listed: bytes, restricted: bytes) -> Said:
    """What the venue says of a key, out of the list of its sub-account's keys and its addresses.

    Raises:
        ValueError: if an answer has another form than documented.
    """
    row = next((each for each in _read(listed, _Rows).rows if each.apikey == api_key), None)
    if row is None:
        return Said(gone=True)
    bound = _read(restricted, _Restriction) if restricted else None
    other = [name for name in ("canMarginLoanRepay", "canFuturesTrade", "canVanillaOptions") if getattr(row, name)]
    return Said(
        trade=row.canTrade,
        transfer=row.canUniversalTransfer,
        other=tuple(other),
        bound=None if bound is None else str(bound.ipRestrict).lower() == "true",
        addresses=() if bound is None else bound.ipList,
    )


def find_named(listed: bytes, name: str) -> list[str]:
    """The public halves of keys with a name, out of the list of a sub-account's keys.

    Raises:
        ValueError: if the answer has another form than documented.
    """
    return [row.apikey for row in _read(listed, _Rows).rows if row.apiName == name]


def read_trades(body: bytes) -> tuple[NativeTrade, ...]:
    """Trades, oldest first.

    Raises:
        ValueError: if the answer has another form than documented.
    """
    found = [
        NativeTrade(
            symbol=each.symbol, id=each.id, order_id=each.orderId, side="BUY" if each.isBuyer else "SELL",
            price=each.price, quantity=each.qty, quote=each.quoteQty, fee=each.commission,
            fee_asset=each.commissionAsset, at_ms=each.time,
        )
        for each in _read(body, list[_Trade])
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda trade: trade.id))


def read_assets(body: bytes) -> tuple[str, ...]:
    """The assets that the sub-account holds.

    Raises:
        ValueError: if the answer has another form than documented.
    """
    return tuple(each.asset for each in _read(body, _Holdings).balances)


def read_open(body: bytes) -> tuple[str, ...]:
    """The symbols in which orders rest.

    Raises:
        ValueError: if the answer has another form than documented.
    """
    return tuple(sorted({each.symbol for each in _read(body, list[_Open])}))


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the venue's answer has another form than documented: {error}") from None


def _flag(value: bool) -> str:
    return "true" if value else "false"
