"""Routes that take no token, since who calls them has none: partners that report leaks, links in notices.

Each checks for itself who calls, by a signature over the raw body or by a single-use mark, and gets the request as it
came. Host, size, time and number of connections are bounded for them as for all.
"""

from collections.abc import Awaitable, Callable, Mapping

import msgspec


class OpenRequest(msgspec.Struct, frozen=True):
    """A request without a token. ``headers`` have lower-case names; ``source`` is the peer's address."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    source: str


class OpenAnswer(msgspec.Struct, frozen=True):
    """What it is answered with."""

    status: int = 204
    body: bytes = b""
    media_type: str = ""


Answering = Callable[[OpenRequest], Awaitable[OpenAnswer]]


class OpenRoute(msgspec.Struct, frozen=True):
    """Where one is mounted: a method and a path below the root, with names in braces, and who answers."""

    method: str
    path: str
    summary: str
    answer: Answering
