"""Intents written anew: orders as they leave, the cancels of single orders, and the questions the house itself asks."""

from decimal import Decimal

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Endpoint, Intent, OrderDraft, OrderRef, OrderType
from bailiwick.model.money import plain
from bailiwick.model.reason import Reason
from bailiwick.venues.binance.endpoints import ENDPOINTS
from bailiwick.venues.binance.legs import LEGS, Slots

MOST_LISTED = "1000"
_NEW_NAME = "newClientOrderId"

_LOOK_UP = ENDPOINTS["GET", "/api/v3/order"]
_OPEN = ENDPOINTS["GET", "/api/v3/openOrders"]
_TRADES = ENDPOINTS["GET", "/api/v3/myTrades"]
_CANCEL = ENDPOINTS["DELETE", "/api/v3/order"]


def compose(intent: Intent, orders: tuple[OrderDraft, ...]) -> Intent:
    """The intent with these orders written into its parameters.

    Raises:
        ValueError: if the orders are not the legs of the intent, or have what its endpoint has no parameter for.
    """
    before = intent.orders
    if orders is before or orders == before:
        return intent
    if [order.leg for order in orders] != [order.leg for order in before]:
        raise ValueError("orders: not the legs of the intent, in their order")
    legs = {leg.leg: leg for leg in LEGS[intent.endpoint.method, intent.endpoint.path]}
    params: dict[str, str | None] = dict(intent.params)
    for old, new in zip(before, orders, strict=True):
        _write(params, legs[new.leg], old, new)
    kept = tuple((name, value) for name, value in params.items() if value is not None)
    return _with(intent, kept, orders)


def keep_name(intent: Intent, client_id: str) -> Intent | Deny:
    """The amendment of an order under the client order id that it has.

    Without this the venue gives an amended order an id of its own, by which nobody would find it again ("Order Amend
    Keep Priority" in its documentation: the current id may be sent as the new one). Another id is refused.
    """
    named = dict(intent.params).get(_NEW_NAME)
    if named == client_id:
        return intent
    if named is not None:
        return Deny(Reason.PARAMETER_MALFORMED, f"{_NEW_NAME}: an amended order keeps its id; send {client_id} or none")
    return _with(intent, (*intent.params, (_NEW_NAME, client_id)), intent.orders)


def narrow(intent: Intent, symbol: str, target: OrderRef) -> Intent:
    """The cancel of one order, with the time of the cancel-all that it stands for part of."""
    return _about(_CANCEL, symbol, target, intent.timestamp_us, intent.window_us)


def look_up(symbol: str, target: OrderRef) -> Intent:
    """The intent that asks for one order."""
    return _about(_LOOK_UP, symbol, target, 0, 0)


def poll(symbol: str, what: str) -> Intent:
    """The intent that lists ``open`` orders or ``trades`` of a symbol.

    Raises:
        ValueError: if asked for anything else.
    """
    match what:
        case "open":
            return Intent(endpoint=_OPEN, params=(("symbol", symbol),), symbol=symbol)
        case "trades":
            return Intent(endpoint=_TRADES, params=(("symbol", symbol), ("limit", MOST_LISTED)), symbol=symbol)
    raise ValueError(f"poll: {what!r} is neither open nor trades")


def _about(endpoint: Endpoint, symbol: str, target: OrderRef, timestamp_us: int, window_us: int) -> Intent:
    params = [("symbol", symbol)]
    if target.order_id is not None:
        params.append(("orderId", str(target.order_id)))
    if target.client_id is not None:
        params.append(("origClientOrderId", target.client_id))
    return Intent(
        endpoint=endpoint,
        params=tuple(params),
        timestamp_us=timestamp_us,
        window_us=window_us,
        symbol=symbol,
        target=target,
    )


def _with(intent: Intent, params: tuple[tuple[str, str], ...], orders: tuple[OrderDraft, ...]) -> Intent:
    return Intent(
        endpoint=intent.endpoint,
        params=params,
        timestamp_us=intent.timestamp_us,
        window_us=intent.window_us,
        symbol=intent.symbol,
        symbols=intent.symbols,
        orders=orders,
        target=intent.target,
        new_quantity=intent.new_quantity,
        keep_on_failure=intent.keep_on_failure,
        cancel_alone=intent.cancel_alone,
        gives_way=intent.gives_way,
        withdrawal=intent.withdrawal,
        transfers_value=intent.transfers_value,
    )


def _write(params: dict[str, str | None], slots: Slots, old: OrderDraft, new: OrderDraft) -> None:
    """Write what differs between two forms of one leg. What is equal keeps the client's spelling."""
    if (old.symbol, old.side, old.pegged) != (new.symbol, new.side, new.pegged):
        raise ValueError("orders: symbol, side and peg of an order are never rewritten")
    if new.quantity is not None and new.quote_quantity is not None:
        raise ValueError("orders: a quantity in both assets")
    _set(params, slots.client_id, old.client_id, new.client_id)
    if old.type is not new.type:
        _retype(params, slots, new.type)
    time = new.time_in_force
    _set(params, slots.time_in_force, old.time_in_force, time and time.value)
    _set_amount(params, slots.quantity, old.quantity, new.quantity)
    _set_amount(params, slots.quote_quantity, old.quote_quantity, new.quote_quantity)
    _set_amount(params, slots.price, old.price, new.price)
    _set_amount(params, slots.stop_price, old.stop_price, new.stop_price)
    _set_amount(params, slots.iceberg_quantity, old.iceberg_quantity, new.iceberg_quantity)
    delta = new.trailing_delta
    _set(params, slots.trailing_delta, old.trailing_delta, None if delta is None else str(delta))


def _retype(params: dict[str, str | None], slots: Slots, kind: OrderType) -> None:
    if slots.type:
        params[slots.type] = kind.value
    elif kind is not OrderType.STOP_LOSS_LIMIT or slots.leg != "stop":
        # The old OCO names no types: its stop gets a limit by having a price, and nothing else can change.
        raise ValueError(f"orders: leg {slots.leg!r} cannot be of type {kind.value}")


def _set_amount(params: dict[str, str | None], name: str, old: Decimal | None, new: Decimal | None) -> None:
    if old != new:
        _set(params, name, old, None if new is None else plain(new))


def _set(params: dict[str, str | None], name: str, old: object, new: str | None) -> None:
    if old == new:
        return
    if not name:
        raise ValueError("orders: the endpoint has no parameter for what was changed")
    params[name] = new
