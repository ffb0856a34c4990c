"""Public data: a market that follows from its seed and shows what trades."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsal import NOW, Desk, wish

from bailiwick.sandbox.amount import read
from bailiwick.sandbox.candles import INTERVALS, floor_time, next_time
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.path import CALM, DAY_MS, MINUTE_MS, MOVING, Path
from bailiwick.sandbox.symbols import LISTED

HOUR_MS = 60 * MINUTE_MS
BTC = LISTED[0]
CALM_PATHS = {symbol: Path(symbol, 1, CALM) for symbol in LISTED}
moments = st.integers(NOW - 400 * DAY_MS, NOW + 400 * DAY_MS)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@given(moments, st.integers(0, 3 * DAY_MS), st.integers(0, 3 * DAY_MS))
def test_volumes_of_parts_add_up(start: int, first: int, second: int) -> None:
    """Any stretch's volume is the sum of its parts' volumes, and never negative."""
    path = CALM_PATHS[BTC]
    middle, end = start + first, start + first + second
    assert path.volume(start, end) == path.volume(start, middle) + path.volume(middle, end)
    assert path.volume(start, middle) >= 0


@given(moments)
def test_a_calm_market_stays_within_its_reach(at: int) -> None:
    """The price of a calm market is within its amplitude of its level, in whole ticks, above zero."""
    for symbol, path in CALM_PATHS.items():
        mid = path.mid(at)
        assert abs(mid - symbol.price) * 1_000_000 <= symbol.price * CALM + symbol.tick * 1_000_000
        assert (mid > 0, mid % symbol.tick) == (True, 0)


def test_a_calm_book_keeps_its_quotes() -> None:
    """In an hour of calm no symbol's price moves further than its spread, and coarse ticks do not move at all."""
    sandbox = Sandbox(1, NOW)
    before = {name: market.last for name, market in sandbox.engine.markets.items()}
    for minute in range(60):
        sandbox.tick(NOW + minute * MINUTE_MS)
    for name, market in sandbox.engine.markets.items():
        assert abs(market.last - before[name]) * 5_000 <= before[name]
    assert sandbox.engine.market("DMGUSDT").last == before["DMGUSDT"] == read("0.02")


