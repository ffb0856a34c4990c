"""Orders and what a trading account sees of itself: the signed half of ``/api/v3`` except the lists."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final

from bailiwick.sandbox.amount import BPS, SCALE, show
from bailiwick.sandbox.call import Call, Route
from bailiwick.sandbox.keys import READ, TRADE
from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.orders import (
    BUY,
    LIMIT,
    LIMIT_MAKER,
    MARKET,
    ORDER_TYPES,
    PREVENTIONS,
    SELL,
    STOPS,
    TIMES_IN_FORCE,
    Order,
    OrderRequest,
    Outcome,
)
from bailiwick.sandbox.params import Params
from bailiwick.sandbox.refusal import UNKNOWN_ORDER, Refusal, mandatory, rejected, unneeded
from bailiwick.sandbox.shapes import Row, ack, canceled, full, looked_up, my_trade, order_list, prevented, result

_RESPONSES: Final = ("ACK", "RESULT", "FULL")
_DAY_MS: Final = 86_400_000


def leg(params: Params, symbol: str, side: str, kind: str, quantity: int, *, prefix: str = "") -> OrderRequest:
    """Read an order, or with a prefix (``above``, ``working`` …) a leg of a list.

    Raises:
        Refusal: for what is missing, illegible or not needed by the order's type.
    """

    def name(plain: str) -> str:
        return prefix + plain[0].upper() + plain[1:] if prefix else plain

    if name("trailingDelta") in params:
        raise rejected("Trailing stop orders are not supported for this symbol.")
    if name("pegPriceType") in params:
        raise rejected("Pegged orders are not supported for this symbol.")
    price, stop = params.amount(name("price")), params.amount(name("stopPrice"))
    quote = params.amount("quoteOrderQty") if not prefix else 0
    limited = kind == LIMIT or kind.endswith("_LIMIT")
    given = {"price": price, "stopPrice": stop, "quantity": quantity, "quoteOrderQty": quote}
    wanted = _wanted(kind, bool(quote))
    for part, amount in given.items():
        if part in wanted and not amount:
            raise mandatory("quantity" if part == "quantity" else name(part))
        if part not in wanted and amount:
            raise unneeded(name(part))
    if not limited and name("timeInForce") in params:
        raise unneeded(name("timeInForce"))
    force = params.choice(name("timeInForce"), TIMES_IN_FORCE) if limited else "GTC"
    iceberg = params.amount(name("icebergQty"))
    if iceberg and limited and force != "GTC":
        raise Refusal(-1013, "Filter failure: ICEBERG_PARTS")
    return OrderRequest(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=quantity,
        price=price,
        quote_quantity=quote,
        stop_price=stop,
        iceberg=iceberg,
        time_in_force=force,
        client_id=params.client_id(name("clientOrderId") if prefix else "newClientOrderId"),
        prevention=params.choice("selfTradePreventionMode", PREVENTIONS, "EXPIRE_MAKER"),
        strategy_id=params.integer(name("strategyId")),
        strategy_type=params.integer(name("strategyType")),
    )


def _wanted(kind: str, by_quote: bool) -> set[str]:
    if kind == MARKET:
        return {"quoteOrderQty"} if by_quote else {"quantity"}
    wanted = {"quantity"}
    if kind in (LIMIT, LIMIT_MAKER) or kind.endswith("_LIMIT"):
        wanted.add("price")
    if kind in STOPS:
        wanted.add("stopPrice")
    return wanted


def read_order(call: Call) -> OrderRequest:
    """The order that a call asks for."""
    params = call.params
    symbol = call.sandbox.engine.market(params.need("symbol")).symbol.name
    side = params.choice("side", (BUY, SELL))
    kind = params.choice("type", ORDER_TYPES)
    return leg(params, symbol, side, kind, params.amount("quantity"))


def response_type(params: Params, kind: str) -> str:
    """How much the answer tells: everything for market and limit orders unless asked otherwise."""
    return params.choice("newOrderRespType", _RESPONSES, "FULL" if kind in (LIMIT, MARKET) else "ACK")


def new_order(call: Call) -> object:
    """Place an order."""
    request = read_order(call)
    response = response_type(call.params, request.type)
    outcome = call.sandbox.engine.place(call.account, request, call.now)
    call.orders.append(outcome.order)
    return answer_of(outcome, response)


def answer_of(outcome: Outcome, response: str) -> Row:
    """The answer to a new order at the length that was asked for."""
    if response == "ACK":
        return ack(outcome.order)
    if response == "RESULT":
        return {**result(outcome.order), **prevented(outcome.prevented)}
    return {**full(outcome.order, outcome.fills), **prevented(outcome.prevented)}


def test_order(call: Call) -> object:
    """Check an order without placing it."""
    request = read_order(call)
    call.sandbox.engine.check(call.account, request)
    return _rates(call.account) if call.params.flag("computeCommissionRates") else {}


def find_order(call: Call, missing: Refusal, *, number: int | None = None, client_id: str = "") -> Order:
    """The order that a number or a client id name: those given, or else ``orderId`` and ``origClientOrderId``.

    Raises:
        Refusal: -1102 if neither is there, -2039 if they name two, ``missing`` if there is no such order.
    """
    params, engine = call.params, call.sandbox.engine
    symbol = engine.market(params.need("symbol")).symbol.name
    if number is None and not client_id:
        number, client_id = params.integer("orderId"), params.text("origClientOrderId")
    if number is None and not client_id:
        raise Refusal(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    if number is not None:
        order = engine.records.orders.get(number)
    else:
        order = engine.records.by_client_id(call.account, symbol, client_id)
    if order is None or order.account is not call.account or order.symbol != symbol:
        raise missing
    if number is not None and client_id and order.client_id != client_id:
        raise Refusal(-2039, "Client order ID is not correct for this order ID.")
    return order


def get_order(call: Call) -> object:
    """Look one order up."""
    return looked_up(find_order(call, Refusal(-2013, "Order does not exist.")))


def cancel_order(call: Call) -> object:
    """Cancel one order, or the list it belongs to."""
    order = find_order(call, Refusal(-2011, UNKNOWN_ORDER))
    check_restrictions(call.params, order)
    call.orders.extend(call.sandbox.engine.cancel(order, call.now))
    return canceled_row(call, order, call.params.client_id("newClientOrderId"))


def canceled_row(call: Call, order: Order, client_id: str) -> Row:
    """The answer to the cancel of an order, or of the list that went with it."""
    if order.list_id >= 0:
        made = call.sandbox.engine.lists.lists[order.list_id]
        return list_report(made.orders, order_list(made), call.now)
    return canceled(order, order.client_id, client_id or cancel_id(order), call.now)


def list_report(orders: Iterable[Order], row: Row, now: int) -> Row:
    """A canceled list with a report of each leg."""
    reports = [canceled(order, order.client_id, cancel_id(order), now) for order in orders]
    return {**row, "orderReports": reports}


def cancel_id(order: Order) -> str:
    """The client id of a cancel that brought none."""
    return f"cancel{order.order_id:016d}"


def check_restrictions(params: Params, order: Order) -> None:
    """Whether the order is in the state that the cancel is restricted to.

    Raises:
        Refusal: -2011.
    """
    only = params.choice("cancelRestrictions", ("ONLY_NEW", "ONLY_PARTIALLY_FILLED", "ANY"), "ANY")
    if order.open and only != "ANY" and order.status != only.removeprefix("ONLY_"):
        raise Refusal(-2011, "Order was not canceled due to cancel restrictions.")


def cancel_all(call: Call) -> object:
    """Cancel every open order of a symbol."""
    engine = call.sandbox.engine
    symbol = engine.market(call.params.need("symbol")).symbol.name
    orders = list(engine.records.open_orders(call.account, symbol).values())
    if not orders:
        raise Refusal(-2011, UNKNOWN_ORDER)
    rows: list[Row] = []
    for order in orders:
        if not order.open:
            continue
        call.orders.extend(engine.cancel(order, call.now))
        rows.append(canceled_row(call, order, ""))
    return rows


def open_orders(call: Call) -> object:
    """The open orders of a symbol or of all."""
    records = call.sandbox.engine.records
    if "symbol" not in call.params:
        return [looked_up(order) for order in records.all_open(call.account)]
    symbol = call.sandbox.engine.market(call.params.need("symbol")).symbol.name
    return [looked_up(order) for order in records.open_orders(call.account, symbol).values()]


def all_orders(call: Call) -> object:
    """Every order of a symbol: from a number, or within times, or the latest."""
    params = call.params
    symbol = call.sandbox.engine.market(params.need("symbol")).symbol.name
    orders = call.sandbox.engine.records.history[call.account.name, symbol]
    start, end, number = params.integer("startTime"), params.integer("endTime"), params.integer("orderId")
    limit = params.limit(500, 1000)
    _check_span(start, end)
    # Both numbers and times rise along the history, so that no look-up walks through it.
    if number is not None:
        first = bisect_left(orders, number, key=lambda order: order.order_id)
        return [looked_up(order) for order in orders[first : first + limit]]
    if start is not None or end is not None:
        first = bisect_left(orders, start or 0, key=lambda order: order.time)
        last = bisect_right(orders, call.now if end is None else end, key=lambda order: order.time)
        return [looked_up(order) for order in orders[first : min(last, first + limit)]]
    return [looked_up(order) for order in orders[-limit:]]


def my_trades(call: Call) -> object:
    """The account's fills of a symbol."""
    params = call.params
    symbol = call.sandbox.engine.market(params.need("symbol")).symbol.name
    fills = call.sandbox.engine.records.fills[call.account.name, symbol]
    start, end = params.integer("startTime"), params.integer("endTime")
    number, from_id = params.integer("orderId"), params.integer("fromId")
    limit = params.limit(500, 1000)
    _check_span(start, end)
    if number is not None:
        order = call.sandbox.engine.records.orders.get(number)
        own = order is not None and order.account is call.account and order.symbol == symbol
        fills = call.sandbox.engine.records.fills_of(number) if own else []
    if from_id is None and start is None and end is None:
        return [my_trade(fill) for fill in fills[-limit:]]
    first = bisect_left(fills, from_id or 0, key=lambda fill: fill.trade.trade_id)
    if start is not None:
        first = max(first, bisect_left(fills, start, key=lambda fill: fill.trade.time))
    last = bisect_right(fills, call.now if end is None else end, key=lambda fill: fill.trade.time)
    return [my_trade(fill) for fill in fills[first : min(last, first + limit)]]


