"""The parameters of a request, read the way the exchange reads them, with its complaints."""

import re
from typing import Final
from urllib.parse import unquote_plus

from bailiwick.sandbox.amount import TooPrecise, read
from bailiwick.sandbox.refusal import Refusal, mandatory

_WHOLE: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_CLIENT_ID: Final = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}", re.ASCII)
_CHOICES: Final = {
    "side": Refusal(-1117, "Invalid side."),
    "type": Refusal(-1116, "Invalid orderType."),
    "timeInForce": Refusal(-1115, "Invalid timeInForce."),
    "selfTradePreventionMode": Refusal(-1013, "This symbol does not allow the specified self-trade prevention mode."),
    "cancelRestrictions": Refusal(-1145, "cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED."),
    "interval": Refusal(-1120, "Invalid interval."),
}


def illegal(name: str, legal: str) -> Refusal:
    """A value has characters that its parameter does not take."""
    return Refusal(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


class Params:
    """Names and decoded values; where query and body both have a name, the query's value counts."""

    __slots__ = ("_values",)

    def __init__(self, query: bytes, body: bytes) -> None:
        self._values = _parse(body) if body else {}
        if query:
            self._values.update(_parse(query))

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def names(self) -> set[str]:
        """The names that were sent."""
        return set(self._values)

    def all(self) -> dict[str, str]:
        """Everything that was sent, decoded."""
        return dict(self._values)

    def text(self, name: str, default: str = "") -> str:
        """A value as it is; an empty one is an error.

        Raises:
            Refusal: -1105.
        """
        value = self._values.get(name)
        if value is None:
            return default
        if not value:
            raise Refusal(-1105, f"Parameter '{name}' was empty.")
        return value

    def need(self, name: str) -> str:
        """A value that must be there.

        Raises:
            Refusal: -1102.
        """
        value = self._values.get(name)
        if not value:
            raise mandatory(name)
        return value

    def amount(self, name: str) -> int:
        """An amount in hundred-millionths; zero if it was not sent.

        Raises:
            Refusal: -1100, -1111 or, for one that is zero, -1102.
        """
        text = self.text(name)
        if not text:
            return 0
        try:
            units = read(text)
        except TooPrecise:
            raise Refusal(-1111, f"Parameter '{name}' has too much precision.") from None
        except ValueError:
            raise illegal(name, r"^([0-9]{1,20})(\.[0-9]{1,20})?$") from None
        if not units:
            raise mandatory(name)
        return units

    def need_amount(self, name: str) -> int:
        """An amount that must be there."""
        self.need(name)
        return self.amount(name)

    def integer(self, name: str) -> int | None:
        """A whole number; None if it was not sent.

        Raises:
            Refusal: -1100.
        """
        text = self.text(name)
        if not text:
            return None
        if _WHOLE.fullmatch(text) is None:
            raise illegal(name, "^[0-9]{1,20}$")
        return int(text)

    def limit(self, default: int, most: int) -> int:
        """The ``limit`` of a listing, at least one."""
        wanted = self.integer("limit")
        return default if wanted is None else max(1, min(wanted, most))

    def choice(self, name: str, choices: "tuple[str, ...] | frozenset[str]", default: str | None = None) -> str:
        """One of several words.

        Raises:
            Refusal: the parameter's own code for an unknown word, -1102 if there is none and no default.
        """
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        if not value:
            raise mandatory(name)
        if value not in choices:
            raise _CHOICES.get(name) or Refusal(-1130, f"Data sent for parameter '{name}' is not valid.")
        return value

    def client_id(self, name: str) -> str:
        """A client order id; empty if none was sent.

        Raises:
            Refusal: -1100.
        """
        value = self.text(name)
        if value and _CLIENT_ID.fullmatch(value) is None:
            raise illegal(name, r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
        return value

    def flag(self, name: str) -> bool:
        """Whether a parameter says ``true``."""
        return self.text(name, "false").lower() == "true"


def _parse(text: bytes) -> dict[str, str]:
    try:
        plain = text.decode()
        # Most requests have nothing to decode, and decoding is half of what reading them costs.
        coded = "%" in plain or "+" in plain
        values: dict[str, str] = {}
        for part in plain.split("&"):
            name, _, value = part.partition("=")
            if coded:
                name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
            if name in values:
                raise Refusal(-1101, "Duplicate values for a parameter detected.")
            if part:
                values[name] = value
    except UnicodeDecodeError:
        raise Refusal(-1100, "Illegal characters found in a parameter.") from None
    return values
