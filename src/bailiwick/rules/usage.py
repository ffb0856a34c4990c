"""What a key has used of its grant, as decisions ask it: they read this and change nothing.

What changes it is the ledger (``ledger.py``), which is this and more. Money is in the grant's currency, quantities are
of a symbol's base asset, times are microseconds.
"""

from decimal import Decimal

from bailiwick.model.intent import Act, Destination, Intent, OrderRef
from bailiwick.model.money import ZERO, minus, plus
from bailiwick.rules.owned import Owned
from bailiwick.rules.spending import Spending
from bailiwick.rules.together import Together
from bailiwick.rules.tracked import Position, Tracked
from bailiwick.rules.windows import CLIENT_ID_US, MINUTE_US, RATE_SPAN_US


class Usage:
    """Open orders, holdings, budgets, loss, rate and withdrawals of one key. ``most`` ended orders stay its own."""

    __slots__ = (
        "_live",
        "_owned",
        "_used",
        "losses",
        "orders",
        "positions",
        "rate_us",
        "reserved",
        "resting",
        "risked",
        "slow",
        "spent",
        "together",
        "withdrawn",
    )

    def __init__(self, most: int) -> None:
        self.orders: dict[str, Tracked] = {}  # by client order id: live ones, and ended ones for a while
        self.positions: dict[str, Position] = {}
        self.spent = Spending()
        self.losses = Spending()
        self.withdrawn: dict[Destination, Spending] = {}
        self.reserved = ZERO  # what orders that have not ended may still spend
        self.risked = ZERO  # what they may lose, where they open anything
        self.resting = 0  # orders that have not ended and may rest in the book
        self.together: Together | None = None  # where the service has a limit for all its keys
        self.slow = False  # whether sales are kept by time, as a suspect key's are
        self.rate_us = 0  # when the bucket of requests will be full again
        self._owned = Owned(self.orders, most)
        self._used: dict[str, int] = {}  # client order ids, oldest first
        self._live: dict[str, Tracked] = {}  # orders that have not ended, oldest first

    def free(self, symbol: str) -> Decimal:
        """What the key's own fills bought of a symbol's base asset and no open sell of its own claims."""
        position = self.positions.get(symbol)
        if position is None:
            return ZERO
        free = minus(minus(position.bought, position.sold), position.covered)
        return max(free, ZERO)

    def holding(self, symbol: str) -> Decimal:
        """What the key's own fills bought of a symbol's base asset and have not sold."""
        position = self.positions.get(symbol)
        return ZERO if position is None else max(minus(position.bought, position.sold), ZERO)

    def rolling_use(self, now_us: int) -> Decimal:
        """What counts against a budget of 24 hours."""
        return plus(self.spent.rolling(now_us), self.reserved)

    def day_use(self, day_us: int) -> Decimal:
        """What counts against the budget of the day that began then."""
        return plus(self.spent.since(day_us), self.reserved)

    def symbol_use(self, symbol: str, day_us: int) -> Decimal:
        """What counts against the share of a market of the day that began then."""
        position = self.positions.get(symbol)
        return ZERO if position is None else plus(position.volume.since(day_us), position.reserved)

    def loss(self, day_us: int) -> Decimal:
        """What was lost in the day that began then: adverse slippage of fills, and fees."""
        return max(self.losses.since(day_us), ZERO)

    def withdrawn_since(self, destination: Destination, day_us: int) -> Decimal:
        """What went to a destination in the day that began then."""
        spending = self.withdrawn.get(destination)
        return ZERO if spending is None else spending.since(day_us)

    def wait_us(self, per_minute: int, now_us: int) -> int:
        """How long until the rate has room for one more request; at most zero where it has."""
        ahead_us = self.rate_us - now_us
        return max(0, ahead_us) + MINUTE_US // per_minute - RATE_SPAN_US

    def id_used(self, client_id: str, now_us: int) -> bool:
        """Whether a client order id was used within 24 hours, or its order may still be live."""
        if client_id in self.orders:
            return True
        used_us = self._used.get(client_id)
        return used_us is not None and now_us - used_us < CLIENT_ID_US

    def find(self, symbol: str, ref: OrderRef) -> Tracked | None:
        """The key's own order that a request names, as long as it is tracked."""
        client_id = self._owned.client_id(symbol, ref)
        return None if client_id is None else self.orders.get(client_id)

    def owns(self, symbol: str, ref: OrderRef) -> bool:
        """Whether the key placed the order that a request or an answer names."""
        return self._owned.client_id(symbol, ref) is not None

    def owns_list(self, ref: OrderRef) -> bool:
        """Whether the key placed the order list that a request names."""
        return self._owned.has_list(ref)

    def live(self, symbol: str) -> list[Tracked]:
        """The key's own orders in a symbol that have not ended, oldest first."""
        return [order for order in self._live.values() if order.symbol == symbol]

    def live_of(self, base: str) -> list[Tracked]:
        """The key's own orders in any pair of an asset that have not ended, oldest first."""
        return [order for order in self._live.values() if order.base == base]

    def given_back(self, intent: Intent, symbol: str) -> Decimal:
        """What a replacement frees of the key's holdings: it is placed only once the old order is gone."""
        if intent.endpoint.act is not Act.REPLACE or intent.keep_on_failure or intent.target is None:
            return ZERO
        old = self.find(symbol, intent.target)
        return ZERO if old is None else old.covering
