"""A signal in a sentence, for whoever is asked: was that you?"""

from collections.abc import Callable
from typing import Final

from bailiwick.watch.detect import counterparty, course, crowd, manner, newsymbol, price, probing, sellout, size
from bailiwick.watch.signal import Signal


def _new_symbol(of: dict[str, str]) -> str:
    volume = f" ({of['daily volume']} a day)" if "daily volume" in of else ""
    known = of["symbols known"]
    traded = "has traded no symbol before" if known == "0" else f"has traded {known} other symbols"
    if known == "1":
        traded = "has traded one other symbol"
    return f"The key has never traded {of['symbol']}, {of['market']}{volume}; it {traded}."


def _origin(of: dict[str, str]) -> str:
    parts = []
    if "address" in of:
        place = {"new": "an address that is new for the key", "of its service": "another address of its service"}
        parts.append(place.get(of["address"], "an address that is not its service's"))
    if "client" in of:
        parts.append("a client that the key has not been used with")
    if "order names" in of:
        parts.append("order names of another kind")
    if "receive window" in of:
        parts.append(f"a receive window of {of['receive window']}")
    return f"It came with {' and '.join(parts)}." if parts else "It came from elsewhere."


_SENTENCES: Final[dict[str, Callable[[dict[str, str]], str]]] = {
    newsymbol.NAME: _new_symbol,
    size.SHARE: lambda of: (
        f"With this order the key has asked for {of['worth']} of {of['symbol']}: "
        f"{of['share of a day']} of what is traded in a day."
    ),
    size.JUMP: lambda of: f"{of['worth']} is {of['times the usual largest']} times the key's usual largest order.",
    size.TOP: lambda of: f"{of['worth']} would go through the book: {of['at the best price']} rests at the best price.",
    price.NEAR: lambda of: f"Its price is {of['worse than the market by']} worse than the market.",
    price.ANCHOR: lambda of: f"Its price is {of['worse than the last hour by']} worse than that of the last hour.",
    price.MARKET: lambda of: (
        f"{of['symbol']} is moving abnormally: {of['moved within the hour by']} within the hour, and the order follows."
    ),
    course.FUNDING: lambda of: f"{of['sold without having bought it']} were sold that the key had not bought itself.",
    sellout.NAME: lambda of: (
        f"{of['sold one after another']} of what the key had never bought were sold at the market's price, one order "
        "after another."
    ),
    sellout.TOGETHER: lambda of: (
        f"{of['its other accounts']} other accounts at {of['service']} sell what their keys had never bought "
        "at the same moment."
    ),
    course.ROUND: lambda of: (
        f"The key buys and sells {of['symbol']} by turns, {of['turns']} so far, at the worse price each time; "
        f"lost {of['lost against the market']}."
    ),
    course.LOSS: lambda of: (
        f"{of['fills']} fills in {of['symbol']} cost {of['lost against the market']} more than the market's price."
    ),
    manner.ORIGIN: _origin,
    manner.DORMANT: lambda of: f"The key had placed nothing for {of['nothing placed for']}.",
    manner.BURST: lambda of: (
        f"Orders come every {of['seconds between orders now']} s instead of every "
        f"{of['seconds between orders usually']} s."
    ),
    manner.HOUR: lambda of: f"The key has hardly ever placed an order at this hour ({of['hours']}).",
    crowd.CROWD: lambda of: (
        f"Keys of {of['its other keys']} other accounts at {of['service']} began with {of['symbol']} within minutes, "
        f"and {of['keys of other services']} of other services."
    ),
    crowd.SERVICE: lambda of: (
        f"Orders of {of['its other keys held']} other accounts at {of['service']} were held within the hour."
    ),
    crowd.SYMBOL: lambda of: f"Orders of {of['other keys held in it']} other accounts in {of['symbol']} were held.",
    counterparty.CONTRA: lambda of: (
        f"{of['loses']} has lost {of['moved']} to {of['gains']} in {of['matches']} trades of {of['symbol']}, "
        "at prices away from the market."
    ),
    counterparty.BENEFICIARY: lambda of: (
        f"{of['gains']} has gained {of['moved']} from {of['from accounts']} accounts at prices away from the market."
    ),
    probing.REACH: lambda of: f"The key asks to {of['asks to']}, which it has never done.",
    probing.DENIED: lambda of: (
        f"{of['sorts of denials in half an hour']} sorts of denials within half an hour: somebody may be feeling "
        "for the key's limits."
    ),
}


def sentence(signal: Signal) -> str:
    """The signal as a trader reads it; of a detector that is not known here, its name and values."""
    of = dict(signal.values)
    write = _SENTENCES.get(signal.detector)
    if write is None:
        values = ", ".join(f"{name} {value}" for name, value in signal.values)
        return f"{signal.detector}: {values}." if values else f"{signal.detector}."
    return write(of)


def names() -> frozenset[str]:
    """The detectors that have a sentence."""
    return frozenset(_SENTENCES)
