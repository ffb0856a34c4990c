"""The house maker: an account that keeps a book around the price path, so that there is somebody to trade with."""

from bailiwick.sandbox.amount import read
from bailiwick.sandbox.engine import Engine, Market
from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.orders import BUY, SELL, OrderRequest
from bailiwick.sandbox.path import MILLION, Path
from bailiwick.sandbox.symbols import Symbol

HOUSE = "house"
# A requote below this many parts per million is not worth its cancels.
_REQUOTE = 100
_PURSE = read("1000000000000")


class House:
    """Keeps each market's book filled but those it stays ``away`` from. It pays no fees, its orders leave no trace."""

    def __init__(self, engine: Engine, paths: dict[str, Path], now: int, away: frozenset[str]) -> None:
        self._engine = engine
        self._away = away
        self._paths = paths
        self._quoted: dict[str, int] = {}
        self._shown: dict[str, list[int]] = {}
        self.account: Account = engine.ledger.open(HOUSE, now, house=True)
        self.account.maker_bps = self.account.taker_bps = 0
        for market in engine.markets.values():
            for asset in (market.symbol.base, market.symbol.quote):
                if not self.account.spot[asset].free:
                    engine.ledger.deposit(self.account, asset, _PURSE)

    def tick(self, now: int) -> None:
        """Bring every book to where the path is now."""
        for name, market in self._engine.markets.items():
            mid = self._paths[name].mid(now)
            if name not in self._away and (self._moved(name, mid) or self._thinned(name)):
                self._quote(market, mid, now)

    def _moved(self, name: str, mid: int) -> bool:
        quoted = self._quoted.get(name)
        return quoted is None or abs(mid - quoted) * MILLION > quoted * _REQUOTE

    def _thinned(self, name: str) -> bool:
        """Whether an order of the house was hit since it was shown."""
        orders = self._engine.records.orders
        shown = (orders.get(order_id) for order_id in self._shown[name])
        return any(order is None or order.executed for order in shown)

    def _quote(self, market: Market, mid: int, now: int) -> None:
        name = market.symbol.name
        orders = self._engine.records.orders
        for order_id in self._shown.get(name, ()):
            if (order := orders.get(order_id)) is not None:
                self._engine.cancel(order, now)
        self._shown[name] = []
        for request in quotes(market.symbol, mid):
            outcome = self._engine.place(self.account, request, now)
            if outcome.order.open:
                self._shown[name].append(outcome.order.order_id)
        # The new quotes stand before stops wake: those are meant to find a market.
        if self._quoted.get(name) != mid:
            self._quoted[name] = mid
            self._engine.observe(name, mid, now)


def quotes(symbol: Symbol, mid: int) -> list[OrderRequest]:
    """The orders the house shows around a price, best first."""
    found = []
    for number in range(symbol.levels):
        distance = max(mid * (symbol.half_spread + number * symbol.level_gap) // MILLION, (number + 1) * symbol.tick)
        quantity = symbol.level_quantity * (number + 1)
        for side, raw in ((BUY, mid - distance), (SELL, mid + distance + symbol.tick - 1)):
            price = raw // symbol.tick * symbol.tick
            if symbol.tick <= price <= symbol.max_price:
                found.append(OrderRequest(symbol.name, side, "LIMIT", quantity, price, prevention="NONE"))
    return found
