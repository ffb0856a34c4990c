"""What the gateway answers about markets: public data alone, within the weight that is left."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from ground import VENUE, Ground, Sent

from bailiwick.gateway.feed import Feed
from bailiwick.gateway.marketdesk import MarketDesk
from bailiwick.link.market_questions import Candle, Candles, FollowedSymbols, PublicTrades, TradedMinutes
from bailiwick.link.wire import Code, LinkError, Peer

SYMBOL = "BTCUSDT"
PEER = Peer(pid=1, uid=1)


def desk(ground: Ground, body: Any, status: int = 200) -> tuple[MarketDesk, list[str]]:
    """A desk whose venue answers everything so; and what it was asked."""
    asked: list[str] = []

    def answer(sent: Sent) -> bool:
        asked.append(sent.path)
        assert sent.params.get("signature") is None
        sent.answer(status, body(sent) if callable(body) else body)
        return True

    ground.upstream.by_itself = answer
    ground.house.feeds[VENUE] = Feed(ground.venue, [(SYMBOL, "USDT"), ("NOTTHERE", "USDT")])
    return MarketDesk(ground.house), asked


def told(number: int, at_ms: int) -> dict[str, Any]:
    """A trade as the venue tells it."""
    return {"a": number, "p": "100", "q": "2", "f": number, "l": number, "T": at_ms, "m": number % 2 == 0, "M": True}


async def test_public_trades_are_fetched_without_a_credential(ground: Ground) -> None:
    """Trades leave the venue's form behind; a full page behind a number says that there is more."""
    market, asked = desk(ground, [told(i, 5) for i in range(1000)])
    latest = await market.trades(PublicTrades(venue=VENUE, symbol=SYMBOL), PEER)
    behind = await market.trades(PublicTrades(venue=VENUE, symbol=SYMBOL, after=7), PEER)
    assert (len(latest.trades), latest.more, behind.more, latest.at_us) == (1000, False, True, ground.clock.at)
    assert (latest.trades[1].at_us, latest.trades[1].price, latest.trades[1].taker_buy) == (5000, 100.0, True)
    assert asked == ["/api/v3/aggTrades"] * 2


async def test_the_running_minute_is_not_told(ground: Ground) -> None:
    """The last day by minutes ends with the last that is over."""

    def minutes(sent: Sent) -> Any:
        start = int(sent.params["startTime"]) // 60_000 * 60_000
        count = min(1000, (ground.clock.at // 1000 - start) // 60_000 + 1)
        return [
            [start + i * 60_000, "1", "2", "0.5", "1", "1", 0, "10", 3, "1", "4", "0"] for i in range(count)
        ]  # fmt: skip

    market, asked = desk(ground, minutes)
    answer = await market.minutes(TradedMinutes(venue=VENUE, symbol=SYMBOL), PEER)
    assert answer.minutes[-1].open_ms + 60_000 <= ground.clock.at // 1000 < answer.minutes[-1].open_ms + 120_000
    assert (answer.minutes[0].bought, answer.minutes[0].sold, len(asked)) == (4.0, 6.0, 2)


async def test_candles_are_told_to_the_digit(ground: Ground) -> None:
    """Prices of minutes arrive as the venue wrote them, with what they are prices of; more than a page is refused."""
    market, asked = desk(ground, [[60_000, "0.00000001", "1.10", "0.9", "1.0", "1", 0, "10", 3, "1", "4", "0"]])
    answer = await market.candles(Candles(venue=VENUE, symbol=SYMBOL, from_ms=60_000, count=121), PEER)
    (candle,) = answer.candles
    prices = [Decimal(each) for each in ("0.00000001", "1.10", "0.9", "1.0")]
    assert candle == Candle(60_000, *prices)
    assert (answer.base, answer.quote, answer.at_ms) == ("BTC", "USDT", ground.clock.at // 1000)
    assert asked == ["/api/v3/klines"]
    with pytest.raises(LinkError) as refused:
        await market.candles(Candles(venue=VENUE, symbol=SYMBOL, from_ms=0, count=1001), PEER)
    assert refused.value.code is Code.REFUSED


async def test_symbols_of_grants_that_the_venue_has_are_followed(ground: Ground) -> None:
    """A symbol that the venue does not have is not followed; how far a price moved is told with it."""
    market, _ = desk(ground, [])
    answer = await market.followed(FollowedSymbols(), PEER)
    assert [(each.venue, each.symbol, each.moved_bps) for each in answer.symbols] == [(VENUE, SYMBOL, 0.0)]


async def test_an_answer_of_another_form_is_told_apart(ground: Ground) -> None:
    """A venue that answers something else, or refuses, is unavailable; a symbol that it does not have is not found."""
    codes = []
    for body, status, symbol in (({"no": 1}, 200, SYMBOL), ([], 418, SYMBOL), ([], 200, "NOTTHERE")):
        market, _ = desk(ground, body, status)
        with pytest.raises(LinkError) as refused:
            await asyncio.wait_for(market.trades(PublicTrades(venue=VENUE, symbol=symbol), PEER), 5)
        codes.append(refused.value.code)
    assert codes == [Code.UNAVAILABLE, Code.UNAVAILABLE, Code.NOT_FOUND]
