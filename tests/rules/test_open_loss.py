"""What open orders may lose counts against the loss of a day, from before they leave until there is evidence."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_ground import dec, filled, intent, key, order, quote, ref

from bailiwick.model.decision import Allow
from bailiwick.model.intent import Act, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.order import Fill, OrderReport
from bailiwick.model.reason import Reason
from bailiwick.rules.ledger import Ledger

BUY, SELL = Side.BUY, Side.SELL
LIMITS = "[how_much]\nloss_per_day = 3\n"


def dear(**more: object) -> OrderDraft:
    """A buy at 101 where the anchor stands at 100: it may lose 1 and a fee of 0.202."""
    return order(price=101, **more)  # type: ignore[arg-type]


def test_orders_that_are_open_use_up_the_loss_of_a_day() -> None:
    """However many are placed before the first is filled, together they may lose no more than is granted."""
    made = key(LIMITS)
    assert isinstance(made.send(dear()), Allow)
    assert isinstance(made.send(dear()), Allow)
    assert made.ledger.risked == dec("2.404")
    assert made.reason(dear()) == Reason.LOSS_PER_DAY
    assert made.reason(order(quantity="0.5", price=101)) == Reason.LOSS_PER_DAY
    assert made.reason(order(quantity="0.49", price=101)) is None


def test_the_last_digit_of_the_loss_of_a_day_may_be_placed() -> None:
    """An order that may lose just what is left passes, and one that may lose more is refused."""
    made = key("[how_much]\nloss_per_day = 1.202\n")
    assert made.reason(dear(quantity="1.00000001")) == Reason.LOSS_PER_DAY
    assert isinstance(made.send(dear()), Allow)
    assert made.reason(order(quantity="0.00000001", price=1)) == Reason.LOSS_PER_DAY


def test_an_end_without_a_fill_gives_it_back() -> None:
    """An order that ends or is refused has lost nothing; one whose outcome is unknown may have."""
    made = key(LIMITS)
    first, second, third = dear(), dear(quantity="0.5"), dear(quantity="0.5")
    for each in (first, second, third):
        made.send(each)
    made.ledger.unknown(str(third.client_id))
    made.ledger.report(filled(first, 1, 0), made.now_us)
    made.ledger.reject(str(second.client_id))
    assert made.ledger.risked == dec("0.601")
    made.ledger.end(str(third.client_id), made.now_us)
    assert made.ledger.risked == 0


def test_what_is_executed_counts_as_lost_and_no_longer_as_open() -> None:
    """A fill moves its part from what may be lost to what was lost; the fee that it really had is counted then."""
    made = key(LIMITS)
    draft = dear(quantity=2)
    made.send(draft)
    fill = Fill(1, dec(101), dec("0.5"), dec("0.05"), "USDT")
    made.ledger.report(msgspec.structs.replace(filled(draft, 1, "0.5", live=True), fills=(fill,)), made.now_us)
    day = made.authority.days.start_us(made.now_us)
    assert (made.ledger.loss(day), made.ledger.risked) == (dec("0.55"), dec("1.803"))


def test_a_restart_keeps_what_open_orders_may_lose() -> None:
    """A ledger that was written down and read again holds the same."""
    made = key(LIMITS)
    made.send(dear())
    made.send(intent(order(SELL, 1, 99, leg="above"), order(SELL, 1, 99, leg="below"), act=Act.PLACE_LIST))
    again = Ledger.from_state(made.ledger.to_state())
    assert again.risked == made.ledger.risked == dec("2.4")


def test_of_alternatives_the_worst_counts() -> None:
    """Of an OCO only one order can be executed: what the worse may lose is held, until both have ended."""
    made = key(LIMITS)
    above, below = order(SELL, 1, 99, leg="above"), order(SELL, 1, "99.5", leg="below")
    made.send(intent(above, below, act=Act.PLACE_LIST))
    assert made.ledger.risked == dec("1.198")
    made.ledger.end(str(above.client_id), made.now_us)
    assert made.ledger.risked == dec("0.699")
    made.ledger.end(str(below.client_id), made.now_us)
    assert made.ledger.risked == 0


def test_a_bracket_counts_for_what_it_opens() -> None:
    """The exits of a bracket sell only what its working order buys: nothing is held for them, wherever they stand."""
    made = key(LIMITS + "[how_far]\nstop_bps = 3000\n")
    legs = [
        order(quantity=1, price=100, leg="working"),
        order(SELL, 1, 110, OrderType.LIMIT_MAKER, leg="pendingAbove"),
        order(SELL, 1, 80, OrderType.STOP_LOSS_LIMIT, stop_price=dec("80.5"), leg="pendingBelow"),
    ]
    assert isinstance(made.send(intent(*legs, act=Act.PLACE_LIST)), Allow)
    assert made.ledger.risked == dec("0.2")
    more = [msgspec.structs.replace(leg, quantity=leg.quantity, client_id=f"more-{leg.leg}") for leg in legs]
    more[2] = msgspec.structs.replace(more[2], quantity=dec("1.1"))
    assert made.reason(intent(*more, act=Act.PLACE_LIST)) == Reason.LOSS_PER_DAY


def test_what_reduces_holds_nothing_of_it() -> None:
    """A sale of what the key bought is never refused for the loss, and takes nothing of what others may lose."""
    made = key(LIMITS)
    made.fill(order(quantity=10))
    made.send(dear(quantity="0.5"))
    before = made.ledger.risked
    assert isinstance(made.send(order(SELL, 10, 99)), Allow)
    assert made.ledger.risked == before


def test_a_market_order_may_lose_what_its_edge_is_away() -> None:
    """An order without a limit price is counted at the band's edge, with which it leaves."""
    made = key("[how_much]\nloss_per_day = 1.2\n")
    market = order(price=None, kind=OrderType.MARKET)
    assert made.reason(market) == Reason.LOSS_PER_DAY
    assert made.reason(msgspec.structs.replace(market, quantity=dec("0.99"))) is None


