"""A venue that tells nonsense of one symbol: the signs of the others go on."""

from typing import Any

import pytest
from msgspec.structs import replace
from pump_ground import quiet
from test_pump_feed import Venue

from bailiwick.authority.pumpfeed import PumpFeed
from bailiwick.link.market_questions import MinutesAnswer, TradedMinutes
from bailiwick.venues.binance.marketdata import BinanceMarketData


class Liar(Venue):
    """Tells minutes without a price of one symbol."""

    async def ask(self, question: Any, *, timeout_s: float | None = None) -> Any:
        answer = await super().ask(question, timeout_s=timeout_s)
        if isinstance(question, TradedMinutes) and question.symbol == "A":
            return MinutesAnswer(minutes=tuple(replace(each, high=0.0, low=0.0, close=0.0) for each in answer.minutes))
        return answer


async def test_nonsense_of_one_symbol_hides_no_other() -> None:
    """The round goes on with the other symbols, and what was wrong is said."""
    trades = quiet(hours=2)
    venue = Liar({"A": None, "B": None, "C": None}, trades)
    venue.now_us = trades[-1].time_us
    feed = PumpFeed(venue, venue.tick)
    await feed.look()
    assert (sorted(venue.looked), "A of v" in feed._failure) == (["A", "B", "C"], True)


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_a_minute_without_a_price_is_refused(price: str) -> None:
    """Where it is read, and not where somebody reckons with it."""
    row = f'[[1,"1","{price}","{price}","{price}","1",2,"1",1,"1","1","0"]]'.encode()
    with pytest.raises(ValueError, match="without a price"):
        BinanceMarketData().read_minutes(row)
