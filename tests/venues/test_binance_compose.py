"""Intents written anew: nothing but what was decided changes, and it changes in the parameters too."""

from decimal import Decimal

import msgspec
import pytest
from binance_requests import LIMIT, NOW_MS, NOW_US, SIGNER, VERIFIER, endpoint, pass_through, read, request
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.model.intent import Intent, OrderDraft, OrderRef, OrderType, TimeInForce
from bailiwick.venues.binance import BINANCE
from bailiwick.venues.binance.endpoints import ENDPOINTS
from bailiwick.venues.binance.legs import LEGS

WORKING = {
    "symbol": "BTCUSDT",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "0.1",
    "workingQuantity": "1",
    "workingTimeInForce": "GTC",
}
PENDING_PAIR = {
    "pendingSide": "SELL",
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "3",
    "pendingBelowType": "STOP_LOSS_LIMIT",
    "pendingBelowStopPrice": "0.05",
    "pendingBelowPrice": "0.04",
    "pendingBelowTimeInForce": "GTC",
}
OCO = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "3",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "2",
}
OLD_OCO = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "price": "3", "stopPrice": "2"}
PLACING = [
    ("/api/v3/order", LIMIT),
    ("/api/v3/order/test", LIMIT),
    ("/api/v3/sor/order", LIMIT),
    ("/api/v3/sor/order/test", LIMIT),
    ("/api/v3/order/cancelReplace", LIMIT | {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": "7"}),
    ("/api/v3/order/oco", OLD_OCO),
    ("/api/v3/orderList/oco", OCO),
    (
        "/api/v3/orderList/oto",
        WORKING | {"pendingType": "LIMIT_MAKER", "pendingSide": "SELL", "pendingQuantity": "1", "pendingPrice": "2"},
    ),
    ("/api/v3/orderList/otoco", WORKING | PENDING_PAIR | {"pendingQuantity": "1"}),
    ("/api/v3/orderList/opo", WORKING | {"pendingType": "LIMIT_MAKER", "pendingSide": "SELL", "pendingPrice": "2"}),
    ("/api/v3/orderList/opoco", WORKING | PENDING_PAIR),
]


def send(intent: Intent) -> Intent:
    """The intent as the venue would read it: countersigned, verified and parsed again."""
    outgoing = BINANCE.countersign(intent, SIGNER, NOW_US, 5_000_000)
    path, _, query = outgoing.target.partition(b"?")
    again = pass_through(request(outgoing.method.decode(), path.decode(), query=query, body=outgoing.body))
    assert isinstance(again, Intent)
    return again


@pytest.mark.parametrize(("path", "params"), PLACING)
def test_what_is_not_changed_is_not_touched(path: str, params: dict[str, str]) -> None:
    """An intent whose orders stay leaves as the very same value."""
    intent = read("POST", path, params)
    assert BINANCE.compose(intent, intent.orders) is intent
    assert BINANCE.compose(intent, tuple(msgspec.structs.replace(order) for order in intent.orders)) is intent


@pytest.mark.parametrize(("path", "params"), PLACING)
def test_every_leg_gets_its_client_order_id(path: str, params: dict[str, str]) -> None:
    """An id given to each leg stands in the parameters under the leg's own name, and the venue reads it there."""
    intent = read("POST", path, params)
    orders = tuple(msgspec.structs.replace(order, client_id=f"bw-{place}") for place, order in enumerate(intent.orders))
    composed = BINANCE.compose(intent, orders)
    assert composed.orders == orders
    assert send(composed).orders == orders
    names = [leg.client_id for leg in LEGS["POST", path]]
    assert dict(composed.params).items() >= {name: f"bw-{place}" for place, name in enumerate(names)}.items()
    assert [pair for pair in composed.params if pair[0] not in names] == list(intent.params)


def test_every_placing_endpoint_is_tried_here() -> None:
    """No endpoint with legs was forgotten in these tests."""
    assert {("POST", path) for path, _ in PLACING} == set(LEGS)
    assert set(LEGS) <= set(ENDPOINTS)


def test_market_order_by_sum_leaves_as_limit_order() -> None:
    """A market order by sum, bound to the band, leaves with quantity, price and time in force, and without the sum."""
    intent = read(
        "POST", "/api/v3/order", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "100"}
    )
    bound = msgspec.structs.replace(
        intent.orders[0],
        type=OrderType.LIMIT,
        quantity=Decimal("0.00200000"),
        quote_quantity=None,
        price=Decimal("5E+4"),
        time_in_force=TimeInForce.IOC,
        client_id="bw-1",
    )
    composed = BINANCE.compose(intent, (bound,))
    assert dict(composed.params) == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "newClientOrderId": "bw-1",
        "timeInForce": "IOC",
        "quantity": "0.002",
        "price": "50000",
    }
    assert send(composed).orders == (bound,)


