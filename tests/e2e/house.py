"""A house to test in: a sandbox exchange, a data directory, a gateway; each a process that ends with the test."""

import base64
import contextlib
import http.client
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from bailiwick import config, config_text
from bailiwick.journal import reader, record
from bailiwick.link.client import Client
from bailiwick.link.questions import Usage, UsageAnswer, Wake
from bailiwick.model.credential import KEY_ID_RANDOM_BYTES, SECRET_RANDOM_BYTES, Purpose, make_key_id, make_secret
from bailiwick.model.grant import Grant, grant_to_toml
from bailiwick.model.party import (
    Account,
    Credential,
    Key,
    KeyKind,
    KeyState,
    Service,
    Venue,
    credential_record,
    key_record,
)
from bailiwick.model.secret import Secret
from bailiwick.opening import make_journal_key
from bailiwick.store.store import Store
from bailiwick.vault.custody import make_key_file, root_from_key_file
from bailiwick.vault.keyringfile import make_keyring
from bailiwick.vault.vault import Vault

ACCOUNT = "trader"  # the sandbox and the gateway call it alike: a trusting engine is told the gateway's name
SERVICE = "bot"
FUNDS = {"USDT": "1000000", "BTC": "10", "ETH": "100", "BNB": "100"}
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Issued:
    """What a client is handed. ``secret`` is the HMAC secret, or the private key as PEM."""

    id: str
    secret: str
    kind: KeyKind = KeyKind.HMAC


class Process:
    """One process of ours, its log, and its end."""

    def __init__(self, command: list[str], log: Path, ready: str) -> None:
        self.log = log
        with log.open("ab") as errors:
            self._popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        self.pid = self._popen.pid
        self.ready = self._await_line(ready)

    def _await_line(self, begins: str) -> str:
        assert self._popen.stdout is not None
        until, gathered = time.monotonic() + PATIENCE_S, b""
        while time.monotonic() < until:
            if not select.select([self._popen.stdout], [], [], 0.2)[0]:
                continue
            chunk = os.read(self._popen.stdout.fileno(), 65536)
            gathered += chunk
            for line in gathered.decode().splitlines(keepends=True):
                if line.startswith(begins) and line.endswith("\n"):
                    return line.strip()
            if not chunk:
                break
        self.kill()
        raise AssertionError(f"the process did not become ready; its log ends: {self.text()[-2000:]}")

    def text(self) -> str:
        """What it has written to its log so far."""
        return self.log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self.running:
            self._popen.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = PATIENCE_S) -> int:
        """Wait for its end; its exit code."""
        code = self._popen.wait(seconds)
        if self._popen.stdout is not None:
            self._popen.stdout.close()
        return code

    def stop(self) -> int:
        """End it in order; its exit code."""
        self.ask_to_end()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"process {self.pid} did not end when asked to") from None

    def kill(self) -> None:
        """End it with SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            self._popen.kill()
        self.wait()


class Exchange:
    """The sandbox exchange, and the side of it that only tests hold."""

    def __init__(self, directory: Path, *arguments: str, funds: Mapping[str, str] = FUNDS) -> None:
        command = [sys.executable, "-m", "bailiwick.sandbox", "--port", "0", "--json", "--account", ACCOUNT]
        for asset, amount in funds.items():
            command += ["--fund", f"{asset}={amount}"]
        # Its limits are out of the way: a suite does in seconds what a bot does in hours.
        command += ["--weight", "1000000", "--orders-10s", "100000", *arguments]
        self.process = Process(command, directory / "exchange.log", "{")
        ready = json.loads(self.process.ready)
        self.url: str = ready["url"]
        self.api_key: str = ready["apiKey"]
        self.secret: str = ready["secret"]
        self.port = int(self.url.rpartition(":")[2])

    def tell(self, method: str, path: str, body: object = None) -> Any:
        """Speak to the test side of the exchange."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, f"/sandbox/{path}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            said = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 200, said
        return said

    def fault(self, kind: str, **how: Any) -> None:
        """What the next matching requests meet."""
        words = {"delay_ms": "delayMs", "retry_after": "retryAfter"}
        self.tell("POST", "faults", {"kind": kind, **{words.get(name, name): each for name, each in how.items()}})

    def received(self) -> list[dict[str, Any]]:
        """Every state-changing request that reached the exchange and was authentic, oldest first."""
        return self.tell("GET", f"orders?account={ACCOUNT}")  # type: ignore[no-any-return]  # JSON

    def received_ids(self) -> list[str]:
        """The client order ids of the orders that were asked for, in that order, repetitions included."""
        return [
            row["parameters"].get("newClientOrderId", "")
            for row in self.received()
            if row["method"] == "POST" and row["path"] == "/api/v3/order"
        ]


