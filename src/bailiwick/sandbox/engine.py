"""The matching engine: pure and deterministic. Time is passed in, numbers are counted, nothing is read from outside.

Matching is by price, then time; a trade happens at the resting order's price. The taker's commission and the
maker's are taken from what each receives and credited to the fee account.
"""

from collections.abc import Callable, Iterable

from bailiwick.sandbox.amount import BPS, value, value_up
from bailiwick.sandbox.book import Book, crosses
from bailiwick.sandbox.filters import check_counts, check_order, check_quantity, market_quantity, spent_asset
from bailiwick.sandbox.ledger import Account, Ledger
from bailiwick.sandbox.lists import Lists
from bailiwick.sandbox.orders import (
    BUY,
    LIMIT_MAKER,
    SELL,
    WITHOUT_PRICE,
    Fill,
    Order,
    OrderRequest,
    Outcome,
    PreventedMatch,
    Trade,
    order_of,
)
from bailiwick.sandbox.records import Records
from bailiwick.sandbox.refusal import INSUFFICIENT, UNKNOWN_ORDER, WOULD_TAKE, WOULD_TRIGGER, Refusal, rejected
from bailiwick.sandbox.stops import Stops, would_trigger
from bailiwick.sandbox.symbols import Symbol
from bailiwick.sandbox.tape import Tape


class Market:
    """One symbol: its book, its waiting stops, its tape and its last price."""

    def __init__(self, symbol: Symbol) -> None:
        self.symbol = symbol
        self.book = Book()
        self.stops = Stops()
        self.tape = Tape()
        self.last = symbol.price


