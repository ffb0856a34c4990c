"""The names of a ledger's orders in a snapshot: by far the most of it, so packed in columns.

A key may have placed a hundred thousand orders within a day, each of whose names must not be used again and still is
the key's own to look up. As rows they would be most of the time that a start takes.
"""

from array import array

import msgspec

SEPARATOR = "\n"  # no client order id has one: the venues' rules allow letters, digits and few signs

Owned = dict[str, tuple[str, int]]
Used = dict[str, int]


class Remembered(msgspec.Struct, kw_only=True, array_like=True):
    """Columns, a line for each name: its symbol as a place in ``symbols``, its number at the venue, when it was used.

    Zero stands for a name whose use is not kept any more; ``others`` were used and are owned no longer.
    """

    names: str
    symbols: list[str]
    places: bytes
    numbers: bytes
    used: bytes
    others: Used


def pack(owned: Owned, used: Used) -> Remembered:
    """The columns of what a key owns and has used."""
    symbols = list(dict.fromkeys([symbol for symbol, _ in owned.values()]))
    place_of = {symbol: place for place, symbol in enumerate(symbols)}
    return Remembered(
        names=SEPARATOR.join(owned),
        symbols=symbols,
        places=array("I", [place_of[symbol] for symbol, _ in owned.values()]).tobytes(),
        numbers=array("q", [number for _, number in owned.values()]).tobytes(),
        used=array("q", [used.get(name, 0) for name in owned]).tobytes(),
        others={name: at for name, at in used.items() if name not in owned},
    )


def unpack(kept: Remembered) -> tuple[Owned, Used]:
    """What ``pack`` was given; uses are in the order of their times."""
    names = kept.names.split(SEPARATOR) if kept.names else []
    symbols = kept.symbols
    places, numbers, times = array("I", kept.places), array("q", kept.numbers), array("q", kept.used)
    owned = dict(zip(names, zip([symbols[place] for place in places], numbers, strict=True), strict=True))
    used = {name: at for name, at in zip(names, times, strict=True) if at}
    if kept.others:
        used |= kept.others
        used = dict(sorted(used.items(), key=lambda each: each[1]))
    return owned, used
