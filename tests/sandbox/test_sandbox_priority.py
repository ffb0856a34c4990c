"""The book against a slow and obvious one: a list that is searched from end to end for every match."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsal import NOW, wish

from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.orders import BUY, SELL
from bailiwick.sandbox.symbols import LISTED

Fills = list[tuple[int, int, int]]


@dataclass
class Resting:
    """An order of the slow book."""

    number: int
    side: str
    price: int
    left: int


class SlowBook:
    """Price, then time, by looking at everything."""

    def __init__(self) -> None:
        self.orders: list[Resting] = []
        self.count = 0

    def place(self, side: str, price: int, quantity: int, force: str) -> Fills:
        self.count += 1
        order = Resting(self.count, side, price, quantity)
        others = [other for other in self.orders if other.side != side and other.left]
        fitting = [other for other in others if (other.price <= price if side == BUY else other.price >= price)]
        if force == "FOK" and sum(other.left for other in fitting) < quantity:
            return []
        fitting.sort(key=lambda other: (other.price if side == BUY else -other.price, other.number))
        fills = []
        for other in fitting:
            traded = min(order.left, other.left)
            if traded:
                fills.append((other.number, other.price, traded))
                other.left -= traded
                order.left -= traded
        if force == "GTC":
            self.orders.append(order)
        return fills

    def cancel(self, number: int) -> None:
        self.orders = [order for order in self.orders if order.number != number]

    def depth(self, side: str) -> dict[int, int]:
        levels: dict[int, int] = {}
        for order in self.orders:
            if order.side == side and order.left:
                levels[order.price] = levels.get(order.price, 0) + order.left
        return levels


places = st.tuples(
    st.sampled_from([BUY, SELL]), st.integers(-3, 3), st.integers(1, 5), st.sampled_from(["GTC", "GTC", "IOC", "FOK"])
)
acts = st.lists(st.one_of(places, places, st.integers(1, 30)), max_size=30)


@settings(max_examples=150, deadline=None)
@given(acts)
def test_the_book_matches_like_the_obvious_one(done: list[tuple[str, int, int, str] | int]) -> None:
    """Whatever orders and cancels come, the fills and the levels left are those of price, then time."""
    symbol = LISTED[0]
    sandbox = Sandbox(1, NOW, symbols=(symbol,), without_house=frozenset({symbol.name}))
    account = sandbox.open_account("anna", NOW, {"BTC": "1000", "USDT": "100000000"})
    slow = SlowBook()
    for act in done:
        if isinstance(act, int):
            slow.cancel(act)
            order = sandbox.engine.records.orders.get(act)
            if order is not None and order.open:
                sandbox.engine.cancel(order, NOW)
            continue
        side, step, quantity, force = act
        expected = slow.place(side, 65_000 + step, quantity, force)
        before = sandbox.engine.records.fills["anna", symbol.name][:]
        request = wish(side, str(quantity), str(65_000 + step), time_in_force=force, prevention="NONE")
        assert sandbox.engine.place(account, request, NOW).order.order_id == slow.count
        new = sandbox.engine.records.fills["anna", symbol.name][len(before) :]
        makers = [(fill.order.order_id, fill.trade.price, fill.trade.quantity) for fill in new if fill.maker]
        assert makers == [(number, price * 10**8, traded * 10**8) for number, price, traded in expected]
    book = sandbox.engine.market(symbol.name).book
    for side in (BUY, SELL):
        found = {level.price // 10**8: level.quantity // 10**8 for level in book.levels(side)}
        assert found == slow.depth(side)
