"""The parties of every request: the venue, the account there, the service that acts, and the key that it holds.

Times are whole milliseconds since 1970-01-01 UTC. Limits are grants in TOML; this module carries their text alone.
"""

import ipaddress
import re
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from bailiwick.model.credential import Purpose, Sealed, bucket_of, parse_key_id
from bailiwick.model.grant import Bound, Where, bound_from_toml
from bailiwick.model.life import BREADTH, STOPPING, TRANSITIONS, Cause, KeyState, Response, Standstill, moved

__all__ = [
    "TRANSITIONS",
    "Account",
    "Credential",
    "Key",
    "KeyKind",
    "KeyState",
    "Service",
    "Standing",
    "Venue",
    "bounds_of",
    "credential_record",
    "key_record",
    "moved",
]

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ASSET = re.compile(r"[A-Z0-9]{1,20}")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})"
_ORIGIN = re.compile(rf"https?://({_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?/?")
MOST_NAME_CHARS = 200
MOST_SHARE_BPS = 10_000
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


class Standing(StrEnum):
    """What is thought of a service."""

    TRUSTED = "trusted"
    SUSPENDED = "suspended"
    COMPROMISED = "compromised"


class KeyKind(StrEnum):
    """How a key signs. Of the latter two only the public key is here."""

    HMAC = "hmac"
    ED25519 = "ed25519"
    RSA = "rsa"


class Venue(msgspec.Struct, frozen=True):
    """An exchange reached upstream."""

    id: str
    name: str
    dialect: str
    base_url: str
    mode: Literal["resign", "trusted"] = "resign"

    def __post_init__(self) -> None:
        _check_id("venue", self.id)
        _check_name("venue", self.name)
        _check_id("dialect", self.dialect)
        _check_origin(self.base_url)
        if self.mode not in {"resign", "trusted"}:
            raise ValueError("mode: resign or trusted")


def _check_origin(url: str) -> None:
    """A scheme, a host and perhaps a port: requests bring their own path, so one here would be silently lost."""
    found = _ORIGIN.fullmatch(url)
    try:
        port = urlsplit(url).port if found else None
    except ValueError:  # out of range, or a bracketed host that is no IPv6 address
        found = None
    if found is None or port == 0:
        raise ValueError("base_url: it looks like https://api.example.com or http://127.0.0.1:8090, without a path")


def credential_record(credential_id: str, account_id: str) -> str:
    """What an upstream credential is sealed as: moved to another account's row, it does not open."""
    return f"credential/{account_id}/{credential_id}"


def key_record(key_id: str, account_id: str) -> str:
    """What an issued secret is sealed as: moved to another key, or its key to another account, it does not open."""
    return f"key/{account_id}/{key_id}"


class Credential(msgspec.Struct, frozen=True):
    """An account's own key at the venue, sealed as ``credential_record`` says."""

    id: str
    account: str
    purpose: Purpose
    api_key: str  # the public half: what the venue's header carries
    envelope: bytes

    def __post_init__(self) -> None:
        _check_id("credential", self.id)
        _check_id("account", self.account)
        if not self.purpose.startswith("upstream."):
            raise ValueError(f"purpose: {self.purpose} is not one of an upstream credential")
        if not self.api_key or not self.api_key.isascii() or not self.api_key.isprintable() or " " in self.api_key:
            raise ValueError("api_key: printable ASCII without spaces, as the venue shows it")

    def sealed(self) -> Sealed:
        """What the vault opens."""
        return Sealed(credential_record(self.id, self.account), self.purpose, self.envelope)


class Account(msgspec.Struct, frozen=True):
    """An account at a venue, with the credential that acts for it."""

    id: str
    venue: str
    name: str
    owner: str
    credential: str | None = None
    limits: str | None = None  # a grant in TOML that narrows every key of the account
    local_address: str | None = None  # the address that its requests leave from
    home_assets: tuple[str, ...] = ()  # what its owner counts in
    state: KeyState = KeyState.ACTIVE  # narrows every key of the account; ``revoked`` when its credential is destroyed
    cause: Cause | None = None
    since: int | None = None
    until: int | None = None  # when its wind-down becomes a freeze

    def __post_init__(self) -> None:
        _check_id("account", self.id)
        _check_id("venue", self.venue)
        _check_name("account", self.name)
        _check_name("owner", self.owner)
        if self.local_address is not None:
            _check_address("local_address", self.local_address)
        for asset in self.home_assets:
            if _ASSET.fullmatch(asset) is None:
                raise ValueError(f"home_assets: {asset[:40]!r} is not an asset's name")


