"""The trading floor: the sandbox's engine with a market laid around each coin's fair price when somebody comes.

A book is only laid as deep as the order that comes would reach into it, and what it leaves is taken away again: the
makers of a quiet market have refilled it before the next one. Where an attack or an event is near, the symbol is played
in detail instead (``arena``) and its book is all there is. Orders of keys always rest in the engine's book, and what
the price went through since somebody last looked is executed when somebody looks again.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, final

from bailiwick.model.intent import OrderDraft, OrderRef, Side
from bailiwick.model.market import Quote, SymbolInfo
from bailiwick.model.order import Answer, OrderReport
from bailiwick.model.order import Fill as FillReport
from bailiwick.rules.market import Market
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.engine import Engine
from bailiwick.sandbox.engine import Market as EngineMarket
from bailiwick.sandbox.ledger import SPOT, Account, Ledger
from bailiwick.sandbox.market.arena import Arena
from bailiwick.sandbox.market.coins import BY_NAME, COINS, DEPTH_POWER, Coin
from bailiwick.sandbox.market.fair import Climate, Fair
from bailiwick.sandbox.market.slate import Slate, Ticker
from bailiwick.sandbox.orders import BUY, LIMIT_MAKER, SELL, WITHOUT_PRICE, Fill, Order, OrderRequest
from bailiwick.sandbox.refusal import Refusal

_SCALE: Final = Decimal(SCALE)
_EIGHT: Final = -8
_PURSE: Final = 10**13 * SCALE
_STEPS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
_FARTHEST_BPS: Final = 1_500.0
DAY_US: Final = 86_400_000_000
_AGENTS: Final = ("crowd", "holders", "quick maker", "maker", "slow maker")


def units(amount: Decimal | None) -> int:
    """An amount in hundred-millionths; zero for none."""
    return int(amount * _SCALE) if amount is not None else 0


def decimal(amount: int) -> Decimal:
    """Hundred-millionths as an amount."""
    return Decimal(amount).scaleb(_EIGHT)


def _ladder(coin: Coin) -> tuple[tuple[float, float], ...]:
    """Distances from the mid, as a share of it, and what rests there, in USDT."""
    found, reached = [], 0.0
    for step in _STEPS:
        away = coin.tier.half_spread_bps * step
        whole = coin.depth_worth * (away / 100.0) ** DEPTH_POWER
        found.append((away / 10_000.0, whole - reached))
        reached = whole
        if away > _FARTHEST_BPS:
            break
    return tuple(found)


@final
class Floor:
    """All markets of a world, and every account in it."""

    def __init__(self, seed: int, start_us: int, hours: int, history_days: int = 0) -> None:
        self.seed = seed
        self.ledger = Ledger()
        self.engine = Engine(self.ledger, [coin.symbol for coin in COINS])
        self.slate = self.engine.records = Slate()
        self.market = Market({coin.name: _info(coin) for coin in COINS})
        self.arenas: dict[str, Arena] = {}
        self._climate = Climate(seed, start_us, hours, history_days)
        self._fairs: dict[str, Fair] = {}
        self._swept: dict[str, int] = {}
        self._start_us = start_us - history_days * DAY_US
        self._ladders = {coin.name: _ladder(coin) for coin in COINS}
        self._volumes = {coin.name: Decimal(round(self._in_quote(coin, coin.day_worth))) for coin in COINS}
        self.house = self.ledger.open("makers at large", 0, house=True)
        self.house.maker_bps = self.house.taker_bps = 0
        for asset in {coin.symbol.base for coin in COINS} | {coin.symbol.quote for coin in COINS}:
            self.ledger.deposit(self.house, asset, _PURSE)
        for name, each in self.engine.markets.items():
            each.tape = Ticker(name)

    # What is known of prices

    def fair(self, symbol: str) -> Fair:
        """The fair price of a coin, made when it is first asked for."""
        found = self._fairs.get(symbol)
        if found is None:
            found = self._fairs[symbol] = Fair(BY_NAME[symbol], self._climate)
        return found

    def in_usdt(self, asset: str, at_us: int) -> float:
        """What a unit of an asset is fairly worth, in USDT."""
        if asset == "USDT":
            return 1.0
        if (symbol := asset + "USDT") in BY_NAME:
            return self.fair(symbol).mid(at_us) / SCALE
        return self.fair(asset + "BTC").mid(at_us) / SCALE * self.in_usdt("BTC", at_us)

    def mid(self, symbol: str, at_us: int) -> int:
        """The price at which the market stands."""
        arena = self.arenas.get(symbol)
        return self.fair(symbol).mid(at_us) if arena is None else arena.mid()

    def value(self, account: Account, at_us: int) -> float:
        """What an account holds at fair prices, in USDT."""
        return sum(
            (balance.free + balance.locked) / SCALE * self.in_usdt(asset, at_us)
            for asset, balance in account.spot.items()
            if balance.free or balance.locked
        )

    def refresh(self, symbol: str, at_us: int) -> None:
        """Bring the reference prices of a symbol, and of what its quote asset is worth, to this moment."""
        arena = self.arenas.get(symbol)
        if arena is not None:
            self.market.set_quote(symbol, arena.reference.quote(at_us), arena.resting)
        else:
            fair = self.fair(symbol)
            quote = Quote(
                near=decimal(fair.mid(at_us)),
                anchor=decimal(fair.anchor(at_us)),
                near_us=at_us,
                anchor_us=at_us,
                daily_volume=self._volumes[symbol],
            )
            bid, ask = self.top(symbol, Side.BUY, at_us), self.top(symbol, Side.SELL, at_us)
            resting = None if bid is None or ask is None else (bid[0] * bid[1], ask[0] * ask[1])
            self.market.set_quote(symbol, quote, resting)
        if BY_NAME[symbol].symbol.quote == "BTC":
            self.refresh("BTCUSDT", at_us)

    def top(self, symbol: str, side: Side, at_us: int) -> tuple[Decimal, Decimal] | None:
        """The best price of one side and what rests there."""
        level = self.engine.market(symbol).book.best(side)
        best = None if level is None else (level.price, level.quantity)
        if symbol not in self.arenas:
            laid = self._level(BY_NAME[symbol], 0, side, at_us)
            if best is None or (laid[0] > best[0] if side == BUY else laid[0] < best[0]):
                best = laid
        return None if best is None else (decimal(best[0]), decimal(best[1]))

    # What is done

    def detail(self, symbol: str, now_us: int, step_us: int) -> Arena:
        """Play a symbol order by order from now on."""
        arena = self.arenas.get(symbol)
        if arena is None:
            self.sweep(symbol, now_us)
            coin = BY_NAME[symbol]
            arena = Arena(
                self.engine,
                coin,
                self.fair(symbol),
                self.seed,
                now_us,
                agents=[self.agent(f"{who} of {symbol}") for who in _AGENTS],
                usdt_per_quote=self.in_usdt(coin.symbol.quote, now_us),
                daily_volume=self._volumes[symbol],
                step_us=step_us,
            )
            self.arenas[symbol] = arena
        return arena

    def leave(self, symbol: str, now_us: int) -> None:
        """Play a symbol as all others again."""
        arena = self.arenas.pop(symbol, None)
        if arena is not None:
            arena.close(now_us)
            self._swept[symbol] = now_us

    def resting(self) -> list[str]:
        """The quiet markets in which orders of keys rest or wait."""
        return [
            name
            for name, each in self.engine.markets.items()
            if name not in self.arenas and (each.stops or each.book.best(BUY) or each.book.best(SELL))
        ]

    def book_orders(self, symbol: str) -> list[Order]:
        """Every order that rests in a book."""
        book = self.engine.markets[symbol].book
        return [order for side in (BUY, SELL) for level in book.levels(side) for order in level.orders.values()]

    def agent(self, name: str) -> Account:
        """An account that is the market's own, with a purse of everything."""
        account = self.ledger.accounts.get(name)
        if account is None:
            account = self.open_account(name, (), agent=True)
            account.maker_bps = account.taker_bps = 0
            for asset in self.house.spot:
                self.ledger.deposit(account, asset, _PURSE)
        return account

    def open_account(self, name: str, funds: Iterable[tuple[str, int]], *, agent: bool = False) -> Account:
        """Open an account with so much of each asset. An agent's own orders are not checked against filters."""
        account = self.ledger.open(name, 0, house=agent)
        account.wallets = {SPOT: account.spot}
        for asset, amount in funds:
            self.ledger.deposit(account, asset, amount)
        return account

    def place(self, account: Account, draft: OrderDraft, now_us: int) -> Answer:
        """Take an order in; the answer lists its fills. Fills of others' resting orders are left in ``slate.fresh``."""
        request = OrderRequest(
            draft.symbol,
            draft.side,
            draft.type,
            units(draft.quantity),
            units(draft.price),
            units(draft.quote_quantity),
            units(draft.stop_price),
            units(draft.iceberg_quantity),
            draft.time_in_force or "GTC",
            draft.client_id or "",
        )
        outcome = self.take(account, request, now_us)
        if isinstance(outcome, Refusal):
            return Answer(executed=False, code=outcome.code)
        order, fills = outcome
        return Answer(executed=True, orders=(report(order, fills),))

    def take(self, account: Account, request: OrderRequest, now_us: int) -> tuple[Order, list[Fill]] | Refusal:
        """Take an order in as the engine knows them, with a market around it."""
        laid: list[Order] = []
        symbol = request.symbol
        market = self.engine.markets.get(symbol)
        if market is not None and symbol not in self.arenas:
            self.sweep(symbol, now_us)
            laid = self._lay(market, request, now_us)
        try:
            outcome = self.engine.place(account, request, now_us // 1000)
        except Refusal as refusal:
            return refusal
        finally:
            self._lift(laid, now_us)
        arena = self.arenas.get(symbol)
        if arena is not None and outcome.fills and not account.house:
            arena.own(request.side, outcome.fills, now_us)
        return outcome.order, outcome.fills

    def cancel(self, account: Account, symbol: str, target: OrderRef, now_us: int) -> Answer:
        """Cancel an open order of an account."""
        if symbol not in self.arenas:
            self.sweep(symbol, now_us)
        order = self.slate.by_client_id(account, symbol, target.client_id or "")
        if order is None or not order.open:
            return Answer(executed=False, code=-2011)
        self.engine.cancel(order, now_us // 1000)
        return Answer(executed=True, orders=(report(order, ()),))

    def cancel_all(self, account: Account, symbol: str, now_us: int) -> Answer:
        """Cancel all open orders of an account in a symbol."""
        if symbol not in self.arenas:
            self.sweep(symbol, now_us)
        orders = list(self.slate.open_orders(account, symbol).values())
        if not orders:
            return Answer(executed=False, code=-2011)
        for order in orders:
            self.engine.cancel(order, now_us // 1000)
        return Answer(executed=True, orders=tuple(report(order, ()) for order in orders))

    def sweep(self, symbol: str, now_us: int) -> None:
        """Execute what the price went through since somebody last looked."""
        market = self.engine.markets[symbol]
        fair = self.fair(symbol)
        since = self._swept.get(symbol, self._start_us)
        self._swept[symbol] = now_us
        bid, ask = market.book.best(BUY), market.book.best(SELL)
        if bid is not None or ask is not None or market.stops:
            low, high = fair.range(since, now_us)
            while bid is not None and bid.price >= low:
                self._hit(market, SELL, bid.price, bid.quantity, now_us)
                bid = market.book.best(BUY)
            while ask is not None and ask.price <= high:
                self._hit(market, BUY, ask.price, ask.quantity, now_us)
                ask = market.book.best(SELL)
            if market.stops:
                self._trip(market, low, high, now_us)
        market.last = _on_tick(fair.mid(now_us), market.symbol.tick)

    # The inside

    def _trip(self, market: EngineMarket, low: int, high: int, now_us: int) -> None:
        """Let the stops that the price passed find a market at the price that woke them."""
        for price in (low, high):
            if not market.stops.meets(price):
                continue
            wide = [OrderRequest(market.symbol.name, side, "MARKET", _PURSE // price) for side in (BUY, SELL)]
            laid = [order for request in wide for order in self._lay(market, request, now_us, price)]
            self.engine.observe(market.symbol.name, price, now_us // 1000)
            self._lift(laid, now_us)

    def _hit(self, market: EngineMarket, side: str, price: int, quantity: int, now_us: int) -> None:
        request = OrderRequest(market.symbol.name, side, "LIMIT", quantity, price, time_in_force="IOC")
        self.engine.place(self.house, request, now_us // 1000)

    def _lift(self, laid: list[Order], now_us: int) -> None:
        for order in laid:
            if order.open:
                self.engine.cancel(order, now_us // 1000)

    def _lay(self, market: EngineMarket, request: OrderRequest, now_us: int, around: int = 0) -> list[Order]:
        """Put as much of the makers' side into the book as an order would reach."""
        symbol = market.symbol
        if request.stop_price:
            return []
        coin = BY_NAME[symbol.name]
        mid = around or market.last
        side = SELL if request.side == BUY else BUY
        limit = 0 if request.type in WITHOUT_PRICE else request.price
        left = request.quantity or request.quote_quantity * SCALE // mid + 2 * symbol.step
        laid = []
        for place in range(len(self._ladders[coin.name])):
            price, quantity = self._level(coin, place, side, now_us, mid)
            if left <= 0 or (limit and (price > limit if side == SELL else price < limit)):
                break
            quantity = min(quantity, left)
            left -= quantity
            laid.append(self._rest(side, symbol.name, quantity, price, now_us))
            if request.type == LIMIT_MAKER:
                break
        return laid

    def _rest(self, side: str, symbol: str, quantity: int, price: int, now_us: int) -> Order:
        request = OrderRequest(symbol, side, "LIMIT", quantity, price, prevention="NONE")
        return self.engine.place(self.house, request, now_us // 1000).order

    def _level(self, coin: Coin, place: int, side: str, at_us: int, mid: int = 0) -> tuple[int, int]:
        """Price and quantity of one of the makers' levels."""
        symbol = coin.symbol
        mid = mid or self.fair(coin.name).mid(at_us)
        away, worth = self._ladders[coin.name][place]
        distance = max(int(mid * away), (place + 1) * symbol.tick // 2)
        if side == BUY:
            price = max((mid - distance) // symbol.tick * symbol.tick, symbol.tick)
        else:
            price = -(-(mid + distance) // symbol.tick) * symbol.tick
        quantity = int(self._in_quote(coin, worth) * SCALE * SCALE / price)
        return price, max(quantity - quantity % symbol.step, symbol.step)

    def _in_quote(self, coin: Coin, worth: float) -> float:
        return worth if coin.symbol.quote == "USDT" else worth / BY_NAME["BTCUSDT"].price


def report(order: Order, fills: Iterable[Fill]) -> OrderReport:
    """What the venue says of an order and of some of its fills."""
    return OrderReport(
        symbol=order.symbol,
        order_id=order.order_id,
        client_id=order.client_id,
        live=order.open,
        executed=decimal(order.executed),
        quote_executed=decimal(order.quote_executed),
        quantity=decimal(order.quantity),
        price=decimal(order.price),
        side=Side(order.side),
        update_ms=order.updated,
        fills=tuple(
            FillReport(
                fill.trade.trade_id,
                decimal(fill.trade.price),
                decimal(fill.trade.quantity),
                decimal(fill.commission),
                fill.commission_asset,
            )
            for fill in fills
        ),
    )


def _on_tick(price: int, tick: int) -> int:
    return max((price + tick // 2) // tick, 1) * tick


def _info(coin: Coin) -> SymbolInfo:
    symbol = coin.symbol
    return SymbolInfo(
        symbol=symbol.name,
        base=symbol.base,
        quote=symbol.quote,
        trading=True,
        tick=decimal(symbol.tick),
        step=decimal(symbol.step),
        least_quantity=decimal(symbol.least_quantity),
        least_notional=decimal(symbol.min_notional),
    )
