"""The price of a symbol minute by minute, as candles of characters: for a terminal, at a glance."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.text import Text

BODY, WICK, FLAT = "┃", "│", "━"
UP, DOWN, AXIS = "green", "red", "dim"
MARKS = 9  # columns that a price beside the chart takes


class Minute(NamedTuple):
    """A minute of a market: when it began (seconds since 1970), and four prices in the quote asset."""

    start_s: int
    open: float
    high: float
    low: float
    close: float


def chart(minutes: Sequence[Minute], marks: Mapping[int, str], *, width: int, height: int = 12) -> list[Text]:
    """Lines of a chart, the highest price first, with marks below the minutes in which something happened.

    Args:
        minutes: oldest first; where they are more than fit, the ones around the marks are shown.
        marks: a character for each minute that is marked, by its beginning in seconds.
        width: of the terminal.
        height: lines of prices.
    """
    shown = _window(minutes, marks, max(1, width - MARKS - 3))
    if not shown:
        return []
    low, high = min(each.low for each in shown), max(each.high for each in shown)
    step = (high - low) / height or max(high, 1e-12) / height
    lines = []
    for row in range(height):
        floor = high - (row + 1) * step
        label = high if row == 0 else low if row == height - 1 else None
        line = Text(f"{'' if label is None else _price(label):>{MARKS}} ┤", AXIS)
        for each in shown:
            line.append(*_cell(each, floor, floor + step, lowest=row == height - 1))
        lines.append(line)
    below = Text(" " * (MARKS + 2))
    for each in shown:
        below.append(marks.get(each.start_s, " "), "bold yellow")
    times = f"{_clock(shown[0].start_s)}{_clock(shown[-1].start_s):>{max(6, len(shown)) - 5}}"
    return [*lines, below, Text(" " * (MARKS + 2) + times, AXIS)]


def _window(minutes: Sequence[Minute], marks: Mapping[int, str], room: int) -> Sequence[Minute]:
    if len(minutes) <= room:
        return minutes
    first = min(marks, default=minutes[-room].start_s)
    place = next((number for number, each in enumerate(minutes) if each.start_s >= first), len(minutes) - room)
    begin = max(0, min(place - room // 4, len(minutes) - room))
    return minutes[begin : begin + room]


def _cell(each: Minute, floor: float, ceiling: float, *, lowest: bool) -> tuple[str, str]:
    colour = UP if each.close >= each.open else DOWN
    bottom, top = sorted((each.open, each.close))
    if _meets(bottom, top, floor, ceiling, lowest):
        return (FLAT if bottom == top == each.high == each.low else BODY), colour
    if _meets(each.low, each.high, floor, ceiling, lowest):
        return WICK, colour
    return " ", colour


def _meets(bottom: float, top: float, floor: float, ceiling: float, lowest: bool) -> bool:
    return (top > floor or (lowest and top >= floor)) and bottom <= ceiling


def _price(price: float) -> str:
    return f"{price:.{8 if price < 0.001 else 6 if price < 1 else 3 if price < 1000 else 1}f}"[:MARKS]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}"