class Service(msgspec.Struct, frozen=True):
    """The third party that keys are handed to."""

    id: str
    name: str
    contact: str = ""
    networks: tuple[str, ...] = ()  # CIDR; none means that the grant alone says from where
    limits: str | None = None  # a grant in TOML that narrows every key of the service
    standing: Standing = Standing.TRUSTED
    fingerprints: tuple[str, ...] = ()  # of its clients, as the journal names them: 16 hexadecimal digits
    net_buying_bps: int | None = None  # of a symbol's median daily volume: what all its keys may buy net in 24 hours
    reaction: KeyState | None = None  # of a compromised one: what its keys come to, until a person restores them

    def __post_init__(self) -> None:
        _check_id("service", self.id)
        _check_name("service", self.name)
        for network in self.networks:
            _check_network("networks", network)
        for fingerprint in self.fingerprints:
            if _FINGERPRINT.fullmatch(fingerprint) is None:
                raise ValueError(
                    f"fingerprints: {fingerprint[:40]!r} is none; 16 hexadecimal digits, as `bailiwick journal search "
                    "--kind fingerprint` shows them"
                )
        if self.net_buying_bps is not None and not 0 <= self.net_buying_bps <= MOST_SHARE_BPS:
            raise ValueError(f"net_buying_bps: hundredths of a percent, from 0 to {MOST_SHARE_BPS}")
        if self.reaction not in {None, KeyState.WINDING_DOWN, KeyState.FROZEN}:
            raise ValueError("reaction: winding_down or frozen")

    def holds_back(self, state: KeyState, *, restored: bool = False) -> KeyState:
        """The state in which a key of it is judged: its own, or what the service's standing leaves of it.

        ``restored`` says that a person gave the key back after the service was compromised.
        """
        if self.standing is Standing.TRUSTED or restored or state is KeyState.PENDING:
            return state
        narrowed = self.reaction or KeyState.WINDING_DOWN
        return narrowed if BREADTH[narrowed] < BREADTH[state] else state


def bounds_of(account: Account | None, service: Service | None) -> list[Bound]:
    """What an account and a service add to narrow a grant."""
    bounds = [bound_from_toml(party.limits) for party in (account, service) if party is not None and party.limits]
    if service is not None and service.networks:
        bounds.append(Bound(where=Where(networks=service.networks)))
    return bounds


class Key(msgspec.Struct, frozen=True):
    """A key that was issued for one account and one service. Both, and the kind, are its own for life."""

    id: str
    account: str
    service: str
    kind: KeyKind
    grant: str  # in TOML
    state: KeyState
    created: int
    secret: bytes | None = None  # the envelope around an HMAC secret, sealed as ``key_record`` says
    public_key: bytes | None = None  # SubjectPublicKeyInfo in DER
    expires: int | None = None
    last_used: int | None = None  # for anything that was allowed
    name: str = ""
    last_traded: int | None = None  # for anything but a read
    cause: Cause | None = None
    suspected: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    on_expiry: Response = Response.WIND_DOWN
    on_idle: Response = Response.WIND_DOWN
    on_alert: Response = Response.WIND_DOWN
    on_compromise: Response = Response.WIND_DOWN
    previous: bytes | None = None  # of a rotation: the envelope or public key that is believed until previous_until
    previous_until: int | None = None

    def __post_init__(self) -> None:
        for event in ("on_expiry", "on_compromise"):
            if getattr(self, event) not in STOPPING:
                raise ValueError(f"{event}: wind-down, freeze or revoke; the key cannot go on as before")
        if (self.previous is None) != (self.previous_until is None):
            raise ValueError("previous: an earlier secret is believed until a moment, or there is none")
        if parse_key_id(self.id).bucket != bucket_of(self.account):
            raise ValueError("id: it carries the bucket of another account")
        if (self.kind is KeyKind.HMAC) != (self.secret is not None):
            raise ValueError("secret: a key of kind hmac has one, and no other kind does")
        if (self.kind is KeyKind.HMAC) == (self.public_key is not None):
            raise ValueError("public_key: keys of kind ed25519 and rsa have one, and hmac has none")
        if self.created < 0 or (self.expires is not None and self.expires < self.created):
            raise ValueError("expires: milliseconds since 1970, not before created")

    @property
    def still(self) -> Standstill:
        """What is known of its state beside the name."""
        return Standstill(self.cause, self.suspected, self.since, self.until)

    def sealed(self) -> Sealed:
        """What the vault opens.

        Raises:
            ValueError: if the key has no secret.
        """
        if self.secret is None:
            raise ValueError(f"key {self.id}: of kind {self.kind}, it has no secret")
        return Sealed(key_record(self.id, self.account), Purpose.ISSUED_HMAC, self.secret)


def _check_id(noun: str, text: str) -> None:
    if _ID.fullmatch(text) is None:
        raise ValueError(f"{noun}: an id has 1 to 63 lower-case letters, digits, - and _, and not {text[:80]!r}")


def _check_name(noun: str, text: str) -> None:
    if not 0 < len(text) <= MOST_NAME_CHARS or not text.isprintable():
        raise ValueError(f"{noun}: a name has 1 to {MOST_NAME_CHARS} printable characters")


def _check_address(field: str, text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{field}: {text[:80]!r} is not an IPv4 or IPv6 address") from None


def _check_network(field: str, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{field}: {text[:80]!r} is not a network such as 203.0.113.0/24 without host bits") from None
