"""Requests and answers as bytes, between the wire and a dialect."""

import msgspec


class Request(msgspec.Struct, frozen=True, gc=False):
    """One request as it came, after framing was checked: nothing in it is decoded.

    ``path`` is the raw path, ``query`` what follows the first question mark (empty if there is none), ``key`` the
    value of the venue's key header (empty if there is none), ``content_type`` that header's value. ``source`` is the
    client's address.
    """

    method: str
    path: str
    query: bytes
    body: bytes
    key: bytes
    content_type: bytes
    source: str


class Signed(msgspec.Struct, frozen=True, gc=False):
    """A request taken apart, nothing verified yet.

    ``payload`` are the bytes that the signature covers, ``signature`` its raw spelling, ``pairs`` the parameters
    without signature, timestamp and receive window, names and values as they came.
    """

    payload: bytes
    signature: bytes
    pairs: tuple[tuple[str, str], ...]
    timestamp_us: int
    window_us: int
    names: tuple[str, ...] = ()  # of the parameters alone, in their order
    manner: object = None  # what the dialect noted of the spelling, for its own reading


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A request to a venue, ready but for Host and Content-Length, which the connection writes."""

    method: bytes
    target: bytes
    headers: bytes  # complete lines, each ended by CRLF
    body: bytes


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A denial in the venue's own error format."""

    status: int
    body: bytes
    retry_after_s: int = 0
