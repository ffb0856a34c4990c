"""Binance, and Binance.US, where less is told.

Binance: ``GET /sapi/v1/account/apiRestrictions`` (developers.binance.com, "Get API Key Permission"). Binance.US has no
such endpoint in its documents or in any client that was read: its ``GET /api/v3/account`` tells what the *account* may
do, which bounds the key from above and says nothing of the key's own permissions.
"""

from dataclasses import dataclass
from typing import Final

from bailiwick.audit.facts import IdleRule, KeyFacts
from bailiwick.audit.question import KEEP, AuditKey, Question, Refused, UnfitKey, decoded, either, flag, whole
from bailiwick.model.credential import Purpose
from bailiwick.vault.errors import VaultError
from bailiwick.vault.privatekey import normalise_private_key, parse_private_key
from bailiwick.venues.binance.signature import HmacSigner, signer_of
from bailiwick.venues.dialect import Signer

WINDOW_MS: Final = 10_000
_TRADES: Final = ("enableSpotAndMarginTrading", "enableFixApiTrade", "enablePortfolioMarginTrading")
_DERIVATIVES: Final = ("enableFutures", "enableVanillaOptions")
_MOVES: Final = ("enableInternalTransfer", "permitsUniversalTransfer")
_KNOWN: Final = frozenset(
    {*_TRADES, *_DERIVATIVES, *_MOVES, "enableReading", "enableWithdrawals", "enableMargin", "enableFixReadOnly"}
)
IDLE: Final = IdleRule(
    days=30,
    sentence="Binance removes keys that lie idle for 30 days and are bound to no address (its notice of December 2022)",
)


def signer(key: AuditKey) -> Signer:
    """What signs for the key: HMAC, or the private key where the secret is PEM.

    Raises:
        UnfitKey: if it can sign nothing.
    """
    if key.signer is not None:
        return key.signer
    name = key.api_key.encode("ascii", "replace")
    try:
        if key.secret.reveal().lstrip().startswith(b"-----BEGIN"):
            purpose, der = normalise_private_key(key.secret, key.passphrase)
            assert purpose is not Purpose.UPSTREAM_HMAC
            return signer_of(name, parse_private_key(purpose, der))
        return HmacSigner(name, key.secret)
    except (ValueError, VaultError) as error:
        raise UnfitKey(str(error)) from None


def signed(key: AuditKey, path: str, now_ms: int) -> Question:
    """A signed read as Binance defines it (rest-api.md, "SIGNED endpoint security")."""
    by = signer(key)
    payload = f"recvWindow={WINDOW_MS}&timestamp={now_ms}"
    signature = by.sign(payload.encode()).decode()
    return Question("GET", f"{path}?{payload}&signature={signature}", (("X-MBX-APIKEY", by.key.decode()),))


def _refused(found: dict[str, object], status: int) -> None:
    if status != 200:
        code, message = found.get("code"), str(found.get("msg", ""))[:200]
        raise Refused(f"it answered {status} {code}: {message}; {KEEP}")


@dataclass(frozen=True, slots=True)
class Binance:
    """Binance's own word on a key."""

    name: str = "binance"
    title: str = "Binance"
    base_url: str = "https://api.binance.com"
    passphrase: bool = False
    rule: IdleRule | None = IDLE
    untold: tuple[str, ...] = ("last use", "expiry", "the addresses themselves", "symbol limits")
    source: str = "developers.binance.com/docs/wallet/account/api-key-permission"

    def question(self, key: AuditKey, host: str, now_ms: int, nonce: str) -> Question:
        """The signed request."""
        return signed(key, "/sapi/v1/account/apiRestrictions", now_ms)

    def read(self, status: int, body: bytes) -> KeyFacts:
        """What the answer says."""
        found = decoded(status, body)
        _refused(found, status)
        if "enableReading" not in found and "enableWithdrawals" not in found:
            raise Refused("its answer names no permission; it has another form than documented")
        granted = tuple(sorted(name for name, value in found.items() if value is True and name != "ipRestrict"))
        return KeyFacts(
            read=flag(found, "enableReading"),
            trade=_any(found, _TRADES),
            borrow=flag(found, "enableMargin"),
            derivatives=_any(found, _DERIVATIVES),
            move=_any(found, _MOVES),
            withdraw=flag(found, "enableWithdrawals"),
            permissions=granted,
            unread=tuple(name for name in granted if name not in _KNOWN),
            bound=flag(found, "ipRestrict"),
            created_ms=whole(found.get("createTime")),
            expires_ms=whole(found.get("tradingAuthorityExpirationTime")),  # of older answers: trading lapses then
        )


def _any(found: dict[str, object], names: tuple[str, ...]) -> bool | None:
    """Whether any of these rights is granted; fields that came over the years count where they are there."""
    there = [flag(found, name) for name in names if name in found]
    return either(*there) if there else None


@dataclass(frozen=True, slots=True)
class BinanceUs:
    """What Binance.US tells: of the account, not of the key."""

    name: str = "binance-us"
    title: str = "Binance.US"
    base_url: str = "https://api.binance.us"
    passphrase: bool = False
    rule: IdleRule | None = None
    untold: tuple[str, ...] = (
        "what the key itself may do", "address binding", "age", "last use", "expiry", "symbol limits",
    )  # fmt: skip
    source: str = "github.com/binance-us/binance-us-api-docs, rest-api.md (account information)"

    def question(self, key: AuditKey, host: str, now_ms: int, nonce: str) -> Question:
        """The signed request."""
        return signed(key, "/api/v3/account", now_ms)

    def read(self, status: int, body: bytes) -> KeyFacts:
        """What the answer says: what the account cannot do, the key cannot either; the rest stays untold."""
        found = decoded(status, body)
        _refused(found, status)
        trade, withdraw = flag(found, "canTrade"), flag(found, "canWithdraw")
        if trade is None and withdraw is None:
            raise Refused("its answer does not say what the account may do; it has another form than documented")
        return KeyFacts(
            read=True,
            trade=None if trade else trade,
            withdraw=None if withdraw else withdraw,
            permissions=tuple(name for name in ("canTrade", "canWithdraw", "canDeposit") if found.get(name) is True),
            notes=(
                "Binance.US tells what the account may do and nothing of the key: look at its page of keys, and count "
                "this one as able to do whatever the account can",
            ),
        )
