"""Trading over REST, as clients do it."""

import json
from decimal import Decimal

import pytest
from rehearsal import NOW, Desk

ORDER = "/api/v3/order"
BASE = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "1"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_order_lives_through_place_look_up_and_cancel(desk: Desk) -> None:
    """A resting order is found by number and by client id, listed as open, canceled once and then unknown."""
    placed = desk.limit("BUY", "0.01", "60000", newClientOrderId="mine")
    assert (placed["status"], placed["fills"], placed["clientOrderId"]) == ("NEW", [], "mine")
    by_number = desk.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])
    assert by_number == desk.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="mine")
    assert desk.ask("GET", "/api/v3/openOrders") == [by_number]
    assert desk.ask("GET", "/api/v3/openOrders", symbol="ETHUSDT") == []
    canceled = desk.ask("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="mine", newClientOrderId="gone")
    named = (canceled["status"], canceled["origClientOrderId"], canceled["clientOrderId"])
    assert named == ("CANCELED", "mine", "gone")
    assert desk.refused("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId="mine") == (
        400,
        -2011,
        "Unknown order sent.",
    )
    assert desk.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="mine")["status"] == "CANCELED"
    assert desk.refused("GET", ORDER, symbol="BTCUSDT", orderId=999_999) == (400, -2013, "Order does not exist.")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"type": "LIMIT", "price": "60000"}, -1102),
        ({"type": "LIMIT", "timeInForce": "GTC"}, -1102),
        ({"type": "LIMIT", "timeInForce": "GTC", "price": ""}, -1105),
        ({"type": "LIMIT", "timeInForce": "GTC", "price": "6e4"}, -1100),
        ({"type": "LIMIT", "timeInForce": "GTC", "price": "-1"}, -1100),
        ({"type": "LIMIT", "timeInForce": "GTC", "price": "60000.123456789"}, -1111),
        ({"type": "LIMIT", "timeInForce": "GTX", "price": "60000"}, -1115),
        ({"type": "LIMITED", "price": "60000"}, -1116),
        ({"type": "MARKET", "side": "HOLD"}, -1117),
        ({"type": "MARKET", "price": "60000"}, -1106),
        ({"type": "MARKET", "timeInForce": "GTC"}, -1106),
        ({"type": "MARKET", "quoteOrderQty": "10"}, -1106),
        ({"type": "LIMIT_MAKER", "price": "70000", "timeInForce": "GTC"}, -1106),
        ({"type": "STOP_LOSS"}, -1102),
        ({"type": "STOP_LOSS", "stopPrice": "60000", "price": "60000"}, -1106),
        ({"type": "STOP_LOSS", "trailingDelta": "100"}, -2010),
        ({"type": "MARKET", "newClientOrderId": "no spaces"}, -1100),
        ({"type": "MARKET", "newOrderRespType": "SOME"}, -1130),
        ({"type": "MARKET", "symbol": "NOPE"}, -1121),
        ({"type": "MARKET", "selfTradePreventionMode": "SOMETIMES"}, -1013),
        ({"type": "MARKET", "pegPriceType": "PRIMARY_PEG"}, -2010),
        ({"type": "MARKET", "favourite": "yes"}, -1104),
    ],
)
def test_a_malformed_order_is_refused_with_its_code(desk: Desk, params: dict[str, str], code: int) -> None:
    """What an order's type needs must be there, what it does not need must not, and all of it must be legible."""
    assert desk.refused("POST", ORDER, **{**BASE, **params})[:2] == (400, code)
    assert desk.balance("BTC")[0] == 10


def test_neither_number_nor_client_id_is_refused(desk: Desk) -> None:
    """A look-up must say which order; two names must agree."""
    assert desk.refused("GET", ORDER, symbol="BTCUSDT")[1] == -1102
    placed = desk.limit("BUY", "0.01", "60000", newClientOrderId="mine")
    wrong = desk.refused("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"], origClientOrderId="other")
    assert wrong[1] == -2039


@pytest.mark.parametrize(
    ("told", "fields"),
    [("ACK", {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}), ("FULL", {"fills", "status"})],
)
def test_the_answer_is_as_long_as_asked(desk: Desk, told: str, fields: set[str]) -> None:
    """ACK names the order and nothing else, FULL brings the fills."""
    found = desk.ask("POST", ORDER, **BASE, type="MARKET", newOrderRespType=told)
    assert fields <= set(found)
    assert (told == "ACK") == (set(found) == fields)