def test_a_days_volume_is_believable() -> None:
    """Each day trades between four fifths and six fifths of the usual volume."""
    path = Path(BTC, 1)
    for day in range(NOW // DAY_MS - 60, NOW // DAY_MS):
        volume = path.volume(day * DAY_MS, (day + 1) * DAY_MS)
        assert BTC.daily_volume * 8 // 10 <= volume <= BTC.daily_volume * 12 // 10


def test_history_follows_from_the_seed() -> None:
    """Two sandboxes of one seed tell the same history, another seed tells another."""

    def history(seed: int) -> list[int]:
        path = Path(BTC, seed, MOVING)
        return [path.mid(NOW - hours * HOUR_MS) for hours in range(200)]

    assert history(1) == history(1)
    assert history(1) != history(2)
    assert max(history(1)) - min(history(1)) > BTC.price // 200


@pytest.mark.parametrize(("interval", "limit"), [("1d", 30), ("1m", 1000), ("1h", 24), ("1w", 10), ("1M", 12)])
def test_candles_reach_back_as_far_as_asked(desk: Desk, interval: str, limit: int) -> None:
    """The last candles are there, contiguous, the running one last, each with its volume and a sound shape."""
    rows = desk.public("/api/v3/klines", f"symbol=BTCUSDT&interval={interval}&limit={limit}")
    assert len(rows) == limit
    assert rows[-1][0] == floor_time(interval, NOW)
    assert all(row[6] + 1 == following[0] for row, following in pairwise(rows))
    for row in rows:
        first, high, low, last, volume = (Decimal(text) for text in row[1:6])
        assert low <= min(first, last) <= max(first, last) <= high
        assert volume > 0 or row is rows[-1]


def test_candles_can_be_asked_from_a_time(desk: Desk) -> None:
    """startTime gives the candles that begin from there on, endTime cuts them off."""
    start = NOW - 10 * DAY_MS
    rows = desk.public("/api/v3/klines", f"symbol=BTCUSDT&interval=1d&startTime={start}&limit=3")
    first = next_time("1d", floor_time("1d", start - 1))
    assert [row[0] for row in rows] == [first, first + DAY_MS, first + 2 * DAY_MS]
    until = first + DAY_MS
    rows = desk.public("/api/v3/klines", f"symbol=BTCUSDT&interval=1d&startTime={start}&endTime={until}")
    assert [row[0] for row in rows] == [first, until]
    for late in (NOW + DAY_MS, 9 * 10**18):
        assert desk.public("/api/v3/klines", f"symbol=BTCUSDT&interval=1M&startTime={late}") == []
    assert len(desk.public("/api/v3/klines", "symbol=BTCUSDT&interval=1M&endTime=0&limit=1000")) == 1000


@pytest.mark.parametrize("interval", list(INTERVALS))
def test_every_interval_is_served(desk: Desk, interval: str) -> None:
    """Candles exist in every interval that the venue documents."""
    assert len(desk.public("/api/v3/uiKlines", f"symbol=ETHUSDT&interval={interval}&limit=2")) == 2


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    """1w and 1M candles begin where the venue's do."""
    assert floor_time("1w", 1_790_000_000_000) == 1_789_948_800_000
    assert floor_time("1M", 1_790_000_000_000) == 1_788_220_800_000


def test_real_trades_show_in_candles_and_tickers(desk: Desk) -> None:
    """A trade far from the path is the running candle's high and the last price everywhere."""
    desk.sandbox.open_account("other", NOW, {"BTC": "1"})
    before = Decimal(desk.public("/api/v3/ticker/24hr", "symbol=BTCUSDT")["volume"])
    for order in desk.sandbox.engine.records.all_open(desk.sandbox.account("house")):
        desk.sandbox.engine.cancel(order, NOW)
    desk.sandbox.order_as("other", wish("SELL", "0.5", "66000"), NOW)
    desk.limit("BUY", "0.5", "66000")
    (row,) = desk.public("/api/v3/klines", "symbol=BTCUSDT&interval=1m&limit=1")
    assert (row[2], row[4], Decimal(row[5]) >= Decimal("0.5")) == ("66000.00000000", "66000.00000000", True)
    assert desk.public("/api/v3/ticker/price", "symbol=BTCUSDT")["price"] == "66000.00000000"
    after = desk.public("/api/v3/ticker/24hr", "symbol=BTCUSDT")
    assert (after["highPrice"], Decimal(after["volume"]) - before) == ("66000.00000000", Decimal("0.5"))
    (trade,) = desk.public("/api/v3/trades", "symbol=BTCUSDT")
    assert (trade["price"], trade["isBuyerMaker"]) == ("66000.00000000", False)
    (aggregate,) = desk.public("/api/v3/aggTrades", f"symbol=BTCUSDT&startTime={NOW}&endTime={NOW}")
    assert (aggregate["p"], aggregate["f"]) == ("66000.00000000", trade["id"])
    assert desk.public("/api/v3/historicalTrades", "symbol=BTCUSDT&fromId=2") == []


def test_the_public_sees_an_icebergs_slice_alone(desk: Desk) -> None:
    """Depth and book ticker show what is left of an iceberg's slice, though all of it can be traded against."""
    desk.sandbox.open_account("other", NOW, {"BTC": "10"})
    price = str(Decimal(desk.public("/api/v3/ticker/bookTicker", "symbol=BTCUSDT")["bidPrice"]) + Decimal("0.01"))
    desk.limit("BUY", "1", price, icebergQty="0.1")

    def shown() -> Decimal:
        (bid,) = desk.public("/api/v3/depth", "symbol=BTCUSDT&limit=1")["bids"]
        assert desk.public("/api/v3/ticker/bookTicker", "symbol=BTCUSDT")["bidQty"] == bid[1]
        return Decimal(bid[1])

    seen = [shown()]
    for quantity in ("0.04", "0.06", "0.85"):
        taken = desk.sandbox.engine.place(desk.sandbox.account("other"), wish("SELL", quantity, price), NOW)
        assert taken.order.status == "FILLED"
        seen.append(shown())
    assert seen == [Decimal("0.1"), Decimal("0.06"), Decimal("0.1"), Decimal("0.05")]


def test_the_house_restores_what_was_taken(desk: Desk) -> None:
    """What a taker removed from the book is there again after the next tick, and so is a moved price."""
    before = desk.public("/api/v3/depth", "symbol=BTCUSDT&limit=3")
    desk.ask("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1")
    assert desk.public("/api/v3/depth", "symbol=BTCUSDT&limit=3")["asks"] != before["asks"]
    desk.sandbox.tick(NOW + 1)
    assert desk.public("/api/v3/depth", "symbol=BTCUSDT&limit=3")["asks"] == before["asks"]
    desk.sandbox.set_price("BTCUSDT", "50000", NOW + 2)
    top = desk.public("/api/v3/ticker/bookTicker", "symbol=BTCUSDT")
    assert Decimal(49990) < Decimal(top["bidPrice"]) < Decimal(top["askPrice"]) < Decimal(50010)


def test_a_moved_price_wakes_stops_into_the_new_book(desk: Desk) -> None:
    """A stop-loss that a falling price triggers sells to the house's new quotes."""
    stop = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.1", "stopPrice": "60000"}
    number = desk.ask("POST", "/api/v3/order", **stop)["orderId"]
    desk.sandbox.set_price("BTCUSDT", "59000", NOW + 1)
    found = desk.ask("GET", "/api/v3/order", symbol="BTCUSDT", orderId=number)
    assert found["status"] == "FILLED"
    assert Decimal(5890) < Decimal(found["cummulativeQuoteQty"]) < Decimal(5900)


def test_a_moved_price_fills_the_orders_it_passes(desk: Desk) -> None:
    """A resting buy order trades when the market falls through it, at its own price."""
    number = desk.limit("BUY", "0.1", "64000")["orderId"]
    desk.sandbox.set_price("BTCUSDT", "63000", NOW + 1)
    found = desk.ask("GET", "/api/v3/order", symbol="BTCUSDT", orderId=number)
    assert (found["status"], found["cummulativeQuoteQty"]) == ("FILLED", "6400.00000000")


def test_exchange_info_lists_what_is_asked_for(desk: Desk) -> None:
    """One, some or all symbols, each with its filters; unknown ones are refused."""
    assert len(desk.public("/api/v3/exchangeInfo")["symbols"]) == len(LISTED)
    found = desk.public("/api/v3/exchangeInfo", "symbols=%5B%22BTCUSDT%22,%22DMGUSDT%22%5D")["symbols"]
    assert [row["symbol"] for row in found] == ["BTCUSDT", "DMGUSDT"]
    filters = {row["filterType"]: row for row in found[0]["filters"]}
    assert (filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]) == ("0.01000000", "0.00001000")
    assert desk.public("/api/v3/exchangeInfo", "symbol=NOPE") == {"code": -1121, "msg": "Invalid symbol."}
    assert desk.public("/api/v3/exchangeInfo", "symbols=nonsense")["code"] == -1100


