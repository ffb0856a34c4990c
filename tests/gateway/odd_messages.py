# ruff: noqa: E501  (a table, a message a line)
"""Odd messages, and what a client is answered to each.

``accept`` means that the message reaches the handler as exactly one request; a number is the status of the refusal,
after which the connection is closed. Where h11, an independent reader, accepts what is refused here, ``stricter`` says why.
"""

from typing import NamedTuple

KEY = b"X-MBX-APIKEY: k\r\n"
HOST = b"Host: gateway\r\n"


class Message(NamedTuple):
    """One message: its name, its bytes, the expected answer, and why it is refused though h11 accepts it."""

    name: str
    raw: bytes
    expected: int | str
    stricter: str = ""


def get(headers: bytes = b"", target: bytes = b"/api/v3/account?timestamp=1", version: bytes = b"HTTP/1.1") -> bytes:
    """A GET with these further header lines."""
    return b"GET " + target + b" " + version + b"\r\n" + HOST + KEY + headers + b"\r\n"


def post(headers: bytes, body: bytes, target: bytes = b"/api/v3/order") -> bytes:
    """A POST with these further header lines and body."""
    return b"POST " + target + b" HTTP/1.1\r\n" + HOST + KEY + headers + b"\r\n" + body


LONG = b"a" * 20_000

