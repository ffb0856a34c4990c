"""What is usual for a symbol: figures of its last day and week, at most once a minute, when needed."""

from itertools import pairwise
from typing import Final

import msgspec

from bailiwick.watch.pump.rings import WEEK, Hours, Minutes

LEAST: Final = 1e-9  # of the quote asset, which keeps ratios finite


class Background(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Of one minute. Values are in the quote asset; ``mean`` is what takers traded in a minute of the day.

    ``moves`` and ``hour_moves`` are the mean absolute change of the price from minute to minute, relative; ``rises``
    the greatest rises within a minute of the hours of a week, greatest first. ``greatest`` has of each hour that is
    known, the running one first, the greatest rise within a minute, the most bought in one and the most levels run
    through in one; ``ordered`` the same, least first.
    """

    mean: float
    rate: float  # orders a minute
    moves: float
    hour_moves: float
    high10: float
    high60: float
    high240: float
    high_day: float
    high_week: float
    low10: float
    low60: float
    low_day: float
    close10: float
    close30: float
    middle60: float
    bought10: float
    bought60: float
    traded10: float
    traded60: float
    rate10: float
    rate60: float
    most_day: float  # that was bought in one minute
    most_hour: float
    most_week: float
    week_mean: float
    busy: float  # the hundredth part of the day's minutes had more buying
    rise_hour: float
    rise_day: float
    rises: tuple[float, ...]
    alarms_day: float
    alarms_week: float
    net240: float  # bought less sold, of what was traded
    net_day: float
    levels_hour: float  # the most that orders ran through in one minute
    levels_day: float
    levels_week: float
    hours: int
    greatest: tuple[list[float], list[float], list[float]]
    ordered: tuple[list[float], list[float], list[float]]


def background(minutes: Minutes, hours: Hours) -> Background:
    """Sum up a symbol's last day and week."""
    known = max(minutes.known, 1)
    latest = minutes.latest
    closes = latest(minutes.closes, 61)
    day = latest(minutes.closes, known)
    buys60, sells60 = latest(minutes.buys, 60), latest(minutes.sells, 60)
    bought60, bought10 = sum(buys60), sum(buys60[-10:])
    day_rises = hours.latest(hours.rises, 25)
    hours_known = min(max(hours.running - hours.since, 1), WEEK)
    most_day = max(minutes.buys)
    bought240, sold240 = sum(latest(minutes.buys, 240)), sum(latest(minutes.sells, 240))
    bought_day, sold_day = sum(minutes.buys), sum(minutes.sells)
    levels_day = max(minutes.levels)
    risen, boughts, run = (hours.latest(ring, hours_known) for ring in (hours.rises, hours.most, hours.levels))
    return Background(
        mean=(bought_day + sold_day) / known + LEAST,
        rate=sum(minutes.counts) / known + 1e-3,
        moves=sum(abs(later - earlier) for earlier, later in pairwise(day)) / known / day[-1],
        hour_moves=sum(abs(later - earlier) for earlier, later in pairwise(closes)) / 60 / day[-1],
        high10=max(latest(minutes.highs, 10)),
        high60=max(latest(minutes.highs, 60)),
        high240=max(latest(minutes.highs, 240)),
        high_day=max(minutes.highs),
        high_week=max(hours.highs),
        low10=min(latest(minutes.lows, 10)),
        low60=min(latest(minutes.lows, 60)),
        low_day=min(minutes.lows),
        close10=closes[-10],
        close30=closes[-30],
        middle60=sorted(closes)[30],
        bought10=bought10,
        bought60=bought60,
        traded10=bought10 + sum(sells60[-10:]),
        traded60=bought60 + sum(sells60),
        rate10=sum(latest(minutes.counts, 10)) / 10,
        rate60=sum(latest(minutes.counts, 60)) / 60,
        most_day=most_day,
        most_hour=max(buys60),
        most_week=max(*hours.most, most_day),
        week_mean=sum(hours.values) / hours_known / 60,
        busy=sorted(minutes.buys)[int(len(minutes.buys) * 0.99)],
        rise_hour=max(day_rises[:2]),
        rise_day=max(day_rises[1:]),
        rises=tuple(sorted(hours.rises, reverse=True)),
        alarms_day=sum(hours.latest(hours.alarms, 24)),
        alarms_week=sum(hours.alarms),
        net240=(bought240 - sold240) / (bought240 + sold240 + LEAST),
        net_day=(bought_day - sold_day) / (bought_day + sold_day + LEAST),
        levels_hour=max(latest(minutes.levels, 60)),
        levels_day=levels_day,
        levels_week=max(*hours.levels, levels_day),
        hours=hours_known,
        greatest=(risen, boughts, run),
        ordered=(sorted(risen), sorted(boughts), sorted(run)),
    )
