"""Candles and day statistics: the path's history with the trades that really happened laid over it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bailiwick.sandbox.engine import Market
from bailiwick.sandbox.path import DAY_MS, MINUTE_MS, Path, quote_volume, trade_count

_HOUR: Final = 60 * MINUTE_MS
INTERVALS: Final[dict[str, int]] = {
    "1s": 1000,
    **{f"{n}m": n * MINUTE_MS for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": n * _HOUR for n in (1, 2, 4, 6, 8, 12)},
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
    "1M": 0,
}
# Weeks begin on Monday; the epoch was a Thursday.
_WEEK_OFFSET: Final = 4 * DAY_MS


@dataclass(frozen=True, slots=True)
class Candle:
    """A stretch of the market: times in ms, amounts in hundred-millionths."""

    start: int
    end: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    count: int
    taker_volume: int
    taker_quote: int


def floor_time(interval: str, at: int) -> int:
    """When the candle of an interval that contains a time begins."""
    if interval == "1M":
        moment = datetime.fromtimestamp(at // 1000, UTC)
        return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * 1000
    span = INTERVALS[interval]
    offset = _WEEK_OFFSET if interval == "1w" else 0
    return (at - offset) // span * span + offset


def next_time(interval: str, start: int) -> int:
    """When the candle after the one that begins at ``start`` begins."""
    if interval == "1M":
        return floor_time("1M", start + 32 * DAY_MS)
    return start + INTERVALS[interval]


def candle(market: Market, path: Path, start: int, end: int, now: int) -> Candle:
    """The candle from ``start`` up to ``end``, as known at ``now``."""
    until = min(end, now)
    first, high, low, last = path.range(start, max(until, start + 1))
    volume = path.volume(start, until) if until > start else 0
    quote = quote_volume(volume, high, low)
    count, taker, taker_quote = trade_count(volume, market.symbol.daily_volume), volume // 2, quote // 2
    real = market.tape.between(start, end)
    if real is not None:
        high, low = max(high, real.high), min(low, real.low)
        last = market.last if now < end else real.last
        volume, quote, count = volume + real.quantity, quote + real.quote, count + real.count
        taker, taker_quote = taker + real.taker_quantity, taker_quote + real.taker_quote
    return Candle(start, end - 1, first, high, low, last, volume, quote, count, taker, taker_quote)


def candles(
    market: Market, path: Path, interval: str, now: int, *, start: int | None, end: int | None, limit: int
) -> list[Candle]:
    """Candles oldest first: the first ``limit`` from ``start``, or the last ``limit`` up to ``end`` or now."""
    stop = now if end is None else min(end, now)
    if start is None:
        opening = floor_time(interval, stop)
        for _ in range(limit - 1):
            opening = floor_time(interval, opening - 1)
    elif start > stop:
        return []
    else:
        opening = floor_time(interval, start)
        if opening < start:
            opening = next_time(interval, opening)
    found: list[Candle] = []
    while opening <= stop and len(found) < limit:
        following = next_time(interval, opening)
        found.append(candle(market, path, opening, following, now))
        opening = following
    return found
