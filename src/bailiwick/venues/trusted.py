"""The header that an exchange's own engine trusts: what it covers and how it is made.

Before its own engine an exchange needs no second signature of the trader's. The gateway states for whom it acts and
why, under an HMAC that covers everything the engine acts on.
"""

import hashlib
import hmac
from typing import Final

ACCOUNT: Final = "X-Bailiwick-Account"
KEY: Final = "X-Bailiwick-Key"
POSITION: Final = "X-Bailiwick-Position"
TIME: Final = "X-Bailiwick-Time"
DECISION: Final = "X-Bailiwick-Decision"
MAC: Final = "X-Bailiwick-Mac"
HEADERS: Final = (ACCOUNT, KEY, POSITION, TIME, DECISION, MAC)

MAX_AGE_MS: Final = 2_000


def covered(
    method: bytes, target: bytes, body: bytes, account: str, key: str, position: int, time_ms: int, decision: str
) -> bytes:
    """The bytes under the MAC: eight lines, the body as the hex of its SHA-256, no line break after the last.

    Raises:
        ValueError: if a field contains a line break, which could make two requests read alike.
    """
    fields = (
        method,
        target,
        hashlib.sha256(body).hexdigest().encode(),
        account.encode(),
        key.encode(),
        str(position).encode(),
        str(time_ms).encode(),
        decision.encode(),
    )
    if any(b"\n" in field for field in fields):
        raise ValueError("a field of a trusted request contains a line break")
    return b"\n".join(fields)


def mac(
    secret: bytes,
    method: bytes,
    target: bytes,
    body: bytes,
    account: str,
    key: str,
    position: int,
    time_ms: int,
    decision: str,
) -> str:
    """The hex HMAC-SHA256 of a trusted request. ``target`` is the raw path with its query."""
    text = covered(method, target, body, account, key, position, time_ms, decision)
    return hmac.new(secret, text, hashlib.sha256).hexdigest()
