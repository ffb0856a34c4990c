"""KuCoin: ``GET /api/v1/user/api-key``, signed with key, secret and passphrase (version 2 of its signatures).

Read in: KuCoin's own SDK (the answer's model), clients that document the endpoint's path and fields, and its help page
360015102174 for what it does with idle keys.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import Final

from bailiwick.audit.facts import IdleRule, KeyFacts
from bailiwick.audit.question import KEEP, AuditKey, Question, Refused, UnfitKey, decoded, whole
from bailiwick.model.secret import Secret

PATH: Final = "/api/v1/user/api-key"
_TRADES: Final = frozenset({"Spot", "Margin", "Futures", "Trade"})  # the last is of older keys
# "Transfer" lets a key move funds, withdrawals included, past the second factor (its help page 900006465403).
_KNOWN: Final = _TRADES | {"General", "InnerTransfer", "Transfer", "Earn"}
IDLE: Final = IdleRule(
    days=30,
    sentence="KuCoin deletes keys that may trade, are bound to no address and lie idle for 30 days, or takes their "
    "right to trade (its help page 360015102174)",
)


def sign(secret: Secret, text: str) -> str:
    """HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.digest(secret.reveal(), text.encode(), "sha256")).decode()


@dataclass(frozen=True, slots=True)
class Kucoin:
    """KuCoin's own word on a key."""

    name: str = "kucoin"
    title: str = "KuCoin"
    base_url: str = "https://api.kucoin.com"
    passphrase: bool = True
    rule: IdleRule | None = IDLE
    untold: tuple[str, ...] = ("last use", "expiry", "symbol limits")
    source: str = "Kucoin/kucoin-universal-sdk (GetApikeyInfoResp); www.kucoin.com/support/360015102174"

    def question(self, key: AuditKey, host: str, now_ms: int, nonce: str) -> Question:
        """The signed request."""
        if key.passphrase is None:
            raise UnfitKey("passphrase: a key of KuCoin has one, chosen when it was made; name where it is kept")
        headers = (
            ("KC-API-KEY", key.api_key),
            ("KC-API-SIGN", sign(key.secret, f"{now_ms}GET{PATH}")),
            ("KC-API-TIMESTAMP", str(now_ms)),
            ("KC-API-PASSPHRASE", sign(key.secret, key.passphrase.reveal().decode("utf-8", "replace"))),
            ("KC-API-KEY-VERSION", "2"),
        )
        return Question("GET", PATH, headers)

    def read(self, status: int, body: bytes) -> KeyFacts:
        """What the answer says."""
        found = decoded(status, body)
        data = found.get("data")
        if found.get("code") != "200000" or not isinstance(data, dict):
            raise Refused(f"it answered {status} {found.get('code')}: {str(found.get('msg'))[:200]}; {KEEP}")
        text = data.get("permission")
        if not isinstance(text, str):
            raise Refused("its answer has no permissions; it has another form than documented")
        held = tuple(each.strip() for each in text.split(",") if each.strip())
        listed = data.get("ipWhitelist")
        addresses = tuple(each.strip() for each in listed.split(",") if each.strip()) if isinstance(listed, str) else ()
        return KeyFacts(
            read="General" in held,
            trade=bool(_TRADES & set(held)),
            borrow="Margin" in held,
            derivatives="Futures" in held,
            move="InnerTransfer" in held or "Transfer" in held,
            withdraw="Transfer" in held,
            permissions=held,
            unread=tuple(each for each in held if each not in _KNOWN),
            bound=bool(addresses),  # the field is left out of the answer where there is none
            addresses=addresses,
            created_ms=whole(data.get("createdAt")),
            scope=f"of the sub-account {data['subName']}" if isinstance(data.get("subName"), str) else "",
        )
