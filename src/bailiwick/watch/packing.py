"""A key's profile as bytes for the journal's snapshots: at most ``MOST_BYTES``, by the widths below alone.

Everything a verdict depends on is in it, so that a restart changes none. What an order that is being decided at this
moment teaches is settled first: snapshots are not taken between a decision and its refusal.
"""

import struct
from typing import Final

from bailiwick.watch.course import MOST_VOUCHED, MOST_WINDOWS, Course, Pledge, Window
from bailiwick.watch.learning import settle_last
from bailiwick.watch.profile import (
    MOST_LESSONS,
    MOST_NEW_PLACES,
    MOST_PLACES,
    MOST_SYMBOLS,
    Habit,
    Lesson,
    Lessons,
)
from bailiwick.watch.watched import Watched

VERSION: Final = 2

_HEAD: Final = struct.Struct("<BBBBBBBB")  # version, and how many of each list follow
_PROFILE: Final = struct.Struct("<IHHHHHiIhHBHIhH8H")
_HABIT: Final = struct.Struct("<IHhHhHHB")
_LESSONS: Final = struct.Struct("<IIHHqqBHHIiH8HBBBB")
_LESSON: Final = struct.Struct("<IHihHB")
_COURSE: Final = struct.Struct("<qiIIdIBQIHI")
_WINDOW: Final = struct.Struct("<IIIdddHHBBHd")
_PLEDGE: Final = struct.Struct("<IdI")
_PLACE: Final = struct.Struct("<I")

MOST_BYTES: Final = (
    _HEAD.size
    + _PROFILE.size
    + MOST_SYMBOLS * _HABIT.size
    + 3 * MOST_PLACES * _PLACE.size
    + 2 * (_LESSONS.size + MOST_LESSONS * _LESSON.size + 3 * MOST_NEW_PLACES * _PLACE.size)
    + _COURSE.size
    + MOST_WINDOWS * _WINDOW.size
    + MOST_VOUCHED * _PLEDGE.size
)


def pack(watched: Watched, now_s: int) -> bytes:
    """The key's profile, what is not habit yet, its sum and its windows."""
    settle_last(watched)
    profile, course = watched.profile, watched.course
    older = profile.older
    places = (profile.networks, profile.fingerprints, profile.prefixes)
    parts = [
        _HEAD.pack(
            VERSION, len(profile.symbols), *[len(each) for each in places], older is not None,
            len(course.windows), len(course.pledges),
        ),
        _PROFILE.pack(
            profile.orders, profile.days, profile.newcomers, profile.waiting, profile.sells, profile.bare, profile.gap,
            profile.gap_spread, profile.offset, profile.harms, profile.types, profile.window_ms, profile.quiet_s,
            profile.markout, profile.marked, *profile.hours,
        ),
        *[_pack_habit(symbol, habit) for symbol, habit in profile.symbols.items()],
        *[_PLACE.pack(each) for kind in places for each in kind],
    ]  # fmt: skip
    if older is not None:
        parts.append(_pack_lessons(older))
    parts.append(_pack_lessons(profile.young))
    parts.append(_pack_course(course))
    return b"".join(parts)


def _pack_habit(symbol: int, habit: Habit) -> bytes:
    return _HABIT.pack(
        symbol, habit.count, habit.mean, habit.spread, habit.largest, habit.reach, habit.day,
        habit.tier | habit.sides << 4,
    )  # fmt: skip


def _pack_lessons(lessons: Lessons) -> bytes:
    places = (lessons.networks, lessons.fingerprints, lessons.prefixes)
    return b"".join(
        [
            _LESSONS.pack(
                lessons.began_s, lessons.orders, lessons.sells, lessons.bare, lessons.gaps, lessons.offsets,
                lessons.types, lessons.harms, lessons.window_ms, lessons.quiet_s, lessons.markouts, lessons.marked,
                *lessons.hours, len(lessons.symbols), *[len(each) for each in places],
            ),
            *[
                _LESSON.pack(symbol, each.count, each.total, each.largest, each.reach, each.tier | each.sides << 4)
                for symbol, each in lessons.symbols.items()
            ],
            *[_PLACE.pack(each) for kind in places for each in kind],
        ]
    )  # fmt: skip


def _pack_course(course: Course) -> bytes:
    return b"".join(
        [
            _COURSE.pack(
                course.last_order_us, course.gap, course.woke_s, course.woken_from_s, course.funds,
                course.funds_s, course.sales | course.selling << 7, course.denials, course.denied_s, course.sum.value,
                course.sum.at_s,
            ),
            *[
                _WINDOW.pack(
                    symbol, each.began_s, each.seen_s, each.bought, each.sold, each.lost, each.orders, each.fills,
                    each.flips, each.last, each.charged, each.used,
                )
                for symbol, each in course.windows.items()
            ],
            *[_PLEDGE.pack(symbol, each.worth, each.until_s) for symbol, each in course.pledges.items()],
        ]
    )  # fmt: skip


