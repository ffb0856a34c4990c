"""What detectors say, and what may be done about it."""

from enum import IntEnum

import msgspec


class Measure(IntEnum):
    """What the watch does about an intent, from the mildest. Nothing automatic goes further than the last."""

    PASS = 0
    NOTE = 1  # it stands in the journal
    ALERT = 2  # its owner is told
    HOLD = 3  # it does not leave; its owner is asked
    WIND_DOWN = 4  # it does not leave, and the key winds down under suspicion


class Signal(msgspec.Struct, frozen=True, gc=False):
    """One detector's word on one event.

    Attributes:
        detector: its name, such as ``new-symbol``.
        score: the log-likelihood ratio of theft against honest use, in thousandths of nats; whole, so that sums are
            the same on every machine.
        values: what made it, by name, as a person reads them.
    """

    detector: str
    score: int
    values: tuple[tuple[str, str], ...] = ()


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What is to be done about an intent, the sum that it came from, and who said what.

    ``scope`` is whose sum crossed its threshold: ``key``, ``account``, ``service`` or ``symbol``.
    """

    measure: Measure
    score: int = 0
    scope: str = "key"
    signals: tuple[Signal, ...] = ()


PASS = Verdict(Measure.PASS)