def _check_span(start: int | None, end: int | None) -> None:
    if start is not None and end is not None and end - start > _DAY_MS:
        raise Refusal(-1127, "More than 24 hours between startTime and endTime.")


def account(call: Call) -> object:
    """The account with its balances."""
    owner, key = call.account, call.key
    omit = call.params.flag("omitZeroBalances")
    assets = sorted(_assets(call) | set(owner.spot))
    rows = [(asset, owner.spot[asset]) for asset in assets]
    return {
        "makerCommission": owner.maker_bps,
        "takerCommission": owner.taker_bps,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": _rate_row(owner, zero=False),
        "canTrade": owner.can_trade,
        "canWithdraw": key is None or "enableWithdrawals" in key.permissions,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": owner.updated,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": show(balance.free), "locked": show(balance.locked)}
            for asset, balance in rows
            if not omit or balance.free or balance.locked
        ],
        "permissions": ["SPOT"],
        "uid": owner.uid,
        "tradeGroupId": owner.trade_group,
    }


def _assets(call: Call) -> set[str]:
    symbols = [market.symbol for market in call.sandbox.engine.markets.values()]
    return {symbol.base for symbol in symbols} | {symbol.quote for symbol in symbols}


def _rate_row(owner: Account, *, zero: bool) -> Row:
    maker, taker = (0, 0) if zero else (owner.maker_bps, owner.taker_bps)
    return {
        "maker": show(maker * SCALE // BPS),
        "taker": show(taker * SCALE // BPS),
        "buyer": show(0),
        "seller": show(0),
    }


def _rates(owner: Account) -> Row:
    return {
        "standardCommissionForOrder": {key: _rate_row(owner, zero=False)[key] for key in ("maker", "taker")},
        "taxCommissionForOrder": {"maker": show(0), "taker": show(0)},
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": show(0),
        },
    }


def commission(call: Call) -> object:
    """What the account pays for trades of a symbol."""
    symbol = call.sandbox.engine.market(call.params.need("symbol")).symbol.name
    return {
        "symbol": symbol,
        "standardCommission": _rate_row(call.account, zero=False),
        "taxCommission": _rate_row(call.account, zero=True),
        "specialCommission": _rate_row(call.account, zero=True),
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": show(0),
        },
    }


