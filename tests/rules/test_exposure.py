"""What a key can lose in a day at worst."""

from decimal import Decimal

import msgspec
import pytest
from rules_ground import dec, grant

from bailiwick.model.grant import Bound, HowFar, HowMuch, MarketOrders
from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType, Side
from bailiwick.rules.authority import authority
from bailiwick.rules.exposure import Loss, total, worst_loss

PLAIN = {"order_types": frozenset({OrderType.LIMIT, OrderType.MARKET})}
BUYS = {**PLAIN, "sides": frozenset({Side.BUY})}


def loss(text: str, *bounds: Bound, **what: object) -> Decimal | None:
    return worst_loss(authority(grant(text, **what), *bounds)).most


def test_it_is_the_budget_times_band_and_fee() -> None:
    """2,000 a day inside a band of 3 % and a fee of 0.1 % can lose 62."""
    assert loss("[how_much]\nday_notional = 2000\n", **BUYS) == dec(62)


def test_what_is_bought_can_be_sold_as_badly() -> None:
    """A key that sells too can lose it twice: no budget refuses an exit."""
    assert loss("[how_much]\nday_notional = 2000\n", **PLAIN) == dec(124)


def test_the_loss_per_day_caps_it() -> None:
    """Where the owner set what may be lost a day, what opens loses no more than that; exits are not refused for it."""
    assert loss("[how_much]\nday_notional = 2000\nloss_per_day = 50\n", **BUYS) == dec(50)
    assert loss("[how_much]\nloss_per_day = 50\n", **BUYS) == dec(50)
    assert loss("[how_much]\nday_notional = 2000\nloss_per_day = 50\n", **PLAIN) == dec(112)
    assert loss("[how_much]\nloss_per_day = 50\n", **PLAIN) is None


def test_with_neither_it_is_unbounded() -> None:
    """A grant that sets neither a budget nor a loss per day bounds nothing."""
    assert loss("[how_much]\norder_notional = 100\n", **PLAIN) is None


def test_the_tighter_budget_counts() -> None:
    """Of a calendar day's budget and that of 24 hours the smaller one bounds it."""
    text = "[how_much]\nday_notional = 2000\nrolling_notional = 1000\n"
    assert loss(text, **BUYS) == dec(31)


def test_without_a_band_all_of_it_can_go() -> None:
    """Where no band holds an order, its whole value can be lost, and the fee."""
    what = {"sides": frozenset({Side.BUY}), "order_types": frozenset({OrderType.LIMIT})}
    far = HowFar(near_bps="none", anchor_bps="none")
    bare = msgspec.structs.replace(
        grant("[how_much]\nday_notional = 1000\n", market_orders=MarketOrders.DENY, **what), how_far=far
    )
    assert worst_loss(authority(bare)).most == dec(1001)


def test_stops_widen_it_to_their_own_band() -> None:
    """A key that may place stops can lose the band of its stops."""
    assert loss("[how_much]\nday_notional = 1000\n", sides=frozenset({Side.BUY})) == dec(301)


def test_a_service_bounds_it_for_every_key() -> None:
    """The limits of the service narrow the figure as they narrow the key."""
    bound = Bound(how_much=HowMuch(day_notional=dec(100)))
    assert loss("[how_much]\nday_notional = 2000\n", bound, **BUYS) == dec("3.1")


def test_a_key_that_only_reads_loses_nothing() -> None:
    """The worst day of a key that may only read is no loss at all, whatever else its grant leaves open."""
    assert loss("", may=frozenset({Harm.READ})) == dec(0)


def test_a_right_to_withdraw_is_named_beside_it() -> None:
    """What leaves otherwise than by trading is not in the figure, and said."""
    found = worst_loss(authority(grant("[how_much]\nday_notional = 1\n", may=frozenset({Harm.TRADE, Harm.WITHDRAW}))))
    assert found.beyond == {Harm.WITHDRAW}


@pytest.mark.parametrize(("most", "expected"), [(dec(5), dec(13)), (None, None)])
def test_keys_add_up_by_currency(most: Decimal | None, expected: Decimal | None) -> None:
    """Keys add up in each currency, and one without a bound makes the sum unbounded."""
    losses = [(Loss("USDT", dec(4)), 2), (Loss("USDT", most), 1), (Loss("EUR", dec(1)), 3)]
    assert total(losses) == {"USDT": expected, "EUR": dec(3)}
