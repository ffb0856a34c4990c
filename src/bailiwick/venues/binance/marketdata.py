"""The public questions that keep a gateway's prices fresh, and how Binance answers them."""

from collections.abc import Container
from decimal import Decimal
from urllib.parse import quote

import msgspec

from bailiwick.model.market import BookTop, Candle, PublicTrade, Question, TradedMinute


class _Ticker(msgspec.Struct, gc=False):
    symbol: str
    bidPrice: str  # noqa: N815  (the wire's spelling)
    askPrice: str  # noqa: N815
    bidQty: str = ""  # noqa: N815
    askQty: str = ""  # noqa: N815


class _Time(msgspec.Struct, gc=False):
    serverTime: int  # noqa: N815  (the wire's spelling)


class _Trade(msgspec.Struct, gc=False):
    a: int
    p: str
    q: str
    T: int
    m: bool


_MOST_QUANTITY = Decimal(10) ** 20

_TICKERS = msgspec.json.Decoder(list[_Ticker])
_TIME = msgspec.json.Decoder(_Time)
_TRADES = msgspec.json.Decoder(list[_Trade])
_CANDLES = msgspec.json.Decoder(list[list[int | str]])


class BinanceMarketData:
    """What to ask Binance, and how to read the answers. Reading raises ``ValueError`` for an answer of another form."""

    def time(self) -> Question:
        """Ask for the venue's clock."""
        return Question("/api/v3/time", 1)

    def symbols(self) -> Question:
        """Ask for the venue's description of its symbols."""
        return Question("/api/v3/exchangeInfo", 20)

    def tops(self) -> Question:
        """Ask for the best bid and ask of every symbol."""
        return Question("/api/v3/ticker/bookTicker", 4)

    def minutes(self, symbol: str, start_ms: int, count: int) -> Question:
        """Ask for candles of a minute, at most a thousand, beginning at a moment."""
        name = quote(symbol, safe="")
        return Question(f"/api/v3/klines?symbol={name}&interval=1m&startTime={start_ms}&limit={count}", 2)

    def days(self, symbol: str, count: int) -> Question:
        """Ask for the latest candles of a day."""
        return Question(f"/api/v3/klines?symbol={quote(symbol, safe='')}&interval=1d&limit={count}", 2)

    def trades(self, symbol: str, after: int | None) -> Question:
        """Ask for public trades, those of one taker at one price together; a number is that of such an aggregate."""
        behind = "" if after is None else f"&fromId={after + 1}"
        return Question(f"/api/v3/aggTrades?symbol={quote(symbol, safe='')}{behind}&limit=1000", 4)

    def read_time(self, body: bytes) -> int:
        """The venue's clock in microseconds since 1970."""
        return _TIME.decode(body).serverTime * 1000

    def read_tops(self, body: bytes, among: Container[str] | None = None) -> list[BookTop]:
        """Best bids and asks, of these symbols alone if any are given; symbols without both sides are left out."""
        tops = [
            BookTop(
                row.symbol,
                Decimal(row.bidPrice),
                Decimal(row.askPrice),
                _quantity(row.bidQty),
                _quantity(row.askQty),
            )
            for row in _TICKERS.decode(body)
            if among is None or row.symbol in among
        ]
        return [top for top in tops if top.bid.is_finite() and top.ask.is_finite() and 0 < top.bid <= top.ask]

    def read_candles(self, body: bytes) -> list[Candle]:
        """Candles, oldest first."""
        try:
            return [Candle(int(row[0]), Decimal(row[4]), Decimal(row[7])) for row in _CANDLES.decode(body)]
        except (IndexError, ArithmeticError) as error:
            raise ValueError("candles of another form than documented") from error

    def read_minutes(self, body: bytes) -> list[TradedMinute]:
        """Minutes, oldest first, with what takers bought."""
        try:
            found = [_minute(row) for row in _CANDLES.decode(body)]
        except (IndexError, ArithmeticError) as error:
            raise ValueError("candles of another form than documented") from error
        prices = [price for each in found for price in (each.open, each.high, each.low, each.close)]
        if not all(price.is_finite() and price > 0 for price in prices):
            raise ValueError("a minute without a price")
        return found

    def read_trades(self, body: bytes) -> list[PublicTrade]:
        """Public trades, oldest first. Binance tells the maker's side: where the buyer made it, the taker sold."""
        try:
            found = [
                PublicTrade(row.a, row.T * 1000, Decimal(row.p), Decimal(row.q), not row.m)
                for row in _TRADES.decode(body)
            ]
        except ArithmeticError as error:
            raise ValueError("trades of another form than documented") from error
        if not all(each.price.is_finite() and each.price > 0 and each.quantity.is_finite() for each in found):
            raise ValueError("a trade without a price")
        return found


def _quantity(text: str) -> Decimal | None:
    """How much rests there; None of what is no quantity: prices are not lost for it."""
    try:
        found = Decimal(text)
    except ArithmeticError:
        return None
    return found if found.is_finite() and 0 <= found < _MOST_QUANTITY else None


def _minute(row: list[int | str]) -> TradedMinute:
    bought, traded = Decimal(row[10]), Decimal(row[7])
    return TradedMinute(
        int(row[0]),
        Decimal(row[1]),
        Decimal(row[2]),
        Decimal(row[3]),
        Decimal(row[4]),
        bought,
        traded - bought,
        int(row[8]),
    )
