"""What was checked is what was sent: nothing reaches the venue that the intent does not say."""

import json
from urllib.parse import quote, quote_plus

import pytest
from binance_requests import KEY, LIMIT, NOW_MS, NOW_US, SIGNER, VERIFIER, endpoint, pass_through, read, request, sign
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.model.intent import Intent
from bailiwick.model.request import Outgoing, Request
from bailiwick.venues.binance import BINANCE, signer_of, verifier_of
from bailiwick.venues.binance.endpoints import ENDPOINTS, PARAMETERS
from bailiwick.venues.binance.form import UNRESERVED

PRINTABLE = st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]) | st.just(" ")
TEXTS = st.text(PRINTABLE, min_size=1, max_size=20)
NAMES = st.text(PRINTABLE.filter(lambda c: c not in '"\\'), min_size=1, max_size=10)
CLIENT_IDS = st.from_regex(r"[A-Za-z0-9_.:/-]{1,36}", fullmatch=True)
AMOUNTS = st.decimals(min_value="0.00000001", max_value="99999999", places=8).map(lambda amount: f"{amount:f}")
SERVED = sorted(place for place, known in ENDPOINTS.items() if known.served and known.signed and place in PARAMETERS)


def reread(outgoing: Outgoing) -> Request:
    """The request to the venue, as the venue would take it from the wire."""
    path, _, query = outgoing.target.partition(b"?")
    return request(outgoing.method.decode(), path.decode(), query=query, body=outgoing.body)


