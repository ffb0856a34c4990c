"""What may stand in the head of a client's request.

llhttp does the framing; this adds the refusals that it leaves to the application. Whatever two readers could
understand in two ways is refused with 400 and the connection closed. Nothing of these bytes is ever sent on: the
upstream request is written anew.
"""

import re
from typing import NamedTuple

HEAD_LIMIT = 16 << 10
BODY_LIMIT = 64 << 10
HEADER_LIMIT = 64

METHODS = frozenset({b"GET", b"POST", b"PUT", b"DELETE"})
WITHOUT_BODY = frozenset({b"GET"})

# A target in origin form: a path of unreserved characters and separators, then possibly a query of printable ASCII.
# Brackets, quotes and braces stand in queries of real clients (lists of symbols); controls, blanks and # never may.
_TARGET = re.compile(rb"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(?:\?[!-\"$-~]*)?")
_HOST = re.compile(rb"(?:[A-Za-z0-9\-._]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

# Headers that the gateway looks at. All others are only part of the client's fingerprint.
HOST, LENGTH, CODING, TYPE, EXPECT, UPGRADE, KEY, FORWARDED, AGENT, RESERVED, OTHER = range(11)
_KINDS = {
    b"host": HOST,
    b"content-length": LENGTH,
    b"transfer-encoding": CODING,
    b"content-type": TYPE,
    b"expect": EXPECT,
    b"upgrade": UPGRADE,
    b"x-forwarded-for": FORWARDED,
    b"user-agent": AGENT,
}


class Malformed(Exception):
    """The request cannot be read in exactly one way; the connection is closed after the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Head(NamedTuple):
    """The checked head of a request. ``names`` are the header names as spelled, in order."""

    target: bytes
    key: bytes
    content_type: bytes
    agent: bytes
    forwarded: bytes
    names: bytes


class HeadReader:
    """Checks heads for one venue's key header; remembers how header names are spelled."""

    __slots__ = ("_key_header", "_known")

    def __init__(self, key_header: bytes) -> None:
        self._key_header = key_header
        self._known: dict[bytes, int] = {}

    def _kind(self, name: bytes) -> int:
        lower = name.lower()
        if lower == self._key_header:
            kind = KEY
        elif lower.startswith(b"x-bailiwick-"):
            kind = RESERVED
        else:
            kind = _KINDS.get(lower, OTHER)
        if len(self._known) < 4096:  # spellings are the client's to choose, so the memory for them is bounded
            self._known[name] = kind
        return kind

    def read(self, method: bytes, version: str, url: bytes, headers: list[tuple[bytes, bytes]]) -> Head:
        """Check the head.

        Raises:
            Malformed: if anything in it is ambiguous or of no use to a trading client.
        """
        if version != "1.1":
            raise Malformed(400, "HTTP/1.1 is spoken here")
        if method not in METHODS:
            raise Malformed(400, "unknown method")
        if _TARGET.fullmatch(url) is None:
            raise Malformed(400, "the target must be a path, percent-encoded, with at most one query")
        if len(headers) > HEADER_LIMIT:
            raise Malformed(431, "too many headers")
        known = self._known
        single: list[bytes | None] = [None] * OTHER
        for name, value in headers:
            kind = known.get(name)
            if kind is None:
                kind = self._kind(name)
            if kind == OTHER:
                continue
            if single[kind] is not None:
                raise Malformed(400, f"two {name.decode('ascii', 'replace')} headers")
            single[kind] = value
        host, length = single[HOST], single[LENGTH]
        if host is None or _HOST.fullmatch(host) is None:
            raise Malformed(400, "exactly one Host header is needed")
        if single[CODING] is not None:
            raise Malformed(400, "send the body with a Content-Length")
        if single[EXPECT] is not None:
            raise Malformed(417, "no expectation is met here")
        if single[UPGRADE] is not None:
            raise Malformed(400, "no other protocol is spoken here")
        if single[RESERVED] is not None:
            raise Malformed(400, "headers of this name are not the client's to send")
        if length is not None:
            self._check_length(length, method)
        return Head(
            url,
            single[KEY] or b"",
            single[TYPE] or b"",
            single[AGENT] or b"",
            single[FORWARDED] or b"",
            b",".join([name for name, _ in headers]),
        )

    @staticmethod
    def _check_length(length: bytes, method: bytes) -> None:
        if not length.isdigit():
            raise Malformed(400, "Content-Length must be digits")
        if len(length) > 9 or int(length) > BODY_LIMIT:
            raise Malformed(413, "the body is too large")
        if method in WITHOUT_BODY and int(length):
            raise Malformed(400, "a GET request carries no body")
