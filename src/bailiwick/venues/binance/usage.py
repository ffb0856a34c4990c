"""What Binance's answers say of request weight, order counts, and the rest that it asks for.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
"""

import re

from bailiwick.model.usage import SILENT, Usage

WEIGHT = b"x-mbx-used-weight-1m"
ORDERS_10S = b"x-mbx-order-count-10s"
ORDERS_DAY = b"x-mbx-order-count-1d"
RETRY_AFTER = b"retry-after"

LONGEST = 9  # digits of a count that is believed

_find = re.compile(
    rb"\r\n(x-mbx-used-weight-1m|x-mbx-order-count-1(?:0s|d)|retry-after):[ \t]*([^\r\n]*)", re.IGNORECASE
).findall


def read_usage(head: bytes) -> Usage:
    """The usage that the head of an answer tells; a count that is none is 0."""
    weight = orders_10s = orders_day = rest = -1
    lines = b""
    for spelled, padded in _find(head):
        name, value = spelled.lower(), padded.rstrip()
        if name == WEIGHT:
            weight = _count(value)
        elif name == ORDERS_10S:
            orders_10s = _count(value)
        elif name == ORDERS_DAY:
            orders_day = _count(value)
        else:
            # One that is too long for a number of seconds is the longest rest of all.
            rest = 10**LONGEST if value.isdigit() and len(value) > LONGEST else _count(value)
        lines += b"%b: %b\r\n" % (name, value)
    return Usage(weight, orders_10s, orders_day, rest, lines) if lines else SILENT


def _count(value: bytes) -> int:
    return int(value) if value.isdigit() and len(value) <= LONGEST else 0
