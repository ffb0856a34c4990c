"""What only looks like a theft is not stopped, and what is one is: the known cases in miniature."""

import copy

import pytest
from watch_ground import AWAY, DAY, MINUTE, OF_SERVICE, SECOND, Desk, holder, order

from bailiwick.model.intent import OrderType, Side
from bailiwick.watch.event import Asked, Holder, MarketSign, Traded
from bailiwick.watch.signal import Measure, Verdict

BUY, SELL = Side.BUY, Side.SELL


def grown() -> Desk:
    """Forty keys of eight services, with ten days of a bot's life each."""
    desk = Desk()
    for place in range(40):
        began = desk.now
        desk.live(bot(place), 10, "BTCUSDT", "ETHUSDT", worth=50.0 * (1 + place % 7))
        if place < 39:
            desk.now = began
    return desk


def bot(place: int) -> Holder:
    """One of forty keys."""
    return holder(f"bot {place}", f"service {place % 8}")


GROUND = grown()


def ground() -> Desk:
    """The keys, for one test."""
    return copy.deepcopy(GROUND)


def all_of(desk: Desk, *events: Asked, every: int = 10 * SECOND) -> list[Verdict]:
    """Put these to the watch, one after another."""
    return [desk.tell(event, desk.now + every) for event in events]


def worst(verdicts: list[Verdict]) -> Measure:
    """The most that any asks for."""
    return max(verdict.measure for verdict in verdicts)


# What looks like it


def test_a_listing_stops_nobody() -> None:
    """A symbol that nobody has ever traded, bought by forty keys within minutes at the market, holds none of them."""
    events = [order("NEWUSDT", BUY, 50.0 * (1 + place % 7), 8.0, holder=bot(place), moved_bps=400.0, anchor_bps=None)
              for place in range(40)]  # fmt: skip
    assert worst(all_of(ground(), *events)) < Measure.HOLD


def test_a_news_rally_stops_nobody() -> None:
    """Forty keys that buy a coin which has run up by eight per cent, as the market does, are not held."""
    desk = ground()
    desk.tell(MarketSign(at_us=desk.now, symbol="AXSUSDT", score=5_000))
    events = [
        order("AXSUSDT", BUY, 50.0 * (1 + place % 7), 6.0, holder=bot(place), moved_bps=800.0, anchor_bps=806.0)
        for place in range(40)
    ]
    assert worst(all_of(desk, *events, every=SECOND)) < Measure.HOLD


def test_an_owner_who_joins_a_public_pump_is_not_wound_down() -> None:
    """One key that follows a pump with its usual size is asked about at most, and does not wind down."""
    desk = ground()
    desk.tell(MarketSign(at_us=desk.now, symbol="SYSUSDT", score=8_000))
    pumped = order("SYSUSDT", BUY, 50.0, 25.0, holder=bot(0), moved_bps=3_000.0, anchor_bps=3_025.0)
    assert worst(all_of(desk, pumped, pumped, pumped, every=SECOND)) < Measure.WIND_DOWN


def test_a_bot_that_moves_to_another_host_is_not_stopped() -> None:
    """A key used from another address with another client, for what it always does, is left alone."""
    events = [
        order("BTCUSDT", BUY, 50.0, 5.0, holder=bot(0), origin=AWAY, prefix=99, window_ms=1000) for _ in range(50)
    ]
    assert worst(all_of(ground(), *events)) < Measure.ALERT


def test_a_new_strategy_on_liquid_symbols_is_not_stopped() -> None:
    """A key that begins with five liquid symbols on one day, with its usual sizes, is not held."""
    symbols = [("SOLUSDT", 9e8), ("XRPUSDT", 6e8), ("ADAUSDT", 9e7), ("DOTUSDT", 4e7), ("ATOMUSDT", 2e7)]
    events = [order(name, BUY, 50.0, 3.0, holder=bot(0), day_worth=volume) for name, volume in symbols * 4]
    assert worst(all_of(ground(), *events, every=MINUTE)) < Measure.HOLD


def test_a_whale_that_rebalances_majors_is_not_stopped() -> None:
    """A key that sells a hundred times its usual size of one major and buys another is not held."""
    events = [
        order("BTCUSDT", SELL, 5_000.0, 8.0, holder=bot(0)),
        order("ETHUSDT", BUY, 5_000.0, 8.0, holder=bot(0)),
    ] * 5
    assert worst(all_of(ground(), *events, every=MINUTE)) < Measure.HOLD


