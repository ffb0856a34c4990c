"""Who may call, when, and how often."""

import base64
import json
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rehearsal import NOW, Desk

from bailiwick.model.secret import Secret
from bailiwick.sandbox.front import check_time, window_us
from bailiwick.sandbox.keys import READ, ApiKey, load_public_key, split_signature
from bailiwick.sandbox.limits import Limits
from bailiwick.sandbox.refusal import Refusal

# The example of the venue's own documents, and the mixed one that they carried until December 2025.
DOCUMENTED_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
DOCUMENTED = [
    (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
        "",
        "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
    ),
    (
        "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1"
        "&price=0.1&recvWindow=5000&timestamp=1499827319559",
        "",
        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
    ),
    (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
        "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
        "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
    ),
]


@pytest.mark.parametrize(("query", "body", "signature"), DOCUMENTED)
def test_documented_signatures_verify(query: str, body: str, signature: str) -> None:
    """The published vectors verify, with the signature in query or body and in either case of letters."""
    key = ApiKey("k" * 64, "a", frozenset(), 0, secret=Secret(DOCUMENTED_SECRET.encode()))
    for spelled in (signature, signature.upper()):
        in_query = split_signature(f"{query}&signature={spelled}".encode(), body.encode())
        assert key.verify(in_query[0], in_query[1] or b"")
    in_body = split_signature(query.encode(), f"{body}&signature={signature}".lstrip("&").encode())
    assert key.verify(in_body[0], in_body[1] or b"")


def test_a_payload_of_another_byte_does_not_verify() -> None:
    """Changing, dropping or re-encoding one byte of the payload is a wrong signature."""
    desk = Desk()
    query = f"symbol=BTCUSDT&timestamp={NOW}"
    signature = desk.sign(query)
    assert desk.raw("GET", f"/api/v3/openOrders?{query}&signature={signature}").status == 200
    for altered in (query.replace("BTC", "ETH"), query.replace("B", "%42"), query + "&", "&" + query):
        answer = desk.raw("GET", f"/api/v3/openOrders?{altered}&signature={signature}")
        assert json.loads(answer.body) == {"code": -1022, "msg": "Signature for this request is not valid."}


def test_parameters_may_stand_in_query_and_body_and_the_query_wins() -> None:
    """A POST is signed over query and body together; where both name a parameter the query's value counts."""
    desk = Desk()
    query, body = "symbol=BTCUSDT&side=BUY&type=LIMIT&price=60000", "timeInForce=GTC&quantity=0.01&price=64000"
    body += f"&timestamp={NOW}"
    answer = desk.raw("POST", f"/api/v3/order?{query}", f"{body}&signature={desk.sign(query + body)}")
    assert answer.status == 200
    assert json.loads(answer.body)["price"] == "60000.00000000"


def test_a_parameter_sent_twice_is_refused() -> None:
    """Two values of one name in one place are refused."""
    desk = Desk()
    query = f"symbol=BTCUSDT&symbol=ETHUSDT&timestamp={NOW}"
    answer = desk.raw("GET", f"/api/v3/openOrders?{query}&signature={desk.sign(query)}")
    assert json.loads(answer.body)["code"] == -1101


def test_an_ed25519_key_signs_with_base64() -> None:
    """A registered Ed25519 key verifies over the raw payload; its signature arrives percent-encoded."""
    desk = Desk()
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    key, secret = desk.sandbox.issue_key("trader", NOW, public_key=pem)
    assert secret is None
    query = f"timestamp={NOW}"
    signature = quote(base64.b64encode(private.sign(query.encode())).decode(), safe="")
    headers = {"x-mbx-apikey": key.api_key}
    assert desk.raw("GET", f"/api/v3/account?{query}&signature={signature}", headers=headers).status == 200
    assert desk.raw("GET", f"/api/v3/account?{query}&signature=AAAA", headers=headers).status == 400


def test_an_rsa_key_signs_with_pkcs1() -> None:
    """A registered RSA key, given as bare base64 of its DER form, verifies with PKCS #1 v1.5 and SHA-256."""
    desk = Desk()
    private = generate_private_key(public_exponent=65537, key_size=2048)
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key, _ = desk.sandbox.issue_key("trader", NOW, public_key=base64.b64encode(der).decode())
    query = f"timestamp={NOW}"
    signature = quote(base64.b64encode(private.sign(query.encode(), PKCS1v15(), hashes.SHA256())).decode(), safe="")
    headers = {"x-mbx-apikey": key.api_key}
    assert desk.raw("GET", f"/api/v3/account?{query}&signature={signature}", headers=headers).status == 200


def test_a_text_that_is_no_public_key_is_refused() -> None:
    """Only Ed25519 and RSA public keys are taken in."""
    with pytest.raises(ValueError, match=r".+"):
        load_public_key("AAAA")


