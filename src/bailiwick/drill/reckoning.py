"""What a playing cost, and whom: kept beside the door, from what went through it and what is known of it afterwards.

A loss is reckoned fill by fill: how much worse a victim's order was executed than the price that the market would have
without the thief at that moment (``Floor.fair``), and the commission.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import final

from bailiwick.drill.chart import Minute
from bailiwick.model.intent import OrderDraft, Side
from bailiwick.model.money import ZERO, minus, plus, times
from bailiwick.model.order import Fill, OrderReport
from bailiwick.model.reason import Reason
from bailiwick.sandbox.market.door import Act, Door, Print, Ruled, Ruling, Scene, Venue
from bailiwick.sandbox.market.floor import decimal
from bailiwick.sandbox.market.world import World

HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
_STOPPED = frozenset({Reason.KEY_WINDING_DOWN.name, Reason.KEY_FROZEN.name})


@final
class Victim:
    """A key that a thief used."""

    __slots__ = (
        "_bought", "_sold", "after", "first_us", "forwarded", "key", "loss", "orders", "refused", "stopped_us",
        "theft",
    )  # fmt: skip

    def __init__(self, key: str, theft: str, first_us: int) -> None:
        self.key = key
        self.theft = theft
        self.first_us = first_us
        self.orders = 0  # that he asked for
        self.refused = 0
        self._bought: set[str] = set()  # symbols in which he asked for a purchase
        self.forwarded = 0  # orders that left before the first was held
        self._sold: dict[str, int] = {}  # of these the sales, by symbol
        self.stopped_us: int | None = None  # when the first was held
        self.loss = ZERO
        self.after = ZERO  # of it, in the hour after the stop

    def asks(self, orders: Iterable[OrderDraft]) -> None:
        """He asks for orders."""
        self.orders += 1
        self._bought |= {each.symbol for each in orders if each.side is Side.BUY}

    def forward(self, orders: Iterable[OrderDraft]) -> None:
        """Orders of his leave, and nothing was held yet."""
        self.forwarded += 1
        for each in orders:
            if each.side is Side.SELL:
                self._sold[each.symbol] = self._sold.get(each.symbol, 0) + 1
                break

    @property
    def sales(self) -> int:
        """Of the orders that left, those that only raised money: sales of what he never asked to buy."""
        return sum(count for symbol, count in self._sold.items() if symbol not in self._bought)


@final
class Reckoning:
    """A door around a door: passes everything on, and keeps the books of the drill."""

    def __init__(self, world: World, door: Door, begins: Mapping[str, int]) -> None:
        self._world = world
        self._door = door
        self._begins = begins  # by attack, µs: orders before are a thief's teaching, and not counted as forwarded
        self.victims: dict[str, Victim] = {}
        self.minutes: dict[str, dict[int, Minute]] = {}
        self.denied: dict[str, int] = {}  # honest acts that a rule refused, by reason
        self.traded: set[str] = set()  # keys that asked for an order
        self.acts = 0
        self._orders: set[tuple[str, str, int]] = set()  # thieves' orders: key, symbol and the venue's number

    # The door

    def begin(self, scene: Scene) -> None:
        """The world is made."""
        self._door.begin(scene)

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Pass an act on, and note what became of it."""
        ruling = self._door.ask(act, venue)
        if act.at_us < self._world.start_us:
            return ruling  # of the history nothing is counted
        self.acts += 1
        orders = act.intent.orders
        if orders:
            self.traded.add(act.key)
        if act.theft:
            self._stolen(act, ruling)
        elif ruling.ruled is Ruled.DENIED:
            self.denied[ruling.reason] = self.denied.get(ruling.reason, 0) + 1
        return ruling

    def filled(self, key: str, report: OrderReport, at_us: int) -> None:
        """A resting order was executed further."""
        if (key, report.symbol, report.order_id) in self._orders:
            self._lose(key, report, at_us)
        self._door.filled(key, report, at_us)

    def granted(self, key: str, symbols: frozenset[str], at_us: int) -> None:
        """An owner widened a grant."""
        self._door.granted(key, symbols, at_us)

    def printed(self, trade: Print) -> None:
        """A public trade."""
        start = trade.at_us // MINUTE_US * 60
        minutes = self.minutes.setdefault(trade.symbol, {})
        seen, price = minutes.get(start), trade.price
        if seen is None:
            minutes[start] = Minute(start, price, price, price, price)
        else:
            minutes[start] = Minute(start, seen.open, max(seen.high, price), min(seen.low, price), price)
        self._door.printed(trade)

    # The books

    def _stolen(self, act: Act, ruling: Ruling) -> None:
        victim = self.victims.get(act.key)
        if victim is None:
            victim = self.victims[act.key] = Victim(act.key, act.theft, act.at_us)
        if victim.stopped_us is None and (ruling.ruled is Ruled.HELD or ruling.reason in _STOPPED):
            victim.stopped_us = act.at_us
        if not act.intent.orders:
            return
        victim.asks(act.intent.orders)
        if ruling.ruled is not Ruled.PASSED:
            victim.refused += 1
            return
        if victim.stopped_us is None and act.at_us >= self._begins.get(act.theft, 0):
            victim.forward(act.intent.orders)
        if ruling.answer is not None:
            for report in ruling.answer.orders:
                self._orders.add((act.key, report.symbol, report.order_id))
                self._lose(act.key, report, act.at_us)

    def _lose(self, key: str, report: OrderReport, at_us: int) -> None:
        if report.side is None or not report.fills:
            return
        floor, info = self._world.floor, self._world.market.symbols[report.symbol]
        fair = decimal(floor.fair(report.symbol).mid(at_us))
        worth = Decimal(floor.in_usdt(info.quote, at_us))
        victim = self.victims[key]
        lost = times(loss_of(report.fills, report.side, fair, info.base, info.quote), worth)
        victim.loss = plus(victim.loss, lost)
        if victim.stopped_us is not None and at_us <= victim.stopped_us + HOUR_US:
            victim.after = plus(victim.after, lost)


def loss_of(fills: Iterable[Fill], side: Side, fair: Decimal, base: str, quote: str) -> Decimal:
    """What fills cost more than the fair price, with commission in either asset of the pair; in the quote asset."""
    lost = ZERO
    for fill in fills:
        worse = minus(fill.price, fair) if side is Side.BUY else minus(fair, fill.price)
        lost = plus(lost, times(worse, fill.quantity))
        if fill.commission_asset == quote:
            lost = plus(lost, fill.commission)
        elif fill.commission_asset == base:
            lost = plus(lost, times(fill.commission, fair))
    return lost
