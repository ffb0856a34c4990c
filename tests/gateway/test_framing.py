"""What may come in over a client's connection, and what comes out."""

from typing import Any

import h11
import pytest
from fake_transport import FakeTransport
from hypothesis import given
from hypothesis import strategies as st
from odd_messages import HOST, KEY, MESSAGES, Message, get, post

from bailiwick.gateway import framing
from bailiwick.gateway.framing import Head, HeadReader
from bailiwick.gateway.server import QUEUE_LIMIT, ClientConnection, Listener


class Recorder:
    """Takes requests, and answers them when told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Head, bytes]] = []
        self.connections: list[ClientConnection] = []

    def handle(self, connection: ClientConnection, method: str, head: Head, body: bytes) -> None:
        self.taken.append((method, head, body))
        self.connections.append(connection)

    def answer(self, body: bytes = b"{}") -> None:
        self.connections.pop(0).respond(200, body)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Line:
    """One connection to a listener of its own."""

    def __init__(self, **limits: Any) -> None:
        self.recorder = Recorder()
        self.clock = Clock()
        self.listener = Listener(self.recorder, HeadReader(b"x-mbx-apikey"), self.clock, **limits)
        self.transport = FakeTransport()
        self.connection = self.listener.connection()
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]  # stands in for one

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)

    @property
    def status(self) -> int:
        return int(self.transport.written.split(b" ")[1])


def judged_by_h11(raw: bytes) -> bool:
    """Whether h11 reads the bytes as at least one whole request."""
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    reader.receive_data(raw)
    try:
        while True:
            event = reader.next_event()
            if isinstance(event, h11.EndOfMessage):
                return True
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return False
    except h11.RemoteProtocolError:
        return False


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_an_odd_message_has_its_one_answer(message: Message) -> None:
    """Each odd message is refused with its status and a closed connection, or taken as exactly one request."""
    line = Line()
    line.send(message.raw)
    if message.expected == "accept":
        assert [len(line.recorder.taken), line.transport.written] == [1, b""]
    else:
        assert [line.recorder.taken, line.status, line.transport.closed] == [[], message.expected, True]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_an_independent_reader_agrees_or_is_laxer(message: Message) -> None:
    """What h11 refuses is refused here too, and what it accepts is refused here only with a reason."""
    accepted = judged_by_h11(message.raw)
    if message.expected == "accept":
        assert accepted
    else:
        assert not accepted or message.stricter


def test_the_corpus_is_large() -> None:
    """At least sixty odd messages have their expected answer."""
    assert len(MESSAGES) >= 60


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_the_answer_does_not_depend_on_how_the_bytes_are_cut(message: Message) -> None:
    """Byte by byte a message has the same answer as in one piece."""
    line = Line()
    for at in range(len(message.raw)):
        if line.transport.closed:
            break
        line.send(message.raw[at : at + 1])
    if message.expected == "accept":
        assert len(line.recorder.taken) == 1
    else:
        assert [line.recorder.taken, line.status] == [[], message.expected]


class Crowd:
    """Connections to one listener, each for one message."""

    def __init__(self, met: list[bytes]) -> None:
        self.recorder = Recorder()
        self.listener = Listener(self.recorder, HeadReader(b"x-mbx-apikey"), Clock())
        for raw in met:
            self.answer(raw)

    def answer(self, raw: bytes) -> tuple[list[tuple[str, Head, bytes]], bytes, bool]:
        """What is taken of a message, what is written, and whether the connection is closed."""
        transport, connection = FakeTransport(), self.listener.connection()
        connection.connection_made(transport)  # type: ignore[arg-type]  # stands in for one
        self.recorder.taken.clear()
        connection.data_received(raw)
        return list(self.recorder.taken), transport.written, transport.closed


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_a_message_has_the_same_answer_when_its_headers_were_met_before(message: Message) -> None:
    """Header lines that are recalled rather than read again change nothing, whichever message was met before."""
    met = [other.raw for other in MESSAGES] + [message.raw]
    assert Crowd(met).answer(message.raw) == Crowd([]).answer(message.raw)


@given(
    st.sampled_from([message.raw for message in MESSAGES if message.expected == "accept" and len(message.raw) < 2000]),
    st.data(),
)
def test_a_changed_message_has_the_same_answer_when_the_whole_one_was_met_before(
    raw: bytes, data: st.DataObject
) -> None:
    """Whatever is changed in a message, one byte or some more or fewer: what was met before does not let it pass."""
    begin = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(begin, min(len(raw), begin + 3)))
    put = data.draw(
        st.sampled_from([b"", b"\r\n", b" ", b"\t", b":", b"\n", b"\r\n\r\n", b"GET ", b"\0", b"#", b"\xff", b"9", raw])
    )
    changed = raw[:begin] + put + raw[end:]
    assert Crowd([raw]).answer(changed) == Crowd([]).answer(changed)


def test_headers_are_recalled_only_for_a_request_that_is_whole_and_alone() -> None:
    """The header lines of a length and of a key are its own; a GET does not get a body by what a POST was sent with."""
    body = post(b"Content-Length: 3\r\n", b"a=1")
    heads = Crowd([body]).listener.heads
    recalled = heads.recall(body)
    assert recalled is not None
    assert [recalled[0], recalled[1].path, recalled[1].key, recalled[2]] == ["POST", "/api/v3/order", b"k", b"a=1"]
    others = [body[:-1], body + b"x", body + body, body.replace(b"POST", b"GET"), body.replace(b": k", b": l")]
    others += [
        body.replace(b"HTTP/1.1", b"HTTP/1.0"),
        body.replace(b"order", b"order?" + b"a" * 20_000),
        b"\r\n" + body,
    ]
    assert [heads.recall(other) for other in others] == [None] * len(others)
    closing = post(b"Connection: close\r\nContent-Length: 3\r\n", b"a=1")
    assert Crowd([closing]).listener.heads.recall(closing) is None


def test_what_is_met_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Header lines are noted up to a bound, and long ones never."""
    monkeypatch.setattr(framing, "MOST_MET", 10)
    crowd = Crowd([get(b"X-A: %d\r\n" % number) for number in range(25)])
    assert len(crowd.listener.heads._met) == 5
    crowd.answer(get(b"X-A: " + b"a" * 2000 + b"\r\n"))
    assert len(crowd.listener.heads._met) == 5


