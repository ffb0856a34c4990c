"""Every endpoint against values that nobody should send."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsal import ADDRESS, Desk, unlimited

from bailiwick.sandbox.front import ROUTES, Request

NAMES = sorted(
    {name for route in ROUTES.values() for name in route.known or ()}
    | {
        "symbols", "interval", "windowSize", "fromId", "coin", "network", "address", "addressTag", "amount", "asset",
        "email", "apiName", "status", "ipAddress", "publicKey", "subAccountApiKey", "fromAccountType", "current",
        "size", "toAccountType", "toEmail", "listClientOrderId", "orderListId", "aboveType", "belowType",
        "abovePrice",
        "belowStopPrice", "offset", "walletType", "workingType", "workingSide", "workingPrice", "workingQuantity",
        "pendingType", "pendingSide", "pendingQuantity", "pendingPrice", "preventedMatchId", "subAccountString",
    }
)  # fmt: skip
WORDS = [
    "BTCUSDT", "DMGUSDT", "BUY", "SELL", "LIMIT", "MARKET", "STOP_LOSS", "LIMIT_MAKER", "GTC", "IOC", "0", "1", "0.001",
    "65000", "60000", "-1", "1e9", "9" * 19, "0.000000001", "", "null", "true", "[]", "[1]", "MAIN_FUNDING", "SPOT",
    "USDT", "TRX", "1m", "1M", "59d", "0d", "bot_virtual@sandbox.invalid", "STOP_ON_FAILURE", "ALLOW_FAILURE",
    "TRANSFER",
]  # fmt: skip
values = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.integers(0, 400).map(str), st.text(max_size=5))


def parameters(route: tuple[str, str]) -> st.SearchStrategy[tuple[tuple[str, str], dict[str, str]]]:
    """A route with parameters, most of which it reads."""
    names = sorted(ROUTES[route].known or NAMES)
    given_names = st.dictionaries(st.sampled_from(names or NAMES), values, max_size=12)
    base = {"symbol": "BTCUSDT", "side": "SELL", "coin": "USDT", "asset": "USDT", "amount": "20", "limit": "3"}
    kept = {name: value for name, value in base.items() if name in names}
    return given_names.map(lambda found: (route, {**kept, **found}))


requests = st.sampled_from(sorted(ROUTES)).flatmap(parameters)


@settings(max_examples=60, deadline=None)
@given(st.lists(requests, min_size=1, max_size=12))
def test_no_request_gets_anything_but_an_answer(done: list[tuple[tuple[str, str], dict[str, str]]]) -> None:
    """Whatever is sent is answered with a status and JSON that the venue could have sent, and money stays whole."""
    desk = Desk(limits=unlimited())
    desk.ask("POST", "/sapi/v1/sub-account/virtualSubAccount", subAccountString="bot")
    for (method, path), params in done:
        desk.now += 1
        query = urlencode({**params, "timestamp": str(desk.now)}, errors="replace")
        answer = desk.raw(method, f"{path}?{query}&signature={desk.sign(query)}")
        said = json.loads(answer.body)
        assert answer.status == 200 or (answer.status in {400, 401, 409, 429} and said["code"] < 0)
    assert desk.sandbox.ledger.imbalance() == {}


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(limits=unlimited())


@settings(max_examples=300, deadline=None)
@given(query=st.binary(max_size=60), body=st.binary(max_size=60))
def test_no_bytes_break_the_front(desk: Desk, query: bytes, body: bytes) -> None:
    """Query and body may be any bytes: the answer is a refusal, never an accident."""
    headers = {"x-mbx-apikey": desk.key.api_key}
    request = Request("POST", b"/api/v3/order?" + query, headers, body, ADDRESS)
    answer = desk.front.answer(request, desk.now * 1000)
    assert (answer.status, json.loads(answer.body)["code"] < 0) == (400, True)
