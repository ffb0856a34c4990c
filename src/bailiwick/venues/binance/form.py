"""Requests taken apart: where the parameters stand, what the signature covers, and how values are escaped.

Nothing is guessed. Names are never decoded. A value is decoded once, as UTF-8, and only if encoding it again under
the spelling that it shows (which marks it leaves raw, how it writes a space, the case of its hex digits) gives the
same bytes: so each value has one reading, while what the clients in use send passes.
"""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

import msgspec

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Endpoint
from bailiwick.model.reason import Reason
from bailiwick.model.request import Request, Signed
from bailiwick.venues.binance.clock import (
    COMMON_WINDOWS,
    DEFAULT_WINDOW_US,
    MILLISECOND_DIGITS,
    read_timestamp,
    read_window,
)
from bailiwick.venues.binance.manner import MANNERS, Plain

LONGEST_PAYLOAD = 8192
UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
PLAIN = UNRESERVED + b"&="  # a payload of these alone has nothing to decode

# Marks that one client or another leaves raw. '%', '+', '&', '=', ';', '#' and the space are not among them: each
# would give a value two readings.
_RAW_MARKS = frozenset("@:,[]\"/!*'()$")

# One client writes the values of these paths unescaped, another escapes them as forms do: there '+' is either a plus
# or a space, and so neither.
_UNESCAPED_PATHS = ("capital/withdraw/apply", "sub-account", "staking", "simple-earn")

