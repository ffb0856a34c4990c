"""Public endpoints: the exchange's rules, its books, trades, candles and tickers."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Final

from bailiwick.sandbox.amount import SCALE, show
from bailiwick.sandbox.call import Call, Route
from bailiwick.sandbox.candles import INTERVALS, Candle, candle, candles
from bailiwick.sandbox.engine import Market
from bailiwick.sandbox.orders import BUY, ORDER_TYPES, PREVENTIONS, SELL, Trade
from bailiwick.sandbox.params import Params
from bailiwick.sandbox.path import DAY_MS, MINUTE_MS
from bailiwick.sandbox.refusal import Refusal, mandatory
from bailiwick.sandbox.shapes import Row
from bailiwick.sandbox.symbols import Symbol

_DAYS: Final = {"m": MINUTE_MS, "h": 60 * MINUTE_MS, "d": DAY_MS}


def ping(call: Call) -> object:
    """Nothing, quickly."""
    return {}


def time(call: Call) -> object:
    """The exchange's clock."""
    return {"serverTime": call.now}


def exchange_info(call: Call) -> object:
    """Rules and symbols."""
    limits = call.sandbox.meter.limits
    rates = (
        ("REQUEST_WEIGHT", "MINUTE", 1, limits.weight_1m),
        ("ORDERS", "SECOND", 10, limits.orders_10s),
        ("ORDERS", "DAY", 1, limits.orders_1d),
        ("RAW_REQUESTS", "MINUTE", 5, 300_000),
    )
    return {
        "timezone": "UTC",
        "serverTime": call.now,
        "rateLimits": [
            {"rateLimitType": kind, "interval": unit, "intervalNum": number, "limit": limit}
            for kind, unit, number, limit in rates
        ],
        "exchangeFilters": [],
        "symbols": [symbol_row(market.symbol) for market in _asked(call)],
    }


def symbol_row(symbol: Symbol) -> Row:
    """One symbol of ``exchangeInfo``."""
    permissions = ["SPOT", "MARGIN"] if symbol.margin else ["SPOT"]
    return {
        "symbol": symbol.name,
        "status": "TRADING",
        "baseAsset": symbol.base,
        "baseAssetPrecision": 8,
        "quoteAsset": symbol.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": symbol.margin,
        "filters": _filters(symbol),
        "permissions": [],
        "permissionSets": [permissions],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": list(PREVENTIONS),
    }


def _filters(symbol: Symbol) -> list[Row]:
    down = show(symbol.percent_down_tenths * SCALE // 10)
    up = show(symbol.percent_up * SCALE)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": show(symbol.tick),
            "maxPrice": show(symbol.max_price),
            "tickSize": show(symbol.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": show(symbol.least_quantity),
            "maxQty": show(symbol.max_quantity),
            "stepSize": show(symbol.step),
        },
        {"filterType": "ICEBERG_PARTS", "limit": symbol.iceberg_parts},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": show(0),
            "maxQty": show(symbol.max_market_quantity),
            "stepSize": show(0),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": up,
            "bidMultiplierDown": down,
            "askMultiplierUp": up,
            "askMultiplierDown": down,
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": show(symbol.min_notional),
            "applyMinToMarket": True,
            "maxNotional": show(symbol.max_notional),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": symbol.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": symbol.max_algo_orders},
    ]


def depth(call: Call) -> object:
    """The book."""
    market = _market(call)
    limit = call.params.limit(100, 5000)
    return {
        "lastUpdateId": market.book.updates,
        "bids": [[show(level.price), show(level.shown)] for level in islice(market.book.levels(BUY), limit)],
        "asks": [[show(level.price), show(level.shown)] for level in islice(market.book.levels(SELL), limit)],
    }


def trades(call: Call) -> object:
    """The latest trades; with ``fromId`` from that one on."""
    market = _market(call)
    limit = call.params.limit(500, 1000)
    start = call.params.integer("fromId")
    return [
        {
            "id": trade.trade_id,
            "price": show(trade.price),
            "qty": show(trade.quantity),
            "quoteQty": show(trade.quote),
            "time": trade.time,
            "isBuyerMaker": trade.buyer_is_maker,
            "isBestMatch": True,
        }
        for trade in _slice(market, start, None, None, limit)
    ]


