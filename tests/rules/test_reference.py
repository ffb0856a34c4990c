"""Reference prices: what moves them, and what does not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_ground import NOON_US, dec

from bailiwick.model.intent import Side
from bailiwick.model.market import Candle
from bailiwick.rules.reference import LIVELY_MINUTES, Reference, median, weighted_median
from bailiwick.rules.windows import HOUR_US, MINUTE_US, NEAR_SPAN_US, SECOND_US

BUY, SELL = Side.BUY, Side.SELL
CENT = dec("0.01")


def candles(minutes: int, price: str | int = 100, lively: bool = True, until_us: int = NOON_US) -> list[Candle]:
    """A history of minutes that ends at a moment, in which the price moves by a cent or not at all."""
    start = until_us // MINUTE_US - minutes
    return [
        Candle((start + place) * 60_000, Decimal(price) + CENT * (place % 2) * lively, dec(int(lively)))
        for place in range(minutes)
    ]


def seeded(minutes: int = 1440, price: str | int = 100, lively: bool = True, volume: str = "1000000") -> Reference:
    """A reference with a history and a usual daily volume."""
    reference = Reference()
    reference.seed(candles(minutes, price, lively), NOON_US)
    reference.set_daily_volumes([Decimal(volume)] * 30)
    return reference


def run(reference: Reference, price: str | int | Decimal, start_us: int, seconds: int, lively: bool = False) -> int:
    """Sample one price every second, or where it is lively that and a cent more by turns; returns when it ended."""
    for second in range(seconds):
        ask = Decimal(price) + CENT + 2 * CENT * (second % 2) * lively
        reference.observe(Decimal(price) - CENT, ask, start_us + second * SECOND_US)
    return start_us + seconds * SECOND_US


def test_no_history_has_no_price() -> None:
    """A symbol of which nothing is known has neither near nor anchor, nor a volume."""
    found = Reference().quote(NOON_US)
    assert (found.near, found.anchor, found.daily_volume) == (None, None, None)


def test_near_is_the_median_of_ten_seconds() -> None:
    """One wild sample in the last ten seconds does not move the near price; half of them do."""
    reference = seeded()
    now = run(reference, 100, NOON_US, 30)
    now = run(reference, 150, now, 1)
    assert reference.quote(now).near == 100
    now = run(reference, 150, now, 6)
    assert reference.quote(now).near == 150
    assert reference.quote(now).near_us == now - SECOND_US


def test_near_that_is_old_says_so() -> None:
    """Where no sample comes any more the last one stays, with its time."""
    reference = seeded()
    now = run(reference, 100, NOON_US, 5)
    later = reference.quote(now + HOUR_US)
    assert (later.near, later.near_us) == (100, now - SECOND_US)


@pytest.mark.parametrize(("bid", "ask"), [("0", "1"), ("2", "1"), ("0", "0"), ("-1", "1")])
def test_a_broken_book_is_no_sample(bid: str, ask: str) -> None:
    """A book with an empty side, or crossed, has no mid."""
    reference = Reference()
    reference.observe(Decimal(bid), Decimal(ask), NOON_US)
    assert reference.quote(NOON_US).near is None


def test_anchor_follows_after_half_of_the_hour() -> None:
    """A price that has held for more than half of the hour is the anchor, and not before."""
    reference = seeded()
    now = run(reference, 110, NOON_US, 29 * 60)
    assert reference.quote(now).anchor < 101
    now = run(reference, 110, now, 4 * 60)
    assert reference.quote(now).anchor == 110


def test_where_the_hour_is_thin_the_day_counts() -> None:
    """In a market that hardly moves, whoever holds a price for an hour has not moved the anchor."""
    reference = seeded(lively=False)
    now = run(reference, 110, NOON_US, 70 * 60)
    assert reference.quote(now).anchor == 100


def test_an_anchor_needs_half_an_hour_of_history() -> None:
    """What has been seen for less than half an hour has no anchor."""
    reference = Reference()
    now = run(reference, 100, NOON_US, 29 * 60)
    assert reference.quote(now).anchor is None
    now = run(reference, 100, now, 2 * 60)
    assert reference.quote(now).anchor == 100


def test_a_gap_does_not_count_for_the_price_before_it() -> None:
    """A sample stands for the seconds after it, not for the silence that follows."""
    reference = Reference()
    now = run(reference, 100, NOON_US, 10)
    now = run(reference, 50, now + 50 * SECOND_US - 10 * SECOND_US, 20)
    for minute in range(40):
        now = run(reference, 70, NOON_US + (minute + 1) * MINUTE_US, 60)
    assert reference.quote(now).anchor == 70


def test_own_trades_do_not_move_the_anchor() -> None:
    """What a key behind this gateway buys dearer and dearer does not raise the anchor, nor its sells lower it."""
    for side, step in ((BUY, "1.01"), (SELL, "0.99")):
        reference = seeded(volume="2400")  # 100 an hour
        now, price = run(reference, 100, NOON_US, 10), dec(100)
        for _ in range(60):
            price *= Decimal(step)
            reference.own_trade(side, dec(1), now)
            now = run(reference, price.quantize(CENT), now, 60)
        assert abs(reference.quote(now).anchor - 100) <= CENT
        assert abs(reference.quote(now).near - 100) > 40


def test_a_held_anchor_still_moves_the_other_way() -> None:
    """After an own buy the anchor is held from rising alone: it falls with the market."""
    reference = seeded(volume="2400")
    now = run(reference, 100, NOON_US, 10)
    reference.own_trade(BUY, dec(1), now)
    now = run(reference, 90, now, 40 * 60)
    assert reference.quote(now).anchor == 90


def test_a_hold_ends() -> None:
    """An hour after the last own trade the market moves the anchor again."""
    reference = seeded(volume="2400")
    now = run(reference, 100, NOON_US, 10)
    reference.own_trade(BUY, dec(1), now)
    now = run(reference, 110, now, 60 * 60, lively=True)
    assert reference.quote(now).anchor < 101
    now = run(reference, 110, now, 35 * 60, lively=True)
    assert reference.quote(now).anchor == 110


def test_a_bot_in_a_liquid_market_does_not_hold_its_anchor() -> None:
    """Own trades that are no notable share of the market are its trades like any other."""
    reference = seeded(volume="1000000000")
    now = run(reference, 100, NOON_US, 10)
    for _ in range(40):
        reference.own_trade(BUY, dec(1), now)
        now = run(reference, 110, now, 60)
    assert reference.quote(now).anchor == 110


def test_own_trades_in_a_market_of_unknown_volume_are_notable() -> None:
    """Where nobody knows how large a market is, own trades are held against it."""
    reference = Reference()
    reference.seed(candles(1440), NOON_US)
    now = run(reference, 100, NOON_US, 10)
    reference.own_trade(BUY, dec("0.001"), now, mid_before=dec(100))
    now = run(reference, 110, now, 40 * 60)
    assert reference.quote(now).anchor <= 100


def test_a_trade_before_any_price_is_left_alone() -> None:
    """Without a mid before it there is nothing to hold the anchor at."""
    reference = Reference()
    reference.own_trade(BUY, dec(1), NOON_US)
    now = run(reference, 100, NOON_US, 40 * 60)
    assert reference.quote(now).anchor == 100


def test_daily_volume_is_the_median_of_thirty_days() -> None:
    """Days before a symbol was listed had no volume, and one wild day does not count."""
    reference = Reference()
    reference.set_daily_volumes([dec(10)] * 29 + [dec(1_000_000)])
    assert reference.daily_volume == 10
    reference.set_daily_volumes([dec(1_000_000)] * 14)
    assert reference.daily_volume == 0


def test_of_what_is_traded_on_few_days_the_mean_of_these_is_known() -> None:
    """A coin listed today, or one that hardly anybody trades, has a volume where its usual day has none."""
    reference = Reference()
    told = []
    for days, running in [([10] * 29, 10), ([30] * 2, 60), ([], 500), ([0] * 30, 0)]:
        reference.set_daily_volumes([dec(each) for each in days], dec(running))
        told.append((reference.daily_volume, reference.rare_volume))
    assert told == [(10, None), (0, 40), (0, 500), (0, 0)]


def test_a_seed_is_as_old_as_its_last_minute() -> None:
    """History is not fresh: it says when it ended."""
    reference = Reference()
    reference.seed(candles(100, until_us=NOON_US - HOUR_US), NOON_US)
    assert reference.quote(NOON_US).anchor_us == NOON_US - HOUR_US


VALUES = st.lists(st.tuples(st.decimals(0, 1000, places=2), st.integers(1, 1000)), min_size=1, max_size=30)


@given(VALUES)
def test_a_weighted_median_is_a_median_of_repeated_values(values: list[tuple[Decimal, int]]) -> None:
    """Weight is repetition: half of it lies at or below the median, and half at or above."""
    middle = weighted_median(values)
    whole = sum(weight for _, weight in values)
    assert 2 * sum(weight for value, weight in values if value <= middle) >= whole
    assert 2 * sum(weight for value, weight in values if value >= middle) >= whole


def test_the_median_of_nothing_is_an_error() -> None:
    """There is no median of nothing, and none is made up."""
    for function in (median, weighted_median):
        with pytest.raises(ValueError, match="the median of nothing"):
            function([])
    assert median([dec(1), dec(2)]) == dec("1.5")
    assert LIVELY_MINUTES * MINUTE_US > NEAR_SPAN_US
