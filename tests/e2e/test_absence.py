"""When the exchange is not there: nothing opens, nothing stays reserved, and everything is told plainly."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bot import Bot, eventually
from grants import BOT, WIDE
from house import Exchange, House

from bailiwick.journal import record

LOW = "64000"


@pytest.fixture
def leaving(tmp_path: Path) -> Iterator[Exchange]:
    """An exchange that a test may stop."""
    exchange = Exchange(tmp_path)
    yield exchange
    if exchange.process.running:
        exchange.process.stop()


@pytest.fixture
def before(tmp_path: Path, leaving: Exchange) -> Iterator[House]:
    """A data directory whose gateway is not started yet."""
    made = House(tmp_path / "house", leaving)
    made.issue(BOT)
    yield made
    made.close()


def test_what_was_never_sent_is_told_so_and_reserves_nothing(before: House, leaving: Exchange) -> None:
    """An order while the exchange cannot be reached is refused as not executed, and recorded as never sent."""
    before.start()
    bot = Bot(before.port, before.issue(WIDE))
    assert bot.order("BUY", "0.001", LOW).status == 200
    held = before.usage(bot.key).budgets[0].reserved
    leaving.process.stop()
    lost = bot.order("BUY", "0.001", LOW, newClientOrderId="lost")
    assert (lost.status, lost.code, lost.reason) == (503, -1008, "UPSTREAM_UNREACHABLE")
    assert before.usage(bot.key).budgets[0].reserved == held
    eventually(lambda: outcomes(before), lambda found: found[-1:] == [(False, 0)])  # its record follows the answer
    assert bot.ask("GET", "/api/v3/account").reason == "UPSTREAM_UNREACHABLE"


def outcomes(house: House) -> list[tuple[bool | None, int]]:
    """Of each outcome in the journal, whether the request was executed and with which status."""
    return [(each.executed, each.status) for each in house.records() if isinstance(each, record.Outcome)]


def test_a_start_without_the_exchange_serves_and_opens_nothing(before: House, leaving: Exchange) -> None:
    """The gateway starts while the exchange is away, refuses what it cannot price, and says so to its owner."""
    leaving.process.stop()
    before.start()
    bot = Bot(before.port, before.issue(BOT))
    refused = bot.order("BUY", "0.001", LOW)
    assert refused.status == 400
    assert refused.reason in {"UNPRICEABLE", "SYMBOL_UNKNOWN"}
    assert bot.send("GET", "/api/v3/ping").status == 503
