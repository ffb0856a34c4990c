"""What stands before every route: the host, the size, the kind and the form of what is sent and answered."""

import asyncio
import socket
from pathlib import Path

import msgspec
import pytest
from api_house import HOST, ApiHouse

from bailiwick.api import gate, uvicornserver
from bailiwick.api.app import make_app
from bailiwick.api.rates import Rates
from bailiwick.api.server import ApiServer, hosts_of
from bailiwick.authority.openroutes import OpenAnswer, OpenRequest, OpenRoute
from bailiwick.config import Api
from bailiwick.link.wire import LinkError


@pytest.mark.parametrize(
    "host", ["evil.example:8082", "127.0.0.1:9999", "127.0.0.1", "", "127.0.0.1:8082.evil.example"]
)
async def test_another_host_is_refused(host: str, house: ApiHouse) -> None:
    """A page whose own name points at this machine reaches nothing, not even the document."""
    for path in ("/v1/status", "/v1/openapi.json"):
        assert (await house.call("GET", path, headers={"Host": host})).status == 421


async def test_a_browser_is_given_nothing(house: ApiHouse) -> None:
    """No cookies, no CORS, no framing, no caching: a page elsewhere can neither ask nor read."""
    answer = await house.call("GET", "/v1/status", headers={"Origin": "https://evil.example"})
    assert {name for name in answer.headers if name.startswith(("access-control", "set-cookie"))} == set()
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert (await house.call("OPTIONS", "/v1/status", headers={"Origin": "https://evil.example"})).status == 405


