"""A refusal in the exchange's own words.

Codes and sentences are those of the published error list of Binance spot (``errors.md`` of its API documents).
"""

from collections.abc import Mapping
from typing import Final


class Refusal(Exception):
    """A request is refused: the error ``code``, its sentence, the HTTP ``status`` and extra fields of the body."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        status: int = 400,
        retry_after: int | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.data = data

    def body(self) -> dict[str, object]:
        """The JSON object that clients read."""
        answer: dict[str, object] = {"code": self.code, "msg": self.message}
        if self.data is not None:
            answer["data"] = self.data
        return answer


INSUFFICIENT: Final = "Account has insufficient balance for requested action."
WOULD_TAKE: Final = "Order would immediately match and take."
WOULD_TRIGGER: Final = "Stop price would trigger immediately."
UNKNOWN_ORDER: Final = "Unknown order sent."


def filter_failure(name: str) -> Refusal:
    """An order breaks one of the symbol's filters."""
    return Refusal(-1013, f"Filter failure: {name}")


def rejected(message: str) -> Refusal:
    """A new order is rejected by the engine."""
    return Refusal(-2010, message)


def mandatory(name: str) -> Refusal:
    """A parameter is missing, empty or cannot be read."""
    return Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def unneeded(name: str) -> Refusal:
    """A parameter was sent that the order's type has no use for."""
    return Refusal(-1106, f"Parameter '{name}' sent when not required.")


def not_permitted() -> Refusal:
    """The key is unknown, lacks the permission or comes from an address that is not its own."""
    return Refusal(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
