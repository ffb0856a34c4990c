"""An attack over real sockets: one victim's thief sends his signed requests to a gateway that runs on this machine.

The scenario's market goes on in this process, so that the thief does what he would do: what the gateway lets through is
executed there too, and what it refuses is refused there. Prices are those of the exchange behind the gateway. Only
loopback is spoken to: this is an attack, if a rehearsed one.
"""

import http.client
import ipaddress
import json
import socket
import time
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import final
from urllib.parse import urlsplit

import msgspec

from bailiwick.model.intent import OrderDraft
from bailiwick.model.money import EXACT, round_down, times
from bailiwick.model.order import Answer, OrderReport
from bailiwick.model.secret import Secret
from bailiwick.sandbox.market import wire
from bailiwick.sandbox.market.door import Act, Print, Ruled, Ruling, Scene, Venue, pass_on
from bailiwick.sandbox.market.scenario import Scenario
from bailiwick.sandbox.market.world import World

ANSWER_S = 30.0
LONGEST_WAIT_S = 60.0  # between two requests, whatever the scenario says
_REFUSED = "[bailiwick "


class LiveError(Exception):
    """The gateway cannot be played against. The message says what to do."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One request of the thief, and what the gateway answered.

    ``reason`` is the gateway's own word for a refusal; empty where the exchange answered, or nothing was refused.
    """

    at_ms: int
    what: str
    status: int
    reason: str
    said: str


class Gate:
    """The running gateway, and the key that the thief has there.

    Raises:
        LiveError: if the address is not one of this machine.
    """

    def __init__(self, url: str, key: str, secret: Secret) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or not _loopback(parts.hostname):
            raise LiveError(f"--live: {url[:60]!r} is no gateway of this machine; write http://127.0.0.1:PORT")
        self._place = (parts.hostname, parts.port or 80)
        self._key = key
        self._secret = secret

    def send(self, act: Act) -> tuple[int, str]:
        """Put a signed request to it; the status and the body of its answer.

        Raises:
            LiveError: if it does not answer.
        """
        raw = wire.signed(act, self._key, self._secret, f"{self._place[0]}:{self._place[1]}")
        return self._exchange(raw)

    def price(self, symbol: str) -> Decimal:
        """The middle of the best prices of a symbol at the exchange behind it.

        Raises:
            LiveError: if the exchange has no such symbol, or does not answer.
        """
        target = f"/api/v3/ticker/bookTicker?symbol={symbol}"
        status, body = self._exchange(f"GET {target} HTTP/1.1\r\nHost: {self._place[0]}\r\n\r\n".encode())
        if status != 200:
            raise LiveError(f"{symbol}: the exchange behind the gateway does not tell its price; {body[:120]}")
        top = json.loads(body)
        return (Decimal(top["bidPrice"]) + Decimal(top["askPrice"])) / 2

    def _exchange(self, raw: bytes) -> tuple[int, str]:
        try:
            with socket.create_connection(self._place, timeout=ANSWER_S) as connection:
                connection.sendall(raw)
                response = http.client.HTTPResponse(connection)
                response.begin()
                return response.status, response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise LiveError(f"{self._place[0]}:{self._place[1]} does not answer ({error}); is it up?") from None


@final
class LiveDoor:
    """Lets everything pass, but for the acts of the first thief's first victim: those are the gateway's to decide."""

    def __init__(self, gate: Gate, speed: float, told: Callable[[Sent], None]) -> None:
        self.sent: list[Sent] = []
        self._gate = gate
        self._speed = speed
        self._told = told
        self._scene: Scene
        self._victim = ""
        self._last_us = 0
        self._scales: dict[str, Decimal] = {}

    def begin(self, scene: Scene) -> None:
        """The world is made."""
        self._scene = scene

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Ask the gateway of what the thief does."""
        if not act.theft or self._victim not in {"", act.key}:
            return Ruling(Ruled.PASSED, pass_on(act, act.intent.orders, venue))
        self._victim = act.key
        self._wait(act.at_us)
        status, body = self._gate.send(self._here(act))
        reason = body.partition(_REFUSED)[2].partition("]")[0]
        sent = Sent(at_ms=time.time_ns() // 1_000_000, what=_what(act), status=status, reason=reason, said=body[:300])
        self.sent.append(sent)
        self._told(sent)
        if status == 200:
            return Ruling(Ruled.PASSED, pass_on(act, act.intent.orders, venue))
        return Ruling(Ruled.DENIED, Answer(executed=False), reason)

    def filled(self, key: str, report: OrderReport, at_us: int) -> None:
        """Nobody keeps books here."""

    def granted(self, key: str, symbols: frozenset[str], at_us: int) -> None:
        """Nobody keeps grants here."""

    def printed(self, trade: Print) -> None:
        """Nobody watches here."""

    def _wait(self, at_us: int) -> None:
        """As long as the scenario says, at the speed that was asked for."""
        if self._last_us:
            time.sleep(min(LONGEST_WAIT_S, max(0.0, (at_us - self._last_us) / 1e6 / self._speed)))
        self._last_us = at_us

    def _here(self, act: Act) -> Act:
        """The act as it is sent now: of this moment, with a name that is new, at the prices of the real exchange."""
        now = time.time_ns() // 1000
        orders = tuple(self._priced(each, now) for each in act.intent.orders)
        return msgspec.structs.replace(
            act, intent=msgspec.structs.replace(act.intent, timestamp_us=now, orders=orders), at_us=now
        )

    def _priced(self, order: OrderDraft, now: int) -> OrderDraft:
        named = msgspec.structs.replace(order, client_id=f"{(order.client_id or 'drill')[:20]}{now % 10**15:x}")
        if order.price is None:
            return named
        scale = self._scales.get(order.symbol)
        if scale is None:
            quote = self._scene.market.quotes.get(order.symbol)
            near = None if quote is None else quote.near
            scale = Decimal(1) if not near else EXACT.divide(self._gate.price(order.symbol), near)
            self._scales[order.symbol] = scale
        tick = self._scene.market.symbols[order.symbol].tick
        price = times(order.price, scale).quantize(Decimal(1).scaleb(-8), ROUND_HALF_EVEN)
        return msgspec.structs.replace(named, price=max(round_down(price, tick), tick))


def attack(scenario: Scenario, seed: int, gate: Gate, speed: float, told: Callable[[Sent], None]) -> list[Sent]:
    """Play the scenario, its first victim's key being the one at the gateway; what was sent.

    Raises:
        LiveError: if the gateway does not answer, or the scenario has no attack.
    """
    if not scenario.attack:
        raise LiveError("scenario: it has no attack to play against a gateway; name another")
    door = LiveDoor(gate, speed, told)
    World(msgspec.structs.replace(scenario, history_days=0), seed).run(door)
    return door.sent


def forwarded(sent: list[Sent]) -> int:
    """How many orders the gateway let leave before it refused the first."""
    count = 0
    for each in sent:
        if each.what.startswith("order"):
            if each.status != 200:
                break
            count += 1
    return count


def _what(act: Act) -> str:
    intent = act.intent
    if intent.orders:
        order = intent.orders[0]
        return f"order: {order.side} {order.symbol}"
    return f"{intent.endpoint.method} {intent.endpoint.path}"


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