@pytest.mark.parametrize("keep", [True, False])
def test_a_replacement_is_counted_beside_what_it_replaces(keep: bool) -> None:
    """Until its end is known the old order may still lose, as it may still spend."""
    made = key(LIMITS)
    old = dear(quantity=2)
    made.send(old)
    replaced = intent(dear(), act=Act.REPLACE, target=ref(client_id=old.client_id), keep_on_failure=keep)
    assert made.reason(replaced) == Reason.LOSS_PER_DAY


PRICES = st.decimals(min_value=97, max_value=103, places=2)
QUANTITIES = st.decimals(min_value="0.01", max_value=2, places=2)


@given(
    st.lists(
        st.tuples(st.sampled_from(Side), QUANTITIES, PRICES, st.sampled_from(["", "part", "whole", "none"])),
        min_size=1, max_size=12,
    ),
)  # fmt: skip
@settings(deadline=None)
def test_whatever_is_placed_and_filled_what_opens_loses_no_more_than_is_granted(
    asked: list[tuple[Side, Decimal, Decimal, str]],
) -> None:
    """Orders of a key that holds nothing, placed and filled at their limits in any order, stay within the loss."""
    made = key(LIMITS)
    lost = dec(0)
    for number, (side, quantity, price, fate) in enumerate(asked):
        draft = order(side, quantity, price, time_in_force=TimeInForce.GTC)
        made.market.set_quote("BTCUSDT", quote(price, 100))
        decision = made.send(draft)
        if not isinstance(decision, Allow) or decision.reducing or not fate:
            continue
        done = {"part": quantity / 2, "whole": quantity, "none": dec(0)}[fate]
        made.ledger.report(
            OrderReport(
                symbol="BTCUSDT", order_id=number, client_id=draft.client_id or "", live=False, executed=done,
                quote_executed=done * price,
            ),
            made.now_us,
        )  # fmt: skip
        worse = price - 100 if side is BUY else 100 - price
        lost += max(worse, dec(0)) * done + done * price * dec("0.002")
        day = made.authority.days.start_us(made.now_us)
        assert made.ledger.loss(day) + made.ledger.risked <= 3
    assert lost <= 3


def test_a_key_without_a_loss_of_a_day_is_not_held_to_one() -> None:
    """Where none is granted, none refuses; what is open is known all the same, for the day on which one is drawn."""
    made = key()
    for _ in range(5):
        assert isinstance(made.send(dear()), Allow)
    assert made.ledger.risked == dec("6.01")
