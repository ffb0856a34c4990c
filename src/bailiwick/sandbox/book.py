"""The order book of one symbol: price first, then time."""

from collections import OrderedDict
from collections.abc import Iterator

from sortedcontainers import SortedDict

from bailiwick.sandbox.orders import BUY, Order


class Level:
    """The orders resting at one price, oldest first, and their quantity together."""

    __slots__ = ("icebergs", "orders", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        # Not a plain dict: taking orders from the front of one leaves holes that each look at the front walks over.
        self.orders: OrderedDict[int, Order] = OrderedDict()
        self.icebergs: dict[int, int] = {}  # by number: what was left of each when it came to rest

    @property
    def shown(self) -> int:
        """What the public sees of the level: of an iceberg the slice that is at work, and not what comes after it."""
        hidden = 0
        for order_id, rested in self.icebergs.items():
            order = self.orders[order_id]
            slice_left = order.iceberg - (rested - order.remaining) % order.iceberg
            hidden += max(order.remaining - slice_left, 0)
        return self.quantity - hidden


class Book:
    """Bids and asks. Only remaining quantities count; whoever changes one says so with ``reduce``.

    ``updates`` counts the changes, as the exchange numbers them.
    """

    def __init__(self) -> None:
        self._bids: SortedDict[int, Level] = SortedDict()
        self._asks: SortedDict[int, Level] = SortedDict()
        self._found: dict[str, Level | None] = {}  # the best of a side, until its prices change
        self.updates = 1

    def add(self, order: Order) -> None:
        """Rest an order behind the others at its price."""
        side = self._side(order.side)
        level: Level | None = side.get(order.price)
        if level is None:
            level = side[order.price] = Level(order.price)
            self._found.pop(order.side, None)
        level.orders[order.order_id] = order
        level.quantity += order.remaining
        if order.iceberg:
            level.icebergs[order.order_id] = order.remaining
        self.updates += 1

    def remove(self, order: Order) -> None:
        """Take a resting order out, whatever is left of it."""
        side = self._side(order.side)
        level: Level = side[order.price]
        del level.orders[order.order_id]
        level.icebergs.pop(order.order_id, None)
        level.quantity -= order.remaining
        self.updates += 1
        if not level.orders:
            del side[order.price]
            self._found.pop(order.side, None)

    def reduce(self, order: Order, quantity: int) -> None:
        """Note that a resting order's remaining quantity is about to fall by ``quantity``; it keeps its place."""
        self._side(order.side)[order.price].quantity -= quantity
        self.updates += 1

    def best(self, side: str) -> Level | None:
        """The best level of bids (``BUY``) or asks (``SELL``)."""
        try:
            return self._found[side]
        except KeyError:
            levels = self._side(side)
            found: Level | None = levels.peekitem(-1 if side == BUY else 0)[1] if levels else None
            self._found[side] = found
            return found

    def levels(self, side: str) -> Iterator[Level]:
        """The levels of one side, best first."""
        if side == BUY:
            return (self._bids[price] for price in reversed(self._bids))
        return iter(self._asks.values())

    def _side(self, side: str) -> "SortedDict[int, Level]":
        return self._bids if side == BUY else self._asks


def crosses(side: str, limit: int, price: int) -> bool:
    """Whether an order of ``side`` limited to ``limit`` may trade at ``price``; a limit of zero is no limit."""
    if not limit:
        return True
    return price <= limit if side == BUY else price >= limit