async def test_a_body_is_bounded(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too much, announced or not, is refused before it is read as anything; so is what is not JSON."""
    big = b"x" * (gate.MOST_BODY_BYTES + 1)
    assert (await house.call("POST", "/v1/keys", raw=big)).status == 413
    announced = await house.call("POST", "/v1/keys", raw=b"{}", headers={"Content-Length": str(len(big))})
    assert announced.status == 413
    form = await house.call(
        "POST", "/v1/keys", raw=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (form.status, form.headers["content-type"]) == (415, "application/problem+json")


async def test_two_tokens_are_none(house: ApiHouse) -> None:
    """A request with two Authorization headers is nobody's: which of them a proxy believed is unknown."""
    raw = [(b"host", HOST.encode())] + [(b"authorization", f"Bearer {house.tokens['ops']}".encode())] * 2
    scope = {"type": "http", "method": "GET", "path": "/v1/status", "headers": raw, "query_string": b"", "state": {}}
    assert (await house.speak(scope, b"")).status == 401


async def test_a_problem_names_field_and_remedy(house: ApiHouse) -> None:
    """Whether a model or the authority refuses: RFC 9457, with the field, what is wrong, and what to do."""
    missing = await house.call("POST", "/v1/keys", body={"account": "main"})
    spelt = await house.call("POST", "/v1/accounts/main/freeze", body={"reson": "x"})
    grant = await house.call("POST", "/v1/keys", body={"account": "main", "service": "bot", "grant": "purpose = 1"})
    assert [each.headers["content-type"] for each in (missing, spelt, grant)] == ["application/problem+json"] * 3
    assert [each["field"] for each in missing.json["errors"]] == ["service", "grant"]
    assert (spelt.json["errors"][0]["field"], "spelling" in spelt.json["remedy"]) == ("reson", True)
    assert (grant.status, grant.json["errors"][0]["field"], bool(grant.json["remedy"])) == (422, "purpose", True)


async def test_what_is_unknown_is_a_problem_too(house: ApiHouse) -> None:
    """Paths and methods that are not served are told in the same form."""
    for method, path, status in (("GET", "/v1/nothing", 404), ("GET", "/", 404), ("PUT", "/v1/status", 405)):
        answer = await house.call(method, path)
        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_the_document_is_openapi_3_1(house: ApiHouse) -> None:
    """The document is served without a token, is of version 3.1, and knows secrets for what they are."""
    answer = await house.call("GET", "/v1/openapi.json", token="")
    secret = answer.json["components"]["schemas"]["NewCredentialBody"]["properties"]["secret"]
    assert (answer.json["openapi"], secret["format"], secret["writeOnly"]) == ("3.1.0", "password", True)


async def test_a_page_names_the_next(house: ApiHouse) -> None:
    """Where there is more, the Link header has the address of the next page."""
    answer = await house.call("GET", "/v1/tokens?limit=2")
    assert answer.headers["link"] == '<http://127.0.0.1:8082/v1/tokens?limit=2&after=ada.bot>; rel="next"'


async def test_a_fault_says_nothing(house: ApiHouse, capsys: pytest.CaptureFixture[str]) -> None:
    """A surprise is a 500 without its words, which might quote a secret; the log has kind and place."""

    def fail(question: object) -> None:
        raise RuntimeError("canary words")

    house.gateway.before_answer = fail
    answer = await house.call("GET", "/v1/status")
    assert (answer.status, b"canary" in answer.body) == (500, False)
    logged = capsys.readouterr().err
    assert ("RuntimeError" in logged, "canary" in logged) == (True, False)


async def test_an_open_route_needs_no_token(house: ApiHouse) -> None:
    """Who reports a leak has no token: an open route gets the raw body, and everything around it needs one still."""
    seen: list[OpenRequest] = []

    async def take(request: OpenRequest) -> OpenAnswer:
        seen.append(request)
        return OpenAnswer(204)

    route = OpenRoute("POST", "/leaks/github", "Take reports of leaks", take)
    house.app = make_app(house.desk, house.store, house.desk.tokens.recognise, [HOST], [route])
    answer = await house.call("POST", "/leaks/github", token="", raw=b"[1]", headers={"X-Mark": "m"})
    assert (answer.status, seen[0].body, seen[0].headers["x-mark"]) == (204, b"[1]", "m")
    assert (await house.call("GET", "/v1/status", token="")).status == 401


# Over a real socket


def server_on(house: ApiHouse, listen: str) -> ApiServer:
    """A server of this house on this address."""
    config = msgspec.structs.replace(house.config, api=Api(listen=listen))
    return ApiServer(config, house.desk, house.store)


async def exchange(address: tuple[str, int], sent: bytes) -> bytes:
    """What a server answers to these bytes, until it closes."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(sent)
    async with asyncio.timeout(10):
        got = await reader.read()
    writer.close()
    return got


async def test_it_serves_over_a_socket(house: ApiHouse) -> None:
    """The server answers on its port, says nothing of its make, and ends when told to."""
    server = server_on(house, "127.0.0.1:0")
    await server.start()
    assert server.address is not None
    host = f"127.0.0.1:{server.address[1]}"
    head = f"GET /v1/status HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {house.tokens['ops']}\r\n"
    got = await exchange(server.address, f"{head}Connection: close\r\n\r\n".encode())
    await server.close()
    assert got.startswith(b"HTTP/1.1 200") and msgspec.json.decode(got.partition(b"\r\n\r\n")[2])["ready"] is True
    assert b"server:" not in got.lower()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*server.address)


async def test_a_silent_client_is_not_waited_for(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that never finishes its request's head is closed after a while, on the first request as on later."""
    monkeypatch.setattr(uvicornserver, "HEAD_S", 0.05)
    monkeypatch.setattr(uvicornserver, "KEEP_ALIVE_S", 0.05)
    server = server_on(house, "127.0.0.1:0")
    await server.start()
    assert server.address is not None
    assert await exchange(server.address, b"GET / HTTP/1.1\r\nHos") == b""
    whole = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.address[1]}\r\n\r\n".encode()
    assert (await exchange(server.address, whole + b"GET / HT")).count(b"HTTP/1.1") == 1
    await server.close()


