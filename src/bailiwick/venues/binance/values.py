"""Values of parameters, read by the type that the venue gives them.

A reader takes the decoded text and returns what it means; it raises ``ValueError`` or ``KeyError`` for a text that is
not of its type in exactly one spelling. No sign, exponent, NaN, digit separator or foreign digit passes.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from bailiwick.model.money import FRACTION_DIGITS, WHOLE_DIGITS, parse_amount
from bailiwick.venues.binance.legs import LEGS, SIDES, TIMES_IN_FORCE, TYPES

Reader = Callable[[str], Any]

LONGEST_TEXT = 256
LONGEST_FORM = 4096
LONGEST_SYMBOL = 64

_INTEGER = re.compile(r"[0-9]{1,18}")
_CLIENT_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,36}")
_BOOLEANS = {text: text.lower() == "true" for text in ("true", "false", "TRUE", "FALSE", "True", "False")}
_NAMES = msgspec.json.Decoder(list[str])

# An amount of nothing has no meaning here; some venues read it as "not sent".
_POSITIVE = frozenset({"quantity", "quoteOrderQty", "price", "stopPrice", "newQty", "amount", "stopLimitPrice"})
# JSON texts that the venue takes as they are: questionnaires, personal data, lists of positions.
_FORMS = frozenset({"questionnaire", "originatorPii", "orderArgs"})
_POSITIVE_ENDS = ("Price", "StopPrice", "Quantity")


def read_text(text: str) -> str:
    """A text that is neither empty nor over-long."""
    if not 0 < len(text) <= LONGEST_TEXT:
        raise ValueError("empty or over-long")
    return text


def read_form(text: str) -> str:
    """A JSON text that is neither empty nor over-long, and whose objects name nothing twice.

    Its content is the venue's to judge.
    """
    if not 0 < len(text) <= LONGEST_FORM:
        raise ValueError("empty or over-long")
    try:
        json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return text


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("a name stands twice")
    return named


def read_symbol(text: str) -> str:
    """A symbol as written: no case is folded and no form of Unicode normalised."""
    if not 0 < len(text) <= LONGEST_SYMBOL:
        raise ValueError("empty or over-long")
    return text


def read_integer(text: str) -> int:
    """A whole number of at most 18 digits."""
    if _INTEGER.fullmatch(text) is None:
        raise ValueError("not plain digits")
    return int(text)


def read_client_id(text: str) -> str:
    """An id that a client gives to an order: at most 36 of the characters that the venue takes."""
    if _CLIENT_ID.fullmatch(text) is None:
        raise ValueError("not a client order id")
    return text


def read_positive(text: str) -> Decimal:
    """An amount that is not zero."""
    amount = parse_amount(text)
    if not amount:
        raise ValueError("zero")
    return amount


def read_names(text: str) -> tuple[str, ...]:
    """A JSON array of symbols, without escapes and without a second one of a name."""
    if "\\" in text:
        raise ValueError("an escape inside of a JSON text")
    try:
        names = tuple(_NAMES.decode(text))
    except msgspec.DecodeError as fault:
        raise ValueError("not a JSON array of texts") from fault
    if len(set(names)) != len(names) or not all(0 < len(name) <= LONGEST_SYMBOL for name in names):
        raise ValueError("an empty, over-long or second name")
    return names


def spelling(reader: Reader) -> str | None:
    """A regular expression of values that the reader takes as they stand, of which none has anything to decode.

    It need not match all that the reader takes. None where there is no such expression.
    """
    table = getattr(reader, "__self__", None)
    if isinstance(table, dict):
        plain = [re.escape(text) for text in table if _PLAIN.fullmatch(text)]
        return "|".join(plain) or None
    return _SPELLINGS.get(reader)


def readers(endpoint: tuple[str, str], table: dict[str, tuple[bool, str, tuple[str, ...]]]) -> dict[str, Reader]:
    """How to read each parameter of an endpoint, by name."""
    typed: dict[str, Reader] = {}
    for leg in LEGS.get(endpoint, ()):
        typed |= {leg.side: SIDES.__getitem__, leg.type: TYPES.__getitem__}
        typed |= {leg.time_in_force: TIMES_IN_FORCE.__getitem__}
    return {name: typed.get(name) or _reader(name, kind, values) for name, (_, kind, values) in table.items()}


_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
_AMOUNT = rf"[0-9]{{1,{WHOLE_DIGITS}}}(?:\.[0-9]{{1,{FRACTION_DIGITS}}})?"
_SPELLINGS: dict[Reader, str] = {
    read_text: rf"[A-Za-z0-9._~-]{{1,{LONGEST_TEXT}}}",
    read_symbol: rf"[A-Za-z0-9._~-]{{1,{LONGEST_SYMBOL}}}",
    read_integer: r"[0-9]{1,18}",
    read_client_id: r"[A-Za-z0-9_.-]{1,36}",
    read_positive: _AMOUNT,
    parse_amount: _AMOUNT,
}


def _reader(name: str, kind: str, values: tuple[str, ...]) -> Reader:
    match kind:
        case "integer":
            return read_integer
        case "decimal":
            return read_positive if name in _POSITIVE or name.endswith(_POSITIVE_ENDS) else parse_amount
        case "boolean":
            return _BOOLEANS.__getitem__
        case "enum":
            return {value: value for value in values}.__getitem__
        case "list" if name == "symbols":
            return read_names
    if name == "symbol":
        return read_symbol
    if name in _FORMS:
        return read_form
    return read_client_id if name.endswith("ClientOrderId") else read_text
