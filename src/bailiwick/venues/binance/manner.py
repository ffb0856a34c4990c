"""Manners of asking that were met before: one regular expression then checks and parts a whole payload.

A client sends the same parameters in the same order all day. Once a verified request was read in full, what its names
allow is written down as a regular expression, and the next one that is spelled so is taken apart by it. It knows plain
spellings alone, of which each has one reading: whatever it does not match, and every request of another manner, is read
as if there were none. So it can only ever say what reading in full would say (a property in the tests).
"""

import re
from typing import Final, final

from bailiwick.venues.binance.values import Reader, spelling

MOST_MANNERS: Final = 8  # of one endpoint

_TIMESTAMP: Final = "timestamp"
_WINDOW: Final = "recvWindow"
_TIMES: Final = {_TIMESTAMP: "([0-9]{13}(?:[0-9]{3})?)", _WINDOW: "([0-9]{4,5})"}

# What may stand beside a plain limit order; any other parameter says more of the order than is read here.
_OF_LIMIT: Final = frozenset(
    {
        "symbol",
        "side",
        "type",
        "timeInForce",
        "quantity",
        "price",
        "newClientOrderId",
        "newOrderRespType",
        "selfTradePreventionMode",
    }
)
_MADE_OF: Final = ("symbol", "side", "type", "quantity", "price")


class Plain(tuple[tuple[str, str], ...]):
    """Parameters that came as they leave: ``canonical`` are the same, written."""

    canonical: bytes


@final
class Manner:
    """The names of a request in their order, and where the values of a plain limit order stand among them.

    ``names`` are those without timestamp and window, whose values are ``first`` to ``last`` of what ``match`` finds;
    ``limit`` says whether they are those of a plain limit order, if its type is that.
    """

    __slots__ = (
        "client_id",
        "first",
        "kind",
        "last",
        "limit",
        "match",
        "names",
        "prevention",
        "price",
        "quantity",
        "side",
        "symbol",
        "time_in_force",
        "timestamp",
        "window",
    )

    def __init__(self, whole: tuple[str, ...], names: tuple[str, ...], pattern: str) -> None:
        self.match = re.compile(pattern).fullmatch
        self.names = names
        self.timestamp = whole.index(_TIMESTAMP)
        self.window = whole.index(_WINDOW) if _WINDOW in whole else -1
        self.first = whole.index(names[0]) if names else 0
        self.last = self.first + len(names)
        self.limit = _OF_LIMIT.issuperset(names) and set(_MADE_OF).issubset(names)
        self.symbol, self.side, self.kind, self.quantity, self.price = (_place(names, name) for name in _MADE_OF)
        self.time_in_force = _place(names, "timeInForce")
        self.client_id = _place(names, "newClientOrderId")
        self.prevention = _place(names, "selfTradePreventionMode")


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1


MANNERS: Final[dict[tuple[str, str], list[Manner]]] = {}
"""By method and path: what was met, the latest first."""


def learn(
    place: tuple[str, str], whole: tuple[str, ...], names: tuple[str, ...], readers: dict[str, Reader]
) -> Manner | None:
    """Note how a request to this endpoint was spelled, if an expression can tell all of it.

    Args:
        place: method and path.
        whole: every name of the payload, in order.
        names: those without timestamp and window.
        readers: how the endpoint's values are read.
    """
    met = MANNERS.setdefault(place, [])
    if any(manner.names == names for manner in met):
        return None  # these values were not plain, or the time stood elsewhere
    parts = []
    for name in whole:
        spelled = _TIMES.get(name) or _spelling(readers.get(name))
        if not spelled:
            return None
        parts.append(f"{re.escape(name)}={spelled}")
    first = whole.index(names[0]) if names else 0
    if whole[first : first + len(names)] != names:
        return None
    manner = Manner(whole, names, "&".join(parts))
    met.insert(0, manner)
    del met[MOST_MANNERS:]
    return manner


def _spelling(reader: Reader | None) -> str:
    spelled = None if reader is None else spelling(reader)
    return f"({spelled})" if spelled else ""
