"""A gateway's own life: pauses that the exchange asks for, an end in order, a restart, a second one, strangers."""

import contextlib
import http.client
import ipaddress
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bot import ORDER, Answer, Bot, eventually, sign
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grants import BOT, WIDE
from house import Exchange, House

from bailiwick.model.party import KeyKind

LOW = "64000"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange for the gateways of these tests."""
    exchange = Exchange(tmp_path_factory.mktemp("lifecycle"))
    exchange.tell("POST", "accounts", {"name": "other", "funds": {"BTC": "10"}})
    yield exchange
    exchange.process.stop()


@pytest.fixture
def alone(tmp_path: Path, there: Exchange) -> Iterator[House]:
    """A gateway for one test, which may be stopped and started."""
    made = House(tmp_path / "house", there, settings={"public_networks": '["127.0.0.1/32"]'})
    made.issue(BOT)
    made.start()
    yield made
    made.close()


def test_after_429_nothing_leaves_until_retry_after(alone: House) -> None:
    """When the exchange asks to wait, orders, cancels and reads of every key stay here, and go on afterwards."""
    first, second = Bot(alone.port, alone.issue(WIDE)), Bot(alone.port, alone.issue(WIDE))
    placed = first.order("BUY", "0.001", LOW).body["orderId"]
    alone.exchange.fault("429", method="POST", path=ORDER, retry_after=2)
    paused = first.order("BUY", "0.001", LOW, newClientOrderId="paused")
    assert (paused.status, paused.code, paused.headers["retry-after"]) == (429, -1003, "2")
    before = len(alone.exchange.received())

    def cancel() -> Answer:
        return first.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=placed)

    for refused in (cancel(), second.order("BUY", "0.001", LOW), second.ask("GET", "/api/v3/account")):
        assert (refused.status, refused.code, refused.reason) == (503, -1008, "VENUE_PAUSED")
    assert len(alone.exchange.received()) == before
    assert eventually(cancel, lambda answer: answer.status == 200).body["status"] == "CANCELED"
    assert second.ask("GET", "/api/v3/account").status == 200


def test_what_was_forwarded_is_answered_before_the_end(alone: House) -> None:
    """Asked to end, the gateway waits for the exchange's answer, passes it on, takes nothing new, and ends with 0."""
    bot, answers = Bot(alone.port, alone.issue(WIDE)), list[Answer]()
    assert alone.gateway is not None
    alone.exchange.fault("delay", method="POST", path=ORDER, delay_ms=1500)
    waiting = threading.Thread(target=lambda: answers.append(bot.order("BUY", "0.001", LOW, newClientOrderId="last")))
    waiting.start()
    eventually(lambda: alone.intents(bot.key), bool)
    alone.gateway.ask_to_end()
    eventually(lambda: refuses(bot), bool)
    waiting.join(10)
    assert [(answer.status, answer.body["clientOrderId"]) for answer in answers] == [(200, "last")]
    assert alone.gateway.wait() == 0


def refuses(bot: Bot) -> bool:
    """Whether new connections are no longer taken."""
    try:
        return bot.send("GET", "/api/v3/ping").status != 200
    except OSError:
        return True


def test_orders_are_looked_after_from_the_start(alone: House) -> None:
    """After a restart the fills of orders that rest are noticed, though nobody asks for anything with their key."""
    bot = Bot(alone.port, alone.issue(WIDE))
    price = f"{bot.mid():.2f}"
    assert bot.order("BUY", "0.001", price, newClientOrderId="stays").body["status"] == "NEW"
    assert alone.gateway is not None
    assert alone.gateway.stop() == 0
    alone.start()
    selling = {"account": "other", "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.001", "price": price}
    assert alone.exchange.tell("POST", "orders", selling)["status"] == "FILLED"
    # Nobody asks for anything with this key: the gateway itself must remember that it has an order to look after.
    eventually(lambda: fills_told(alone), lambda told: "stays" in told)


def test_a_restart_leaves_usage_as_it_was(alone: House) -> None:
    """Budgets, open orders and holdings after a restart are what they were before it."""
    bot = Bot(alone.port, alone.issue(WIDE))
    assert bot.order("BUY", "0.002").body["status"] == "FILLED"
    assert bot.order("BUY", "0.001", LOW).body["status"] == "NEW"
    before = alone.usage(bot.key)
    assert alone.gateway is not None
    assert alone.gateway.stop() == 0
    alone.start()
    after = alone.usage(bot.key)
    assert after.budgets == before.budgets
    assert (after.open_orders, after.holdings) == (before.open_orders, before.holdings)


