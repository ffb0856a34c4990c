"""What other keys do: many of one service with the same new symbol, and what was held of others."""

from typing import Final

from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.view import View

CROWD: Final = "crowd-of-service"
SERVICE: Final = "service-suspect"
SYMBOL: Final = "symbol-suspect"
MOST: Final = 4_500

_EACH: Final = 1_200
_MOST_CROWD: Final = 3_500
_MOST_SERVICE: Final = 3_000
_MOST_SYMBOL: Final = 1_500
_WRONG_AN_HOUR: Final = 0.0002 / 24  # wrong holds of a key, so that a large service is not judged by its size


def crowd(view: View) -> int:
    """Other keys of its service began with the symbol within minutes, and those of other services did not."""
    if not view.beside or view.habit is not None or view.tier == 0:
        return 0
    share = min(view.expected, 0.9)
    # In a listing or a rally a service's keys come in proportion to those of others.
    usual = 3.0 * (view.elsewhere + 0.1) * share / (1.0 - share)
    return clamp(int((view.beside - usual) * _EACH), 0, _MOST_CROWD)


def crowd_values(view: View) -> tuple[tuple[str, str], ...]:
    return (
        ("symbol", view.event.symbol),
        ("service", view.event.holder.service),
        ("its other keys", str(view.beside)),
        ("keys of other services", str(view.elsewhere)),
    )


def service(view: View) -> int:
    """Orders of other keys of its service were held within the hour: it is no longer unlikely that this one leaked."""
    others = view.held_service - 1  # one may be a mistake
    if others <= 0:
        return 0
    return clamp(milli_ln(others / (view.pool.keys * _WRONG_AN_HOUR + 0.4)), 0, _MOST_SERVICE)


def service_values(view: View) -> tuple[tuple[str, str], ...]:
    return (("service", view.event.holder.service), ("its other keys held", str(view.held_service)))


def symbol(view: View) -> int:
    """Orders of other keys were held in the symbol within the hour."""
    return clamp((view.held_symbol - 1 - view.popular) * 500, 0, _MOST_SYMBOL) if view.habit is None else 0


def symbol_values(view: View) -> tuple[tuple[str, str], ...]:
    return (("symbol", view.event.symbol), ("other keys held in it", str(view.held_symbol)))
