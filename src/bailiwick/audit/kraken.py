"""Kraken spot: ``POST /0/private/GetApiKeyInfo`` (docs.kraken.com, "Get API Key Info"), which needs no permission.

Signed as "Spot REST authentication" says: HMAC-SHA512 under the decoded secret over the path and the SHA-256 of nonce
and body.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from bailiwick.audit.facts import IdleRule, KeyFacts
from bailiwick.audit.question import KEEP, AuditKey, Question, Refused, UnfitKey, decoded, whole, words
from bailiwick.model.secret import Secret

PATH: Final = "/0/private/GetApiKeyInfo"
# The words of the documented answer; the others are named as unread rather than guessed at.
_MEANINGS: Final = {
    "query-funds": "read",
    "query-open-trades": "read",
    "modify-trades": "trade",
    "withdraw-funds": "withdraw",
}


def sign(secret: Secret, path: str, nonce: int, body: bytes) -> str:
    """The ``API-Sign`` header.

    Raises:
        UnfitKey: if the secret is not base64.
    """
    try:
        key = base64.b64decode(secret.reveal(), validate=True)
    except binascii.Error:
        raise UnfitKey("secret: it is not base64; copy the private key as Kraken shows it") from None
    inner = hashlib.sha256(str(nonce).encode() + body).digest()
    return base64.b64encode(hmac.digest(key, path.encode() + inner, "sha512")).decode()


@dataclass(frozen=True, slots=True)
class Kraken:
    """Kraken's own word on a key."""

    name: str = "kraken"
    title: str = "Kraken"
    base_url: str = "https://api.kraken.com"
    passphrase: bool = False
    rule: IdleRule | None = None
    untold: tuple[str, ...] = ("symbol limits",)
    source: str = "docs.kraken.com/api-reference/account-data/get-api-key-info"

    def question(self, key: AuditKey, host: str, now_ms: int, nonce: str) -> Question:
        """The signed request. Its nonce is the time in milliseconds, as Kraken recommends."""
        body = f"nonce={now_ms}".encode()
        headers = (
            ("API-Key", key.api_key),
            ("API-Sign", sign(key.secret, PATH, now_ms, body)),
            ("Content-Type", "application/x-www-form-urlencoded"),
        )
        return Question("POST", PATH, headers, body)

    def read(self, status: int, body: bytes) -> KeyFacts:
        """What the answer says."""
        found = decoded(status, body)
        result, errors = found.get("result"), words(found.get("error"))
        if errors or not isinstance(result, dict):
            said = ", ".join(errors)[:200] or "nothing of the key"
            raise Refused(f"it answered {status}: {said}; {KEEP}. A key with a nonce above the time needs a new one")
        if not isinstance(result.get("permissions"), list):
            raise Refused("its answer has no permissions; it has another form than documented")
        held = words(result["permissions"])
        meant = {_MEANINGS[each] for each in held if each in _MEANINGS}
        unread = tuple(each for each in held if each not in _MEANINGS)
        addresses = words(result.get("ipAllowlist"))
        return KeyFacts(
            read="read" in meant,
            trade="trade" in meant,
            withdraw="withdraw" in meant,
            permissions=held,
            unread=unread,
            bound=bool(addresses) if isinstance(result.get("ipAllowlist"), list) else None,
            addresses=addresses,
            created_ms=_ms(result.get("createdTime")),
            used_ms=_ms(result.get("lastUsed")),
            expires_ms=_ms(result.get("validUntil")),
            notes=_window(result),
        )


def _ms(value: object) -> int | None:
    seconds = whole(value)
    return None if seconds is None else whole(seconds * 1000)


def _window(result: dict[str, object]) -> tuple[str, ...]:
    if whole(result.get("queryFrom")) or whole(result.get("queryTo")):
        return ("it may only ask about part of the account's past",)
    return ()
