"""Requests as Binance's clients make them, for the tests of the dialect. Keys are made up or published."""

from urllib.parse import urlencode

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Endpoint, Intent
from bailiwick.model.reason import Reason
from bailiwick.model.request import Request, Signed
from bailiwick.model.secret import Secret
from bailiwick.venues.binance import BINANCE, HmacSigner, HmacVerifier

# From Binance's REST documentation, "SIGNED endpoint examples".
KEY = b"vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = Secret(b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j")
VERIFIER = HmacVerifier(SECRET)
SIGNER = HmacSigner(KEY, SECRET)

NOW_MS = 1_499_827_319_559
NOW_US = NOW_MS * 1000
FORM = b"application/x-www-form-urlencoded"

LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "0.1"}


def endpoint(method: str, path: str) -> Endpoint:
    """A known endpoint."""
    found = BINANCE.endpoint(method, path)
    assert found is not None
    return found


def sign(payload: bytes) -> bytes:
    """The payload with its HMAC signature behind it."""
    return payload + b"&signature=" + SIGNER.sign(payload)


def request(method: str, path: str, *, query: bytes = b"", body: bytes = b"", content_type: bytes = FORM) -> Request:
    """A request from the wire."""
    return Request(method, path, query, body, KEY, content_type if body else b"", "127.0.0.1")


def signed_request(method: str, path: str, params: dict[str, str] | bytes) -> Request:
    """A signed request with the parameters in their usual place."""
    encoded = params if isinstance(params, bytes) else urlencode(params).encode()
    payload = (encoded + b"&" if encoded else b"") + b"timestamp=%d" % NOW_MS
    if method in ("POST", "PUT"):
        return request(method, path, body=sign(payload))
    return request(method, path, query=sign(payload))


def pass_through(incoming: Request) -> Intent | Deny:
    """What the gateway does with a request before it decides: find, unfold, verify, parse."""
    known = BINANCE.endpoint(incoming.method, incoming.path)
    if known is None:
        return Deny(Reason.ENDPOINT_UNKNOWN)
    unfolded = BINANCE.unfold(known, incoming)
    if isinstance(unfolded, Deny):
        return unfolded
    if not VERIFIER.verify(unfolded.payload, unfolded.signature):
        return Deny(Reason.SIGNATURE_WRONG)
    return BINANCE.parse(known, incoming, unfolded)


def read(method: str, path: str, params: dict[str, str] | bytes) -> Intent:
    """The intent of a signed request that must be readable."""
    intent = pass_through(signed_request(method, path, params))
    assert isinstance(intent, Intent), intent
    return intent


def unfolded(incoming: Request) -> Signed:
    """A request taken apart that must come apart."""
    parts = BINANCE.unfold(endpoint(incoming.method, incoming.path), incoming)
    assert isinstance(parts, Signed), parts
    return parts
