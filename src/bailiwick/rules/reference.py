"""Reference prices of one symbol out of samples of its best bid and ask: near, anchor, and the usual daily volume.

*Near* is the median of mids over 10 s. *Anchor* is the time-weighted median over an hour, or over a day where the hour
is thin. Who trades through a key behind this gateway could walk a thin market up step by step: so after a trade of our
own that is a notable share of the symbol's usual volume, samples beyond the mid and the anchor before it, in the
trade's direction, do not count for more than these, for as long as the anchor looks back. See docs/adr/0007-rules.md.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple, final

from bailiwick.model.intent import Side
from bailiwick.model.market import Candle, Quote
from bailiwick.model.money import EXACT, ZERO, times
from bailiwick.rules.windows import (
    ANCHOR_LONG_SPAN_US,
    ANCHOR_SPAN_US,
    HOUR_US,
    MINUTE_US,
    NEAR_FRESH_US,
    NEAR_SPAN_US,
    OWN_TRADE_HOLDS_US,
)

VOLUME_DAYS = 30
OWN_SHARE = Decimal("0.01")  # of the usual volume of an hour: from here on, own trades are held against the anchor
LIVELY_MINUTES = 20  # an hour with fewer in which the price moved is thin
LEAST_COVER_US = ANCHOR_SPAN_US // 2  # an hour with less is thin, and a day with less is no history

_HALF = Decimal("0.5")
_HOURS = Decimal(24)
_DAY_MINUTES = ANCHOR_LONG_SPAN_US // MINUTE_US


class Slot(NamedTuple):
    """A minute: the time-weighted median of its mids, for how long there were any, and whether the price moved."""

    minute: int
    price: Decimal
    cover_us: int
    lively: bool


class _Hold(NamedTuple):
    until_us: int
    price: Decimal


@final
class Reference:
    """Tracks one symbol. It reads no clock: times are microseconds since 1970, and do not run backwards."""

    __slots__ = (
        "_anchor",
        "_ceilings",
        "_floors",
        "_last_us",
        "_lively",
        "_minute",
        "_own",
        "_own_sum",
        "_recent",
        "_samples",
        "_slots",
        "_stale",
        "daily_volume",
        "rare_volume",
    )

    def __init__(self) -> None:
        self.daily_volume: Decimal | None = None  # the median over 30 days, in the quote asset
        self.rare_volume: Decimal | None = None  # the mean of days with trades, where the median is nothing
        self._recent: deque[tuple[int, Decimal]] = deque()  # mids of the last 10 s
        self._samples: list[tuple[int, Decimal]] = []  # of the minute that is running, as they count for the anchor
        self._minute = -1
        self._lively = False  # whether the mid, as it was seen, has moved in the minute that is running
        self._slots: deque[Slot] = deque(maxlen=_DAY_MINUTES)
        self._anchor: Decimal | None = None
        self._stale = False  # whether the anchor is to be computed anew
        self._last_us = 0
        self._ceilings: deque[_Hold] = deque()
        self._floors: deque[_Hold] = deque()
        self._own: deque[tuple[int, Decimal]] = deque()  # own trades of the last hour, in the quote asset
        self._own_sum = ZERO

    def seed(self, candles: Iterable[Candle], now_us: int) -> None:
        """Fill the history of the last day from candles of a minute each, oldest first, before any sample comes."""
        self._slots.clear()
        last: Decimal | None = None
        for candle in candles:
            minute = candle.open_ms * 1000 // MINUTE_US
            if candle.close > ZERO and minute < now_us // MINUTE_US:
                lively = bool(candle.quote_volume) and candle.close != last
                self._slots.append(Slot(minute, candle.close, MINUTE_US, lively))
                last = candle.close
        if self._slots:
            self._last_us = max(self._last_us, min(now_us, (self._slots[-1].minute + 1) * MINUTE_US))
        self._stale = True

    def observe(self, bid: Decimal, ask: Decimal, now_us: int) -> None:
        """Take a sample. A book with an empty side, or crossed, has no mid and is no sample."""
        if not ZERO < bid <= ask or now_us < self._last_us:
            return
        mid = times(EXACT.add(bid, ask), _HALF)
        minute = now_us // MINUTE_US
        if minute != self._minute:
            self._close_minute()
            self._minute = minute
        if self._recent and self._recent[-1][1] != mid:
            self._lively = True
        self._last_us = now_us
        self._recent.append((now_us, mid))
        self._samples.append((now_us, self._held(mid, now_us)))
        self._trim(now_us)

    def own_trade(self, side: Side, quantity: Decimal, now_us: int, mid_before: Decimal | None = None) -> None:
        """Note a trade of a key behind this gateway.

        ``mid_before`` is the mid before it; where nobody knows, it is the mid of the last seconds that is worst for
        the trade's direction.
        """
        buying = side is Side.BUY
        before = mid_before
        if before is None:
            mids = [mid for _, mid in self._recent]
            before = (min(mids) if buying else max(mids)) if mids else self._anchor
        if before is None:
            return
        amount = times(quantity, before)
        self._own.append((now_us, amount))
        self._own_sum = EXACT.add(self._own_sum, amount)
        while now_us - self._own[0][0] > HOUR_US:
            self._own_sum = EXACT.subtract(self._own_sum, self._own.popleft()[1])
        if not self._notable():
            return
        # Held at the mid alone, the anchor would follow a walk at the pace at which holds end.
        if self._anchor is not None:
            before = min(before, self._anchor) if buying else max(before, self._anchor)
        # Of the holds that last longer, only a tighter one matters: the first of each is the tightest.
        holds = self._ceilings if buying else self._floors
        while holds and (holds[-1].price >= before if buying else holds[-1].price <= before):
            holds.pop()
        holds.append(_Hold(now_us + OWN_TRADE_HOLDS_US, before))
        # What was sampled since the trade, before it was reported, is held too.
        self._samples = [(at, min(mid, before) if buying else max(mid, before)) for at, mid in self._samples]

    def set_daily_volumes(self, volumes: Sequence[Decimal], running: Decimal = ZERO) -> None:
        """Take the volumes of the last days, in the quote asset, and of the one that is not over.

        Days that are missing had none.
        """
        days = [*volumes[-VOLUME_DAYS:], *[ZERO] * (VOLUME_DAYS - len(volumes))]
        self.daily_volume = median(days)
        self.rare_volume = None
        if self.daily_volume == ZERO:
            traded = [each for each in (*volumes[-VOLUME_DAYS:], running) if each > ZERO]
            self.rare_volume = EXACT.divide(sum(traded, ZERO), Decimal(len(traded))) if traded else ZERO

    def quote(self, now_us: int) -> Quote:
        """The reference prices at this moment."""
        self._trim(now_us)
        if now_us // MINUTE_US != self._minute:
            self._close_minute()
        if self._stale:
            self._anchor = self._weigh(now_us)
            self._stale = False
        return Quote(
            near=median([mid for _, mid in self._recent]) if self._recent else None,
            anchor=self._anchor,
            near_us=self._recent[-1][0] if self._recent else 0,
            anchor_us=self._last_us,
            daily_volume=self.daily_volume,
            rare_volume=self.rare_volume,
        )

    def _trim(self, now_us: int) -> None:
        """Keep the last 10 s, and one sample beyond while there is no younger."""
        recent = self._recent
        while len(recent) > 1 and now_us - recent[0][0] > NEAR_SPAN_US:
            recent.popleft()

    def _held(self, mid: Decimal, now_us: int) -> Decimal:
        """The mid as it counts for the anchor: not beyond where it was before a notable trade of our own."""
        for holds in (self._ceilings, self._floors):
            while holds and holds[0].until_us <= now_us:
                holds.popleft()
        if self._ceilings:
            mid = min(mid, self._ceilings[0].price)
        if self._floors:
            mid = max(mid, self._floors[0].price)
        return mid

    def _notable(self) -> bool:
        """Whether own trades of the last hour are a share of the usual volume that could move the market."""
        if self.daily_volume is None:
            return True
        return times(self._own_sum, _HOURS) >= times(self.daily_volume, OWN_SHARE)

    def _close_minute(self) -> None:
        samples, self._samples = self._samples, []
        if not samples:
            return
        end_us = (self._minute + 1) * MINUTE_US
        weighed = []
        for place, (at, mid) in enumerate(samples):
            until = samples[place + 1][0] if place + 1 < len(samples) else end_us
            weighed.append((mid, min(until - at, NEAR_FRESH_US)))
        price = weighted_median(weighed)
        self._slots.append(Slot(self._minute, price, sum(weight for _, weight in weighed), self._lively))
        self._lively = False
        self._stale = True

    def _weigh(self, now_us: int) -> Decimal | None:
        """The anchor: of the last hour, of the last day where the hour is thin, none where there is no history."""
        first = (now_us - ANCHOR_SPAN_US) // MINUTE_US
        hour = [slot for slot in self._slots if slot.minute >= first]
        covered = sum(slot.cover_us for slot in hour)
        if covered >= LEAST_COVER_US and sum(slot.lively for slot in hour) >= LIVELY_MINUTES:
            return weighted_median([(slot.price, slot.cover_us) for slot in hour])
        first = (now_us - ANCHOR_LONG_SPAN_US) // MINUTE_US
        day = [slot for slot in self._slots if slot.minute >= first]
        if sum(slot.cover_us for slot in day) < LEAST_COVER_US:
            return None
        return weighted_median([(slot.price, slot.cover_us) for slot in day])


def median(values: Sequence[Decimal]) -> Decimal:
    """The middle value, or the mean of the two middle ones.

    Raises:
        ValueError: if there is none.
    """
    if not values:
        raise ValueError("values: the median of nothing is not defined")
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return times(EXACT.add(ordered[half - 1], ordered[half]), _HALF)


def weighted_median(values: Sequence[tuple[Decimal, int]]) -> Decimal:
    """The lowest value that, with all below it, carries at least half of the weight.

    Raises:
        ValueError: if there is none.
    """
    if not values:
        raise ValueError("values: the median of nothing is not defined")
    ordered = sorted(values)
    whole = sum(weight for _, weight in ordered)
    reached = accumulate(weight for _, weight in ordered)
    return next(value for (value, _), passed in zip(ordered, reached, strict=True) if 2 * passed >= whole)
