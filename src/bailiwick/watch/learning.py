"""A lesson: what an order that left says of its key's habits, once it is sure that it was not denied after all."""

from typing import Final

from bailiwick.model.intent import OrderType, Side
from bailiwick.watch.event import Asked
from bailiwick.watch.profile import BUYS, MOST_LESSONS, MOST_NEW_PLACES, SELLS, U16, U32, Lesson, Lessons
from bailiwick.watch.watched import Watched

_BUY: Final = Side.BUY
_TYPES: Final = {each: 1 << place for place, each in enumerate(OrderType)}


def settle_last(watched: Watched) -> None:
    """The key's last order left: it is a lesson."""
    event = watched.last
    if event is None:
        return
    watched.last = None
    lessons = watched.profile.young
    if lessons.orders < U32:
        lessons.orders += 1
    lessons.gaps += watched.gap
    offset = event.offset_ms
    if -30_000 < offset < 30_000:
        lessons.offsets += offset
    hours, hour = lessons.hours, event.at_us // 10_800_000_000 % 8
    if hours[hour] < U16:
        hours[hour] += 1
    if event.side is _BUY:
        side = BUYS
    else:
        side = SELLS
        if lessons.sells < U16:
            lessons.sells += 1
            if not event.reducing:
                lessons.bare += 1
    before = watched.taught
    if (
        watched.taught_in is not lessons
        or before is None
        or event.origin is not before.origin
        or event.prefix != before.prefix
        or event.type is not before.type
        or event.window_ms != before.window_ms
    ):
        watched.taught, watched.taught_in = event, lessons
        _note_manner(lessons, event)
    symbol, size = watched.last_symbol, watched.last_size
    lesson = lessons.symbols.get(symbol)
    if lesson is None:
        if len(lessons.symbols) >= MOST_LESSONS:
            lessons.others += 1
            return
        lesson = lessons.symbols[symbol] = Lesson()
        lesson.tier = watched.last_tier
    if lesson.count < U16:
        lesson.count += 1
        lesson.total += size
    if size > lesson.largest:  # noqa: PLR1730  (a third of the time of max)
        lesson.largest = size
    lesson.sides |= side
    near = event.near_bps
    if near is not None and near > lesson.reach and not event.unbounded:
        lesson.reach = int(near) if near < U16 else U16


def _note_manner(lessons: Lessons, event: Asked) -> None:
    """How it was sent; of an order that was sent as the one before it, the same is known already."""
    if event.type is not None:
        lessons.types |= _TYPES[event.type]
    if event.window_ms != lessons.window_ms:
        lessons.window_ms = min(event.window_ms, U16)
    origin = event.origin
    if origin.network not in lessons.networks:
        _note_place(lessons.networks, origin.network)
    if origin.fingerprint not in lessons.fingerprints:
        _note_place(lessons.fingerprints, origin.fingerprint)
    if event.prefix and event.prefix not in lessons.prefixes:
        _note_place(lessons.prefixes, event.prefix)


def _note_place(places: list[int], place: int) -> None:
    if len(places) < MOST_NEW_PLACES:
        places.append(place)
