"""Coinbase Advanced Trade: ``GET /api/v3/brokerage/key_permissions`` under a signed token of two minutes.

docs.cdp.coinbase.com, "Get API Key Permissions" and "Coinbase App API key authentication" (ES256 keys alone; Ed25519
ones are not taken); the token's claims as coinbase/coinbase-advanced-py makes them.
"""

import base64
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bailiwick.audit.facts import IdleRule, KeyFacts
from bailiwick.audit.question import KEEP, AuditKey, Question, Refused, UnfitKey, decoded, flag
from bailiwick.model.secret import Secret

PATH: Final = "/api/v3/brokerage/key_permissions"
LIFE_S: Final = 120
_HALF: Final = 32  # bytes of each half of an ES256 signature (RFC 7518 §3.4)


def token(api_key: str, secret: Secret, host: str, now_s: int, nonce: str) -> str:
    """The bearer token for the one request.

    Raises:
        UnfitKey: if the secret is no private key on P-256.
    """
    private = _private(secret)
    head = {"alg": "ES256", "typ": "JWT", "kid": api_key, "nonce": nonce}
    claims = {
        "sub": api_key, "iss": "cdp", "nbf": now_s, "exp": now_s + LIFE_S, "uri": f"GET {host}{PATH}",
    }  # fmt: skip
    text = f"{_base64url(msgspec.json.encode(head))}.{_base64url(msgspec.json.encode(claims))}"
    first, second = decode_dss_signature(private.sign(text.encode(), ECDSA(SHA256())))
    return f"{text}.{_base64url(first.to_bytes(_HALF) + second.to_bytes(_HALF))}"


def _private(secret: Secret) -> EllipticCurvePrivateKey:
    pem = secret.reveal().replace(b"\\n", b"\n")  # as the downloaded JSON spells line ends
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return private
    raise UnfitKey(
        "secret: Coinbase's trading API takes ECDSA keys on P-256, in PEM; an Ed25519 key must be made anew as ECDSA"
    )


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Coinbase:
    """Coinbase's own word on a key."""

    name: str = "coinbase"
    title: str = "Coinbase"
    base_url: str = "https://api.coinbase.com"
    passphrase: bool = False
    rule: IdleRule | None = None
    untold: tuple[str, ...] = ("address binding", "age", "last use", "expiry", "symbol limits")
    source: str = "docs.cdp.coinbase.com, Get API Key Permissions"

    def question(self, key: AuditKey, host: str, now_ms: int, nonce: str) -> Question:
        """The signed request."""
        bearer = token(key.api_key, key.secret, host, now_ms // 1000, nonce)
        return Question("GET", PATH, (("Authorization", f"Bearer {bearer}"),))

    def read(self, status: int, body: bytes) -> KeyFacts:
        """What the answer says. ``can_transfer`` sends crypto away, so it counts as withdrawing."""
        if status != 200:
            raise Refused(f"it answered {status}; {KEEP}")
        found = decoded(status, body)
        names = ("can_view", "can_trade", "can_transfer")
        if all(flag(found, name) is None for name in names):
            raise Refused("its answer names no permission; it has another form than documented")
        portfolio, kind = found.get("portfolio_uuid"), found.get("portfolio_type")
        return KeyFacts(
            read=flag(found, "can_view"),
            trade=flag(found, "can_trade"),
            move=flag(found, "can_transfer"),
            withdraw=flag(found, "can_transfer"),
            permissions=tuple(name for name in names if found.get(name) is True),
            scope=f"one portfolio ({kind}, {portfolio})" if isinstance(portfolio, str) and portfolio else "",
        )
