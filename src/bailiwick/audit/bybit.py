"""Bybit: ``GET /v5/user/query-api`` (bybit-exchange.github.io, "Get API Key Information"), signed as its guide says."""

import datetime
import hmac
from dataclasses import dataclass
from typing import Final

from bailiwick.audit.facts import IdleRule, KeyFacts
from bailiwick.audit.question import KEEP, AuditKey, Question, Refused, decoded, words

PATH: Final = "/v5/user/query-api"
WINDOW_MS: Final = 10_000
_TRADES: Final = frozenset({"Order", "SpotTrade", "OptionsTrade", "DerivativesTrade", "BlockTrade", "CopyTrading"})
_DERIVATIVES: Final = frozenset({"Order", "Position", "OptionsTrade", "DerivativesTrade"})
_MOVES: Final = frozenset({"AccountTransfer", "SubMemberTransfer", "SubMemberTransferList"})
# Value leaves the account by these whatever they are called; the spelling of the third is the exchange's own.
_OUT: Final = frozenset({"Withdraw", "FiatP2POrder", "FaitPayOrder", "FiatConvertBrokerOrder"})
_ASIDE: Final = frozenset({"ExchangeHistory", "Earn", "Affiliate", "Advertising"})
_KNOWN: Final = _TRADES | _DERIVATIVES | _MOVES | _OUT | _ASIDE

IDLE: Final = IdleRule(
    days=90,
    sentence="Bybit lets a key that is bound to no address lapse after 90 days (its API documents)",
    trading_only=False,
    from_creation=True,
)


@dataclass(frozen=True, slots=True)
class Bybit:
    """Bybit's own word on a key."""

    name: str = "bybit"
    title: str = "Bybit"
    base_url: str = "https://api.bybit.com"
    passphrase: bool = False
    rule: IdleRule | None = IDLE
    untold: tuple[str, ...] = ("last use", "symbol limits")
    source: str = "bybit-exchange.github.io/docs/v5/user/apikey-info"

    def question(self, key: AuditKey, host: str, now_ms: int, nonce: str) -> Question:
        """The signed request: time, key and window stand before an empty query."""
        text = f"{now_ms}{key.api_key}{WINDOW_MS}"
        sign = hmac.digest(key.secret.reveal(), text.encode(), "sha256").hex()
        headers = (
            ("X-BAPI-API-KEY", key.api_key),
            ("X-BAPI-TIMESTAMP", str(now_ms)),
            ("X-BAPI-RECV-WINDOW", str(WINDOW_MS)),
            ("X-BAPI-SIGN", sign),
        )
        return Question("GET", PATH, headers)

    def read(self, status: int, body: bytes) -> KeyFacts:
        """What the answer says."""
        found = decoded(status, body)
        result = found.get("result")
        if found.get("retCode") != 0 or not isinstance(result, dict):
            raise Refused(f"it answered {status} {found.get('retCode')}: {str(found.get('retMsg'))[:200]}; {KEEP}")
        groups = result.get("permissions")
        if not isinstance(groups, dict):
            raise Refused("its answer has no permissions; it has another form than documented")
        named = [f"{group}.{each}" for group, listed in sorted(groups.items()) for each in words(listed)]
        held = {each.partition(".")[2] for each in named}
        writes = {0: True, 1: False}.get(result["readOnly"]) if isinstance(result.get("readOnly"), int) else None
        addresses = tuple(each for each in words(result.get("ips")) if each != "*")
        return KeyFacts(
            read=True,
            trade=_if(writes, bool(held & _TRADES)),
            derivatives=_if(writes, bool(held & _DERIVATIVES)),
            move=_if(writes, bool(held & _MOVES)),
            withdraw=_if(writes, bool(held & _OUT)),
            permissions=tuple(named),
            unread=tuple(each for each in named if each.partition(".")[2] not in _KNOWN),
            bound=bool(addresses) if isinstance(result.get("ips"), list) else None,
            addresses=addresses,
            created_ms=_time_ms(result.get("createdAt")),
            expires_ms=_time_ms(result.get("expiredAt")),
            scope="of a third-party application" if result.get("type") == 2 else "",
        )


def _if(writes: bool | None, held: bool) -> bool | None:
    """A key that only reads can do none of what it lists."""
    return False if not held else writes


def _time_ms(value: object) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    made = int(moment.timestamp() * 1000)
    return made if made > 0 else None  # 1970 stands for none
