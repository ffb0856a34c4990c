"""Orders that wait for a price: which of them a new last price wakes."""

from collections import OrderedDict

from sortedcontainers import SortedDict

from bailiwick.sandbox.orders import BUY, Order


class Stops:
    """The waiting stop-loss and take-profit orders of one symbol, by trigger price."""

    def __init__(self) -> None:
        self._rising: SortedDict[int, OrderedDict[int, Order]] = SortedDict()
        self._falling: SortedDict[int, OrderedDict[int, Order]] = SortedDict()

    def add(self, order: Order) -> None:
        """Let an order wait."""
        self._side(order).setdefault(order.stop_price, OrderedDict())[order.order_id] = order

    def remove(self, order: Order) -> None:
        """Take a waiting order out."""
        side = self._side(order)
        waiting = side[order.stop_price]
        del waiting[order.order_id]
        if not waiting:
            del side[order.stop_price]

    def __len__(self) -> int:
        """How many prices are waited for."""
        return len(self._rising) + len(self._falling)

    def meets(self, last: int) -> bool:
        """Whether the last price would wake an order."""
        rising: bool = bool(self._rising) and last >= self._rising.peekitem(0)[0]
        return rising or (bool(self._falling) and last <= self._falling.peekitem(-1)[0])

    def next_woken(self, last: int) -> Order | None:
        """The first order that the last price wakes, taken out; None if all sleep on."""
        for side, at in ((self._rising, 0), (self._falling, -1)):
            if side:
                price, waiting = side.peekitem(at)
                if last >= price if side is self._rising else last <= price:
                    order: Order = next(iter(waiting.values()))
                    self.remove(order)
                    return order
        return None

    def _side(self, order: Order) -> "SortedDict[int, OrderedDict[int, Order]]":
        return self._rising if wakes_rising(order.side, order.type) else self._falling


def wakes_rising(side: str, kind: str) -> bool:
    """Whether the trigger is met when the price rises to it: buying stop-losses and selling take-profits."""
    return (side == BUY) == kind.startswith("STOP_LOSS")


def would_trigger(side: str, kind: str, stop_price: int, last: int) -> bool:
    """Whether the trigger is met already."""
    return last >= stop_price if wakes_rising(side, kind) else last <= stop_price
