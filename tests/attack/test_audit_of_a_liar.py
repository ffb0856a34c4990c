"""An audit asks whoever answers at the exchange's address: what that one says must neither harm nor convince."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from bailiwick.audit import caller, venues
from bailiwick.audit.caller import LONGEST_ANSWER, Unreachable
from bailiwick.audit.facts import Need
from bailiwick.audit.question import AuditKey, Question, Refused
from bailiwick.audit.report import report_of
from bailiwick.model.secret import Secret

NOW = 1_790_000_000_000
ASKED = Question("GET", "/x", ())
BODIES = (
    b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"result":' * 50_000, b'{"a":' * 900 + b"1" + b"}" * 900,
    b'{"msg": "\\u001b[2Jall is well", "code": -1}', b'{"error": ["\\u001b]0;all is well\\u0007"]}',
    b'{"retCode": 5, "retMsg": "\\u001b[31m"}', b'{"code": "200000", "data": {"createdAt": ' + b"9" * 5000 + b"}}",
    b'{"ipRestrict": false, "enableReading": true, "createTime": 1, "tradingAuthorityExpirationTime": ' + b"9" * 31
    + b"}",
    b'{"error": [], "result": {"permissions": ["\\u001b[1m"], "createdTime": "253402300799", "lastUsed": "'
    + b"9" * 5000 + b'"}}',
    b'{"retCode": 0, "result": {"permissions": {"\\u001b[1m": ["\\u001b[1m"]}, "createdAt": "9999-12-31T23:59:59Z"}}',
    b'{"can_view": true, "can_trade": "\\u001b", "can_transfer": {}}',
)  # fmt: skip


@contextlib.contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on loopback that does this with each connection once a request has come; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65_536)
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.close()
        thread.join(5)


def saying(text: bytes) -> Callable[[socket.socket], None]:
    """It sends these bytes and closes."""
    return lambda connection: connection.sendall(text)


@pytest.mark.parametrize("name", venues.VENUES)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_no_answer_breaks_a_grader_or_reaches_a_terminal(name: str, status: int) -> None:
    """Whatever is answered is either refused or graded; no text of it holds what a terminal would act on."""
    venue = venues.VENUES[name]
    for body in BODIES:
        try:
            report = report_of(venue, venue.read(status, body), Need.TRADE, NOW, of="main", api_key="k")
            told = [report.sentence, report.advice, *(f"{each.sentence} {each.remedy}" for each in report.verdicts)]
        except Refused as refused:
            told = [str(refused)]
        assert [text for text in told if not text.isprintable() or len(text) > 2000] == []


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"307 Temporary Redirect"])
def test_a_signed_question_is_led_nowhere(status: bytes) -> None:
    """An address that points elsewhere is refused with what to look at: a signed request goes nowhere else."""
    key = AuditKey("k" * 16, Secret(b"s" * 16))
    said = b"HTTP/1.1 " + status + b"\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\n{}"
    with answering(saying(said)) as base, pytest.raises(Refused, match="points elsewhere"):
        caller.inspect(venues.VENUES["binance"], key, base_url=base, now_ms=NOW)


def test_what_an_error_says_of_a_key_is_not_believed() -> None:
    """The rights of a key in an answer that is no success are no facts."""
    body = b'{"retCode": 0, "result": {"permissions": {}}}'
    said = b"HTTP/1.1 500 Oops\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    key = AuditKey("k" * 16, Secret(b"s" * 16))
    with answering(saying(said)) as base, pytest.raises(Refused, match="not believed"):
        caller.inspect(venues.VENUES["bybit"], key, base_url=base, now_ms=NOW)


@pytest.mark.parametrize(
    "said",
    [
        b"", b"\x00" * 100, b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a number\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LONGEST_ANSWER + 2),
    ],
    ids=["nothing", "zeros", "no-status", "cut-off", "many-lines", "long-line", "bad-chunk", "huge"],
)  # fmt: skip
def test_what_is_no_answer_is_an_exchange_that_does_not_answer(said: bytes) -> None:
    """Nothing, half of it, far too much or no HTTP: nothing is known of the key, and that is what is said."""
    with answering(saying(said)) as base, pytest.raises(Unreachable):
        caller.send(base, ASKED)


def test_who_drips_is_not_waited_for() -> None:
    """A byte now and then, in the head as in the body, ends when the whole time is over, however patient the pauses."""
    for head in (b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"):
        ended = threading.Event()

        def drip(connection: socket.socket, head: bytes = head, ended: threading.Event = ended) -> None:
            connection.sendall(head)
            while not ended.wait(0.02):
                connection.sendall(b"x")

        begun = time.monotonic()
        with answering(drip) as base:
            with pytest.raises(Unreachable):
                caller.send(base, ASKED, patience_s=5, whole_s=0.2)
            ended.set()
        assert time.monotonic() - begun < 3
