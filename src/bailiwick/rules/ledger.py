"""What a key has used of its grant: open orders, holdings, budgets, loss, rate, withdrawals.

A ledger is plain data that changes by what is said to it and by nothing else. It hangs on the key's id, so that neither
a rotation nor a restart resets it. Nothing is released but on evidence, and evidence that comes twice, or in another
order, changes nothing: executed quantities only grow, a trade is known by its id, what has ended stays ended.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import final

from bailiwick.model.decision import Allow
from bailiwick.model.intent import Act, Intent, Side, Withdrawal
from bailiwick.model.money import EXACT, ZERO, minus, plus, times
from bailiwick.model.order import Fill, OrderReport, TradeReport
from bailiwick.rules.pairs import gather
from bailiwick.rules.remembered import pack, unpack
from bailiwick.rules.spending import Spending
from bailiwick.rules.together import still_buys
from bailiwick.rules.tracked import (
    Group,
    LedgerState,
    OrderState,
    Position,
    PositionState,
    Tracked,
    alternative,
    loss_of,
    predates,
    track,
)
from bailiwick.rules.usage import Usage
from bailiwick.rules.windows import CLIENT_ID_US, LATE_TRADE_US, MINUTE_US, RATE_SPAN_US, SETTLED_US

# Bound once: a member of an enum is looked up slowly in Python 3.11, and every order passes here.
_PLACE, _PLACE_LIST = Act.PLACE, Act.PLACE_LIST
_TRY = Act.TRY
_SELL = Side.SELL
_OPEN, _ENDED = OrderState.OPEN, OrderState.ENDED

MOST_OWNED = 20_000  # orders that have ended and may still be looked up by who placed them

Worth = Callable[[str], Decimal | None]
"""What a unit of an asset is worth in the ledger's currency."""