def test_fills_show_in_answer_trades_and_balances(desk: Desk) -> None:
    """What an order's answer says it traded is what myTrades says and what the balances show."""
    found = desk.ask("POST", ORDER, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.7")
    trades = desk.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT")
    assert [(fill["price"], fill["qty"], fill["tradeId"]) for fill in found["fills"]] == [
        (row["price"], row["qty"], row["id"]) for row in trades
    ]
    assert [row["qty"] for row in trades] == ["0.50000000", "0.20000000"]
    assert desk.balance("BTC") == (10 + 7 * 999 / Decimal(10_000), 0)
    by_order = desk.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=found["orderId"])
    assert by_order == trades


def test_a_test_order_places_nothing(desk: Desk) -> None:
    """order/test checks an order and leaves no trace."""
    assert desk.ask("POST", "/api/v3/order/test", **BASE, type="MARKET") == {}
    assert desk.refused("POST", "/api/v3/order/test", **{**BASE, "quantity": "0.000001"}, type="MARKET")[1] == -1013
    assert desk.ask("GET", "/api/v3/allOrders", symbol="BTCUSDT") == []


def test_cancel_all_takes_every_order_of_the_symbol(desk: Desk) -> None:
    """DELETE openOrders answers with each canceled order, and is refused where there is none."""
    for price in ("60000", "60001"):
        desk.limit("BUY", "0.01", price)
    rows = desk.ask("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
    assert [(row["price"], row["status"]) for row in rows] == [
        ("60000.00000000", "CANCELED"),
        ("60001.00000000", "CANCELED"),
    ]
    assert desk.refused("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")[1] == -2011


def test_another_account_sees_nothing_of_an_order(desk: Desk) -> None:
    """Orders are found, canceled and listed by their own account only."""
    number = desk.limit("BUY", "0.01", "60000")["orderId"]
    desk.sandbox.open_account("other", NOW)
    desk.key.account = "other"
    assert desk.refused("GET", ORDER, symbol="BTCUSDT", orderId=number)[1] == -2013
    assert desk.refused("DELETE", ORDER, symbol="BTCUSDT", orderId=number)[1] == -2011
    assert desk.ask("GET", "/api/v3/allOrders", symbol="BTCUSDT") == []


def replace(desk: Desk, mode: str, number: int, quantity: str) -> dict[str, object]:
    return {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "60000",
        "quantity": quantity, "cancelReplaceMode": mode, "cancelOrderId": number,
    }  # fmt: skip


def test_cancel_replace_does_both(desk: Desk) -> None:
    """The old order is canceled, the new one placed, and both are reported."""
    number = desk.limit("BUY", "0.01", "60000")["orderId"]
    found = desk.ask("POST", f"{ORDER}/cancelReplace", **replace(desk, "STOP_ON_FAILURE", number, "0.02"))
    assert (found["cancelResult"], found["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert [row["origQty"] for row in desk.ask("GET", "/api/v3/openOrders")] == ["0.02000000"]


@pytest.mark.parametrize(
    ("mode", "known", "quantity", "status", "code", "results"),
    [
        ("STOP_ON_FAILURE", False, "0.02", 400, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        ("ALLOW_FAILURE", False, "0.02", 409, -2021, ("FAILURE", "SUCCESS")),
        ("STOP_ON_FAILURE", True, "100", 409, -2021, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", False, "100", 400, -2022, ("FAILURE", "FAILURE")),
    ],
)
def test_cancel_replace_fails_in_halves(
    desk: Desk, mode: str, known: bool, quantity: str, status: int, code: int, results: tuple[str, str]
) -> None:
    """Each half reports for itself; what the mode says decides whether the second is attempted."""
    number = desk.limit("BUY", "0.01", "60000")["orderId"] if known else 999_999
    answer = desk.answer("POST", f"{ORDER}/cancelReplace", **replace(desk, mode, number, quantity))
    said = json.loads(answer.body)
    assert (answer.status, said["code"]) == (status, code)
    assert (said["data"]["cancelResult"], said["data"]["newOrderResult"]) == results


def test_a_replacement_outside_of_a_filter_cancels_nothing(desk: Desk) -> None:
    """Filters are checked before the cancel."""
    number = desk.limit("BUY", "0.01", "60000")["orderId"]
    refused = desk.refused("POST", f"{ORDER}/cancelReplace", **replace(desk, "STOP_ON_FAILURE", number, "0.00001"))
    assert refused == (400, -1013, "Filter failure: NOTIONAL")
    assert len(desk.ask("GET", "/api/v3/openOrders")) == 1


def test_an_amendment_reports_what_it_changed(desk: Desk) -> None:
    """amend/keepPriority answers with the reduced order and keeps a list of what was amended."""
    number = desk.limit("BUY", "0.02", "60000", newClientOrderId="big")["orderId"]
    found = desk.ask(
        "PUT", f"{ORDER}/amend/keepPriority", symbol="BTCUSDT", orderId=number, newQty="0.01", newClientOrderId="small"
    )
    assert (found["amendedOrder"]["qty"], found["amendedOrder"]["clientOrderId"]) == ("0.01000000", "small")
    rows = desk.ask("GET", f"{ORDER}/amendments", symbol="BTCUSDT", orderId=number)
    assert [(row["origQty"], row["newQty"]) for row in rows] == [("0.02000000", "0.01000000")]
    assert desk.balance("USDT")[1] == 600


OCO = {
    "symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER", "abovePrice": "70000",
    "belowType": "STOP_LOSS_LIMIT", "belowStopPrice": "60000", "belowPrice": "59900", "belowTimeInForce": "GTC",
}  # fmt: skip


def test_an_oco_is_placed_found_and_canceled(desk: Desk) -> None:
    """Both legs of an OCO are placed together, listed, and go together."""
    placed = desk.ask("POST", "/api/v3/orderList/oco", **OCO, listClientOrderId="pair", aboveClientOrderId="top")
    assert [row["type"] for row in placed["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
    found = desk.ask("GET", "/api/v3/orderList", origClientOrderId="pair")
    assert found["listOrderStatus"] == "EXECUTING"
    assert desk.ask("GET", "/api/v3/openOrderList") == [found]
    canceled = desk.ask("DELETE", "/api/v3/orderList", symbol="BTCUSDT", listClientOrderId="pair")
    assert [row["status"] for row in canceled["orderReports"]] == ["CANCELED", "CANCELED"]
    assert desk.ask("GET", "/api/v3/openOrderList") == []
    assert [row["listOrderStatus"] for row in desk.ask("GET", "/api/v3/allOrderList")] == ["ALL_DONE"]


def test_the_deprecated_oco_means_the_same(desk: Desk) -> None:
    """The older endpoint places a limit leg and a stop leg."""
    placed = desk.ask("POST", f"{ORDER}/oco", symbol="BTCUSDT", side="SELL", quantity="1", price="70000",
                      stopPrice="60000", stopLimitPrice="59900", stopLimitTimeInForce="GTC")  # fmt: skip
    assert {row["type"] for row in placed["orderReports"]} == {"LIMIT_MAKER", "STOP_LOSS_LIMIT"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"abovePrice": "59000"}, -2010),
        ({"side": "BUY"}, -1165),
        ({"belowType": "TAKE_PROFIT_LIMIT"}, -1199),
        ({"aboveType": "STOP_LOSS_LIMIT", "aboveStopPrice": "69000", "aboveTimeInForce": "GTC"}, -1197),
        ({"aboveType": "MARKET"}, -1158),
        ({"belowStopPrice": "65001"}, -2010),
        ({"aboveClientOrderId": "x", "belowClientOrderId": "x"}, -2010),
        ({"quantity": "11"}, -2010),
    ],
)
def test_an_oco_that_makes_no_sense_changes_nothing(desk: Desk, changed: dict[str, str], code: int) -> None:
    """Legs on the wrong side, of types that do not fit, of one name, or beyond the funds are refused whole."""
    assert desk.refused("POST", "/api/v3/orderList/oco", **{**OCO, **changed})[:2] == (400, code)
    assert desk.ask("GET", "/api/v3/openOrders") == []
    assert desk.balance("BTC") == (10, 0)


def test_an_otoco_brings_its_exits_when_the_entry_fills(desk: Desk) -> None:
    """The pending pair of an OTOCO is live as soon as the working order is filled."""
    placed = desk.ask(
        "POST", "/api/v3/orderList/otoco", symbol="BTCUSDT", workingType="LIMIT", workingSide="BUY",
        workingPrice="66000", workingQuantity="0.1", workingTimeInForce="GTC", pendingSide="SELL",
        pendingQuantity="0.09", pendingAboveType="LIMIT_MAKER", pendingAbovePrice="70000",
        pendingBelowType="STOP_LOSS", pendingBelowStopPrice="60000",
    )  # fmt: skip
    assert [row["status"] for row in placed["orderReports"]] == ["FILLED", "NEW", "NEW"]
    assert desk.balance("BTC")[1] == Decimal("0.09")


def test_prevented_matches_are_told(desk: Desk) -> None:
    """A match that self-trade prevention stopped can be looked up by either order."""
    desk.limit("SELL", "0.01", "65000")
    taker = desk.limit("BUY", "0.01", "65000")
    rows = desk.ask("GET", "/api/v3/myPreventedMatches", symbol="BTCUSDT", orderId=taker["orderId"])
    assert [row["selfTradePreventionMode"] for row in rows] == ["EXPIRE_MAKER"]
    assert [row["preventedMatchId"] for row in taker["preventedMatches"]] == [rows[0]["preventedMatchId"]]
    maker = desk.ask("GET", ORDER, symbol="BTCUSDT", orderId=rows[0]["makerOrderId"])
    assert (maker["status"], maker["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.01000000")


def test_histories_page_by_number_and_time(desk: Desk) -> None:
    """allOrders starts where it is told and gives the latest by default."""
    numbers = []
    for _ in range(4):
        numbers.append(desk.limit("BUY", "0.01", "60000")["orderId"])
        desk.now += 1000
    history = "/api/v3/allOrders"
    assert [row["orderId"] for row in desk.ask("GET", history, symbol="BTCUSDT", limit=2)] == numbers[2:]
    found = desk.ask("GET", history, symbol="BTCUSDT", orderId=numbers[1], limit=2)
    assert [row["orderId"] for row in found] == numbers[1:3]
    found = desk.ask("GET", history, symbol="BTCUSDT", startTime=NOW + 1000, endTime=NOW + 2000)
    assert [row["orderId"] for row in found] == numbers[1:3]
    too_long = desk.refused("GET", history, symbol="BTCUSDT", startTime=NOW - 90_000_000, endTime=NOW)
    assert too_long[1] == -1127


def test_trades_page_by_number_time_and_order(desk: Desk) -> None:
    """myTrades starts where it is told; an order's trades are that order's alone, and only its owner's."""
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    numbers = []
    for _ in range(4):
        numbers.append(desk.ask("POST", ORDER, **order)["orderId"])
        desk.now += 1000
    trades = desk.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT")
    assert [row["orderId"] for row in trades] == numbers
    assert desk.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT", fromId=trades[1]["id"], limit=2) == trades[1:3]
    assert (
        desk.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT", startTime=NOW + 1000, endTime=NOW + 2000) == trades[1:3]
    )
    assert desk.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=numbers[2]) == trades[2:3]
    desk.sandbox.open_account("other", NOW)
    desk.key.account = "other"
    assert desk.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=numbers[2]) == []


def test_a_cancel_can_be_restricted_to_a_state(desk: Desk) -> None:
    """cancelRestrictions cancels a new or a partly filled order only, and takes no other word."""
    number = desk.limit("BUY", "0.01", "60000")["orderId"]
    named = {"symbol": "BTCUSDT", "orderId": number}
    partly = desk.refused("DELETE", ORDER, **named, cancelRestrictions="ONLY_PARTIALLY_FILLED")
    assert partly == (400, -2011, "Order was not canceled due to cancel restrictions.")
    assert desk.refused("DELETE", ORDER, **named, cancelRestrictions="ONLY_OLD")[1] == -1145
    assert desk.ask("DELETE", ORDER, **named, cancelRestrictions="ONLY_NEW")["status"] == "CANCELED"
