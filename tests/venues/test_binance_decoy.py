"""How Binance would answer a key of a recorded account: filters, unknown orders, parts of a history."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.model.market import SymbolInfo
from bailiwick.model.shape import Said, Shape
from bailiwick.venues.binance.alter import Alteration, scaled
from bailiwick.venues.binance.decoy import Question, answer

INFO = SymbolInfo(
    symbol="BTCUSDT", base="BTC", quote="USDT", trading=True, tick=Decimal("0.01"), step=Decimal("0.001"),
    least_quantity=Decimal("0.001"), least_notional=Decimal(5),
)  # fmt: skip
ROWS = tuple({"id": number, "orderId": number // 2, "time": number * 10} for number in range(10))
BALANCES = [{"asset": "BTC", "free": "0", "locked": "2", "btcValuation": "1"}, {"asset": "ETH", "free": "1"}]
SHAPE = Shape(
    trades={"BTCUSDT": ROWS},
    orders={"BTCUSDT": ({"orderId": 7, "clientOrderId": "mine", "status": "FILLED"},)},
    said={"POST /sapi/v3/asset/getUserAsset": Said(200, BALANCES), "GET /sapi/v1/account/info": Said(403, {"a": 1})},
)


def ask(method: str, path: str, **params: str) -> tuple[int, Any]:
    status, body = answer(SHAPE, Question(method, path, params), {"BTCUSDT": INFO}, lambda asset: Decimal(3))
    return status, json.loads(body)


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({}, list(range(10))),
        ({"limit": "3"}, [7, 8, 9]),
        ({"fromId": "4", "limit": "2"}, [4, 5]),
        ({"orderId": "2"}, [4, 5]),
        ({"startTime": "50", "limit": "2"}, [5, 6]),
        ({"startTime": "20", "endTime": "40"}, [2, 3, 4]),
    ],
)
def test_a_history_in_parts(params: dict[str, str], ids: list[int]) -> None:
    """Numbers, times and limit choose the part of the history that Binance would give."""
    assert [row["id"] for row in ask("GET", "/api/v3/myTrades", symbol="BTCUSDT", **params)[1]] == ids


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"price": "60000", "quantity": "1"}, -2010),
        ({"price": "60000.001", "quantity": "1"}, -1013),
        ({"price": "60000", "quantity": "0.0005"}, -1013),
        ({"price": "60000", "quantity": "0.0015"}, -1013),
        ({"price": "100", "quantity": "0.001"}, -1013),
        ({"quantity": "1"}, -2010),
        ({"quoteOrderQty": "100"}, -2010),
    ],
)
def test_filters_come_before_the_balance(params: dict[str, str], code: int) -> None:
    """An order that breaks a filter is refused for that, and every other for want of money."""
    assert ask("POST", "/api/v3/order", symbol="BTCUSDT", **params)[1]["code"] == code


def test_what_is_not_there_is_told_so() -> None:
    """Unknown symbols, orders and lists have the venue's own codes; a known order is shown."""
    assert ask("GET", "/api/v3/myTrades", symbol="NONE")[1]["code"] == -1121
    assert ask("GET", "/api/v3/order", symbol="BTCUSDT", orderId="8")[1]["code"] == -2013
    assert ask("GET", "/api/v3/order", symbol="BTCUSDT")[1]["code"] == -1102
    assert ask("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")[1]["orderId"] == 7
    assert ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId="7")[1]["code"] == -2011
    assert ask("DELETE", "/api/v3/orderList", symbol="BTCUSDT", orderListId="7")[1]["code"] == -2011
    assert ask("POST", "/api/v3/order/test", symbol="BTCUSDT", price="60000", quantity="1") == (200, {})


def test_what_was_refused_is_refused_again() -> None:
    """A question that the venue refused when the account was recorded is refused in the same words."""
    assert ask("GET", "/sapi/v1/account/info") == (403, {"a": 1})


def test_balances_are_valued_at_current_prices() -> None:
    """What a balance is worth follows from the prices of now, where it is asked for."""
    assert ask("POST", "/sapi/v3/asset/getUserAsset", asset="BTC", needBtcValuation="true") == (
        200, [{"asset": "BTC", "free": "0", "locked": "2", "btcValuation": "6.00000000"}]
    )  # fmt: skip


@given(st.decimals("0.00001", "9000", places=5), st.decimals("0.35", "0.9", places=4))
def test_a_smaller_quantity_keeps_its_step(value: Decimal, factor: Decimal) -> None:
    """An altered quantity is written with as many decimals, is a multiple of the finest that it used, and not zero."""
    text = f"{value:.8f}"
    altered = scaled(text, factor)
    least = Decimal(1).scaleb(min(0, int(value.normalize().as_tuple().exponent)))
    assert (Decimal(altered) % least, Decimal(altered) > 0, len(altered.partition(".")[2])) == (0, True, 8)
    assert Decimal(altered) <= max(value, least)


@given(st.binary(min_size=16, max_size=32), st.integers(10**6, 10**11), st.integers(1, 10**6))
def test_numbers_keep_order_and_agree(salt: bytes, number: int, more: int) -> None:
    """An order's number is altered alike in orders and trades, later ones stay later, and it is never the real one."""
    altered = Alteration(salt, lambda asset: None)
    found = altered.body([{"orderId": number}, {"orderId": number + more}, {"id": 3, "orderId": number, "price": "1"}])
    assert found[0]["orderId"] == found[2]["orderId"]
    assert found[1]["orderId"] > found[0]["orderId"]
    if len(str(number)) == len(str(number + more)):  # the shift follows the number of digits
        assert found[1]["orderId"] - found[0]["orderId"] == more
    assert found[0]["orderId"] != number
