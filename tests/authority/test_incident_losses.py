"""What an incident cost, and what was prevented: reckoned exactly, never below nothing, unknown where it is unknown."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.authority.incidentlosses import Loss, Trade, reckon, results
from bailiwick.authority.incidentorders import Ordered
from bailiwick.authority.incidentviews import course_view
from bailiwick.model.course import MINUTE_MS, Course, Minute
from bailiwick.model.intent import OrderDraft, OrderType, Side

FIRST = 1_790_000_040_000  # a whole minute
SYMBOL = "THNUSDT"


def minute(at_ms: int, low: str, high: str, close: str) -> Minute:
    return Minute(at_ms, Decimal(close), Decimal(high), Decimal(low), Decimal(close))


def course(*minutes: Minute, latest: str | None = "1") -> Course:
    """A course that knows its latest price at the end of its last minute."""
    at = minutes[-1].open_ms + MINUTE_MS if minutes else 0
    return Course(
        venue="binance", symbol=SYMBOL, base="THN", quote="USDT", read_at=at, minutes=minutes,
        latest=None if latest is None else Decimal(latest), latest_at=at,
    )  # fmt: skip


PUMP = course(
    *(minute(FIRST - back * MINUTE_MS, "1", "1", "1") for back in range(60, 0, -1)),
    minute(FIRST, "1", "3", "2.5"),
    *(minute(FIRST + after * MINUTE_MS, "1", "2", "1.5") for after in range(1, 7)),
)
"""A coin at 1, driven up to 3 within the minute of the first signal, at 1.5 since, and back at 1 now."""


def order(
    at_ms: int = FIRST,
    *,
    side: Side = Side.BUY,
    quantity: str | None = "10",
    quote: str | None = None,
    price: str | None = None,
    reason: str = "WATCHED",
    executed: str | None = None,
    paid: str | None = None,
    type_: OrderType | None = None,
    position: int = 1,
) -> Ordered:
    draft = OrderDraft(
        symbol=SYMBOL, side=side, type=type_ or (OrderType.MARKET if price is None else OrderType.LIMIT),
        quantity=None if quantity is None else Decimal(quantity),
        quote_quantity=None if quote is None else Decimal(quote), price=None if price is None else Decimal(price),
    )  # fmt: skip
    return Ordered(
        position=position, at_ms=at_ms, key="bwk_x", source="192.0.2.1", draft=draft, reason=reason,
        executed=None if executed is None else Decimal(executed), paid=None if paid is None else Decimal(paid),
    )  # fmt: skip


def forwarded(executed: str | None, paid: str | None, *, side: Side = Side.BUY, at_ms: int = FIRST) -> Ordered:
    return order(at_ms, side=side, reason="", executed=executed, paid=paid, quantity="77")


def of(losses: tuple[Loss, ...], against: str) -> Loss:
    return next(each for each in losses if each.against == against)


def test_what_was_let_through_is_reckoned_against_three_prices() -> None:
    """Ten coins bought for 28 lose 18 against the hour before, 13 five minutes later, and 18 against now."""
    found = reckon([forwarded("10", "28")], PUMP, FIRST)
    lost = {each.against: each.lost for each in found.losses}
    assert (lost, found.before, found.unknown) == (
        {"before": Decimal(18), "then": Decimal(13), "now": Decimal(18)},
        Decimal(1),
        0,
    )


def test_a_sale_loses_the_other_way() -> None:
    """Ten coins sold for 4 lose 6 against a price of 1; a purchase and a sale add up."""
    sale = forwarded("10", "4", side=Side.SELL)
    found = reckon([forwarded("10", "28"), sale], PUMP, FIRST)
    assert of(found.losses, "now").lost == Decimal(18) + Decimal(6)


def test_a_market_order_is_taken_at_the_worst_price_of_its_minute() -> None:
    """What a held purchase without a limit would have paid is what somebody really paid in that minute, at most."""
    found = reckon([order(quantity=None, quote="30")], PUMP, FIRST)
    loss = of(found.losses, "now")
    assert (loss.lost, loss.least, loss.most) == (Decimal(0), Decimal(20), Decimal(20))


def test_a_limit_has_two_ends() -> None:
    """From the worst price that was traded to its own limit, on whose other side the thief sits."""
    loss = of(reckon([order(price="5")], PUMP, FIRST).losses, "now")
    assert (loss.least, loss.most) == (Decimal(20), Decimal(40))


def test_a_limit_that_the_price_never_reaches_prevents_nothing() -> None:
    """A bid below everything that was traded counts as not executed, and says so."""
    found = reckon([order(price="0.5")], PUMP, FIRST)
    assert (found.would[0].least, found.would[0].why_not) == (None, "the price never reached its limit")
    assert of(found.losses, "now").most == Decimal(0)


def test_a_limit_that_is_reached_later_counts_at_its_price() -> None:
    """A bid that rests is executed at its limit once the price comes to it."""
    found = reckon(
        [order(FIRST, price="0.9")], course(*PUMP.minutes[:61], minute(FIRST + MINUTE_MS, "0.8", "1", "1")), FIRST
    )
    trade = found.would[0].least
    assert trade == Trade(FIRST, Side.BUY, Decimal(10), Decimal("9.0"))


def test_a_wish_counts_once() -> None:
    """The same order sent again within ten minutes is one; sent again later it is another."""
    again = [order(FIRST + ms, position=ms) for ms in (0, 1000, 540_000, 590_000)]
    later = order(FIRST + 1_300_000, position=9)
    assert [each.order.position for each in reckon([*again, later], PUMP, FIRST).would] == [0, 9]


def test_what_was_let_through_after_all_was_not_prevented() -> None:
    """An order that was held, approved and sent again is in what was let through, and not in what was prevented."""
    held = order(price="3")
    passed = order(FIRST + 5000, price="3", reason="", executed="10", paid="28")
    found = reckon([held, passed], PUMP, FIRST)
    assert (found.would, of(found.losses, "now").lost) == ((), Decimal(18))


def test_nothing_before_the_first_signal_was_prevented_by_it() -> None:
    """A refusal of the hour before has nothing to do with it."""
    assert reckon([order(FIRST - 2000)], PUMP, FIRST).would == ()


def test_an_unknown_market_is_unknown() -> None:
    """Without minutes nothing is reckoned, and nothing is made up; without orders nothing was lost."""
    empty = course(latest=None)
    found = reckon([forwarded("10", "28"), order()], empty, FIRST)
    assert [(each.lost, each.most) for each in found.losses] == [(None, Decimal(0))] * 3
    assert found.unknown == 1
    assert {each.lost for each in reckon([], empty, FIRST).losses} == {Decimal(0)}


def test_an_outcome_that_nobody_knows_is_counted_as_such() -> None:
    """An order of which no fill is known stands beside the sums, and not in them; one that failed is nothing."""
    found = reckon([forwarded(None, None), forwarded("3", None), forwarded("0", "0")], PUMP, FIRST)
    assert (found.unknown, found.traded, of(found.losses, "now").lost) == (2, (), Decimal(0))


def test_a_gain_is_no_loss_below_nothing() -> None:
    """Who bought below the price that holds now lost nothing; the gain is told as one."""
    view = course_view(PUMP, [forwarded("10", "4")], FIRST)
    now = next(each for each in view.losses if each.against == "now")
    assert (now.lost.amount, now.lost.gain) == ("6", True)


def test_five_minutes_later_is_not_told_before() -> None:
    """Until the fifth minute is over what the price is then is not known."""
    early = course(*PUMP.minutes[:63])
    assert of(reckon([forwarded("10", "28")], early, FIRST).losses, "then").lost is None


def test_the_second_line_adds_what_was_stopped() -> None:
    """By the end of each minute: the result as it was, and had the held order been executed, too; both begin at 0."""
    found = reckon([forwarded("10", "28"), order(price="5")], PUMP, FIRST)
    lines = results(PUMP, found.traded, found.would)
    assert (lines[0], lines[60]) == ((Decimal(0), Decimal(0)), (Decimal(-3), Decimal(-8)))


money = st.decimals("0.00000001", "100000", places=8)


@given(st.lists(st.tuples(st.sampled_from(Side), money, money), max_size=6), money)
def test_sums_are_exact(trades: list[tuple[Side, Decimal, Decimal]], price: Decimal) -> None:
    """The sum of losses is what exact arithmetic says, in whatever order they come."""
    orders = [forwarded(str(base), str(quote), side=side) for side, base, quote in trades]
    now = course(*PUMP.minutes, latest=str(price))
    whole = sum(
        (quote - base * price if side is Side.BUY else base * price - quote for side, base, quote in trades), Decimal(0)
    )
    for each in (orders, orders[::-1]):
        assert of(reckon(each, now, FIRST).losses, "now").lost == whole


@pytest.mark.parametrize("type_", [OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT])
def test_an_order_that_waits_is_not_reckoned(type_: OrderType) -> None:
    """Nobody can say whether a stop would have been touched: it is named, and not counted."""
    found = reckon([order(type_=type_, price="3")], PUMP, FIRST)
    assert found.would[0].why_not == "it waits for its trigger price"
