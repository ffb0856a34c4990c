"""The one way to an exchange: one request over verified TLS, no redirect followed, nothing repeated."""

import http.client
import secrets
import ssl
import time
from typing import Final
from urllib.parse import urlsplit

from bailiwick.audit.facts import KeyFacts
from bailiwick.audit.question import AuditKey, AuditVenue, Question, Refused

LONGEST_ANSWER: Final = 1 << 20
PATIENCE_S: Final = 10.0
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Unreachable(Exception):
    """The exchange did not answer; nothing is known of the key."""


def inspect(
    venue: AuditVenue, key: AuditKey, *, base_url: str = "", now_ms: int | None = None, local: str | None = None
) -> KeyFacts:
    """Ask an exchange what a key may do. Blocks: from an event loop, call it in a thread.

    Args:
        venue: the exchange.
        key: the key that asks about itself.
        base_url: another address than the exchange's own, such as a rehearsal's.
        now_ms: the exchange's clock, where it is known better than this machine's.
        local: the address of this machine that the request leaves from.

    Raises:
        Unreachable: if it does not answer in time.
        Refused: if it answers and does not tell.
        UnfitKey: if the key cannot sign.
    """
    base = base_url or venue.base_url
    host = urlsplit(base).netloc
    moment = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    status, body = send(base, venue.question(key, host, moment, secrets.token_hex(16)), local=local)
    return venue.read(status, body)


def send(
    base_url: str, question: Question, *, patience_s: float = PATIENCE_S, local: str | None = None
) -> tuple[int, bytes]:
    """Send one request; status and body of the answer.

    Raises:
        Unreachable: if there is none, or it is far too long.
        Refused: if it would have to leave in the clear.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    source = (local, 0) if local else None
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=patience_s, source_address=source, context=ssl.create_default_context()
        )
    elif parts.scheme == "http" and host in LOOPBACK:
        connection = http.client.HTTPConnection(host, parts.port, timeout=patience_s, source_address=source)
    else:
        raise Refused(f"{base_url[:100]}: a key is asked about over https only; plain http is for this machine")
    try:
        connection.request(question.method, question.target, question.body or None, dict(question.headers))
        answer = connection.getresponse()
        body = answer.read(LONGEST_ANSWER + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{host} does not answer ({type(error).__name__}); try again when it does") from None
    finally:
        connection.close()
    if len(body) > LONGEST_ANSWER:
        raise Unreachable(f"{host} answered more than {LONGEST_ANSWER} bytes; that is no answer of its")
    return answer.status, body
