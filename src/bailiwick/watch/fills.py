"""What fills cost: against the near price at once, and against the price shortly after."""

from typing import Final

from bailiwick.model.intent import Side
from bailiwick.watch.event import Looked, Traded
from bailiwick.watch.profile import U16
from bailiwick.watch.scene import Executed
from bailiwick.watch.state import MOST_FILLS, State
from bailiwick.watch.usual import LIMIT_REACH

_BUY: Final = Side.BUY
_SELECTED: Final = 100.0
_LOOK_AFTER_US: Final = 5_000_000
_LOOK_WITHIN_US: Final = 600_000_000


def count_fill(state: State, event: Traded, now_us: int) -> None:
    """Count what a fill cost against the near price; what it was worth shortly after is asked later."""
    now_s = now_us // 1_000_000
    holder, name, worse = event.holder, event.symbol, event.near_bps or 0.0
    watched = state.keys.get(holder.key) or state.watched(holder, now_s)
    symbol = state.digests.get(name) or state.digest(name)
    course = watched.course
    window = course.windows.get(symbol)
    if window is None and worse > LIMIT_REACH:
        window = course.window(symbol, now_s)
    if window is not None:
        window.age(now_s)
        window.fill(event.side, event.worth, worse)
    if event.price > 0.0:
        fills = state.scene(symbol, now_s).fills
        if len(fills) >= MOST_FILLS:
            del fills[0]
        fills.append(Executed(event.at_us, holder.key, event.price, event.worth, worse, event.side is _BUY))


def look_at_fills(state: State, event: Looked, now_us: int) -> None:
    """What the fills of the last minutes were worth: the markout. Each is looked at once."""
    scene = state.scenes.get(state.digest(event.symbol))
    if scene is None or not scene.fills or event.near <= 0.0:
        return
    kept = []
    for fill in scene.fills:
        age = now_us - fill.at_us
        if age < _LOOK_AFTER_US:
            kept.append(fill)
        elif age <= _LOOK_WITHIN_US:
            _mark(state, event, fill, now_us // 1_000_000)
    scene.fills = kept


def _mark(state: State, event: Looked, fill: Executed, now_s: int) -> None:
    watched = state.find(fill.key)
    if watched is None:
        return
    worse = (fill.price / event.near - 1.0) * 10_000
    if not fill.buys:
        worse = -worse
    worse = min(max(worse, -3_000.0), 3_000.0)
    lessons = watched.profile.young
    if lessons.marked < U16:
        lessons.markouts += int(worse * 10)
        lessons.marked += 1
    window = watched.course.windows.get(state.digest(event.symbol))
    if window is not None and worse > fill.near_bps + _SELECTED:
        # The market moves against whoever trades; so far against him by chance it seldom does.
        window.lost += fill.worth * (worse - fill.near_bps - _SELECTED) / 10_000
