"""Order lists: OCO in both its spellings, OTO, OTOCO, their cancels and look-ups."""

from typing import Final

from bailiwick.sandbox.call import Call, Route
from bailiwick.sandbox.front_orders import leg, list_report
from bailiwick.sandbox.keys import READ, TRADE
from bailiwick.sandbox.lists import OrderList
from bailiwick.sandbox.orders import BUY, LIMIT, LIMIT_MAKER, ORDER_TYPES, SELL, STOPS, TIMES_IN_FORCE, OrderRequest
from bailiwick.sandbox.params import Params
from bailiwick.sandbox.refusal import Refusal, mandatory, rejected
from bailiwick.sandbox.shapes import Row, full, order_list, result

_OCO_TYPES: Final = (*sorted(STOPS), LIMIT_MAKER)


def _symbol(call: Call) -> str:
    return call.sandbox.engine.market(call.params.need("symbol")).symbol.name


def _trigger(request: OrderRequest) -> int:
    return request.stop_price or request.price


def check_oco(above: OrderRequest, below: OrderRequest) -> None:
    """Check that one leg is a stop-loss and the other its opposite, on the right sides of each other.

    Raises:
        Refusal: -1165 to -1168 or -1196 to -1199 for a leg on the wrong side, -2010 for prices that do not fit.
    """
    selling = above.side == SELL
    if above.type == below.type == LIMIT_MAKER:
        raise Refusal(-1168, "At least one OCO order must be contingent.")
    for request, is_above in ((above, True), (below, False)):
        losing = request.type.startswith("STOP_LOSS")
        if losing == (is_above == selling):
            raise _wrong_side(request.type, selling=selling)
    if _trigger(above) <= _trigger(below):
        raise rejected("The relationship of the prices for the orders is not correct.")


def _wrong_side(kind: str, *, selling: bool) -> Refusal:
    side = "sell" if selling else "buy"
    if kind == LIMIT_MAKER:
        place = "above" if selling else "below"
        return Refusal(-1166 if selling else -1165, f"A limit order in a {side} OCO must be {place}.")
    if kind.startswith("STOP_LOSS"):
        place = "below" if selling else "above"
        return Refusal(-1197 if selling else -1196, f"A stop loss order in a {side} OCO must be {place}.")
    place = "above" if selling else "below"
    return Refusal(-1199 if selling else -1198, f"A take profit order in a {side} OCO must be {place}.")


def _pair(params: Params, symbol: str, side: str, quantity: int, prefix: str = "") -> list[OrderRequest]:
    above, below = (prefix + "Above", prefix + "Below") if prefix else ("above", "below")
    kinds = {name: params.need(f"{name}Type") for name in (above, below)}
    if not set(kinds.values()) <= set(_OCO_TYPES):
        raise Refusal(-1158, "Order type not supported in OCO.")
    legs = [leg(params, symbol, side, kind, quantity, prefix=name) for name, kind in kinds.items()]
    check_oco(*legs)
    return legs


def place_oco(call: Call) -> object:
    """An OCO with its legs named above and below."""
    params = call.params
    symbol = _symbol(call)
    side = params.choice("side", (BUY, SELL))
    legs = _pair(params, symbol, side, params.need_amount("quantity"))
    made = call.sandbox.engine.lists.place_oco(call.account, legs, params.client_id("listClientOrderId"), call.now)
    return _placed(call, made)


def place_old_oco(call: Call) -> object:
    """An OCO in the deprecated spelling: a limit leg and a stop leg."""
    params = call.params
    symbol, side = _symbol(call), params.choice("side", (BUY, SELL))
    quantity = params.need_amount("quantity")
    limited = "stopLimitPrice" in params
    limit = OrderRequest(
        symbol=symbol,
        side=side,
        type=LIMIT_MAKER,
        quantity=quantity,
        price=params.need_amount("price"),
        iceberg=params.amount("limitIcebergQty"),
        client_id=params.client_id("limitClientOrderId"),
    )
    stop = OrderRequest(
        symbol=symbol,
        side=side,
        type="STOP_LOSS_LIMIT" if limited else "STOP_LOSS",
        quantity=quantity,
        price=params.amount("stopLimitPrice"),
        stop_price=params.need_amount("stopPrice"),
        iceberg=params.amount("stopIcebergQty"),
        time_in_force=params.choice("stopLimitTimeInForce", TIMES_IN_FORCE) if limited else "GTC",
        client_id=params.client_id("stopClientOrderId"),
    )
    check_oco(*((limit, stop) if side == SELL else (stop, limit)))
    name = params.client_id("listClientOrderId")
    made = call.sandbox.engine.lists.place_oco(call.account, [stop, limit], name, call.now)
    return _placed(call, made)


