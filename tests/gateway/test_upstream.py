"""Connections to a venue: what is believed, what is dropped, and what is never repeated."""

import pytest
from fake_transport import FakeTransport

from bailiwick.gateway.upstream import Connection, Failure, Origin, Pool
from bailiwick.model.request import Outgoing

ORDER = Outgoing(b"POST", b"/api/v3/order", b"X-MBX-APIKEY: k\r\n", b"symbol=BTCUSDT")
READ = Outgoing(b"GET", b"/api/v3/account?timestamp=1", b"X-MBX-APIKEY: k\r\n", b"")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Mbx-Used-Weight-1m: 7\r\n\r\n{}"


class Waiting:
    """Awaits one answer."""

    def __init__(self) -> None:
        self.got: list[object] = []

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        self.got.append((status, body))
        self.head = head

    def failed(self, failure: Failure) -> None:
        self.got.append(failure)


class Side:
    """A pool with one idle connection, without sockets."""

    def __init__(self, **limits: float) -> None:
        self.now = 100.0
        self.pool = Pool(Origin("exchange.test", 9000, None, **limits), lambda: self.now)  # type: ignore[arg-type]
        self.connection = Connection(self.pool)
        self.transport = FakeTransport()
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]  # stands in for one
        self.pool.released(self.connection)

    def send(self, outgoing: Outgoing = ORDER) -> Waiting:
        waiting = Waiting()
        self.pool.send(outgoing, waiting)
        return waiting


def test_a_request_is_written_anew_with_our_own_length() -> None:
    """Host and Content-Length are the connection's own; an order's body follows its head."""
    side = Side()
    side.send()
    assert side.transport.written == (
        b"POST /api/v3/order HTTP/1.1\r\nHost: exchange.test:9000\r\nX-MBX-APIKEY: k\r\n"
        b"Content-Length: 14\r\n\r\nsymbol=BTCUSDT"
    )


def test_a_connection_serves_one_request_after_the_other() -> None:
    """An answered connection is kept and used again."""
    side = Side()
    first = side.send()
    side.connection.data_received(ANSWER)
    second = side.send()
    side.connection.data_received(ANSWER)
    assert [first.got, second.got, side.transport.closed] == [[(200, b"{}")], [(200, b"{}")], False]


def test_an_answer_may_come_byte_by_byte() -> None:
    """An answer cut anywhere is the same answer."""
    side = Side()
    waiting = side.send()
    for at in range(len(ANSWER)):
        side.connection.data_received(ANSWER[at : at + 1])
    assert [waiting.got, waiting.head] == [[(200, b"{}")], ANSWER[: -len(b"\r\n\r\n{}")]]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ANSWER + b"H", id="one byte too many"),
        pytest.param(ANSWER + ANSWER, id="two answers"),
        pytest.param(b"HTP/1.1 200 OK\r\n\r\n", id="no HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", id="two lengths"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", id="two framings"
        ),
    ],
)
def test_what_cannot_be_read_in_one_way_is_an_unknown_outcome(answer: bytes) -> None:
    """A surplus or unparsable byte drops the connection, and the request in flight has an unknown outcome."""
    side = Side()
    waiting = side.send()
    side.connection.data_received(answer)
    assert [waiting.got, side.transport.closed] == [[Failure.UNKNOWN], True]


def test_unsolicited_bytes_drop_the_connection() -> None:
    """A byte on an idle connection could be taken for the next answer: the connection is dropped."""
    side = Side()
    side.connection.data_received(ANSWER)
    assert side.transport.closed


def test_half_an_answer_is_an_unknown_outcome() -> None:
    """A connection that ends in the middle of an answer leaves the outcome unknown."""
    side = Side()
    waiting = side.send()
    side.connection.data_received(ANSWER[:-1])
    side.connection.connection_lost(None)
    assert waiting.got == [Failure.UNKNOWN]


