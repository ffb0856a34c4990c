"""A key turns what its owner holds into money: one market sale after another of what it had never bought.

Alone each is at a fair price in a deep market. What tells a thief who raises money from a portfolio that is put right
is that he takes the same coin to market again and again, and turns what he got into another in the same way: whoever
rebalances sells each coin once. A key that does this as a habit, in its symbols and sizes, adds nothing.
"""

from typing import Final

from bailiwick.model.intent import OrderType, Side
from bailiwick.watch.course import RUN_S
from bailiwick.watch.detect.price import FAIR
from bailiwick.watch.scale import clamp
from bailiwick.watch.view import View
from bailiwick.watch.words import amount

NAME: Final = "sell-out"

ONCE: Final = 1  # what a sale counts in a coin that was not sold in this run
AGAIN: Final = 3  # and what one does in a coin that was
_EACH: Final = 1_500
_MOST: Final = 10_000
_LEAST_WORTH: Final = 100.0  # below which nobody is asked about it
_SALES: Final = 2  # sales after which a purchase belongs to their run
_LIQUID: Final = 1  # the thinnest tier in which one does; thinner ones are others' matter
_BUYS: Final = 1
_SELLS: Final = 2
_AT_ONCE: Final = frozenset({OrderType.MARKET, OrderType.LIMIT})
_BUY: Final = Side.BUY


def count(view: View) -> int:
    """What the order adds to a run of sales: of what the key never bought, or of purchases with what they brought.

    Nothing where it answers an order of the other side: who spends each sale at once is changing coins, not raising
    money.
    """
    event, habit, course = view.event, view.habit, view.course
    if event.reducing or not _takes(view):
        return 0
    if habit is not None and view.size <= habit.largest + 100 and _does_so(view):
        return 0
    before, selling = course.run(view.now_s), event.side is not _BUY
    if before and course.selling is not selling:
        return 0
    if not selling and (habit is not None or view.tier > _LIQUID or not _pays_with_it(view)):
        return 0
    window = view.window
    again = window.last == (_SELLS if selling else _BUYS) and view.now_s - window.seen_s <= RUN_S
    return AGAIN if again else ONCE


def _takes(view: View) -> bool:
    """Whether it is executed now, at a fair price; of a bad one others speak."""
    event = view.event
    if event.type not in _AT_ONCE:
        return False
    return event.unbounded or (event.near_bps is not None and 0.0 <= event.near_bps <= FAIR)


def _pays_with_it(view: View) -> bool:
    course, now_s = view.course, view.now_s
    return course.run(now_s) >= _SALES and course.funded(now_s) * 2.0 >= view.event.worth


def _does_so(view: View) -> bool:
    profile = view.profile
    return view.event.side is _BUY or profile.bare * 20 > profile.sells


def score(view: View) -> int:
    """How much rather a thief goes on with such a run than the key's client, by what it is for."""
    more = count(view)
    if not more:
        return 0
    event, course = view.event, view.course
    before = course.run(view.now_s)
    if not before or course.funded(view.now_s) + event.worth < _LEAST_WORTH:
        return 0
    return clamp((before + more - view.purpose.sells) * _EACH, 0, _MOST)


def values(view: View) -> tuple[tuple[str, str], ...]:
    sold = view.course.funded(view.now_s) + (0.0 if view.event.side is _BUY else view.event.worth)
    return (("symbol", view.event.symbol), ("sold one after another", amount(sold, view.event.worth_in)))
