"""The feed of public trades: whom it looks at, what it tells the gateway, and what it says when it cannot."""

from typing import Any

import pytest
from pump_ground import pump, quiet

from bailiwick.authority import pumpfeed
from bailiwick.authority.pumpfeed import A_ROUND, HOT_S, LIST_EVERY_S, MOST, SPELL_S, PumpFeed
from bailiwick.link.market_questions import (
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
from bailiwick.link.questions import Severity
from bailiwick.link.watch_questions import SignsAnswer, TellSigns
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.watch.pump.model import Model, ModelError
from bailiwick.watch.pump.order import Trade

MINUTE_US = 60_000_000


class Venue:
    """A gateway whose venue trades what the test says, at the time it says."""

    def __init__(self, symbols: dict[str, float | None], trades: list[Trade] | None = None) -> None:
        self.symbols = symbols
        self.trades = trades or []
        self.now_us = 0
        self.now_s = 1000.0
        self.looked: list[str] = []
        self.told: list[TellSigns] = []
        self.lost = False
        self.away: set[str] = set()

    def tick(self) -> float:
        return self.now_s

    async def ask(self, question: Question[Any], *, timeout_s: float | None = None) -> Any:
        if self.lost:
            raise LinkError(Code.UNAVAILABLE, "the gateway is away")
        match question:
            case FollowedSymbols():
                return FollowedAnswer(
                    symbols=tuple(
                        Followed(venue="v", symbol=symbol, moved_bps=moved) for symbol, moved in self.symbols.items()
                    )
                )
            case PublicTrades(symbol=symbol, after=after):
                self.looked.append(symbol)
                if symbol in self.away:
                    raise LinkError(Code.UNAVAILABLE, "the venue is away")
                known = [(i, t) for i, t in enumerate(self.trades) if t.time_us <= self.now_us]
                page = known[-1000:] if after is None else known[after + 1 : after + 1001]
                told = tuple(TradeTold(i, t.time_us, t.price, t.quantity, t.taker_buy) for i, t in page)
                return TradesAnswer(trades=told, at_us=self.now_us, more=len(page) == 1000 and after is not None)
            case TradedMinutes():
                return MinutesAnswer(minutes=self.minutes())
            case TellSigns():
                self.told.append(question)
                return SignsAnswer(taken=len(question.signs))
        raise AssertionError(question)

    def minutes(self) -> tuple[MinuteTold, ...]:
        """The last day by minutes, as a venue tells it."""
        until = self.now_us // MINUTE_US
        price, found = self.trades[0].price if self.trades else 1.0, []
        by_minute: dict[int, list[Trade]] = {}
        for trade in self.trades:
            by_minute.setdefault(trade.time_us // MINUTE_US, []).append(trade)
        for minute in range(until - 1_440, until):
            its = by_minute.get(minute, [])
            prices = [trade.price for trade in its] or [price]
            price = prices[-1]
            bought = sum(trade.price * trade.quantity for trade in its if trade.taker_buy)
            sold = sum(trade.price * trade.quantity for trade in its if not trade.taker_buy)
            found.append(MinuteTold(minute * 60_000, max(prices), min(prices), price, bought, sold, len(its)))
        return tuple(found)


async def test_a_pump_is_told_to_the_gateway() -> None:
    """A symbol is judged from its first look on, since its last day is fetched; the sign bears the venue's time."""
    before = quiet()
    rise = pump(before[-1])
    venue = Venue({"XYZBTC": None}, before + rise)
    feed = PumpFeed(venue, venue.tick)
    venue.now_us = before[-1].time_us
    assert await feed.look() == 0
    for second in range(1, 60):
        venue.now_us, venue.now_s = before[-1].time_us + second * 1_000_000, venue.now_s + 1
        await feed.look()
    signs = [sign for told in venue.told for sign in told.signs]
    assert (signs[0].symbol, signs[0].score > 0, rise[0].time_us <= signs[0].at_us <= rise[-1].time_us) == (
        "XYZBTC", True, True,
    )  # fmt: skip
    assert max(sign.score for sign in signs) > 3_000


async def test_a_quiet_market_is_not_told_of() -> None:
    """Where nothing speaks for a pump, nothing is sent, which would be written in the journal every second."""
    before = quiet()
    venue = Venue({"XYZBTC": None}, before)
    feed = PumpFeed(venue, venue.tick)
    for second in range(30):
        venue.now_us, venue.now_s = before[-60].time_us + second * 1_000_000, venue.now_s + 1
        await feed.look()
    assert venue.told == []


async def test_the_rate_of_questions_is_bounded() -> None:
    """However many symbols are followed, a round asks for a few; each has its turn."""
    venue = Venue({f"S{i:02}": None for i in range(22)})
    feed = PumpFeed(venue, venue.tick)
    for _ in range(5):
        before = len(venue.looked)
        await feed.look()
        assert len(venue.looked) - before == A_ROUND
        venue.now_s += 1
    assert set(venue.looked) == set(venue.symbols)


async def test_what_moves_is_looked_at_every_round() -> None:
    """A symbol whose price left that of the last hour does not wait for its turn, and does not take all turns."""
    venue = Venue({f"S{i:02}": None for i in range(40)} | {"HOT": 250.0})
    feed = PumpFeed(venue, venue.tick)
    for _ in range(int(LIST_EVERY_S)):
        await feed.look()
        venue.now_s += 1
    assert venue.looked.count("HOT") == LIST_EVERY_S
    assert len(set(venue.looked)) == 1 + LIST_EVERY_S * (A_ROUND - 1)


async def test_no_more_symbols_are_followed_than_memory_is_for() -> None:
    """Beyond the bound symbols are left out, and `doctor` says so."""
    venue = Venue({f"S{i:03}": None for i in range(MOST + 2)})
    feed = PumpFeed(venue, venue.tick)
    await feed.look()
    (finding,) = feed.findings()
    assert (finding.severity, finding.sentence) == (
        Severity.WARNING, f"2 symbols of more than {MOST} are not followed",
    )  # fmt: skip


async def test_a_symbol_that_cannot_be_read_hides_no_other() -> None:
    """Where one venue does not answer, the others are read on, and what they show is told."""
    before = quiet()
    rise = pump(before[-1])
    venue = Venue({"AWAY": None, "XYZBTC": None}, before + rise)
    venue.away = {"AWAY"}
    feed = PumpFeed(venue, venue.tick)
    for second in range(60):
        venue.now_us, venue.now_s = before[-1].time_us + second * 1_000_000, venue.now_s + 1
        await feed.look()
    assert {sign.symbol for told in venue.told for sign in told.signs} == {"XYZBTC"}
    assert next(iter(feed.findings())).severity is Severity.FINE


async def test_the_age_of_the_feed_is_told() -> None:
    """`doctor` says how long ago the oldest look was, and warns with the reason when there is none any more."""
    venue = Venue({"A": None})
    feed = PumpFeed(venue, venue.tick)
    said = [next(iter(feed.findings())).sentence]
    await feed.look()
    venue.now_s += 3
    said.append(next(iter(feed.findings())).sentence)
    venue.lost = True
    venue.now_s += HOT_S
    await feed.look()
    finding = next(iter(feed.findings()))
    assert [*said, finding.sentence] == [
        "no symbol is granted or touched yet",
        "1 symbol followed, the oldest look 3 s ago",
        "none were read for 123 s: the gateway is away",
    ]
    assert finding.severity is Severity.WARNING


async def test_a_spell_of_failures_is_one_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """A symbol that fails each time that its turn comes is told of once; a failure after a quiet minute again."""
    venue = Venue({f"S{i:02}": None for i in range(20)})
    venue.away = {"S03", "S17"}
    feed = PumpFeed(venue, venue.tick)
    lines = []
    for away in ({"S03", "S17"}, set(), {"S03"}):
        venue.away = away
        for _ in range(int(SPELL_S) + 1):
            await feed.look()
            venue.now_s += 1
        lines.append(capsys.readouterr().err.count("public trades cannot be read"))
    assert lines == [1, 0, 1]


async def test_a_model_that_does_not_fit_is_told_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model file that is refused is one line of the log, not one a second; `doctor` says what to do."""

    def refused() -> Model:
        raise ModelError("model: it was trained on other figures than this version computes; train it anew")

    monkeypatch.setattr(pumpfeed, "shipped", refused)
    venue = Venue({"A": None})
    feed = PumpFeed(venue, venue.tick)
    for _ in range(60):
        assert await feed.look() == 0
        venue.now_s += 1
    (finding,) = feed.findings()
    assert (capsys.readouterr().err.count("level=warning"), finding.severity, finding.sentence) == (
        1, Severity.WARNING,
        "none were read for 60 s: model: it was trained on other figures than this version computes; train it anew",
    )  # fmt: skip
