"""What the watch is told: one event for each intent that the rules allow, before it is recorded, and for what follows.

Amounts are floats here, and only here: they feed ratios and logarithms, and never leave as money. Whatever is shown to
a person as an amount is taken from the order itself.
"""

from decimal import Decimal
from typing import Final

import msgspec

from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, OrderType, Side
from bailiwick.model.reason import Reason

SIGN_FRESH_US: Final = 5_000_000  # for how long a sign of the market is believed


class Holder(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Who holds a key, and what it is for: made once for a key in use, and again when the key changes.

    ``purpose`` is the grant's declared kind of client, such as ``grid-bot``; empty where none was declared.
    ``idle_since_us`` is since when the key had placed nothing when this was made, as the store knows it: its creation,
    if it never did; 0 where that is not known.
    """

    key: str
    account: str
    service: str
    purpose: str = ""
    created_us: int = 0
    idle_since_us: int = 0


class Origin(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where a request came from and what sent it: made once for each address and fingerprint met, then remembered.

    Attributes:
        network: a 32-bit digest of the /24 (IPv4) or /48 (IPv6) of the client's address.
        of_service: whether the address is in the networks that the key's service publishes; None: it publishes none.
        fingerprint: a 32-bit digest of user agent, order of headers and of parameters.
    """

    network: int
    fingerprint: int
    of_service: bool | None = None


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A verified intent that the rules allow, about to leave.

    Of several orders the one that can cost most stands for all; ``worth`` is of all.

    Attributes:
        at_us: the venue's time, microseconds since 1970.
        worth: what all its orders come to at their worst, in the grant's currency; 0 where nothing is placed.
        day_worth: the symbol's usual volume of a day, in the grant's currency; None where it is not known.
        top_worth: what rests at the best price that it would meet, in the grant's currency; None: not known.
        near_bps: how much worse than the near price its limit is for the key, in basis points: positive is adverse.
            None for a symbol without a price. An order without a limit has ``unbounded`` set.
        anchor_bps: the same against the anchor.
        moved_bps: how far the near price has moved from the anchor, in basis points, signed.
        reducing: whether it sells no more than the key's own fills bought, inside the band.
        prefix: a 32-bit digest of the first letters of the client order id, by which a client's software is known.
        window_ms: its receive window; ``offset_ms`` how far its timestamp is behind the venue's time.
        worth_in: the asset that ``worth`` is counted in.
    """

    at_us: int
    holder: Holder
    origin: Origin
    act: Act
    harm: Harm
    symbol: str = ""
    base: str = ""
    quote: str = ""
    side: Side | None = None
    type: OrderType | None = None
    worth: float = 0.0
    day_worth: float | None = None
    top_worth: float | None = None
    near_bps: float | None = None
    anchor_bps: float | None = None
    moved_bps: float = 0.0
    unbounded: bool = False
    reducing: bool = False
    prefix: int = 0
    window_ms: int = 0
    offset_ms: int = 0
    worth_in: str = ""


class Refused(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A verified request that was refused by a rule, or held: it never teaches."""

    at_us: int
    holder: Holder
    origin: Origin
    reason: Reason
    harm: Harm
    symbol: str = ""


class Traded(msgspec.Struct, frozen=True, gc=False):
    """A fill of the key's own order.

    ``near_bps`` is how much worse than the near price it was executed; ``taker`` None where the venue did not say.
    ``price`` is what it was executed at, in the quote asset, from which its worth shortly after is told (``Looked``);
    0 where it is not known.
    """

    at_us: int
    holder: Holder
    symbol: str
    side: Side
    worth: float
    near_bps: float | None = None
    taker: bool | None = None
    price: float = 0.0


class Looked(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The near price of a symbol, some seconds to minutes after fills in it: what they were worth shortly after."""

    at_us: int
    symbol: str
    near: float


class MarketSign(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the pump detector says of a symbol: ``score`` is a log-likelihood ratio, in thousandths of nats."""

    at_us: int
    symbol: str
    score: int
    why: str = ""


Event = Asked | Refused | Traded | Looked | MarketSign


class Vouched(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """ "That was me": an owner's word for a symbol of a key, up to the size he was shown, until a moment."""

    key: str
    symbol: str
    worth: Decimal
    until_us: int
