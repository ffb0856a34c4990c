"""Native keys: keys of the venue itself, held by a service that calls it directly.

Nothing of what such a key does passes a gateway. The authority makes it as narrow as the venue lets it be, switches its
trading off, deletes it, and reads afterwards what it did: it detects, and does not hold.
"""

import ipaddress
import re
from enum import StrEnum

import msgspec

from bailiwick.model.life import Cause, KeyState
from bailiwick.model.party import KeyKind

PROTECTION = "detects, does not hold"
"""What a native key is worth, wherever one is shown."""

MEANINGS = {
    KeyState.WINDING_DOWN: "its trading is switched off at the exchange; orders that rest there live on",
    KeyState.FROZEN: "its trading is switched off at the exchange; orders that rest there live on",
    KeyState.REVOKED: "it is deleted at the exchange; orders that rest there live on",
    KeyState.ACTIVE: "it trades at the exchange again, past the gateway",
}

MOST_ADDRESSES = 30  # of one key, as Binance allows
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_EMAIL = re.compile(r"[A-Za-z0-9_.+%-]{1,80}@[A-Za-z0-9-]{1,80}(?:\.[A-Za-z0-9-]{1,80}){0,8}")
_API_KEY = re.compile(r"[A-Za-z0-9]{16,128}")
_SYMBOL = re.compile(r"[A-Z0-9]{3,30}")


class Origin(StrEnum):
    """Where a native key comes from."""

    ISSUED = "issued"  # made by the authority
    REGISTERED = "registered"  # made by its owner by hand, and entered here


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue last said of a key. None: it did not say."""

    gone: bool = False
    trade: bool | None = None
    transfer: bool | None = None
    other: tuple[str, ...] = ()  # rights beside, in the venue's words
    bound: bool | None = None
    addresses: tuple[str, ...] = ()


class Native(msgspec.Struct, frozen=True, kw_only=True):
    """A native key. Times are milliseconds since 1970 UTC.

    ``account`` is the master account here whose sealed credential manages it, ``email`` the venue's name of the
    sub-account that it acts for. ``trades`` is whether it may trade while it is active. ``said`` and ``read_at`` are
    the venue's last word. ``watch_key`` and ``watch`` are a second key of the sub-account that only reads, sealed here.
    ``seen`` is the last trade read, by symbol. ``given_back`` is when a person last gave it back although its service
    was compromised; ``warned`` the number of days before a removal of which its owner was last told.
    """

    id: str
    account: str
    email: str
    service: str
    origin: Origin
    state: KeyState
    created: int
    kind: KeyKind = KeyKind.HMAC
    api_key: str = ""
    trades: bool = True
    addresses: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    cause: Cause | None = None
    since: int | None = None
    said: Said | None = None
    read_at: int | None = None
    watch_key: str = ""
    watch: bytes | None = None
    seen: dict[str, int] = msgspec.field(default_factory=dict)
    polled: int | None = None
    last_traded: int | None = None
    given_back: int | None = None
    warned: int | None = None

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.id) is None:
            raise ValueError("id: lower-case letters, digits, - and _, at most 40 characters")
        if _EMAIL.fullmatch(self.email) is None:
            raise ValueError("email: the sub-account's address, as the venue lists it")
        if self.api_key and _API_KEY.fullmatch(self.api_key) is None:
            raise ValueError("api_key: the public half, letters and digits, as the venue shows it")
        for symbol in self.symbols:
            if _SYMBOL.fullmatch(symbol) is None:
                raise ValueError(f"symbols: {symbol[:40]!r} is not a symbol such as BTCUSDT")
        if len(self.addresses) > MOST_ADDRESSES:
            raise ValueError(f"addresses: a key of the venue takes at most {MOST_ADDRESSES}; name those it needs")
        for address in self.addresses:
            try:
                ipaddress.ip_address(address)
            except ValueError:
                raise ValueError(f"addresses: {address[:60]!r} is no single address") from None

    @property
    def may_trade(self) -> bool:
        """Whether it shall be able to trade now."""
        return self.trades and self.state is KeyState.ACTIVE

    @property
    def kept(self) -> bool:
        """Whether it shall exist at the venue."""
        return self.state not in {KeyState.REVOKED, KeyState.EXPIRED}

    @property
    def settled(self) -> bool:
        """Whether the venue last said that it can do no more than it shall. What can do less is no rule's to widen."""
        if self.said is None:
            return False
        if not self.kept or self.said.gone:
            return self.said.gone
        wider = self.said.trade is not False and not self.may_trade
        return not wider and not self.said.transfer and not self.said.other

    @property
    def confirmed(self) -> bool:
        """Whether the venue said so since the key came to its state: only what was read back counts as done."""
        return self.settled and self.read_at is not None and self.read_at >= (self.since or self.created)


class NativeTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that a native key's sub-account made, as the venue tells it. Amounts are the venue's plain decimals."""

    symbol: str
    id: int
    order_id: int
    side: str
    price: str
    quantity: str
    quote: str
    fee: str
    fee_asset: str
    at_ms: int


def native_record(native_id: str, account_id: str) -> str:
    """What the reading key beside a native key is sealed as."""
    return f"native/{account_id}/{native_id}"


def printed_as(native_id: str) -> str:
    """The name under which the print of a native key's secret, and reports about it, are kept."""
    return f"native/{native_id}"


def addresses_of(networks: tuple[str, ...]) -> tuple[str, ...]:
    """The single addresses of networks: a venue binds a key to addresses, not to networks.

    Raises:
        ValueError: if they are more than the venue takes.
    """
    found: list[str] = []
    for text in networks:
        network = ipaddress.ip_network(text)
        if network.num_addresses + len(found) > MOST_ADDRESSES:
            raise ValueError(
                f"addresses: the service's networks hold more than {MOST_ADDRESSES} addresses, and the venue binds "
                "a key to single ones; name those that it calls from with --address"
            )
        found += [str(address) for address in network]
    return tuple(found)
