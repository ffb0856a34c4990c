"""A drill over real sockets, against something that answers as a gateway does."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bailiwick.drill.live import Gate, LiveError, Sent, attack, forwarded
from bailiwick.model.secret import Secret
from bailiwick.sandbox.market.scenario import scenario_from_toml

SECRET = Secret(b"the key's secret")
PASSED = 2
SCENARIO = scenario_from_toml(
    """
name = "small"
title = "A small pump"
hours = 1

[crowd]
keys = 60
services = 2

[detail]
before_minutes = 2
after_minutes = 3
tick_ms = 5000

[[attack]]
kind = "pump"
symbol = "GLMUSDT"
choose = "rich"
at_minutes = 10
minutes = 2
leak_rank = 0
victims = 2
order_worth = 500
"""
)


class Answering(BaseHTTPRequestHandler):
    """Lets a few orders pass, and holds the others; keeps what it was sent."""

    asked: list[tuple[str, str, str]] = []  # noqa: RUF012  (a list for each server)
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say(200, '{"symbol":"GLMUSDT","bidPrice":"0.50","askPrice":"0.52"}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = self.path.partition("?")[2]
        self.asked.append((self.headers["X-MBX-APIKEY"], query or body, self.path.partition("?")[0]))
        if len(self.asked) <= PASSED:
            self._say(200, '{"symbol":"GLMUSDT","orderId":1}')
        else:
            self._say(400, '{"code":-2010,"msg":"no. [bailiwick HELD]"}')

    def _say(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def gateway() -> Iterator[HTTPServer]:
    """It listens."""
    Answering.asked = []
    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_thief_signs_and_heeds_what_he_is_told(gateway: HTTPServer) -> None:
    """Each order goes out signed with the key that was given, under a name of its own, and what passed is counted."""
    told: list[Sent] = []
    gate = Gate(f"http://127.0.0.1:{gateway.server_port}", "the-key", SECRET)
    sent = attack(SCENARIO, 2, gate, 1000.0, told.append)
    assert sent == told
    assert forwarded(sent) == PASSED
    assert [each.reason for each in sent[: PASSED + 1]] == ["", "", "HELD"]
    names = []
    for key, signed, path in Answering.asked:
        payload, _, signature = signed.rpartition("&signature=")
        right = hmac.new(SECRET.reveal(), payload.encode(), hashlib.sha256).hexdigest()
        assert (key, signature, path) == ("the-key", right, "/api/v3/order")
        names += [part for part in payload.split("&") if part.startswith("newClientOrderId=")]
    assert len(set(names)) == len(names) == len(sent)


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1:80", "https://127.0.0.1:80", "http://exchange.example", "127.0.0.1:80", "http://0.0.0.0"]
)
def test_nobody_else_is_attacked(url: str) -> None:
    """What is not a gateway of this machine is refused before a socket is opened."""
    with pytest.raises(LiveError, match="no gateway of this machine"):
        Gate(url, "key", SECRET)


def test_a_gateway_that_is_down_is_said_to_be() -> None:
    """Where nobody listens, the message says so."""
    with pytest.raises(LiveError, match="does not answer"):
        Gate("http://127.0.0.1:9", "key", SECRET).price("GLMUSDT")
