"""All that a detector may look at: one event, its key's habits and course, and what others do in the symbol."""

from typing import final

from bailiwick.watch.course import Course, Window
from bailiwick.watch.event import Asked
from bailiwick.watch.prior import Pool, Purpose
from bailiwick.watch.profile import Habit, Profile


@final
class View:
    """One intent, seen with what is known.

    Attributes:
        now_s: seconds since 1970.
        size: the logarithm of what it is worth.
        idle_s: for how long the key had placed nothing.
        beside: other keys of its service that began with the symbol within minutes.
        elsewhere: keys of other services that did; ``popular`` are those within an hour that paid no more than usual.
        expected: its service's share of all keys.
        held_service: other keys of its service that had something held within the hour; ``held_symbol`` other keys
            that had something held in the symbol.
        sign: what the pump detector says of the symbol, fresh; 0 where nothing.
    """

    __slots__ = (
        "beside", "course", "elsewhere", "event", "expected", "habit", "held_service", "held_symbol", "idle_s", "now_s",
        "pool", "popular", "profile", "purpose", "sign", "size", "tier", "window",
    )  # fmt: skip

    def __init__(
        self, event: Asked, profile: Profile, course: Course, pool: Pool, purpose: Purpose, window: Window, now_s: int
    ) -> None:
        self.event = event
        self.profile = profile
        self.course = course
        self.pool = pool
        self.purpose = purpose
        self.window = window
        self.now_s = now_s
        self.habit: Habit | None = None
        self.tier = 0
        self.size = 0
        self.idle_s = 0
        self.beside = 0
        self.elsewhere = 0
        self.popular = 0
        self.expected = 0.0
        self.held_service = 0
        self.held_symbol = 0
        self.sign = 0
