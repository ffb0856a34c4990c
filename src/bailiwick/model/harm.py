"""Harm classes: what an endpoint can do at worst, whatever the venue calls it."""

from enum import StrEnum


class Harm(StrEnum):
    """The worst that a request to an endpoint can do.

    A venue's own security labels are not harm classes: Binance files withdrawals under ``USER_DATA``.
    """

    PUBLIC = "public"  # tells what anybody may know
    READ = "read"  # tells what only the account's owner may know; changes nothing
    CANCEL = "cancel"  # takes resting orders away, and opens nothing
    TRADE = "trade"  # exchanges assets, or commits them to a product, inside the account
    BORROW = "borrow"  # takes on debt, repays it, or changes what secures it
    MOVE = "move"  # moves assets between wallets or accounts of the same owner
    WITHDRAW = "withdraw"  # sends assets to somebody else
    BEARER = "bearer"  # turns assets into something whoever holds it may spend, such as a gift code
    ADMINISTER = "administer"  # changes keys, accounts, permissions or settings


BIT: dict[Harm, int] = {harm: 1 << place for place, harm in enumerate(Harm)}


def mask(harms: frozenset[Harm]) -> int:
    """The set as a bit mask, for the one comparison that every request makes."""
    return sum(BIT[harm] for harm in harms)