def value_of(name: str, kind: str, values: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Values of a parameter."""
    match kind:
        case "integer":
            return st.integers(0, 10**18 - 1).map(str)
        case "decimal":
            return AMOUNTS
        case "boolean":
            return st.sampled_from(["true", "false"])
        case "enum":
            return st.sampled_from(values)
        case "list":
            return st.lists(NAMES, unique=True, max_size=3).map(lambda names: json.dumps(names, ensure_ascii=False))
    return CLIENT_IDS if name.endswith("ClientOrderId") else TEXTS


@st.composite
def parameters(draw: st.DrawFn) -> tuple[str, str, dict[str, str]]:
    """An endpoint that is served and signed, with parameters it takes, in any order."""
    method, path = draw(st.sampled_from(SERVED))
    table = PARAMETERS[method, path]
    optional = [name for name, (mandatory, _, _) in table.items() if not mandatory]
    chosen = draw(st.sets(st.sampled_from(optional), max_size=6)) if optional else set()
    names = draw(st.permutations([name for name in table if table[name][0] or name in chosen]))
    return method, path, {name: draw(value_of(name, *table[name][1:])) for name in names}


@settings(deadline=None)  # other work on the machine is no failure
@given(made=parameters(), plus=st.booleans(), marks=st.sampled_from(["", "@:,", "@:,[]\"/!*'()$"]))
def test_what_was_read_is_what_the_venue_reads(made: tuple[str, str, dict[str, str]], plus: bool, marks: str) -> None:
    """A request of any endpoint, if it is admitted, leaves with exactly the parameters and orders that were read."""
    method, path, params = made
    escape = quote_plus if plus else quote
    pairs = [*params.items(), ("timestamp", str(NOW_MS))]
    signed = sign("&".join(f"{name}={escape(value, safe=marks + '~')}" for name, value in pairs).encode())
    in_body = method in ("POST", "PUT")
    first = pass_through(request(method, path, query=b"" if in_body else signed, body=signed if in_body else b""))
    if not isinstance(first, Intent):
        return  # an order that its type leaves incomplete, or a plus where one may not stand
    assert dict(first.params) == params
    second = pass_through(reread(BINANCE.countersign(first, SIGNER, NOW_US, first.window_us)))
    assert second == first


@settings(deadline=None)  # other work on the machine is no failure
@given(params=st.lists(st.tuples(st.sampled_from(["coin", "txId"]), TEXTS), max_size=2, unique_by=lambda pair: pair[0]))
def test_canonical_form_leaves_only_unreserved_characters_raw(params: list[tuple[str, str]]) -> None:
    """Whatever the values, the payload consists of RFC 3986's unreserved characters, escapes in upper case, ``&=``."""
    intent = Intent(endpoint=endpoint("GET", "/sapi/v1/capital/deposit/hisrec"), params=tuple(params))
    query = BINANCE.countersign(intent, SIGNER, NOW_US, 5_000_000).target.partition(b"?")[2]
    assert query.translate(None, UNRESERVED + b"&=%") == b""
    for escape in query.split(b"%")[1:]:
        assert escape[:2] == escape[:2].upper()
    assert query.count(b"&") == query.count(b"=") - 1 == len(params) + 2


def test_countersigned_order() -> None:
    """An order leaves in the body, with the account's key, what is left of the window, our time, and the signature."""
    outgoing = BINANCE.countersign(read("POST", "/api/v3/order", LIMIT), SIGNER, NOW_US + 250_000, 4_750_000)
    payload = (
        b"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
        b"&recvWindow=4750&timestamp=1499827319809"
    )
    assert outgoing == Outgoing(
        b"POST",
        b"/api/v3/order",
        b"X-MBX-APIKEY: " + KEY + b"\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        payload + b"&signature=" + SIGNER.sign(payload),
    )


def test_countersigned_cancel() -> None:
    """A cancel leaves in the query, wherever its client had the parameters."""
    outgoing = BINANCE.countersign(
        read("DELETE", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": "7"}), SIGNER, NOW_US, 5_000_000
    )
    payload = b"symbol=BTCUSDT&orderId=7&recvWindow=5000&timestamp=1499827319559"
    assert outgoing == Outgoing(
        b"DELETE",
        b"/api/v3/order?" + payload + b"&signature=" + SIGNER.sign(payload),
        b"X-MBX-APIKEY: " + KEY + b"\r\n",
        b"",
    )


def test_request_without_parameters_is_signed_over_its_time() -> None:
    """An intent without parameters leaves with window and time alone."""
    target = BINANCE.countersign(read("GET", "/api/v3/account", {}), SIGNER, NOW_US, 1_000_000).target
    assert target.startswith(b"/api/v3/account?recvWindow=1000&timestamp=1499827319559&signature=")


def test_what_needs_no_credential_leaves_without_one() -> None:
    """Public data is asked for without key, time and signature."""
    known = endpoint("GET", "/api/v3/depth")
    intent = BINANCE.parse(known, request("GET", "/api/v3/depth", query=b"symbol=BTCUSDT&limit=5"), None)
    assert isinstance(intent, Intent)
    assert BINANCE.countersign(intent, None, NOW_US, 0) == Outgoing(
        b"GET", b"/api/v3/depth?symbol=BTCUSDT&limit=5", b"", b""
    )
    bare = Intent(endpoint=endpoint("GET", "/api/v3/time"), params=())
    assert BINANCE.countersign(bare, None, NOW_US, 0).target == b"/api/v3/time"


def test_what_needs_only_a_key_leaves_unsigned() -> None:
    """A read that the venue wants a key for, and no signature, names the key alone."""
    intent = read("GET", "/sapi/v1/margin/allPairs", {})
    outgoing = BINANCE.countersign(intent, SIGNER, NOW_US, 5_000_000)
    assert outgoing == Outgoing(b"GET", b"/sapi/v1/margin/allPairs", b"X-MBX-APIKEY: " + KEY + b"\r\n", b"")


def test_signed_request_never_leaves_unsigned() -> None:
    """Without a signer, what the venue wants signed is a fault and not a request."""
    with pytest.raises(ValueError, match="no signer"):
        BINANCE.countersign(read("GET", "/api/v3/account", {}), None, NOW_US, 5_000_000)


def test_upstream_keys_of_every_kind_sign_what_is_sent() -> None:
    """With an Ed25519 or RSA credential the signature on the wire is over the payload before it."""
    for private in (Ed25519PrivateKey.generate(), generate_private_key(65537, 2048)):
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        signer = signer_of(KEY, private)
        body = BINANCE.countersign(read("POST", "/api/v3/order", LIMIT), signer, NOW_US, 5_000_000).body
        payload, _, signature = body.rpartition(b"&signature=")
        assert verifier_of(public).verify(payload, signature)
        assert not VERIFIER.verify(payload, signature)
