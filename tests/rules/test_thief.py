"""A thief with a stolen key who owns both sides of a thin book."""

from decimal import Decimal

import pytest
from rules_ground import NOON_US, Key, dec, filled, grant, intent, order, symbol

from bailiwick.model.decision import Allow
from bailiwick.model.intent import OrderType, Side
from bailiwick.model.market import Candle
from bailiwick.model.money import round_down, round_up
from bailiwick.rules.market import Market
from bailiwick.rules.reference import Reference
from bailiwick.rules.windows import MINUTE_US, SECOND_US

BUDGET = dec(2000)
TICK, STEP = dec("0.0001"), dec("0.01")
SPREAD = dec("0.001")
LIMITS = """
[how_much]
day_notional = 2000
rolling_notional = 2000
order_notional = 500
"""


class ThinMarket:
    """A market that nobody else trades in: its book is whatever the thief says it is."""

    def __init__(self) -> None:
        self.key = Key(grant(LIMITS, symbols=frozenset({"SYSUSDT"})))
        self.market = self.key.market = Market({"SYSUSDT": symbol("SYSUSDT", "SYS", "USDT", str(TICK), str(STEP))})
        self.reference = Reference()
        start = NOON_US // MINUTE_US - 1440
        history = [Candle((start + each) * 60_000, dec(1) + each % 2 * TICK, dec(5)) for each in range(1440)]
        self.reference.seed(history, NOON_US)
        self.reference.set_daily_volumes([dec(5000)] * 30)
        self.victim = dec(0)  # what the victim has gained, at the price before all this
        self.volume = dec(0)
        self.order_id = 0

    def show(self, mid: Decimal, seconds: int) -> None:
        """The thief shows a book around a price for some seconds, and moves it a little so that it looks lively."""
        for second in range(seconds):
            self.key.now_us += SECOND_US
            self.reference.observe(mid * (1 - SPREAD), mid * (1 + SPREAD) + second % 2 * TICK, self.key.now_us)
            self.market.set_quote("SYSUSDT", self.reference.quote(self.key.now_us))

    def strike(self, side: Side, price: Decimal, notional: Decimal, kind: OrderType = OrderType.LIMIT) -> bool:
        """The victim's key trades with the thief at a price; tells whether the order left."""
        quantity = round_down(notional / price, STEP)
        limit = None if kind is OrderType.MARKET else price
        stop = price if "STOP" in kind or "PROFIT" in kind else None
        draft = order(side, quantity, limit, kind, symbol="SYSUSDT", stop_price=stop)
        decision = self.key.send(intent(draft))
        if not isinstance(decision, Allow):
            return False
        leaves = decision.orders[0]
        assert leaves.price is not None and leaves.quantity is not None
        self.order_id += 1
        self.key.ledger.report(filled(draft, self.order_id, leaves.quantity), self.key.now_us)
        self.reference.own_trade(side, leaves.quantity, self.key.now_us)
        gained = (1 - leaves.price) * leaves.quantity
        self.victim += gained if side is Side.BUY else -gained
        self.volume += leaves.quantity * leaves.price
        return True


def edge(side: Side, mid: Decimal) -> Decimal:
    """The worst price for the victim in the near band around a mid."""
    return round_down(mid * dec("1.01"), TICK) if side is Side.BUY else round_up(mid * dec("0.99"), TICK)


@pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.MARKET])
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(("minutes", "stake"), [(30, 60), (240, 8)])
def test_a_thief_who_walks_a_thin_book_takes_no_more_than_the_band_of_the_budget(
    side: Side, kind: OrderType, minutes: int, stake: int
) -> None:
    """However he walks it, 1 % a step and order by order, the loss stays under anchor band × budget."""
    made = ThinMarket()
    mid, step = dec(1), dec("1.01") if side is Side.BUY else dec("0.99")
    made.show(mid, 15)
    left = 0
    for _ in range(minutes):
        if made.strike(side, edge(side, mid), dec(stake), kind):
            left += 1
        further = mid * step
        made.show(further, 60)
        if made.key.reason(order(side, 10, edge(side, further), symbol="SYSUSDT")) is None:
            mid = further
        else:
            made.show(mid, 1)
    assert left >= 20
    assert made.volume <= BUDGET * dec("1.03")
    assert 0 < -made.victim <= BUDGET * dec("0.03")


def test_a_thief_who_shows_a_wild_book_gets_nothing() -> None:
    """A book ten times too dear for twenty minutes moves the near price, and not one order leaves."""
    made = ThinMarket()
    made.show(dec(10), 1200)
    assert made.market.quotes["SYSUSDT"].near >= 10
    assert not made.strike(Side.BUY, dec(10), dec(60))
    made.strike(Side.BUY, dec(10), dec(60), OrderType.MARKET)
    assert -made.victim <= dec(60) * dec("0.03")


def test_a_thief_who_goes_round_and_round_is_stopped_by_the_loss() -> None:
    """Buying dear and selling cheap, round after round, ends when the day's loss is spent."""
    made = ThinMarket()
    made.key = Key(grant("[how_much]\nloss_per_day = 5\n", symbols=frozenset({"SYSUSDT"})))
    made.key.market = made.market
    rounds = 0
    for _ in range(50):
        made.show(dec(1), 12)
        bought = made.strike(Side.BUY, dec("1.01"), dec(50))
        sold = made.strike(Side.SELL, dec("0.99"), dec(50))
        rounds += bought and sold
    assert rounds < 10
    assert -made.victim <= 5 + dec("1.01")


def test_a_thief_who_triggers_stops_takes_no_more_than_their_reach() -> None:
    """A stop far from the market, which the thief triggers by trading with himself, does not leave."""
    made = ThinMarket()
    made.show(dec(1), 15)
    assert not made.strike(Side.BUY, dec(100), dec(400), OrderType.STOP_LOSS_LIMIT)
    assert not made.strike(Side.SELL, dec("0.1"), dec(40), OrderType.STOP_LOSS_LIMIT)
    assert made.strike(Side.BUY, dec("1.3"), dec(400), OrderType.STOP_LOSS_LIMIT)