def test_a_lost_request_is_reported_once_and_never_repeated() -> None:
    """After a reset nothing is sent a second time, and whoever waits is told once."""
    side = Side()
    waiting = side.send()
    sent = side.transport.written
    side.connection.connection_lost(ConnectionResetError())
    side.connection.connection_lost(None)
    assert [waiting.got, side.transport.written] == [[Failure.UNKNOWN], sent]


def test_an_answer_that_does_not_come_is_an_unknown_outcome() -> None:
    """A request that is not answered in time is given up with its connection."""
    side = Side(wait_s=10)
    waiting = side.send()
    side.now += 9
    side.pool.sweep()
    assert waiting.got == []
    side.now += 2
    side.pool.sweep()
    assert [waiting.got, side.transport.closed] == [[Failure.UNKNOWN], True]


def test_an_answer_that_closes_ends_its_connection() -> None:
    """A venue that says close is not sent another request on that connection."""
    side = Side()
    waiting = side.send()
    side.connection.data_received(ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert [waiting.got, side.transport.closed] == [[(200, b"{}")], True]


def test_an_interim_answer_is_not_the_answer() -> None:
    """A 1xx answer is passed over; the one that follows is taken."""
    side = Side()
    waiting = side.send()
    side.connection.data_received(b"HTTP/1.1 102 Processing\r\n\r\n" + ANSWER)
    assert waiting.got == [(200, b"{}")]


def test_an_endless_answer_is_cut_off() -> None:
    """An answer beyond the limit drops the connection instead of filling the memory."""
    side = Side(limit=1000)
    waiting = side.send()
    side.connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"a" * 2000)
    assert [waiting.got, side.transport.closed] == [[Failure.UNKNOWN], True]


@pytest.mark.parametrize("step", [1_000, 1 << 20])
def test_an_endless_head_is_cut_off(step: int) -> None:
    """A head beyond the limit drops the connection, however it comes and whether or not it ever ends."""
    side = Side()
    waiting = side.send()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + b"X: y\r\n" * 20_000 + b"\r\n{}"
    for at in range(0, len(answer), step):
        if side.transport.closed:
            break
        side.connection.data_received(answer[at : at + step])
    assert [waiting.got, side.transport.closed] == [[Failure.UNKNOWN], True]


def test_the_head_of_the_answer_is_not_that_of_an_interim_one() -> None:
    """What is handed on with an answer is its own head, and not a line of its body."""
    side = Side()
    waiting = side.send()
    body = b"{}\r\n\r\nretry-after: 9\r\n"
    interim = b"HTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\n\r\n"
    side.connection.data_received(interim * 2 + b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    assert [waiting.got, waiting.head] == [[(200, body)], b"HTTP/1.1 200 OK\r\nContent-Length: %d" % len(body)]


async def test_a_venue_that_refuses_connections_was_sent_nothing(unused_tcp_port: int) -> None:
    """When no connection can be made the request is reported as not sent, so that nothing stays reserved."""
    pool = Pool(Origin("127.0.0.1", unused_tcp_port, None, connect_s=1), lambda: 0.0)
    waiting = Waiting()
    pool.send(ORDER, waiting)
    for task in list(pool.tasks):
        await task
    assert waiting.got == [Failure.NOT_SENT]


def test_a_closed_pool_sends_nothing() -> None:
    """After closing, a request is reported as not sent."""
    side = Side()
    side.pool.close()
    assert [side.send().got, side.transport.closed] == [[Failure.NOT_SENT], True]


def test_old_idle_connections_are_not_trusted() -> None:
    """A connection that has been silent for long is dropped rather than risked for an order."""
    side = Side()
    side.now += 60
    first = side.transport
    other = Connection(side.pool)
    other.connection_made(FakeTransport())  # type: ignore[arg-type]  # stands in for one
    side.pool._idle.insert(0, other)
    other.idle_since = side.now
    side.send()
    assert first.closed
