"""Which measure follows from which sum, and how far a grant lets the watch go.

Sums are logarithms of likelihood ratios. By Ville's inequality one that is worked out rightly reaches ``h`` nats on an
honest key with a probability of at most e^-h: so of a million honest key-days 200 are held wrongly at 8.5 nats, and 4
wound down at 12.5, where ten may be: a bound without slack is passed by whatever is modelled a little wrong. A theft is
expected once in 100,000 to a million key-days, and what it costs is the account; a wrong hold costs an order and a
question. Winding down comes late because a hold has stopped the order by then, and what it is cut into; it stops what
else the key might do. The numbers were then tried on simulated keys: docs/watch.md.
"""

from typing import Final

import msgspec

from bailiwick.model.grant import Most
from bailiwick.watch.signal import Measure


class Policy(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Sums, in thousandths of nats, from which each measure is taken, and the most that may be done."""

    note: int = 4_000
    alert: int = 7_000
    hold: int = 8_500
    wind_down: int = 12_500
    most: Measure = Measure.WIND_DOWN


DEFAULT: Final = Policy()

_MEASURES: Final = {
    Most.NOTE: Measure.NOTE,
    Most.ALERT: Measure.ALERT,
    Most.HOLD: Measure.HOLD,
    Most.WIND_DOWN: Measure.WIND_DOWN,
}
_POLICIES: Final = {most: Policy(most=measure) for most, measure in _MEASURES.items()}


def policy_of(most: Most) -> Policy:
    """The policy of a key whose grant lets the watch do this at most."""
    return _POLICIES[most]


def measure_of(score: int, policy: Policy) -> Measure:
    """What a sum asks for, before any cap."""
    if score < policy.note:
        return Measure.PASS
    if score < policy.alert:
        return Measure.NOTE
    if score < policy.hold:
        return Measure.ALERT
    return Measure.HOLD if score < policy.wind_down else Measure.WIND_DOWN


def capped(measure: Measure, policy: Policy, *, exempt: bool) -> Measure:
    """What may be done of it. Cancels and reducing orders are ``exempt``: they are never held."""
    most = policy.most
    if exempt and most > Measure.ALERT:
        most = Measure.ALERT
    return min(measure, most)
