"""Intents: what each endpoint's parameters say, in the domain's words."""

from decimal import Decimal
from urllib.parse import quote

import pytest
from binance_requests import (
    LIMIT,
    NOW_MS,
    NOW_US,
    endpoint,
    pass_through,
    read,
    request,
    sign,
    signed_request,
    unfolded,
)

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Destination, Intent, OrderDraft, OrderRef, OrderType, Side, TimeInForce, Withdrawal
from bailiwick.model.reason import Reason
from bailiwick.venues.binance import BINANCE

BUY_LIMIT = OrderDraft(
    symbol="BTCUSDT",
    side=Side.BUY,
    type=OrderType.LIMIT,
    quantity=Decimal(1),
    price=Decimal("0.1"),
    time_in_force=TimeInForce.GTC,
)
WORKING = {
    "symbol": "BTCUSDT",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "0.1",
    "workingQuantity": "1",
    "workingTimeInForce": "GTC",
}
PENDING = {
    "pendingType": "LIMIT",
    "pendingSide": "SELL",
    "pendingPrice": "0.2",
    "pendingQuantity": "1",
    "pendingTimeInForce": "GTC",
}


def draft(**fields: object) -> OrderDraft:
    """An order on BTCUSDT."""
    return OrderDraft(symbol="BTCUSDT", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/api/v3/order", "/api/v3/order/test", "/api/v3/sor/order", "/api/v3/sor/order/test"])
def test_limit_order(path: str) -> None:
    """A limit order is read whole, and its parameters are kept in the order sent."""
    intent = read("POST", path, LIMIT)
    assert intent.orders == (BUY_LIMIT,)
    assert intent.symbol == "BTCUSDT"
    assert intent.params == tuple(LIMIT.items())
    assert (intent.timestamp_us, intent.window_us) == (NOW_US, 5_000_000)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {"side": "SELL", "type": "MARKET", "quantity": "2.5"},
            draft(side=Side.SELL, type=OrderType.MARKET, quantity=Decimal("2.5")),
        ),
        (
            {"side": "BUY", "type": "MARKET", "quoteOrderQty": "100"},
            draft(side=Side.BUY, type=OrderType.MARKET, quote_quantity=Decimal(100)),
        ),
        (
            {"side": "SELL", "type": "STOP_LOSS", "quantity": "1", "trailingDelta": "100"},
            draft(side=Side.SELL, type=OrderType.STOP_LOSS, quantity=Decimal(1), trailing_delta=100),
        ),
        (
            {
                "side": "SELL",
                "type": "TAKE_PROFIT_LIMIT",
                "quantity": "1",
                "stopPrice": "2",
                "price": "1.9",
                "timeInForce": "GTC",
                "icebergQty": "0.1",
                "newClientOrderId": "mine-1",
            },
            draft(
                side=Side.SELL,
                type=OrderType.TAKE_PROFIT_LIMIT,
                quantity=Decimal(1),
                stop_price=Decimal(2),
                price=Decimal("1.9"),
                time_in_force=TimeInForce.GTC,
                iceberg_quantity=Decimal("0.1"),
                client_id="mine-1",
            ),
        ),
        (
            {"side": "BUY", "type": "LIMIT", "quantity": "1", "timeInForce": "GTC", "pegPriceType": "PRIMARY_PEG"},
            draft(
                side=Side.BUY,
                type=OrderType.LIMIT,
                quantity=Decimal(1),
                time_in_force=TimeInForce.GTC,
                pegged=True,
            ),
        ),
    ],
)
def test_every_kind_of_order(params: dict[str, str], expected: OrderDraft) -> None:
    """Market, by sum, trailing, stop with limit, iceberg and pegged orders are read as what they are."""
    assert read("POST", "/api/v3/order", {"symbol": "BTCUSDT"} | params).orders == (expected,)


def test_transfer_by_self_trade_prevention_is_seen() -> None:
    """An order that may move value between accounts says so; one of another mode does not."""
    assert read("POST", "/api/v3/order", LIMIT | {"selfTradePreventionMode": "TRANSFER"}).transfers_value
    assert not read("POST", "/api/v3/order", LIMIT | {"selfTradePreventionMode": "EXPIRE_BOTH"}).transfers_value


