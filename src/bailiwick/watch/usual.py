"""What is plainly usual is heard by no detector: orders as their key places them every day, or as any new key might.

Each condition here is some detector's silence; where all hold, the verdict is the one that hearing them would give.
"""

from typing import Final

from bailiwick.model.intent import Side
from bailiwick.watch.course import Course
from bailiwick.watch.detect import price
from bailiwick.watch.detect.course import unspoken
from bailiwick.watch.detect.price import FAIR
from bailiwick.watch.detect.size import NOTABLE
from bailiwick.watch.event import Asked
from bailiwick.watch.prior import purpose
from bailiwick.watch.profile import DAY_S, SETTLED, Profile
from bailiwick.watch.state import State
from bailiwick.watch.tier import FLOORS
from bailiwick.watch.watched import Watched

FROM_ANOTHER: Final = 3_000  # charged for one symbol, from which what another says is not as new
LIMIT_REACH: Final = price.NEAR_FROM

_BUY: Final = Side.BUY
_LIMIT_ANCHOR: Final = price.ANCHOR_FROM
_MAJOR: Final = FLOORS[0]


def is_usual(event: Asked, profile: Profile, reach: float) -> bool:
    """Whether price and manner are plainly what the key's are, so that no detector would speak."""
    near, origin = event.near_bps, event.origin
    if not event.unbounded and (near is None or (near > LIMIT_REACH and near > reach)):
        return False
    anchor = event.anchor_bps
    return (
        (anchor is None or anchor <= _LIMIT_ANCHOR)
        and origin.network in profile.networks
        and origin.fingerprint in profile.fingerprints
        and (not event.prefix or event.prefix in profile.prefixes)
        and event.window_ms == profile.window_ms
        and profile.orders >= SETTLED
        and (event.side is _BUY or event.reducing or profile.bare * 20 > profile.sells)
    )


def is_plain(state: State, watched: Watched, event: Asked, symbol: int, size: int) -> bool:
    """Whether a new key's order in a major market is such that no detector would speak: each line is one's silence."""
    profile, course = watched.profile, watched.course
    near, anchor, day = event.near_bps, event.anchor_bps, event.day_worth
    if day is None or day < _MAJOR or profile.orders >= SETTLED or course.pledges or course.denials:
        return False
    if near is None or near > LIMIT_REACH or (anchor is not None and anchor > _LIMIT_ANCHOR):
        return False
    buys = event.side is _BUY
    if not event.reducing and (course.sales if buys else event.unbounded or near >= 0.0):
        return False  # it may belong to a run of sales
    worth = event.worth
    window = course.windows.get(symbol)
    if window is not None:
        if window.charged or not unspoken(window):
            return False
        worth += window.bought if buys else window.sold
    pool = state.pools.get(watched.service)
    return (
        worth < day * NOTABLE
        and (pool is None or pool.sized < 8 or size <= pool.size + 2 * pool.size_spread)
        and purpose(event.holder.purpose).trades
    )


def begin(state: State, watched: Watched, event: Asked, symbol: int, now_s: int) -> None:
    """Note an order in a symbol that is no habit yet, of which nothing is said."""
    course, side, holder = watched.course, event.side or _BUY, event.holder
    near = event.near_bps
    fair = event.unbounded or (near is not None and near <= FAIR)
    state.scene(symbol, now_s).begin(holder.account, holder.service, now_s, fair=fair)
    course.window(symbol, now_s).ask(side, now_s)
    course.selling = side is not _BUY
    if course.selling and not event.reducing:
        course.fund(event.worth, 0, now_s)


def is_unhurt(course: Course, symbol: int, event: Asked, now_s: int) -> bool:
    """Whether nothing was lost lately in the symbol; the order is counted where others are."""
    window = course.windows.get(symbol)
    if window is None:
        return True
    if (window.charged < FROM_ANOTHER and window.lost <= 0.0) or now_s - window.seen_s > 2 * DAY_S:
        del course.windows[symbol]  # what is usual needs none
        return True
    if window.lost * 500.0 > window.bought + window.sold:
        return False
    window.age(now_s)
    window.ask(event.side or _BUY, now_s)
    return True
