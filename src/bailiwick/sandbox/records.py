"""The engine's memory: every order and fill, found by account, symbol, number and client id in constant time."""

from collections import defaultdict

from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.orders import Fill, Order, PreventedMatch

Place = tuple[str, str]


class Records:
    """Orders and fills. The house's closed orders are forgotten: a market maker has millions."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.fills: dict[Place, list[Fill]] = defaultdict(list)
        self._fills_of_order: dict[int, list[Fill]] = defaultdict(list)
        self.history: dict[Place, list[Order]] = defaultdict(list)
        self.prevented: dict[Place, list[PreventedMatch]] = defaultdict(list)
        self.amendments: dict[int, list[dict[str, object]]] = {}
        self._open: dict[Place, dict[int, Order]] = defaultdict(dict)
        self._symbols: dict[str, set[str]] = defaultdict(set)
        self._by_client: dict[tuple[str, str, str], Order] = {}
        self._waiting: dict[Place, int] = defaultdict(int)

    def open_orders(self, account: Account, symbol: str) -> dict[int, Order]:
        """The account's open orders of a symbol by number, oldest first."""
        return self._open[account.name, symbol]

    def all_open(self, account: Account) -> list[Order]:
        """The account's open orders of every symbol."""
        return [
            order
            for symbol in sorted(self._symbols[account.name])
            for order in self._open[account.name, symbol].values()
        ]

    def algo_count(self, account: Account, symbol: str) -> int:
        """How many stop orders the account has open."""
        return self._waiting[account.name, symbol]

    def client_id_taken(self, account: Account, symbol: str, client_id: str) -> bool:
        """Whether an open order bears the client id."""
        order = self._by_client.get((account.name, symbol, client_id))
        return order is not None and order.open

    def by_client_id(self, account: Account, symbol: str, client_id: str) -> Order | None:
        """The latest order with a client id."""
        return self._by_client.get((account.name, symbol, client_id))

    def opened(self, order: Order) -> None:
        """Remember a new order."""
        place = (order.account.name, order.symbol)
        self.orders[order.order_id] = order
        self._open[place][order.order_id] = order
        self._symbols[place[0]].add(order.symbol)
        self._waiting[place] += order.stop
        if not order.account.house:
            self.history[place].append(order)
            self._by_client[(*place, order.client_id)] = order

    def closed(self, order: Order) -> None:
        """Note that an order has ended."""
        place = (order.account.name, order.symbol)
        if self._open[place].pop(order.order_id, None) is not None:
            self._waiting[place] -= order.stop
        if order.account.house:
            self.orders.pop(order.order_id, None)

    def filled(self, order: Order, fill: Fill) -> None:
        """Remember a fill."""
        if not order.account.house:
            self.fills[order.account.name, order.symbol].append(fill)
            self._fills_of_order[order.order_id].append(fill)

    def fills_of(self, order_id: int) -> list[Fill]:
        """The fills of one order, oldest first."""
        return self._fills_of_order.get(order_id, [])

    def prevented_for_taker(self, order: Order) -> list[PreventedMatch]:
        """The matches that were prevented while an order that has just come in was the taker."""
        found = []
        for match in reversed(self.prevented[order.account.name, order.symbol]):
            if match.taker_order_id != order.order_id:
                break
            found.append(match)
        return found[::-1]

    def renamed(self, order: Order, client_id: str) -> None:
        """Give an order another client id; the old one keeps leading to it."""
        order.client_id = client_id
        self._by_client[order.account.name, order.symbol, client_id] = order
