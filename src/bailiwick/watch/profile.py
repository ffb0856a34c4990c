"""What is known of a key: its habits, and what it has done lately that is not a habit yet.

Everything is whole numbers of bounded width, so that a profile has a largest size by construction and comes back from
a snapshot as it was. Amounts are kept as logarithms, in thousandths of nats.

What a key does is first a lesson. Lessons are gathered for a day, wait for another, and become habit then, unless an
alert came meanwhile: so nothing is habit before it is 24 hours old. A day teaches one new symbol at most, sizes grow
by half at most, and what was held or denied is no lesson at all.
"""

from typing import Final, final

from bailiwick.watch.scale import clamp

DAY_S: Final = 86_400
MOST_SYMBOLS: Final = 18
MOST_LESSONS: Final = 6  # symbols in a day's lessons
MOST_PLACES: Final = 4  # networks, fingerprints, prefixes
MOST_NEW_PLACES: Final = 2  # of each in a day's lessons
HALF_MORE: Final = 405  # ln 1.5: how much a size may grow in a day
FARTHER: Final = 50  # basis points that a habitual limit may move away from the market in a day
SETTLED: Final = 8  # orders from which a key has habits that one can be surprised by

U16: Final = 0xFFFF
U32: Final = 0xFFFF_FFFF
BUYS: Final = 1
SELLS: Final = 2


@final
class Habit:
    """A symbol that a key trades: how often, how large (logarithms), how far from the market, and what it costs it."""

    __slots__ = ("count", "day", "largest", "mean", "reach", "sides", "spread", "tier")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0
        self.spread = 0  # mean distance from the mean
        self.largest = 0
        self.reach = 0  # basis points: how far on the adverse side of the near price its limits usually go
        self.day = 0  # the last on which it was taught
        self.sides = 0
        self.tier = 0