def rate_limit_orders(call: Call) -> object:
    """How many orders the account has placed in each window."""
    limits = call.sandbox.meter.limits
    short, long = call.sandbox.meter.orders(call.account.name, call.now)
    return [
        {"rateLimitType": "ORDERS", "interval": unit, "intervalNum": number, "limit": limit, "count": count}
        for unit, number, limit, count in (
            ("SECOND", 10, limits.orders_10s, short),
            ("DAY", 1, limits.orders_1d, long),
        )
    ]


def prevented_matches(call: Call) -> object:
    """Matches that self-trade prevention stopped."""
    params = call.params
    symbol = call.sandbox.engine.market(params.need("symbol")).symbol.name
    number, match_id = params.integer("orderId"), params.integer("preventedMatchId")
    if number is None and match_id is None:
        raise mandatory("preventedMatchId")
    limit = params.limit(500, 1000)
    return [
        {
            "symbol": symbol,
            "preventedMatchId": match.match_id,
            "takerOrderId": match.taker_order_id,
            "makerSymbol": symbol,
            "makerOrderId": match.maker_order_id,
            "tradeGroupId": match.trade_group,
            "selfTradePreventionMode": match.prevention,
            "price": show(match.price),
            "makerPreventedQuantity": show(match.maker_quantity),
            "transactTime": match.time,
        }
        for match in call.sandbox.engine.records.prevented[call.account.name, symbol]
        if match_id in (None, match.match_id)
        and (number is None or number in (match.taker_order_id, match.maker_order_id))
    ][:limit]


