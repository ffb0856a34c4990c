"""A key that is watched."""

from typing import final

from bailiwick.watch.course import Course
from bailiwick.watch.event import Asked
from bailiwick.watch.profile import Lessons, Profile


@final
class Watched:
    """A key that is watched: its habits, what it is doing now, and its last intent, which is no lesson yet."""

    __slots__ = (
        "account", "course", "gap", "last", "last_size", "last_symbol", "last_tier", "profile", "service", "taught",
        "taught_in",
    )  # fmt: skip

    def __init__(self, account: str, service: str, now_s: int) -> None:
        self.account = account
        self.service = service
        self.profile = Profile(now_s)
        self.course = Course()
        self.last: Asked | None = None
        self.last_symbol = 0
        self.last_size = 0
        self.last_tier = 0
        self.gap = 0
        self.taught: Asked | None = None  # its last lesson, and the lessons that it is one of
        self.taught_in: Lessons | None = None
