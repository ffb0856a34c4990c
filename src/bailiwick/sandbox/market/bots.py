"""Six kinds of bots that differ, and one that only reads: each with sizes and times of its own."""

import math
from collections.abc import Callable
from typing import Final, final

from bailiwick.model.intent import OrderType, Side, TimeInForce
from bailiwick.model.order import OrderReport
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.market import wire
from bailiwick.sandbox.market.coins import BY_NAME
from bailiwick.sandbox.market.crowd import Member
from bailiwick.sandbox.market.fair import MINUTE_US
from bailiwick.sandbox.market.hand import DAY_S, Bot, Hand
from bailiwick.sandbox.market.stream import Stream

BUY: Final = Side.BUY
SELL: Final = Side.SELL
_IOC: Final = TimeInForce.IOC


def _period(member: Member, acts: float) -> float:
    """Seconds between turns, if each turn has so many orders."""
    return DAY_S * acts / max(member.orders_a_day, 0.01)


class _Bot:
    """What all have: what they trade, how much at a time, and how long they sleep."""

    def __init__(self, member: Member, acts: float) -> None:
        self.symbols = sorted(member.facts.symbols)
        self.worth = member.order_worth
        self.period = _period(member, acts)
        self.open: dict[str, tuple[str, Side, int, int]] = {}  # client id → symbol, side, price, quantity

    def filled(self, hand: Hand, report: OrderReport) -> float | None:
        """An order of the bot's rested and was executed."""
        if not report.live:
            self.open.pop(report.client_id, None)
        return None

    def restart(self, hand: Hand, stream: Stream) -> None:
        """Look around, take away what is open, begin anew."""
        hand.read(wire.BALANCES)
        for client_id, (symbol, *_) in list(self.open.items()):
            hand.cancel(symbol, client_id)
            hand.pause(120)
        self.open.clear()

    def rest(self, hand: Hand, symbol: str, side: Side, price: int, worth: float, kind: OrderType) -> None:
        """Offer something and remember it."""
        quantity = hand.affords(symbol, side, hand.quantity(symbol, worth), price)
        report = hand.order(symbol, side, quantity, price, kind=kind)
        if report is not None and report.live:
            self.open[report.client_id] = (symbol, side, price, quantity)


@final
class Grid(_Bot):
    """Keeps offers at even distances, and answers each that is taken with one on the other side."""

    def __init__(self, member: Member) -> None:
        super().__init__(member, 2.0)
        stream = Stream(member.seed)
        self.symbols = self.symbols[:2]
        self.levels = 2 + stream.below(4)
        sigma = BY_NAME[self.symbols[0]].tier.day_sigma
        # A path of this deviation crosses lines at this distance about as often as the key is to trade.
        self.spacing = min(max(sigma * math.sqrt(2.0 / max(member.orders_a_day, 0.2)), 0.003), 0.08)
        self.answers: list[tuple[str, Side, int, float]] = []
        self.centre: dict[str, int] = {}

    def wake(self, hand: Hand, stream: Stream) -> float:
        """Answer what was taken; set up anew where the price has left the grid."""
        for symbol, side, price, worth in self.answers:
            self.rest(hand, symbol, side, price, worth, OrderType.LIMIT)
            hand.pause(80 + stream.below(400))
        self.answers.clear()
        for symbol in self.symbols:
            mid = hand.mid(symbol)
            centre = self.centre.get(symbol)
            if centre is None or abs(mid / centre - 1) > self.spacing * (self.levels + 1):
                self._lay(hand, stream, symbol, mid)
        return min(self.period, 6 * 3600.0) * stream.spread(0.3)

    def filled(self, hand: Hand, report: OrderReport) -> float | None:
        """The other side, one line farther."""
        found = self.open.get(report.client_id)
        super().filled(hand, report)
        if found is None or report.live:
            return None
        symbol, side, price, quantity = found
        line = price * (1 + self.spacing if side is BUY else 1 - self.spacing)
        worth = quantity / SCALE * price / SCALE * hand.world.floor.in_usdt(BY_NAME[symbol].symbol.quote, hand.at_us)
        self.answers.append((symbol, SELL if side is BUY else BUY, int(line), worth))
        return 2.0

    def restart(self, hand: Hand, stream: Stream) -> None:
        """The grid is laid anew around the price."""
        super().restart(hand, stream)
        self.centre.clear()
        self.answers.clear()

    def _lay(self, hand: Hand, stream: Stream, symbol: str, mid: int) -> None:
        for client_id, (other, *_) in list(self.open.items()):
            if other == symbol:
                hand.cancel(symbol, client_id)
                self.open.pop(client_id, None)
        self.centre[symbol] = mid
        for level in range(1, self.levels + 1):
            for side, price in ((BUY, mid * (1 - self.spacing * level)), (SELL, mid * (1 + self.spacing * level))):
                self.rest(hand, symbol, side, int(price), self.worth, OrderType.LIMIT)
                hand.pause(60 + stream.below(200))