class Engine:
    """All markets over one ledger. Every public method leaves all triggered stops executed."""

    def __init__(self, ledger: Ledger, symbols: Iterable[Symbol]) -> None:
        self.ledger = ledger
        self.markets = {symbol.name: Market(symbol) for symbol in symbols}
        self.records = Records()
        self.lists = Lists(self)
        # Told of each order's first fill: account, whether as maker, time. Filled orders do not count as unfilled.
        self.first_fill: Callable[[str, bool, int], None] = lambda account, maker, now: None
        self._order_id = 0
        self._match_id = 0
        self._amend_id = 0

    def market(self, symbol: str) -> Market:
        """The market of a symbol.

        Raises:
            Refusal: -1121 for one that is not listed.
        """
        market = self.markets.get(symbol)
        if market is None:
            raise Refusal(-1121, "Invalid symbol.")
        return market

    def check_form(self, account: Account, request: OrderRequest) -> None:
        """What of a new order does not depend on the account's other orders: it is checked before a replaced one goes.

        Raises:
            Refusal: for a filter or an account that may not trade.
        """
        market = self.market(request.symbol)
        if not account.can_trade:
            raise rejected("This action is disabled on this account.")
        check_order(market.symbol, request, market.last)

    def check(self, account: Account, request: OrderRequest) -> None:
        """Everything about a new order that can be refused before funds are looked at.

        Raises:
            Refusal: for a filter, an account that may not trade, a symbol that is not listed.
        """
        market = self.market(request.symbol)
        if account.house:
            return
        self.check_form(account, request)
        open_orders = self.records.open_orders(account, request.symbol)
        check_counts(market.symbol, request, len(open_orders), self.records.algo_count(account, request.symbol))

    def place(self, account: Account, request: OrderRequest, now: int) -> Outcome:
        """Take a new order in and execute it as far as it goes.

        Raises:
            Refusal: if it is refused; nothing has changed then.
        """
        self.check(account, request)
        market = self.market(request.symbol)
        if request.client_id and self.records.client_id_taken(account, request.symbol, request.client_id):
            raise rejected("Duplicate order sent.")
        self.check_entry(account, request)
        order = self.create(account, request, now)
        self._fund(market, order)
        outcome = Outcome(order)
        self.activate(order, now, outcome.fills)
        if order.prevented_match_id is not None:
            outcome.prevented = self.records.prevented_for_taker(order)
        self._wake_stops(market, now)
        return outcome

    def cancel(self, order: Order, now: int) -> list[Order]:
        """Cancel an open order, and its whole list if it belongs to one; the canceled orders.

        Raises:
            Refusal: -2011 if the order has ended.
        """
        if not order.open:
            raise Refusal(-2011, UNKNOWN_ORDER)
        if order.list_id >= 0:
            return self.lists.cancel(order.list_id, now)
        self.end(order, "CANCELED", now)
        return [order]

    def amend(self, order: Order, quantity: int, client_id: str, now: int) -> int:
        """Reduce an order's quantity and give it another client id; it keeps its place. The number of the act.

        Raises:
            Refusal: -2038 if the quantity is not smaller, or not above what was executed; -1013 for a filter.
        """
        market = self.market(order.symbol)
        if not order.open or not order.working:
            raise Refusal(-2038, UNKNOWN_ORDER)
        if quantity > order.quantity:
            raise Refusal(-2038, "Order amend (quantity increase) is not supported.")
        if quantity == order.quantity or quantity <= order.executed + order.prevented:
            raise Refusal(-2038, "The requested action would change no state; rejecting.")
        check_quantity(market.symbol, order.type, quantity, order.price)
        if client_id != order.client_id and self.records.client_id_taken(order.account, order.symbol, client_id):
            raise Refusal(-2038, "Duplicate order sent.")
        market.book.reduce(order, order.quantity - quantity)
        # The legs of an OCO have one quantity, because one of them executes: amending one amends both.
        legs = self.lists.sharing(order)
        for leg in legs:
            leg.quantity = quantity
            leg.updated = now
        if order.hold is not None:
            self.ledger.trim(order.account, order.hold, max(self.need(leg) for leg in legs))
        self.records.renamed(order, client_id)
        self._amend_id += 1
        return self._amend_id

    def observe(self, symbol: str, price: int, now: int) -> None:
        """The market at large traded at a price: stops that it triggers are executed."""
        market = self.market(symbol)
        market.last = price
        self._wake_stops(market, now)

    def settle(self, symbol: str, now: int) -> None:
        """Execute the stops that the last price of a symbol wakes."""
        self._wake_stops(self.market(symbol), now)

    # What the order lists build on.

    def check_entry(self, account: Account, request: OrderRequest) -> None:
        """What of a new order depends on the book as it is.

        Raises:
            Refusal: for a stop that would trigger at once, a post-only order that would take, a market order whose
                cost is not there.
        """
        market = self.market(request.symbol)
        if request.stop_price and would_trigger(request.side, request.type, request.stop_price, market.last):
            raise rejected(WOULD_TRIGGER)
        if request.type == LIMIT_MAKER:
            best = market.book.best(_other(request.side))
            if best is not None and crosses(request.side, request.price, best.price):
                raise rejected(WOULD_TAKE)
        if request.quote_quantity and market.book.best(_other(request.side)) is None:
            raise rejected("Order book liquidity is less than symbol minimum quantity.")
        if request.type == "MARKET":
            asset = spent_asset(market.symbol, request.side)
            if account.spot[asset].free < self._estimate(market, request):
                raise rejected(INSUFFICIENT)

    def create(self, account: Account, request: OrderRequest, now: int) -> Order:
        """A numbered order that is not remembered, funded or active yet."""
        self._order_id += 1
        client_id = request.client_id or f"sandbox{self._order_id:015d}"
        return order_of(request, account, self._order_id, client_id, now)

    def need(self, order: Order) -> int:
        """What must be set aside so that all that is left of the order can be paid."""
        if order.side == SELL:
            return order.remaining
        return value_up(order.price or order.stop_price, order.remaining)

    def activate(self, order: Order, now: int, fills: list[Fill]) -> None:
        """Remember a funded order; let it wait for its trigger or execute it."""
        if order.order_id not in self.records.orders:
            self.records.opened(order)
        order.status = "NEW"
        if order.stop:
            self.market(order.symbol).stops.add(order)
        else:
            self._execute(order, now, fills)

    def end(self, order: Order, status: str, now: int) -> None:
        """An order ends: it leaves book and stops, what it had set aside is free again."""
        market = self.market(order.symbol)
        if order.working:
            market.book.remove(order)
        elif order.stop and order.status == "NEW":
            market.stops.remove(order)
        self._finish(order, status, now)

    # The inside.

    def _estimate(self, market: Market, request: OrderRequest) -> int:
        """What a market order would spend on the book as it is."""
        buying = request.side == BUY
        if request.quote_quantity and buying:
            return request.quote_quantity
        if request.quantity and not buying:
            return request.quantity
        left, spent = request.quantity or request.quote_quantity, 0
        for level in market.book.levels(_other(request.side)):
            wanted = left if buying else market_quantity(market.symbol, left, level.price)
            quantity = min(wanted, level.quantity)
            spent += value(level.price, quantity) if buying else quantity
            left -= quantity if buying else value(level.price, quantity)
            if quantity == wanted:
                break
        return spent

    def _fund(self, market: Market, order: Order) -> None:
        if order.type != "MARKET":
            order.hold = self.ledger.hold(order.account, spent_asset(market.symbol, order.side), self.need(order))

    def _wake_stops(self, market: Market, now: int) -> None:
        while (order := market.stops.next_woken(market.last)) is not None:
            self.lists.working(order, now)
            self._execute(order, now, [])

    def _execute(self, order: Order, now: int, fills: list[Fill]) -> None:
        """Match a live order, then rest what is left of it or let it expire."""
        market = self.market(order.symbol)
        order.working_time = now
        if order.time_in_force == "FOK" and order.type not in WITHOUT_PRICE and not self._fillable(market, order):
            self._finish(order, "EXPIRED", now)
            return
        self._match(market, order, now, fills)
        if not order.open:
            return
        if order.quote_quantity:
            self._end_quote_order(market, order, now)
        elif not order.remaining:
            self._finish(order, "FILLED" if order.executed else "EXPIRED_IN_MATCH", now)
        elif order.type in WITHOUT_PRICE or order.time_in_force != "GTC":
            self._finish(order, "EXPIRED", now)
        else:
            order.working = True
            market.book.add(order)
            self._trim(order)

    def _end_quote_order(self, market: Market, order: Order, now: int) -> None:
        order.quantity = order.executed
        left = order.quote_quantity - order.quote_executed
        best = market.book.best(_other(order.side))
        done = best is not None and not market_quantity(market.symbol, left, best.price)
        self._finish(order, "FILLED" if order.executed and (done or not left) else "EXPIRED", now)

    def _fillable(self, market: Market, order: Order) -> bool:
        left = order.remaining
        for level in market.book.levels(_other(order.side)):
            if not crosses(order.side, order.price, level.price):
                break
            own = sum(o.remaining for o in level.orders.values() if self._prevents(order, o))
            left -= level.quantity - own
            if left <= 0:
                return True
        return False

    def _match(self, market: Market, order: Order, now: int, fills: list[Fill]) -> None:
        limit = 0 if order.type in WITHOUT_PRICE else order.price
        opposite = _other(order.side)
        while order.open and (level := market.book.best(opposite)) is not None:
            if not crosses(order.side, limit, level.price):
                return
            quantity = order.remaining
            if order.quote_quantity:
                budget = order.quote_quantity - order.quote_executed
                quantity = market_quantity(market.symbol, budget, level.price)
            maker = next(iter(level.orders.values()))
            quantity = min(quantity, maker.remaining)
            if quantity <= 0:
                return
            if self._prevents(order, maker):
                self._prevent(market, order, maker, quantity, now)
                continue
            try:
                fills.append(self._trade(market, order, maker, quantity, now))
            except Refusal:  # a market order ran out of funds on its way through the book
                return

    @staticmethod
    def _prevents(taker: Order, maker: Order) -> bool:
        if taker.prevention == "NONE":
            return False
        own, other = taker.account, maker.account
        return own is other or own.trade_group == other.trade_group >= 0

    def _prevent(self, market: Market, taker: Order, maker: Order, quantity: int, now: int) -> None:
        mode = effective_prevention(taker, maker)
        if mode == "TRANSFER":
            try:
                self._transfer(market, taker, maker, quantity)
            except Refusal:  # a market order lacks the funds that would move
                mode = "EXPIRE_TAKER"
        self._note_prevented(market, taker, maker, mode, now)
        if mode in ("DECREMENT", "TRANSFER"):
            market.book.reduce(maker, quantity)
            maker.prevented += quantity
            if not maker.remaining:
                self.end(maker, "EXPIRED_IN_MATCH", now)
            if taker.quote_quantity:
                self._expire_taker(taker, now)
            else:
                taker.prevented += quantity
                if not taker.remaining:
                    self._finish(taker, "EXPIRED_IN_MATCH", now)
            return
        if mode in ("EXPIRE_MAKER", "EXPIRE_BOTH"):
            left = maker.remaining
            self.end(maker, "EXPIRED_IN_MATCH", now)
            maker.prevented += left
        if mode in ("EXPIRE_TAKER", "EXPIRE_BOTH"):
            self._expire_taker(taker, now)

    def _expire_taker(self, taker: Order, now: int) -> None:
        if taker.quote_quantity:
            taker.quantity = taker.executed
        taker.prevented += taker.remaining
        self._finish(taker, "EXPIRED_IN_MATCH", now)

    def _transfer(self, market: Market, taker: Order, maker: Order, quantity: int) -> None:
        """Move what would have traded between two accounts of one group: no trade, no commission."""
        symbol, quote = market.symbol, value(maker.price, quantity)
        for order in (taker, maker):
            spends = quote if order.side == BUY else quantity
            self.ledger.spend(order.account, order.hold, spent_asset(symbol, order.side), spends)
        for order in (taker, maker):
            asset, gains = (symbol.base, quantity) if order.side == BUY else (symbol.quote, quote)
            order.account.spot[asset].free += gains

    def _note_prevented(self, market: Market, taker: Order, maker: Order, mode: str, now: int) -> None:
        self._match_id += 1
        match = PreventedMatch(
            match_id=self._match_id,
            symbol=market.symbol.name,
            taker_order_id=taker.order_id,
            maker_order_id=maker.order_id,
            prevention=mode,
            trade_group=taker.account.trade_group,
            price=maker.price,
            maker_quantity=maker.remaining,
            time=now,
        )
        for account in {taker.account.name, maker.account.name}:
            self.records.prevented[account, market.symbol.name].append(match)
        taker.prevented_match_id = maker.prevented_match_id = match.match_id

    def _trade(self, market: Market, taker: Order, maker: Order, quantity: int, now: int) -> Fill:
        symbol, price = market.symbol, maker.price
        quote = value(price, quantity)
        buyer = taker if taker.side == BUY else maker
        # The taker pays first: only a market order can lack funds, and nothing has changed if it does.
        for order in (taker, maker):
            spends = quote if order.side == BUY else quantity
            self.ledger.spend(order.account, order.hold, spent_asset(symbol, order.side), spends)
        trade = market.tape.print(price, quantity, quote, now, buyer_is_maker=maker is buyer)
        market.last = price
        self._fill(symbol, maker, trade, maker=True)
        market.book.reduce(maker, quantity)
        maker.executed += quantity
        taken = self._fill(symbol, taker, trade, maker=False)
        taker.executed += quantity
        if not maker.remaining:
            market.book.remove(maker)
            self._finish(maker, "FILLED", now)
        self.lists.filled(maker, now)
        self.lists.filled(taker, now)
        return taken

    def _fill(self, symbol: Symbol, order: Order, trade: Trade, *, maker: bool) -> Fill:
        """Credit one side of a trade, less its commission."""
        account = order.account
        asset, gross = (symbol.base, trade.quantity) if order.side == BUY else (symbol.quote, trade.quote)
        commission = gross * (account.maker_bps if maker else account.taker_bps) // BPS
        account.spot[asset].free += gross - commission
        self.ledger.fees.spot[asset].free += commission
        if not order.executed:
            self.first_fill(account.name, maker, trade.time)
        order.quote_executed += trade.quote
        order.status = "PARTIALLY_FILLED"
        order.updated = account.updated = trade.time
        fill = Fill(order, trade, commission, asset, maker)
        self.records.filled(order, fill)
        return fill

    def _trim(self, order: Order) -> None:
        if order.hold is not None and order.hold.owners == 1:
            self.ledger.trim(order.account, order.hold, self.need(order))

    def _finish(self, order: Order, status: str, now: int) -> None:
        order.status = status
        order.working = False
        order.updated = order.account.updated = now
        if order.hold is not None:
            order.hold.owners -= 1
            if not order.hold.owners:
                self.ledger.trim(order.account, order.hold, 0)
            order.hold = None
        self.records.closed(order)
        self.lists.ended(order, now)


def _other(side: str) -> str:
    return SELL if side == BUY else BUY


def effective_prevention(taker: Order, maker: Order) -> str:
    """The mode that two orders meet under: the taker's, except that a transfer takes both orders and two accounts."""
    if taker.prevention != "TRANSFER":
        return taker.prevention
    both = maker.prevention == "TRANSFER" and maker.account is not taker.account
    return "TRANSFER" if both else "DECREMENT"
