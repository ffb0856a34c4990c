"""Alters what an account says of itself, so that a canary shows an account like it and not the account.

Everything follows from one salt, which is used once and kept nowhere: the same number becomes the same other number
throughout, in its order and with as many digits, and nobody can go back.
"""

import hashlib
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

Worth = Callable[[str], Decimal | None]
"""What a unit of an asset is worth; None where that is not known."""

SHIFTED: Final = frozenset({"orderId", "id", "tradeId", "orderListId", "tradeGroupId", "preventedMatchId"})
NUMBERED: Final = frozenset({"uid", "accountId", "userId"})
NAMED: Final = frozenset({"clientOrderId", "origClientOrderId", "listClientOrderId"})
TIMES: Final = frozenset({"time", "updateTime", "workingTime", "transactTime", "createTime", "transactionTime"})
SCALED: Final = frozenset({"qty", "origQty", "executedQty", "commission", "icebergQty", "origQuoteOrderQty"})
FREE_WORTH: Final = Decimal(2)
"""What is shown free of one asset is worth this at most, below the least order: so that no order that the venue would
take could be paid for, and "insufficient balance" is true of the account that is shown."""
_FINEST: Final = Decimal(1).scaleb(-8)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Alteration:
    """One way of altering, which follows from a salt."""

    def __init__(self, salt: bytes, worth: Worth) -> None:
        self._salt = salt
        self._worth = worth
        self._factor = Decimal(3500 + self._number("factor") % 5500) / 10_000
        self._later_ms = 1_000 + self._number("time") % 58_000

    def _number(self, what: str) -> int:
        return int.from_bytes(hashlib.blake2b(what.encode(), key=self._salt, digest_size=8).digest())

    def body(self, body: Any) -> Any:
        """An answer, altered."""
        match body:
            case dict():
                altered = {name: self._field(name, value, body) for name, value in body.items()}
                return self._balance(self._quote(altered))
            case list():
                return [self.body(each) for each in body]
            case _:
                return body

    def _field(self, name: str, value: Any, row: dict[str, Any]) -> Any:
        if isinstance(value, dict | list):
            return self.body(value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return self._whole(name, value)
        if name in NAMED and isinstance(value, str):
            return self._name(value)
        if name in SCALED and isinstance(value, str) and ("price" in row or "orderId" in row):
            return scaled(value, self._factor)
        return value

    def _whole(self, name: str, value: int) -> int:
        if value <= 0:
            return value
        digits = len(str(value))
        if name in NUMBERED:
            first = 10 ** (digits - 1)
            return int(first + self._number(f"{name} {value}") % (9 * first))
        if name in SHIFTED:
            return int(value + 1 + self._number(name) % 10 ** max(1, digits - 2))
        if name in TIMES:
            return value + self._later_ms
        return value

    def _name(self, text: str) -> str:
        """As long, with letters where there were letters and digits where there were digits."""
        noise = hashlib.shake_128(self._salt + text.encode()).digest(len(text))
        return "".join(
            str(one % 10)
            if letter.isdigit()
            else (_LETTERS[one % 26].upper() if letter.isupper() else _LETTERS[one % 26])
            if letter.isalpha()
            else letter
            for letter, one in zip(text, noise, strict=False)
        )

    def _quote(self, row: dict[str, Any]) -> dict[str, Any]:
        """What was paid follows from what was altered."""
        for name, quantity in (("quoteQty", "qty"), ("cummulativeQuoteQty", "executedQty")):
            if name in row and quantity in row and "price" in row:
                exact = Decimal(row["price"]) * Decimal(row[quantity])
                if exact or not Decimal(row[name]):
                    row[name] = _shown(exact)
                else:
                    row[name] = scaled(row[name], self._factor)  # a market order has no price of its own
        return row

    def _balance(self, row: dict[str, Any]) -> dict[str, Any]:
        """A balance: less than it was, and nearly all of it bound."""
        asset = row.get("asset", row.get("coin"))
        if not isinstance(asset, str) or "free" not in row or "locked" not in row:
            return row
        held = (Decimal(row["free"]) + Decimal(row["locked"])) * self._factor
        unit = self._worth(asset)
        free = min(held, FREE_WORTH / unit) if unit else Decimal(0)
        free = free.quantize(_FINEST, ROUND_DOWN)
        return row | {"free": _shown(free), "locked": _shown(held - free)}


def scaled(text: str, factor: Decimal) -> str:
    """A quantity made smaller, with as many decimals as it uses: it stays a multiple of the symbol's step."""
    value = Decimal(text)
    if not value:
        return text
    used = -int(value.normalize().as_tuple().exponent)
    least = Decimal(1).scaleb(-max(used, 0))
    return f"{max((value * factor).quantize(least, ROUND_DOWN), least):.{decimals(text)}f}"


def decimals(text: str) -> int:
    """How many decimals a number is written with."""
    return len(text.partition(".")[2])


def _shown(value: Decimal) -> str:
    return f"{value.quantize(_FINEST, ROUND_DOWN):.8f}"
