"""Links: a secret in a notice that does one thing, once, soon, and nothing that widens.

Only the digest of a link's secret is kept. To look at what a link would do changes nothing, since programs that check
mail open every address in it; only ``redeem``, behind a POST, uses it up.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any, final

import msgspec

from bailiwick.store.incidents import Link
from bailiwick.store.store import Store

SECRET_BYTES = 16  # 128 bits; in a button of Telegram there is room for 64 characters
PAGE_MS = 3_600_000
BUTTON_MS = 24 * 3_600_000
CODE_MS = 900_000


@final
class Links:
    """Makes links and redeems them."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    def make(self, purpose: str, subject: Mapping[str, Any], *, bound: str = "", lives_ms: int = PAGE_MS) -> str:
        """A new link's secret: letters, digits, - and _.

        Args:
            purpose: what it does.
            subject: what it is about.
            bound: who alone may use it, such as a chat and a user; empty for whoever has it.
            lives_ms: for how long.
        """
        secret = secrets.token_urlsafe(SECRET_BYTES)
        now = self._clock()
        made = Link(
            digest=_digest(secret),
            purpose=purpose,
            bound=bound,
            subject=msgspec.json.encode(dict(subject)).decode(),
            expires=now + lives_ms,
        )
        self._store.incidents.add_link(made, now)
        return secret

    def look(self, purpose: str, secret: str) -> dict[str, Any] | None:
        """What a link would do, if it still does it for whoever has it. It can be looked at again and again."""
        found = self._store.incidents.find_link(_digest(secret))
        if found is None or found.purpose != purpose or found.bound or found.used is not None:
            return None
        return _subject(found) if found.expires > self._clock() else None

    def redeem(self, purpose: str, secret: str, *, bound: str = "") -> dict[str, Any] | None:
        """Use a link up: what it is about; None if it is unknown, another's, used, or too old."""
        found = self._store.incidents.use_link(_digest(secret), purpose=purpose, bound=bound, now=self._clock())
        return None if found is None else _subject(found)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(b"bailiwick link\x00" + secret.encode("utf-8", "replace")).digest()


def _subject(link: Link) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(link.subject, type=dict[str, Any])
    return found
