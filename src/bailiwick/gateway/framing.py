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
MOST_MET = 16_384
LONGEST_MET = 1024

_LINE_END = b"\r\n"
_HEAD_END = b"\r\n\r\n"
_METHOD_NAMES = {method: method.decode("ascii") for method in METHODS}


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


class _Met(msgspec.Struct, frozen=True, gc=False):
    """What the header lines of a request said that was read whole, and how long the body is that they announce."""

    key: bytes
    content_type: bytes
    agent: bytes
    forwarded: bytes
    names: bytes
    length: int


class HeadReader:
    """Checks heads for one venue's key header.

    A client sends the same names in the same order all day, so what the names alone say is found out once. Mostly it
    sends the very same header lines, but for the length: these bytes say what they said the last time, when the parser
    and this class had read them, and are not read a second time (``recall``).
    """

    __slots__ = ("_hosts", "_key_header", "_layouts", "_met", "_paths")

    def __init__(self, key_header: bytes) -> None:
        self._key_header = key_header
        self._layouts: dict[tuple[bytes, ...], _Layout] = {}
        self._hosts: set[bytes] = set()  # that were seen to be spelled well
        self._met: dict[bytes, _Met] = {}
        self._paths: dict[bytes, str] = {}  # that were seen to be well formed

    def recall(self, data: bytes) -> tuple[str, Head, bytes] | None:
        """The one request that this is, from its first byte to its last: method, head and body.

        None where it is anything else, where its header lines were not met before, or where there is anything to
        object to in its first line: then the parser reads it. What is met here has passed it before, byte for byte, and
        the first line is held to no less than it and ``read`` hold it to.
        """
        line_end = data.find(_LINE_END)
        head_end = data.find(_HEAD_END, line_end)
        if not 0 < line_end < head_end <= HEAD_LIMIT:
            return None
        met = self._met.get(data[line_end:head_end])
        body_at = head_end + 4
        if met is None or len(data) - body_at != met.length:
            return None
        line = data[:line_end].split(b" ")
        if len(line) != 3 or line[2] != b"HTTP/1.1":
            return None
        method = _METHOD_NAMES.get(line[0])
        raw, _, query = line[1].partition(b"?")
        path = self._paths.get(raw)
        if method is None or path is None or query.translate(None, _QUERY) or (met.length and method == "GET"):
            return None
        head = Head(path, query, met.key, met.content_type, met.agent, met.forwarded, met.names)
        return method, head, data[body_at:]

    def remember(self, data: bytes, head: Head, body: bytes) -> None:
        """Note the header lines of a request that was read whole, of which ``data`` is every byte.

        Its connection is to be kept: of a request that ends it, or that follows or precedes another in the same bytes,
        nothing is noted.
        """
        line_end = data.find(_LINE_END)
        head_end = data.find(_HEAD_END, line_end)
        if not 0 < line_end < head_end <= line_end + LONGEST_MET or len(data) - head_end - 4 != len(body):
            return
        if len(self._met) >= MOST_MET:  # the lines are the client's to choose, so the memory for them is bounded
            self._met.clear()
        self._met[data[line_end:head_end]] = _Met(
            head.key, head.content_type, head.agent, head.forwarded, head.names, len(body)
        )
        path = head.path.encode("ascii")
        if len(self._paths) < MOST_LAYOUTS and len(path) < LONGEST_NAMES:
            self._paths[path] = head.path

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