MESSAGES = [
    # What clients send
    Message("plain get", get(), "accept"),
    Message("plain post", post(b"Content-Length: 3\r\n", b"a=1"), "accept"),
    Message("post without body", post(b"Content-Length: 0\r\n", b""), "accept"),
    Message(
        "delete with body",
        b"DELETE /api/v3/order HTTP/1.1\r\n" + HOST + KEY + b"Content-Length: 3\r\n\r\na=1",
        "accept",
    ),
    Message(
        "put with query", b"PUT /api/v3/order/amend/keepPriority?a=1 HTTP/1.1\r\n" + HOST + KEY + b"\r\n", "accept"
    ),
    Message("connection close", get(b"Connection: close\r\n"), "accept"),
    Message(
        "raw brackets and quotes in the query", get(target=b'/api/v3/exchangeInfo?symbols=["BTCUSDT"]'), "accept", ""
    ),
    Message("host with port", b"GET /api/v3/time HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", "accept"),
    Message("host as IPv6", b"GET /api/v3/time HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "accept"),
    Message("header names in lower case", b"GET /api/v3/time HTTP/1.1\r\nhost: a\r\nx-mbx-apikey: k\r\n\r\n", "accept"),
    Message("encoded path letter", get(target=b"/api/v3/%6frder"), "accept"),
    Message("empty query", get(target=b"/api/v3/time?"), "accept"),
    # Two of what may stand once
    Message("two key headers", get(KEY), 400, "two credentials: which one was checked?"),
    Message("two key headers, one in other case", get(b"x-mbx-apikey: other\r\n"), 400, "two credentials"),
    Message("two Host headers", get(HOST), 400),
    Message(
        "two Content-Type headers",
        post(b"Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 3\r\n", b"a=1"),
        400,
        "two media types",
    ),
    Message("two User-Agent headers", get(b"User-Agent: a\r\nUser-Agent: b\r\n"), 400, "two fingerprints"),
    Message(
        "two X-Forwarded-For headers",
        get(b"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n"),
        400,
        "two claims of an address",
    ),
    Message(
        "two equal Content-Length headers",
        post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"a=1"),
        400,
        "h11 folds equal lengths",
    ),
    Message("two different Content-Length headers", post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"a=1"), 400),
    Message("list of equal Content-Lengths", post(b"Content-Length: 3, 3\r\n", b"a=1"), 400, "h11 folds equal lengths"),
    # Framing of the body
    Message(
        "length and chunked",
        post(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", b"3\r\na=1\r\n0\r\n\r\n"),
        400,
        "two framings",
    ),
    Message(
        "chunked and length",
        post(b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"3\r\na=1\r\n0\r\n\r\n"),
        400,
        "two framings",
    ),
    Message(
        "chunked",
        post(b"Transfer-Encoding: chunked\r\n", b"3\r\na=1\r\n0\r\n\r\n"),
        400,
        "no trading client sends chunks",
    ),
    Message(
        "chunked in capitals",
        post(b"Transfer-Encoding: CHUNKED\r\n", b"3\r\na=1\r\n0\r\n\r\n"),
        400,
        "no trading client sends chunks",
    ),
    Message("xchunked", post(b"Transfer-Encoding: xchunked\r\n", b"3\r\na=1\r\n0\r\n\r\n"), 400),
    Message("identity coding", post(b"Transfer-Encoding: identity\r\nContent-Length: 3\r\n", b"a=1"), 400),
    Message("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 400),
    Message("space before the colon of a coding", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"), 400),
    Message("tab before the colon of a length", post(b"Content-Length\t: 3\r\n", b"a=1"), 400),
    Message("signed length", post(b"Content-Length: +3\r\n", b"a=1"), 400),
    Message("negative length", post(b"Content-Length: -3\r\n", b"a=1"), 400),
    Message("hexadecimal length", post(b"Content-Length: 0x3\r\n", b"a=1"), 400),
    Message("length with a word", post(b"Content-Length: 3 bytes\r\n", b"a=1"), 400),
    Message("empty length", post(b"Content-Length: \r\n", b"a=1"), 400),
    Message("overflowing length", post(b"Content-Length: 18446744073709551619\r\n", b"a=1"), 400),
    Message("huge length", post(b"Content-Length: 999999999\r\n", b"a=1"), 413, "larger than any order"),
    Message(
        "huge length with zeros",
        post(b"Content-Length: 0000000000000003\r\n", b"a=1"),
        413,
        "no client pads its length",
    ),
    Message(
        "get with a body",
        b"GET /api/v3/account HTTP/1.1\r\n" + HOST + KEY + b"Content-Length: 3\r\n\r\na=1",
        400,
        "a body that some readers skip",
    ),
    Message(
        "expectation", post(b"Expect: 100-continue\r\nContent-Length: 3\r\n", b"a=1"), 417, "no expectation is met"
    ),
    Message("upgrade", get(b"Connection: upgrade\r\nUpgrade: websocket\r\n"), 400, "no other protocol is spoken"),
    Message(
        "upgrade to h2c",
        get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"),
        400,
        "no other protocol is spoken",
    ),
    # Lines
    Message("bare LF after the request line", b"GET /api/v3/time HTTP/1.1\nHost: a\r\n\r\n", 400, "h11 takes bare LF"),
    Message(
        "bare LF after a header", b"GET /api/v3/time HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n", 400, "h11 takes bare LF"
    ),
    Message("bare LF at the end of the head", b"GET /api/v3/time HTTP/1.1\r\nHost: a\r\n\n", 400, "h11 takes bare LF"),
    Message("bare CR in a value", get(b"X-A: a\rX-B: b\r\n"), 400),
    Message("NUL in a value", get(b"X-A: a\x00b\r\n"), 400),
    Message("NUL in a name", get(b"X\x00A: b\r\n"), 400),
    Message("folded header", get(b"X-A: a\r\n b\r\n"), 400, "h11 unfolds"),
    Message(
        "folded key", b"GET /api/v3/time HTTP/1.1\r\nHost: a\r\nX-MBX-APIKEY: k\r\n\tk2\r\n\r\n", 400, "h11 unfolds"
    ),
    Message("space before the first header", b"GET /api/v3/time HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    Message("no colon", get(b"X-A\r\n"), 400),
    Message("empty name", get(b": a\r\n"), 400),
    Message("space in a name", get(b"X A: b\r\n"), 400),
    Message("high byte in a name", get(b"X-\xff: b\r\n"), 400),
    # The request line
    Message(
        "absolute target",
        b"GET http://gateway/api/v3/time HTTP/1.1\r\n" + HOST + b"\r\n",
        400,
        "the host would stand twice",
    ),
    Message(
        "absolute target of another host",
        b"GET http://evil/api/v3/time HTTP/1.1\r\n" + HOST + b"\r\n",
        400,
        "the host would stand twice",
    ),
    Message("authority form", b"CONNECT gateway:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "nothing is tunnelled"),
    Message("asterisk form", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 400, "no such method is served"),
    Message("two slashes first", get(target=b"//evil/api/v3/time"), "accept"),
    Message("space in the target", get(target=b"/api/v3/time?a= b"), 400),
    Message("tab in the target", get(target=b"/api/v3/time?a=\tb"), 400),
    Message("fragment", get(target=b"/api/v3/time#a"), 400, "a fragment is never sent"),
    Message("backslash in the path", get(target=b"/api\\v3/time"), 400, "some readers turn it into a slash"),
    Message("high byte in the target", get(target=b"/api/v3/time?a=\xff"), 400, "must be percent-encoded"),
    Message("control in the target", get(target=b"/api/v3/time?a=\x01"), 400),
    Message("HTTP/1.0", get(version=b"HTTP/1.0"), 400, "keep-alive means something else there"),
    Message("HTTP/0.9", b"GET /api/v3/time\r\n\r\n", 400),
    Message("HTTP/2.0 in the line", get(version=b"HTTP/2.0"), 400, "HTTP/1.1 alone is spoken"),
    Message("HTTP/1.2", get(version=b"HTTP/1.2"), 400, "HTTP/1.1 alone is spoken"),
    Message("lower case version", get(version=b"http/1.1"), 400),
    Message("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "HTTP/1.1 alone is spoken"),
    Message("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32 + b"\r\n\r\n", 400),
    Message("patch", b"PATCH /api/v3/order HTTP/1.1\r\n" + HOST + b"\r\n", 400, "no such method is served"),
    Message("head", b"HEAD /api/v3/time HTTP/1.1\r\n" + HOST + b"\r\n", 400, "no such method is served"),
    Message("trace", b"TRACE /api/v3/time HTTP/1.1\r\n" + HOST + b"\r\n", 400, "no such method is served"),
    Message("lower case method", b"get /api/v3/time HTTP/1.1\r\n" + HOST + b"\r\n", 400, "methods are case-sensitive"),
    Message("unknown method", b"BREW /api/v3/time HTTP/1.1\r\n" + HOST + b"\r\n", 400, "no such method is served"),
    # Host
    Message("no Host", b"GET /api/v3/time HTTP/1.1\r\n" + KEY + b"\r\n", 400),
    Message("empty Host", b"GET /api/v3/time HTTP/1.1\r\nHost: \r\n\r\n", 400, "a host has a name"),
    Message("Host with a path", b"GET /api/v3/time HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "not a host"),
    Message("Host with a user", b"GET /api/v3/time HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "not a host"),
    # Sizes, and names that are ours
    Message("head too large", get(b"X-A: " + LONG + b"\r\n"), 431, "bounded"),
    Message("target too large", get(target=b"/api/v3/time?a=" + LONG), 431, "bounded"),
    Message("too many headers", get(b"".join(b"X-%d: a\r\n" % i for i in range(100))), 431, "bounded"),
    Message("engine header", get(b"X-Bailiwick-Account: victim\r\n"), 400, "only the gateway vouches"),
    Message("engine header in capitals", get(b"X-BAILIWICK-MAC: 00\r\n"), 400, "only the gateway vouches"),
]
