"""Keeps the minutes of an incident's symbols: from an hour before the first signal to an hour after, while it is open.

The gateway asks the venue, as for the pump detector. A venue that is away costs the picture and nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, final

import msgspec

from bailiwick.authority.acts import Asks
from bailiwick.link.market_questions import Candle, Candles
from bailiwick.link.wire import LinkError
from bailiwick.model.course import MINUTE_MS, Course, Minute
from bailiwick.store.alerts import Alert
from bailiwick.store.incidents import Incident
from bailiwick.store.store import Store

ROUND_S: Final = 15.0
AROUND_MS: Final = 60 * MINUTE_MS
MOST_SYMBOLS: Final = 3  # of an incident
MOST_INCIDENTS: Final = 20  # that are followed at a time: at Binance each look costs 2 of a weight of 6,000 a minute
LATEST_EVERY_MS: Final = 60_000  # once the hour after is over, only the latest price is asked for
MINUTES: Final = 2 * AROUND_MS // MINUTE_MS + 1

Name = tuple[str, str]  # venue and symbol


@final
class IncidentCourses:
    """The minutes of incidents."""

    def __init__(self, store: Store, gateway: Asks, clock: Callable[[], int]) -> None:
        self._store = store
        self._gateway = gateway  # a connection of its own: a venue that is slow would hold up other questions
        self._clock = clock

    async def follow(self) -> None:
        """One round: the newest incidents that are not closed."""
        for incident in self._store.incidents.list(state="current", limit=MOST_INCIDENTS):
            alerts = self._store.alerts.list(keys=incident.keys, incident=incident.id)
            await self.refresh(incident, first_of(incident, alerts), self.names(alerts))

    def names(self, alerts: Iterable[Alert]) -> list[Name]:
        """The symbols that the watch spoke of, each with its venue."""
        found: dict[Name, None] = {}
        for alert in alerts:
            if alert.symbol:
                venue = self._store.accounts.get(alert.account).venue
                found[venue, alert.symbol] = None
        return list(found)

    async def refresh(self, incident: Incident, first_ms: int, names: Sequence[Name]) -> str:
        """Ask for what is due of these symbols and of those that are kept; why something could not be had, or ""."""
        now, failure = self._clock(), ""
        kept = {(each.venue, each.symbol): each for each in self._store.courses.of(incident.id)}
        for name in list(dict.fromkeys((*kept, *names)))[:MOST_SYMBOLS]:
            there = kept.get(name)
            if there is not None and (incident.closed is not None or not _due(there, first_ms, now)):
                continue
            try:
                self._store.courses.put(incident.id, await self._read(name, there, first_ms, now))
            except LinkError as error:
                failure = f"{name[1]}: {error.sentence}"
        return failure

    async def _read(self, name: Name, there: Course | None, first_ms: int, now: int) -> Course:
        begin = _begin(first_ms)
        whole = there is not None and there.read_at >= begin + MINUTES * MINUTE_MS
        asked_from = (now - 2 * MINUTE_MS) // MINUTE_MS * MINUTE_MS if whole else begin
        question = Candles(venue=name[0], symbol=name[1], from_ms=asked_from, count=3 if whole else MINUTES)
        answer = await self._gateway.ask(question)
        kept = there.minutes if there is not None and whole else tuple(_minute(each) for each in answer.candles)
        last, at = answer.candles[-1] if answer.candles else None, min(answer.at_ms, now)
        if (
            not whole and last is not None and last.open_ms + MINUTE_MS < at
        ):  # the window is over: what is it worth now?
            later = msgspec.structs.replace(question, from_ms=(at - 2 * MINUTE_MS) // MINUTE_MS * MINUTE_MS, count=3)
            latest = (await self._gateway.ask(later)).candles
            last = latest[-1] if latest else last
        return Course(
            venue=name[0], symbol=name[1], base=answer.base, quote=answer.quote, read_at=now, minutes=kept,
            latest=None if last is None else last.close,
            latest_at=0 if last is None else min(last.open_ms + MINUTE_MS, at),
        )  # fmt: skip


def first_of(incident: Incident, alerts: Iterable[Alert]) -> int:
    """When the first signal of an incident was, in ms."""
    return min((incident.opened, *(alert.at for alert in alerts)))


def _begin(first_ms: int) -> int:
    return (first_ms - AROUND_MS) // MINUTE_MS * MINUTE_MS


def _due(there: Course, first_ms: int, now: int) -> bool:
    if there.read_at < _begin(first_ms) + MINUTES * MINUTE_MS:
        return now - there.read_at >= ROUND_S * 1000
    return now - there.read_at >= LATEST_EVERY_MS


def _minute(candle: Candle) -> Minute:
    return Minute(candle.open_ms, candle.open, candle.high, candle.low, candle.close)