@pytest.mark.parametrize("family", ["fapi", "dapi"])
def test_futures_list_nothing(desk: Desk, family: str) -> None:
    """The futures exchanges answer in their form, empty."""
    assert desk.public(f"/{family}/v1/exchangeInfo")["symbols"] == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v3/ticker/tradingDay", "symbol=BTCUSDT"),
        ("/api/v3/ticker", "symbol=BTCUSDT&windowSize=4h"),
        ("/api/v3/ticker/24hr", "symbol=BTCUSDT"),
    ],
)
def test_statistics_have_a_sound_shape(desk: Desk, path: str, query: str) -> None:
    """Every statistic says when it began, between which prices it ran and what traded."""
    found = desk.public(path, query)
    assert Decimal(found["lowPrice"]) <= Decimal(found["weightedAvgPrice"]) <= Decimal(found["highPrice"])
    assert found["openTime"] < NOW
    assert Decimal(found["quoteVolume"]) > 0


def test_small_things_answer(desk: Desk) -> None:
    """ping, time, averages, and the refusals of malformed public requests."""
    assert desk.public("/api/v3/ping") == {}
    assert desk.public("/api/v3/time") == {"serverTime": NOW}
    assert desk.public("/api/v3/avgPrice", "symbol=BTCUSDT")["mins"] == 5
    assert len(desk.public("/api/v3/ticker/bookTicker")) == len(LISTED)
    assert desk.public("/api/v3/klines", "symbol=BTCUSDT&interval=2m")["code"] == -1120
    assert desk.public("/api/v3/ticker", "symbol=BTCUSDT&windowSize=9x")["code"] == -1130
    assert desk.public("/api/v3/ticker/tradingDay")["code"] == -1102
    assert desk.public("/api/v3/depth")["code"] == -1102


def test_a_thin_market_is_thin() -> None:
    """A few hundred dollars walk the thin token's price by percents."""
    sandbox = Sandbox(1, NOW, amplitude=0)
    account = sandbox.open_account("anna", NOW, {"USDT": "10000"})
    order = wish("BUY", "20000", type="MARKET", symbol="DMGUSDT")
    fills = sandbox.engine.place(account, order, NOW).fills
    assert fills[-1].trade.price * 100 > fills[0].trade.price * 102
    assert sandbox.engine.market("DMGUSDT").symbol.daily_volume == read("500000")


def test_a_market_without_the_house_holds_only_what_accounts_put_there() -> None:
    """Where the house stays away, whoever quotes both sides makes the price."""
    sandbox = Sandbox(1, NOW, without_house=frozenset({"DMGUSDT"}))
    account = sandbox.open_account("anna", NOW, {"DMG": "10000"})
    sandbox.engine.place(account, wish("SELL", "1000", "0.03", symbol="DMGUSDT"), NOW)
    sandbox.tick(NOW + 1000)
    book = sandbox.engine.market("DMGUSDT").book
    assert (book.best("BUY"), [level.price for level in book.levels("SELL")]) == (None, [read("0.03")])
