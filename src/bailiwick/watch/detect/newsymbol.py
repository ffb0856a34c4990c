"""A symbol that is new for the key, weighted by how thin its market is, and by how many others begin with it now."""

from typing import Final

from bailiwick.watch.prior import newness, share_of
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.tier import NAMES, THIEF
from bailiwick.watch.view import View
from bailiwick.watch.words import amount

NAME: Final = "new-symbol"

_MOST_NEW: Final = 3_900
_NO_TRADER: Final = 3_000  # a key whose client only reads


def score(view: View) -> int:
    """How much rather a thief begins with this symbol than the key's own client, by its habits."""
    if view.habit is not None:
        return 0
    found = 0
    if view.profile.settled:
        found = clamp(-milli_ln(newness(view.profile, view.pool, view.purpose)), 0, _MOST_NEW)
    elif not view.purpose.trades:
        found = _NO_TRADER
    usual = share_of(view.tier, view.profile, view.pool, view.purpose)
    thin = milli_ln(THIEF[view.tier] / 1000 / usual)
    # What a key without habits is used to nobody knows.
    found += thin if view.profile.settled else thin * 2 // 3
    if view.popular:
        # Whoever joins many others that pay the market's price is no rarity: a listing, news, a rally.
        found -= milli_ln(1.0 + view.popular)
    return max(found, 0)


def values(view: View) -> tuple[tuple[str, str], ...]:
    event = view.event
    found = [("symbol", event.symbol), ("market", NAMES[view.tier])]
    if event.day_worth is not None:
        found.append(("daily volume", amount(event.day_worth, event.worth_in)))
    found.append(("symbols known", str(len(view.profile.symbols))))
    return tuple(found)
