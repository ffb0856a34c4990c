"""The dialects by name."""

from bailiwick.venues.binance.dialect import BINANCE, BINANCE_US
from bailiwick.venues.dialect import Dialect

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (BINANCE, BINANCE_US)}

DEFAULT = BINANCE
"""How requests are read, and refused, as long as there is no venue that says otherwise."""


def find(name: str) -> Dialect:
    """The dialect of this name.

    Raises:
        KeyError: if there is none; the message lists those that there are.
    """
    if name not in DIALECTS:
        raise KeyError(f"dialect {name}: there is none; there are {', '.join(sorted(DIALECTS))}")
    return DIALECTS[name]