@final
class Ledger(Usage):
    """The usage of one key and what changes it. The gateway owns one for each active key; decisions only read it."""

    __slots__ = ("_ended", "_forget_us", "_groups", "_late", "_nameless", "_stray")

    def __init__(self) -> None:
        super().__init__(MOST_OWNED)
        self._forget_us = 0  # until then nothing that is kept grows too old
        self._groups: dict[str, Group] = {}
        self._nameless: set[str] = set()  # live orders whose number at the venue is not known
        self._ended: dict[str, int] = {}  # orders that have ended and are still tracked, and when they did
        self._late: dict[str, int] = {}  # of these, those that have been waiting for their trades for a while
        self._stray: dict[tuple[str, int], dict[int, TradeReport]] = {}

    # What happens

    def reserve(self, allow: Allow, intent: Intent, now_us: int, per_minute: int | None = None) -> None:
        """Count an allowed request before it leaves: what its orders may cost, and what it withdraws.

        An order that is known already is left as it is. With ``per_minute``, the request counts against the rate too.

        Raises:
            ValueError: if an order has no client order id; every order that leaves has one.
        """
        if per_minute is not None:
            self.count_request(per_minute, now_us)
        if intent.withdrawal is not None:
            self.withdrawn.setdefault(intent.withdrawal.destination, Spending()).add(intent.withdrawal.amount, now_us)
        if not allow.charges or intent.endpoint.act is _TRY:
            return
        if now_us >= self._forget_us:
            self._forget(now_us)
        listed = intent.target.client_id or "" if intent.endpoint.act is _PLACE_LIST and intent.target else ""
        free: Decimal | None = None
        heads: dict[str, str] = {}
        for draft, charge in zip(allow.orders, allow.charges, strict=True):
            order = track(draft, charge, now_us)
            client_id = order.client_id
            if client_id in self.orders:
                continue
            order.list_client_id = listed
            if listed:
                self._owned.name_list(listed)
            pair = alternative(draft.leg) if draft.leg else None
            if pair is not None:
                order.group = heads.setdefault(pair, client_id)
                self._groups.setdefault(order.group, Group()).members.append(client_id)
            if order.side is _SELL:
                if free is None:
                    free = self._free_for(intent, order.symbol)
                    if order.quantity > free and charge.reducing and intent.endpoint.act is _PLACE:
                        free = self._gathered(order)
                order.cover = min(order.quantity, free)
                if pair is None:
                    free = minus(free, order.cover)
            self.orders[client_id] = self._live[client_id] = order
            self._nameless.add(client_id)
            self._used[client_id] = now_us
            self._owned.take(order)
            self.resting += order.rests
            position = self.positions.get(order.symbol)
            if position is None:
                position = self.positions[order.symbol] = Position(base=order.base)
            if pair is None and self.together is None:
                self._hold(order, position)
            else:
                self._claim(order, position)  # nothing of it is executed, so there is nothing else to settle

    def count_request(self, per_minute: int, now_us: int) -> None:
        """Count a request that leaves against the rate; one that may not be refused counts to the brim at most."""
        full_us = max(self.rate_us, now_us) + MINUTE_US // per_minute
        self.rate_us = min(full_us, now_us + RATE_SPAN_US)

    def report(self, report: OrderReport, now_us: int, worth: Worth | None = None) -> None:
        """Take what the venue says of an order. Reports of orders that the key did not place are left alone."""
        order = self.orders.get(report.client_id)
        if order is None or order.symbol != report.symbol:
            client_id = self._owned.numbers.get((report.symbol, report.order_id))
            order = None if client_id is None else self.orders.get(client_id)
        if order is None or order.order_id not in (None, report.order_id):
            return
        if order.order_id is None and (report.side not in (None, order.side) or predates(report, order)):
            return  # an id may be used again after a day, and by others at any time
        if order.order_id is None:
            order.order_id = report.order_id
            self._nameless.discard(order.client_id)
            self._owned.take(order)
            for trade in self._stray.pop((order.symbol, report.order_id), {}).values():
                self._fill(order, trade.fill, worth)
        if report.list_id >= 0:
            order.list_id = report.list_id
            self._owned.take_list(report.list_id, order.list_client_id)
        order.reported = max(order.reported, report.executed)
        quote = report.quote_executed
        if quote is not None and (order.reported_quote is None or quote > order.reported_quote):
            order.reported_quote = quote
        if report.quantity is not None and report.quantity < order.quantity:
            order.quantity = report.quantity
        for fill in report.fills:
            self._fill(order, fill, worth)
        if not report.live:
            self._end(order, now_us)
        elif order.state is not _ENDED:
            order.state = _OPEN
        self._settle(order, now_us)

    def trade(self, trade: TradeReport, now_us: int, worth: Worth | None = None) -> None:
        """Take a row of the account's trade list. Trades of orders that the key did not place are left alone."""
        client_id = self._owned.numbers.get((trade.symbol, trade.order_id))
        order = None if client_id is None else self.orders.get(client_id)
        if order is not None:
            self._fill(order, trade.fill, worth)
            self._settle(order, now_us)
        elif client_id is None and any(self.orders[each].symbol == trade.symbol for each in self._nameless):
            self._stray.setdefault((trade.symbol, trade.order_id), {})[trade.fill.trade_id] = trade
            self._forget_us = 0  # it goes once every order has its number, which no time tells

    def unknown(self, client_id: str) -> None:
        """Note that nobody knows what became of an order. It stays reserved until evidence comes."""
        order = self.orders.get(client_id)
        if order is not None and order.state is OrderState.RESERVED:
            order.state = OrderState.UNKNOWN

    def reject(self, client_id: str) -> None:
        """Release an order that the venue has definitely refused. One that the venue has reported is not released."""
        order = self.orders.get(client_id)
        if order is None or order.order_id is not None:
            return
        self._end(order, order.placed_us)
        self._settle(order, order.placed_us)
        self._drop(client_id)
        self._used.pop(client_id, None)
        self._owned.places.pop(client_id, None)

    def end(self, client_id: str, now_us: int) -> None:
        """Release what is left of an order that the venue says is no more, or never was."""
        order = self.orders.get(client_id)
        if order is not None:
            self._end(order, now_us)
            self._settle(order, now_us)

    def return_withdrawal(self, withdrawal: Withdrawal, reserved_us: int) -> None:
        """Release a withdrawal that the venue has definitely refused; ``reserved_us`` is when it was reserved."""
        spending = self.withdrawn.get(withdrawal.destination)
        if spending is not None:
            spending.add(EXACT.minus(withdrawal.amount), reserved_us)

    # Snapshots

    def to_state(self) -> LedgerState:
        """Everything that a restart must not forget, to be written at once: it shares the orders with the ledger."""
        return LedgerState(
            orders=list(self.orders.values()),
            positions={
                symbol: PositionState(
                    position.bought,
                    position.sold,
                    dict(position.volume.buckets),
                    None if position.net is None else dict(position.net.buckets),
                    None if position.exits is None else dict(position.exits.buckets),
                    position.base,
                )
                for symbol, position in self.positions.items()
            },
            spent=dict(self.spent.buckets),
            losses=dict(self.losses.buckets),
            withdrawn=[(destination, dict(each.buckets)) for destination, each in self.withdrawn.items()],
            rate_us=self.rate_us,
            names=pack(self._owned.places, self._used),
            ended={**self._late, **self._ended},
            lists=dict(self._owned.lists),
            stray=[trade for trades in self._stray.values() for trade in trades.values()],
        )

    @staticmethod
    def from_state(state: LedgerState) -> "Ledger":
        """The ledger that ``to_state`` described; it takes the state over."""
        ledger = Ledger()
        for symbol, each in state.positions.items():
            position = ledger.positions[symbol] = Position(each.bought, each.sold, Spending(each.volume), each.base)
            position.net = None if each.net is None else Spending(each.net)
            position.exits = None if each.exits is None else Spending(each.exits)
            ledger.slow |= position.exits is not None
        ledger.spent = Spending(state.spent)
        ledger.losses = Spending(state.losses)
        ledger.withdrawn = {destination: Spending(buckets) for destination, buckets in state.withdrawn}
        ledger.rate_us = state.rate_us
        places, ledger._used = unpack(state.names)
        ledger._owned.resume(places, state.lists)
        ledger._ended = state.ended
        for trade in state.stray:
            ledger._stray.setdefault((trade.symbol, trade.order_id), {})[trade.fill.trade_id] = trade
        for order in state.orders:
            order.claimed = order.covering = order.risking = ZERO
            ledger.orders[order.client_id] = order
            ledger._owned.name_list(order.list_client_id)
            if order.order_id is None:
                ledger._nameless.add(order.client_id)
            if order.group:
                ledger._groups.setdefault(order.group, Group()).members.append(order.client_id)
            if order.state is not _ENDED:
                ledger._live[order.client_id] = order
                ledger.resting += order.rests
            elif not order.group:
                continue  # by far the most: they claim nothing
            ledger._claim(order, ledger.positions.setdefault(order.symbol, Position(base=order.base)))
        return ledger

    # The workings

    def _free_for(self, intent: Intent, symbol: str) -> Decimal:
        return plus(self.free(symbol), self.given_back(intent, symbol))

    def _gathered(self, order: Tracked) -> Decimal:
        """What is free for a sell that may take what the key bought in other pairs, once that is booked as its own."""
        own = self.positions.setdefault(order.symbol, Position(base=order.base))
        gather(self.positions, own, order.quantity)
        return self.free(order.symbol)

    def _fill(self, order: Tracked, fill: Fill, worth: Worth | None) -> None:
        if fill.trade_id in order.trades:
            return
        order.trades.add(fill.trade_id)
        order.take(fill, worth)

    def _end(self, order: Tracked, now_us: int) -> None:
        if order.state is _ENDED:
            return
        order.state = _ENDED
        order.ended_us = now_us
        self.resting -= order.rests
        self._live.pop(order.client_id, None)
        self._ended[order.client_id] = now_us

    def _settle(self, order: Tracked, now_us: int) -> None:
        """Bring every sum to what is now known of the order."""
        position = self.positions.get(order.symbol)
        if position is None:
            position = self.positions[order.symbol] = Position(base=order.base)
        executed = max(order.reported, order.traded)
        if executed > order.executed:
            more = minus(executed, order.executed) if order.executed else executed
            amount = times(more, order.unit)
            self.spent.add(amount, now_us)
            position.volume.add(amount, now_us)
            order.executed = executed
            self._count(order, position, more, now_us)
            if self.slow and order.side is _SELL:
                if position.exits is None:
                    position.exits = Spending()
                position.exits.add(more, now_us)
        held = executed
        if order.side is _SELL:
            held = min(executed, order.cover)
        elif order.base_fee:
            held = minus(executed, order.base_fee)
        if held != order.held:
            more = minus(held, order.held) if order.held else held
            if order.side is _SELL:
                position.sold = plus(position.sold, more)
            else:
                position.bought = plus(position.bought, more)
            order.held = held
        loss = loss_of(order) if executed else ZERO
        if loss != order.loss:
            if not order.loss:
                order.loss_us = now_us
            # What turns out less than it was thought to be is taken back from the day on which it was thought.
            self.losses.add(minus(loss, order.loss), now_us if loss > order.loss else order.loss_us)
            order.loss = loss
        self._claim(order, position)
        if order.state is _ENDED and order.traded >= order.quantity:
            self._drop(order.client_id)  # executed whole, each trade known: nothing that comes could change a sum

    def _count(self, order: Tracked, position: Position, more: Decimal, now_us: int) -> None:
        """Count what was executed by time, for a limit on what all keys of a service buy, which may be set later."""
        net = more if order.side is not _SELL else minus(ZERO, more)
        if position.net is None:
            position.net = Spending()
        position.net.add(net, now_us)
        if self.together is not None:
            self.together.executed(order.symbol, net, now_us)

    def _hold(self, order: Tracked, position: Position) -> None:
        """What ``_claim`` does, for an order that is new and stands alone: nothing of it was counted before."""
        claimed = order.claimed = times(order.quantity, order.unit)
        self.reserved = plus(self.reserved, claimed)
        position.reserved = plus(position.reserved, claimed)
        if order.risk:
            order.risking = times(order.quantity, order.risk)
            self.risked = plus(self.risked, order.risking)
        if order.cover:
            order.covering = order.cover
            position.covered = plus(position.covered, order.cover)

    def _claim(self, order: Tracked, position: Position) -> None:
        """Bring what is reserved to what the order, or the dearest of its alternatives, may still cost."""
        if self.together is not None:
            open_ = still_buys(order)
            if open_ != order.netting:
                self.together.opened(order.symbol, minus(open_, order.netting))
                order.netting = open_
        claimed, covering, risking = order.claims()
        group = self._groups.get(order.group) if order.group else None
        if group is None:
            before, before_cover, before_risk = order.claimed, order.covering, order.risking
            order.claimed, order.covering, order.risking = claimed, covering, risking
            after, after_cover, after_risk = claimed, covering, risking
        else:
            order.claimed, order.covering, order.risking = claimed, covering, risking
            before, before_cover, before_risk = group.claimed, group.covering, group.risking
            members = [self.orders[each] for each in group.members if each in self.orders]
            after = group.claimed = max(member.claimed for member in members)
            after_cover = group.covering = max(member.covering for member in members)
            after_risk = group.risking = max(member.risking for member in members)
        if after != before:
            change = minus(after, before) if before else after
            self.reserved = plus(self.reserved, change)
            position.reserved = plus(position.reserved, change)
        if after_risk != before_risk:
            self.risked = plus(self.risked, minus(after_risk, before_risk) if before_risk else after_risk)
        if after_cover != before_cover:
            position.covered = plus(position.covered, minus(after_cover, before_cover))

    def _forget(self, now_us: int) -> None:
        """Drop what no evidence can change any more."""
        while self._used:
            client_id = next(iter(self._used))
            if now_us - self._used[client_id] < CLIENT_ID_US:
                break
            del self._used[client_id]
        while self._ended:
            client_id = next(iter(self._ended))
            if now_us - self._ended[client_id] < SETTLED_US:
                break
            order = self.orders[client_id]
            if order.traded >= order.executed:
                self._drop(client_id)
            else:
                self._late[client_id] = self._ended.pop(client_id)
        while self._late:
            client_id = next(iter(self._late))
            if now_us - self._late[client_id] < LATE_TRADE_US:
                break
            self._drop(client_id)
        if self._stray and not self._nameless:
            self._stray.clear()
        self._forget_us = self._forget_next(now_us)

    def _forget_next(self, now_us: int) -> int:
        """When there may be something to drop again. What is added from now on lasts no shorter than an end."""
        if self._stray:
            return now_us
        due_us = now_us + SETTLED_US
        for kept, lasts_us in ((self._used, CLIENT_ID_US), (self._ended, SETTLED_US), (self._late, LATE_TRADE_US)):
            if kept:
                due_us = min(due_us, next(iter(kept.values())) + lasts_us)
        return due_us

    def _drop(self, client_id: str) -> None:
        order = self.orders.pop(client_id)
        if order.list_client_id:
            self._owned.unname_list(order.list_client_id)
        self._ended.pop(client_id, None)
        self._late.pop(client_id, None)
        self._nameless.discard(client_id)
        group = self._groups.get(order.group)
        if group is not None:
            group.members.remove(client_id)
            if not group.members:
                del self._groups[order.group]
