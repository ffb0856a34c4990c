"""What all detectors together say of one intent.

Signals that come of the same fact are not added as if each were news: of several sizes, prices or courses the strongest
counts, with a quarter of the others; manner and neighbours have ceilings of their own.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from bailiwick.watch.detect import course, crowd, manner, newsymbol, price, probing, sellout, size
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.signal import Signal
from bailiwick.watch.view import View

Values = tuple[tuple[str, str], ...]


class Detector(NamedTuple):
    """A detector: its name, its score in thousandths of nats, and the values that made it, for a person."""

    name: str
    score: Callable[[View], int]
    values: Callable[[View], Values]


WHAT: Final = (Detector(newsymbol.NAME, newsymbol.score, newsymbol.values),)
SIZE: Final = (
    Detector(size.SHARE, size.share, size.share_values),
    Detector(size.JUMP, size.jump, size.jump_values),
    Detector(size.TOP, size.top, size.top_values),
)
PRICE: Final = (
    Detector(price.NEAR, price.near, price.near_values),
    Detector(price.ANCHOR, price.anchor, price.anchor_values),
    Detector(price.MARKET, price.market, price.market_values),
)
FUNDED: Final = (Detector(course.FUNDING, course.funding, course.funding_values),)
COURSE: Final = (
    *FUNDED,
    Detector(course.ROUND, course.round_trips, course.round_values),
    Detector(course.LOSS, course.loss, course.loss_values),
)
RUN: Final = (Detector(sellout.NAME, sellout.score, sellout.values),)
TOGETHER: Final = (Detector(sellout.TOGETHER, sellout.together, sellout.together_values),)
LOSSES: Final = COURSE[1:]
MANNER: Final = (
    Detector(manner.ORIGIN, manner.origin, manner.origin_values),
    Detector(manner.DORMANT, manner.dormant, manner.dormant_values),
    Detector(manner.BURST, manner.burst, manner.burst_values),
    Detector(manner.HOUR, manner.hour, manner.hour_values),
)
OTHERS: Final = (
    Detector(crowd.CROWD, crowd.crowd, crowd.crowd_values),
    Detector(crowd.SERVICE, crowd.service, crowd.service_values),
    Detector(crowd.SYMBOL, crowd.symbol, crowd.symbol_values),
)
_SPREAD: Final = 30.0  # basis points that are lost on any order that takes
_STAKE: Final = 2.0  # dollars
_MOST_TRIFLE: Final = 1_500
_MOST_RUN: Final = 11_000  # sales at fair prices are asked about, and wind no key down, however they are sent
OWN: Final = 3_000  # what others do says nothing against a key whose own order says less than this


class Finding:
    """What was found: the sum, what of it is of manner and of neighbours, and each detector's part."""

    __slots__ = ("fair", "manner", "others", "parts", "run", "sold", "total")

    def __init__(self) -> None:
        self.total = 0
        self.manner = 0  # the part that the sender's manner made
        self.others = 0  # the part that other keys made
        self.run = 0  # what it adds to a run of sales
        self.sold = 0  # what that says, of ``manner``
        self.fair = True  # whether it pays no more than is usual
        self.parts: list[tuple[Detector, int]] = []

    def strongest(self, detectors: tuple[Detector, ...], view: View) -> int:
        """The strongest of these, and a quarter of the others."""
        most = together = 0
        for detector in detectors:
            score = detector.score(view)
            if score:
                self.parts.append((detector, score))
                together += score
                most = max(most, score)
        return most + (together - most) // 4

    def all_of(self, detectors: tuple[Detector, ...], view: View, most: int) -> int:
        """All of these, up to a ceiling."""
        together = 0
        for detector in detectors:
            score = detector.score(view)
            if score:
                self.parts.append((detector, score))
                together += score
        return min(together, most)

    def signals(self, view: View) -> tuple[Signal, ...]:
        """Each detector's word, the strongest first."""
        ordered = sorted(self.parts, key=lambda part: (-part[1], part[0].name))
        return tuple([Signal(detector.name, score, detector.values(view)) for detector, score in ordered])


def judge(view: View) -> Finding:
    """What all detectors say of an order."""
    finding = Finding()
    paid = finding.strongest(PRICE, view)
    near = view.event.near_bps
    finding.fair = view.event.unbounded or (near is not None and near <= price.FAIR)
    window, profile = view.window, view.profile
    # Detectors that cannot speak are not heard: most orders that come here are a new key's usual ones.
    courses = COURSE if window.fills > 1 and window.lost > 0.0 else FUNDED
    total = paid + finding.strongest(SIZE, view) + finding.strongest(courses, view)
    if view.habit is None:
        total += finding.strongest(WHAT, view)
    finding.run = sellout.count(view)
    # A run of sales is a fact of the key's, not of the symbol that it has come to: it is heard each time, like manner.
    if view.idle_s or profile.settled:
        finding.manner = finding.all_of(MANNER, view, manner.MOST)
    if finding.run:
        finding.sold = finding.strongest(RUN, view)
        finding.manner = min(finding.manner + finding.sold, _MOST_RUN)
    total = (max(total - trifle(view), 0) if total > 0 else 0) + finding.manner
    if total >= OWN:
        finding.others = finding.all_of(OTHERS, view, crowd.MOST)
        if finding.sold >= OWN:
            finding.others = max(finding.others, finding.all_of(TOGETHER, view, sellout.MOST_TOGETHER))
        total += finding.others
    sorts = probing.denied(view.course, view.now_s)
    finding.total = total + sorts
    return finding


def trifle(view: View) -> int:
    """How much less is asked of an order at which next to nothing can be lost: a hold costs its owner more.

    What is at stake is how much worse than the market it may be executed, and what was lost in the symbol before.
    """
    event = view.event
    worse = max(event.near_bps or 0.0, event.anchor_bps or 0.0, _SPREAD)
    stake = event.worth * worse / 10_000 + max(view.window.lost, 0.0)
    if stake >= _STAKE:
        return 0
    return clamp(milli_ln(_STAKE / max(stake, 0.01)), 0, _MOST_TRIFLE)


def judge_vouched(view: View) -> Finding:
    """What is said of an order in a symbol and of a size that its owner vouched for: its price, losses, and manner.

    His word makes neither new nor large what he was shown; it was no word for giving it away.
    """
    finding = Finding()
    finding.manner = finding.all_of(MANNER, view, manner.MOST)
    finding.total = finding.strongest(PRICE, view) + finding.strongest(LOSSES, view) + finding.manner
    finding.total = max(finding.total, finding.manner)
    return finding


def judge_manner(view: View) -> Finding:
    """What is said of who sends it and how, whatever he wants."""
    finding = Finding()
    finding.total = finding.manner = finding.all_of(MANNER, view, manner.MOST)
    return finding
