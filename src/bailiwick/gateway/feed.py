"""What the markets are doing: symbols, reference prices, volumes and the venue's clock, fetched and kept fresh.

Everything is public data and leaves without a credential. What cannot be fetched leaves its symbol without a price,
and what has no price is refused.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable

from bailiwick.gateway.parties import VenueSide
from bailiwick.gateway.upstream import Failure
from bailiwick.gateway.weight import KeyWeight
from bailiwick.logs import log
from bailiwick.model.market import Candle, Question
from bailiwick.model.request import Outgoing

TOPS_EVERY_S = 1.0
SYMBOLS_EVERY_S = 3600.0
VOLUMES_EVERY_S = 6 * 3600.0
RARE_VOLUMES_EVERY_S = 900.0  # of what is not traded on a usual day: it may have been listed today
CLOCK_EVERY_S = 300.0
RETRY_HISTORY_S = 30.0
FILLS_A_ROUND = 5  # between two looks at the book, which must not grow old meanwhile

MOST_FOLLOWED = 300  # symbols that no grant names; a key for all symbols may ask for each

PAGE = 1000
DAY_MINUTES = 1440
VOLUME_DAYS = 30

_HEADERS = b"Accept: application/json\r\n"


class VenueRefused(Exception):
    """The venue did not answer, or not with what was asked for."""


class _Awaited:
    """Turns an answer into the result of a future."""

    __slots__ = ("_venue", "future")

    def __init__(self, venue: VenueSide, future: "asyncio.Future[tuple[int, bytes]]") -> None:
        self._venue = venue
        self.future = future

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        self._venue.way.heed(status, self._venue.dialect.read_usage(head), self._venue.clock.now_us())
        if not self.future.done():
            self.future.set_result((status, body))

    def failed(self, failure: Failure) -> None:
        if not self.future.done():
            self.future.set_exception(VenueRefused(failure.value))


class Feed:
    """Keeps one venue's clock, symbols and market fresh.

    ``asked`` are the symbols that grants name, each with the currency in which its orders are counted. Their history
    is kept, and that of the symbols whose prices lead from one to the other; so it is for those that an order missed.
    """

    def __init__(
        self,
        venue: VenueSide,
        asked: Iterable[tuple[str, str]] = (),
        seen: Callable[[VenueSide], None] = lambda venue: None,
    ) -> None:
        self.venue = venue
        self._seen = seen  # is told whenever prices are fresh
        self._data = venue.dialect.market_data
        self._weight = KeyWeight()
        self._asked = set(asked)
        self._asked_anew = asyncio.Event()
        self._followed = 0  # of these, those that no grant named
        self._started = False
        self._filled: dict[str, float] = {}  # when the history of a symbol was fetched
        self._tried: dict[str, float] = {}
        self.failed: dict[str, str] = {}  # what cannot be fetched now, and why

    def want(self, symbol: str, currency: str) -> None:
        """Keep this symbol's history from now on. Until it is there, its orders are refused as unpriceable."""
        if (symbol, currency) not in self._asked:
            self._asked.add((symbol, currency))
            self._asked_anew.set()

    def follow_missed(self) -> None:
        """Follow what orders missed, up to a bound: each symbol takes memory, and time of every second."""
        for symbol, currency in self.venue.prices.take_missed():
            if (symbol, currency) in self._asked:
                continue
            if self._followed >= MOST_FOLLOWED:
                self.failed["more symbols"] = (
                    f"{MOST_FOLLOWED} that no grant names are followed; name those that matter"
                )
                return
            self._followed += 1
            self.want(symbol, currency)

    def followed(self) -> set[str]:
        """The symbols that grants name and that orders touched."""
        return {symbol for symbol, _ in self._asked if symbol in self.venue.market.symbols}

    def _wanted(self) -> set[str]:
        """The symbols whose history is kept."""
        market = self.venue.market
        wanted: set[str] = set()
        for symbol, currency in self._asked:
            info = market.symbols.get(symbol)
            if info is not None:
                wanted.add(symbol)
                wanted.update(market.between(info.quote, currency))
        return wanted

    async def ask(self, question: Question, weight: KeyWeight | None = None) -> bytes:
        """Fetch public data, counted as the prices' own or as another's.

        Raises:
            VenueRefused: if the venue does not answer with status 200, or the weight for it is used up.
        """
        venue = self.venue
        reason = venue.way.weight.admit(question.weight, weight or self._weight, venue.clock.now_us(), exit_=False)
        if reason is not None:
            raise VenueRefused(reason.sentence)
        future: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        venue.way.pool.send(Outgoing(b"GET", question.target.encode(), _HEADERS, b""), _Awaited(venue, future))
        status, body = await future
        if status != 200:
            raise VenueRefused(f"{question.target.partition('?')[0]} answered {status}")
        return body

    async def start(self) -> None:
        """Fetch what must be known before an order can be judged. What fails is tried again while running."""
        self._started = True
        await self._attempt("clock", self.sync_clock)
        await self._attempt("symbols", self.refresh_symbols)
        await self.fill()
        await self._attempt("prices", self.refresh_tops)

    async def run(self) -> None:
        """Keep everything fresh until cancelled; begins with what ``start`` has not fetched."""
        if not self._started:
            await self.start()
        periodic: list[tuple[str, float, Callable[[], Awaitable[None]]]] = [
            ("clock", CLOCK_EVERY_S, self.sync_clock),
            ("symbols", SYMBOLS_EVERY_S, self.refresh_symbols),
        ]
        done = {what: time.monotonic() for what, _, _ in periodic}
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TOPS_EVERY_S):
                    await self._asked_anew.wait()
            self.follow_missed()
            self._asked_anew.clear()
            await self.fill(FILLS_A_ROUND)
            await self._attempt("prices", self.refresh_tops)
            now = time.monotonic()
            for what, every, refresh in periodic:
                if now - done[what] > (every if what not in self.failed else RETRY_HISTORY_S):
                    done[what] = now
                    await self._attempt(what, refresh)

    async def _attempt(self, what: str, refresh: Callable[[], Awaitable[None]]) -> None:
        try:
            await refresh()
        except (VenueRefused, ValueError, ArithmeticError) as error:
            if what not in self.failed:
                log.warning("market data cannot be fetched", what=what, venue=self.venue.id, why=str(error))
            self.failed[what] = str(error)
        else:
            self.failed.pop(what, None)

    async def sync_clock(self) -> None:
        """Set the venue's clock from its own time."""
        sent = time.monotonic_ns() // 1000
        body = await self.ask(self._data.time())
        received = time.monotonic_ns() // 1000
        self.venue.clock.learn(self._data.read_time(body), sent, received)

    async def refresh_symbols(self) -> None:
        """Fetch the venue's description of its symbols, and of how many orders it takes."""
        body = await self.ask(self._data.symbols())
        venue = self.venue
        venue.prices.set_symbols(venue.dialect.symbols(body))
        told = venue.dialect.order_limits(body)
        venue.order_limits.ten_seconds = told.ten_seconds or venue.order_limits.ten_seconds
        venue.order_limits.day = told.day or venue.order_limits.day

    async def refresh_tops(self) -> None:
        """Fetch best bids and asks."""
        body = await self.ask(self._data.tops())
        prices = self.venue.prices
        prices.observe(self._data.read_tops(body, prices.followed), self.venue.clock.now_us())
        self._seen(self.venue)

    async def fill(self, most: int | None = None) -> None:
        """Fetch the history of wanted symbols, of so many at most, that have none, or whose volumes are old."""
        now = time.monotonic()
        tried = 0
        for symbol in sorted(self._wanted()):
            if now - self._filled.get(symbol, -VOLUMES_EVERY_S) < VOLUMES_EVERY_S:
                continue
            if now - self._tried.get(symbol, -RETRY_HISTORY_S) < RETRY_HISTORY_S:
                continue
            if tried == most:
                return
            tried += 1
            self._tried[symbol] = now
            await self._attempt(f"history of {symbol}", lambda symbol=symbol: self._fill(symbol))  # type: ignore[misc]  # a lambda's default cannot be annotated

    async def _fill(self, symbol: str) -> None:
        prices, data = self.venue.prices, self._data
        days = data.read_candles(await self.ask(data.days(symbol, VOLUME_DAYS + 1)))
        if symbol not in self._filled:
            minutes = await self._day_of_minutes(symbol)
            prices.seed(symbol, minutes, self.venue.clock.now_us())
        volumes = [day.quote_volume for day in days]
        prices.set_daily_volumes(symbol, volumes[:-1], *volumes[-1:])  # the last day is not over
        rare = 2 * sum(each > 0 for each in volumes[:-1]) <= VOLUME_DAYS
        self._filled[symbol] = time.monotonic() - (VOLUMES_EVERY_S - RARE_VOLUMES_EVERY_S if rare else 0.0)

    async def _day_of_minutes(self, symbol: str) -> list[Candle]:
        start = self.venue.clock.now_us() // 1000 - DAY_MINUTES * 60_000
        candles: list[Candle] = []
        while len(candles) < DAY_MINUTES:
            page = self._data.read_candles(await self.ask(self._data.minutes(symbol, start, PAGE)))
            candles += page
            if len(page) < PAGE:
                break
            start = page[-1].open_ms + 60_000
        return candles
