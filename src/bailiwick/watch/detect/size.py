"""An order against the market that it meets, and against what the key usually trades."""

from math import exp
from typing import Final

from bailiwick.model.intent import Side
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.view import View
from bailiwick.watch.words import amount, percent

SHARE: Final = "market-share"
JUMP: Final = "size-jump"
TOP: Final = "book-top"

_SHARE_FROM: Final = 8_300  # ln of 1/4,000: more of a day's volume than that is seldom asked for at once
NOTABLE: Final = 0.00025
_MOVED: Final = 500.0
_MOST_MOVED: Final = 1_200
_MOST_SHARE: Final = 6_500
_MOST_JUMP: Final = 5_000
_MOST_JUMP_MAJOR: Final = 3_000  # whoever moves much where it is deep: a whale, mostly
_MOST_TOP: Final = 3_000

_BUY: Final = Side.BUY


def share(view: View) -> int:
    """Against the symbol's volume of a day, with what was bought or sold in it lately; half of it for who waits."""
    event = view.event
    day = event.day_worth
    if day is None or day <= 0.0:
        return 0
    part = taken(view) / day
    if part < NOTABLE:
        return 0
    habit = view.habit
    if habit is not None and view.size <= habit.largest + 100 and not _pays(view):
        return 0
    found = milli_ln(part) + _SHARE_FROM - milli_ln(1.0 + view.popular)
    if abs(event.moved_bps) > _MOVED:
        # A market that has moved trades more than on a usual day.
        found -= min(milli_ln(abs(event.moved_bps) / _MOVED) // 2, _MOST_MOVED)
    found = clamp(found, 0, _MOST_SHARE)
    waits = event.near_bps is not None and event.near_bps < -10.0
    return found if habit is None and not waits else found // 2


def taken(view: View) -> float:
    """What the key asks for with this order and has lately got on this side."""
    window = view.window
    before = window.bought if view.event.side is _BUY else window.sold
    return before + view.event.worth


def _pays(view: View) -> bool:
    near = view.event.near_bps
    return near is not None and view.habit is not None and near > view.habit.reach + 20


def share_values(view: View) -> tuple[tuple[str, str], ...]:
    event = view.event
    day = event.day_worth or 1.0
    return (
        ("symbol", event.symbol),
        ("worth", amount(taken(view), event.worth_in)),
        ("share of a day", percent(taken(view) / day)),
    )


def jump(view: View) -> int:
    """Against the largest order that is a habit: in the symbol, else of the key, else of its service's keys."""
    usual = usual_size(view)
    if usual is None:
        return 0
    above = view.size - usual - 500
    if above <= 0:
        return 0
    most = _MOST_JUMP_MAJOR if view.tier == 0 else _MOST_JUMP
    return min(above * 11 // 10 - 400, most) if above > 400 else 0


def usual_size(view: View) -> int | None:
    """The logarithm of the largest order that would not surprise, or None where nothing is known."""
    if view.habit is not None:
        return view.habit.largest
    if view.profile.settled and view.profile.symbols:
        return view.profile.largest
    if view.pool.sized >= 8:
        return view.pool.size + 2 * view.pool.size_spread
    return None


def jump_values(view: View) -> tuple[tuple[str, str], ...]:
    above = view.size - (usual_size(view) or 0)
    return (
        ("symbol", view.event.symbol),
        ("worth", amount(view.event.worth, view.event.worth_in)),
        ("times the usual largest", f"{exp(above / 1000):.3g}"),
    )


def top(view: View) -> int:
    """Against what rests at the best price, of an order that would go on beyond it.

    The best level of a deep book is often small, and changes by the second: in a major market it says nothing, and
    nowhere of an order that is little of what is traded in a day.
    """
    event = view.event
    best, day = event.top_worth, event.day_worth
    if best is None or best <= 0.0 or event.worth <= 3.0 * best or view.tier == 0:
        return 0
    if day is not None and event.worth < day * NOTABLE:
        return 0
    near = event.near_bps
    if not event.unbounded and (near is None or near <= 0.0):
        return 0
    if view.habit is not None and view.size <= view.habit.largest + 100:
        return 0
    # Where many begin at once, as after news, books are thin for everybody.
    return clamp(milli_ln(event.worth / (3.0 * best)) * 8 // 10 - milli_ln(1.0 + view.popular), 0, _MOST_TOP)


def top_values(view: View) -> tuple[tuple[str, str], ...]:
    event = view.event
    return (
        ("symbol", event.symbol),
        ("worth", amount(event.worth, event.worth_in)),
        ("at the best price", amount(event.top_worth or 0.0, event.worth_in)),
    )