@pytest.mark.parametrize(
    ("path", "params", "leg"), [("/api/v3/orderList/oco", OCO, "below"), ("/api/v3/order/oco", OLD_OCO, "stop")]
)
def test_stop_without_limit_gets_one(path: str, params: dict[str, str], leg: str) -> None:
    """A stop leg that is bound to the band becomes a stop with a limit, in the new OCO and in the old one."""
    intent = read("POST", path, params)
    first, stop = intent.orders
    bound = msgspec.structs.replace(
        stop, type=OrderType.STOP_LOSS_LIMIT, price=Decimal("1.9"), time_in_force=TimeInForce.GTC
    )
    assert stop.leg == leg
    assert send(BINANCE.compose(intent, (first, bound))).orders == (first, bound)


def test_shared_quantity_is_written_once() -> None:
    """Two legs of one quantity are reduced together."""
    intent = read("POST", "/api/v3/orderList/oco", OCO)
    orders = tuple(msgspec.structs.replace(order, quantity=Decimal("0.5")) for order in intent.orders)
    assert send(BINANCE.compose(intent, orders)).orders == orders


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": "ETHUSDT"},
        {"pegged": True},
        {"leg": "above"},
        {"quantity": Decimal(1), "quote_quantity": Decimal(1)},
    ],
)
def test_what_may_not_change_cannot(change: dict[str, object]) -> None:
    """Symbol, side, peg and leg are never rewritten, and an order has one quantity."""
    intent = read("POST", "/api/v3/order", LIMIT)
    with pytest.raises(ValueError, match="orders"):
        BINANCE.compose(intent, (msgspec.structs.replace(intent.orders[0], **change),))  # type: ignore[arg-type]


def test_legs_are_neither_dropped_nor_added() -> None:
    """An order list leaves with all of its legs or not at all."""
    intent = read("POST", "/api/v3/orderList/oco", OCO)
    for orders in (intent.orders[:1], (), (*intent.orders, intent.orders[0]), intent.orders[::-1]):
        with pytest.raises(ValueError, match="legs"):
            BINANCE.compose(intent, orders)


def test_what_has_no_parameter_cannot_change() -> None:
    """A leg is never given what its endpoint cannot say."""
    intent = read("POST", "/api/v3/order/oco", OLD_OCO)
    limit, stop = intent.orders
    for wrong in (
        msgspec.structs.replace(limit, stop_price=Decimal(1)),
        msgspec.structs.replace(limit, type=OrderType.LIMIT),
    ):
        with pytest.raises(ValueError, match="orders"):
            BINANCE.compose(intent, (wrong, stop))


def test_cancel_of_one_order_keeps_the_time_of_the_whole() -> None:
    """The cancel that stands for part of a cancel-all has the client's timestamp and window."""
    whole = read("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"})
    part = BINANCE.narrow(whole, "BTCUSDT", OrderRef(7, "mine-1"))
    assert part.endpoint is endpoint("DELETE", "/api/v3/order")
    assert part.params == (("symbol", "BTCUSDT"), ("orderId", "7"), ("origClientOrderId", "mine-1"))
    assert (part.timestamp_us, part.window_us, part.target) == (NOW_MS * 1000, 5_000_000, OrderRef(7, "mine-1"))
    assert send(part).target == OrderRef(7, "mine-1")


def test_house_asks_for_orders_and_trades() -> None:
    """Look-ups and polls are requests that the venue reads as meant."""
    look_up = send(BINANCE.look_up("BTCUSDT", OrderRef(None, "mine-1")))
    assert (look_up.endpoint.path, look_up.target) == ("/api/v3/order", OrderRef(None, "mine-1"))
    assert send(BINANCE.poll("BTCUSDT", "open")).endpoint.path == "/api/v3/openOrders"
    trades = send(BINANCE.poll("BTCUSDT", "trades"))
    assert (trades.endpoint.path, trades.params) == ("/api/v3/myTrades", (("symbol", "BTCUSDT"), ("limit", "1000")))
    with pytest.raises(ValueError, match="neither open nor trades"):
        BINANCE.poll("BTCUSDT", "closed")


AMOUNTS = st.decimals(min_value="0.00000001", max_value="99999999", places=8)


@settings(deadline=None)  # other work on the machine is no failure
@given(quantity=AMOUNTS, price=AMOUNTS, client_id=st.from_regex(r"[A-Za-z0-9_.:/-]{1,36}", fullmatch=True))
def test_whatever_is_composed_is_what_is_sent(quantity: Decimal, price: Decimal, client_id: str) -> None:
    """Any quantity, price and id written into a limit order are read back from the signed request."""
    intent = read("POST", "/api/v3/order", LIMIT)
    order: OrderDraft = msgspec.structs.replace(intent.orders[0], quantity=quantity, price=price, client_id=client_id)
    composed = BINANCE.compose(intent, (order,))
    assert send(composed).orders == (order,)
    body = BINANCE.countersign(composed, SIGNER, NOW_US, 1000).body
    payload, _, signature = body.rpartition(b"&signature=")
    assert VERIFIER.verify(payload, signature)