@pytest.mark.parametrize(
    ("headers", "query", "status", "code"),
    [
        ({}, "", 401, -2014),
        ({"x-mbx-apikey": "short"}, "", 401, -2014),
        ({"x-mbx-apikey": "A" * 64}, f"timestamp={NOW}&signature=00", 401, -2015),
        (None, "", 400, -1102),
        (None, "timestamp=x&signature=00", 400, -1100),
        (None, f"timestamp={NOW}", 400, -1102),
        (None, f"timestamp={NOW}&signature=00", 400, -1022),
        (None, f"timestamp={NOW}&signature=00&signature=00", 400, -1101),
        (None, f"timestamp={NOW}&recvWindow=60001&signature=00", 400, -1131),
        (None, f"timestamp={NOW}&recvWindow=1.0001&signature=00", 400, -1100),
    ],
)
def test_an_incomplete_request_is_refused_with_its_code(
    headers: dict[str, str] | None, query: str, status: int, code: int
) -> None:
    """Each thing that can be missing or malformed has its own published code."""
    answer = Desk().raw("GET", f"/api/v3/account?{query}", headers=headers)
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)


@pytest.mark.parametrize(
    ("offset_us", "window", "accepted"),
    [
        (0, "5000", True),
        (5_000_000, "5000", True),
        (5_000_001, "5000", False),
        (-999_999, "5000", True),
        (-1_000_000, "5000", False),
        (1_500, "1.5", True),
        (1_501, "1.5", False),
        (60_000_000, "60000", True),
    ],
)
def test_the_receive_window_has_both_its_edges(offset_us: int, window: str, accepted: bool) -> None:
    """A timestamp is good if it is less than a second ahead and no more than the window behind, to the microsecond."""
    stated = NOW * 1000
    if accepted:
        check_time(stated, window_us(window), stated + offset_us)
        return
    with pytest.raises(Refusal) as caught:
        check_time(stated, window_us(window), stated + offset_us)
    assert caught.value.code == -1021


def test_timestamps_are_milliseconds_or_microseconds() -> None:
    """Both units are understood, and answers give microseconds to those who ask."""
    desk = Desk()
    assert desk.answer("GET", "/api/v3/account", timestamp=NOW * 1000).status == 200
    answer = desk.raw("GET", "/api/v3/time", headers={"x-mbx-time-unit": "MICROSECOND"})
    assert json.loads(answer.body) == {"serverTime": NOW * 1000}


def test_a_key_does_only_what_it_is_permitted() -> None:
    """A read key reads and is refused everything else with -2015; so is a key from a foreign address."""
    desk = Desk()
    desk.key.permissions = frozenset({READ})
    assert desk.answer("GET", "/api/v3/account").status == 200
    words = (401, -2015, "Invalid API-key, IP, or permissions for action.")
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "1"}
    assert desk.refused("POST", "/api/v3/order", **order) == words
    assert desk.refused("DELETE", "/api/v3/openOrders", symbol="BTCUSDT") == words
    assert desk.refused("POST", "/sapi/v1/capital/withdraw/apply", coin="BTC", address="x", amount="1") == words
    assert desk.refused("POST", "/sapi/v1/asset/transfer", type="MAIN_FUNDING", asset="BTC", amount="1") == words
    desk.key.addresses = frozenset({"203.0.113.9"})
    assert desk.refused("GET", "/api/v3/account") == words


def test_margin_lists_want_a_key_but_no_signature() -> None:
    """What clients read unsigned when they start is answered to any known key."""
    desk = Desk()
    assert [row["symbol"] for row in json.loads(desk.raw("GET", "/sapi/v1/margin/allPairs").body)][:1] == ["BTCUSDT"]
    assert desk.raw("GET", "/sapi/v1/margin/allPairs", headers={}).status == 401


def test_unknown_paths_and_surplus_parameters_are_refused() -> None:
    """A path or method that is not there is 404; a parameter nobody reads is -1104."""
    desk = Desk()
    assert desk.raw("GET", "/api/v3/nothing").status == 404
    assert desk.raw("PATCH", "/api/v3/order").status == 404
    message = "Not all sent parameters were read; read '1' parameter(s) but was sent '2'."
    assert desk.refused("GET", "/api/v3/openOrders", symbol="BTCUSDT", symbols="x") == (400, -1104, message)


def test_weight_is_counted_per_address_and_minute() -> None:
    """Each answer tells what the address has used; above the limit it is 429 with Retry-After, then 418."""
    desk = Desk(limits=Limits(weight_1m=50, patience=2))
    first = desk.answer("GET", "/api/v3/account")
    assert first.headers["X-MBX-USED-WEIGHT-1M"] == "20"
    assert desk.answer("GET", "/api/v3/account").headers["X-MBX-USED-WEIGHT-1M"] == "40"
    refused = desk.answer("GET", "/api/v3/account")
    assert (refused.status, json.loads(refused.body)["code"]) == (429, -1003)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert desk.answer("GET", "/api/v3/account").status == 429
    banned = desk.answer("GET", "/api/v3/account")
    assert (banned.status, banned.headers["Retry-After"]) == (418, "121")
    desk.now += 60_000
    assert desk.answer("GET", "/api/v3/time").status == 418
    desk.now += 60_001
    assert desk.answer("GET", "/api/v3/account").headers["X-MBX-USED-WEIGHT-1M"] == "20"


