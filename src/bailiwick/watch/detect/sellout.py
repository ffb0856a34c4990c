"""A key turns what its owner holds into money: one market sale after another of what it had never bought.

Alone each is at a fair price in a deep market. What tells a thief who raises money from a portfolio that is put right
is how many coins follow upon each other, that he takes the same coin to market again, how much it comes to, and that
other accounts of the same service do so at the same moment. How long a run an honest client has depends on what it is
for (``prior.Purpose.raises``). A key that does this as a habit, in its symbols and sizes, adds nothing.
"""

from typing import Final

from bailiwick.model.intent import OrderType, Side
from bailiwick.watch.course import RUN_S
from bailiwick.watch.detect.price import FAIR
from bailiwick.watch.prior import TOGETHER_S
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.view import View
from bailiwick.watch.words import amount

NAME: Final = "sell-out"
TOGETHER: Final = "sell-out-of-service"

MOST: Final = 10_000
MOST_TOGETHER: Final = 5_500
_LEAST_WORTH: Final = 100.0  # below which nobody is asked about it
_USUAL_WORTH: Final = 7_824  # the logarithm of 2,500 dollars: one run in twenty of rebalancers comes to more
_SMALL_WORTH: Final = 6_908  # of 1,000: who takes an account seldom takes less
_MOST_WORTH: Final = 3_500
_SALES: Final = 2  # sales after which a purchase belongs to their run
_LIQUID: Final = 1  # the thinnest tier in which one does; thinner ones are others' matter
_A_DAY: Final = 0.05  # runs of an honest key, where nothing else is known
_BY_CHANCE: Final = 0.2
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
    if not before:
        return 1
    return view.purpose.again if again else view.purpose.other


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
    """How much rather a thief is so far in such a run than the key's client, by what it is for, and by what it brought.

    That an honest client's run is so long happens once in e^n key-days. What runs bring falls off with a power of about
    1.7: one in fifty of those beyond the usual comes to ten times as much.
    """
    more = count(view)
    if not more:
        return 0
    event, course = view.event, view.course
    raised = course.funded(view.now_s) + event.worth
    if raised < _LEAST_WORTH:
        return 0
    steps = view.purpose.raises
    found = steps[min(course.run(view.now_s) + more, len(steps)) - 1]
    if found:
        size = milli_ln(raised)
        usual = max(_USUAL_WORTH, view.profile.largest if view.profile.settled else 0)
        found += clamp((size - usual) * 17 // 10, 0, _MOST_WORTH) + min((size - _SMALL_WORTH) * 8 // 10, 0)
    return clamp(found, 0, MOST)


def together(view: View) -> int:
    """Other accounts of its service are in such a run at the same moment, against how many usually are (Poisson)."""
    others = view.pool.selling(view.event.holder.account, view.now_s)
    if others < 2:
        return 0
    a_second = max(view.pool.usual_runs_a_second(view.now_s), view.pool.keys * _A_DAY / 86_400)
    usual = TOGETHER_S * a_second + _BY_CHANCE
    return clamp(others * milli_ln(others / usual) - int((others - usual) * 1000), 0, MOST_TOGETHER)


def together_values(view: View) -> tuple[tuple[str, str], ...]:
    others = view.pool.selling(view.event.holder.account, view.now_s)
    return (("service", view.event.holder.service), ("its other accounts", str(others)))


def values(view: View) -> tuple[tuple[str, str], ...]:
    sold = view.course.funded(view.now_s) + (0.0 if view.event.side is _BUY else view.event.worth)
    return (("symbol", view.event.symbol), ("sold one after another", amount(sold, view.event.worth_in)))