class House:
    """A data directory with an account, a service and keys, and the gateway that serves it."""

    def __init__(
        self,
        directory: Path,
        exchange: Exchange,
        *,
        trusted: Secret | None = None,
        signs: KeyKind = KeyKind.HMAC,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory = directory
        self.exchange = exchange
        self.trusted = trusted
        self.config_path = directory / "bailiwick.toml"
        config_text.write_default(self.config_path, port=0, health="")
        # The venue's weight is declared large: what is tested here is not how a minute's weight is divided.
        _set(self.config_path, {"weight.per_minute": "1000000", **(settings or {})})
        self.config = config.load(self.config_path)
        self.config.data.mkdir(mode=0o700)
        make_key_file(self.config.vault.key_file)
        root = root_from_key_file(self.config.vault.key_file)
        self.vault = Vault(make_keyring(self.config.keyring, root, source="key-file"))
        make_journal_key(self.config.journal_key)
        self.store = Store.open(self.config.database)
        mode = "resign" if trusted is None else "trusted"
        self.store.venues.add(Venue("sandbox", "Sandbox", "binance", exchange.url, mode))  # type: ignore[arg-type]  # one of both
        self.store.accounts.add(Account(ACCOUNT, "sandbox", "Trader", "the tests", home_assets=("USDT",)))
        self.canaries: list[str] = []
        self._attach(exchange, trusted, signs)
        self.store.services.add(Service(SERVICE, "Bot"))
        self.gateway: Process | None = None
        self.port = 0
        self.started_s = 0.0

    def _attach(self, exchange: Exchange, trusted: Secret | None, signs: KeyKind) -> None:
        """Seal the account's own credential at the exchange, of the kind that it signs with."""
        purpose, api_key = Purpose.UPSTREAM_HMAC, "engine"
        if trusted is not None:
            secret = trusted
        elif signs is KeyKind.HMAC:
            secret, api_key = Secret(exchange.secret.encode()), exchange.api_key
        else:
            pem, public = make_pair(signs)
            made = exchange.tell("POST", "keys", {"account": ACCOUNT, "publicKey": base64.b64encode(public).decode()})
            private = serialization.load_pem_private_key(pem.encode(), None)
            der = private.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            secret, api_key = Secret(der), made["apiKey"]
            purpose = Purpose.UPSTREAM_ED25519 if signs is KeyKind.ED25519 else Purpose.UPSTREAM_RSA
        if purpose is Purpose.UPSTREAM_HMAC:
            self.canaries.append(secret.reveal().decode())
        sealed = self.vault.seal(credential_record("main", ACCOUNT), purpose, secret)
        self.store.attach_credential(Credential("main", ACCOUNT, purpose, api_key, sealed.envelope))

    def start(self) -> None:
        """Start the gateway and wait until it serves."""
        began = time.monotonic()
        command = [sys.executable, "-m", "bailiwick.gateway", str(self.config_path)]
        self.gateway = Process(command, self.directory / "gateway.log", "ready ")
        self.started_s = time.monotonic() - began
        self.port = int(self.gateway.ready.rpartition(":")[2])

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """End the gateway, if it runs, and close the store."""
        if self.gateway is not None and self.gateway.running:
            self.gateway.stop()
        self.store.close()

    def issue(self, grant: Grant, kind: KeyKind = KeyKind.HMAC, *, wake: bool = True) -> Issued:
        """Issue a key. A gateway that runs has it in force when this returns, unless it is to find out by itself."""
        key_id = make_key_id(ACCOUNT, os.urandom(KEY_ID_RANDOM_BYTES))
        envelope = public = None
        if kind is KeyKind.HMAC:
            secret = make_secret(os.urandom(SECRET_RANDOM_BYTES))
            envelope = self.vault.seal(key_record(key_id, ACCOUNT), Purpose.ISSUED_HMAC, secret).envelope
            handed = secret.reveal().decode()
            self.canaries.append(handed)
        else:
            handed, public = make_pair(kind)
        now = time.time_ns() // 1_000_000
        self.store.keys.add(
            Key(
                key_id,
                ACCOUNT,
                SERVICE,
                kind,
                grant_to_toml(grant),
                KeyState.ACTIVE,
                now,
                secret=envelope,
                public_key=public,
            )
        )
        if wake:
            self.wake()
        return Issued(key_id, handed, kind)

    def wake(self) -> None:
        """Put the store's changes in force now, where a gateway runs."""
        if self.gateway is not None and self.gateway.running:
            Client(self.config.gateway_socket).ask(Wake())

    def usage(self, key: Issued) -> UsageAnswer:
        """What the gateway says that a key has used."""
        return Client(self.config.gateway_socket).ask(Usage(key=key.id))

    def records(self) -> Iterator[record.Record]:
        """The journal's records, oldest first."""
        for entry in reader.read(self.config.journal_directory):
            if entry.record is not None:
                yield record.decode(entry.record)

    def intents(self, key: Issued) -> list[record.Intent]:
        """What the journal holds of a key's state-changing requests."""
        return [each for each in self.records() if isinstance(each, record.Intent) and each.key == key.id]

    def files(self) -> Iterable[Path]:
        """Everything that the house has written, but for the vault's own key."""
        for path in sorted(self.directory.rglob("*")):
            if path.is_file() and path != self.config.vault.key_file:
                yield path


def make_pair(kind: KeyKind) -> tuple[str, bytes]:
    """A private key as PEM, as an exchange's documentation tells people to make it, and the public key as DER."""
    private: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    if kind is KeyKind.ED25519:
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode(), public


def _set(path: Path, settings: Mapping[str, str]) -> None:
    """Put settings in force that the default configuration shows commented out; ``section.name`` where two have one."""
    text = path.read_text()
    for place, value in settings.items():
        section, _, name = place.rpartition(".")
        begin = text.index(f"[{section}]\n") if section else 0
        part, count = re.subn(rf"(?m)^# {name} = .*$", f"{name} = {value}", text[begin:], count=1 if section else 0)
        assert count == 1, place
        text = text[:begin] + part
    path.write_text(text)