async def test_who_holds_connections_keeps_nobody_out(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """More silent, half-sent and slow connections than there may be: the next request is answered, with no 503."""
    monkeypatch.setattr(uvicornserver, "CONNECTIONS", 16)
    server = server_on(house, "127.0.0.1:0")
    await server.start()
    assert server.address is not None
    host = f"127.0.0.1:{server.address[1]}"
    slow = f"POST /leaks/github HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nx"
    held = []
    for sent in ("", "GET / HTTP/1.1\r\nHos", slow):
        for _ in range(16):
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(sent.encode())
            held.append((reader, writer))
    head = f"GET /v1/status HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {house.tokens['ops']}\r\n"
    whole = f"{head}Connection: close\r\n\r\n".encode()
    statuses = {(await exchange(server.address, whole))[9:12] for _ in range(20)}
    for _, writer in held:
        writer.close()
    await server.close()
    assert statuses == {b"200"}


async def test_one_address_beyond_this_machine_has_its_share(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A far address that is over its share loses its own oldest connection, and nobody else loses any."""
    monkeypatch.setattr(uvicornserver, "PER_ADDRESS", 2)
    server = uvicornserver.make_server(house.app, None, None)
    made: list[_Held] = []
    for address in ("192.0.2.9", "192.0.2.7", "192.0.2.7", "192.0.2.7"):
        protocol = uvicornserver.BoundedHead(server.config, server.server_state, {}, asyncio.get_running_loop())
        made.append(_Held(address))
        protocol.connection_made(made[-1])  # type: ignore[arg-type]  # as much of a transport as it asks
    ended = [each.ended for each in made]
    for protocol in list(server.server_state.connections):
        protocol.connection_lost(ValueError())
    assert ended == [False, True, False, False]


class _Held:
    """A connection from an address, as its protocol sees it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.ended = False

    def get_extra_info(self, name: str) -> object:
        return (self._address, 1) if name in {"peername", "sockname"} else None

    def is_closing(self) -> bool:
        return self.ended

    def abort(self) -> None:
        self.ended = True

    close = abort


async def test_a_token_that_asks_too_often_waits(house: ApiHouse) -> None:
    """Beyond its rate a token is told 429 with when to come back; other tokens are served, and it is again by then."""
    now = [100.0]
    rates = Rates(60, lambda: now[0])
    house.app = make_app(house.desk, house.store, house.desk.tokens.recognise, [HOST], rates=rates)
    served = [(await house.call("GET", "/v1/grants/presets", "ada")).status for _ in range(11)]
    assert served == [200] * 10 + [429]
    often = await house.call("GET", "/v1/grants/presets", "ada")
    assert (often.headers["retry-after"], often.headers["content-type"]) == ("1", "application/problem+json")
    assert (await house.call("GET", "/v1/grants/presets", "bob")).status == 200
    now[0] += float(often.headers["retry-after"])
    assert (await house.call("GET", "/v1/grants/presets", "ada")).status == 200
    assert (await house.call("GET", "/v1/grants/presets", "ada")).status == 429


async def test_a_taken_port_is_told(house: ApiHouse) -> None:
    """Where somebody else listens, the API says which address and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LinkError, match=f"api.listen: 127.0.0.1:{port}"):
            await server_on(house, f"127.0.0.1:{port}").start()


def test_which_hosts_are_served() -> None:
    """Loopback by any of its names; other names only where they are configured, and with the port."""
    assert set(hosts_of(("127.0.0.1", 8082), ())) == {
        "127.0.0.1:8082", "localhost:8082", "[::1]:8082", "bailiwick.localhost:8082",
    }  # fmt: skip
    assert set(hosts_of(("192.0.2.7", 443), ("bw.example",))) == {
        "192.0.2.7:443", "192.0.2.7", "bw.example:443", "bw.example",
    }  # fmt: skip


def test_a_token_does_not_travel_in_the_open() -> None:
    """Listening beyond this machine without a certificate is refused when the configuration is read."""
    with pytest.raises(ValueError, match="listen: beyond this machine"):
        Api(listen="0.0.0.0:8082")
    assert Api(listen="0.0.0.0:8082", tls_certificate=Path("c"), tls_key=Path("k")).listen == "0.0.0.0:8082"


def test_the_gateway_loads_none_of_it() -> None:
    """Neither the gateway nor the start of the control process loads the web framework."""
    import subprocess
    import sys

    code = "import sys; import bailiwick.gateway.process, bailiwick.authority.control; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(told.stdout.split()) & {"fastapi", "pydantic", "starlette", "uvicorn"} == set()
