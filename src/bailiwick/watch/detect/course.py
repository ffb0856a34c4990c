"""What a key's orders of the last hours come to: sales that pay for one coin, round trips with loss, losing fills."""

from typing import Final

from bailiwick.model.intent import Side
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.view import View
from bailiwick.watch.words import amount

FUNDING: Final = "funding-sale"
ROUND: Final = "round-trips"
LOSS: Final = "losing-fills"

_BARE: Final = 1_500
_MOST_ROUND: Final = 5_000
_MOST_LOSS: Final = 5_000
_BUY: Final = Side.BUY


def funding(view: View) -> int:
    """Coins that the key never bought are sold, or were sold to buy something thin that is new for it."""
    event, profile = view.event, view.profile
    if event.side is not _BUY:
        if event.reducing or not profile.settled or profile.bare * 20 > profile.sells:
            return 0
        return _BARE
    if view.habit is not None or view.tier < 1:
        return 0
    funds = view.course.funded(view.now_s)
    return _BARE if funds > 0.0 and funds * 2.0 >= event.worth else 0


def funding_values(view: View) -> tuple[tuple[str, str], ...]:
    event = view.event
    sold = event.worth if event.side is not _BUY else view.course.funded(view.now_s)
    return (("symbol", event.symbol), ("sold without having bought it", amount(sold, event.worth_in)))


def round_trips(view: View) -> int:
    """The key buys and sells the same coin by turns, and pays the worse price each time."""
    window, event = view.window, view.event
    side = 1 if event.side is _BUY else 2
    flips = window.flips + (1 if window.last not in (0, side) else 0)
    if not flips:
        return 0
    worse = event.near_bps
    if event.unbounded or worse is None:
        pays = window.lost > 0.0
    else:
        habit = view.habit
        pays = worse > (15.0 if habit is None else max(15.0, habit.reach * 1.5))
    if not pays and window.lost * 500.0 <= window.bought + window.sold:
        return 0
    each = 1_200 if view.habit is None else 600
    return min(flips * each, _MOST_ROUND)


def round_values(view: View) -> tuple[tuple[str, str], ...]:
    window, event = view.window, view.event
    return (
        ("symbol", event.symbol),
        ("turns", str(window.flips + 1)),
        ("lost against the market", amount(max(window.lost, 0.0), event.worth_in)),
    )


def loss(view: View) -> int:
    """The key's fills in the symbol cost it more than a spread, and it comes to more than an order's worth would."""
    window, event = view.window, view.event
    if window.fills < 2 or window.lost <= 0.0:
        return 0
    turned = window.bought + window.sold
    if turned <= 0.0:
        return 0
    paid = window.lost / turned * 10_000  # basis points
    usual = 60.0 + max(view.profile.markout, 0) / 10
    if paid <= usual:
        return 0
    found = milli_ln(paid / usual) + milli_ln(float(window.fills)) * 6 // 10
    if view.habit is not None:
        found //= 2
    return clamp(found, 0, _MOST_LOSS) if event.worth > 0.0 else 0


def loss_values(view: View) -> tuple[tuple[str, str], ...]:
    window, event = view.window, view.event
    return (
        ("symbol", event.symbol),
        ("fills", str(window.fills)),
        ("lost against the market", amount(max(window.lost, 0.0), event.worth_in)),
    )
