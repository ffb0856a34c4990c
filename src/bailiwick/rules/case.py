"""One request before the rules: what it asks, what is known, and its orders as they would leave."""

from collections.abc import Iterable
from decimal import Decimal
from typing import final

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Act, Intent, OrderDraft, OrderRef, Side
from bailiwick.model.life import Curb, KeyState
from bailiwick.model.money import ZERO, plus, times
from bailiwick.model.reason import Reason
from bailiwick.rules.authority import Authority
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.market import Market
from bailiwick.rules.pricing import Leg, price_leg
from bailiwick.rules.tracked import alternative

_REPLACE = Act.REPLACE
_SELL = Side.SELL
PLACING = frozenset({Act.PLACE, Act.TRY, Act.PLACE_LIST, Act.REPLACE})


@final
class Case:
    """What every rule is given. Rules read it; that of cancel-all leaves in ``cancels`` what it narrowed."""

    __slots__ = (
        "act",
        "authority",
        "cancels",
        "claim",
        "curb",
        "day_us",
        "intent",
        "ledger",
        "legs",
        "market",
        "notional",
        "now_us",
        "reducing",
        "risk",
        "source_allowed",
        "state",
        "unpriced",
    )

    def __init__(
        self,
        intent: Intent,
        authority: Authority,
        ledger: Ledger,
        market: Market,
        now_us: int,
        state: KeyState,
        source_allowed: bool,
        curb: Curb | None = None,
    ) -> None:
        self.intent = intent
        self.act = intent.endpoint.act
        self.authority = authority
        self.ledger = ledger
        self.market = market
        self.now_us = now_us
        self.state = state
        self.curb = curb
        self.source_allowed = source_allowed
        self.cancels: tuple[OrderRef, ...] | None = None
        self.reducing = False
        self.legs: list[Leg] = []
        self.unpriced: Deny | None = None
        self.notional = ZERO  # of all that can be executed, in the grant's currency
        self.risk = ZERO  # what all of it may lose
        self.claim = ZERO  # with what open orders have reserved
        self.day_us = 0
        if self.act in PLACING:
            self._price(intent.orders)

    def _price(self, orders: tuple[OrderDraft, ...]) -> None:
        """Work the orders out as they would leave. What cannot be priced is kept, for the rule whose turn it is."""
        self.day_us = self.authority.days.start_us(self.now_us)
        if len(orders) != 1:
            self._price_list(orders)
            return
        draft = orders[0]
        leg = price_leg(draft, self.authority, self.market, self.now_us, None)
        self.legs = [leg]
        self.notional = leg.notional
        self.risk = times(leg.quantity, leg.risk)
        self.claim = plus(self.ledger.reserved, leg.notional)
        if draft.side is _SELL:
            self.reducing = self._reduces()
        self.unpriced = leg.unpriced if leg.unpriced is not None or self.reducing else leg.unvalued

    def _price_list(self, orders: tuple[OrderDraft, ...]) -> None:
        if not orders:
            self.unpriced = Deny(Reason.UNPRICEABLE, "the request names no order")
            return
        for draft in orders:
            # A pending order without a quantity takes what the working one brings.
            brought = self.legs[0] if self.legs and draft.leg.startswith("pending") else None
            leg = price_leg(draft, self.authority, self.market, self.now_us, brought)
            if self.legs and _closes(leg, self.legs[0]):
                leg.risk = ZERO
            self.legs.append(leg)
        self.reducing = all(draft.side is _SELL for draft in orders) and self._reduces()
        self.notional = dearest((leg.draft.leg, leg.notional) for leg in self.legs)
        self.risk = dearest((leg.draft.leg, times(leg.quantity, leg.risk)) for leg in self.legs)
        self.claim = plus(self.ledger.reserved, self.notional)
        self.unpriced = next((leg.unpriced for leg in self.legs if leg.unpriced is not None), None)
        if self.unpriced is None and not self.reducing:
            self.unpriced = next((leg.unvalued for leg in self.legs if leg.unvalued is not None), None)

    def take_as_exit(self) -> None:
        """Take its only order as one that reduces: it sells what the key bought in another pair."""
        self.reducing = True
        self.unpriced = self.legs[0].unpriced

    def _reduces(self) -> bool:
        """Whether the orders together sell no more than the key's own fills bought and no open sell claims."""
        symbol = self.legs[0].draft.symbol
        if any(leg.draft.symbol != symbol or leg.unpriced is not None for leg in self.legs):
            return False
        free = self.ledger.free(symbol)
        if self.act is _REPLACE:
            free = plus(free, self.ledger.given_back(self.intent, symbol))
        if not free:
            return False
        if len(self.legs) == 1:
            return self.legs[0].quantity <= free
        return dearest((leg.draft.leg, leg.quantity) for leg in self.legs) <= free


def _closes(leg: Leg, working: Leg) -> bool:
    """Whether a pending order sells no more than its working order buys: it is as much of an exit as a later sell."""
    pending, first = leg.draft, working.draft
    return (
        pending.leg.startswith("pending")
        and pending.side is _SELL
        and first.side is not _SELL
        and pending.symbol == first.symbol
        and leg.quantity <= working.quantity
    )


def dearest(legs: Iterable[tuple[str, Decimal]]) -> Decimal:
    """The sum of what orders may cost, of alternatives only the dearest."""
    total = ZERO
    groups: dict[str, Decimal] = {}
    for leg, amount in legs:
        pair = alternative(leg)
        if pair is None:
            total = plus(total, amount)
        else:
            groups[pair] = max(groups.get(pair, ZERO), amount)
    for amount in groups.values():
        total = plus(total, amount)
    return total
