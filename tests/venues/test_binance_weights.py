"""Request weight: what one request counts for at Binance, by what it asks."""

from urllib.parse import quote

import pytest
from binance_requests import read, request

from bailiwick.model.intent import Intent
from bailiwick.venues.binance import BINANCE
from bailiwick.venues.binance.endpoints import ENDPOINTS
from bailiwick.venues.binance.table import rows
from bailiwick.venues.binance.weights import CASES


def public(path: str, query: str = "") -> int:
    """The weight of a public read."""
    known = ENDPOINTS["GET", path]
    intent = BINANCE.parse(known, request("GET", path, query=query.encode()), None)
    assert isinstance(intent, Intent), intent
    return BINANCE.weigh(intent)


def names(count: int) -> str:
    """A list of so many symbols, as clients send it."""
    return "symbols=" + quote("[" + ",".join(f'"A{each}USDT"' for each in range(count)) + "]", safe="")


@pytest.mark.parametrize(
    ("limit", "weight"),
    [("", 5), ("5", 5), ("100", 5), ("101", 25), ("500", 25), ("501", 50), ("1000", 50), ("1001", 250), ("9000", 250)],
)
def test_an_order_book_weighs_by_its_depth(limit: str, weight: int) -> None:
    """An order book weighs 5, 25, 50 or 250 by the limit asked for, and 5 where none is named."""
    assert public("/api/v3/depth", "symbol=BTCUSDT" + (f"&limit={limit}" if limit else "")) == weight


@pytest.mark.parametrize(
    ("query", "day", "last", "window"),
    [
        ("symbol=BTCUSDT", 2, 2, 4),
        (names(1), 2, 4, 4),
        (names(20), 2, 4, 80),
        (names(21), 40, 4, 84),
        (names(50), 40, 4, 200),
        (names(51), 40, 4, 200),
        (names(100), 40, 4, 200),
    ],
    ids=["symbol", "1", "20", "21", "50", "51", "100"],
)
def test_tickers_weigh_by_the_number_of_symbols(query: str, day: int, last: int, window: int) -> None:
    """Tickers weigh by how many symbols they are asked of."""
    assert public("/api/v3/ticker/24hr", query) == day
    assert public("/api/v3/ticker/price", query) == public("/api/v3/ticker/bookTicker", query) == last
    assert public("/api/v3/ticker", query) == public("/api/v3/ticker/tradingDay", query) == window


def test_tickers_of_every_symbol() -> None:
    """The ticker of a day weighs 80 for all symbols, the last price and the best of the book 4."""
    assert public("/api/v3/ticker/24hr") == public("/api/v3/ticker/24hr", names(101)) == 80
    assert public("/api/v3/ticker/price") == public("/api/v3/ticker/bookTicker") == 4


@pytest.mark.parametrize(
    ("method", "path", "params", "weight"),
    [
        ("GET", "/api/v3/openOrders", {"symbol": "BTCUSDT"}, 6),
        ("GET", "/api/v3/openOrders", {}, 80),
        ("GET", "/api/v3/myTrades", {"symbol": "BTCUSDT"}, 20),
        ("GET", "/api/v3/myTrades", {"symbol": "BTCUSDT", "orderId": "7"}, 5),
        ("GET", "/api/v3/myPreventedMatches", {"symbol": "BTCUSDT", "orderId": "7"}, 20),
        ("GET", "/api/v3/myPreventedMatches", {"symbol": "BTCUSDT", "preventedMatchId": "7"}, 2),
        ("GET", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": "7"}, 4),
    ],
)
def test_signed_reads_weigh_by_what_they_name(method: str, path: str, params: dict[str, str], weight: int) -> None:
    """A read of one symbol, order or match weighs less than one of all."""
    assert BINANCE.weigh(read(method, path, params)) == weight


def test_the_tables_agree() -> None:
    """Every spot endpoint has its weight with a source; one that does not vary weighs the same in both tables."""
    assert set(CASES) == {place for place, known in ENDPOINTS.items() if place[1].startswith("/api/v3/")}
    for place, cases in CASES.items():
        known = ENDPOINTS[place]
        assert cases[-1].name == "", place
        assert known.varies == (len(cases) > 1)
        assert known.weight in {case.weight for case in cases}, place
    assert {row[4].split()[0] for row in rows("weights.tsv")} == {"testnet/rest-api.md", "rest-api.md", "recalled"}


def test_a_condition_names_a_parameter_of_its_endpoint() -> None:
    """A case that no request could meet would weigh nothing: each names what the endpoint takes."""
    stray = [
        (place, case.name)
        for place, cases in CASES.items()
        for case in cases
        if case.name and case.name not in ENDPOINTS[place].parameters
    ]
    assert stray == []