def test_orders_that_succeed_weigh_nothing() -> None:
    """An accepted order or cancel leaves the address's weight as it was; a refused one costs its weight."""
    desk = Desk()
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
    assert desk.answer("POST", "/api/v3/order", **order, price="60000").headers["X-MBX-USED-WEIGHT-1M"] == "0"
    assert desk.answer("POST", "/api/v3/order", **order, price="0.001").headers["X-MBX-USED-WEIGHT-1M"] == "1"
    assert desk.answer("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").headers["X-MBX-USED-WEIGHT-1M"] == "1"


@pytest.mark.parametrize(
    ("target", "weight"),
    [
        ("/api/v3/depth?symbol=BTCUSDT", 5),
        ("/api/v3/depth?symbol=BTCUSDT&limit=1000", 50),
        ("/api/v3/ticker/24hr", 80),
        ("/api/v3/ticker/24hr?symbol=BTCUSDT", 2),
        ("/api/v3/ticker/price", 4),
        ("/api/v3/ticker?symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D", 8),
        ("/api/v3/exchangeInfo", 20),
        ("/api/v3/ticker/24hr?symbol=A&symbol=B", 1),
    ],
)
def test_requests_weigh_what_the_venue_documents(target: str, weight: int) -> None:
    """The weight of a read follows from what it asks for."""
    assert Desk().raw("GET", target).headers["X-MBX-USED-WEIGHT-1M"] == str(weight)


def test_the_wallet_family_is_weighed_for_itself() -> None:
    """/sapi has its own counter and its own header, and is limited by it alone."""
    desk = Desk(limits=Limits(weight_1m=20, sapi_1m=2))
    headers = [desk.answer("GET", "/sapi/v1/account/status").headers for _ in range(3)]
    assert [row.get("X-SAPI-USED-IP-WEIGHT-1M") for row in headers] == ["1", "2", None]
    assert desk.answer("GET", "/api/v3/account").headers["X-MBX-USED-WEIGHT-1M"] == "20"


def test_orders_are_counted_per_account() -> None:
    """Accepted orders show in the order-count headers; above the limit they are 429 -1015; refused ones are free."""
    desk = Desk(limits=Limits(orders_10s=2))
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
    assert desk.answer("POST", "/api/v3/order", **order, price="0.001").status == 400
    headers = [desk.answer("POST", "/api/v3/order", **order, price="60000").headers for _ in range(2)]
    assert [row["X-MBX-ORDER-COUNT-10S"] for row in headers] == ["1", "2"]
    assert [row["X-MBX-ORDER-COUNT-1D"] for row in headers] == ["1", "2"]
    assert desk.refused("POST", "/api/v3/order", **order, price="60000")[:2] == (429, -1015)
    counts = desk.ask("GET", "/api/v3/rateLimit/order")
    assert [row["count"] for row in counts] == [2, 2]
    desk.now += 10_000
    assert desk.answer("POST", "/api/v3/order", **order, price="60000").status == 200


def test_filled_orders_do_not_count_as_unfilled() -> None:
    """A first fill as taker takes one order off the count, a first fill as maker five; it never falls below zero."""
    desk = Desk()

    def count() -> int:
        found: int = desk.ask("GET", "/api/v3/rateLimit/order")[0]["count"]
        return found

    for _ in range(3):
        desk.limit("BUY", "0.01", "64000")
    assert count() == 3
    desk.limit("BUY", "0.01", "66000")
    assert count() == 3
    desk.sandbox.set_price("BTCUSDT", "63000", NOW + 1)
    assert count() == 0
    desk.limit("BUY", "0.01", "60000")
    assert count() == 1


def test_what_changes_state_is_recorded_as_received() -> None:
    """Every authenticated order and cancel, granted or refused, is kept with its time and ids."""
    desk = Desk()
    desk.limit("BUY", "0.01", "60000", newClientOrderId="one")
    desk.now += 5
    desk.refused("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC",
                 quantity="10", price="60000", newClientOrderId="two")  # fmt: skip
    desk.refused("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="three")
    rows = desk.sandbox.received["trader"]
    assert [(row.time - NOW, row.method, row.status, row.code, row.client_ids) for row in rows] == [
        (0, "POST", 200, 0, ("one",)),
        (5, "POST", 400, -2010, ("two",)),
        (5, "DELETE", 400, -2011, ("three",)),
    ]
