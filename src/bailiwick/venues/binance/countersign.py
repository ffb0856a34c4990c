"""Requests written for the venue: one canonical form, signed with the account's own credential.

Parameters stand in the query of GET and DELETE and in the body of POST and PUT; names as the venue spells them, values
percent-encoded before signing with nothing but the unreserved characters of RFC 3986 left raw and upper-case hex;
then recvWindow, timestamp, and the signature last.
"""

from urllib.parse import quote

from bailiwick.model.intent import Intent
from bailiwick.model.request import Outgoing
from bailiwick.venues.binance.clock import write_window
from bailiwick.venues.binance.form import UNRESERVED
from bailiwick.venues.binance.manner import Plain
from bailiwick.venues.dialect import Signer

_METHODS = {method: method.encode() for method in ("GET", "POST", "PUT", "DELETE")}
_IN_BODY = frozenset({"POST", "PUT"})
_FORM_LINE = b"Content-Type: application/x-www-form-urlencoded\r\n"


def countersign(intent: Intent, signer: Signer | None, now_us: int, window_us: int) -> Outgoing:
    """The request to the venue. What needs no signature has none; with a signer it then names the key alone."""
    endpoint = intent.endpoint
    method = endpoint.method
    payload = serialise(intent.params)
    headers = b""
    if signer is not None:
        headers = b"X-MBX-APIKEY: %b\r\n" % signer.key
        if endpoint.signed:
            window_ms = write_window(now_us, window_us)
            if payload:
                payload = b"%b&recvWindow=%d&timestamp=%d" % (payload, window_ms, now_us // 1000)
            else:
                payload = b"recvWindow=%d&timestamp=%d" % (window_ms, now_us // 1000)
            payload = b"%b&signature=%b" % (payload, signer.sign(payload))
    elif endpoint.signed:
        raise ValueError(f"{method} {endpoint.path}: it is signed, and there is no signer")
    path = endpoint.path.encode()
    if method in _IN_BODY:
        return Outgoing(_METHODS[method], path, headers + _FORM_LINE, payload)
    return Outgoing(_METHODS[method], b"%b?%b" % (path, payload) if payload else path, headers, b"")


def serialise(params: tuple[tuple[str, str], ...]) -> bytes:
    """The parameters in their one canonical form."""
    if isinstance(params, Plain):
        return params.canonical
    payload = "&".join(map("=".join, params)).encode()
    # Each name is followed by '=' and each but the last value by '&': if these are all that is not unreserved, no value
    # has anything to encode.
    if len(payload.translate(None, UNRESERVED)) == 2 * len(params) - 1:
        return payload
    return "&".join([f"{name}={quote(value, safe='~')}" for name, value in params]).encode()
