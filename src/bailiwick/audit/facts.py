"""What an exchange says of one of its keys, in words that mean the same for all of them."""

from enum import StrEnum

import msgspec


class Need(StrEnum):
    """What its owner needs a key for. No need includes withdrawing."""

    READ = "read"
    TRADE = "trade"


class IdleRule(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange's own rule by which it takes keys away that lie idle, or that are bound to no address.

    ``trading_only`` says that it spares keys that can only read; ``from_creation`` that the days run from the key's
    creation, used or not. ``sentence`` names where the exchange published it.
    """

    days: int
    sentence: str
    trading_only: bool = True
    from_creation: bool = False


class KeyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a key. None means that the exchange does not tell, which is never taken for a no.

    ``trade`` is placing orders of any market, ``borrow`` margin loans, ``move`` transfers between the owner's own
    accounts. ``permissions`` are the exchange's own words; ``unread`` those among them that have no meaning here.
    Times are milliseconds since 1970 UTC. ``scope`` says what the key reaches where that is less than the account.
    """

    read: bool | None = None
    trade: bool | None = None
    borrow: bool | None = None
    derivatives: bool | None = None
    move: bool | None = None
    withdraw: bool | None = None
    permissions: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    bound: bool | None = None
    addresses: tuple[str, ...] = ()
    created_ms: int | None = None
    used_ms: int | None = None
    expires_ms: int | None = None
    scope: str = ""
    notes: tuple[str, ...] = ()
