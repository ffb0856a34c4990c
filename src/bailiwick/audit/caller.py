"""The one way to an exchange: one request over verified TLS, no redirect followed, nothing repeated."""

import contextlib
import http.client
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from bailiwick.audit.facts import KeyFacts
from bailiwick.audit.question import AuditKey, AuditVenue, Question, Refused

LONGEST_ANSWER: Final = 1 << 20
PATIENCE_S: Final = 10.0
WHOLE_S: Final = 20.0
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
    if 300 <= status < 400:
        raise Refused(
            f"it answered {status}, which points elsewhere; no key is sent after it: check the venue's address"
        )
    facts = venue.read(status, body)
    if status != HTTPStatus.OK:
        raise Refused(f"it answered {status}, so that what it says of the key is not believed; try again later")
    return facts


def send(
    base_url: str,
    question: Question,
    *,
    patience_s: float = PATIENCE_S,
    whole_s: float = WHOLE_S,
    local: str | None = None,
) -> tuple[int, bytes]:
    """Send one request; status and body of the answer.

    Args:
        base_url: where to.
        question: what is sent.
        patience_s: how long the other side may be silent at a time.
        whole_s: how long all of it may take: who sends a byte now and then is not waited for.
        local: the address of this machine that it leaves from.

    Raises:
        Unreachable: if there is none, or it is far too long.
        Refused: if it would have to leave in the clear.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise Refused(f"{base_url[:100]}: a key is asked about over https only; plain http is for this machine")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port)  # it is given its socket below, so that the time of all of it can be bounded
    with contextlib.ExitStack() as ended:
        ended.callback(connection.close)
        try:
            plain = socket.create_connection((host, port), patience_s, (local, 0) if local else None)
            over = ended.enter_context(_cut_off(plain, whole_s))
            connection.sock = plain if parts.scheme == "http" else _encrypted(plain, host)
            connection.request(question.method, question.target, question.body or None, dict(question.headers))
            answer = connection.getresponse()
            body = answer.read(LONGEST_ANSWER + 1)
            if over.is_set() or (answer.length and len(body) <= LONGEST_ANSWER):
                raise http.client.IncompleteRead(b"")
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Unreachable(f"{host} does not answer ({type(error).__name__}); try again when it does") from None
    if len(body) > LONGEST_ANSWER:
        raise Unreachable(f"{host} answered more than {LONGEST_ANSWER} bytes; that is no answer of its")
    return answer.status, body


def _encrypted(plain: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


@contextlib.contextmanager
def _cut_off(plain: socket.socket, after_s: float) -> Iterator[threading.Event]:
    """End a connection after so long, whoever reads from it by then and under whatever name; set once it was ended."""
    again = plain.dup()  # the same connection, and one that nobody else closes
    over = threading.Event()

    def cut() -> None:
        over.set()
        with contextlib.suppress(OSError):
            again.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(after_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
        timer.join()
        again.close()
