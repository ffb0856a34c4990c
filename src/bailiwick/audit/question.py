"""One request to an exchange about one of its keys, and what everything that is true of one exchange answers."""

from dataclasses import dataclass
from typing import Protocol

import msgspec

from bailiwick.audit.facts import IdleRule, KeyFacts
from bailiwick.model.secret import Secret
from bailiwick.venues.dialect import Signer


class Refused(Exception):
    """The exchange did not tell: its own words, and what to do."""


class UnfitKey(Exception):
    """The key cannot sign for this exchange; the sentence names the field and the remedy."""


@dataclass(frozen=True, slots=True)
class AuditKey:
    """A key to ask about. ``signer`` stands for a secret that is not shown: the vault's."""

    api_key: str
    secret: Secret
    passphrase: Secret | None = None
    signer: Signer | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A signed request that reads."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


class AuditVenue(Protocol):
    """What is true of one exchange's keys. Pure: time and randomness are parameters."""

    @property
    def name(self) -> str:
        """As it is named on the command line."""
        ...

    @property
    def title(self) -> str:
        """Its name for people."""
        ...

    @property
    def base_url(self) -> str:
        """Where it is reached."""
        ...

    @property
    def passphrase(self) -> bool:
        """Whether its keys have a passphrase beside the secret."""
        ...

    @property
    def rule(self) -> IdleRule | None:
        """By which it takes idle keys away, if it has published one."""
        ...

    @property
    def untold(self) -> tuple[str, ...]:
        """What it does not tell by this request, named for people."""
        ...

    @property
    def source(self) -> str:
        """The published document that the request and the answer were read in."""
        ...

    def question(self, key: AuditKey, host: str, now_ms: int, nonce: str) -> Question:
        """The signed request.

        Args:
            key: the key asked about.
            host: the name that the request goes to, for signatures that cover it.
            now_ms: milliseconds since 1970.
            nonce: 32 random hexadecimal digits.

        Raises:
            UnfitKey: if the key cannot sign it.
        """
        ...

    def read(self, status: int, body: bytes) -> KeyFacts:
        """What the answer says.

        Raises:
            Refused: if it says nothing of the key.
        """
        ...


MOST_TEXT = 300
MOST_LISTED = 1000
LAST_MS = 253_402_300_799_999  # the end of the year 9999, after which there are no dates
MOST_DIGITS = len(str(LAST_MS))
KEEP = "check key, secret and this machine's clock, and whether the key is bound to another address"


def decoded(status: int, body: bytes) -> dict[str, object]:
    """The JSON object of an answer, its texts made fit to be shown: whoever answers may not be the exchange.

    Raises:
        Refused: if it is none.
    """
    try:
        found = _shown(msgspec.json.decode(body))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise Refused(f"it answered {status} with something that is no JSON object; try again later")
    return found


def _shown(value: object) -> object:
    """The value with texts that may be printed: bounded, and in letters that a terminal does nothing with."""
    match value:
        case str():
            return "".join(letter if letter.isprintable() else "?" for letter in value[:MOST_TEXT])
        case list():
            return [_shown(each) for each in value[:MOST_LISTED]]
        case dict():
            return {str(_shown(name)): _shown(each) for name, each in value.items()}
        case _:
            return value


def flag(found: dict[str, object], name: str) -> bool | None:
    """A boolean field; None where it is absent or anything else: that is not taken for a no."""
    value = found.get(name)
    return value if isinstance(value, bool) else None


def either(*flags: bool | None) -> bool | None:
    """Whether any is true; None if none is and one is not told."""
    if any(flags):
        return True
    return None if None in flags else False


def words(value: object) -> tuple[str, ...]:
    """A list of text; anything else in it is left out."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def whole(value: object) -> int | None:
    """A whole number above zero, as a number or in digits; None for anything else, and beyond any moment in ms."""
    if isinstance(value, str) and len(value) <= MOST_DIGITS and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LAST_MS else None
