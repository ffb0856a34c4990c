"""What the gateway answers about markets: public trades, asked of the venue within the weight that is left."""

from typing import TYPE_CHECKING, final

from bailiwick.gateway.feed import DAY_MINUTES, PAGE, Feed, VenueRefused
from bailiwick.gateway.weight import KeyWeight
from bailiwick.link.market_questions import (
    Candle,
    Candles,
    CandlesAnswer,
    Followed,
    FollowedAnswer,
    FollowedSymbols,
    MinutesAnswer,
    MinuteTold,
    PublicTrades,
    TradedMinutes,
    TradesAnswer,
    TradeTold,
)
from bailiwick.link.wire import Code, LinkError, Peer
from bailiwick.model.market import Question, Quote, TradedMinute

if TYPE_CHECKING:
    from bailiwick.gateway.process import House


@final
class MarketDesk:
    """Answers for the markets of every venue."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._weight = KeyWeight()  # a share of its own: prices, which orders need, are not to wait for it

    async def followed(self, question: FollowedSymbols, peer: Peer) -> FollowedAnswer:
        """The symbols of grants and orders."""
        return FollowedAnswer(
            symbols=tuple(
                Followed(venue=venue, symbol=symbol, moved_bps=_moved(feed.venue.market.quotes.get(symbol)))
                for venue, feed in sorted(self._house.feeds.items())
                for symbol in sorted(feed.followed())
            )
        )

    async def trades(self, question: PublicTrades, peer: Peer) -> TradesAnswer:
        """Public trades of a symbol."""
        feed = self._feed(question.venue, question.symbol)
        data = feed.venue.dialect.market_data
        try:
            found = data.read_trades(await self._ask(feed, data.trades(question.symbol, question.after)))
        except ValueError as error:
            raise LinkError(Code.UNAVAILABLE, f"venue {question.venue}: {error}") from None
        return TradesAnswer(
            trades=tuple(
                TradeTold(each.number, each.at_us, float(each.price), float(each.quantity), each.taker_buy)
                for each in found
            ),
            at_us=feed.venue.clock.now_us(),
            more=question.after is not None and len(found) >= PAGE,
        )

    async def minutes(self, question: TradedMinutes, peer: Peer) -> MinutesAnswer:
        """The last day of a symbol."""
        feed = self._feed(question.venue, question.symbol)
        data = feed.venue.dialect.market_data
        now_ms = feed.venue.clock.now_us() // 1000
        start = now_ms - DAY_MINUTES * 60_000
        found: list[TradedMinute] = []
        try:
            while len(found) < DAY_MINUTES:
                page = data.read_minutes(await self._ask(feed, data.minutes(question.symbol, start, PAGE)))
                found += page
                if len(page) < PAGE:
                    break
                start = page[-1].open_ms + 60_000
        except ValueError as error:
            raise LinkError(Code.UNAVAILABLE, f"venue {question.venue}: {error}") from None
        return MinutesAnswer(minutes=tuple(_told(each) for each in found if each.open_ms + 60_000 <= now_ms))

    async def candles(self, question: Candles, peer: Peer) -> CandlesAnswer:
        """The minutes of a symbol from a moment on."""
        feed = self._feed(question.venue, question.symbol)
        if not 1 <= question.count <= PAGE or question.from_ms < 0:
            raise LinkError(Code.REFUSED, f"count: 1 to {PAGE}; from_ms: since 1970")
        data, info = feed.venue.dialect.market_data, feed.venue.market.symbols[question.symbol]
        try:
            asked = data.minutes(question.symbol, question.from_ms, question.count)
            found = data.read_minutes(await self._ask(feed, asked))
        except ValueError as error:
            raise LinkError(Code.UNAVAILABLE, f"venue {question.venue}: {error}") from None
        return CandlesAnswer(
            base=info.base,
            quote=info.quote,
            at_ms=feed.venue.clock.now_us() // 1000,
            candles=tuple(Candle(each.open_ms, each.open, each.high, each.low, each.close) for each in found),
        )

    async def _ask(self, feed: Feed, question: Question) -> bytes:
        try:
            return await feed.ask(question, self._weight)
        except VenueRefused as error:
            raise LinkError(Code.UNAVAILABLE, f"venue {feed.venue.id}: {error}") from None

    def _feed(self, venue: str, symbol: str) -> Feed:
        feed = self._house.feeds.get(venue)
        if feed is None or symbol not in feed.venue.market.symbols:
            raise LinkError(Code.NOT_FOUND, f"symbol {symbol} of {venue or 'no venue'}: there is none")
        return feed


def _moved(quote: Quote | None) -> float | None:
    if quote is None or quote.near is None or not quote.anchor:
        return None
    return round(float(quote.near / quote.anchor - 1) * 10_000, 1)


def _told(minute: TradedMinute) -> MinuteTold:
    return MinuteTold(
        minute.open_ms, float(minute.high), float(minute.low), float(minute.close), float(minute.bought),
        float(minute.sold), minute.count,
    )  # fmt: skip
