"""The exchange's own second set: who traded with whom, and who gained by it. A gateway cannot know either.

Its events and its state are types of their own, so that what only an exchange sees is never put to the gateway's watch,
or the other way round: mixing them does not type-check. The transfer of value from a victim to a counterparty is
Σ (price executed − fair price) · quantity.
"""

from typing import Final, final

import msgspec

from bailiwick.watch.course import Sum
from bailiwick.watch.scale import clamp, milli_ln
from bailiwick.watch.signal import Signal
from bailiwick.watch.words import amount

CONTRA: Final = "contra-trading"
BENEFICIARY: Final = "beneficiary"
SPEAKS: Final = 4_000  # a sum from which it is said

MOST_PAIRS: Final = 65_536
MOST_GAINERS: Final = 16_384
MOST_VICTIMS: Final = 64  # counted of one beneficiary

_SPREAD: Final = 60.0  # basis points from fair that a taker pays a maker anyway
_MOST_MATCH: Final = 700  # what one match may say: contra-trading is many
_BOTH_WAYS: Final = 400  # and what it says besides that the two met in both roles
_INNOCENT: Final = -150  # what a fair match says


class Matched(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A trade as the exchange's engine knows it.

    ``price`` and ``fair`` are in the quote asset; ``worth`` is price × quantity in one currency for all symbols.
    """

    at_us: int
    symbol: str
    buyer_account: str
    seller_account: str
    price: float
    fair: float
    worth: float
    worth_in: str = ""


@final
class Pair:
    """Two accounts in one symbol: what the first lost to the second."""

    __slots__ = ("bought", "matches", "moved", "sold", "sum")

    def __init__(self) -> None:
        self.sum = Sum()
        self.matches = 0
        self.bought = 0  # by who loses
        self.sold = 0
        self.moved = 0.0


@final
class Gainer:
    """An account that others lose to beyond a spread."""

    __slots__ = ("gained", "sum", "victims")

    def __init__(self) -> None:
        self.sum = Sum()
        self.gained = 0.0
        self.victims: dict[str, float] = {}


@final
class VenueState:
    """What the exchange's second set knows: pairs and beneficiaries, of which the quietest go first."""

    __slots__ = ("gainers", "pairs")

    def __init__(self) -> None:
        self.pairs: dict[tuple[str, str, str], Pair] = {}
        self.gainers: dict[str, Gainer] = {}


def step_venue(state: VenueState, event: Matched, now_us: int) -> tuple[VenueState, tuple[Signal, ...]]:
    """Take in a trade; ``state`` is changed in place and given back, with what there is to say of the two accounts."""
    if event.fair <= 0.0 or event.price <= 0.0 or event.buyer_account == event.seller_account:
        return state, ()
    now_s = now_us // 1_000_000
    apart = (event.price / event.fair - 1.0) * 10_000.0
    buyer_loses = apart > 0.0
    loser, gainer = event.buyer_account, event.seller_account
    if not buyer_loses:
        loser, gainer = gainer, loser
    moved = abs(event.price - event.fair) / event.price * event.worth
    pair = _pair(state, (loser, gainer, event.symbol))
    pair.matches += 1
    if buyer_loses:
        pair.bought += 1
    else:
        pair.sold += 1
    found = _worth_saying(abs(apart))
    if found <= 0:
        pair.sum.value = max(0, pair.sum.now(now_s) + _INNOCENT)
        return state, ()
    pair.moved += moved
    if pair.bought and pair.sold:
        found += _BOTH_WAYS
    signals = []
    score = pair.sum.add(found, now_s)
    if score >= SPEAKS:
        signals.append(Signal(CONTRA, score, _pair_values(event, loser, gainer, pair)))
    beneficiary = _gainer(state, gainer)
    new = loser not in beneficiary.victims
    if len(beneficiary.victims) < MOST_VICTIMS or not new:
        beneficiary.victims[loser] = beneficiary.victims.get(loser, 0.0) + moved
    beneficiary.gained += moved
    # Each victim beyond the first makes chance less likely than another match with the same one.
    score = beneficiary.sum.add(found // 2 + (_MOST_MATCH if new and len(beneficiary.victims) > 1 else 0), now_s)
    if score >= SPEAKS:
        signals.append(Signal(BENEFICIARY, score, _gainer_values(event, gainer, beneficiary)))
    return state, tuple(signals)


def _worth_saying(apart_bps: float) -> int:
    if apart_bps <= _SPREAD:
        return 0
    return clamp(milli_ln(apart_bps / _SPREAD) * 5 // 10, 50, _MOST_MATCH)


def _pair(state: VenueState, names: tuple[str, str, str]) -> Pair:
    found = state.pairs.get(names)
    if found is None:
        if len(state.pairs) >= MOST_PAIRS:
            # The oldest quarter makes room at once; one that is at work comes back by its next match.
            quiet = sorted(state.pairs, key=lambda each: state.pairs[each].sum.at_s)[: MOST_PAIRS // 4]
            for each in quiet:
                del state.pairs[each]
        found = state.pairs[names] = Pair()
    return found


def _gainer(state: VenueState, account: str) -> Gainer:
    found = state.gainers.get(account)
    if found is None:
        if len(state.gainers) >= MOST_GAINERS:
            quiet = sorted(state.gainers, key=lambda each: state.gainers[each].sum.at_s)[: MOST_GAINERS // 4]
            for each in quiet:
                del state.gainers[each]
        found = state.gainers[account] = Gainer()
    return found


def _pair_values(event: Matched, loser: str, gainer: str, pair: Pair) -> tuple[tuple[str, str], ...]:
    return (
        ("symbol", event.symbol),
        ("loses", loser),
        ("gains", gainer),
        ("matches", str(pair.matches)),
        ("moved", amount(pair.moved, event.worth_in)),
    )


def _gainer_values(event: Matched, gainer: str, found: Gainer) -> tuple[tuple[str, str], ...]:
    return (
        ("gains", gainer),
        ("from accounts", str(len(found.victims))),
        ("moved", amount(found.gained, event.worth_in)),
    )
