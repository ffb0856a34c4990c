"""Changing an order: cancel and replace it in one call, or reduce it where it stands."""

from typing import Final

from bailiwick.sandbox.amount import show
from bailiwick.sandbox.call import Call, Route
from bailiwick.sandbox.front_orders import (
    ORDER_PARAMETERS,
    answer_of,
    canceled_row,
    check_restrictions,
    find_order,
    read_order,
    response_type,
)
from bailiwick.sandbox.keys import READ, TRADE
from bailiwick.sandbox.orders import Order
from bailiwick.sandbox.refusal import UNKNOWN_ORDER, Refusal
from bailiwick.sandbox.shapes import Row, result

_MODES: Final = ("STOP_ON_FAILURE", "ALLOW_FAILURE")


def cancel_replace(call: Call) -> object:
    """Cancel an order and place another.

    The new order's form and filters are checked before anything is canceled. After that either half may fail: both
    (or the first, where that stops the second) is 400 −2022, one of the two is 409 −2021.
    """
    params, engine = call.params, call.sandbox.engine
    mode = params.choice("cancelReplaceMode", _MODES)
    request = read_order(call)
    told = response_type(params, request.type)
    number, client_id = params.integer("cancelOrderId"), params.text("cancelOrigClientOrderId")
    if number is None and not client_id:
        raise Refusal(
            -1102, "Param 'cancelOrigClientOrderId' or 'cancelOrderId' must be sent, but both were empty/null!"
        )
    engine.check_form(call.account, request)
    cancel_failure, new_failure = None, None
    cancel_row, new_row = None, None
    try:
        order = find_order(call, Refusal(-2011, UNKNOWN_ORDER), number=number, client_id=client_id)
        check_restrictions(params, order)
        new_id = params.client_id("cancelNewClientOrderId")
        call.orders.extend(engine.cancel(order, call.now))
        cancel_row = canceled_row(call, order, new_id)
    except Refusal as refusal:
        cancel_failure = refusal
    if cancel_failure is None or mode == "ALLOW_FAILURE":
        try:
            outcome = engine.place(call.account, request, call.now)
            call.orders.append(outcome.order)
            new_row = answer_of(outcome, told)
        except Refusal as refusal:
            new_failure = refusal
    return _report(cancel_row, cancel_failure, new_row, new_failure)


def _report(cancel: object, cancel_failure: Refusal | None, new: object, new_failure: Refusal | None) -> Row:
    attempted = new is not None or new_failure is not None
    data: Row = {
        "cancelResult": "FAILURE" if cancel_failure else "SUCCESS",
        "newOrderResult": "NOT_ATTEMPTED" if not attempted else "FAILURE" if new_failure else "SUCCESS",
        "cancelResponse": cancel_failure.body() if cancel_failure else cancel,
        "newOrderResponse": new_failure.body() if new_failure else new,
    }
    if not cancel_failure and not new_failure:
        return data
    if cancel_failure and new is None:
        raise Refusal(-2022, "Order cancel-replace failed.", data=data)
    raise Refusal(-2021, "Order cancel-replace partially failed.", status=409, data=data)


def amend(call: Call) -> object:
    """Reduce an order; it keeps its place in the queue."""
    params, engine = call.params, call.sandbox.engine
    order = find_order(call, Refusal(-2013, "Order does not exist."))
    quantity = params.need_amount("newQty")
    before, old_id = order.quantity, order.client_id
    new_id = params.client_id("newClientOrderId") or f"amend{order.order_id:09d}q{quantity}"[:36]
    execution = engine.amend(order, quantity, new_id, call.now)
    call.orders.append(order)
    engine.records.amendments.setdefault(order.order_id, []).append(
        {
            "symbol": order.symbol,
            "orderId": order.order_id,
            "executionId": execution,
            "origClientOrderId": old_id,
            "newClientOrderId": order.client_id,
            "origQty": show(before),
            "newQty": show(quantity),
            "time": call.now,
        }
    )
    return {"transactTime": call.now, "executionId": execution, "amendedOrder": _amended(order, old_id)}


def _amended(order: Order, old_id: str) -> Row:
    row = result(order)
    row["qty"] = row.pop("origQty")
    row["preventedQty"] = show(order.prevented)
    row["quoteOrderQty"] = row.pop("origQuoteOrderQty")
    row["cumulativeQuoteQty"] = row.pop("cummulativeQuoteQty")
    row["origClientOrderId"] = old_id
    row.pop("transactTime")
    return row


def amendments(call: Call) -> object:
    """How an order was amended."""
    order = find_order(call, Refusal(-2013, "Order does not exist."))
    rows = call.sandbox.engine.records.amendments.get(order.order_id, [])
    return rows[: call.params.limit(500, 1000)]


_REPLACE: Final = ORDER_PARAMETERS | {
    "cancelReplaceMode",
    "cancelNewClientOrderId",
    "cancelOrigClientOrderId",
    "cancelOrderId",
    "cancelRestrictions",
    "orderRateLimitExceededMode",
}

ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("POST", "/api/v3/order/cancelReplace"): Route(cancel_replace, 1, TRADE, 1, _REPLACE, free=True),
    ("PUT", "/api/v3/order/amend/keepPriority"): Route(
        amend, 4, TRADE, 0, frozenset({"symbol", "orderId", "origClientOrderId", "newClientOrderId", "newQty"})
    ),
    ("GET", "/api/v3/order/amendments"): Route(
        amendments, 4, READ, 0, frozenset({"symbol", "orderId", "fromExecutionId", "limit", "origClientOrderId"})
    ),
}