ORDER_PARAMETERS: Final = frozenset(
    [
        "symbol",
        "side",
        "type",
        "timeInForce",
        "quantity",
        "quoteOrderQty",
        "price",
        "newClientOrderId",
        "strategyId",
        "strategyType",
        "stopPrice",
        "trailingDelta",
        "icebergQty",
        "pegPriceType",
        "pegOffsetType",
        "pegOffsetValue",
        "newOrderRespType",
        "selfTradePreventionMode",
    ]
)
_FIND: Final = frozenset({"symbol", "orderId", "origClientOrderId"})


def _test_weight(params: Params) -> int:
    return 20 if "computeCommissionRates" in params else 1


def allocations(call: Call) -> object:
    """What smart order routing filled elsewhere: here it never does."""
    call.sandbox.engine.market(call.params.need("symbol"))
    return []


ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("POST", "/api/v3/order"): Route(new_order, 1, TRADE, 1, ORDER_PARAMETERS, free=True),
    ("POST", "/api/v3/order/test"): Route(
        test_order, _test_weight, TRADE, 0, ORDER_PARAMETERS | {"computeCommissionRates"}
    ),
    ("POST", "/api/v3/sor/order"): Route(new_order, 1, TRADE, 1, ORDER_PARAMETERS, free=True),
    ("POST", "/api/v3/sor/order/test"): Route(
        test_order, _test_weight, TRADE, 0, ORDER_PARAMETERS | {"computeCommissionRates"}
    ),
    ("GET", "/api/v3/order"): Route(get_order, 4, READ, 0, _FIND),
    ("DELETE", "/api/v3/order"): Route(
        cancel_order, 1, TRADE, 0, _FIND | {"newClientOrderId", "cancelRestrictions"}, free=True
    ),
    ("DELETE", "/api/v3/openOrders"): Route(cancel_all, 1, TRADE, 0, frozenset({"symbol"}), free=True),
    ("GET", "/api/v3/openOrders"): Route(
        open_orders, lambda params: 6 if "symbol" in params else 80, READ, 0, frozenset({"symbol"})
    ),
    ("GET", "/api/v3/allOrders"): Route(
        all_orders, 20, READ, 0, frozenset({"symbol", "orderId", "startTime", "endTime", "limit"})
    ),
    ("GET", "/api/v3/myTrades"): Route(
        my_trades,
        lambda params: 5 if "orderId" in params else 20,
        READ,
        0,
        frozenset({"symbol", "orderId", "startTime", "endTime", "fromId", "limit"}),
    ),
    ("GET", "/api/v3/account"): Route(account, 20, READ, 0, frozenset({"omitZeroBalances"})),
    ("GET", "/api/v3/account/commission"): Route(commission, 20, READ, 0, frozenset({"symbol"})),
    ("GET", "/api/v3/rateLimit/order"): Route(rate_limit_orders, 40, READ, 0, frozenset()),
    ("GET", "/api/v3/myAllocations"): Route(allocations, 20, READ),
    ("GET", "/api/v3/myPreventedMatches"): Route(prevented_matches, 20, READ),
}
