"""Orders that belong together: OCO (one cancels the other), OTO (one triggers the other) and OTOCO.

The legs of an OCO share one hold, because at most one of them can execute: the amount is the larger of the two
needs. A leg that fills, even in part, or that is triggered expires the other. The pending legs of an OTO are placed,
and funded, when the working leg is filled to the end.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bailiwick.sandbox.filters import spent_asset
from bailiwick.sandbox.ledger import Account, Hold
from bailiwick.sandbox.orders import Order, OrderRequest
from bailiwick.sandbox.refusal import Refusal, rejected

if TYPE_CHECKING:
    from bailiwick.sandbox.engine import Engine


@dataclass(slots=True, eq=False)
class OrderList:
    """A list of orders. ``pending`` are those that wait for the working order to fill.

    ``settled`` is set when a leg has begun to execute or the list was ended: the others are being expired then, and
    what becomes of one leg has no further say in what becomes of another.
    """

    list_id: int
    account: Account
    symbol: str
    contingency: str
    client_id: str
    time: int
    orders: list[Order] = field(default_factory=list)
    pending: list[Order] = field(default_factory=list)
    settled: bool = False

    @property
    def open(self) -> bool:
        """Whether a leg can still do something."""
        return any(order.open for order in self.orders)


class Lists:
    """The order lists of all accounts."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.lists: dict[int, OrderList] = {}
        self.by_account: dict[str, list[OrderList]] = {}
        self._by_client: dict[tuple[str, str], OrderList] = {}
        self._last_id = -1

    def place_oco(self, account: Account, legs: list[OrderRequest], client_id: str, now: int) -> OrderList:
        """Place two legs of one side and quantity, of which one at most executes.

        Raises:
            Refusal: if either leg is refused; nothing has changed then.
        """
        self._check_new(account, legs, client_id)
        for leg in legs:
            self._engine.check_entry(account, leg)
        made = self._new(account, "OCO", client_id, legs, now)
        hold = self._shared_hold(made.orders)
        for order in made.orders:
            order.hold = hold
        self._keep(made)
        # The limit leg first: if it fills at once, the stop leg has already been placed and expires with it.
        for order in sorted(made.orders, key=lambda order: not order.stop):
            self._engine.records.opened(order)
        for order in sorted(made.orders, key=lambda order: not order.stop):
            if order.open:
                self._engine.activate(order, now, [])
        self._engine.settle(made.symbol, now)
        return made

    def place_oto(
        self, account: Account, working: OrderRequest, pending: list[OrderRequest], client_id: str, now: int
    ) -> OrderList:
        """Place a working order and one pending order, or two (an OCO), that follow when it is filled.

        Raises:
            Refusal: if the working order is refused or a pending one could never be placed.
        """
        legs = [working, *pending]
        self._check_new(account, legs, client_id)
        self._engine.check_entry(account, working)
        made = self._new(account, "OTO", client_id, legs, now)
        first, *rest = made.orders
        first.hold = self._engine.ledger.hold(account, self._asset(first), self._engine.need(first))
        made.pending = rest
        self._keep(made)
        self._engine.records.opened(first)
        for order in rest:
            order.status = "PENDING_NEW"
            self._engine.records.opened(order)
        self._engine.activate(first, now, [])
        self._engine.settle(made.symbol, now)
        return made

    def sharing(self, order: Order) -> list[Order]:
        """The orders that live on one hold with an order, itself among them."""
        if order.list_id < 0 or order.hold is None:
            return [order]
        return [leg for leg in self.lists[order.list_id].orders if leg.open and leg.hold is order.hold]

    def by_client_id(self, account: Account, client_id: str) -> OrderList | None:
        """The latest list with a client id."""
        return self._by_client.get((account.name, client_id))

    def cancel(self, list_id: int, now: int) -> list[Order]:
        """Cancel every open leg of a list; the canceled orders."""
        return self._end_others(self.lists[list_id], None, "CANCELED", now)

    def working(self, order: Order, now: int) -> None:
        """A stop leg was triggered: its siblings expire."""
        self._one_of_two(order, now)

    def filled(self, order: Order, now: int) -> None:
        """A leg traded: its siblings expire."""
        self._one_of_two(order, now)

    def ended(self, order: Order, now: int) -> None:
        """A leg ended: a filled working order brings its pending legs, any other end expires the rest."""
        if order.list_id < 0:
            return
        made = self.lists[order.list_id]
        if made.settled:
            return
        if made.pending and order is made.orders[0]:
            if order.status == "FILLED":
                self._place_pending(made, now)
            else:
                made.pending = []
                self._end_others(made, order, order.status if order.status == "CANCELED" else "EXPIRED", now)
        elif order.status in ("EXPIRED_IN_MATCH", "EXPIRED"):
            self._end_others(made, order, "EXPIRED", now)

    def _one_of_two(self, order: Order, now: int) -> None:
        if order.list_id < 0:
            return
        made = self.lists[order.list_id]
        if not made.settled and (made.contingency == "OCO" or order is not made.orders[0]):
            self._end_others(made, order, "EXPIRED", now)

    def _place_pending(self, made: OrderList, now: int) -> None:
        rest, made.pending = made.pending, []
        try:
            hold = self._shared_hold(rest)
        except Refusal:
            for order in rest:
                self._expire_unplaced(order, now)
            return
        for order in rest:
            order.hold = hold
        for order in sorted(rest, key=lambda order: not order.stop):
            if order.open:
                self._engine.activate(order, now, [])

    def _expire_unplaced(self, order: Order, now: int) -> None:
        order.status = "EXPIRED"
        order.updated = now
        self._engine.records.closed(order)

    def _end_others(self, made: OrderList, but: Order | None, status: str, now: int) -> list[Order]:
        ended = []
        made.pending, made.settled = [], True
        for order in made.orders:
            if order is not but and order.open:
                if order.status == "PENDING_NEW":
                    order.status = status
                    order.updated = now
                    self._engine.records.closed(order)
                else:
                    self._engine.end(order, status, now)
                ended.append(order)
        return ended

    def _shared_hold(self, orders: list[Order]) -> Hold:
        need = max(self._engine.need(order) for order in orders)
        hold = self._engine.ledger.hold(orders[0].account, self._asset(orders[0]), need)
        hold.owners = len(orders)
        return hold

    def _asset(self, order: Order) -> str:
        return spent_asset(self._engine.market(order.symbol).symbol, order.side)

    def _check_new(self, account: Account, legs: list[OrderRequest], client_id: str) -> None:
        symbol = legs[0].symbol
        given = [leg.client_id for leg in legs if leg.client_id]
        taken = any(self._engine.records.client_id_taken(account, symbol, name) for name in given)
        if taken or len(set(given)) != len(given):
            raise rejected("Duplicate order sent.")
        same_list = self.by_client_id(account, client_id)
        if same_list is not None and same_list.open:
            raise rejected("Duplicate order sent.")
        for leg in legs:
            self._engine.check(account, leg)

    def _new(self, account: Account, contingency: str, client_id: str, legs: list[OrderRequest], now: int) -> OrderList:
        list_id = self._last_id + 1
        made = OrderList(list_id, account, legs[0].symbol, contingency, client_id or f"sandboxlist{list_id:011d}", now)
        made.orders = [self._engine.create(account, leg, now) for leg in legs]
        for order in made.orders:
            order.list_id = list_id
        return made

    def _keep(self, made: OrderList) -> None:
        self._last_id = made.list_id
        self.lists[made.list_id] = made
        self._by_client[made.account.name, made.client_id] = made
        self.by_account.setdefault(made.account.name, []).append(made)
