"""Finds out what became of orders whose outcome is not known, and of orders that nobody asked about.

An order of unknown outcome is looked up by its client order id until the venue says what it knows. That the venue
knows of no such order counts only once the request can no longer arrive: after its timestamp and window have passed
on the venue's clock. Until then everything stays reserved.
"""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal

from bailiwick.gateway.parties import AccountSide, Live
from bailiwick.gateway.pipeline import Gateway
from bailiwick.gateway.registry import Registry
from bailiwick.gateway.upstream import Failure
from bailiwick.gateway.weight import KeyWeight
from bailiwick.logs import log
from bailiwick.model.intent import Intent, OrderRef
from bailiwick.model.order import Answer
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.tracked import OrderState

FIRST_LOOK_S = 0.2
LONGEST_WAIT_S = 30.0
MARGIN_US = 2_000_000
POLL_EVERY_S = 5.0
WINDOW_US = 5_000_000
LOOK_UPS_AT_ONCE = 20
SEEN_SERVES_S = 60.0  # an order that was looked up and lives is not looked up again for so long


class _Doubt:
    """An order of unknown outcome."""

    __slots__ = ("client_id", "due", "impossible_us", "live", "position", "symbol", "wait")

    def __init__(self, live: Live, symbol: str, client_id: str, position: int, impossible_us: int) -> None:
        self.live = live
        self.symbol = symbol
        self.client_id = client_id
        self.position = position
        self.impossible_us = impossible_us  # from when the request can no longer be accepted by the venue
        self.wait = FIRST_LOOK_S
        self.due = time.monotonic() + FIRST_LOOK_S


class _Asked:
    """Turns the answer to a question of the reconciler into the result of a future."""

    __slots__ = ("_account", "future")

    def __init__(self, account: AccountSide, future: "asyncio.Future[tuple[int, bytes] | None]") -> None:
        self._account = account
        self.future = future

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        venue = self._account.venue
        self._account.way.heed(status, venue.dialect.read_usage(head), venue.clock.now_us())
        if not self.future.done():
            self.future.set_result((status, body))

    def failed(self, failure: Failure) -> None:
        if not self.future.done():
            self.future.set_result(None)


