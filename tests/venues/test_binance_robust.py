"""Nothing that comes over the wire raises: what cannot be read is denied, or is an unknown outcome."""

import json

import pytest
from binance_requests import FORM, KEY, LIMIT, NOW_MS, endpoint, read, sign
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Intent
from bailiwick.model.order import Answer
from bailiwick.model.request import Request, Signed
from bailiwick.venues.binance import BINANCE
from bailiwick.venues.binance.endpoints import ENDPOINTS

PIECES = st.sampled_from(
    [
        b"&",
        b"=",
        b"%",
        b"+",
        b"signature=",
        b"timestamp=%d" % NOW_MS,
        b"recvWindow=",
        b"symbol=",
        b"BTCUSDT",
        b"%E8",
        b"\xff",
    ]
)
BYTES = st.lists(PIECES | st.binary(max_size=6), max_size=12).map(b"".join)
PLACES = st.sampled_from(sorted(ENDPOINTS))
FIELDS = st.sampled_from(
    ["symbol", "orderId", "executedQty", "orders", "orderReports", "fills", "code", "data", "newOrderResult"]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=4)
    | st.sampled_from(["NaN", "1", "SUCCESS", "FAILURE"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=8,
)
ANSWERED = [
    read("POST", "/api/v3/order", LIMIT),
    read("GET", "/api/v3/openOrders", {}),
    read("GET", "/api/v3/myTrades", {"symbol": "BTCUSDT"}),
    read("GET", "/api/v3/allOrderList", {}),
    read("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"}),
    read("POST", "/api/v3/order/cancelReplace", LIMIT | {"cancelReplaceMode": "ALLOW_FAILURE", "cancelOrderId": "1"}),
    read("PUT", "/api/v3/order/amend/keepPriority", {"symbol": "BTCUSDT", "orderId": "1", "newQty": "1"}),
]


@settings(deadline=None)  # other work on the machine is no failure
@given(place=PLACES, query=BYTES, body=st.just(b"") | BYTES, form=st.booleans())
def test_any_bytes_are_read_or_denied(place: tuple[str, str], query: bytes, body: bytes, form: bool) -> None:
    """Whatever stands in query and body, taking it apart and reading it gives a value."""
    known = endpoint(*place)
    request = Request(*place, query, body, KEY, FORM if form else b"text/plain", "127.0.0.1")
    signed = BINANCE.unfold(known, request)
    assert isinstance(signed, Signed | Deny)
    for claimed in (signed, None):
        if not isinstance(claimed, Deny):
            assert isinstance(BINANCE.parse(known, request, claimed), Intent | Deny)


@settings(deadline=None)  # other work on the machine is no failure
@given(place=PLACES, payload=BYTES)
def test_any_signed_bytes_are_read_or_denied(place: tuple[str, str], payload: bytes) -> None:
    """The same holds for whatever a client signs."""
    known = endpoint(*place)
    timed = sign(payload + b"&timestamp=%d" % NOW_MS)
    in_body = known.method in ("POST", "PUT")
    request = Request(*place, b"" if in_body else timed, timed if in_body else b"", KEY, FORM, "127.0.0.1")
    signed = BINANCE.unfold(known, request)
    if isinstance(signed, Signed):
        assert isinstance(BINANCE.parse(known, request, signed), Intent | Deny)


@settings(deadline=None)  # other work on the machine is no failure
@given(
    intent=st.sampled_from(ANSWERED),
    status=st.sampled_from([200, 201, 302, 400, 403, 409, 429, 500, 503]),
    body=st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_answer_settles_something(intent: Intent, status: int, body: bytes) -> None:
    """Whatever a venue answers, it is read as an outcome, and shown or hidden, without a fault."""
    answer = BINANCE.read_answer(intent, status, body)
    assert isinstance(answer, Answer)
    assert answer.executed is not True or status < 300 or answer.orders
    assert isinstance(BINANCE.visible(intent, body, lambda *_: True), bytes)
    assert isinstance(BINANCE.gather([body]), bytes)


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deeply_nested_answers(depth: int) -> None:
    """An answer that is nested beyond reason is unknown, and shows nothing."""
    for intent in ANSWERED[:2]:
        body = b"[" * depth
        assert BINANCE.read_answer(intent, 200, body) == Answer(executed=None)
    body = b'[{"symbol":"A","orderId":1,"x":' + b"[" * depth + b"]" * depth + b"}]"
    assert BINANCE.visible(ANSWERED[1], body, lambda *_: False) == b"[]"
