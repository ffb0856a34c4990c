"""Amounts of money and of coins: exact decimals in one strict spelling.

An amount is a non-negative ``Decimal`` written with digits and at most one point. Signs, exponents, NaN,
Infinity, digit separators and digits of other scripts are not amounts: each has been used somewhere to make two
readers of one number disagree.
"""

import re
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow

WHOLE_DIGITS = 20
FRACTION_DIGITS = 18

# Two amounts of the longest spelling multiply to 76 digits, a third factor (a conversion) to 114: nothing rounds here.
EXACT = Context(prec=120, traps=[InvalidOperation, DivisionByZero, Overflow])
# Bound once, because a context looks its methods up slowly.
times = EXACT.multiply
divide = EXACT.divide
plus = EXACT.add
minus = EXACT.subtract

ZERO = Decimal(0)
BASIS_POINTS = Decimal(10_000)

_AMOUNT = re.compile(rf"[0-9]{{1,{WHOLE_DIGITS}}}(?:\.[0-9]{{1,{FRACTION_DIGITS}}})?")


def parse_amount(text: str) -> Decimal:
    """Read an amount.

    Raises:
        ValueError: if the text is not a plain non-negative decimal of at most 20 whole and 18 fraction digits.
    """
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError(f"not a plain decimal amount: {text[:40]!r}")
    return Decimal(text)


def plain(amount: Decimal) -> str:
    """The canonical spelling: no exponent, no trailing zeros after the point."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def of_asset(amount: Decimal, asset: str) -> str:
    """An amount as a person reads it, with what it is an amount of: ``120.5 USDT``."""
    return f"{plain(amount)} {asset}".rstrip()


def round_down(amount: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that is not above ``amount``; the amount itself for a step of zero."""
    if not step:
        return amount
    return times(EXACT.divide_int(amount, step), step)


def round_up(amount: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of ``step`` that is not below ``amount``; the amount itself for a step of zero."""
    lower = round_down(amount, step)
    return lower if lower == amount else EXACT.add(lower, step)
