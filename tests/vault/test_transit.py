"""The transit engine of OpenBao or Vault as the place that wraps the keyring, against a local one."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bailiwick.model.secret import Secret
from bailiwick.vault.errors import CustodyError
from bailiwick.vault.keyringfile import make_keyring, open_keyring
from bailiwick.vault.transit import Transit

TOKEN = Secret(b"s.transit-token")


class Engine(BaseHTTPRequestHandler):
    """Answers as the published API says; ``said`` overrides an answer."""

    said: tuple[int, bytes] | None = None
    asked: list[str]

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(self.path)
        status, body = type(self).said or self.answer(question)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, question: dict[str, str]) -> tuple[int, bytes]:
        if self.headers["X-Vault-Token"] != "s.transit-token":
            return 403, b'{"errors":["permission denied"]}'
        if self.path == "/v1/transit/encrypt/bailiwick":
            turned = base64.b64encode(base64.b64decode(question["plaintext"])[::-1]).decode()
            return 200, json.dumps({"data": {"ciphertext": f"vault:v1:{turned}", "key_version": 1}}).encode()
        if self.path == "/v1/transit/decrypt/bailiwick":
            turned = base64.b64decode(question["ciphertext"].removeprefix("vault:v1:"))[::-1]
            return 200, json.dumps({"data": {"plaintext": base64.b64encode(turned).decode()}}).encode()
        return 404, b"{}"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def address() -> Iterator[str]:
    Engine.said, Engine.asked = None, []
    with HTTPServer(("127.0.0.1", 0), Engine) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_keyring_is_unwrapped_once_at_start(address: str, tmp_path: Path) -> None:
    """The keyring is wrapped by the engine and opened with one question to it."""
    transit = Transit(address, "bailiwick", TOKEN)
    made = make_keyring(tmp_path / "vault.ring", transit, source="transit")
    Engine.asked.clear()
    assert open_keyring(tmp_path / "vault.ring", transit).current.id == made.current.id
    assert Engine.asked == ["/v1/transit/decrypt/bailiwick"]


def test_a_refusal_of_the_engine_is_told(address: str) -> None:
    """A wrong token and a wrong key name say what to check, and never quote the token."""
    for transit, status in (
        (Transit(address, "bailiwick", Secret(b"s.wrong")), "403"),
        (Transit(address, "other", TOKEN), "404"),
    ):
        with pytest.raises(CustodyError, match=f"answered {status}") as caught:
            transit.wrap(Secret(b"ring"))
        assert "s." not in str(caught.value).replace("is it", "")


@pytest.mark.parametrize(
    "said",
    [
        (200, b"<html>"),
        (200, b"{}"),
        (200, b'{"data":{}}'),
        (200, b'{"data":{"plaintext":"***","ciphertext":"***"}}'),
        (307, b""),
        (500, b"{}"),
    ],
)
def test_nonsense_is_not_believed(address: str, said: tuple[int, bytes]) -> None:
    """An answer that is none, a redirection and a failure are refusals, not keys."""
    Engine.said = said
    transit = Transit(address, "bailiwick", TOKEN)
    with pytest.raises(CustodyError):
        transit.unwrap(b"vault:v1:AAAA")
    with pytest.raises(CustodyError):
        transit.wrap(Secret(b"ring"))


def test_an_absent_engine_is_told(address: str) -> None:
    """When nothing listens, the refusal says so."""
    with pytest.raises(CustodyError, match="is it running"):
        Transit("http://127.0.0.1:1", "bailiwick", TOKEN).unwrap(b"vault:v1:AAAA")


def test_a_keyring_of_another_source_is_not_sent(address: str) -> None:
    """Bytes that no transit engine made are not sent to one."""
    with pytest.raises(CustodyError, match="check its source"):
        Transit(address, "bailiwick", TOKEN).unwrap(b"\x00" * 60)
    assert Engine.asked == []


@pytest.mark.parametrize(
    ("address", "key", "mount", "why"),
    [
        ("http://vault.example:8200", "k", "transit", "use https"),
        ("http://192.0.2.1:8200", "k", "transit", "use https"),
        ("ftp://127.0.0.1", "k", "transit", "https://host:port"),
        ("https://127.0.0.1/v1", "k", "transit", "https://host:port"),
        ("https://", "k", "transit", "https://host:port"),
        ("https://127.0.0.1", "../sys/seal", "transit", "plain name"),
        ("https://127.0.0.1", "a?b", "transit", "plain name"),
        ("https://127.0.0.1", "k", "a b", "plain name"),
    ],
)
def test_an_unsafe_address_is_refused(address: str, key: str, mount: str, why: str) -> None:
    """The token is not sent in the clear over a network, and no name escapes its place in the path."""
    with pytest.raises(CustodyError, match=why):
        Transit(address, key, TOKEN, mount=mount)


@pytest.mark.parametrize("token", [b"s.line\n", b"s.\xff", b"s.\r\nX-Other: y"])
def test_a_token_that_is_no_header_value_is_refused(token: bytes) -> None:
    """A token with a line end or other bytes is refused at once, without being quoted."""
    with pytest.raises(CustodyError, match="printable ASCII") as caught:
        Transit("https://localhost", "k", Secret(token))
    assert "s." not in str(caught.value)


def test_the_engine_shows_no_token() -> None:
    """Its repr names the place and not the token."""
    assert repr(Transit("https://localhost", "k", TOKEN)) == "Transit(localhost:8200/transit/k)"
