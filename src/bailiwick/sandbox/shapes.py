"""How orders, fills and lists read in the exchange's answers."""

from collections.abc import Iterable

from bailiwick.sandbox.amount import show
from bailiwick.sandbox.lists import OrderList
from bailiwick.sandbox.orders import Fill, Order, PreventedMatch

Row = dict[str, object]


def _extras(order: Order) -> Row:
    row: Row = {}
    if order.stop_price:
        row["stopPrice"] = show(order.stop_price)
    if order.iceberg:
        row["icebergQty"] = show(order.iceberg)
    if order.strategy_id is not None:
        row["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        row["strategyType"] = order.strategy_type
    if order.prevented_match_id is not None:
        row["preventedMatchId"] = order.prevented_match_id
        row["preventedQuantity"] = show(order.prevented)
    return row


def ack(order: Order) -> Row:
    """The short answer to a new order."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "transactTime": order.time,
    }


def result(order: Order) -> Row:
    """The answer to a new order without its fills."""
    return {
        **ack(order),
        "price": show(order.price),
        "origQty": show(order.quantity),
        "executedQty": show(order.executed),
        "origQuoteOrderQty": show(order.quote_quantity),
        "cummulativeQuoteQty": show(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "workingTime": order.working_time,
        "selfTradePreventionMode": order.prevention,
        **_extras(order),
    }


def full(order: Order, fills: Iterable[Fill]) -> Row:
    """The answer to a new order with its fills."""
    return {**result(order), "fills": [fill_of_order(fill) for fill in fills]}


def prevented(matches: Iterable[PreventedMatch]) -> Row:
    """The matches that were prevented while an order came in; nothing if there were none."""
    rows = [
        {
            "preventedMatchId": match.match_id,
            "makerOrderId": match.maker_order_id,
            "price": show(match.price),
            "makerPreventedQuantity": show(match.maker_quantity),
        }
        for match in matches
    ]
    return {"preventedMatches": rows} if rows else {}


def fill_of_order(fill: Fill) -> Row:
    """A fill inside the answer to the order that caused it."""
    return {
        "price": show(fill.trade.price),
        "qty": show(fill.trade.quantity),
        "commission": show(fill.commission),
        "commissionAsset": fill.commission_asset,
        "tradeId": fill.trade.trade_id,
    }


def canceled(order: Order, original_id: str, client_id: str, now: int) -> Row:
    """The answer to a cancel: the order's id moves to ``origClientOrderId``, ``clientOrderId`` names the cancel."""
    row = result(order)
    row.pop("workingTime")
    return {**row, "origClientOrderId": original_id, "clientOrderId": client_id, "transactTime": now}


def looked_up(order: Order) -> Row:
    """An order as look-ups show it."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "price": show(order.price),
        "origQty": show(order.quantity),
        "executedQty": show(order.executed),
        "cummulativeQuoteQty": show(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": show(order.stop_price),
        "icebergQty": show(order.iceberg),
        "time": order.time,
        "updateTime": order.updated,
        "isWorking": order.working or order.working_time >= 0,
        "workingTime": order.working_time,
        "origQuoteOrderQty": show(order.quote_quantity),
        "selfTradePreventionMode": order.prevention,
        **_extras(order),
    }


def my_trade(fill: Fill) -> Row:
    """A fill as ``myTrades`` shows it."""
    return {
        "symbol": fill.order.symbol,
        "id": fill.trade.trade_id,
        "orderId": fill.order.order_id,
        "orderListId": fill.order.list_id,
        "price": show(fill.trade.price),
        "qty": show(fill.trade.quantity),
        "quoteQty": show(fill.trade.quote),
        "commission": show(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.trade.time,
        "isBuyer": fill.order.side == "BUY",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def order_list(made: OrderList) -> Row:
    """A list with the names of its orders."""
    return {
        "orderListId": made.list_id,
        "contingencyType": made.contingency,
        "listStatusType": "EXEC_STARTED" if made.open else "ALL_DONE",
        "listOrderStatus": "EXECUTING" if made.open else "ALL_DONE",
        "listClientOrderId": made.client_id,
        "transactionTime": made.time,
        "symbol": made.symbol,
        "orders": [
            {"symbol": order.symbol, "orderId": order.order_id, "clientOrderId": order.client_id}
            for order in made.orders
        ],
    }
