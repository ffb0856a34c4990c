"""Secrets have a type that does not show them."""

import hmac
from typing import NoReturn, final


@final
class Secret:
    """Bytes that must not be shown: ``repr``, ``str``, ``format`` and pickle do not give them away.

    ``reveal`` is the one way to the bytes; a search for its callers is the list of places that handle plaintext.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The plaintext."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled or copied")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and same(self._value, other._value)

    def __hash__(self) -> NoReturn:
        raise TypeError("a secret is never a key of a table")


def same(left: bytes, right: bytes) -> bool:
    """Compare in a time that does not depend on where the two differ."""
    return hmac.compare_digest(left, right)