@pytest.mark.parametrize(("mode", "keeps"), [("ALLOW_FAILURE", True), ("STOP_ON_FAILURE", False)])
def test_replacement_names_both_orders(mode: str, keeps: bool) -> None:
    """A cancelReplace has the order to cancel, the order to place, and whether the second outlives a failed first."""
    intent = read("POST", "/api/v3/order/cancelReplace", LIMIT | {"cancelReplaceMode": mode, "cancelOrderId": "7"})
    assert (intent.orders, intent.target, intent.keep_on_failure) == ((BUY_LIMIT,), OrderRef(7), keeps)


@pytest.mark.parametrize(("mode", "alone"), [("CANCEL_ONLY", True), ("DO_NOTHING", False)])
def test_replacement_says_whether_it_may_end_as_a_cancel(mode: str, alone: bool) -> None:
    """With CANCEL_ONLY an order is cancelled even where the account's orders are used up and none can be placed."""
    asked = {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": "7", "orderRateLimitExceededMode": mode}
    assert read("POST", "/api/v3/order/cancelReplace", LIMIT | asked).cancel_alone is alone


@pytest.mark.parametrize(
    ("mode", "gives"),
    [("EXPIRE_TAKER", True), ("EXPIRE_BOTH", True), ("DECREMENT", True), ("EXPIRE_MAKER", False), ("NONE", False)],
)
def test_order_says_whether_it_gives_way_to_the_accounts_own(mode: str, gives: bool) -> None:
    """Of a self-trade the venue expires or shrinks the incoming order in three modes; left out, the resting one."""
    asked = {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": "7"}
    path = "/api/v3/order/cancelReplace"
    assert read("POST", path, LIMIT | asked | {"selfTradePreventionMode": mode}).gives_way is gives
    assert read("POST", "/api/v3/order", LIMIT | {"selfTradePreventionMode": mode}).gives_way is gives
    assert read("POST", path, LIMIT | asked).gives_way is False


def test_amendment_names_order_and_quantity() -> None:
    """An amendment has its order and what it leaves of it."""
    params = {"symbol": "BTCUSDT", "origClientOrderId": "mine-1", "newQty": "0.5"}
    intent = read("PUT", "/api/v3/order/amend/keepPriority", params)
    assert (intent.target, intent.new_quantity) == (OrderRef(None, "mine-1"), Decimal("0.5"))


@pytest.mark.parametrize(
    ("method", "path", "params", "target"),
    [
        ("GET", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": "7"}, OrderRef(7)),
        ("DELETE", "/api/v3/order", {"symbol": "BTCUSDT", "origClientOrderId": "a"}, OrderRef(None, "a")),
        (
            "DELETE",
            "/api/v3/order",
            {"symbol": "BTCUSDT", "orderId": "7", "origClientOrderId": "a", "newClientOrderId": "b"},
            OrderRef(7, "a"),
        ),
        ("GET", "/api/v3/orderList", {"orderListId": "9"}, OrderRef(9)),
        ("DELETE", "/api/v3/orderList", {"symbol": "BTCUSDT", "listClientOrderId": "l"}, OrderRef(None, "l")),
    ],
)
def test_look_ups_and_cancels_name_their_order(
    method: str, path: str, params: dict[str, str], target: OrderRef
) -> None:
    """What is looked up or cancelled is named by the venue's id, the client's, or both."""
    assert read(method, path, params).target == target


@pytest.mark.parametrize(("name", "target"), [({}, None), ({"listClientOrderId": "l1"}, OrderRef(None, "l1"))])
def test_a_list_is_known_by_the_name_that_its_client_gives_it(name: dict[str, str], target: OrderRef | None) -> None:
    """The name of a placed list is its intent's target, so that its key can cancel it by that name."""
    assert read("POST", "/api/v3/orderList/oto", WORKING | PENDING | name).target == target


def test_new_oco_has_two_legs() -> None:
    """Both legs of an OCO share side and quantity and have prices of their own."""
    intent = read(
        "POST",
        "/api/v3/orderList/oco",
        {
            "symbol": "BTCUSDT",
            "side": "SELL",
            "quantity": "1",
            "aboveType": "LIMIT_MAKER",
            "abovePrice": "3",
            "aboveClientOrderId": "a",
            "belowType": "STOP_LOSS_LIMIT",
            "belowStopPrice": "2",
            "belowPrice": "1.9",
            "belowTimeInForce": "GTC",
        },
    )
    above, below = intent.orders
    assert above == draft(
        side=Side.SELL,
        type=OrderType.LIMIT_MAKER,
        quantity=Decimal(1),
        price=Decimal(3),
        client_id="a",
        leg="above",
    )
    assert below == draft(
        side=Side.SELL,
        type=OrderType.STOP_LOSS_LIMIT,
        quantity=Decimal(1),
        price=Decimal("1.9"),
        stop_price=Decimal(2),
        time_in_force=TimeInForce.GTC,
        leg="below",
    )


@pytest.mark.parametrize(
    ("limit", "kind"), [({}, OrderType.STOP_LOSS), ({"stopLimitPrice": "1.9"}, OrderType.STOP_LOSS_LIMIT)]
)
def test_old_oco_has_two_legs(limit: dict[str, str], kind: OrderType) -> None:
    """The deprecated OCO is a LIMIT_MAKER and a stop, which has a limit if it has a limit's price."""
    params = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "price": "3", "stopPrice": "2"}
    first, second = read("POST", "/api/v3/order/oco", params | limit).orders
    assert (first.leg, first.type, first.price) == ("limit", OrderType.LIMIT_MAKER, Decimal(3))
    assert (second.leg, second.type, second.stop_price) == ("stop", kind, Decimal(2))


def test_oto_has_a_working_and_a_pending_leg() -> None:
    """An OTO has two orders, each with its own side, quantity and price."""
    pending = {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": "0.5"}
    working, waiting = read("POST", "/api/v3/orderList/oto", WORKING | pending).orders
    assert (working.leg, working.side, working.quantity, working.price) == ("working", Side.BUY, 1, Decimal("0.1"))
    assert (waiting.leg, waiting.side, waiting.quantity) == ("pending", Side.SELL, Decimal("0.5"))


def test_otoco_has_three_legs() -> None:
    """An OTOCO has a working order and two pending ones of one quantity."""
    pending = {
        "pendingSide": "SELL",
        "pendingQuantity": "1",
        "pendingAboveType": "LIMIT_MAKER",
        "pendingAbovePrice": "3",
        "pendingBelowType": "STOP_LOSS",
        "pendingBelowStopPrice": "0.05",
    }
    orders = read("POST", "/api/v3/orderList/otoco", WORKING | pending).orders
    assert [order.leg for order in orders] == ["working", "pendingAbove", "pendingBelow"]
    assert [order.quantity for order in orders] == [1, 1, 1]
    assert orders[2].stop_price == Decimal("0.05")


@pytest.mark.parametrize(("side", "pending", "quantity"), [("BUY", "SELL", Decimal(1)), ("SELL", "BUY", None)])
def test_opo_takes_at_most_what_its_working_order_buys(side: str, pending: str, quantity: Decimal | None) -> None:
    """A pending sell of an OPO counts with all that may be bought; a pending buy has no known quantity."""
    params = WORKING | {"workingSide": side, "pendingType": "MARKET", "pendingSide": pending}
    assert read("POST", "/api/v3/orderList/opo", params).orders[1].quantity == quantity


def test_opoco_has_three_legs_or_two() -> None:
    """An OPOCO's lower leg is an order only if it is sent."""
    params = WORKING | {"pendingSide": "SELL", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "3"}
    assert [o.leg for o in read("POST", "/api/v3/orderList/opoco", params).orders] == ["working", "pendingAbove"]
    params |= {"pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "0.05"}
    assert len(read("POST", "/api/v3/orderList/opoco", params).orders) == 3


@pytest.mark.parametrize("path", ["/sapi/v1/localentity/withdraw/apply", "/sapi/v1/localentity/broker/withdraw/apply"])
def test_withdrawals_under_travel_rules_are_withdrawals(path: str) -> None:
    """The other roads out lead to a destination too, and it is read alike."""
    params = {"coin": "XRP", "network": "XRP", "address": "rEb8", "addressTag": "0042", "amount": "10.50"}
    forms = {"questionnaire": '{"isAddressOwner": 1}', "originatorPii": "{}", "withdrawOrderId": "a"}
    known = endpoint("POST", path).parameters
    intent = read("POST", path, params | {name: value for name, value in forms.items() if name in known})
    assert intent.withdrawal == Withdrawal(Destination("XRP", "XRP", "rEb8", "0042"), Decimal("10.50"))


@pytest.mark.parametrize("form", ["", "{", '{"a":1,"a":2}', "[" + "1," * 2048 + "1]", "[" * 2000])
def test_forms_are_json_with_one_reading(form: str) -> None:
    """A questionnaire that is no JSON, names something twice or is over-long is refused."""
    params = {"coin": "XRP", "address": "rEb8", "amount": "1", "questionnaire": form}
    verdict = pass_through(signed_request("POST", "/sapi/v1/localentity/withdraw/apply", params))
    assert isinstance(verdict, Deny)


def test_withdrawal_has_all_that_its_destination_consists_of() -> None:
    """A withdrawal's coin, network, address and tag are read as they are, with nothing normalised."""
    params = {"coin": "XRP", "network": "XRP", "address": "rEb8", "addressTag": "0042", "amount": "10.50"}
    intent = read("POST", "/sapi/v1/capital/withdraw/apply", params)
    assert intent.withdrawal == Withdrawal(Destination("XRP", "XRP", "rEb8", "0042"), Decimal("10.50"))


def test_withdrawal_without_network_and_tag_has_them_empty() -> None:
    """A network or tag that is not sent is the empty one, which is another than any that is named."""
    intent = read("POST", "/sapi/v1/capital/withdraw/apply", {"coin": "BTC", "address": "bc1q", "amount": "1"})
    assert intent.withdrawal == Withdrawal(Destination("BTC", "", "bc1q", ""), Decimal(1))


@pytest.mark.parametrize("symbol", ["这是测试币456", "１２３４５６", "é", "e\u0301", "btcusdt", "%EF%BC%91"])
def test_symbols_are_not_normalised(symbol: str) -> None:
    """A symbol is decoded once and then is what it is: no case is folded, no form of Unicode unified."""
    intent = read("GET", "/api/v3/openOrders", {"symbol": symbol})
    assert intent.symbol == symbol
    assert intent.params == (("symbol", symbol),)


@pytest.mark.parametrize(
    "spelling",
    [
        '["BTCUSDT","ETHUSDT"]',
        "[%22BTCUSDT%22,%22ETHUSDT%22]",
        "%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D",
        "%5b%22BTCUSDT%22%2c%22ETHUSDT%22%5d",
        "%5B%22BTCUSDT%22,%20%22ETHUSDT%22%5D",
        "%5B%22BTCUSDT%22%2C+%22ETHUSDT%22%5D",
    ],
)
def test_lists_of_symbols_pass_in_every_spelling_in_use(spelling: str) -> None:
    """A JSON array of symbols is read alike whether its marks are escaped or not."""
    query = b"symbols=" + spelling.encode()
    intent = BINANCE.parse(
        endpoint("GET", "/api/v3/ticker/24hr"), request("GET", "/api/v3/ticker/24hr", query=query), None
    )
    assert isinstance(intent, Intent)
    assert intent.symbols == ("BTCUSDT", "ETHUSDT")


@pytest.mark.parametrize(
    ("value", "spellings"),
    [
        ("bot@example.com", ["bot@example.com", "bot%40example.com"]),
        ("a b", ["a%20b"]),
        ("a+b@example.com", ["a%2Bb%40example.com", "a%2bb%40example.com", "a%2Bb@example.com"]),
        ("~*", ["~*", "~%2A"]),
    ],
)
def test_values_pass_in_every_spelling_in_use(value: str, spellings: list[str]) -> None:
    """Marks that some clients escape and others leave raw give the same value."""
    for spelling in spellings:
        intent = read("GET", "/sapi/v1/sub-account/list", f"email={spelling}".encode())
        assert intent.params == (("email", value),)


@pytest.mark.parametrize(
    "layout",
    [
        "signature={s}&symbol=BTCUSDT&timestamp={t}",
        "symbol=BTCUSDT&signature={s}&timestamp={t}",
        "symbol=BTCUSDT&timestamp={t}&signature={s}",
    ],
)
def test_signature_may_stand_anywhere(layout: str) -> None:
    """Wherever the signature stands, it covers the rest as it is, and so the replay mark is the same."""
    payload = b"symbol=BTCUSDT&timestamp=%d" % NOW_MS
    signature = sign(payload).rpartition(b"=")[2].decode()
    incoming = request("GET", "/api/v3/openOrders", query=layout.format(s=signature, t=NOW_MS).encode())
    assert isinstance(pass_through(incoming), Intent)
    assert unfolded(incoming).payload == payload


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_parameters_may_stand_in_query_or_body_with_the_signature_beside_or_apart(method: str) -> None:
    """All in the body, all in the query, or only the signature in the body: one payload, one intent."""
    path = "/api/v3/order"
    params = b"symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1" if method == "POST" else b"symbol=BTCUSDT&orderId=7"
    payload = params + b"&timestamp=%d" % NOW_MS
    signature = sign(payload).removeprefix(payload + b"&")
    placements = [
        request(method, path, body=sign(payload)),
        request(method, path, query=sign(payload)),
        request(method, path, query=payload, body=signature),
        request(method, path, body=sign(payload), content_type=b"application/x-www-form-urlencoded; charset=UTF-8"),
    ]
    intents = [pass_through(placement) for placement in placements]
    assert isinstance(intents[0], Intent)
    assert all(intent == intents[0] for intent in intents)
    assert {unfolded(placement).payload for placement in placements} == {payload}


def test_what_needs_no_signature_is_read_without_one() -> None:
    """Public parameters are read from the query, and what a client signs without need has no meaning."""
    known = endpoint("GET", "/api/v3/depth")
    plain = BINANCE.parse(known, request("GET", "/api/v3/depth", query=b"symbol=BTCUSDT&limit=5"), None)
    surplus = b"timestamp=%d&symbol=BTCUSDT&recvWindow=5000&limit=5&signature=00" % NOW_MS
    signed = BINANCE.parse(known, request("GET", "/api/v3/depth", query=surplus), None)
    assert isinstance(plain, Intent)
    assert plain == signed
    assert BINANCE.parse(endpoint("GET", "/api/v3/time"), request("GET", "/api/v3/time"), None) == Intent(
        endpoint=endpoint("GET", "/api/v3/time"), params=()
    )


@pytest.mark.parametrize(
    ("path", "query", "body", "reason"),
    [
        ("/api/v3/depth", b"symbol=BTCUSDT&x=1", b"", Reason.PARAMETER_UNKNOWN),
        ("/api/v3/depth", b"symbol=BTCUSDT&symbol=X", b"", Reason.PARAMETER_DUPLICATED),
        ("/api/v3/depth", b"symbol=%00", b"", Reason.PARAMETER_MALFORMED),
        ("/api/v3/depth", b"", b"symbol=BTCUSDT", Reason.BODY_UNEXPECTED),
        ("/api/v3/depth", b"", b"", Reason.PARAMETER_MISSING),
        ("/api/v3/account", b"", b"", Reason.SIGNATURE_MISSING),
    ],
)
def test_unsigned_requests_are_read_as_strictly(path: str, query: bytes, body: bytes, reason: Reason) -> None:
    """Without a signature the same flaws deny, and what needs one is never read without."""
    verdict = BINANCE.parse(endpoint("GET", path), request("GET", path, query=query, body=body), None)
    assert isinstance(verdict, Deny)
    assert verdict.reason is reason


def test_a_signed_request_to_what_needs_no_signature_is_read() -> None:
    """A client that signs a start-up read is understood."""
    assert isinstance(pass_through(signed_request("GET", "/sapi/v1/margin/allPairs", {})), Intent)


def test_free_texts_pass_escaped() -> None:
    """A text with spaces and marks passes where it is escaped, though not where an unescaped one could stand."""
    text = "Main St. 1/2, c/o Müller & Söhne = GmbH"
    intent = read("GET", "/sapi/v1/localentity/region/list", b"countryCode=" + quote(text, safe="").encode())
    assert intent.params == (("countryCode", text),)
