"""Follows public trades of the symbols that keys may trade, and tells the gateway which of them look like a pump.

The gateway asks the venue, since it counts the weight of the address that both share. Of many symbols those whose price
moved are looked at every round, and the others in turn.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Final, final

from bailiwick.authority.acts import Asks
from bailiwick.link.market_questions import Followed, FollowedSymbols, PublicTrades, TradedMinutes, TradeTold
from bailiwick.link.questions import Finding
from bailiwick.link.watch_questions import Sign, TellSigns
from bailiwick.link.wire import LinkError
from bailiwick.logs import log
from bailiwick.watch.pump.model import Model, ModelError, shipped
from bailiwick.watch.pump.order import Bar, Trade
from bailiwick.watch.pump.pump import Sign as Said
from bailiwick.watch.pump.pump import SymbolPump
from bailiwick.words import counted

ROUND_S: Final = 1.0
A_ROUND: Final = 5  # symbols; at Binance each costs 4 of a weight of 6,000 a minute
LIST_EVERY_S: Final = 10.0
MOVED_BPS: Final = 100.0
HOT_S: Final = 120.0
LATE_S: Final = 15.0
SPELL_S: Final = 60.0  # failures that follow each other within are one spell, and one line of the log
MOST: Final = 300  # symbols; each takes up to 200 kB
SEEDED_MINUTES: Final = 1_440

Name = tuple[str, str]


class _Course:
    """A symbol that is followed."""

    __slots__ = ("after", "hot_until", "looked", "moved", "pump", "told")

    def __init__(self, model: Model) -> None:
        self.pump = SymbolPump(model)
        self.after: int | None = None
        self.looked = -1.0
        self.hot_until = 0.0
        self.moved = False
        self.told = 0

    def news(self, score: int) -> bool:
        """Whether a score is worth telling: it speaks for a pump, or no longer does."""
        before, self.told = self.told, score
        return score > 0 or before > 0


@final
class PumpFeed:
    """The work of a round: look at some symbols, and tell what was seen."""

    def __init__(self, gateway: Asks, tick: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway  # a connection of its own: a venue that is slow would hold up other questions
        self._tick = tick
        self._model: Model | None = None
        self._courses: dict[Name, _Course] = {}
        self._listed = -LIST_EVERY_S
        self._since = tick()
        self._done = 0.0
        self._failure = ""
        self._failed = -SPELL_S
        self._dropped = 0

    async def look(self) -> int:
        """One round; how many signs were told. What cannot be read is passed over, and told by ``findings``."""
        now = self._tick()
        self._failure = ""
        signs: list[Sign] = []
        read = 0
        try:
            if now - self._listed >= LIST_EVERY_S:
                self._list((await self._gateway.ask(FollowedSymbols())).symbols)
                self._listed = now
            due = self._due(now)
            for name in due:
                try:
                    said = await self._read(name, now)
                except LinkError as error:  # one venue that is away must not hide what the others show
                    self._failure = error.sentence
                    continue
                except ArithmeticError:  # a venue's nonsense about one symbol costs the others no sign
                    self._failure = f"{name[1]} of {name[0]}: numbers that nothing can be worked out from"
                    continue
                read += 1
                if said is not None and self._courses[name].news(said.score):
                    signs.append(Sign(symbol=name[1], at_us=said.at_us, score=said.score, why=said.why))
            if signs:
                await self._gateway.ask(TellSigns(signs=tuple(signs)))
            if read or not due:
                self._done = self._tick()
        except LinkError as error:
            self._failure = error.sentence
        except ModelError as error:  # a file that came with the program: only another one helps
            self._failure = str(error)
        if self._failure:
            self._log(now)
        return len(signs)

    def findings(self) -> Iterable[Finding]:
        """How the feed does, for `bailiwick doctor`."""
        now = self._tick()
        last = self._done or self._since
        if now - last > LATE_S:
            why = f": {self._failure}" if self._failure else ""
            yield Finding.warning(
                "public trades", f"none were read for {now - last:.0f} s{why}",
                "the market's signs are missing from the watch until they are; see `bailiwick doctor` on the venue",
            )  # fmt: skip
        elif self._dropped:
            yield Finding.warning(
                "public trades",
                f"{self._dropped} symbols of more than {MOST} are not followed",
                "name those that matter",
            )
        else:
            oldest = max((now - each.looked for each in self._courses.values() if each.looked >= 0), default=0.0)
            yield Finding.fine(
                "public trades",
                f"{counted(len(self._courses), 'symbol')} followed, the oldest look {oldest:.0f} s ago"
                if self._courses else "no symbol is granted or touched yet",
            )  # fmt: skip

    def _log(self, now: float) -> None:
        """Write down what failed, once a spell: a round comes each second, and of many symbols each fails in turn."""
        begins, self._failed = now - self._failed >= SPELL_S, now
        if begins:
            log.warning("public trades cannot be read", why=self._failure)

    def _list(self, symbols: tuple[Followed, ...]) -> None:
        model = self._model = self._model or shipped()
        self._dropped = max(len(symbols) - MOST, 0)
        kept: dict[Name, _Course] = {}
        for each in symbols[:MOST]:
            name = (each.venue, each.symbol)
            course = kept[name] = self._courses.get(name) or _Course(model)
            course.moved = each.moved_bps is not None and each.moved_bps >= MOVED_BPS
        self._courses = kept

    def _due(self, now: float) -> list[Name]:
        """Those that move first, then those that were looked at longest ago; one in a round is always of these."""
        courses = self._courses
        by_age = sorted(courses, key=lambda name: courses[name].looked)
        hot = [name for name in by_age if courses[name].moved or courses[name].hot_until > now]
        chosen = dict.fromkeys([*hot[: A_ROUND - 1], *by_age])
        return list(chosen)[:A_ROUND]

    async def _read(self, name: Name, now: float) -> Said | None:
        """Look at a symbol; the last that its detector said."""
        course = self._courses[name]
        venue, symbol = name
        course.looked = now
        answer = await self._gateway.ask(PublicTrades(venue=venue, symbol=symbol, after=course.after))
        trades = [_trade(each) for each in answer.trades]
        if course.after is None:
            minutes = (await self._gateway.ask(TradedMinutes(venue=venue, symbol=symbol))).minutes
            bars = [
                Bar(each.open_ms // 60_000, each.high, each.low, each.close, each.bought, each.sold, each.count)
                for each in minutes[-SEEDED_MINUTES:]
            ]
            await asyncio.sleep(0)
            course.pump.seed(bars, trades)
            if bars:
                until = (bars[-1].minute + 1) * 60_000_000
                trades = [each for each in trades if each.time_us >= until]
        if answer.trades:
            course.after = answer.trades[-1].number
        elif course.after is None:
            course.after = -1
        said = None
        for trade in trades:
            said = course.pump.step(trade) or said
        if not answer.more:
            said = course.pump.close() or said
        if said is not None:
            course.hot_until = now + HOT_S
        return said


def _trade(told: TradeTold) -> Trade:
    return Trade(told.at_us, told.price, told.quantity, told.taker_buy)
