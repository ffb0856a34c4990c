"""Where the orders of a request stand among its parameters: which name each leg has for quantity, price and so on."""

import msgspec

from bailiwick.model.intent import OrderType, Side, TimeInForce


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    """The parameter names of one leg, empty where the leg has no such parameter.

    ``type`` is empty where the request does not name the type: the two legs of the old OCO are a LIMIT_MAKER and a
    stop with or without a limit.
    """

    leg: str
    side: str
    type: str
    quantity: str
    quote_quantity: str
    price: str
    stop_price: str
    trailing_delta: str
    time_in_force: str
    iceberg_quantity: str
    peg: str
    client_id: str


def _single() -> Slots:
    return Slots(
        leg="",
        side="side",
        type="type",
        quantity="quantity",
        quote_quantity="quoteOrderQty",
        price="price",
        stop_price="stopPrice",
        trailing_delta="trailingDelta",
        time_in_force="timeInForce",
        iceberg_quantity="icebergQty",
        peg="pegPriceType",
        client_id="newClientOrderId",
    )


def _prefixed(leg: str, side: str, quantity: str) -> Slots:
    return Slots(
        leg=leg,
        side=side,
        type=f"{leg}Type",
        quantity=quantity,
        quote_quantity="",
        price=f"{leg}Price",
        stop_price=f"{leg}StopPrice",
        trailing_delta=f"{leg}TrailingDelta",
        time_in_force=f"{leg}TimeInForce",
        iceberg_quantity=f"{leg}IcebergQty",
        peg=f"{leg}PegPriceType",
        client_id=f"{leg}ClientOrderId",
    )


def _old_limit() -> Slots:
    return Slots(
        leg="limit",
        side="side",
        type="",
        quantity="quantity",
        quote_quantity="",
        price="price",
        stop_price="",
        trailing_delta="",
        time_in_force="",
        iceberg_quantity="limitIcebergQty",
        peg="",
        client_id="limitClientOrderId",
    )


def _old_stop() -> Slots:
    return Slots(
        leg="stop",
        side="side",
        type="",
        quantity="quantity",
        quote_quantity="",
        price="stopLimitPrice",
        stop_price="stopPrice",
        trailing_delta="trailingDelta",
        time_in_force="stopLimitTimeInForce",
        iceberg_quantity="stopIcebergQty",
        peg="",
        client_id="stopClientOrderId",
    )


_WORKING = _prefixed("working", "workingSide", "workingQuantity")

# The orders of each endpoint that places any, in the order in which the venue lists them. An OPO's pending order has
# no quantity of its own: it takes what the working order brings.
LEGS: dict[tuple[str, str], tuple[Slots, ...]] = {
    ("POST", "/api/v3/order"): (_single(),),
    ("POST", "/api/v3/order/test"): (_single(),),
    ("POST", "/api/v3/sor/order"): (_single(),),
    ("POST", "/api/v3/sor/order/test"): (_single(),),
    ("POST", "/api/v3/order/cancelReplace"): (_single(),),
    ("POST", "/api/v3/order/oco"): (_old_limit(), _old_stop()),
    ("POST", "/api/v3/orderList/oco"): (
        _prefixed("above", "side", "quantity"),
        _prefixed("below", "side", "quantity"),
    ),
    ("POST", "/api/v3/orderList/oto"): (_WORKING, _prefixed("pending", "pendingSide", "pendingQuantity")),
    ("POST", "/api/v3/orderList/otoco"): (
        _WORKING,
        _prefixed("pendingAbove", "pendingSide", "pendingQuantity"),
        _prefixed("pendingBelow", "pendingSide", "pendingQuantity"),
    ),
    ("POST", "/api/v3/orderList/opo"): (_WORKING, _prefixed("pending", "pendingSide", "")),
    ("POST", "/api/v3/orderList/opoco"): (
        _WORKING,
        _prefixed("pendingAbove", "pendingSide", ""),
        _prefixed("pendingBelow", "pendingSide", ""),
    ),
}

SIDES = {side.value: side for side in Side}
TYPES = {kind.value: kind for kind in OrderType}
TIMES_IN_FORCE = {time.value: time for time in TimeInForce}
