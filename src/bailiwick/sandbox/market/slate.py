"""What the engine remembers in a rehearsal: open orders alone, and news of fills until somebody has read them.

The sandbox's own records keep every order and trade for its look-ups; a crowd's would not fit into memory.
"""

from typing import final

from bailiwick.sandbox.market.door import Print
from bailiwick.sandbox.orders import Fill, Order, Trade
from bailiwick.sandbox.records import Records
from bailiwick.sandbox.tape import Tape


@final
class Slate(Records):
    """Open orders of all accounts but the market's own, and their fills since they were last asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh: list[tuple[Order, Fill]] = []

    def opened(self, order: Order) -> None:
        """Remember an open order."""
        if order.account.house:
            return
        place = (order.account.name, order.symbol)
        self.orders[order.order_id] = order
        self._open[place][order.order_id] = order
        self._waiting[place] += order.stop
        self._by_client[(*place, order.client_id)] = order

    def closed(self, order: Order) -> None:
        """Forget an order that has ended."""
        if self.orders.pop(order.order_id, None) is None:
            return
        place = (order.account.name, order.symbol)
        self._open[place].pop(order.order_id, None)
        self._waiting[place] -= order.stop
        self._by_client.pop((*place, order.client_id), None)

    def filled(self, order: Order, fill: Fill) -> None:
        """Keep the news of a fill."""
        if not order.account.house:
            self.fresh.append((order, fill))


@final
class Ticker(Tape):
    """The public trades of one symbol, for whoever listens; nothing is kept otherwise."""

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self.symbol = symbol
        self.listening = False
        self.fresh: list[Print] = []

    def print(self, price: int, quantity: int, quote: int, now: int, *, buyer_is_maker: bool) -> Trade:
        """Number a trade, and keep it where somebody listens."""
        trade = Trade(self.next_id, price, quantity, quote, now, buyer_is_maker)
        self.next_id += 1
        if self.listening:
            self.fresh.append(Print(self.symbol, now * 1000, price / 1e8, quantity / 1e8, not buyer_is_maker))
        return trade