def _working(params: Params, symbol: str) -> OrderRequest:
    side = params.choice("workingSide", (BUY, SELL))
    kind = params.choice("workingType", (LIMIT, LIMIT_MAKER))
    return leg(params, symbol, side, kind, params.need_amount("workingQuantity"), prefix="working")


def place_oto(call: Call) -> object:
    """A working order and one that follows it."""
    params, symbol = call.params, _symbol(call)
    working = _working(params, symbol)
    side, kind = params.choice("pendingSide", (BUY, SELL)), params.choice("pendingType", ORDER_TYPES)
    pending = leg(params, symbol, side, kind, params.need_amount("pendingQuantity"), prefix="pending")
    return _follow(call, working, [pending])


def place_otoco(call: Call) -> object:
    """A working order and an OCO that follows it."""
    params, symbol = call.params, _symbol(call)
    working = _working(params, symbol)
    side = params.choice("pendingSide", (BUY, SELL))
    return _follow(call, working, _pair(params, symbol, side, params.need_amount("pendingQuantity"), "pending"))


def _follow(call: Call, working: OrderRequest, pending: list[OrderRequest]) -> Row:
    name = call.params.client_id("listClientOrderId")
    return _placed(call, call.sandbox.engine.lists.place_oto(call.account, working, pending, name, call.now))


def _placed(call: Call, made: OrderList) -> Row:
    call.orders.extend(made.orders)
    told = call.params.choice("newOrderRespType", ("ACK", "RESULT", "FULL"), "RESULT")
    row = order_list(made)
    if told == "ACK":
        return row
    records = call.sandbox.engine.records
    reports = [
        full(order, records.fills_of(order.order_id)) if told == "FULL" else result(order) for order in made.orders
    ]
    return {**row, "orderReports": reports}


def _find(call: Call, client_parameter: str) -> OrderList:
    number, name = call.params.integer("orderListId"), call.params.text(client_parameter)
    if number is None and not name:
        raise mandatory("orderListId")
    lists = call.sandbox.engine.lists
    made = lists.lists.get(number) if number is not None else lists.by_client_id(call.account, name)
    if made is None or made.account is not call.account:
        raise Refusal(-2013, "Order list does not exist.")
    return made


def get_list(call: Call) -> object:
    """Look one list up."""
    return order_list(_find(call, "origClientOrderId"))


def cancel_list(call: Call) -> object:
    """Cancel a list with all its legs."""
    symbol = _symbol(call)
    made = _find(call, "listClientOrderId")
    if made.symbol != symbol or not made.open:
        raise Refusal(-2011, "Unknown order list sent.")
    call.orders.extend(call.sandbox.engine.lists.cancel(made.list_id, call.now))
    return list_report(made.orders, order_list(made), call.now)


def open_lists(call: Call) -> object:
    """Lists with a leg that can still do something."""
    open_ids = {order.list_id for order in call.sandbox.engine.records.all_open(call.account)} - {-1}
    lists = call.sandbox.engine.lists.lists
    return [order_list(lists[list_id]) for list_id in sorted(open_ids)]


def all_lists(call: Call) -> object:
    """Every list: from a number, or within times, or the latest."""
    params = call.params
    made = call.sandbox.engine.lists.by_account.get(call.account.name, [])
    number, start, end = params.integer("fromId"), params.integer("startTime"), params.integer("endTime")
    limit = params.limit(500, 1000)
    if number is None and start is None and end is None:
        return [order_list(row) for row in made[-limit:]]
    chosen = [
        row
        for row in made
        if row.list_id >= (number or 0) and (start or 0) <= row.time <= (call.now if end is None else end)
    ]
    return [order_list(row) for row in chosen[:limit]]


ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("POST", "/api/v3/orderList/oco"): Route(place_oco, 1, TRADE, 2, free=True),
    ("POST", "/api/v3/order/oco"): Route(place_old_oco, 1, TRADE, 2, free=True),
    ("POST", "/api/v3/orderList/oto"): Route(place_oto, 1, TRADE, 2, free=True),
    ("POST", "/api/v3/orderList/otoco"): Route(place_otoco, 1, TRADE, 3, free=True),
    ("DELETE", "/api/v3/orderList"): Route(cancel_list, 1, TRADE, free=True),
    ("GET", "/api/v3/orderList"): Route(get_list, 4, READ),
    ("GET", "/api/v3/openOrderList"): Route(open_lists, 6, READ),
    ("GET", "/api/v3/allOrderList"): Route(all_lists, 20, READ),
}