def unpack(data: bytes, account: str, service: str) -> Watched:
    """What ``pack`` was given.

    Raises:
        ValueError: if the bytes are not of this version, or cut short.
    """
    try:
        return _unpack(data, account, service)
    except (struct.error, IndexError) as error:
        raise ValueError(f"profile: {error}; the snapshot is damaged, so the key begins without a history") from error


def _unpack(data: bytes, account: str, service: str) -> Watched:
    version, symbols, networks, fingerprints, prefixes, older, windows, pledges = _HEAD.unpack_from(data)
    if version != VERSION:
        raise ValueError(f"profile: it is of version {version}, and {VERSION} is read here")
    watched = Watched(account, service, 0)
    profile = watched.profile
    at = _HEAD.size
    (
        profile.orders, profile.days, profile.newcomers, profile.waiting, profile.sells, profile.bare, profile.gap,
        profile.gap_spread, profile.offset, profile.harms, profile.types, profile.window_ms, profile.quiet_s,
        profile.markout, profile.marked, *profile.hours,
    ) = _PROFILE.unpack_from(data, at)  # fmt: skip
    at += _PROFILE.size
    for _ in range(symbols):
        habit = Habit()
        (
            symbol, habit.count, habit.mean, habit.spread, habit.largest, habit.reach, habit.day, both,
        ) = _HABIT.unpack_from(data, at)  # fmt: skip
        habit.tier, habit.sides = both & 15, both >> 4
        profile.symbols[symbol] = habit
        at += _HABIT.size
    profile.networks, at = _places(data, at, networks)
    profile.fingerprints, at = _places(data, at, fingerprints)
    profile.prefixes, at = _places(data, at, prefixes)
    if older:
        profile.older, at = _unpack_lessons(data, at)
    profile.young, at = _unpack_lessons(data, at)
    at = _unpack_course(watched.course, data, at, windows, pledges)
    if at != len(data):
        raise ValueError("profile: there is more than belongs to it; the snapshot is damaged")
    return watched


def _places(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    found = [_PLACE.unpack_from(data, at + place * _PLACE.size)[0] for place in range(count)]
    return found, at + count * _PLACE.size


def _unpack_lessons(data: bytes, at: int) -> tuple[Lessons, int]:
    lessons = Lessons(0)
    (
        lessons.began_s, lessons.orders, lessons.sells, lessons.bare, lessons.gaps, lessons.offsets, lessons.types,
        lessons.harms, lessons.window_ms, lessons.quiet_s, lessons.markouts, lessons.marked, *rest,
    ) = _LESSONS.unpack_from(data, at)  # fmt: skip
    lessons.hours = rest[:8]
    symbols, networks, fingerprints, prefixes = rest[8:]
    at += _LESSONS.size
    for _ in range(symbols):
        each = Lesson()
        symbol, each.count, each.total, each.largest, each.reach, both = _LESSON.unpack_from(data, at)
        each.tier, each.sides = both & 15, both >> 4
        lessons.symbols[symbol] = each
        at += _LESSON.size
    lessons.networks, at = _places(data, at, networks)
    lessons.fingerprints, at = _places(data, at, fingerprints)
    lessons.prefixes, at = _places(data, at, prefixes)
    return lessons, at


def _unpack_course(course: Course, data: bytes, at: int, windows: int, pledges: int) -> int:
    (
        course.last_order_us, course.gap, course.woke_s, course.woken_from_s, course.funds,
        course.funds_s, sales, course.denials, course.denied_s, course.sum.value, course.sum.at_s,
    ) = _COURSE.unpack_from(data, at)  # fmt: skip
    course.sales, course.selling = sales & 0x7F, sales > 0x7F
    at += _COURSE.size
    for _ in range(windows):
        each = Window(0)
        (
            symbol, each.began_s, each.seen_s, each.bought, each.sold, each.lost, each.orders, each.fills, each.flips,
            each.last, each.charged, each.used,
        ) = _WINDOW.unpack_from(data, at)  # fmt: skip
        course.windows[symbol] = each
        at += _WINDOW.size
    for _ in range(pledges):
        symbol, worth, until_s = _PLEDGE.unpack_from(data, at)
        course.pledges[symbol] = Pledge(worth, until_s)
        at += _PLEDGE.size
    return at
