"""What may stand in the head of a client's request.

llhttp does the framing; this adds the refusals that it leaves to the application. Whatever two readers could
understand in two ways is refused with 400 and the connection closed. Nothing of these bytes is ever sent on: the
upstream request is written anew.
"""

import re

import msgspec

HEAD_LIMIT = 16 << 10
BODY_LIMIT = 64 << 10
HEADER_LIMIT = 64

METHODS = frozenset({b"GET", b"POST", b"PUT", b"DELETE"})
WITHOUT_BODY = frozenset({b"GET"})

# A target in origin form: a path of unreserved characters and separators, then possibly a query of printable ASCII.
# Brackets, quotes and braces stand in queries of real clients (lists of symbols); controls, blanks and # never may.
_PATH = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@%/"
_QUERY = bytes(byte for byte in range(0x21, 0x7F) if byte != ord("#"))
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

_WANTED = (HOST, LENGTH, TYPE, KEY, FORWARDED, AGENT)
_UNWANTED = (
    (CODING, 400, "send the body with a Content-Length"),
    (EXPECT, 417, "no expectation is met here"),
    (UPGRADE, 400, "no other protocol is spoken here"),
    (RESERVED, 400, "headers of this name are not the client's to send"),
)

MOST_LAYOUTS = 1024
LONGEST_NAMES = 2048


class Malformed(Exception):
    """The request cannot be read in exactly one way; the connection is closed after the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Head(msgspec.Struct, frozen=True, gc=False):
    """The checked head of a request. ``names`` are the header names as spelled, in order, joined by commas."""

    path: str
    query: bytes
    key: bytes
    content_type: bytes
    agent: bytes
    forwarded: bytes
    names: bytes


class _Layout(msgspec.Struct, frozen=True, gc=False):
    """Where each header that matters stands among the names of a head, -1 where it does not."""

    places: tuple[int, ...]
    names: bytes


class HeadReader:
    """Checks heads for one venue's key header.

    A client sends the same names in the same order all day, so what the names alone say is found out once.
    """

    __slots__ = ("_hosts", "_key_header", "_layouts")

    def __init__(self, key_header: bytes) -> None:
        self._key_header = key_header
        self._layouts: dict[tuple[bytes, ...], _Layout] = {}
        self._hosts: set[bytes] = set()  # that were seen to be spelled well

    def read(self, method: bytes, version: str, url: bytes, names: list[bytes], values: list[bytes]) -> Head:
        """Check the head.

        Raises:
            Malformed: if anything in it is ambiguous or of no use to a trading client.
        """
        if version != "1.1":
            raise Malformed(400, "HTTP/1.1 is spoken here")
        if method not in METHODS:
            raise Malformed(400, "unknown method")
        path, _, query = url.partition(b"?")
        if path[:1] != b"/" or path.translate(None, _PATH) or query.translate(None, _QUERY):
            raise Malformed(400, "the target must be a path, percent-encoded, with at most one query")
        spelled = tuple(names)
        layout = self._layouts.get(spelled)
        if layout is None:
            layout = self._lay_out(spelled)
        host, length, kind, key, forwarded, agent = layout.places
        if values[host] not in self._hosts:
            self._check_host(values[host])
        if length >= 0:
            _check_length(values[length], method)
        return Head(
            path.decode("ascii"),
            query,
            values[key] if key >= 0 else b"",
            values[kind] if kind >= 0 else b"",
            values[agent] if agent >= 0 else b"",
            values[forwarded] if forwarded >= 0 else b"",
            layout.names,
        )

    def _lay_out(self, names: tuple[bytes, ...]) -> _Layout:
        if len(names) > HEADER_LIMIT:
            raise Malformed(431, "too many headers")
        places = [-1] * OTHER
        for place, name in enumerate(names):
            kind = self._kind(name)
            if kind == OTHER:
                continue
            if places[kind] >= 0:
                raise Malformed(400, f"two {name.decode('ascii', 'replace')} headers")
            places[kind] = place
        if places[HOST] < 0:
            raise Malformed(400, "exactly one Host header is needed")
        for kind, status, why in _UNWANTED:
            if places[kind] >= 0:
                raise Malformed(status, why)
        layout = _Layout(tuple([places[kind] for kind in _WANTED]), b",".join(names))
        # Names are the client's to choose, so the memory for them is bounded.
        if len(layout.names) <= LONGEST_NAMES:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[names] = layout
        return layout

    def _kind(self, name: bytes) -> int:
        lower = name.lower()
        if lower == self._key_header:
            return KEY
        return RESERVED if lower.startswith(b"x-bailiwick-") else _KINDS.get(lower, OTHER)

    def _check_host(self, host: bytes) -> None:
        if _HOST.fullmatch(host) is None:
            raise Malformed(400, "exactly one Host header is needed")
        if len(self._hosts) < MOST_LAYOUTS and len(host) < LONGEST_NAMES:
            self._hosts.add(host)


def _check_length(length: bytes, method: bytes) -> None:
    if not length.isdigit():
        raise Malformed(400, "Content-Length must be digits")
    if len(length) > 9 or int(length) > BODY_LIMIT:
        raise Malformed(413, "the body is too large")
    if method in WITHOUT_BODY and int(length):
        raise Malformed(400, "a GET request carries no body")
