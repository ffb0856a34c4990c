"""A symbol played in detail: makers with limited purses, holders' orders, followers, and those who know better.

Nothing here knows who trades through a key. A rise comes about because somebody buys more than rests nearby: the makers
run out, the holders' offers above are thin, followers jump on, and those who think the coin too dear sell it back.
"""

import math
from collections import deque
from decimal import Decimal
from typing import Final, final

from bailiwick.model.intent import Side
from bailiwick.model.market import Candle
from bailiwick.rules.reference import Reference
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.engine import Engine
from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.market.coins import DEPTH_POWER, Coin
from bailiwick.sandbox.market.fair import MINUTE_US, Fair
from bailiwick.sandbox.market.slate import Ticker
from bailiwick.sandbox.market.stream import Stream, seed_of
from bailiwick.sandbox.orders import BUY, SELL, Fill, Order, OrderRequest
from bailiwick.sandbox.refusal import Refusal

_SECOND: Final = 1_000_000
_CALM_STEP_US: Final = 10 * _SECOND
_LIVELY_US: Final = 5 * MINUTE_US  # after an act of a key or a notable move, the market is looked at closely

# Of makers: how fast they follow the price (s), and what one shows and holds at most, in depths (coins.py).
_FOLLOW_S: Final = (4.0, 15.0, 45.0)
_FOLLOW_SHARE: Final = 0.9  # how much of their idea of the price is the price, and how much what they know to be fair
_SHOWN: Final = ((1.0, 0.05), (2.5, 0.1))
_MOST_HELD: Final = 0.5
_HEDGE_S: Final = 600.0
_REQUOTE_US: Final = 60 * _SECOND
_WARY: Final = 0.02  # a move in a minute at which makers double their spread

# Of holders: standing orders from half a hundredth to four times the price, of which a tenth grows back in a minute.
_FIRST: Final = 0.005
_WIDER: Final = 1.35
_HIGHEST: Final = 4.0
_LOWEST: Final = 0.85
_REGROW_US: Final = MINUTE_US
_REGROW: Final = 0.1

# Of followers and of those who know better: what they trade in a minute, in depths, for a move of 100 %.
_FOLLOWING: Final = 8.0
_FOLLOW_FROM: Final = 0.02
_LEAVE_S: Final = 600.0
_KNOWING: Final = 0.8
_KNOW_FROM: Final = 0.015
_MOST_MOVE: Final = 0.6
_GAP: Final = 0.15
_PATIENCE_S: Final = 10.0
_NOISE_SIGMA: Final = 1.2
# A coin that moves draws a crowd: AXS traded 300 times its usual minute while it rose.
_DRAWN: Final = 250.0


@final
class _Maker:
    """One maker: its idea of the price, what it holds beyond what it wants, what it has in the book."""

    __slots__ = ("account", "belief", "held", "placed", "quoted", "quoted_us", "tau_s")

    def __init__(self, account: Account, tau_s: float, belief: float) -> None:
        self.account = account
        self.tau_s = tau_s
        self.belief = belief
        self.held = 0.0  # in base units
        self.placed: list[Order] = []
        self.quoted = 0.0
        self.quoted_us = 0


@final
class _Standing:
    """One holder's order: where, how much when it is whole, and what stands now."""

    __slots__ = ("order", "price", "side", "whole")

    def __init__(self, side: str, price: int, whole: int) -> None:
        self.side = side
        self.price = price
        self.whole = whole
        self.order: Order | None = None