def fills_told(house: House) -> list[str]:
    """The client order ids of executed orders that the journal learnt of otherwise than in their own answer."""
    return [
        report.client_id
        for each in house.records()
        for report in getattr(each, "orders", ())
        if type(each).__name__ == "Resolved" and report.executed
    ]


def test_a_change_is_in_force_within_a_second(alone: House) -> None:
    """A gateway that nobody wakes finds a new key in the store by itself, within a second."""
    waited: list[float] = []
    for _ in range(5):
        key = alone.issue(WIDE, wake=False)
        began = time.monotonic()
        eventually(
            lambda key=key: Bot(alone.port, key).ask("GET", "/api/v3/account"), lambda found: found.status == 200
        )
        waited.append(time.monotonic() - began)
    assert min(waited) < 1, waited  # the others may have met a machine that does something else


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_order_of_before_is_refused_after_a_restart(alone: House, end: str) -> None:
    """The bytes of an order are accepted once, whether the gateway was ended in order or killed in between."""
    key = alone.issue(WIDE)
    bot = Bot(alone.port, key)
    params = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}
    once = sign(key.secret, 60_000, price=LOW, **params)
    never = sign(key.secret, 60_000, price=LOW, newClientOrderId="signed-before", **params)
    assert bot.send("POST", ORDER, once).status == 200
    assert alone.gateway is not None
    getattr(alone.gateway, end)()
    alone.start()
    again = Bot(alone.port, key)
    assert again.send("POST", ORDER, once).reason in {"REPLAYED", "TIMESTAMP_STALE"}
    if end == "kill":
        # The newest marks may be lost with a crash, so nothing that was signed before it opens anything.
        assert again.send("POST", ORDER, never).reason == "TIMESTAMP_STALE"
    else:
        assert again.send("POST", ORDER, never).status == 200


@pytest.mark.parametrize("kind", [KeyKind.ED25519, KeyKind.RSA])
def test_the_account_signs_as_its_credential_requires(tmp_path: Path, there: Exchange, kind: KeyKind) -> None:
    """An account whose credential at the exchange is a private key trades as one with a shared secret."""
    made = House(tmp_path / "house", there, signs=kind)
    key = made.issue(BOT)
    made.start()
    try:
        bot = Bot(made.port, key)
        assert bot.order("BUY", "0.001").body["status"] == "FILLED"
        assert bot.ask("GET", "/api/v3/account").status == 200
    finally:
        made.close()


def test_clients_are_met_over_tls(tmp_path: Path, there: Exchange) -> None:
    """With a certificate the gateway speaks TLS 1.2 or newer and nothing else."""
    certificate, private = make_certificate(tmp_path)
    settings = {"gateway.tls_certificate": f'"{certificate}"', "gateway.tls_key": f'"{private}"'}
    made = House(tmp_path / "house", there, settings=settings)
    key = made.issue(BOT)
    made.start()
    try:
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", made.port, timeout=10, context=context)
        with contextlib.closing(connection):
            connection.request("GET", f"/api/v3/account?{sign(key.secret)}", headers={"X-MBX-APIKEY": key.id})
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{")
            assert connection.sock.version() in {"TLSv1.2", "TLSv1.3"}
        with pytest.raises((OSError, http.client.HTTPException)):
            Bot(made.port, key).ask("GET", "/api/v3/account")
    finally:
        made.close()


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its private key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bailiwick tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = directory / "gateway.crt", directory / "gateway.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


def test_a_second_gateway_refuses_to_start(alone: House) -> None:
    """A second gateway on the same data ends at once and says why; the first serves on."""
    second = subprocess.run(
        [sys.executable, "-m", "bailiwick.gateway", str(alone.config_path)], capture_output=True, text=True, timeout=30
    )
    assert second.returncode == 1
    assert "journal" in second.stderr or "gateway" in second.stderr
    assert Bot(alone.port, alone.issue(WIDE)).ask("GET", "/api/v3/account").status == 200


def test_public_data_goes_to_listed_networks_alone(alone: House) -> None:
    """Who asks from a network that is not listed is no guest here; who is listed needs no key."""
    key = alone.issue(WIDE)
    assert Bot(alone.port, key).send("GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT").status == 200
    stranger = Bot(alone.port, key, source="127.0.0.2")
    refused = stranger.send("GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT")
    assert (refused.status, refused.code, refused.reason) == (401, -2015, "ADDRESS_FOREIGN")
    assert stranger.ask("GET", "/api/v3/account").status == 200, "the key itself is bound to no address"
