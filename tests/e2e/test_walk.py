"""The theft of 2022, tried again: a thin market is walked up with the victim's money, a per cent a step."""

import time
from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from bot import Answer, Bot
from grants import WIDE
from house import Exchange, House

from bailiwick.model.grant import HowMuch

SYMBOL = "DMGUSDT"
BUDGET = Decimal(2000)
ANCHOR_BAND = Decimal("0.03")
SPREAD = Decimal("0.02")  # of this thin market: who buys at its market pays half of it, thief or not
WALK_S = 10.0


@pytest.fixture
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange whose prices the thief may move."""
    exchange = Exchange(tmp_path_factory.mktemp("market"))
    yield exchange
    exchange.process.stop()


def test_a_walk_up_a_thin_book_ends_at_the_anchor(tmp_path_factory: pytest.TempPathFactory, market: Exchange) -> None:
    """Whoever holds the key and moves the market a per cent at a time costs its owner the anchor band at most."""
    house = House(tmp_path_factory.mktemp("walk") / "house", market)
    grant = msgspec.structs.replace(
        WIDE,
        what=msgspec.structs.replace(WIDE.what, symbols=frozenset({SYMBOL})),
        how_much=HowMuch(order_notional=Decimal(200), day_notional=BUDGET),
    )
    stolen = house.issue(grant)
    house.start()
    try:
        bot = Bot(house.port, stolen)
        before = Decimal(str(bot.mid(SYMBOL)))
        answers = walk(bot, market)
        filled = [answer.body for answer in answers if executed(answer)]
        paid = sum(Decimal(body["cummulativeQuoteQty"]) for body in filled)
        got = sum(Decimal(body["executedQty"]) for body in filled)
        assert filled, "the key could not trade at all"
        assert len(filled) < len(answers), "nothing held the walk"
        assert paid - got * before <= (ANCHOR_BAND + SPREAD) * BUDGET
        assert max(Decimal(fill["price"]) for body in filled for fill in body["fills"]) <= before * (
            1 + ANCHOR_BAND + SPREAD
        )
        assert bot.mid(SYMBOL) > float(before) * 1.1, "the market was walked on"
        assert not executed(buy(bot))
    finally:
        house.close()


def walk(bot: Bot, market: Exchange) -> list[Answer]:
    """Move the market up a per cent and buy, again and again."""
    answers, until = [], time.monotonic() + WALK_S
    while time.monotonic() < until:
        answers.append(buy(bot))
        market.tell("POST", "prices", {"symbol": SYMBOL, "shiftBps": 100})
        time.sleep(0.5)  # the thief lets the market of the last seconds follow him
    return answers


def buy(bot: Bot) -> Answer:
    """Buy a little at the market."""
    return bot.order("BUY", "2000", None, SYMBOL)


def executed(answer: Answer) -> bool:
    """Whether anything was bought."""
    return answer.status == 200 and Decimal(answer.body["executedQty"]) > 0
