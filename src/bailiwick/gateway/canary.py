"""Canary keys at the gateway: decided like any key, and answered from a recorded shape where the venue would be asked.

A canary has an account's side of its own, in which the connections to the venue are replaced by ``Decoy``. So all that
a client could tell it by, from the first look at the request to the journal and the lines of the answer, is done by the
code that serves real keys, and real keys pay nothing for it. Nothing of a canary ever leaves.
"""

import asyncio
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast, final
from urllib.parse import parse_qsl

from bailiwick.gateway.events import Events
from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.parties import AccountSide, Live, Way
from bailiwick.gateway.upstream import Failure, Pool, Waiter
from bailiwick.logs import log
from bailiwick.model.request import Outgoing
from bailiwick.model.shape import Shape, draw, shape_from_json
from bailiwick.venues import decoys

CANARY = "canary"
BARE_CANARY = "bare_canary"
ENOUGH = 8  # latencies of one path that suffice to draw from
BARE_ONCE_US = 3_600_000_000
BITCOIN = "BTC"
FEW_MS = (2_000, 4_000, 8_000)  # µs, where nothing was ever measured

_units = random.SystemRandom()
Later = Callable[[float, Callable[[], None]], object]


class _Unsigned:
    """Signs nothing: what it signs goes nowhere."""

    key = b"none"

    def sign(self, payload: bytes) -> bytes:
        """No signature."""
        return b"none"


@final
class Decoy:
    """Stands in the place of the connections to a venue, and answers in its manner after its delays."""

    def __init__(
        self, account: AccountSide, shape: Shape, unit: Callable[[], float] = _units.random, later: Later | None = None
    ) -> None:
        self._account = account  # the real one, of which latencies and weights are taken
        self._shape = shape
        self._unit = unit
        self._later = later

    def send(self, outgoing: Outgoing, waiter: Waiter) -> None:
        """Answer a request as the venue would, later."""
        target, _, query = outgoing.target.decode("latin-1").partition("?")
        try:
            params = dict(parse_qsl(outgoing.body.decode("latin-1") or query, keep_blank_values=True))
            question = decoys.Question(outgoing.method.decode("latin-1"), target, params)
            market = self._account.venue.market
            status, body = decoys.answer(
                self._shape, question, market.symbols, lambda asset: market.convert(asset, BITCOIN)
            )
        except (ValueError, ArithmeticError, LookupError, TypeError):  # whatever a shape holds, nothing leaves
            log.exception("a canary could not be answered", path=target)
            waiter.failed(Failure.UNKNOWN)
            return
        delay_s = self.delay_us(target) / 1e6
        later: Later = self._later or asyncio.get_running_loop().call_later
        later(delay_s, lambda: self._answer(waiter, target, status, body))

    def delay_us(self, path: str) -> int:
        """How long the venue would take: drawn from what it took this account lately, else from the recording."""
        lately = self._account.latencies.get(path, ())
        return draw(tuple(lately) if len(lately) >= ENOUGH else self._shape.latencies or FEW_MS, self._unit())

    def _answer(self, waiter: Waiter, path: str, status: int, body: bytes) -> None:
        head = b"HTTP/1.1 %d" % status
        if path.startswith(self._shape.counted):
            now = self._account.venue.clock.now_us()
            head += b"\r\n" + decoys.usage_line(self._account.way.weight.used(now))
        waiter.answered(status, head, body)

    def sweep(self) -> None:
        """Nothing waits here."""

    def drop_waiting(self, unwanted: Callable[[Waiter], bool] = lambda waiter: True) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is open here."""


def beside(account: AccountSide, text: str) -> AccountSide:
    """The side of an account that a canary has: the same venue, weight and order counts, and no way out."""
    try:
        shape = shape_from_json(text)
    except ValueError:
        log.error("the shape of a canary cannot be read; it is answered from an empty one", account=account.id)
        shape = Shape()
    pool = cast(Pool, Decoy(account, shape))
    usable = account.signer is not None or account.engine is not None
    side = AccountSide(
        account.id,
        account.venue,
        Way(pool, account.way.weight),
        _Unsigned() if usable else None,
        exits=None if account.exits is None else Way(pool, account.exits.weight),
        closed=account.closed,
    )
    side.orders = account.orders
    return side


def tripped(events: Events, exchange: Exchange, live: Live) -> None:
    """A canary's own signature is valid: whoever sent this has its secret."""
    events.raise_(CANARY, live.id, live.account.id, _detail(exchange), matter=exchange.source)


def met(events: Events, exchange: Exchange, live: Live) -> None:
    """A canary's bare id was sent, which anybody may have read somewhere."""
    events.raise_(
        BARE_CANARY, live.id, live.account.id, _detail(exchange), matter=exchange.source, once_us=BARE_ONCE_US
    )


def _detail(exchange: Exchange) -> dict[str, str]:
    return {"request": f"{exchange.method} {exchange.path}", "source": exchange.source, "client": exchange.fingerprint}


def worth_in(market: Any, currency: str) -> Callable[[str], Decimal | None]:
    """What a unit of an asset is worth in a currency, by a market's prices."""
    return lambda asset: market.convert(asset, currency)