class Reconciler:
    """Asks the venue what the gateway does not know."""

    def __init__(self, gateway: Gateway, registry: Registry, resting: Callable[[], list[str]]) -> None:
        self._gateway = gateway
        self._registry = registry
        self._resting = resting  # every key with orders in the book, whether or not it was used since the start
        self._doubts: dict[tuple[str, str], _Doubt] = {}
        self._weight = KeyWeight()
        self._told: dict[tuple[str, str], set[tuple[str, Decimal]]] = {}  # fills whose trades were asked for
        self.lag_s = 0.0  # how long the oldest doubt has been open
        self._oldest: dict[tuple[str, str], float] = {}
        self._seen: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._doubts)

    def doubt(self, live: Live, intent: Intent, client_ids: tuple[str, ...], position: int) -> None:
        """The outcome of this intent is unknown: find out what became of its orders."""
        if intent.symbol is None:
            return
        impossible = max(intent.timestamp_us + intent.window_us, live.account.venue.clock.now_us()) + MARGIN_US
        for client_id in client_ids:
            self.add(live, intent.symbol, client_id, position, impossible)

    def add(self, live: Live, symbol: str, client_id: str, position: int, impossible_us: int) -> None:
        """Look for one order."""
        place = (live.id, client_id)
        self._doubts[place] = _Doubt(live, symbol, client_id, position, impossible_us)
        self._oldest[place] = time.monotonic()

    async def run(self) -> None:
        """Work until cancelled."""
        polled = time.monotonic()
        while True:
            await asyncio.sleep(0.1)
            try:
                await self._settle_doubts()
                if time.monotonic() - polled > POLL_EVERY_S:
                    polled = time.monotonic()
                    await self._poll()
            except Exception:
                log.exception("fault in the reconciler")
                await asyncio.sleep(1)

    async def _settle_doubts(self) -> None:
        now = time.monotonic()
        due = sorted((d for d in self._doubts.values() if d.due <= now), key=lambda d: d.due)[:LOOK_UPS_AT_ONCE]
        for found in await asyncio.gather(*(self._look(doubt) for doubt in due), return_exceptions=True):
            if isinstance(found, Exception):  # one that cannot be looked up does not stop the others
                log.error("fault in looking up an order", error=found)
        self.lag_s = max((now - at for at in self._oldest.values()), default=0.0)

    async def _look(self, doubt: _Doubt) -> None:
        doubt.wait = min(doubt.wait * 2, LONGEST_WAIT_S)
        doubt.due = time.monotonic() + doubt.wait
        # As the key's account is reached now: its venue or its credential may have changed since.
        live = doubt.live = self._registry.find(doubt.live.key) or doubt.live
        venue = live.account.venue
        asked_us = venue.clock.now_us()
        order = live.ledger.orders.get(doubt.client_id)
        number = None if order is None else order.order_id
        # By its number where that is known: by its name the venue gives the newest order that had it.
        ref = OrderRef(None, doubt.client_id) if number is None else OrderRef(number, None)
        intent = venue.dialect.look_up(doubt.symbol, ref)
        answer = await self._ask(live.account, intent)
        if answer is None:
            return
        if answer.orders:
            self._gateway.learn(live, answer, doubt.position, venue.clock.now_us(), "reconciler", in_passing=False)
            order = live.ledger.orders.get(doubt.client_id)
            if order is None or order.order_id is not None:  # else it is an older order of the same id
                self._seen[live.id, doubt.client_id] = time.monotonic()
                self._closed(doubt)
                await self._read_trades(live.account, doubt.symbol, [live])
                return
        if (answer.missing or answer.orders) and asked_us > doubt.impossible_us:
            live.ledger.reject(doubt.client_id)
            # One that was there is not rejected but ended: the venue has forgotten it since.
            live.ledger.end(doubt.client_id, venue.clock.now_us())
            self._gateway.chronicle.never_arrived(live, doubt.position, doubt.client_id)
            self._closed(doubt)

    def _closed(self, doubt: _Doubt) -> None:
        place = (doubt.live.id, doubt.client_id)
        self._doubts.pop(place, None)
        self._oldest.pop(place, None)

    async def _poll(self) -> None:
        """Look at the open orders of every symbol in which a key has some, for fills nobody told of."""
        now = time.monotonic()
        self._seen = {place: at for place, at in self._seen.items() if now - at < SEEN_SERVES_S}
        by_market: dict[tuple[str, str], list[Live]] = {}
        for key_id in self._resting():
            live = self._registry.find(key_id.encode("ascii"))
            if live is None:
                continue
            for symbol in _open_symbols(live.ledger):
                by_market.setdefault((live.account.id, symbol), []).append(live)
        for (_, symbol), lives in by_market.items():
            await self._poll_market(lives[0].account, symbol, lives)

    async def _poll_market(self, account: AccountSide, symbol: str, lives: list[Live]) -> None:
        asked_us = account.venue.clock.now_us()
        answer = await self._ask(account, account.venue.dialect.poll(symbol, "open"))
        if answer is None or answer.executed is not True:
            return
        now = account.venue.clock.now_us()
        listed = {report.order_id for report in answer.orders}
        for live in lives:
            self._gateway.learn(live, answer, -1, now, "reconciler")
            for order in live.ledger.live(symbol):
                place = (live.id, order.client_id)
                missing = order.placed_us < asked_us and order.order_id not in listed
                if order.state is OrderState.RESERVED:
                    continue  # its own answer is on the way, or word that there is none
                if missing and place not in self._doubts and place not in self._seen:
                    self.add(live, symbol, order.client_id, -1, asked_us + WINDOW_US + MARGIN_US)
        await self._read_trades(account, symbol, lives)

    async def _read_trades(self, account: AccountSide, symbol: str, lives: list[Live]) -> None:
        """Fetch the trades behind fills that a look-up or a list told of: fees and prices stand nowhere else."""
        news = [(live, _untold(live.ledger, symbol)) for live in lives]
        if not any(untold - self._told.get((live.id, symbol), set()) for live, untold in news):
            return  # the venue's list does not reach back for ever: each fill asks once
        answer = await self._ask(account, account.venue.dialect.poll(symbol, "trades"))
        if answer is None or answer.executed is not True:
            return
        now = account.venue.clock.now_us()
        for live, untold in news:
            self._gateway.learn(live, Answer(executed=True, trades=answer.trades), -1, now, "reconciler")
            self._told[live.id, symbol] = untold

    async def _ask(self, account: AccountSide, intent: Intent) -> Answer | None:
        """The venue's answer, or None if there is none now."""
        if account.signer is None and account.engine is None:
            return None
        now = account.venue.clock.now_us()
        weight = account.venue.dialect.weigh(intent)
        if account.way.weight.admit(weight, self._weight, now, exit_=False) is not None:
            return None
        future: asyncio.Future[tuple[int, bytes] | None] = asyncio.get_running_loop().create_future()
        account.way.pool.send(self._gateway.sign(account, "", intent, -1, now, WINDOW_US), _Asked(account, future))
        got = await future
        if got is None:
            return None
        return account.venue.dialect.read_answer(intent, *got)


def _untold(ledger: Ledger, symbol: str) -> set[tuple[str, Decimal]]:
    """The key's orders in a symbol of which more is executed than their trades tell, and how much."""
    return {
        (order.client_id, order.executed)
        for order in ledger.orders.values()
        if order.symbol == symbol and order.executed != order.traded
    }


def _open_symbols(ledger: Ledger) -> set[str]:
    """The symbols in which a key has orders that have not ended."""
    return {order.symbol for order in ledger.orders.values() if order.state is not OrderState.ENDED}
