"""How well alarms find labelled pumps: the protocol of docs/watch.md, event by event."""

from collections.abc import Collection, Iterable, Mapping
from random import Random
from statistics import median
from typing import Final

import msgspec

from bailiwick.training.labels import AFTER_S, BEFORE_S, COOLDOWN_S, SECOND_US, Onset

DAY_US: Final = 86_400 * SECOND_US
DRAWS: Final = 2_000


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What alarms came to.

    Attributes:
        set_aside: labels without a rise of 3 %, which count neither way.
        late: pumps that were found more than a minute after their onset: neither found nor false.
        false_at_labels: of the false alarms, those at another label of the same symbol: streams of a symbol overlap.
        f1_labels_aside: F1 without these.
        delay_median_s: from the onset as labelled, among those found.
    """

    events: int
    set_aside: int
    found: int
    late: int
    false: int
    false_at_labels: int
    precision: float
    recall: float
    f1: float
    f1_labels_aside: float
    delay_median_s: float | None
    delay_p90_s: float | None
    false_per_coin_day: float


def figures(
    alarms: Mapping[str, Collection[int]],
    onsets: Mapping[str, Onset],
    spans: Mapping[str, tuple[int, int]],
    *,
    every: bool = False,
) -> Figures:
    """Score the alarms of the streams in ``spans``, which are their extents.

    The first day of a stream does not count. An alarm ends the counting for half an hour. Between 120 s before and 60 s
    after the onset it finds the pump; until half an hour after it, it is late; otherwise it is false.

    Args:
        every: score the labels without a rise too.
    """
    told = [_tally(alarms.get(stream, ()), onsets, stream, first, every) for stream, (first, _) in spans.items()]
    days = sum((last - first) / DAY_US - 1 for first, last in spans.values())
    delays = [each.delay for each in told if each.delay is not None]
    aside = sum(not each.counts for each in told)
    late, false = sum(each.late for each in told), sum(each.false for each in told)
    at_labels = sum(each.at_labels for each in told)
    return _summed(delays, len(spans) - aside, aside, late, false, at_labels, days)


def f1_interval(
    alarms: Mapping[str, Collection[int]], onsets: Mapping[str, Onset], spans: Mapping[str, tuple[int, int]], seed: int
) -> tuple[float, float]:
    """Between which F1 lies in 95 of 100 draws of as many streams, each drawn as often as it comes."""
    told = [_tally(alarms.get(stream, ()), onsets, stream, first, False) for stream, (first, _) in spans.items()]
    chance = Random(seed)  # noqa: S311 - draws of a statistic
    drawn = []
    for _ in range(DRAWS):
        some = chance.choices(told, k=len(told))
        found, false = sum(each.delay is not None for each in some), sum(each.false for each in some)
        drawn.append(f1(found, false, sum(each.counts for each in some)))
    drawn.sort()
    return drawn[int(DRAWS * 0.025)], drawn[int(DRAWS * 0.975)]


class _Tally(msgspec.Struct, frozen=True):
    """What the alarms of a stream came to; ``delay`` of the first that found its pump, in seconds."""

    counts: bool
    delay: float | None
    late: bool
    false: int
    at_labels: int


def _tally(alarms: Iterable[int], onsets: Mapping[str, Onset], stream: str, first: int, every: bool) -> _Tally:
    onset = onsets[stream]
    counts = every or onset.visible
    offsets = list(_told(alarms, first + DAY_US, onset.at_us))
    if not counts:
        offsets = [each for each in offsets if abs(each) > COOLDOWN_S]
    found = [each for each in offsets if -BEFORE_S <= each <= AFTER_S]
    wrong = [each for each in offsets if not -BEFORE_S <= each <= COOLDOWN_S]
    others = [each for each in onsets.values() if each.symbol == onset.symbol and each.event != stream]
    return _Tally(
        counts=counts,
        delay=found[0] if found else None,
        late=not found and any(AFTER_S < each <= COOLDOWN_S for each in offsets),
        false=len(wrong),
        at_labels=sum(_near(onset.at_us + each * SECOND_US, others) for each in wrong),
    )


def _told(alarms: Iterable[int], since_us: int, onset_us: int) -> Iterable[float]:
    """The seconds from the onset to each alarm that counts."""
    quiet_until = since_us
    for time in sorted(alarms):
        if time >= quiet_until:
            quiet_until = time + COOLDOWN_S * SECOND_US
            yield (time - onset_us) / SECOND_US


def _near(at_us: float, onsets: Iterable[Onset]) -> bool:
    return any(-BEFORE_S <= (at_us - each.at_us) / SECOND_US <= COOLDOWN_S for each in onsets)


def _summed(
    delays: list[float], events: int, aside: int, late: int, false: int, at_labels: int, days: float
) -> Figures:
    found = len(delays)
    delays.sort()
    return Figures(
        events=events,
        set_aside=aside,
        found=found,
        late=late,
        false=false,
        false_at_labels=at_labels,
        precision=round(found / (found + false), 4) if found + false else 0.0,
        recall=round(found / events, 4) if events else 0.0,
        f1=f1(found, false, events),
        f1_labels_aside=f1(found, false - at_labels, events),
        delay_median_s=round(median(delays), 3) if delays else None,
        delay_p90_s=round(delays[int(0.9 * (found - 1))], 3) if delays else None,
        false_per_coin_day=round(false / days, 5) if days else 0.0,
    )


def f1(found: int, false: int, events: int) -> float:
    """The harmonic mean of precision and recall."""
    return round(2 * found / (found + false + events), 4) if found else 0.0
