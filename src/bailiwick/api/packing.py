"""Answers compressed (gzip) for whoever takes them so.

Compressed are the pages, which are the same for everybody, and what is read by GET of parties, keys and the journal.
Never compressed is what carries a credential or what stands for one: signing in, sessions (whose answer has what a page
says beside its cookie), tokens, people, an owner's channels and notices, and every act, since the answer to one tells
a new key's secret. Where an answer holds a secret beside something that a stranger chooses, its compressed length tells
of the secret (BREACH), and no encryption hides a length.
"""

import asyncio
import gzip
from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from bailiwick.api.row import Row
from bailiwick.model.token import Subject

LEAST_BYTES = 1_400  # what one packet holds anyway
LEVEL = 5
_CREDENTIALS = frozenset({Subject.TOKEN, Subject.PERSON, Subject.OWNER, Subject.NOTICE, Subject.VAULT})


def may_pack(row: Row) -> bool:
    """Whether the answers of this route may be compressed."""
    return row.method == "GET" and not row.file and row.subject not in _CREDENTIALS


def takes_gzip(sent: Iterable[str]) -> bool:
    """Whether a client takes gzip, by its ``Accept-Encoding``: named, and not with the weight 0."""
    for each in ",".join(sent).lower().split(","):
        name, _, weight = each.strip().partition(";")
        if name.strip() == "gzip":
            return weight.strip().replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def varied(request: Request, body: bytes, packed: bytes | None, headers: Mapping[str, str], kind: str) -> Response:
    """The answer in the form that this client takes."""
    vary = {**headers, "Vary": "Accept-Encoding", "Content-Type": kind}
    if packed is None or not takes_gzip(request.headers.getlist("accept-encoding")):
        return Response(body, headers=vary)
    return Response(packed, headers={**vary, "Content-Encoding": "gzip"})


async def answered(request: Request, row: Row, body: bytes, headers: Mapping[str, str]) -> Response:
    """An answer in JSON, compressed where it may be, is long enough, and is taken so."""
    if not may_pack(row):
        return Response(body, headers=dict(headers), media_type="application/json")
    packed = None
    if len(body) >= LEAST_BYTES and takes_gzip(request.headers.getlist("accept-encoding")):
        packed = await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)
    return varied(request, body, packed, headers, "application/json")
