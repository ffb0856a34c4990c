"""What a key's orders of the last hours come to: sales that pay for one coin, round trips with loss, losing fills."""

from typing import Final

from bailiwick.model.intent import Side
from bailiwick.watch.course import Window
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.view import View
from bailiwick.watch.words import amount

FUNDING: Final = "funding-sale"
ROUND: Final = "round-trips"
LOSS: Final = "losing-fills"

_BARE: Final = 1_500
_BARE_UNKNOWN: Final = 500  # of a key without habits
_SPREAD: Final = 60.0  # basis points that a taker pays in a thin market anyway
_MOST_ROUND: Final = 5_000
_MOST_LOSS: Final = 5_000
_BUY: Final = Side.BUY


def funding(view: View) -> int:
    """Coins that the key never bought are sold, or were sold to buy something thin that is new for it."""
    event, profile = view.event, view.profile
    if profile.bare * 20 > profile.sells:
        return 0  # it does that
    if event.side is not _BUY:
        return _BARE if profile.settled and not event.reducing else 0
    if view.habit is not None or view.tier < 2:
        return 0
    funds = view.course.funded(view.now_s)
    if funds <= 0.0 or funds * 2.0 < event.worth:
        return 0
    return _BARE if profile.settled else _BARE_UNKNOWN


def funding_values(view: View) -> tuple[tuple[str, str], ...]:
    event = view.event
    sold = event.worth if event.side is not _BUY else view.course.funded(view.now_s)
    return (("symbol", event.symbol), ("sold without having bought it", amount(sold, event.worth_in)))


def round_trips(view: View) -> int:
    """The key has bought and sold the same coin by turns, and paid more than a spread each time."""
    window, event = view.window, view.event
    side = 1 if event.side is _BUY else 2
    flips = window.flips + (1 if window.last not in (0, side) else 0)
    if not flips:
        return 0
    found = _paid(view)
    if found <= 0:
        return 0
    found += min(flips * 300, 1_500)
    return clamp(found if view.habit is None else found * 2 // 3, 0, _MOST_ROUND)


def unspoken(window: Window) -> bool:
    """Whether what the fills have cost is so little that no detector here would speak of it, whoever's they are."""
    return window.fills < 2 or window.lost * 10_000 <= _SPREAD * (window.bought + window.sold)


def _paid(view: View) -> int:
    """How much more than a usual spread the key's fills in the symbol have cost it."""
    window = view.window
    turned = window.bought + window.sold
    if window.fills < 2 or window.lost <= 0.0 or turned <= 0.0:
        return 0
    usual = _SPREAD + max(view.profile.markout, 0) / 10
    return max(milli_ln(window.lost / turned * 10_000 / usual) * 14 // 10, 0)


def round_values(view: View) -> tuple[tuple[str, str], ...]:
    window, event = view.window, view.event
    return (
        ("symbol", event.symbol),
        ("turns", str(window.flips + 1)),
        ("lost against the market", amount(max(window.lost, 0.0), event.worth_in)),
    )


def loss(view: View) -> int:
    """The key's fills in the symbol have cost it more than a spread, the more of them the less by chance."""
    found = _paid(view)
    if found <= 0:
        return 0
    found += milli_ln(float(view.window.fills)) // 3
    return clamp(found if view.habit is None else found * 2 // 3, 0, _MOST_LOSS)


def loss_values(view: View) -> tuple[tuple[str, str], ...]:
    window, event = view.window, view.event
    return (
        ("symbol", event.symbol),
        ("fills", str(window.fills)),
        ("lost against the market", amount(max(window.lost, 0.0), event.worth_in)),
    )