_NO_SEPARATORS = bytes(byte for byte in range(256) if byte not in b"&=")
_SEPARATORS = b"=&" * (LONGEST_PAYLOAD // 2 + 1)

FORM = b"application/x-www-form-urlencoded"


def unfold(endpoint: Endpoint, request: Request) -> Signed | Deny:
    """Find payload, signature, timestamp and receive window."""
    source = request.query
    if request.body:
        placed = _place(request)
        if not isinstance(placed, bytes):
            return placed
        source = placed
    payload, mark, signature = source.rpartition(b"&signature=")
    if mark and b"&" not in signature and len(payload) <= LONGEST_PAYLOAD:
        met = _meet(endpoint, payload, signature)
        if met is not None:
            return met
    else:
        detached = _detach(source)
        if isinstance(detached, Deny):
            return detached
        payload, signature = detached
    texts = split(payload)
    if texts is None:
        return explain(payload)
    names, values = texts
    layout = _layout(tuple(names))
    if layout.flaw is not None:
        return layout.flaw
    timestamp_us = read_timestamp(values[layout.timestamp])
    if timestamp_us is None:
        return Deny(Reason.PARAMETER_MALFORMED, "timestamp: neither milliseconds nor microseconds since 1970")
    window_us = DEFAULT_WINDOW_US if layout.window < 0 else read_window(values[layout.window])
    if window_us is None:
        return Deny(Reason.WINDOW_INVALID, "recvWindow: not at most 60000 ms with at most three decimals")
    for place in layout.drop:
        del values[place]
    pairs = tuple(zip(layout.names, values, strict=True))
    return Signed(payload, signature, pairs, timestamp_us, window_us, layout.names, layout)


def _meet(endpoint: Endpoint, payload: bytes, signature: bytes) -> Signed | None:
    """The same of a payload that is spelled as one was that has been read; None of any other."""
    known = MANNERS.get((endpoint.method, endpoint.path))
    if known is None:
        return None
    text = payload.decode("latin-1")
    for manner in known:
        match = manner.match(text)
        if match is None:
            continue
        found = match.groups()
        window_us = DEFAULT_WINDOW_US
        if manner.window >= 0:
            common = COMMON_WINDOWS.get(found[manner.window])
            if common is None:
                return None
            window_us = common
        digits = found[manner.timestamp]
        time = int(digits)
        first, last = manner.first, manner.last
        pairs = Plain(zip(manner.names, found[first:last], strict=True))
        # From behind the value before them (and its '&') to the end of their own last one.
        pairs.canonical = payload[match.end(first) + 1 if first else 0 : match.end(last) if last else 0]
        return Signed(
            payload,
            signature,
            pairs,
            time * 1000 if len(digits) == MILLISECOND_DIGITS else time,
            window_us,
            manner.names,
            manner,
        )
    return None


def split(payload: bytes) -> tuple[list[str], list[str]] | None:
    """Names and values, still encoded; None where a part is no ``name=value`` or the payload is over-long."""
    separators = payload.translate(None, _NO_SEPARATORS)
    length = len(separators)
    if not length & 1 or separators != _SEPARATORS[:length] or len(payload) > LONGEST_PAYLOAD or not payload.isascii():
        return None
    # One split for names and values alike: their separators were seen to alternate.
    texts = payload.decode("ascii").replace("&", "=").split("=")
    return texts[::2], texts[1::2]


def repeated(names: Sequence[str]) -> Deny | None:
    """The denial of a request that has a name twice."""
    return None if len(set(names)) == len(names) else Deny(Reason.PARAMETER_DUPLICATED, "a name stands twice")


def decode(path: str, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...] | Deny:
    """The parameters with their values decoded, or the denial of the first that can be read in more than one way."""
    decoded = []
    for name, value in pairs:
        if "+" in value and any(part in path for part in _UNESCAPED_PATHS):
            return Deny(
                Reason.PARAMETER_MALFORMED, f"{name[:64]!r}: '+' is a plus to one client and a space to another"
            )
        read = read_value(value)
        if read is None:
            return Deny(Reason.PARAMETER_MALFORMED, f"{name[:64]!r}: not encoded in a way that has one reading")
        decoded.append((name, read))
    return tuple(decoded)


def read_value(raw: str) -> str | None:
    """One value decoded, or None if it has no reading or several."""
    try:
        value = unquote_to_bytes(raw.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not value.isprintable():
        return None
    spelled = quote(value, safe="".join(_RAW_MARKS.intersection(raw)) + "~")
    if "+" in raw:
        spelled = spelled.replace("%20", "+")
    return value if spelled == raw or (_lower_hex(spelled) == raw) else None


def _lower_hex(spelled: str) -> str:
    head, *escapes = spelled.split("%")
    return "%".join([head, *(escape[:2].lower() + escape[2:] for escape in escapes)])


class Layout(msgspec.Struct, frozen=True, gc=False):
    """Where time and window stand among names, and the names without them; or what is wrong with the names."""

    names: tuple[str, ...] = ()
    timestamp: int = 0
    window: int = -1
    drop: tuple[int, ...] = ()
    flaw: Deny | None = None
    whole: tuple[str, ...] = ()  # with time and window


@lru_cache(maxsize=512)
def _layout(names: tuple[str, ...]) -> Layout:
    """What the names alone say. A client sends the same ones in the same order all day, so it is remembered."""
    flaw = repeated(names)
    if flaw is None and "signature" in names:
        flaw = Deny(Reason.PARAMETER_DUPLICATED, "signature")
    if flaw is None and "timestamp" not in names:
        flaw = Deny(Reason.TIMESTAMP_MISSING, "timestamp")
    if flaw is not None:
        return Layout(flaw=flaw)
    timestamp = names.index("timestamp")
    window = names.index("recvWindow") if "recvWindow" in names else -1
    drop = tuple(sorted({timestamp, window} - {-1}, reverse=True))
    kept = tuple(name for name in names if name not in ("timestamp", "recvWindow"))
    return Layout(kept, timestamp, window, drop, None, names)


def _place(request: Request) -> bytes | Deny:
    """The one place that has the parameters, of a request with a body."""
    query, body = request.query, request.body
    if request.method == "GET" or not (request.content_type == FORM or _is_form(request.content_type)):
        return Deny(Reason.BODY_UNEXPECTED, "body: not a form, or beside GET")
    if not query:
        return body
    # The venue's own RSA example: all parameters in the query, the signature alone in the body.
    if body.startswith(b"signature=") and b"&" not in body and b"signature=" not in query:
        return query + b"&" + body
    return Deny(Reason.PLACEMENT_MIXED, "parameters in both query and body")


def _is_form(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == FORM


def _detach(source: bytes) -> tuple[bytes, bytes] | Deny:
    """Payload and signature where the signature stands first, in the middle, or not at all."""
    parts = source.split(b"&")
    signatures = [part for part in parts if part.startswith(b"signature=")]
    if not signatures:
        return Deny(Reason.SIGNATURE_MISSING, "signature")
    if len(signatures) > 1:
        return Deny(Reason.PARAMETER_DUPLICATED, "signature")
    parts.remove(signatures[0])
    return b"&".join(parts), signatures[0].removeprefix(b"signature=")


def explain(payload: bytes) -> Deny:
    """Why a payload could not be split."""
    if len(payload) > LONGEST_PAYLOAD:
        return Deny(Reason.PARAMETER_MALFORMED, f"request: longer than {LONGEST_PAYLOAD} bytes")
    if not payload:
        return Deny(Reason.TIMESTAMP_MISSING, "timestamp")
    if not payload.isascii():
        return Deny(Reason.PARAMETER_MALFORMED, "request: a byte beyond ASCII that is not percent-encoded")
    return Deny(Reason.PARAMETER_MALFORMED, "request: a part that is not one name, '=' and one value")