def test_requests_of_one_connection_are_taken_one_at_a_time() -> None:
    """The next request of a connection is handed over only when the one before it is answered."""
    line = Line()
    line.send(get() + post(b"Content-Length: 3\r\n", b"a=1") + get())
    assert [method for method, _, _ in line.recorder.taken] == ["GET"]
    line.recorder.answer()
    assert [method for method, _, _ in line.recorder.taken] == ["GET", "POST"]
    line.recorder.answer()
    line.recorder.answer()
    assert [line.transport.written.count(b"HTTP/1.1 200 OK"), len(line.recorder.taken)] == [3, 3]


def test_a_client_that_sends_ahead_is_no_longer_read() -> None:
    """A client that sends many requests ahead is paused, and read again once they are answered."""
    line = Line()
    line.send(get() * (QUEUE_LIMIT + 1))
    assert line.transport.paused
    for _ in range(QUEUE_LIMIT + 1):
        line.recorder.answer()
    assert not line.transport.paused


def test_a_client_that_does_not_read_is_not_read_either() -> None:
    """While the answers of a client pile up in the transport, nothing more is read from it."""
    line = Line()
    line.connection.pause_writing()
    assert line.transport.paused
    line.connection.resume_writing()
    assert not line.transport.paused


def test_garbage_behind_a_request_does_not_spoil_its_answer() -> None:
    """A request in hand is answered before the connection is closed for what followed it, which gets no answer."""
    line = Line()
    line.send(get() + b"garbage\r\n\r\n")
    assert [len(line.recorder.taken), line.transport.written] == [1, b""]
    line.recorder.answer(b'{"a":1}')
    assert line.transport.written.endswith(b'Connection: close\r\n\r\n{"a":1}')
    assert [line.transport.closed, line.transport.written.count(b"HTTP/1.1")] == [True, 1]


def test_connection_close_is_honoured() -> None:
    """A client that asks for it has its connection closed after the answer."""
    line = Line()
    line.send(get(b"Connection: close\r\n"))
    line.recorder.answer()
    assert [b"Connection: close" in line.transport.written, line.transport.closed] == [True, True]


def test_a_request_that_trickles_in_is_ended() -> None:
    """A request that is not whole after its time is answered 408 and closed."""
    line = Line(request_s=10)
    line.send(b"GET /api/v3/time HTTP/1.1\r\n")
    line.clock.now += 9
    line.listener.sweep()
    assert line.transport.written == b""
    line.clock.now += 2
    line.listener.sweep()
    assert [line.status, line.transport.closed] == [408, True]


def test_a_silent_connection_is_closed() -> None:
    """A connection without a request in hand is closed after its idle time, one with a request is not."""
    idle, busy = Line(idle_s=75), Line(idle_s=75)
    busy.send(get())
    for line in (idle, busy):
        line.clock.now += 80
        line.listener.sweep()
    assert [idle.transport.closed, busy.transport.closed] == [True, False]


def test_connections_are_counted_per_address() -> None:
    """An address that has its share of connections gets no more, and gets one again when another ends."""
    line = Line(most_per_address=1)
    second = line.listener.connection()
    transport = FakeTransport()
    second.connection_made(transport)  # type: ignore[arg-type]  # stands in for one
    assert transport.closed
    second.connection_lost(None)
    line.connection.connection_lost(None)
    third = line.listener.connection()
    again = FakeTransport()
    third.connection_made(again)  # type: ignore[arg-type]  # stands in for one
    assert not again.closed


def test_the_fingerprint_keeps_the_order_and_spelling_of_header_names() -> None:
    """Header names reach the handler as the client spelled and ordered them."""
    line = Line()
    line.send(b"GET /api/v3/time HTTP/1.1\r\nhost: a\r\nUser-Agent: bot/1\r\nACCEPT: */*\r\n\r\n")
    _, head, _ = line.recorder.taken[0]
    assert [head.names, head.agent] == [b"host,User-Agent,ACCEPT", b"bot/1"]


def test_nothing_is_answered_twice_after_the_client_has_gone() -> None:
    """An answer for a client that has gone is dropped without a fault."""
    line = Line()
    line.send(get())
    line.connection.connection_lost(None)
    line.recorder.answer()
    assert line.transport.written == b""


def test_the_key_is_the_value_of_the_one_key_header() -> None:
    """The key header is found in any spelling of its name."""
    line = Line()
    line.send(b"GET /api/v3/account HTTP/1.1\r\n" + HOST + KEY.replace(b"X-MBX-APIKEY", b"x-MbX-aPiKeY") + b"\r\n")
    assert line.recorder.taken[0][1].key == b"k"
