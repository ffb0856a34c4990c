"""What a key holds of an asset, whichever pairs it bought it in: it may leave by another pair, and only once.

What an asset's holdings come to is a sum over pairs, in which a pair that turned out oversold (a fee that was taken in
the asset, and heard of late) counts against the others.
"""

from collections.abc import Mapping
from decimal import Decimal

from bailiwick.model.money import ZERO, minus, plus
from bailiwick.rules.tracked import Position


def held_of(positions: Mapping[str, Position], base: str) -> Decimal:
    """What the key's own fills bought of an asset and have not sold, over all pairs."""
    total = ZERO
    for position in positions.values():
        if position.base == base:
            total = plus(total, minus(position.bought, position.sold))
    return max(total, ZERO)


def free_of(positions: Mapping[str, Position], base: str) -> Decimal:
    """What of that no open sell of the key's own claims, in whichever pair."""
    total = ZERO
    for position in positions.values():
        if position.base == base:
            total = plus(total, _free(position))
    return max(total, ZERO)


def sold_of(positions: Mapping[str, Position], base: str, start_us: int) -> Decimal:
    """What was sold of an asset in any pair since a moment of the last hours, where sales are kept by time."""
    total = ZERO
    for position in positions.values():
        if position.base == base and position.exits is not None:
            total = plus(total, position.exits.since(start_us))
    return total


def gather(positions: Mapping[str, Position], own: Position, quantity: Decimal) -> None:
    """Book of what is free in other pairs as bought in this one, until it has so much free, as far as there is any.

    It counts as sold there and as bought here: what the key holds of the asset stays what it was, and whoever asks for
    either pair finds each unit in one of them.
    """
    lacking = minus(quantity, _free(own))
    for other in positions.values():
        if lacking <= ZERO:
            return
        if other is own or other.base != own.base:
            continue
        taken = min(lacking, _free(other))
        if taken > ZERO:
            other.sold = plus(other.sold, taken)
            own.bought = plus(own.bought, taken)
            lacking = minus(lacking, taken)


def _free(position: Position) -> Decimal:
    return minus(minus(position.bought, position.sold), position.covered)