@final
class Lesson:
    """What was done in a symbol within a day."""

    __slots__ = ("count", "largest", "reach", "sides", "tier", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self.largest = -32_000
        self.reach = 0
        self.sides = 0
        self.tier = 0


@final
class Lessons:
    """What was done within a day."""

    __slots__ = (
        "bare", "began_s", "fingerprints", "gaps", "harms", "hours", "marked", "markouts", "networks", "offsets",
        "orders", "others", "prefixes", "quiet_s", "sells", "symbols", "types", "window_ms",
    )  # fmt: skip

    def __init__(self, began_s: int) -> None:
        self.began_s = began_s
        self.symbols: dict[int, Lesson] = {}
        self.others = 0  # orders in symbols that there was no room for
        self.orders = 0
        self.sells = 0
        self.bare = 0  # sells of what the key had not bought itself
        self.gaps = 0  # the sum of the logarithms of the times between orders, in thousandths
        self.offsets = 0  # the sum of how far its clock is off, in ms
        self.markouts = 0  # the sum of what fills cost against the price shortly after, in tenths of basis points
        self.marked = 0
        self.quiet_s = 0  # how long it lay still before
        self.hours = [0] * 8
        self.types = 0
        self.harms = 0
        self.window_ms = 0
        self.networks: list[int] = []
        self.fingerprints: list[int] = []
        self.prefixes: list[int] = []

    @property
    def taught(self) -> bool:
        """Whether there is anything in them."""
        return self.orders > 0 or self.harms > 0 or self.marked > 0


@final
class Profile:
    """The habits of one key."""

    __slots__ = (
        "bare", "days", "fingerprints", "gap", "gap_spread", "harms", "hours", "marked", "markout", "networks",
        "newcomers", "offset", "older", "orders", "prefixes", "quiet_s", "sells", "symbols", "types", "waiting",
        "window_ms", "young",
    )  # fmt: skip

    def __init__(self, now_s: int) -> None:
        self.symbols: dict[int, Habit] = {}
        self.orders = 0
        self.days = 0  # on which it did anything that it learnt from
        self.newcomers = 0  # symbols learnt after the first
        self.waiting = 0  # of its last day's symbols, those that there was no turn for
        self.sells = 0
        self.bare = 0
        self.gap = 0
        self.gap_spread = 0
        self.offset = 0
        self.hours = [0] * 8
        self.types = 0
        self.harms = 0
        self.window_ms = 0
        self.quiet_s = 0  # the longest that it lay still and then went on honestly
        self.markout = 0  # what its fills cost it against the price shortly after, in tenths of basis points
        self.marked = 0
        self.networks: list[int] = []
        self.fingerprints: list[int] = []
        self.prefixes: list[int] = []
        self.older: Lessons | None = None
        self.young = Lessons(now_s)

    @property
    def settled(self) -> bool:
        """Whether it has habits that one can be surprised by."""
        return self.orders >= SETTLED

    @property
    def largest(self) -> int:
        """The largest size that is a habit in any symbol."""
        return max([habit.largest for habit in self.symbols.values()], default=-32_000)

    def turn(self, now_s: int) -> list[int]:
        """Let what is old enough become habit; gives the symbols that are new among the habits."""
        learnt: list[int] = []
        if now_s - self.young.began_s < DAY_S:
            return learnt
        if self.older is not None:
            # It was closed a day ago at least: what it holds is between one day old and two.
            self._learn(self.older, now_s, learnt)
            self.older = None
        if now_s - self.young.began_s >= 2 * DAY_S:
            if self.young.taught:
                self._learn(self.young, now_s, learnt)
        elif self.young.taught:
            self.older = self.young
        self.young = Lessons(now_s)
        return learnt

    def forget_lessons(self, now_s: int) -> None:
        """An alert came: nothing of what is not habit yet becomes one."""
        self.older = None
        self.young = Lessons(now_s)

    def _learn(self, lessons: Lessons, now_s: int, learnt: list[int]) -> None:
        day = clamp(now_s // DAY_S, 0, U16)
        self.days = min(self.days + 1, U16)
        if lessons.orders:
            self._learn_manner(lessons)
        self.harms |= lessons.harms
        self.types |= lessons.types
        self.window_ms = lessons.window_ms or self.window_ms
        newest(self.networks, lessons.networks, MOST_PLACES)
        newest(self.fingerprints, lessons.fingerprints, MOST_PLACES)
        newest(self.prefixes, lessons.prefixes, MOST_PLACES)
        self.quiet_s = max(self.quiet_s, lessons.quiet_s)
        if lessons.marked:
            mean = clamp(lessons.markouts // lessons.marked, -32_000, 32_000)
            self.markout += (mean - self.markout) // (4 if self.marked else 1)
            self.marked = min(self.marked + lessons.marked, U16)
        self._learn_symbols(lessons, day, learnt)
        self.orders = min(self.orders + lessons.orders, U32)

    def _learn_manner(self, lessons: Lessons) -> None:
        gap = lessons.gaps // lessons.orders
        if self.orders:
            self.gap_spread += (abs(gap - self.gap) - self.gap_spread) // 4
            self.gap += (gap - self.gap) // 4
        else:
            self.gap = gap
        self.offset += (clamp(lessons.offsets // lessons.orders, -30_000, 30_000) - self.offset) // 2
        self.sells = min(self.sells + lessons.sells, U16)
        self.bare = min(self.bare + lessons.bare, U16)
        for place, count in enumerate(lessons.hours):
            self.hours[place] = min(self.hours[place] + count, U16)

    def _learn_symbols(self, lessons: Lessons, day: int, learnt: list[int]) -> None:
        ceiling = self.largest + HALF_MORE if self.symbols else 32_000
        unknown = []
        for symbol, lesson in lessons.symbols.items():
            habit = self.symbols.get(symbol)
            if habit is None:
                unknown.append((lesson.count, symbol))
            else:
                _deepen(habit, lesson, day)
        self.waiting = max(0, len(unknown) - 1)
        if not unknown:
            return
        unknown.sort()
        symbol = unknown[-1][1]
        if self.symbols:
            self.newcomers = min(self.newcomers + 1, U16)
        if len(self.symbols) >= MOST_SYMBOLS:
            oldest = min(self.symbols, key=lambda each: (self.symbols[each].day, self.symbols[each].count, each))
            del self.symbols[oldest]
        self.symbols[symbol] = _begin(lessons.symbols[symbol], ceiling, day)
        learnt.append(symbol)


def _begin(lesson: Lesson, ceiling: int, day: int) -> Habit:
    habit = Habit()
    habit.count = min(lesson.count, U16)
    habit.largest = min(lesson.largest, ceiling)
    habit.mean = min(clamp(lesson.total // lesson.count, -32_000, 32_000), habit.largest)
    habit.reach = min(lesson.reach, FARTHER)
    habit.sides = lesson.sides
    habit.tier = lesson.tier
    habit.day = day
    return habit


def _deepen(habit: Habit, lesson: Lesson, day: int) -> None:
    ceiling = habit.largest + HALF_MORE
    mean = min(clamp(lesson.total // lesson.count, -32_000, 32_000), ceiling)
    habit.spread = clamp(habit.spread + (abs(mean - habit.mean) - habit.spread) // 4, 0, U16)
    habit.mean += (mean - habit.mean) // 4
    if lesson.largest > habit.largest:
        habit.largest = min(lesson.largest, ceiling)
    else:
        habit.largest -= (habit.largest - lesson.largest) // 32
    habit.reach = min(lesson.reach, habit.reach + FARTHER) if lesson.reach > habit.reach else habit.reach
    habit.count = min(habit.count + lesson.count, U16)
    habit.sides |= lesson.sides
    habit.tier = lesson.tier
    habit.day = day


def newest(kept: list[int], lately: list[int], most: int) -> None:
    """Put what was met lately at the end, and drop the oldest beyond the most."""
    for each in lately:
        if each in kept:
            kept.remove(each)
        elif len(kept) >= most:
            del kept[0]
        kept.append(each)