@final
class Arena:
    """The detailed market of one symbol. ``agents`` are the crowd, the holders, and the makers."""

    def __init__(
        self, engine: Engine, coin: Coin, fair: Fair, seed: int, now_us: int, *, agents: list[Account],
        usdt_per_quote: float, daily_volume: Decimal, step_us: int,
    ) -> None:  # fmt: skip
        self.coin = coin
        self.fair = fair
        self.reference = Reference()
        self.resting: tuple[Decimal, Decimal] | None = None  # at the best prices when they were last looked at
        self.volume_times = 1.0
        self._engine = engine
        self._market = engine.markets[coin.name]
        self._seed = seed_of(seed, "arena", coin.name)
        self._step_us = step_us
        self._last_us = now_us
        self._number = 0
        self._lively_us = now_us + _LIVELY_US
        self._regrown_us = now_us
        self._per_base = usdt_per_quote / SCALE  # of a price in units, what a whole base coin is worth in USDT
        self._crowd = agents[0]
        self._holders = agents[1]
        mid = fair.mid(now_us)
        self._makers = [_Maker(account, tau, mid) for account, tau in zip(agents[2:], _FOLLOW_S, strict=False)]
        self._followed = 0.0  # what followers hold, in USDT
        self._mids: deque[tuple[int, int]] = deque([(now_us, mid)])
        self._mid = mid
        self.reference.daily_volume = daily_volume
        self.reference.seed(_candles(fair, now_us), now_us)
        ticker = self._market.tape
        assert isinstance(ticker, Ticker)
        self._ticker = ticker
        self._traded = ticker.next_id
        self._idle_s = 0.0
        ticker.listening = True
        self._market.last = self._on_tick(mid)
        self._standing = self._stand(mid)
        self._regrow(now_us, 1.0)
        self._quote(now_us)
        self._look(now_us)

    def mid(self) -> int:
        """The middle of the book; where a side is empty the other one, where both are the last price."""
        bid, ask = self._market.book.best(BUY), self._market.book.best(SELL)
        if bid is None or ask is None:
            there = bid or ask
            return self._market.last if there is None else there.price
        return (bid.price + ask.price) // 2

    def own(self, side: str, fills: list[Fill], now_us: int) -> None:
        """A key behind the gateway traded: the gateway's references know of it."""
        quantity = sum(fill.trade.quantity for fill in fills)
        self.reference.own_trade(Side(side), Decimal(quantity).scaleb(-8), now_us, Decimal(self._mid).scaleb(-8))
        self.stir(now_us)

    def stir(self, now_us: int) -> None:
        """Something happens here: look closely for a while."""
        self._lively_us = max(self._lively_us, now_us + _LIVELY_US)

    def step(self, now_us: int) -> int:
        """Everybody but the keys acts; microseconds until they do again."""
        passed_s = (now_us - self._last_us) / _SECOND
        self._last_us = now_us
        self._number += 1
        traded, self._traded = self._ticker.next_id != self._traded, self._ticker.next_id
        self._idle_s = 0.0 if traded else self._idle_s + passed_s
        stream = Stream(self._seed, self._number)
        self._noise(stream, passed_s, now_us)
        self._lean(passed_s, now_us)
        self._count_hits(now_us)
        self._believe(passed_s, now_us)
        if now_us - self._regrown_us >= _REGROW_US:
            self._regrow(now_us, _REGROW)
            self._regrown_us = now_us
        self._quote(now_us)
        self._look(now_us)
        if abs(self._moved()) > _FOLLOW_FROM or self.volume_times > 2.0:
            self.stir(now_us)
        return self._step_us if now_us < self._lively_us else max(self._step_us, _CALM_STEP_US)

    def close(self, now_us: int) -> None:
        """Take everything of the agents away; orders of keys stay."""
        for maker in self._makers:
            self._withdraw(maker, now_us)
        for each in self._standing:
            if each.order is not None and each.order.open:
                self._engine.cancel(each.order, now_us // 1000)
        self._ticker.listening = False

    # What agents do

    def _noise(self, stream: Stream, passed_s: float, now_us: int) -> None:
        """Those who trade for reasons of their own."""
        moved = max(abs(self._moved()) - _FOLLOW_FROM, 0.0)
        more = math.sqrt(
            max(self.volume_times, 1.0 + _DRAWN * moved)
        )  # a busier market has more trades, and larger ones
        rate = self.coin.tier.trades_a_minute * more / 60.0
        if rate <= 0:
            return
        mean = self.coin.day_worth / 1_440.0 / self.coin.tier.trades_a_minute * math.exp(-(_NOISE_SIGMA**2) / 2)
        waited = stream.wait(1.0 / rate)
        while waited < passed_s:
            worth = mean * stream.spread(_NOISE_SIGMA)
            self._send(BUY if stream.chance(5_000) else SELL, worth, 0.02, now_us)
            waited += stream.wait(1.0 / rate)

    def _lean(self, passed_s: float, now_us: int) -> None:
        """Followers buy what rises and leave later; those who know the fair price trade against whoever left it."""
        depth = self.coin.depth_worth
        minutes = passed_s / 60.0
        moved = self._moved()
        if abs(moved) > _FOLLOW_FROM:
            worth = _FOLLOWING * depth * min(max(moved, -_MOST_MOVE), _MOST_MOVE) * minutes
            self._followed += worth
            self._flow(worth, 0.05, now_us)
        if self._followed:
            haste = 4.0 if self._followed * moved < 0 else 1.0
            leaving = self._followed * min(passed_s / _LEAVE_S * haste, 1.0)
            self._followed -= leaving
            self._flow(-leaving, 0.05, now_us)
        dear = math.log(self.mid() / self.fair.mid(now_us))
        if abs(dear) > _KNOW_FROM:
            worth = _KNOWING * self.volume_times * depth * min(max(dear, -_MOST_MOVE), _MOST_MOVE) * minutes
            self._flow(-worth, 0.03, now_us)

    def _flow(self, worth: float, through: float, now_us: int) -> None:
        self._send(BUY if worth > 0 else SELL, abs(worth), through, now_us)

    def _send(self, side: str, worth: float, through: float, now_us: int) -> None:
        """An order of the crowd, that goes no farther than so much through the best price."""
        best = self._market.book.best(SELL if side == BUY else BUY)
        last = self._market.last
        gap = _GAP * (1.0 + self._idle_s / _PATIENCE_S)
        if best is None or not last * (1 - gap) < best.price < last * (1 + gap):
            return  # nobody sells into a hole, or buys over one: for a while they wait for makers to come back
        price = self._on_tick(int(best.price * (1 + through if side == BUY else 1 - through)))
        quantity = self._quantity(worth, best.price)
        if quantity:
            self._place(self._crowd, side, quantity, price, now_us, "IOC")

    def _believe(self, passed_s: float, now_us: int) -> None:
        """Makers follow the price, and hedge what they hold elsewhere."""
        mid, fair = self.mid(), self.fair.mid(now_us)
        target = mid**_FOLLOW_SHARE * fair ** (1 - _FOLLOW_SHARE)
        for maker in self._makers:
            maker.belief += (target - maker.belief) * -math.expm1(-passed_s / maker.tau_s)
            maker.held *= math.exp(-passed_s / _HEDGE_S)

    def _count_hits(self, now_us: int) -> None:
        """Makers see what was taken of their orders, take the rest away, and will quote anew."""
        for maker in self._makers:
            taken = sum(order.executed if order.side == BUY else -order.executed for order in maker.placed)
            if any(order.executed for order in maker.placed):
                maker.held += taken / SCALE
                maker.quoted = 0.0
                self._withdraw(maker, now_us)

    def _quote(self, now_us: int) -> None:
        tier = self.coin.tier
        half = tier.half_spread_bps / 10_000.0
        wary = 1.0 + abs(self._moved()) / _WARY
        most = self._quantity(self.coin.depth_worth * _MOST_HELD, self._mid) / SCALE or 1.0
        for maker in self._makers:
            fullness = max(min(maker.held / most, 1.0), -1.0)
            centre = maker.belief * (1.0 - fullness * half * 2.0 * wary)
            stale = now_us - maker.quoted_us > _REQUOTE_US
            if maker.quoted and not stale and abs(centre / maker.quoted - 1.0) < half * 0.7:
                continue
            self._withdraw(maker, now_us)
            maker.quoted, maker.quoted_us = centre, now_us
            for times, share in _SHOWN:
                away = max(int(centre * half * times * wary), self.coin.symbol.tick // 2)
                worth = self.coin.depth_worth * share / wary
                for side, price in ((BUY, int(centre) - away), (SELL, int(centre) + away)):
                    room = 1.0 - fullness if side == BUY else 1.0 + fullness
                    quantity = self._quantity(worth * min(room, 1.0), self._mid)
                    self._rest(maker, side, quantity, price, now_us)

    def _rest(self, maker: _Maker, side: str, quantity: int, price: int, now_us: int) -> None:
        tick = self.coin.symbol.tick
        price = max(price // tick * tick if side == BUY else -(-price // tick) * tick, tick)
        best = self._market.book.best(SELL if side == BUY else BUY)
        if best is not None and (price >= best.price if side == BUY else price <= best.price):
            price = best.price - tick if side == BUY else best.price + tick  # a maker does not take
        if quantity and price >= tick:
            order = self._place(maker.account, side, quantity, price, now_us, "GTC")
            if order is not None:
                maker.placed.append(order)

    def _withdraw(self, maker: _Maker, now_us: int) -> None:
        for order in maker.placed:
            if order.open:
                self._engine.cancel(order, now_us // 1000)
        maker.placed = []

    def _stand(self, mid: int) -> list[_Standing]:
        """The holders' orders: near ones are mostly makers', far ones mostly theirs."""
        found, away, reached = [], _FIRST, 0.0
        while away < _HIGHEST:
            whole = self.coin.depth_worth * (away / 0.01) ** DEPTH_POWER
            part, reached = whole - reached, whole
            for side, price in ((SELL, mid * (1 + away)), (BUY, mid * (1 - away))):
                if side == SELL or away < _LOWEST:
                    found.append(_Standing(side, self._on_tick(int(price)), self._quantity(part, int(price))))
            away *= _WIDER
        return found

    def _regrow(self, now_us: int, share: float) -> None:
        mid = self.mid() if share < 1.0 else self._mid
        for each in self._standing:
            left = each.order.remaining if each.order is not None and each.order.open else 0
            missing = each.whole - left
            add = min(missing, int(each.whole * share))
            add -= add % self.coin.symbol.step
            away = each.price > mid * 1.002 if each.side == SELL else each.price < mid * 0.998
            if missing * 10 <= each.whole or not add or not away:
                continue
            if each.order is not None and each.order.open:
                self._engine.cancel(each.order, now_us // 1000)
            each.order = self._place(self._holders, each.side, left + add, each.price, now_us, "GTC")

    # The workings

    def _look(self, now_us: int) -> None:
        """The reference prices take a sample, as the gateway's feed does."""
        bid, ask = self._market.book.best(BUY), self._market.book.best(SELL)
        self._mid = self.mid()
        if bid is not None and ask is not None:
            self.reference.observe(Decimal(bid.price).scaleb(-8), Decimal(ask.price).scaleb(-8), now_us)
            self.resting = (
                Decimal(bid.price * bid.shown).scaleb(-16), Decimal(ask.price * ask.shown).scaleb(-16)
            )  # fmt: skip
        self._mids.append((now_us, self._mid))
        while len(self._mids) > 1 and now_us - self._mids[0][0] > MINUTE_US:
            self._mids.popleft()

    def _moved(self) -> float:
        """How far the price moved within a minute."""
        return self._mid / self._mids[0][1] - 1.0

    def _place(self, account: Account, side: str, quantity: int, price: int, now_us: int, tif: str) -> Order | None:
        request = OrderRequest(
            self.coin.name, side, "LIMIT", quantity, price, time_in_force=tif, prevention="EXPIRE_MAKER"
        )
        try:
            return self._engine.place(account, request, now_us // 1000).order
        except Refusal:  # an agent's purse is empty: it stays away
            return None

    def _quantity(self, worth: float, price: int) -> int:
        """How much of the coin is worth so much, in whole steps."""
        if price <= 0:
            return 0
        quantity = int(worth / (price * self._per_base) * SCALE)
        return quantity - quantity % self.coin.symbol.step

    def _on_tick(self, price: int) -> int:
        tick = self.coin.symbol.tick
        return max((price + tick // 2) // tick, 1) * tick


def _candles(fair: Fair, now_us: int) -> list[Candle]:
    """The last day by the minute, as a gateway would have read it."""
    volume = Decimal(1)
    return [Candle(minute * 60_000, Decimal(price).scaleb(-8), volume) for minute, price in fair.past(now_us)]
