"""Prices: what cannot be fetched is asked again, what is old refuses, and our own trades move no anchor."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from ground import SYMBOLS, Ground, Sent

from bailiwick.gateway.feed import Feed
from bailiwick.model.intent import Side
from bailiwick.model.market import BookTop, Candle

SYMBOL = "BTCUSDT"
INFO = {
    "symbols": [
        {"symbol": SYMBOL, "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.01"}, {"filterType": "LOT_SIZE", "stepSize": "0.001"},
        ]},
    ]
}  # fmt: skip


class Market:
    """A venue that answers public questions; ``broken`` says how a path fails."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.broken: dict[str, Callable[[Sent], None]] = {}
        self.asked: list[str] = []
        ground.upstream.by_itself = self.answer

    def answer(self, sent: Sent) -> bool:
        """Answer at once."""
        self.asked.append(sent.path)
        fail = self.broken.get(sent.path)
        if fail is not None:
            fail(sent)
        else:
            sent.answer(200, self.body(sent))
        return True

    def body(self, sent: Sent) -> Any:
        """What the venue says."""
        now_ms = self.ground.clock.at // 1000
        if sent.path == "/api/v3/time":
            return {"serverTime": now_ms}
        if sent.path == "/api/v3/exchangeInfo":
            return INFO
        if sent.path == "/api/v3/ticker/bookTicker":
            return [{"symbol": SYMBOL, "bidPrice": "99.9", "askPrice": "100.1"}]
        step = 86_400_000 if sent.params["interval"] == "1d" else 60_000
        start = int(sent.params.get("startTime", now_ms - 31 * step)) // step * step
        count = min(int(sent.params["limit"]), (now_ms - start) // step)
        return [
            [start + each * step, "100", "100", "100", str(100 + each % 2), "1", 0, "1000000", 1, "1", "1", "0"]
            for each in range(count)
        ]


FAILURES: list[Callable[[Sent], None]] = [
    lambda sent: sent.fail(),
    lambda sent: sent.answer(500, b""),
    lambda sent: sent.answer(200, b"garbage"),
    lambda sent: sent.answer(200, {}),
    lambda sent: sent.answer(200, [[]]),
    lambda sent: sent.answer(200, [["1", "x"]]),
    lambda sent: sent.answer(200, [{"symbol": 1}]),
    lambda sent: sent.answer(403, b"<html>"),
]
PATHS = ["/api/v3/time", "/api/v3/exchangeInfo", "/api/v3/klines", "/api/v3/ticker/bookTicker"]


def empty(ground: Ground) -> Feed:
    """A feed of a venue of which nothing is known yet."""
    ground.venue.market.quotes.clear()
    ground.venue.market.set_symbols({})
    return Feed(ground.venue, [(SYMBOL, "USDT")])


async def test_after_the_start_an_order_can_be_priced(ground: Ground) -> None:
    """Clock, symbols, history and book are fetched, and the first order passes."""
    Market(ground)
    bot = ground.bot()
    feed = empty(ground)
    bot.buy()
    await feed.start()
    ground.upstream.by_itself = lambda sent: False
    bot.buy()
    (await ground.sent()).accept()
    assert feed.failed == {}
    assert bot.answers[0][0] == 400
    assert bot.reasons[1:] == [None]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("failure", FAILURES)
async def test_what_fails_is_noted_and_asked_again(
    ground: Ground, path: str, failure: Callable[[Sent], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that fails in whatever way ends nothing: it is noted, refuses orders, and its repetition heals it."""
    market = Market(ground)
    feed = empty(ground)
    market.broken[path] = failure
    await feed.start()
    assert feed.failed
    market.broken.clear()
    monkeypatch.setattr("bailiwick.gateway.feed.RETRY_HISTORY_S", 0.0)
    await feed.start()
    assert feed.failed == {}
    assert ground.venue.market.quotes[SYMBOL].near == Decimal(100)


async def test_without_history_nothing_can_be_priced(ground: Ground) -> None:
    """A symbol whose history cannot be fetched is refused however fresh its book is."""
    market = Market(ground)
    market.broken["/api/v3/klines"] = lambda sent: sent.answer(500, b"")
    bot = ground.bot()
    await empty(ground).start()
    bot.buy()
    assert bot.reasons == ["UNPRICEABLE"]


@pytest.mark.parametrize(("seconds", "passes"), [(14, True), (60, False)])
async def test_a_stale_price_refuses(ground: Ground, seconds: int, passes: bool) -> None:
    """An order is refused once the near price is older than a late poll explains."""
    bot = ground.bot()
    ground.clock.at += seconds * 1_000_000
    bot.buy()
    await ground.durable()
    assert bool(ground.upstream.sent) == passes
    assert bot.reasons == ([] if passes else ["REFERENCE_STALE"])


async def test_a_429_to_the_feed_is_a_rest_for_all(ground: Ground) -> None:
    """The feed asks nothing more after a 429, and neither does anybody else on its address."""
    market = Market(ground)
    feed = empty(ground)
    market.broken["/api/v3/time"] = lambda sent: sent.answer(429, b"{}", {"Retry-After": "20"})
    await feed.start()
    assert market.asked == ["/api/v3/time"]
    assert ground.venue.way.weight.paused_until_us == ground.clock.at + 20_000_000


async def test_odd_books_are_no_samples(ground: Ground) -> None:
    """Crossed, empty, negative, infinite and unknown books change no price."""
    Market(ground)
    feed = empty(ground)
    await feed.start()
    before = ground.venue.market.quotes[SYMBOL].near
    tops = [("0", "0"), ("101", "99"), ("-1", "1"), ("NaN", "1"), ("1", "Infinity"), ("0", "1000")]
    rows = [{"symbol": SYMBOL, "bidPrice": bid, "askPrice": ask} for bid, ask in tops]
    rows.append({"symbol": "NOSUCH", "bidPrice": "1", "askPrice": "2"})
    ground.upstream.by_itself = lambda sent: sent.answer(200, rows) is None
    await feed.refresh_tops()
    assert feed.failed == {}
    assert ground.venue.market.quotes[SYMBOL].near == before


async def walk(ground: Ground, *, ours: bool) -> Decimal:
    """The anchor after an hour in which a book was bought up, by a key behind this gateway or by others."""
    prices, now = ground.venue.prices, ground.clock.at
    prices.set_symbols(SYMBOLS)
    start = now // 60_000_000 * 60_000 - 1440 * 60_000
    prices.seed(
        SYMBOL, [Candle(start + each * 60_000, Decimal(100 + each % 2), Decimal(1000)) for each in range(1440)], now
    )
    prices.set_daily_volumes(SYMBOL, [Decimal(10_000)] * 30)
    price = Decimal(100)
    for _ in range(720):
        prices.observe([BookTop(SYMBOL, price - 1, price + 1)], now)
        if ours:
            prices.own_trade(SYMBOL, Side.BUY, Decimal(5))
        now += 5_000_000
        price *= Decimal("1.0015")
    anchor = ground.venue.market.quotes[SYMBOL].anchor
    assert anchor is not None
    return anchor


async def test_our_own_trades_do_not_move_the_anchor(ground: Ground) -> None:
    """A thief who walks a thin book with a key behind this gateway finds the anchor where it was."""
    assert await walk(ground, ours=True) <= 101


async def test_the_trades_of_others_do(ground: Ground) -> None:
    """What the market does by itself the anchor follows."""
    assert await walk(ground, ours=False) > 120


async def test_a_fill_told_in_an_answer_is_an_own_trade(ground: Ground) -> None:
    """Each fill of a key reaches the reference prices once, whatever path tells it."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    sent = await ground.sent()
    number = sent.accept("1")
    bot.send("GET", "/api/v3/allOrders", symbol=SYMBOL)
    ground.upstream.take().answer(200, [sent.order("1") | {"orderId": number, "clientOrderId": "mine"}])
    assert ground.venue.prices._own == {(SYMBOL, Side.BUY): Decimal(1)}


async def test_a_missed_market_is_followed(ground: Ground) -> None:
    """A symbol that an order missed, though no grant names it, has its history fetched."""
    from ground import BOT

    Market(ground)
    feed = empty(ground)
    bot = ground.bot(msgspec.structs.replace(BOT, what=msgspec.structs.replace(BOT.what, symbols="all")))
    feed._asked.clear()
    await feed.start()
    bot.buy()
    assert bot.reasons == ["UNPRICEABLE"]
    for symbol, currency in ground.venue.prices.take_missed():
        feed.want(symbol, currency)
    await feed.fill()
    await feed.refresh_tops()
    ground.upstream.by_itself = lambda sent: False
    bot.buy()
    (await ground.sent()).accept()


async def test_a_venue_that_moved_is_followed_where_it_is(ground: Ground) -> None:
    """A venue's market is followed once, and anew after its address changed; nothing waits for it to answer."""
    from ground import VENUE

    from bailiwick.store.store import Store

    house = ground.house
    (first,) = house._meet_venues()
    assert house._meet_venues() == []
    with Store.open(ground.config.database) as store:
        store.venues.update(msgspec.structs.replace(store.venues.get(VENUE), base_url="http://127.0.0.1:10"))
    ground.upstream.closed = False
    await house.refresh()
    moved = house.feeds[VENUE]
    assert moved is not first
    assert moved.venue is house.links.venue(VENUE)
    following = house._following[VENUE]
    await asyncio.sleep(0)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