def agg_trades(call: Call) -> object:
    """Trades, each an aggregate of its own."""
    params = call.params
    chosen = _slice(
        _market(call), params.integer("fromId"), params.integer("startTime"), params.integer("endTime"),
        params.limit(500, 1000),
    )  # fmt: skip
    return [
        {
            "a": trade.trade_id,
            "p": show(trade.price),
            "q": show(trade.quantity),
            "f": trade.trade_id,
            "l": trade.trade_id,
            "T": trade.time,
            "m": trade.buyer_is_maker,
            "M": True,
        }
        for trade in chosen
    ]


def _slice(market: Market, from_id: int | None, start: int | None, end: int | None, limit: int) -> list[Trade]:
    kept = market.tape.trades
    if from_id is None and start is None and end is None:
        return list(islice(reversed(kept), limit))[::-1]
    chosen = (
        trade
        for trade in kept
        if trade.trade_id >= (from_id or 0)
        and (start is None or trade.time >= start)
        and (end is None or trade.time <= end)
    )
    return list(islice(chosen, limit))


def klines(call: Call) -> object:
    """Candles of any interval and any past time."""
    params = call.params
    market = _market(call)
    interval = params.choice("interval", frozenset(INTERVALS))
    path = call.sandbox.paths[market.symbol.name]
    start, end = params.integer("startTime"), params.integer("endTime")
    found = candles(market, path, interval, call.now, start=start, end=end, limit=params.limit(500, 1000))
    return [
        [
            row.start, show(row.open), show(row.high), show(row.low), show(row.close), show(row.volume), row.end,
            show(row.quote_volume), row.count, show(row.taker_volume), show(row.taker_quote), "0",
        ]
        for row in found
    ]  # fmt: skip


def avg_price(call: Call) -> object:
    """The average price of five minutes."""
    market = _market(call)
    row = _candle(call, market, call.now - 5 * MINUTE_MS)
    price = row.quote_volume * SCALE // row.volume if row.volume else market.last
    return {"mins": 5, "price": show(price), "closeTime": call.now}


def ticker_price(call: Call) -> object:
    """Last prices."""
    return _one_or_all(call, lambda market: {"symbol": market.symbol.name, "price": show(market.last)})


def book_ticker(call: Call) -> object:
    """Best bids and asks."""
    return _one_or_all(call, _book_row)


def _book_row(market: Market) -> Row:
    bid, ask = market.book.best(BUY), market.book.best(SELL)
    return {
        "symbol": market.symbol.name,
        "bidPrice": show(bid.price if bid else 0),
        "bidQty": show(bid.shown if bid else 0),
        "askPrice": show(ask.price if ask else 0),
        "askQty": show(ask.shown if ask else 0),
    }


def ticker_24h(call: Call) -> object:
    """Statistics of the last 24 hours."""
    return _one_or_all(call, lambda market: _statistics(call, market, call.now - DAY_MS, call.now))


def ticker_trading_day(call: Call) -> object:
    """Statistics of the running UTC day."""
    _need_symbols(call)
    start = call.now // DAY_MS * DAY_MS
    return _one_or_all(call, lambda market: _short(_statistics(call, market, start, start + DAY_MS - 1)))


def ticker_window(call: Call) -> object:
    """Statistics of a window from a minute to a week."""
    _need_symbols(call)
    size = call.params.text("windowSize", "1d")
    unit = _DAYS.get(size[-1:])
    if unit is None or not (size.isascii() and size[:-1].isdecimal()) or not 1 <= int(size[:-1]) <= 59:
        raise Refusal(-1130, "Data sent for parameter 'windowSize' is not valid.")
    start = call.now - int(size[:-1]) * unit
    start -= start % MINUTE_MS
    return _one_or_all(call, lambda market: _short(_statistics(call, market, start, call.now)))


def _need_symbols(call: Call) -> None:
    if "symbol" not in call.params and "symbols" not in call.params:
        raise mandatory("symbol")


def _short(row: Row) -> Row:
    left_out = ("prevClosePrice", "lastQty", "bidPrice", "bidQty", "askPrice", "askQty")
    return {name: value for name, value in row.items() if name not in left_out}


