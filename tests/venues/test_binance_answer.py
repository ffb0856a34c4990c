"""Answers: what each settles, what stays unknown, and what a key may see of a listing."""

import json
from decimal import Decimal
from typing import Any

import pytest
from binance_requests import LIMIT, read

from bailiwick.model.intent import Intent, OrderRef, Side
from bailiwick.model.order import Answer, Fill, OrderReport, TradeReport
from bailiwick.venues.binance import BINANCE

PLACED: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "orderListId": -1,
    "clientOrderId": "mine-1",
    "transactTime": 1507725176595,
    "price": "0.00000000",
    "origQty": "10.00000000",
    "executedQty": "6.00000000",
    "origQuoteOrderQty": "0.000000",
    "cummulativeQuoteQty": "23995.00000000",
    "status": "PARTIALLY_FILLED",
    "timeInForce": "GTC",
    "type": "MARKET",
    "side": "SELL",
    "workingTime": 1507725176595,
    "selfTradePreventionMode": "NONE",
    "fills": [
        {
            "price": "4000.00000000",
            "qty": "1.00000000",
            "commission": "4.00000000",
            "commissionAsset": "USDT",
            "tradeId": 56,
        },
        {
            "price": "3999.00000000",
            "qty": "5.00000000",
            "commission": "19.99500000",
            "commissionAsset": "USDT",
            "tradeId": 57,
        },
    ],
}
CANCELLED = {
    "symbol": "BTCUSDT",
    "origClientOrderId": "mine-1",
    "orderId": 28,
    "orderListId": -1,
    "clientOrderId": "the-cancel",
    "transactTime": 1684804350068,
    "price": "2.00000000",
    "origQty": "1.00000000",
    "executedQty": "0.25000000",
    "cummulativeQuoteQty": "0.50000000",
    "status": "CANCELED",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "SELL",
}
LISTED = {
    "symbol": "BTCUSDT",
    "orderId": 1,
    "orderListId": -1,
    "clientOrderId": "mine-1",
    "price": "0.1",
    "origQty": "1.0",
    "executedQty": "0.0",
    "cummulativeQuoteQty": "-1.0",
    "status": "NEW",
    "side": "BUY",
    "time": 1499827319559,
    "updateTime": 1499827319560,
    "isWorking": True,
}
TRADE = {
    "symbol": "BTCUSDT",
    "id": 28457,
    "orderId": 100234,
    "orderListId": -1,
    "price": "4.00000100",
    "qty": "12.00000000",
    "quoteQty": "48.000012",
    "commission": "10.10000000",
    "commissionAsset": "BNB",
    "time": 1499865549590,
    "isBuyer": True,
    "isMaker": False,
    "isBestMatch": True,
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
PLACE = read("POST", "/api/v3/order", LIMIT)
TRY = read("POST", "/api/v3/order/test", LIMIT)
CANCEL = read("DELETE", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": "28"})
CANCEL_ALL = read("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"})
CANCEL_LIST = read("DELETE", "/api/v3/orderList", {"symbol": "BTCUSDT", "orderListId": "7"})
LOOK_UP = read("GET", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": "28"})
LOOK_UP_LIST = read("GET", "/api/v3/orderList", {"orderListId": "7"})
OPEN = read("GET", "/api/v3/openOrders", {"symbol": "BTCUSDT"})
ALL = read("GET", "/api/v3/allOrders", {"symbol": "BTCUSDT"})
LISTS = read("GET", "/api/v3/allOrderList", {})
TRADES = read("GET", "/api/v3/myTrades", {"symbol": "BTCUSDT"})
ALLOCATIONS = read("GET", "/api/v3/myAllocations", {"symbol": "BTCUSDT"})
AMENDMENTS = read("GET", "/api/v3/order/amendments", {"symbol": "BTCUSDT", "orderId": "1"})
PREVENTED = read("GET", "/api/v3/myPreventedMatches", {"symbol": "BTCUSDT", "orderId": "1"})
ACCOUNT = read("GET", "/api/v3/account", {})
AMEND = read("PUT", "/api/v3/order/amend/keepPriority", {"symbol": "BTCUSDT", "orderId": "28", "newQty": "5"})
REPLACE = read(
    "POST", "/api/v3/order/cancelReplace", LIMIT | {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": "28"}
)
CANCEL_REPORT = OrderReport(
    symbol="BTCUSDT",
    order_id=28,
    client_id="mine-1",
    live=False,
    executed=Decimal("0.25"),
    quote_executed=Decimal("0.5"),
    quantity=Decimal(1),
    price=Decimal(2),
    side=Side.SELL,
    update_ms=1684804350068,
)


def settle(intent: Intent, status: int, body: object) -> Answer:
    """What an answer with this JSON settles."""
    return BINANCE.read_answer(intent, status, json.dumps(body).encode())


def test_order_with_fills() -> None:
    """A FULL answer has the order's sums and each of its fills, exactly."""
    assert settle(PLACE, 200, PLACED) == Answer(
        executed=True,
        orders=(
            OrderReport(
                symbol="BTCUSDT",
                order_id=28,
                client_id="mine-1",
                live=True,
                executed=Decimal(6),
                quote_executed=Decimal(23995),
                quantity=Decimal(10),
                price=Decimal(0),
                side=Side.SELL,
                update_ms=1507725176595,
                fills=(
                    Fill(56, Decimal(4000), Decimal(1), Decimal(4), "USDT"),
                    Fill(57, Decimal(3999), Decimal(5), Decimal("19.995"), "USDT"),
                ),
            ),
        ),
    )


def test_allocations_of_smart_routing_are_told_apart() -> None:
    """Fills without a trade of the symbol each have an id of their own, which no trade has."""
    allocated = [PLACED["fills"][0] | {"tradeId": -1, "allocId": number} for number in (0, 1)]
    (report,) = settle(PLACE, 200, PLACED | {"usedSor": True, "fills": allocated}).orders
    assert [fill.trade_id for fill in report.fills] == [-2, -3]


def test_acknowledged_order() -> None:
    """An ACK answer says that the order is there, and nothing of what was executed."""
    names = ("symbol", "orderId", "orderListId", "clientOrderId", "transactTime")
    (report,) = settle(PLACE, 200, {name: PLACED[name] for name in names}).orders
    assert (report.order_id, report.live, report.executed, report.quote_executed) == (28, True, 0, None)


@pytest.mark.parametrize(
    ("status", "live"),
    [
        ("NEW", True),
        ("PENDING_NEW", True),
        ("PARTIALLY_FILLED", True),
        ("PENDING_CANCEL", True),
        ("SOMETHING_NEW", True),
        ("FILLED", False),
        ("CANCELED", False),
        ("REJECTED", False),
        ("EXPIRED", False),
        ("EXPIRED_IN_MATCH", False),
    ],
)
def test_only_known_ends_end_an_order(status: str, live: bool) -> None:
    """An order is over where the venue says so in a word that we know, and may fill further otherwise."""
    (report,) = settle(LOOK_UP, 200, PLACED | {"status": status}).orders
    assert report.live is live


def test_cancel_names_the_order_as_it_was_placed() -> None:
    """A cancel's answer is of the order, under the id that the order was placed with."""
    assert settle(CANCEL, 200, CANCELLED) == Answer(executed=True, orders=(CANCEL_REPORT,))


def test_listing_of_orders() -> None:
    """Each order of a listing is reported, and a negative sum of an old order is no sum."""
    for intent in (OPEN, ALL):
        (report, other) = settle(intent, 200, [LISTED, CANCELLED]).orders
        assert (report.live, report.quote_executed, report.update_ms) == (True, None, 1499827319560)
        assert other == CANCEL_REPORT


def test_listing_of_trades() -> None:
    """Each trade of a listing is reported with its order, side and fee."""
    fill = Fill(28457, Decimal("4.000001"), Decimal(12), Decimal("10.1"), "BNB")
    report = TradeReport(symbol="BTCUSDT", order_id=100234, side=Side.BUY, time_ms=1499865549590, fill=fill)
    assert settle(TRADES, 200, [TRADE]) == Answer(executed=True, trades=(report,))
    assert settle(TRADES, 200, [TRADE | {"isBuyer": False}]).trades[0].side is Side.SELL


def test_order_lists_report_their_legs() -> None:
    """Placing or cancelling a list reports each of its orders."""
    body = {
        "orderListId": 7,
        "symbol": "BTCUSDT",
        "orders": [],
        "orderReports": [PLACED, CANCELLED | {"orderListId": 7}],
    }
    for intent in (read("POST", "/api/v3/orderList/oco", OCO), CANCEL_LIST):
        answer = settle(intent, 200, body)
        assert [report.order_id for report in answer.orders] == [28, 28]
        assert answer.orders[1].list_id == 7


def test_cancel_of_all_reports_orders_and_lists() -> None:
    """A cancel-all reports single orders and the legs of lists alike."""
    answer = settle(CANCEL_ALL, 200, [CANCELLED, {"orderListId": 7, "orderReports": [CANCELLED, CANCELLED]}])
    assert answer == Answer(executed=True, orders=(CANCEL_REPORT,) * 3)


def test_amendment_reports_the_order() -> None:
    """An amendment's answer has the order with what is left of it, under the id it was placed with."""
    amended = {
        "symbol": "BTCUSDT",
        "orderId": 28,
        "orderListId": -1,
        "origClientOrderId": "mine-1",
        "clientOrderId": "new-id",
        "price": "2",
        "qty": "5.00000000",
        "executedQty": "1.00000000",
        "preventedQty": "0.00000000",
        "quoteOrderQty": "0.00000000",
        "cumulativeQuoteQty": "2.00000000",
        "status": "PARTIALLY_FILLED",
        "side": "SELL",
    }
    (report,) = settle(AMEND, 200, {"transactTime": 9, "executionId": 1, "amendedOrder": amended}).orders
    assert (report.client_id, report.quantity, report.executed, report.quote_executed) == ("mine-1", 5, 1, 2)
    assert report.update_ms == 9


def test_tried_orders_and_reads_just_succeed() -> None:
    """What places nothing settles nothing, and succeeded."""
    assert settle(TRY, 200, {}) == settle(ACCOUNT, 200, {"balances": []}) == Answer(executed=True)


def replaced(cancel: str, new: str) -> dict[str, object]:
    """An answer to a cancelReplace."""
    refused = {"code": -2010, "msg": "Account has insufficient balance for requested action."}
    return {
        "cancelResult": cancel,
        "newOrderResult": new,
        "cancelResponse": CANCELLED if cancel == "SUCCESS" else {"code": -2011, "msg": "Unknown order sent."},
        "newOrderResponse": PLACED if new == "SUCCESS" else refused if new == "FAILURE" else None,
    }


@pytest.mark.parametrize(
    ("status", "cancel", "new", "executed", "orders"),
    [
        (200, "SUCCESS", "SUCCESS", True, 2),
        (409, "SUCCESS", "FAILURE", False, 1),
        (409, "FAILURE", "SUCCESS", True, 1),
        (400, "FAILURE", "NOT_ATTEMPTED", False, 0),
        (400, "FAILURE", "FAILURE", False, 0),
        (409, "SUCCESS", "SOMETHING", None, 1),
    ],
)
def test_replacement_settles_both_halves(
    status: int, cancel: str, new: str, executed: bool | None, orders: int
) -> None:
    """A cancelReplace speaks of the new order, and reports a cancel that took effect though the order failed."""
    data = replaced(cancel, new)
    body = data if status == 200 else {"code": -2021, "msg": "Order cancel-replace partially failed.", "data": data}
    answer = settle(REPLACE, status, body)
    assert (answer.executed, len(answer.orders)) == (executed, orders)


def test_replacement_that_timed_out_is_unknown() -> None:
    """A new order whose half of the answer is a time-out may be at the venue."""
    data = replaced("SUCCESS", "FAILURE") | {"newOrderResponse": {"code": -1007, "msg": "Timeout"}}
    answer = settle(REPLACE, 409, {"code": -2021, "msg": "", "data": data})
    assert (answer.executed, answer.orders) == (None, (CANCEL_REPORT,))


@pytest.mark.parametrize(
    ("status", "body", "executed", "code"),
    [
        (400, b'{"code":-2010,"msg":"Account has insufficient balance for requested action."}', False, -2010),
        (400, b'{"code":-1013,"msg":"Filter failure: LOT_SIZE"}', False, -1013),
        (401, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}', False, -2015),
        (429, b'{"code":-1003,"msg":"Too many requests."}', False, -1003),
        (418, b"", False, 0),
        (403, b"<html>", False, 0),
        (503, b'{"code":-1008,"msg":"Request throttled by system-level protection."}', False, -1008),
        (503, b'{"code":-1007,"msg":"Timeout"}', None, -1007),
        (503, b'{"code":-1001,"msg":"Internal error"}', None, -1001),
        (503, b"<html>", None, 0),
        (500, b"", None, 0),
        (502, b'{"code":-2010,"msg":"?"}', None, -2010),
        (504, b"{}", None, 0),
        (400, b'{"code":-1007,"msg":"Timeout"}', None, -1007),
        (400, b'{"code":-1006,"msg":"Unexpected"}', None, -1006),
        (400, b'{"code":-1000,"msg":"Unknown"}', None, -1000),
        (400, b"<html>", None, 0),
        (409, b'{"code":-2021,"msg":"no data"}', False, -2021),
        (200, b"", None, 0),
        (200, b"{", None, 0),
        (200, b"[]", None, 0),
        (200, b'{"symbol":"BTCUSDT"}', None, 0),
        (200, json.dumps(PLACED | {"executedQty": "NaN"}).encode(), None, 0),
        (200, json.dumps(PLACED | {"executedQty": "Infinity"}).encode(), None, 0),
        (200, json.dumps(PLACED | {"executedQty": "x"}).encode(), None, 0),
        (200, json.dumps(PLACED).encode()[:-5], None, 0),
        (302, b"{}", None, 0),
        (101, b"", None, 0),
    ],
)
def test_only_definite_refusals_settle(status: int, body: bytes, executed: bool | None, code: int) -> None:
    """A refusal counts as one where the venue is definite; 5xx, time-outs and what cannot be read stay unknown."""
    assert BINANCE.read_answer(PLACE, status, body) == Answer(executed=executed, code=code)


def test_missing_order() -> None:
    """A look-up that finds no order says that it is missing."""
    answer = settle(LOOK_UP, 400, {"code": -2013, "msg": "Order does not exist."})
    assert answer == Answer(executed=False, missing=True, code=-2013)


def owns(symbol: str, order: OrderRef) -> bool:
    """Orders 1 and 100234 of BTCUSDT are the key's own."""
    return symbol == "BTCUSDT" and order.order_id in (1, 100234)


def test_listings_show_own_orders_alone() -> None:
    """Orders and trades of others are left out, and what stays keeps its bytes."""
    own, other = json.dumps(LISTED).encode(), json.dumps(LISTED | {"orderId": 2}).encode()
    foreign = json.dumps(LISTED | {"symbol": "ETHUSDT"}).encode()
    for intent in (OPEN, ALL):
        assert BINANCE.visible(intent, b"[ " + b" , ".join([other, own, foreign, own]) + b"]", owns) == (
            b"[" + own + b"," + own + b"]"
        )
    trade, strange = json.dumps(TRADE).encode(), json.dumps(TRADE | {"orderId": 5}).encode()
    assert BINANCE.visible(TRADES, b"[" + trade + b"," + strange + b"]", owns) == b"[" + trade + b"]"


def test_amendments_and_allocations_show_own_orders_alone() -> None:
    """What became of another's order is left out; rows as documented for both endpoints."""
    amended = {"symbol": "BTCUSDT", "orderId": 1, "executionId": 22, "origClientOrderId": "a", "newClientOrderId": "b"}
    allocated = {"symbol": "BTCUSDT", "allocationId": 0, "allocationType": "SOR", "orderId": 1, "orderListId": -1}
    for intent, row in ((AMENDMENTS, amended), (ALLOCATIONS, allocated)):
        own, other = json.dumps(row).encode(), json.dumps(row | {"orderId": 2}).encode()
        assert BINANCE.visible(intent, b"[" + other + b"," + own + b"]", owns) == b"[" + own + b"]"


def test_a_prevented_match_is_shown_to_who_owns_both_orders() -> None:
    """A prevented match tells of two orders: it is left out unless both are the key's own."""
    match = {"symbol": "BTCUSDT", "preventedMatchId": 1, "takerOrderId": 1, "makerSymbol": "BTCUSDT"}
    rows = [json.dumps(match | {"makerOrderId": maker}).encode() for maker in (100234, 2)]
    rows.append(json.dumps(match | {"takerOrderId": 2, "makerOrderId": 1}).encode())
    rows.append(json.dumps(match | {"makerSymbol": "ETHUSDT", "makerOrderId": 1}).encode())
    assert BINANCE.visible(PREVENTED, b"[" + b",".join(rows) + b"]", owns) == b"[" + rows[0] + b"]"


def test_listing_asks_by_both_ids() -> None:
    """Whoever decides what is own is told the venue's id and the client's."""
    asked: list[tuple[str, OrderRef]] = []
    BINANCE.visible(OPEN, json.dumps([LISTED]).encode(), lambda symbol, order: not asked.append((symbol, order)))
    assert asked == [("BTCUSDT", OrderRef(1, "mine-1"))]


def test_order_lists_are_shown_whole_or_not() -> None:
    """An order list is shown only if each of its orders is the key's own, whether listed or looked up."""
    leg = {"symbol": "BTCUSDT", "orderId": 1, "clientOrderId": "a"}
    own = json.dumps({"orderListId": 7, "orders": [leg, leg]}).encode()
    mixed = json.dumps({"orderListId": 8, "orders": [leg, leg | {"orderId": 2}]}).encode()
    bare = json.dumps({"orderListId": 9, "orders": []}).encode()
    assert BINANCE.visible(LISTS, b"[" + b",".join([own, mixed, bare]) + b"]", owns) == b"[" + own + b"]"
    assert BINANCE.visible(LOOK_UP_LIST, own, owns) == own
    assert BINANCE.visible(LOOK_UP_LIST, mixed, owns) == b"{}"


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"null", b"[{}]", b"["])
def test_listing_that_cannot_be_read_shows_nothing(body: bytes) -> None:
    """A listing of another form than documented is answered with an empty one."""
    assert BINANCE.visible(OPEN, body, lambda *_: True) == b"[]"
    assert BINANCE.visible(LISTS, body, lambda *_: True) == b"[]"
    assert BINANCE.visible(AMENDMENTS, body, lambda *_: True) == b"[]"
    assert BINANCE.visible(PREVENTED, body, lambda *_: True) == b"[]"


def test_other_answers_pass_as_they_are() -> None:
    """What lists no orders is not touched."""
    assert BINANCE.visible(ACCOUNT, b" {} ", owns) == b" {} "


def test_cancels_are_gathered_into_one_answer() -> None:
    """A narrowed cancel-all answers with the cancels that took effect, as the venue worded them."""
    done = json.dumps(CANCELLED).encode()
    refused = b'{"code":-2011,"msg":"Unknown order sent."}'
    assert BINANCE.gather([done, refused, b"<html>", done]) == b"[" + done + b"," + done + b"]"
    assert BINANCE.gather([]) == b"[]"
    assert BINANCE.read_answer(CANCEL_ALL, 200, BINANCE.gather([done])).orders == (CANCEL_REPORT,)