def test_a_cascade_stops_no_exit() -> None:
    """Keys that sell what they bought into a crash, at any price of the moment, are never held."""
    events = [
        order("BTCUSDT", SELL, 50.0 * (1 + place % 7), 90.0, holder=bot(place), reducing=True, moved_bps=-2_500.0,
              anchor_bps=2_600.0, type=OrderType.STOP_LOSS_LIMIT)
        for place in range(40)
    ]  # fmt: skip
    assert worst(all_of(ground(), *events, every=SECOND)) < Measure.HOLD


# What is one


@pytest.mark.parametrize("origin", [AWAY, OF_SERVICE])
def test_the_first_order_of_a_pump_is_held(origin: object) -> None:
    """A key made to buy a thin coin far above the market is held at the first order, wherever it comes from."""
    event = order("SYSUSDT", BUY, 2_000.0, 500.0, holder=bot(0), origin=origin)
    assert all_of(ground(), event)[0].measure >= Measure.HOLD


def test_axs_is_held_at_the_first_order() -> None:
    """A liquid coin is bought for a thousand times the usual size, above the market: held at the first order."""
    assert all_of(ground(), order("AXSUSDT", BUY, 200_000.0, 200.0, holder=bot(0)))[0].measure >= Measure.HOLD


def test_a_thief_who_wears_the_bots_clothes_is_held_for_his_price() -> None:
    """From the service's own address, with the bot's sizes and pace, buying thin far above the market is held."""
    assert all_of(ground(), order("SYSUSDT", BUY, 50.0, 600.0, holder=bot(0)))[0].measure >= Measure.HOLD


def test_contra_trading_is_held_within_five_orders() -> None:
    """Small round trips in a thin coin, each a little worse than the market, are held after five at the latest."""
    desk = ground()
    forwarded = 0
    for place in range(40):
        event = order("DMGUSDT", SELL if place % 2 else BUY, 50.0, 120.0, holder=bot(0), origin=OF_SERVICE)
        if desk.tell(event, desk.now + 15 * SECOND).measure < Measure.HOLD:
            forwarded += 1
            desk.tell(
                Traded(
                    at_us=desk.now, holder=bot(0), symbol="DMGUSDT", side=event.side or BUY, worth=50.0, near_bps=120.0
                )
            )
    assert forwarded <= 5


def test_sell_then_buy_is_held_before_it_buys() -> None:
    """A key that sells coins which it never bought, and then a thin coin with the proceeds, is held before it buys."""
    desk = ground()
    all_of(
        desk, order("BTCUSDT", SELL, 4_000.0, 5.0, holder=bot(0)), order("ETHUSDT", SELL, 4_000.0, 5.0, holder=bot(0))
    )
    assert all_of(desk, order("SYSUSDT", BUY, 2_000.0, 40.0, holder=bot(0)))[0].measure >= Measure.HOLD


def test_a_key_that_slept_for_two_years_is_held() -> None:
    """A key without any history, made two years ago, that begins with a thin coin above the market, is held."""
    desk = ground()
    sleeper = holder("sleeper", "service 3", idle_since_us=desk.now - 730 * DAY)
    assert all_of(desk, order("DMGUSDT", BUY, 1_000.0, 300.0, holder=sleeper))[0].measure >= Measure.HOLD


def test_victims_of_one_service_warn_each_other() -> None:
    """What is only an alert on the first key of a service is held on its later ones, once some were held."""
    desk = ground()
    mild = [order("SYSUSDT", BUY, 50.0 * (1 + place % 7), 130.0, holder=bot(place)) for place in range(0, 40, 8)]
    alone = all_of(copy.deepcopy(desk), mild[4])[0]
    for place in (0, 8, 16):
        desk.tell(order("SYSUSDT", BUY, 5_000.0, 900.0, holder=bot(place)), desk.now + SECOND)
    together = all_of(desk, mild[4])[0]
    assert (alone.measure < Measure.HOLD, together.measure >= Measure.HOLD) == (True, True)
    assert together.scope == "service"
