"""What one request weighs at Binance, where that depends on what it asks.

``weights.tsv`` has, for each endpoint of ``/api/v3``, its cases in order; the first that is met counts. ``when`` names
a parameter that was sent (``limit<=100``: and is no more than that; ``symbols<=20``: and names no more than so many),
or is empty: otherwise. A weight ``each`` counts once a symbol. ``source`` is the file and commit of Binance's published
documentation (https://github.com/binance/binance-spot-api-docs) that was read for it, or ``recalled`` where none was.

What is not listed (``/sapi``, which counts weight apart from this) weighs what ``endpoints.tsv`` says of it.
"""

from typing import NamedTuple

from bailiwick.model.intent import Intent
from bailiwick.venues.binance.table import rows


class Case(NamedTuple):
    """When a request weighs so much: ``name`` was sent, and is at most ``most``; an empty name is always met."""

    name: str
    most: int | None
    weight: int
    each: bool


def _case(when: str, weight: str) -> Case:
    name, _, most = when.partition("<=")
    number, _, each = weight.partition(" ")
    return Case(name, int(most) if most else None, int(number), each == "each")


def _cases() -> dict[tuple[str, str], tuple[Case, ...]]:
    table: dict[tuple[str, str], tuple[Case, ...]] = {}
    for method, path, when, weight, _ in rows("weights.tsv"):
        table[method, path] = (*table.get((method, path), ()), _case(when, weight))
    return table


CASES = _cases()
"""By method and path, in the order in which they are tried."""


def weigh(intent: Intent) -> int:
    """The request weight that Binance counts for a request, in its units a minute and address."""
    endpoint = intent.endpoint
    if not endpoint.varies:
        return endpoint.weight
    sent = dict(intent.params)
    symbols = len(intent.symbols)
    for name, most, weight, each in CASES[endpoint.method, endpoint.path]:
        if name and name not in sent:
            continue
        if most is None or _amount(name, sent[name], symbols) <= most:
            return weight * symbols if each else weight
    return endpoint.weight


def _amount(name: str, value: str, symbols: int) -> int:
    return symbols if name == "symbols" else int(value)
