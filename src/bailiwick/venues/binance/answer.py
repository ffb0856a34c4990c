"""Binance's answers, read for what they settle. What cannot be read is an unknown outcome, never a fault."""

from decimal import Decimal

import msgspec

from bailiwick.model.intent import Act, Intent, Side
from bailiwick.model.money import ZERO
from bailiwick.model.order import Answer, Fill, OrderReport, TradeReport
from bailiwick.venues.binance import answerform as form
from bailiwick.venues.binance.answerform import Order, read_order

# After these the venue may yet carry the request out, or has: unknown, disconnected, unexpected response, timeout.
_OUTCOME_UNKNOWN = frozenset({-1000, -1001, -1006, -1007})
_OVERLOADED = -1008  # a 503 with this code was not executed, says the venue; no other 5xx is a refusal
_NO_SUCH_ORDER = -2013

# What reading an answer of another form raises; the last, one that is nested beyond reason.
UNREADABLE = (msgspec.DecodeError, ArithmeticError, ValueError, RecursionError)
_ENDED = frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH"})
_ONE_ORDER = (Act.PLACE, Act.CANCEL, Act.LOOK_UP)  # a tuple: two comparisons cost less than an Enum's hash

_MOST = Decimal(10) ** 30  # more than there is of anything
_LEAST = -_MOST

UNKNOWN = Answer(executed=None)
_DONE = Answer(executed=True)


def read_answer(intent: Intent, status: int, body: bytes) -> Answer:
    """What the venue's answer settles.

    Of a cancelReplace ``executed`` speaks of the new order; the report of a cancel that took effect stands among the
    orders in any case. A 2xx that cannot be read is unknown.
    """
    try:
        if 200 <= status < 300:
            return _read_success(intent.endpoint.act, body)
        return _read_failure(status, body)
    except UNREADABLE:
        return UNKNOWN


def _read_success(act: Act, body: bytes) -> Answer:
    if act in _ONE_ORDER:
        return Answer(executed=True, orders=(_report(read_order(body)),))
    match act:
        case Act.LIST_OPEN | Act.LIST_ORDERS:
            return Answer(executed=True, orders=tuple([_report(order) for order in form.read_orders(body)]))
        case Act.LIST_TRADES:
            return Answer(executed=True, trades=tuple([_trade(trade) for trade in form.read_trades(body)]))
        case Act.PLACE_LIST | Act.CANCEL_LIST:
            return Answer(executed=True, orders=tuple([_report(order) for order in form.read_list(body).orderReports]))
        case Act.REPLACE:
            return _replaced(form.read_replaced(body), 0)
        case Act.AMEND:
            amended = form.read_amended(body)
            return Answer(executed=True, orders=(_report(amended.amendedOrder, amended.transactTime),))
        case Act.CANCEL_ALL:
            return Answer(executed=True, orders=_cancelled(body))
    return _DONE


def _read_failure(status: int, body: bytes) -> Answer:
    if status in (403, 418, 429):
        # The wall before the venue, or its limiter: neither lets anything through.
        return Answer(executed=False, code=_code(body))
    if not 400 <= status < 600:
        return UNKNOWN
    error = form.read_error(body)
    if error.data is not None:
        return _replaced(error.data, error.code)
    if status >= 500:
        return Answer(executed=False if error.code == _OVERLOADED else None, code=error.code)
    if error.code in _OUTCOME_UNKNOWN:
        return Answer(executed=None, code=error.code)
    return Answer(executed=False, missing=error.code == _NO_SUCH_ORDER, code=error.code)


def _code(body: bytes | msgspec.Raw) -> int:
    try:
        return form.read_error(body).code
    except UNREADABLE:
        return 0


def _replaced(replaced: form.Replaced, code: int) -> Answer:
    orders = []
    if replaced.cancelResult == "SUCCESS":
        orders.append(_report(read_order(replaced.cancelResponse)))
    placed: bool | None = None
    match replaced.newOrderResult:
        case "SUCCESS":
            orders.append(_report(read_order(replaced.newOrderResponse)))
            placed = True
        case "NOT_ATTEMPTED":
            placed = False
        case "FAILURE":
            reason = _code(replaced.newOrderResponse)
            placed = None if reason in _OUTCOME_UNKNOWN or not reason else False
    return Answer(executed=placed, orders=tuple(orders), code=code)


def _cancelled(body: bytes) -> tuple[OrderReport, ...]:
    orders: list[Order] = []
    for raw in form.read_cancelled(body):
        one = form.read_cancelled_one(raw)
        orders.extend(one.orderReports if one.orderId is None else [read_order(raw)])
    return tuple([_report(order) for order in orders])


def _report(order: Order, time_ms: int = 0) -> OrderReport:
    executed = order.executedQty
    quote = order.cummulativeQuoteQty
    if quote is None:
        quote = order.cumulativeQuoteQty
    quantity = order.qty if order.origQty is None else order.origQty
    # Written out for each amount rather than by a call: NaN raises here, and Infinity is not less than anything.
    if not ZERO <= executed < _MOST or (quantity is not None and not ZERO <= quantity < _MOST):
        raise ValueError("an amount that is none")
    if quote is not None and not ZERO <= quote < _MOST:
        if not quote.is_signed():
            raise ValueError("an amount that is none")
        quote = None  # the venue writes a negative sum where an old order has none
    fills = order.fills
    return OrderReport(
        symbol=order.symbol,
        order_id=order.orderId,
        client_id=order.origClientOrderId or order.clientOrderId,
        live=order.status not in _ENDED,
        executed=executed,
        quote_executed=quote,
        quantity=quantity,
        price=order.price,
        side=order.side,
        update_ms=order.transactTime or order.updateTime or time_ms,
        list_id=order.orderListId,
        fills=tuple([_fill(fill) for fill in fills]) if fills else (),
    )


def _trade(trade: form.Trade) -> TradeReport:
    return TradeReport(
        symbol=trade.symbol,
        order_id=trade.orderId,
        side=Side.BUY if trade.isBuyer else Side.SELL,
        time_ms=trade.time,
        fill=_fill(trade),
    )


def _fill(fill: form.Fill | form.Trade) -> Fill:
    price, quantity, commission = fill.price, fill.qty, fill.commission
    if not (ZERO <= price < _MOST and ZERO <= quantity < _MOST and _LEAST < commission < _MOST):
        raise ValueError("an amount that is none")
    return Fill(fill.id, price, quantity, commission, fill.commissionAsset)
