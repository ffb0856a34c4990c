"""Labelled onsets of pumps, and which of a stream's orders they make examples of what."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

SECOND_US: Final = 1_000_000
LEAST_RISE: Final = 0.03  # below it there is nothing to find
BEFORE_S: Final = 120  # labels are off by as much
AFTER_S: Final = 60
COOLDOWN_S: Final = 1_800

TAUGHT_BEFORE_S: Final = 5
TAUGHT_AFTER_S: Final = 20


class Onset(msgspec.Struct, frozen=True):
    """A labelled pump. ``rise``: the highest price around it over the last before; one below 3 % is set aside."""

    event: str
    symbol: str
    at_us: int
    rise: float

    @property
    def visible(self) -> bool:
        """Whether there is a rise to find."""
        return self.rise >= LEAST_RISE


class LabelFileError(Exception):
    """A file that cannot be read as labels."""


def read_onsets(path: Path) -> dict[str, Onset]:
    """The onsets of a CSV file with the columns event, symbol, onset_us and rise, by event.

    Raises:
        LabelFileError: if it is not there or of another form.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [
                Onset(row["event"], row["symbol"], int(row["onset_us"]), float(row["rise"]))
                for row in csv.DictReader(file)
            ]
    except (OSError, KeyError, ValueError) as error:
        raise LabelFileError(f"{path}: {error}; it needs the columns event, symbol, onset_us and rise") from None
    return {each.event: each for each in rows}


def example(at_us: int, onsets: Iterable[Onset]) -> bool | None:
    """Whether an order is an example of a pump, or of none; None if it is neither.

    Args:
        onsets: those of its symbol in every stream, since streams of a symbol may overlap.
    """
    said: bool | None = False
    for onset in onsets:
        after = (at_us - onset.at_us) / SECOND_US
        if onset.visible and -TAUGHT_BEFORE_S <= after <= TAUGHT_AFTER_S:
            return True
        if (-BEFORE_S if onset.visible else -COOLDOWN_S) <= after <= COOLDOWN_S:
            said = None
    return said
