"""The detector: public trades in, signs of a pump out. Pure; what it remembers of each symbol is bounded."""

from collections.abc import Sequence
from typing import Final, final

import msgspec

from bailiwick.watch.pump.background import Background, background
from bailiwick.watch.pump.features import features
from bailiwick.watch.pump.model import Level, Model
from bailiwick.watch.pump.order import Bar, Gathering, Order, Trade
from bailiwick.watch.pump.tape import MINUTE_US, Tape
from bailiwick.words import counted

COOLDOWN_US: Final = 1_800_000_000
WHY_US: Final = 10_000_000


class Sign(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What an order says. ``score`` is a log-likelihood ratio in thousandths of nats.

    ``at_us`` is when the order was made, by the venue. ``alarm``: the score is over the model's
    threshold, for the first time in half an hour.
    """

    at_us: int
    score: int
    alarm: bool
    why: str = ""


@final
class SymbolPump:
    """The detector of one symbol. Orders that do not lift the price cost a few microseconds and are not judged."""

    __slots__ = ("_gathering", "_level", "_minute", "_model", "_newest", "_quiet_until", "_usual", "tape")

    def __init__(self, model: Model) -> None:
        self.tape = Tape()
        self._model = model
        self._gathering = Gathering()
        self._level = Level()
        self._newest = self._quiet_until = 0
        self._minute = -1
        self._usual: Background | None = None

    def step(self, trade: Trade) -> Sign | None:
        """Take the next trade. What it says is told of the order before, if this one ended it."""
        if trade.time_us < self._newest:
            return None  # it was told of before, or too late to be judged
        self._newest = trade.time_us
        order = self._gathering.put(trade)
        return None if order is None else self._judge(order)

    def close(self) -> Sign | None:
        """No more trades of the last order come: judge it."""
        order = self._gathering.close()
        return None if order is None else self._judge(order)

    def seed(self, bars: Sequence[Bar], trades: Sequence[Trade]) -> None:
        """Begin with a day that is known from elsewhere, and with trades of it, instead of following it for a day."""
        if not bars:
            return
        until = (bars[-1].minute + 1) * MINUTE_US
        met = Gathering()
        for trade in trades:
            if trade.time_us < until:
                order = met.put(trade)
                if order is not None:
                    self.tape.meet(order)
        self.tape.seed(bars)

    def _judge(self, order: Order) -> Sign | None:
        row = self.look(order)
        if row is None:
            return None
        score = self._level.after(order.time_us, self._model.score(row))
        alarm = score >= self._model.threshold and order.time_us >= self._quiet_until
        if alarm:
            self._quiet_until = order.time_us + COOLDOWN_US
        return Sign(
            at_us=order.time_us,
            score=round(score * 1000),
            alarm=alarm,
            why=self._why(order) if score >= self._model.threshold else "",
        )

    def look(self, order: Order) -> list[float] | None:
        """Remember an order; its figures, if it lifts the price and a day is known."""
        tape = self.tape
        if not tape.add(order) or not tape.ready:
            return None
        minute = order.time_us // MINUTE_US
        if minute != self._minute or self._usual is None:
            assert tape.minutes is not None
            assert tape.hours is not None
            self._usual = background(tape.minutes, tape.hours)
            self._minute = minute
        row = features(tape, order, self._usual)
        tape.open(order.time_us)
        return row

    def _why(self, order: Order) -> str:
        tape, usual = self.tape, self._usual
        assert usual is not None
        start = tape.at(order.time_us - WHY_US)
        over = 100 * (order.high / tape.reference - 1)
        buys = tape.counts.buys - tape.buys[start]
        bought = tape.counts.bought - tape.bought[start]
        return (
            f"{over:.1f} % above the middle of the last ten minutes; in 10 s {counted(buys, 'purchase')} worth "
            f"{bought / usual.mean:.1f} usual minutes, the day's greatest minute was {usual.most_day / usual.mean:.1f}"
        )