@final
class Dca(_Bot):
    """Buys for the same amount at the same times, whatever the price."""

    def __init__(self, member: Member) -> None:
        super().__init__(member, 1.0)
        stream = Stream(member.seed)
        # People choose hours and days, not periods.
        choices = (3_600.0, 4 * 3_600.0, 8 * 3_600.0, DAY_S, 3 * DAY_S, 7 * DAY_S)
        self.period = min(choices, key=lambda each: abs(math.log(each / self.period)))
        self.phase = stream.below(int(self.period) // 60 + 1) * 60.0
        self.market = stream.chance(6_000)
        self.turn = 0

    def wake(self, hand: Hand, stream: Stream) -> float:
        """Buy one of its coins in turn."""
        if self.turn or hand.wakes > 1:
            symbol = self.symbols[self.turn % len(self.symbols)]
            quote = int(min(self.worth * SCALE, hand.free("USDT")))
            if self.market:
                hand.order(symbol, BUY, 0, kind=OrderType.MARKET, quote=quote - quote % 1_000_000)
            else:
                price = int(hand.mid(symbol) * 1.002)
                quantity = hand.affords(symbol, BUY, hand.quantity(symbol, self.worth), price)
                hand.order(symbol, BUY, quantity, price, tif=_IOC)
        self.turn += 1
        into = (hand.at_us / 1e6 - self.phase) % self.period
        return self.period - into + stream.between(0.3, 4.0)


@final
class Rebalancer(_Bot):
    """Brings a basket back to its weights: some sells, then some buys, within seconds."""

    def __init__(self, member: Member) -> None:
        super().__init__(member, 3.0)
        self.symbols = [symbol for symbol in self.symbols if symbol.endswith("USDT")]

    def wake(self, hand: Hand, stream: Stream) -> float:
        """Sell the heaviest, buy the lightest."""
        if hand.wakes > 1:
            if stream.chance(3_000):
                hand.read(wire.BALANCES)
            held = [(hand.free(BY_NAME[s].symbol.base) / SCALE * hand.mid(s) / SCALE, s) for s in self.symbols]
            held.sort()
            number = 1 + stream.below(2)
            for _, symbol in held[-number:]:
                self._take(hand, symbol, SELL, self.worth * stream.spread(0.5))
                hand.pause(150 + stream.below(600))
            for _, symbol in held[:number]:
                self._take(hand, symbol, BUY, self.worth * stream.spread(0.5))
                hand.pause(150 + stream.below(600))
        return self.period * stream.between(0.9, 1.1)

    @staticmethod
    def _take(hand: Hand, symbol: str, side: Side, worth: float) -> None:
        price = int(hand.mid(symbol) * (1.003 if side is BUY else 0.997))
        quantity = hand.affords(symbol, side, hand.quantity(symbol, worth), price)
        hand.order(symbol, side, quantity, price, tif=_IOC)


@final
class Maker(_Bot):
    """Quotes both sides and follows the price."""

    def __init__(self, member: Member) -> None:
        super().__init__(member, 4.0)  # two cancels, two orders
        self.symbols = self.symbols[:1]
        self.half = BY_NAME[self.symbols[0]].tier.half_spread_bps / 10_000 * 1.5

    def wake(self, hand: Hand, stream: Stream) -> float:
        """Take the old quotes away, show new ones."""
        symbol = self.symbols[0]
        for client_id in list(self.open):
            hand.cancel(symbol, client_id)
            hand.pause(15)
        self.open.clear()
        mid = hand.mid(symbol)
        for side, price in ((BUY, mid * (1 - self.half)), (SELL, mid * (1 + self.half))):
            self.rest(hand, symbol, side, int(price), self.worth * stream.spread(0.2), OrderType.LIMIT_MAKER)
            hand.pause(15)
        return stream.wait(self.period) + 1.0

    def filled(self, hand: Hand, report: OrderReport) -> float | None:
        """Quote anew sooner than it would have."""
        super().filled(hand, report)
        return max(self.period * 0.6, 3.0) if not self.open else None


@final
class Momentum(_Bot):
    """Buys what rises among the coins that it looks at, sells for a gain, a loss, or when its time is over."""

    def __init__(self, member: Member) -> None:
        super().__init__(member, 1.0)
        stream = Stream(member.seed)
        self.market = stream.chance(5_000)
        self.hold_s = 3_600.0 * stream.between(0.5, 30.0)
        self.gain, self.loss = stream.between(0.01, 0.06), stream.between(0.01, 0.05)
        self.held: dict[str, tuple[int, int, int]] = {}  # symbol → quantity, price, since

    def wake(self, hand: Hand, stream: Stream) -> float:
        """Close what is due, then perhaps open one more."""
        for symbol, (quantity, price, since_us) in list(self.held.items()):
            now = hand.mid(symbol) / price - 1
            if now > self.gain or now < -self.loss or hand.at_us - since_us > self.hold_s * 1e6:
                self._trade(hand, symbol, SELL, quantity)
                del self.held[symbol]
                hand.pause(200 + stream.below(2_000))
        looked = stream.sample(self.symbols, 6)
        if looked and len(self.held) < 4:
            best = max(looked, key=lambda symbol: self._rise(hand, symbol))
            if best not in self.held:
                worth = self.worth * stream.spread(0.15)
                price = hand.mid(best)
                bought = self._trade(hand, best, BUY, hand.quantity(best, worth))
                if bought:
                    self.held[best] = (bought, price, hand.at_us)
        return stream.wait(self.period) + 5.0

    def _trade(self, hand: Hand, symbol: str, side: Side, quantity: int) -> int:
        price = int(hand.mid(symbol) * (1.004 if side is BUY else 0.996))
        quantity = hand.affords(symbol, side, quantity, price)
        if self.market:
            report = hand.order(symbol, side, quantity, kind=OrderType.MARKET)
        else:
            report = hand.order(symbol, side, quantity, price, tif=_IOC)
        return 0 if report is None else hand.amount(report.executed)

    @staticmethod
    def _rise(hand: Hand, symbol: str) -> float:
        before = hand.world.floor.fair(symbol).mid(hand.at_us - 30 * MINUTE_US)
        return hand.mid(symbol) / before


@final
class Guardian(_Bot):
    """Keeps a stop under what its owner holds, and draws it up behind the price."""

    def __init__(self, member: Member) -> None:
        super().__init__(member, 2.0)
        self.below = Stream(member.seed).between(0.04, 0.15)
        self.stops: dict[str, tuple[str, int]] = {}  # symbol → client id, stop

    def wake(self, hand: Hand, stream: Stream) -> float:
        """Look at each holding."""
        for symbol in self.symbols:
            mid = hand.mid(symbol)
            stop = int(mid * (1 - self.below))
            client_id, old = self.stops.get(symbol, ("", 0))
            if old and stop < old * 1.01:
                continue
            if client_id:
                hand.cancel(symbol, client_id)
                hand.pause(100)
            held = hand.affords(symbol, SELL, hand.quantity(symbol, self.worth * 10), mid)
            report = hand.order(symbol, SELL, held, int(stop * 0.985), kind=OrderType.STOP_LOSS_LIMIT, stop=stop)
            if report is not None and report.live:
                self.stops[symbol] = (report.client_id, stop)
        return stream.wait(self.period) + 30.0

    def filled(self, hand: Hand, report: OrderReport) -> float | None:
        """The stop has done its work."""
        if not report.live:
            self.stops.pop(report.symbol, None)
        return None

    def restart(self, hand: Hand, stream: Stream) -> None:
        """The stops are taken away and set anew."""
        hand.read(wire.BALANCES)
        for symbol, (client_id, _) in list(self.stops.items()):
            hand.cancel(symbol, client_id)
        self.stops.clear()


@final
class Tracker(_Bot):
    """Only reads."""

    def __init__(self, member: Member) -> None:
        super().__init__(member, 2.0)
        self.symbols = []

    def wake(self, hand: Hand, stream: Stream) -> float:
        """Balances, and now and then the trades of a coin."""
        hand.read(wire.BALANCES)
        if stream.chance(3_000):
            hand.read(wire.TRADES, stream.choose(("BTCUSDT", "ETHUSDT", "BNBUSDT")))
        return self.period * stream.between(0.95, 1.05)


_KINDS: Final[dict[str, Callable[[Member], Bot]]] = {
    "grid": Grid,
    "dca": Dca,
    "rebalancer": Rebalancer,
    "maker": Maker,
    "momentum": Momentum,
    "guardian": Guardian,
    "tracker": Tracker,
}


def bot_of(member: Member) -> Bot:
    """The bot behind a key."""
    return _KINDS[member.facts.kind](member)
