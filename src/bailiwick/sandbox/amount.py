"""Amounts inside the sandbox: whole hundred-millionths, as the exchange it rehearses keeps them.

A scaled integer is exact, hashes and compares in one step and can be summed to prove that no money was made or lost.
Prices, quantities and balances all use the same scale of eight decimals.
"""

import re
from typing import Final

DECIMALS: Final = 8
SCALE: Final = 10**DECIMALS
BPS: Final = 10_000

_PLAIN = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)


class TooPrecise(ValueError):
    """More than eight decimals that are not zero."""


def read(text: str) -> int:
    """Read a plain decimal into hundred-millionths.

    Raises:
        TooPrecise: for more than eight significant decimals.
        ValueError: for anything but digits and at most one point (no sign, exponent or separator).
    """
    if _PLAIN.fullmatch(text) is None:
        raise ValueError(f"not a plain decimal amount: {text[:40]!r}")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > DECIMALS:
        raise TooPrecise(f"more than {DECIMALS} decimals: {text[:40]!r}")
    return int(whole) * SCALE + int(fraction.ljust(DECIMALS, "0"))


def show(units: int) -> str:
    """Spell hundred-millionths with all eight decimals, as the exchange does."""
    if units < 0:
        return "-" + show(-units)
    return f"{units // SCALE}.{units % SCALE:08d}"


def value(price: int, quantity: int) -> int:
    """What ``quantity`` costs at ``price``, rounded down: both sides of a trade use this one figure."""
    return price * quantity // SCALE


def value_up(price: int, quantity: int) -> int:
    """What to set aside for ``quantity`` at ``price``: rounded up, so that fills can never need more."""
    return -(-price * quantity // SCALE)
