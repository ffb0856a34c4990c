"""Days and hours of a zone, looked up once a minute rather than once a request."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import final
from zoneinfo import ZoneInfo

from bailiwick.model.grant import Day, When, read_hours
from bailiwick.rules.windows import MINUTE_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_MINUTES = 1440
_WEEK_MINUTES = 7 * _DAY_MINUTES


def moment(now_us: int) -> datetime:
    """The moment in UTC."""
    return _EPOCH + timedelta(microseconds=now_us)


def microseconds(when: datetime) -> int:
    """The moment as microseconds since 1970."""
    return (when - _EPOCH) // _MICROSECOND


@final
class Days:
    """The calendar days of one zone. It remembers the last day that it was asked for."""

    __slots__ = ("_end_us", "_start_us", "_zone", "name")

    def __init__(self, zone: str) -> None:
        self.name = zone
        self._zone = ZoneInfo(zone)
        self._start_us = 0
        self._end_us = 0

    def start_us(self, now_us: int) -> int:
        """When the day of this moment began. A day has 23 to 25 hours where clocks are changed."""
        if not self._start_us <= now_us < self._end_us:
            today = moment(now_us).astimezone(self._zone).date()
            self._start_us = self._midnight_us(today)
            self._end_us = self._midnight_us(today + timedelta(days=1))
        return self._start_us

    def _midnight_us(self, day: date) -> int:
        # A midnight that clocks skip is the moment at which they skip it; of one that comes twice, it is the first.
        return microseconds(datetime.combine(day, time(), tzinfo=self._zone))


@final
class Schedule:
    """The days and hours at which a key may open anything: a table of the week's minutes in local time."""

    __slots__ = ("_minute", "_open", "_table", "_zone")

    def __init__(self, zone: str, days: Iterable[Day], hours: Iterable[str]) -> None:
        self._zone = ZoneInfo(zone)
        self._table = bytes(_week(frozenset(days) or frozenset(Day), tuple(hours)))
        self._minute = -1
        self._open = False

    def open_at(self, now_us: int) -> bool:
        """Whether the moment lies in the schedule."""
        minute = now_us // MINUTE_US
        if minute != self._minute:
            local = moment(now_us).astimezone(self._zone)
            self._open = bool(self._table[local.weekday() * _DAY_MINUTES + local.hour * 60 + local.minute])
            self._minute = minute
        return self._open


def schedule(when: When) -> Schedule | None:
    """The schedule that a grant draws, or None where it names neither days nor hours."""
    if not when.days and not when.hours:
        return None
    return Schedule(when.zone, when.days, when.hours)


def _week(days: frozenset[Day], hours: tuple[str, ...]) -> bytearray:
    table = bytearray(_WEEK_MINUTES)
    for place, day in enumerate(Day):
        if day not in days:
            continue
        for start, end in [read_hours(text) for text in hours] or [(0, _DAY_MINUTES)]:
            length = (end - start) % _DAY_MINUTES or _DAY_MINUTES
            for minute in range(start, start + length):
                table[(place * _DAY_MINUTES + minute) % _WEEK_MINUTES] = 1
    return table
