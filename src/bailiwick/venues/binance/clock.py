"""Time as Binance judges it: timestamps, receive windows, and how long a request could be replayed.

A request is accepted while ``timestamp < server time + 1 s`` and ``server time − timestamp <= recvWindow`` (REST
documentation, "Timing security"). Absolute bounds (nothing before 2017, nothing 10 s ahead) follow from these.
"""

from bailiwick.model.decision import Deny
from bailiwick.model.reason import Reason

DEFAULT_WINDOW_US = 5_000_000
LONGEST_WINDOW_US = 60_000_000
AHEAD_US = 1_000_000

MILLISECOND_DIGITS = 13  # from September 2001 until 2286
MICROSECOND_DIGITS = 16

COMMON_WINDOWS = {f"{seconds}000": seconds * 1_000_000 for seconds in range(1, 61)}


def read_timestamp(text: str) -> int | None:
    """Microseconds since 1970, from a timestamp in milliseconds or microseconds; None if it is neither."""
    if not (text.isascii() and text.isdecimal()):
        return None
    if len(text) == MILLISECOND_DIGITS:
        return int(text) * 1000
    return int(text) if len(text) == MICROSECOND_DIGITS else None


def read_window(text: str) -> int | None:
    """Microseconds, from milliseconds with at most three decimals and not above 60000; None if it is no such text."""
    common = COMMON_WINDOWS.get(text)
    if common is not None:
        return common
    whole, point, fraction = text.partition(".")
    if not (text.isascii() and whole.isdecimal() and len(whole) <= 5):
        return None
    if point and not (fraction.isdecimal() and len(fraction) <= 3):
        return None
    window_us = int(whole) * 1000 + int(fraction.ljust(3, "0"))
    return window_us if window_us <= LONGEST_WINDOW_US else None


def fresh(timestamp_us: int, window_us: int, now_us: int) -> Deny | None:
    """Whether a request with this timestamp and window is accepted at ``now_us``."""
    if timestamp_us >= now_us + AHEAD_US:
        return Deny(Reason.TIMESTAMP_AHEAD, f"timestamp: {timestamp_us - now_us} us ahead")
    if now_us - timestamp_us > window_us:
        return Deny(Reason.TIMESTAMP_STALE, f"timestamp: {now_us - timestamp_us} us old, recvWindow {window_us} us")
    return None


def mark_lifetime_us(timestamp_us: int, window_us: int) -> int:
    """Until when a replay could still be accepted, with a second to spare for two clocks that differ."""
    return timestamp_us + window_us + AHEAD_US


def write_window(now_us: int, window_us: int) -> int:
    """The receive window in whole milliseconds beside a timestamp of ``now_us`` cut to milliseconds.

    It ends no later than ``now_us + window_us``. Whole numbers, because not every host of this dialect reads decimals.
    """
    return (window_us + now_us % 1000) // 1000
