"""The sandbox as an exchange's own engine, which believes the gateway's header and nothing else."""

import hashlib
import hmac
import json

import pytest
from rehearsal import NOW, Desk

from bailiwick.model.secret import Secret
from bailiwick.sandbox.front import Answer
from bailiwick.venues import trusted

SECRET = b"between gateway and engine"
BODY = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01"


class Engine(Desk):
    """A sandbox in trusted mode, and the gateway's side of it."""

    def __init__(self) -> None:
        super().__init__(trusted_secret=Secret(SECRET))

    def headers(self, method: str, target: str, body: str, **changed: str) -> dict[str, str]:
        values = {
            trusted.ACCOUNT: "trader",
            trusted.KEY: "bwk_1",
            trusted.POSITION: "41",
            trusted.TIME: str(self.now),
            trusted.DECISION: "allow",
        }
        values[trusted.MAC] = trusted.mac(
            SECRET, method.encode(), target.encode(), body.encode(), "trader", "bwk_1", 41, self.now, "allow"
        )
        return {name.lower(): value for name, value in {**values, **changed}.items()}

    def send(self, method: str, target: str, body: str = "", **changed: str) -> Answer:
        return self.raw(method, target, body, self.headers(method, target, body, **changed))


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_the_mac_covers_eight_lines() -> None:
    """The MAC is HMAC-SHA256 over method, target, body hash, account, key, position, time and decision, one a line."""
    lines = ["POST", "/api/v3/order?x=1", hashlib.sha256(b"body").hexdigest(), "acct", "key", "7", "1234", "allow"]
    right = hmac.new(b"secret", "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    assert trusted.mac(b"secret", b"POST", b"/api/v3/order?x=1", b"body", "acct", "key", 7, 1234, "allow") == right


def test_a_line_break_in_a_field_is_refused() -> None:
    """No two requests read alike under the MAC."""
    with pytest.raises(ValueError, match="line break"):
        trusted.mac(b"secret", b"GET", b"/", b"", "a\nb", "key", 7, 1234, "allow")


def test_a_trusted_request_trades_without_a_signature(engine: Engine) -> None:
    """The header names the account; neither timestamp nor signature is asked for; the position is recorded."""
    answer = engine.send("POST", "/api/v3/order", BODY)
    assert (answer.status, json.loads(answer.body)["status"]) == (200, "FILLED")
    (row,) = engine.sandbox.received["trader"]
    assert (row.position, row.api_key) == (41, "bwk_1")


def test_a_header_is_believed_once(engine: Engine) -> None:
    """The same request sent again is 401, even though its MAC is right."""
    assert engine.send("POST", "/api/v3/order", BODY).status == 200
    assert engine.send("POST", "/api/v3/order", BODY).status == 401


def test_a_header_lives_two_seconds(engine: Engine) -> None:
    """A header is good for two seconds and not one millisecond more; no later time makes it fresh again."""
    target = "/api/v3/account"
    young, old = engine.headers("GET", target, ""), engine.headers("GET", target + "?omitZeroBalances=true", "")
    engine.now += 2000
    assert engine.raw("GET", target, headers=young).status == 200
    engine.now += 1
    assert engine.raw("GET", target + "?omitZeroBalances=true", headers=old).status == 401
    for later in (1, 2_000, 4_001, 60_000):
        engine.now += later
        assert engine.raw("GET", target, headers=young).status == 401


@pytest.mark.parametrize("name", trusted.HEADERS)
@pytest.mark.parametrize("value", ["", "0", "9" * 30, "ü"])
def test_a_header_that_was_touched_is_refused(engine: Engine, name: str, value: str) -> None:
    """Changing or dropping any of the six headers is 401, and nothing is executed."""
    assert engine.send("POST", "/api/v3/order", BODY, **{name: value}).status == 401
    assert engine.sandbox.received == {}


def test_a_request_that_was_touched_is_refused(engine: Engine) -> None:
    """Method, target and body are covered."""
    headers = engine.headers("POST", "/api/v3/order", BODY)
    assert engine.raw("POST", "/api/v3/order", BODY + "0", headers).status == 401
    assert engine.raw("POST", "/api/v3/order/test", BODY, headers).status == 401
    assert engine.raw("POST", "/api/v3/order?x=1", BODY, headers).status == 401
    assert engine.raw("DELETE", "/api/v3/order", BODY, headers).status == 401


def test_a_signature_alone_is_worth_nothing_here(engine: Engine) -> None:
    """In trusted mode a client's own signed request is 401; public data is open as ever."""
    assert engine.answer("GET", "/api/v3/account").status == 401
    assert engine.public("/api/v3/ping") == {}


def test_an_account_that_is_not_there_is_refused(engine: Engine) -> None:
    """A right MAC for an unknown account is -2015."""
    mac = trusted.mac(SECRET, b"GET", b"/api/v3/account", b"", "nobody", "bwk_1", 41, NOW, "allow")
    answer = engine.send("GET", "/api/v3/account", **{trusted.ACCOUNT: "nobody", trusted.MAC: mac})
    assert (answer.status, json.loads(answer.body)["code"]) == (401, -2015)
