"""What it came to: who asked for what, what thieves took of whom, at fair prices."""

from decimal import Decimal
from typing import final

from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.market.coins import BY_NAME
from bailiwick.sandbox.market.door import Act, Ruled, Ruling
from bailiwick.sandbox.market.floor import Floor
from bailiwick.sandbox.orders import BUY, Fill, Order

_CENT = Decimal("0.01")


@final
class Victim:
    """One key that a thief used.

    Attributes:
        lost: what fills of his orders cost against the fair price of their moment, with fees, in USDT.
        first_us: when his first order came, 0 before.
        sent: his orders, ``passed`` those that left; ``before_hold``: those that left before one was first held.
        worth_before, worth_after: of the account, at the fair prices of the attack's beginning.
    """

    __slots__ = (
        "_lost", "before_hold", "first_us", "held_us", "key", "passed", "sent", "theft", "worth_after", "worth_before",
    )  # fmt: skip

    def __init__(self, key: str, theft: str) -> None:
        self.key = key
        self.theft = theft
        self._lost = 0.0
        self.first_us = self.held_us = 0
        self.sent = self.passed = self.before_hold = 0
        self.worth_before = self.worth_after = Decimal(0)

    @property
    def lost(self) -> Decimal:
        """What was traded away."""
        return Decimal(self._lost).quantize(_CENT)


@final
class Reckoning:
    """The books of a rehearsal."""

    def __init__(self) -> None:
        self.acts = 0
        self.orders = 0
        self.denied = 0
        self.held = 0
        self.victims: dict[tuple[str, str], Victim] = {}
        self.gains: dict[str, float] = {}  # of each thief, at the fair prices of his beginning, in USDT
        self.oddities: dict[str, int] = {}  # what honest owners did of their own, and how often
        self.wrongly: dict[str, list[Act]] = {}  # honest acts that were held, by key

    def asked(self, act: Act, ruling: Ruling) -> None:
        """Note an act and what became of it."""
        self.acts += 1
        placing = bool(act.intent.orders)
        self.orders += placing
        if ruling.ruled is Ruled.DENIED:
            self.denied += 1
        elif ruling.ruled is Ruled.HELD:
            self.held += 1
            if not act.theft:
                self.wrongly.setdefault(act.key, []).append(act)
        if act.theft and placing:
            self._theft(act, ruling)

    def stolen(self, floor: Floor, key: str, theft: str, order: Order, fill: Fill) -> None:
        """Count what a fill of a thief's order cost."""
        symbol = BY_NAME[order.symbol].symbol
        at_us = fill.trade.time * 1000
        fair = floor.fair(order.symbol).mid(at_us)
        worse = fill.trade.price - fair if order.side == BUY else fair - fill.trade.price
        of_quote = floor.in_usdt(symbol.quote, at_us) / SCALE
        fee = fill.commission * (of_quote if fill.commission_asset == symbol.quote else of_quote * fair / SCALE)
        self.victim(key, theft)._lost += worse / SCALE * fill.trade.quantity * of_quote + fee

    def victim(self, key: str, theft: str) -> Victim:
        """The account of one theft on one key."""
        found = self.victims.get((key, theft))
        if found is None:
            found = self.victims[key, theft] = Victim(key, theft)
        return found

    @property
    def lost(self) -> Decimal:
        """What all thieves' orders cost all victims."""
        return sum((victim.lost for victim in self.victims.values()), Decimal(0))

    def _theft(self, act: Act, ruling: Ruling) -> None:
        victim = self.victim(act.key, act.theft)
        victim.sent += 1
        victim.first_us = victim.first_us or act.at_us
        if ruling.ruled is Ruled.PASSED:
            victim.passed += 1
            victim.before_hold += not victim.held_us
        else:
            victim.held_us = victim.held_us or act.at_us
