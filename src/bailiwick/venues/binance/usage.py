"""What Binance's answers say of request weight, order counts, and the rest that it asks for.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
"""

import re

from bailiwick.model.usage import SILENT, Usage

# In the order of the fields of ``Usage``.
NAMES = (b"x-mbx-used-weight-1m", b"x-mbx-order-count-10s", b"x-mbx-order-count-1d", b"retry-after")
_REST = NAMES.index(b"retry-after")

LONGEST = 9  # digits of a count that is believed
MOST_LINES = 16_384
LONGEST_LINE = 64

_find = re.compile(
    rb"\r\n((?:x-mbx-used-weight-1m|x-mbx-order-count-1(?:0s|d)|retry-after):[^\r\n]*)", re.IGNORECASE
).findall

_Line = tuple[int, int, bytes]
_lines: dict[bytes, _Line] = {}  # that were read before: which count, how much, and the line as it is passed on


def read_usage(head: bytes) -> Usage:
    """The usage that the head of an answer tells; a count that is none is 0."""
    found = _find(head)
    if not found:
        return SILENT
    counts = [-1, -1, -1, -1]
    passed_on = b""
    for raw in found:
        place, count, line = _lines.get(raw) or _read_line(raw)
        counts[place] = count
        passed_on += line
    return Usage(counts[0], counts[1], counts[2], counts[3], passed_on)


def _read_line(raw: bytes) -> _Line:
    name, _, padded = raw.partition(b":")
    name, value = name.lower(), padded.strip()
    place = NAMES.index(name)
    if not value.isdigit():
        count = 0
    elif len(value) <= LONGEST:
        count = int(value)
    else:
        count = 10**LONGEST if place == _REST else 0  # too long for a number of seconds: the longest rest of all
    line = (place, count, b"%b: %b\r\n" % (name, value))
    if len(_lines) < MOST_LINES and len(raw) <= LONGEST_LINE:
        _lines[raw] = line
    return line
