"""Who sends it, and how: address, fingerprint, a long sleep, a burst. Weak alone: people move house."""

from math import exp
from typing import Final

from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.view import View
from bailiwick.watch.words import span

ORIGIN: Final = "new-origin"
DORMANT: Final = "dormant-awakes"
BURST: Final = "burst"
HOUR: Final = "unusual-hour"
MOST: Final = 4_000  # of all of them together
SLEEP_S: Final = 14 * 86_400  # from which a key sleeps

_MOST_ORIGIN: Final = 2_500
_MOST_DORMANT: Final = 3_000
_MOST_BURST: Final = 1_500
_ODD_HOUR: Final = 500
_AWAKE_S: Final = 86_400  # for how long an awakening counts


def origin(view: View) -> int:
    """A network, a client or a way of naming orders that the key has not used before."""
    profile = view.profile
    if not profile.settled:
        return 0
    found = 0
    event = view.event
    source = event.origin
    if source.network not in profile.networks:
        found += 0 if source.of_service else 1_000
        if source.of_service is False:
            found += 500
    if source.fingerprint not in profile.fingerprints:
        found += 1_000
    if event.prefix and profile.prefixes and event.prefix not in profile.prefixes:
        found += 500
    if event.window_ms and profile.window_ms and event.window_ms != profile.window_ms:
        found += 400
    return min(found, _MOST_ORIGIN)


def origin_values(view: View) -> tuple[tuple[str, str], ...]:
    profile, event = view.profile, view.event
    found = []
    if event.origin.network not in profile.networks:
        where = {True: "of its service", False: "foreign to its service", None: "new"}[event.origin.of_service]
        found.append(("address", where))
    if event.origin.fingerprint not in profile.fingerprints:
        found.append(("client", "new"))
    if event.prefix and profile.prefixes and event.prefix not in profile.prefixes:
        found.append(("order names", "new"))
    if event.window_ms and profile.window_ms and event.window_ms != profile.window_ms:
        found.append(("receive window", f"{event.window_ms} ms instead of {profile.window_ms} ms"))
    return tuple(found)


def dormant(view: View) -> int:
    """A key that had placed nothing for weeks, longer than ever before, and now does."""
    slept = view.idle_s
    if slept < SLEEP_S or slept <= 2 * view.profile.quiet_s:
        return 0
    return clamp(1_000 + milli_ln(slept / SLEEP_S) * 6 // 10, 0, _MOST_DORMANT)


def dormant_values(view: View) -> tuple[tuple[str, str], ...]:
    return (("nothing placed for", span(view.idle_s)),)


def slept_s(view: View) -> int:
    """How long the key had placed nothing before it awoke, within a day after it did."""
    course = view.course
    return course.woken_from_s if view.now_s - course.woke_s < _AWAKE_S else 0


def burst(view: View) -> int:
    """Orders far closer upon each other than the key's are."""
    profile = view.profile
    if profile.orders < 20 or not view.course.gap:
        return 0
    below = profile.gap - 3 * profile.gap_spread - 1_500 - view.course.gap
    return clamp(below // 2, 0, _MOST_BURST)


def burst_values(view: View) -> tuple[tuple[str, str], ...]:
    return (
        ("seconds between orders now", f"{exp(view.course.gap / 1000) / 1e6:.2g}"),
        ("seconds between orders usually", f"{exp(view.profile.gap / 1000) / 1e6:.2g}"),
    )


def hour(view: View) -> int:
    """A time of day at which the key has hardly ever placed anything."""
    profile = view.profile
    return _ODD_HOUR if profile.orders >= 200 and profile.hours[hour_of(view.now_s)] * 200 < sum(profile.hours) else 0


def hour_of(now_s: int) -> int:
    """Which eighth of the day, in UTC."""
    return now_s // 10_800 % 8


def hour_values(view: View) -> tuple[tuple[str, str], ...]:
    start = hour_of(view.now_s) * 3
    return (("hours", f"{start:02}:00 to {start + 3:02}:00 UTC"),)
