"""The price that an order would pay, against near and anchor; and whether the market itself moves abnormally."""

from typing import Final

from bailiwick.model.intent import Side
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.view import View

NEAR: Final = "price-near"
ANCHOR: Final = "price-anchor"
MARKET: Final = "market-moves"
FAIR: Final = 60.0  # basis points within which an order pays what everybody pays
PASSIVE: Final = -1_500
NEAR_FROM: Final = 30.0  # basis points that a limit may be worse than the market without surprising anybody
ANCHOR_FROM: Final = 150.0

_MOST_NEAR: Final = 7_500
_MOST_NEAR_KNOWN: Final = 5_500  # a slip of the hand in a symbol that it trades every day
_MOST_ANCHOR: Final = 2_000
_MOST_JOINING: Final = 800  # for who pays the market's price of the moment: a thief's first order begins the move
_JOINS: Final = 50.0
_MOST_SIGN: Final = 1_000
_FAR: Final = 300.0  # from here on it is hardly a limit that the market ran through
_MOVED: Final = 200.0  # basis points from the anchor from which a market moves

_BUY: Final = Side.BUY


def near(view: View) -> int:
    """Against the near price, beyond where the key's limits usually stand; less than nothing for who waits."""
    worse = view.event.near_bps
    if worse is None or view.event.unbounded:
        return 0
    if worse < -10.0:
        anchor_bps = view.event.anchor_bps
        # Who waits behind the market gives nothing away, unless the market was moved for him.
        return PASSIVE if view.habit is None and (anchor_bps is None or anchor_bps < 50.0) else 0
    habit = view.habit
    from_bps = NEAR_FROM if habit is None else max(NEAR_FROM, habit.reach * 1.5)
    if worse <= from_bps:
        return 0
    found = milli_ln(worse / from_bps) * 12 // 10
    if worse > _FAR:
        found += milli_ln(worse / _FAR) * 8 // 10
    return clamp(found, 0, _MOST_NEAR if habit is None else _MOST_NEAR_KNOWN)


def near_values(view: View) -> tuple[tuple[str, str], ...]:
    return (("symbol", view.event.symbol), ("worse than the market by", _bps(view.event.near_bps)))


def anchor(view: View) -> int:
    """Against the anchor: what has run away for minutes is no bargain."""
    worse = view.event.anchor_bps
    if worse is None or worse <= ANCHOR_FROM:
        return 0
    near_bps = view.event.near_bps
    most = _MOST_JOINING if near_bps is not None and near_bps <= _JOINS else _MOST_ANCHOR
    found = clamp(milli_ln(worse / ANCHOR_FROM) * 7 // 10, 0, most)
    return max(found - milli_ln(1.0 + view.popular), 0)


def anchor_values(view: View) -> tuple[tuple[str, str], ...]:
    return (("symbol", view.event.symbol), ("worse than the last hour by", _bps(view.event.anchor_bps)))


def market(view: View) -> int:
    """A pump is under way, and the order goes along with it, in a symbol that the key does not know."""
    event = view.event
    if view.sign <= 0 or view.habit is not None:
        return 0
    moved = event.moved_bps if event.side is _BUY else -event.moved_bps
    return clamp(view.sign // 4, 0, _MOST_SIGN) if moved > _MOVED else 0


def market_values(view: View) -> tuple[tuple[str, str], ...]:
    return (("symbol", view.event.symbol), ("moved within the hour by", _bps(abs(view.event.moved_bps))))


def _bps(value: float | None) -> str:
    return f"{(value or 0.0) / 100:.3g} %"
