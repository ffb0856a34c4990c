"""The price that an order would pay, against near and anchor; and whether the market itself moves abnormally."""

from typing import Final

from bailiwick.model.intent import Side
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.view import View

NEAR: Final = "price-near"
ANCHOR: Final = "price-anchor"
MARKET: Final = "market-moves"
PASSIVE: Final = -1_500

_NEAR_FROM: Final = 30.0  # basis points that a limit may be worse than the market without surprising anybody
_ANCHOR_FROM: Final = 150.0
_MOST_NEAR: Final = 5_500
_MOST_ANCHOR: Final = 4_000
_MOST_SIGN: Final = 1_000
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
    from_bps = _NEAR_FROM if habit is None else max(_NEAR_FROM, habit.reach * 1.5)
    if worse <= from_bps:
        return 0
    return clamp(milli_ln(worse / from_bps) * 14 // 10, 0, _MOST_NEAR)


def near_values(view: View) -> tuple[tuple[str, str], ...]:
    return (("symbol", view.event.symbol), ("worse than the market by", _bps(view.event.near_bps)))


def anchor(view: View) -> int:
    """Against the anchor: what has run away for minutes is no bargain."""
    worse = view.event.anchor_bps
    if worse is None or worse <= _ANCHOR_FROM:
        return 0
    return clamp(milli_ln(worse / _ANCHOR_FROM), 0, _MOST_ANCHOR)


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