def _statistics(call: Call, market: Market, start: int, end: int) -> Row:
    row = _candle(call, market, start)
    change = market.last - row.open
    average = row.quote_volume * SCALE // row.volume if row.volume else market.last
    book = _book_row(market)
    last_trade = market.tape.trades[-1] if market.tape.trades else None
    return {
        "symbol": market.symbol.name,
        "priceChange": show(change),
        "priceChangePercent": _percent(change, row.open),
        "weightedAvgPrice": show(average),
        "prevClosePrice": show(row.open),
        "lastPrice": show(market.last),
        "lastQty": show(last_trade.quantity if last_trade else 0),
        **{name: value for name, value in book.items() if name != "symbol"},
        "openPrice": show(row.open),
        "highPrice": show(max(row.high, market.last)),
        "lowPrice": show(min(row.low, market.last)),
        "volume": show(row.volume),
        "quoteVolume": show(row.quote_volume),
        "openTime": start,
        "closeTime": end,
        "firstId": market.tape.trades[0].trade_id if market.tape.trades else -1,
        "lastId": last_trade.trade_id if last_trade else -1,
        "count": row.count,
    }


def _percent(part: int, whole: int) -> str:
    """A percentage with three decimals, truncated."""
    thousandths = abs(part) * 100_000 // whole
    return f"{'-' if part < 0 and thousandths else ''}{thousandths // 1000}.{thousandths % 1000:03d}"


def _candle(call: Call, market: Market, start: int) -> Candle:
    return candle(market, call.sandbox.paths[market.symbol.name], start, call.now + 1, call.now)


def _market(call: Call) -> Market:
    return call.sandbox.engine.market(call.params.need("symbol"))


def _asked(call: Call) -> list[Market]:
    engine, params = call.sandbox.engine, call.params
    if "symbol" in params:
        return [engine.market(params.need("symbol"))]
    if "symbols" not in params:
        return list(engine.markets.values())
    try:
        names = json.loads(params.need("symbols"))
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refusal(-1100, "Illegal characters found in parameter 'symbols'.")
    return [engine.market(name) for name in names]


def _one_or_all(call: Call, row: Callable[[Market], Row]) -> object:
    rows = [row(market) for market in _asked(call)]
    return rows[0] if "symbol" in call.params else rows


def empty_exchange(call: Call) -> object:
    """A futures exchange that lists nothing: enough for clients that read every market when they start."""
    return {
        "timezone": "UTC",
        "serverTime": call.now,
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
    }


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, 5000)
    return next(weight for most, weight in ((100, 5), (500, 25), (1000, 50), (5000, 250)) if limit <= most)


def _symbol_count(params: Params) -> int | None:
    if "symbol" in params:
        return 1
    return params.need("symbols").count(",") + 1 if "symbols" in params else None


def _last_weight(params: Params) -> int:
    return 2 if "symbol" in params else 4


def _day_weight(params: Params) -> int:
    count = _symbol_count(params)
    if count is None or count > 100:
        return 80
    return 2 if count <= 20 else 40


def _window_weight(params: Params) -> int:
    return min(4 * (_symbol_count(params) or 1), 200)


ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("GET", "/api/v3/ping"): Route(ping),
    ("GET", "/api/v3/time"): Route(time),
    ("GET", "/api/v1/ping"): Route(ping),
    ("GET", "/api/v1/time"): Route(time),
    ("GET", "/api/v3/exchangeInfo"): Route(exchange_info, 20),
    ("GET", "/api/v3/depth"): Route(depth, _depth_weight),
    ("GET", "/api/v3/trades"): Route(trades, 25),
    ("GET", "/api/v3/historicalTrades"): Route(trades, 25),
    ("GET", "/api/v3/aggTrades"): Route(agg_trades, 4),
    ("GET", "/api/v3/klines"): Route(klines, 2),
    ("GET", "/api/v3/uiKlines"): Route(klines, 2),
    ("GET", "/api/v3/avgPrice"): Route(avg_price, 2),
    ("GET", "/api/v3/ticker/price"): Route(ticker_price, _last_weight),
    ("GET", "/api/v3/ticker/bookTicker"): Route(book_ticker, _last_weight),
    ("GET", "/api/v3/ticker/24hr"): Route(ticker_24h, _day_weight),
    ("GET", "/api/v3/ticker/tradingDay"): Route(ticker_trading_day, _window_weight),
    ("GET", "/api/v3/ticker"): Route(ticker_window, _window_weight),
    ("GET", "/fapi/v1/ping"): Route(ping),
    ("GET", "/fapi/v1/time"): Route(time),
    ("GET", "/fapi/v1/exchangeInfo"): Route(empty_exchange),
    ("GET", "/dapi/v1/ping"): Route(ping),
    ("GET", "/dapi/v1/time"): Route(time),
    ("GET", "/dapi/v1/exchangeInfo"): Route(empty_exchange),
}
