"""Decisions: what leaves, as what, and what is charged."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rules_ground import GRANT, NOON_US, Key, dec, endpoint, filled, grant, intent, key, order, quote, ref, symbol

from bailiwick.model.decision import Allow, Decision
from bailiwick.model.grant import Bound, MarketOrders, Orders, grant_from_toml
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, Destination, OrderType, Side, TimeInForce, Withdrawal
from bailiwick.model.party import KeyState
from bailiwick.model.reason import Reason
from bailiwick.rules.decide import Verdict
from bailiwick.rules.windows import ANCHOR_SERVES_US, DAY_US, HOUR_US, MINUTE_US, NEAR_FRESH_US, SECOND_US

BUY, SELL = Side.BUY, Side.SELL


def allowed(decision: Decision) -> Allow:
    """The decision, which allows."""
    assert isinstance(decision, Allow), decision
    return decision


def out(decision: Decision) -> tuple[OrderType, Decimal | None, Decimal | None, TimeInForce | None]:
    """Type, quantity, price and time in force of the one order that leaves."""
    (sent,) = allowed(decision).orders
    return sent.type, sent.quantity, sent.price, sent.time_in_force


def reducing(made: Key, quantity: int = 1) -> None:
    """Buy, so that the key has something to reduce."""
    made.fill(order(quantity=quantity))


@pytest.mark.parametrize(
    ("side", "price", "reason"),
    [
        (BUY, "101", None),
        (BUY, "101.01", Reason.BAND_NEAR),
        (BUY, "0.01", None),
        (SELL, "99", None),
        (SELL, "98.99", Reason.BAND_NEAR),
        (SELL, "5000", None),
    ],
)
def test_the_band_binds_on_the_adverse_side_alone(side: Side, price: str, reason: Reason | None) -> None:
    """A buy stands at most at the upper edge and a sell at least at the lower; the other side is free."""
    assert key().reason(order(side, price=price)) == reason


def test_the_anchor_holds_whoever_moves_the_near_price() -> None:
    """However far the last seconds have moved, no order stands beyond the anchor's band."""
    moved = key()
    moved.market.set_quote("BTCUSDT", quote(200, 100))
    assert moved.reason(order(price="103")) is None
    assert moved.reason(order(price="103.01")) == Reason.BAND_ANCHOR
    assert moved.reason(order(SELL, price="198")) is None
    assert moved.reason(order(SELL, price="197.99")) == Reason.BAND_NEAR


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (order(BUY, 2, None, OrderType.MARKET), (OrderType.LIMIT, dec(2), dec(101), TimeInForce.IOC)),
        (order(SELL, 2, None, OrderType.MARKET), (OrderType.LIMIT, dec(2), dec(99), TimeInForce.IOC)),
        (
            order(BUY, None, None, OrderType.MARKET, quote_quantity=dec(50)),
            (OrderType.LIMIT, dec("0.49504"), dec(101), TimeInForce.IOC),
        ),
        (
            order(SELL, None, None, OrderType.MARKET, quote_quantity=dec(50)),
            (OrderType.LIMIT, dec("0.5"), dec(99), TimeInForce.IOC),
        ),
        (
            order(SELL, 1, None, OrderType.STOP_LOSS, stop_price=dec(90)),
            (OrderType.STOP_LOSS_LIMIT, dec(1), dec("89.1"), TimeInForce.GTC),
        ),
        (
            order(BUY, 1, None, OrderType.TAKE_PROFIT, stop_price=dec(90)),
            (OrderType.TAKE_PROFIT_LIMIT, dec(1), dec("90.9"), TimeInForce.GTC),
        ),
        (
            order(SELL, 1, None, OrderType.STOP_LOSS, trailing_delta=500),
            (OrderType.STOP_LOSS_LIMIT, dec(1), dec("94.05"), TimeInForce.GTC),
        ),
    ],
)
def test_what_has_no_limit_leaves_bound_to_the_edge(draft: object, expected: object) -> None:
    """A market order leaves as LIMIT IOC and a stop without a limit in its limit form, at the band's edge."""
    assert out(key().ask(draft)) == expected


def test_an_edge_is_rounded_into_the_band() -> None:
    """The edge is rounded to the tick on the inner side, the quantity down to the step."""
    made = key()
    made.market.set_symbols({"BTCUSDT": symbol("BTCUSDT", "BTC", "USDT", "0.1", "0.01")})
    made.market.set_quote("BTCUSDT", quote("100.07"))
    assert out(made.ask(order(BUY, "1.239", None, OrderType.MARKET)))[1:3] == (dec("1.23"), dec("101.0"))
    assert out(made.ask(order(SELL, "1.239", None, OrderType.MARKET)))[1:3] == (dec("1.23"), dec("99.1"))


def test_the_edge_is_the_nearer_of_both_references() -> None:
    """A market order is bound by near and anchor alike."""
    made = key()
    made.market.set_quote("BTCUSDT", quote(104, 100))
    assert out(made.ask(order(BUY, 1, None, OrderType.MARKET)))[2] == dec(103)
    assert out(made.ask(order(SELL, 1, None, OrderType.MARKET)))[2] == dec("102.96")


def test_market_orders_pass_above_the_floor_alone() -> None:
    """Where the grant passes market orders they leave as they are, above its liquidity floor."""
    floor = "[liquidity]\nleast_daily_volume = 1000\n"
    made = Key(grant(floor), Bound())
    assert out(made.ask(order(BUY, 1, None, OrderType.MARKET)))[0] == OrderType.LIMIT
    made = key(floor, market_orders=MarketOrders.BOUND)
    passing = "[how_far]\nnear_bps = 'none'\nanchor_bps = 'none'\n" + floor
    made = Key(grant(passing.replace("'none'", "100"), market_orders=MarketOrders.PASS))
    allow = allowed(made.ask(order(BUY, 1, None, OrderType.MARKET)))
    assert (allow.orders[0].type, allow.orders[0].price, allow.charges[0].unit) == (OrderType.MARKET, None, dec(101))


def test_a_stop_is_held_to_its_trigger() -> None:
    """A stop's limit stands within the band around its trigger, however far the market is."""
    made = key()
    stop = {"kind": OrderType.STOP_LOSS_LIMIT, "stop_price": dec(80)}
    assert made.reason(order(SELL, price="79.2", **stop)) is None
    assert made.reason(order(SELL, price="79.19", **stop)) == Reason.BAND_STOP


def test_a_stop_that_a_thief_can_trigger_is_held_to_the_anchor() -> None:
    """Whoever prints a wild price can trigger a stop: its limit stands within stop_bps of the anchor too."""
    made = key("[how_far]\nstop_bps = 1000\n")
    for side, stop, price, reason in [
        (BUY, "109", "110", None),
        (BUY, "1000", "1001", Reason.BAND_ANCHOR),
        (SELL, "91", "90", Reason.BAND_STOP),
        (SELL, "90.5", "90", None),
        (SELL, "1", "1", Reason.BAND_ANCHOR),
    ]:
        draft = order(side, price=price, kind=OrderType.STOP_LOSS_LIMIT, stop_price=Decimal(stop))
        expected = Reason.BAND_STOP if side is SELL and price == "90" and stop == "91" else reason
        assert made.reason(draft) == expected


@pytest.mark.parametrize(
    ("side", "kind", "stop", "limit", "reason"),
    [
        (SELL, OrderType.TAKE_PROFIT_LIMIT, "80", "79.5", Reason.BAND_NEAR),
        (SELL, OrderType.TAKE_PROFIT_LIMIT, "120", "119", None),
        (SELL, OrderType.STOP_LOSS_LIMIT, "100", "98.9", Reason.BAND_NEAR),
        (BUY, OrderType.TAKE_PROFIT_LIMIT, "120", "120.5", Reason.BAND_NEAR),
        (BUY, OrderType.TAKE_PROFIT_LIMIT, "80", "80.5", None),
        (BUY, OrderType.STOP_LOSS_LIMIT, "90", "102", Reason.BAND_NEAR),
        (BUY, OrderType.STOP_LOSS_LIMIT, "100", "101", None),
        (BUY, OrderType.STOP_LOSS_LIMIT, "100", "101.01", Reason.BAND_NEAR),
        (BUY, OrderType.STOP_LOSS_LIMIT, "110", "111", None),
    ],
)
def test_a_stop_that_the_market_has_reached_is_an_order(
    side: Side, kind: OrderType, stop: str, limit: str, reason: Reason | None
) -> None:
    """What a venue would trigger at once is held to the market, and not to its own stop price."""
    assert key().reason(order(side, price=limit, kind=kind, stop_price=Decimal(stop))) == reason


def test_a_trailing_stop_that_has_begun_starts_from_the_market() -> None:
    """A trailing stop whose stop price is reached trails the market, and one that waits trails its stop price."""
    for stop, limit in [("20", "94.05"), (None, "94.05"), ("120", "112.86")]:
        start = None if stop is None else Decimal(stop)
        draft = order(SELL, 1, None, OrderType.TAKE_PROFIT, stop_price=start, trailing_delta=500)
        assert out(key().ask(draft))[2] == dec(limit)


def test_a_reached_stop_without_a_limit_is_bound_to_the_market() -> None:
    """A take-profit that is reached already leaves with the limit of a market order."""
    draft = order(SELL, 1, None, OrderType.TAKE_PROFIT, stop_price=dec(50))
    assert out(key().ask(draft)) == (OrderType.TAKE_PROFIT_LIMIT, dec(1), dec(99), TimeInForce.GTC)


def test_a_client_order_id_names_a_live_order_alone() -> None:
    """Once its order has ended, a client order id may be another's: it cancels nothing, and may still be looked up."""
    made = key()
    draft = order()
    made.fill(draft)
    target = ref(client_id=draft.client_id)
    assert made.reason(intent(act=Act.CANCEL, symbol="BTCUSDT", target=target)) == Reason.CANCEL_NOT_OWN
    assert made.reason(intent(order(), act=Act.REPLACE, target=target)) == Reason.CANCEL_NOT_OWN
    assert made.reason(intent(act=Act.LOOK_UP, symbol="BTCUSDT", target=target)) is None
    assert made.reason(intent(act=Act.CANCEL, symbol="BTCUSDT", target=ref(1))) is None
    assert made.reason(intent(act=Act.LOOK_UP, target=target)) == Reason.ORDER_NOT_OWN


def test_a_pegged_order_is_denied() -> None:
    """An order that follows the book has no price to check."""
    assert key().reason(order(price=None, pegged=True)) == Reason.UNPRICEABLE
    assert key().reason(order(price=100, pegged=True)) == Reason.UNPRICEABLE


def test_an_iceberg_counts_in_full() -> None:
    """What an iceberg hides counts too."""
    draft = order(quantity=10, iceberg_quantity=dec(1))
    assert key("[how_much]\norder_notional = 999\n").reason(draft) == Reason.ORDER_NOTIONAL


@pytest.mark.parametrize("side", [BUY, SELL])
def test_notional_is_the_worst_of_limit_and_references(side: Side) -> None:
    """An order is worth its quantity at the highest of limit, near and anchor, on both sides."""
    made = key("[how_much]\norder_notional = 1000\n[how_far]\nnear_bps = 10000\nanchor_bps = 10000\n")
    for near, anchor, limit in [(120, 100, 110), (100, 120, 110), (100, 110, 120)]:
        made.market.set_quote("BTCUSDT", quote(near, anchor))
        (charge,) = allowed(made.ask(order(side, 1, limit))).charges
        assert charge.unit == 120


def test_notional_is_counted_in_the_grants_currency() -> None:
    """An order in another quote asset is worth what the venue's own prices say, at the worst."""
    made = key("[how_much]\norder_notional = 10.5\n")
    made.market.set_quote("BTCUSDT", quote(100, 105))
    assert made.reason(order(quantity=2, price="0.05", symbol="ETHBTC")) is None
    assert made.reason(order(quantity="2.0001", price="0.05", symbol="ETHBTC")) == Reason.ORDER_NOTIONAL


def test_without_a_conversion_nothing_is_worth_anything() -> None:
    """Where no price leads to the grant's currency, an order that is limited by amount is denied."""
    made = key("[how_much]\norder_notional = 10\n")
    made.market.set_quote("BTCUSDT", quote(None))
    assert made.reason(order(quantity=1, price="0.05", symbol="ETHBTC")) == Reason.UNPRICEABLE


def test_a_conversion_grows_stale() -> None:
    """A conversion at an old price is no conversion."""
    made = key("[how_much]\norder_notional = 10\n")
    made.now_us += MINUTE_US
    made.market.set_quote("ETHBTC", quote("0.05", at=made.now_us))
    assert made.reason(order(quantity=1, price="0.05", symbol="ETHBTC")) == Reason.REFERENCE_STALE


@pytest.mark.parametrize(
    ("limits", "orders", "reason"),
    [
        ("day_notional = 250", [("above", SELL, 1, 110), ("below", SELL, 1, 99)], None),
        ("day_notional = 109", [("above", SELL, 1, 110), ("below", SELL, 1, 99)], Reason.DAY_NOTIONAL),
        ("day_notional = 110", [("limit", SELL, 1, 110), ("stop", SELL, 1, 99)], None),
        ("day_notional = 199", [("working", BUY, 1, 100), ("pending", SELL, 1, 100)], Reason.DAY_NOTIONAL),
        ("day_notional = 200", [("working", BUY, 1, 100), ("pending", SELL, 1, 100)], None),
        (
            "day_notional = 210",
            [("working", BUY, 1, 100), ("pendingAbove", SELL, 1, 110), ("pendingBelow", SELL, 1, 99)],
            None,
        ),
        (
            "day_notional = 209",
            [("working", BUY, 1, 100), ("pendingAbove", SELL, 1, 110), ("pendingBelow", SELL, 1, 99)],
            Reason.DAY_NOTIONAL,
        ),
        ("order_notional = 105", [("working", BUY, 1, 100), ("pending", SELL, 1, 110)], Reason.ORDER_NOTIONAL),
    ],
)
def test_a_list_costs_its_dearest_outcome(limits: str, orders: list[tuple], reason: Reason | None) -> None:
    """Of alternatives the dearest counts, of orders that can all be executed each; and every leg is judged."""
    legs = [order(side, quantity, price, leg=leg) for leg, side, quantity, price in orders]
    made = key(f"[how_much]\n{limits}\n")
    request = intent(*legs, act=Act.PLACE_LIST)
    assert made.reason(request) == reason
    if reason is None:
        made.send(request)
        assert str(made.ledger.reserved) in {limits.rsplit(maxsplit=1)[-1], "110"}


def test_each_leg_of_a_list_stands_in_its_band() -> None:
    """A leg beyond its band denies the whole list."""
    legs = [order(SELL, price=110, leg="above"), order(SELL, price="98.9", leg="below")]
    assert key().reason(intent(*legs, act=Act.PLACE_LIST)) == Reason.BAND_NEAR


def test_a_pending_order_without_a_quantity_takes_what_the_working_one_brings() -> None:
    """It is judged at the working order's quantity, and leaves as it came."""
    legs = [order(BUY, 2, 100, leg="working"), order(SELL, None, 100, leg="pending")]
    allow = allowed(key().ask(intent(*legs, act=Act.PLACE_LIST)))
    assert [charge.quantity for charge in allow.charges] == [2, 2]
    assert allow.orders[1].quantity is None
    legs = [order(SELL, 2, 100, leg="working"), order(BUY, None, 100, leg="pending")]
    assert key().reason(intent(*legs, act=Act.PLACE_LIST)) == Reason.UNPRICEABLE


def test_an_order_to_try_is_judged_and_reserves_nothing() -> None:
    """What is only tried is judged like an order, and costs nothing."""
    made = key("[how_much]\nday_notional = 100\n")
    draft = order()
    assert allowed(made.send(intent(draft, act=Act.TRY))).charges == ()
    assert made.ledger.reserved == 0
    assert made.reason(intent(order(quantity=2), act=Act.TRY)) == Reason.DAY_NOTIONAL
    assert made.reason(draft) is None


def test_a_replacement_keeps_the_old_reservation_until_evidence() -> None:
    """The new order is judged beside the old one, for nobody knows yet whether that is gone."""
    made = key("[how_much]\nday_notional = 150\n")
    old = order()
    made.send(old)
    request = intent(order(), act=Act.REPLACE, target=ref(client_id=old.client_id))
    assert made.reason(request) == Reason.DAY_NOTIONAL
    made.ledger.report(filled(old, 1, 0), made.now_us)
    assert made.reason(order()) is None


def test_a_replacement_takes_the_place_of_the_old_order() -> None:
    """A replacement that is placed only once the old order is gone needs no further place."""
    made = key("[how_much]\nopen_orders = 1\n")
    old = order()
    made.send(old)
    target = ref(client_id=old.client_id)
    assert made.reason(intent(order(), act=Act.REPLACE, target=target)) is None
    both = intent(order(), act=Act.REPLACE, target=target, keep_on_failure=True)
    assert made.reason(both) == Reason.OPEN_ORDERS


def test_an_order_that_cannot_rest_takes_no_place() -> None:
    """A market order leaves even where all places for open orders are taken."""
    made = key("[how_much]\nopen_orders = 1\n")
    made.send(order())
    assert made.reason(order(price=None, kind=OrderType.MARKET)) is None


def test_an_amendment_only_reduces() -> None:
    """An amendment to more than the order's quantity is denied, and so is one of another's order."""
    made = key()
    draft = order(quantity=2)
    made.send(draft)
    target = ref(client_id=draft.client_id)
    for quantity, reason in [("1", None), ("2", None), ("2.1", Reason.ORDER_NOTIONAL), (None, Reason.UNPRICEABLE)]:
        amended = None if quantity is None else Decimal(quantity)
        request = intent(act=Act.AMEND, symbol="BTCUSDT", target=target, new_quantity=amended)
        assert made.reason(request) == reason
    foreign = intent(act=Act.AMEND, symbol="BTCUSDT", target=ref(9), new_quantity=dec(1))
    assert made.reason(foreign) == Reason.CANCEL_NOT_OWN


def test_cancel_all_becomes_cancels_of_the_keys_own() -> None:
    """Everything to be cancelled is the key's own: one cancel for each order, and one for each list."""
    made = key()
    first, done = order(), order()
    above, below = order(SELL, price=110, leg="above"), order(SELL, price=99, leg="below")
    for request in (intent(first), intent(done), intent(above, below, act=Act.PLACE_LIST)):
        made.send(request)
    made.ledger.report(filled(done, 5, 1), made.now_us)
    request = intent(act=Act.CANCEL_ALL, symbol="BTCUSDT")
    cancels = allowed(made.ask(request)).cancels
    assert cancels == (ref(None, first.client_id), ref(None, above.client_id))
    assert key(orders=Orders.ACCOUNT).ask(request) == Allow()


def test_a_key_of_the_whole_account_touches_orders_of_others() -> None:
    """Where the grant says so, orders that the key did not place are in its reach."""
    request = intent(act=Act.CANCEL, symbol="BTCUSDT", target=ref(7))
    assert key(orders=Orders.ACCOUNT).reason(request) is None


def test_an_order_is_named_by_both_ids_or_by_neither() -> None:
    """Two ids that do not name the same order name none."""
    made = key()
    first, second = order(), order()
    made.send(first)
    made.send(second)
    made.ledger.report(filled(first, 1, 0, live=True), made.now_us)
    for target, reason in [
        (ref(1), None),
        (ref(None, second.client_id), None),
        (ref(1, first.client_id), None),
        (ref(1, second.client_id), Reason.CANCEL_NOT_OWN),
        (ref(), Reason.CANCEL_NOT_OWN),
    ]:
        assert made.reason(intent(act=Act.CANCEL, symbol="BTCUSDT", target=target)) == reason
    elsewhere = intent(act=Act.CANCEL, symbol="ETHBTC", target=ref(1))
    assert made.reason(elsewhere) == Reason.CANCEL_NOT_OWN


def test_what_trades_without_being_an_order_is_denied() -> None:
    """A conversion and its like cannot be priced, so no key may ask for one."""
    request = intent(act=Act.PLAIN, endpoint=endpoint(Act.PLAIN, Harm.TRADE))
    assert key().reason(request) == Reason.UNPRICEABLE


def test_a_start_up_read_needs_no_read() -> None:
    """A narrow key may start up, for it is served the form without balances; and that is said of reads alone."""
    made = key(may=frozenset({Harm.TRADE}))
    assert made.reason(intent(act=Act.START_UP)) is None
    assert made.reason(intent(act=Act.BALANCES)) == Reason.CAPABILITY_NOT_GRANTED
    moving = intent(act=Act.START_UP, endpoint=endpoint(Act.START_UP, Harm.MOVE))
    assert made.reason(moving) == Reason.CAPABILITY_NOT_GRANTED


def test_a_request_without_orders_is_held_to_the_symbols_that_it_names() -> None:
    """What moves or borrows in a symbol needs that symbol; what reads or cancels does not."""
    made = key(may=frozenset({Harm.MOVE, Harm.READ}))
    moving = intent(act=Act.PLAIN, endpoint=endpoint(Act.PLAIN, Harm.MOVE), symbol="SOLUSDT")
    assert made.reason(moving) == Reason.SYMBOL_NOT_GRANTED
    several = intent(act=Act.PLAIN, endpoint=endpoint(Act.PLAIN, Harm.MOVE), symbols=("BTCUSDT", "SOLUSDT"))
    assert made.reason(several) == Reason.SYMBOL_NOT_GRANTED
    assert made.reason(intent(act=Act.PLAIN, endpoint=endpoint(Act.PLAIN, Harm.MOVE), symbol="BTCUSDT")) is None
    assert made.reason(intent(act=Act.LIST_TRADES, symbol="SOLUSDT")) is None


def test_two_orders_of_a_request_do_not_share_an_id() -> None:
    """The legs of a list have client order ids of their own."""
    legs = [order(SELL, price=110, leg="above", client_id="x"), order(SELL, price=99, leg="below", client_id="x")]
    assert key().reason(intent(*legs, act=Act.PLACE_LIST)) == Reason.CLIENT_ORDER_ID_USED


def test_nothing_to_cancel_is_said_so() -> None:
    """A cancel of everything where the key has nothing, or that names no symbol, is denied."""
    for name in ("BTCUSDT", None):
        assert key().reason(intent(act=Act.CANCEL_ALL, symbol=name)) == Reason.CANCEL_NOT_OWN
    assert key().reason(intent(act=Act.CANCEL, symbol="BTCUSDT")) == Reason.CANCEL_NOT_OWN


def test_a_market_of_unknown_volume_is_no_liquid_one() -> None:
    """Where a limit needs a market's volume and nobody knows it, the order is denied."""
    made = key("[liquidity]\nday_share_bps = 100\n")
    unknown = structs.replace(quote(100), daily_volume=None)
    made.market.set_quote("BTCUSDT", unknown)
    assert made.reason(order()) == Reason.UNPRICEABLE


def test_without_a_reference_nothing_is_bound() -> None:
    """A market order or a trailing stop has no edge where there is no price."""
    made = key()
    made.market.set_quote("BTCUSDT", quote(None))
    assert made.reason(order(price=None, kind=OrderType.MARKET)) == Reason.UNPRICEABLE
    assert made.reason(order(price=None, kind=OrderType.STOP_LOSS, trailing_delta=100)) == Reason.UNPRICEABLE


def test_a_market_order_at_an_old_price_is_stale() -> None:
    """Where there were prices, and there are none any more, that is what is said."""
    made = key()
    made.age(HOUR_US, fresh=False)
    assert made.reason(order(price=None, kind=OrderType.MARKET)) == Reason.REFERENCE_STALE


@pytest.mark.parametrize("without", ["near_bps", "anchor_bps"])
def test_one_band_alone_needs_its_references(without: str) -> None:
    """A key with one band does not reduce without any price either."""
    made = key(f'[how_far]\n{without} = "none"\n')
    reducing(made)
    made.age(HOUR_US, fresh=False)
    assert made.reason(order(SELL, 1)) == Reason.REFERENCE_STALE


def test_a_limit_is_what_may_be_reached() -> None:
    """An amount that is just what is granted passes; a loss that is just what is granted is spent."""
    limits = "[how_much]\norder_notional = 100\nday_notional = 200\nrolling_notional = 200\nopen_orders = 2\n"
    made = key(limits + "[liquidity]\nleast_daily_volume = 1000000\norder_share_bps = 1\nday_share_bps = 2\n")
    assert isinstance(made.send(order()), Allow)
    assert isinstance(made.send(order()), Allow)
    assert made.reason(order(quantity="0.00001")) == Reason.DAY_NOTIONAL
    made = key("[how_much]\nloss_per_day = 0.2\n")
    made.fill(order())  # with the fee that is assumed until the trades are listed
    assert made.ledger.loss(made.authority.days.start_us(made.now_us)) == dec("0.2")
    assert made.reason(order()) == Reason.LOSS_PER_DAY
    to = '[[withdrawals]]\ncoin = "BTC"\nnetwork = "BTC"\naddress = "a"\nper_act = 2\nper_day = 4\n'
    made = key(to, may=frozenset({Harm.WITHDRAW}))
    wanted = Withdrawal(Destination("BTC", "BTC", "a"), dec(2))
    for _ in range(2):
        assert isinstance(made.send(intent(act=Act.WITHDRAW, symbol=None, withdrawal=wanted)), Allow)


def test_what_does_not_rest_passes_above_the_count() -> None:
    """A key that has more open orders than it may now have still sends what cannot rest."""
    made = key()
    made.send(order())
    made.send(order())
    narrowed = key("[how_much]\nopen_orders = 1\n")
    narrowed.ledger = made.ledger
    assert narrowed.reason(order(price=None, kind=OrderType.MARKET)) is None
    assert narrowed.reason(order()) == Reason.OPEN_ORDERS


def test_prices_are_fresh_for_fifteen_seconds() -> None:
    """A near price serves for ten seconds and one late poll, and so does a conversion."""
    made = key("[how_much]\nday_notional = 1000\n")
    made.age(NEAR_FRESH_US, fresh=False)
    assert made.reason(order()) is None
    assert made.reason(order(quantity=1, price="0.05", symbol="ETHBTC")) is None
    made.age(1, fresh=False)
    assert made.reason(order()) == Reason.REFERENCE_STALE
    made.market.set_quote("ETHBTC", quote("0.05", at=made.now_us))
    assert made.reason(order(quantity=1, price="0.05", symbol="ETHBTC")) == Reason.REFERENCE_STALE


def test_without_limits_on_amounts_no_conversion_is_needed() -> None:
    """A grant that counts no money lets orders leave that nobody can value in its currency, charged at nothing.

    Not where the watch may stop them: it could not judge how large they are.
    """
    made = key()
    made.market.set_quote("BTCUSDT", quote(None))
    assert made.reason(order(quantity=1, price="0.05", symbol="ETHBTC")) == Reason.UNPRICEABLE
    made = key("[watch]\nmost = 'alert'")
    made.market.set_quote("BTCUSDT", quote(None))
    (charge,) = allowed(made.ask(order(quantity=1, price="0.05", symbol="ETHBTC"))).charges
    assert (charge.unit, charge.factor) == (0, 0)


def test_an_iceberg_stop_stays_one() -> None:
    """A stop that is bound keeps its iceberg; a market order has none."""
    draft = order(SELL, 4, None, OrderType.STOP_LOSS, stop_price=dec(90), iceberg_quantity=dec(1))
    assert allowed(key().ask(draft)).orders[0].iceberg_quantity == 1
    draft = order(SELL, 4, None, OrderType.MARKET, iceberg_quantity=dec(1))
    assert allowed(key().ask(draft)).orders[0].iceberg_quantity is None


def test_a_market_at_the_floor_is_above_it() -> None:
    """A market order passes where the volume is just the floor."""
    made = Key(grant("[liquidity]\nleast_daily_volume = 1000000\n", market_orders=MarketOrders.PASS))
    assert out(made.ask(order(BUY, 1, None, OrderType.MARKET)))[0] == OrderType.MARKET


UNBOUND = '[how_far]\nnear_bps = "none"\nanchor_bps = "none"\nstop_bps = "none"\n'


def test_without_bands_prices_are_free() -> None:
    """A grant that asks for no band has none; then market orders pass above the floor, or not at all."""
    made = Key(grant_from_toml(GRANT.replace("[what]", "[what]\nmarket_orders = 'deny'") + UNBOUND))
    assert made.reason(order(price=100_000)) is None
    stop = order(SELL, price=1, kind=OrderType.STOP_LOSS_LIMIT, stop_price=dec(50))
    assert made.reason(stop) is None
    floor = "[liquidity]\nleast_daily_volume = {}\n"
    passing = GRANT.replace("[what]", "[what]\nmarket_orders = 'pass'") + UNBOUND
    made = Key(grant_from_toml(passing + floor.format(1000)))
    allow = allowed(made.ask(order(BUY, None, None, OrderType.MARKET, quote_quantity=dec(50))))
    assert (allow.orders[0].type, allow.orders[0].quantity, allow.charges[0].quantity) == (
        OrderType.MARKET, None, dec("0.5"),
    )  # fmt: skip
    made.fill(order(BUY, 1, 100))
    assert made.reason(order(SELL, 1, 1)) is None
    made = Key(grant_from_toml(passing + floor.format(2_000_000)))
    assert made.reason(order(price=None, kind=OrderType.MARKET)) == Reason.UNPRICEABLE


def test_a_withdrawal_of_nothing_is_denied() -> None:
    """A withdrawal names a destination and an amount."""
    to = '[[withdrawals]]\ncoin = "BTC"\nnetwork = "BTC"\naddress = "a"\n'
    made = key(to, may=frozenset({Harm.WITHDRAW}))
    bare = intent(act=Act.WITHDRAW, symbol=None)
    assert made.reason(bare) == Reason.WITHDRAWAL_DESTINATION
    for amount, reason in [("0", Reason.WITHDRAWAL_AMOUNT), ("1000000", None)]:
        wanted = Withdrawal(Destination("BTC", "BTC", "a"), Decimal(amount))
        assert made.reason(structs.replace(bare, withdrawal=wanted)) == reason


def test_an_address_is_looked_at_where_nobody_has() -> None:
    """The address itself can be given instead of the answer."""
    made = key('[where]\nnetworks = ["192.0.2.0/24"]\n')
    assert made.reason(order(), "192.0.2.9") is None
    assert made.reason(order(), "192.0.3.9") == Reason.ADDRESS_FOREIGN
    assert made.authority.reads


def test_a_placement_without_an_order_is_denied() -> None:
    """A request to place nothing is not let through unjudged."""
    assert key().reason(intent(act=Act.PLACE, symbol="BTCUSDT")) == Reason.UNPRICEABLE


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "-1", "0", "-Infinity"])
@pytest.mark.parametrize("field", ["quantity", "price"])
def test_what_is_no_amount_is_never_allowed(field: str, quantity: str) -> None:
    """Amounts that cannot arise by parsing do not pass if they do arise: they deny or raise, which denies."""
    draft = order(**{field: quantity})
    try:
        decision = key("[how_much]\nday_notional = 1000\n").ask(draft)
    except ArithmeticError:
        return
    assert not isinstance(decision, Allow)


LIMITS = """
[how_much]
order_notional = 100
day_notional = 100
rolling_notional = 100
loss_per_day = 0
open_orders = 1
requests_per_minute = 1
[liquidity]
least_daily_volume = 1
[when]
hours = ["12:00-12:01"]
"""


def test_nothing_but_state_capability_symbol_and_band_stops_what_reduces() -> None:
    """With every budget, place, hour and request spent, a key still sells what its own fills bought."""
    made = Key(grant(LIMITS.replace("loss_per_day = 0", "loss_per_day = 0.2")))
    reducing(made)
    made.send(order(SELL, "0.1", 150))
    made.age(HOUR_US)
    assert made.reason(order()) == Reason.OUTSIDE_HOURS
    made.market.set_quote("BTCUSDT", quote(100, at=made.now_us - ANCHOR_SERVES_US))
    assert made.reason(order(SELL, "0.9", 99)) is None
    assert out(made.ask(order(SELL, "0.9", None, OrderType.MARKET))) == (
        OrderType.LIMIT, dec("0.9"), dec(97), TimeInForce.IOC,
    )  # fmt: skip
    assert made.reason(order(SELL, "0.9", 96)) == Reason.BAND_ANCHOR
    assert made.reason(order(SELL, "0.91", 99)) == Reason.OUTSIDE_HOURS
    made.now_us += 1
    assert made.reason(order(SELL, "0.9", 99)) == Reason.REFERENCE_STALE


def test_what_reduces_passes_while_winding_down() -> None:
    """A key that is wound down reads, cancels and reduces."""
    made = key()
    reducing(made)
    draft, buying = order(SELL, "0.4", 120), order(price=99)
    made.send(draft)
    made.send(buying)
    made.state = KeyState.WINDING_DOWN
    target = ref(client_id=draft.client_id)
    assert made.reason(order(SELL, "0.6")) is None
    assert made.reason(order(SELL, "0.61")) == Reason.KEY_WINDING_DOWN
    assert made.reason(order()) == Reason.KEY_WINDING_DOWN
    assert made.reason(intent(act=Act.CANCEL, symbol="BTCUSDT", target=ref(client_id=buying.client_id))) is None
    assert made.reason(intent(act=Act.LOOK_UP, symbol="BTCUSDT", target=target)) is None
    assert made.reason(intent(order(SELL, "0.4"), act=Act.REPLACE, symbol="BTCUSDT", target=target)) is None
    pair = [order(SELL, "0.6", 120, leg="above"), order(SELL, "0.6", 99, leg="below")]
    assert made.reason(intent(*pair, act=Act.PLACE_LIST)) is None


def test_a_frozen_key_reads() -> None:
    """A frozen key reads, and neither cancels nor reduces."""
    made = key()
    reducing(made)
    made.state = KeyState.FROZEN
    assert made.reason(intent(act=Act.BALANCES)) is None
    assert made.reason(order(SELL, 1)) == Reason.KEY_FROZEN
    assert made.reason(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT")) == Reason.KEY_FROZEN


def test_a_grant_begins_and_ends() -> None:
    """Before its first moment a key is pending, from its last on it is expired."""
    made = key("[when]\nnot_before = 2026-02-16T13:00:00Z\nexpires = 2026-02-16T14:00:00Z\n")
    assert NOON_US == 1_771_243_200 * SECOND_US  # 2026-02-16 12:00
    assert made.reason(order()) == Reason.KEY_PENDING
    made.age(HOUR_US)
    assert made.reason(order()) is None
    made.age(HOUR_US - 1)
    assert made.reason(order()) is None
    made.age(1)
    assert made.reason(order()) == Reason.KEY_EXPIRED


def test_a_refused_rate_says_when_to_return() -> None:
    """A request too many is told after how many seconds there is room, and then there is."""
    made = key("[how_much]\nrequests_per_minute = 2\n")
    made.send(order())
    made.send(order())
    assert made.ask(order()).retry_after_s == 30
    made.age(30 * SECOND_US)
    assert made.reason(order()) is None


SIDES = st.sampled_from(Side)
AMOUNTS = st.decimals(min_value="0.00001", max_value=20, places=5)
PRICES = st.decimals(min_value=1, max_value=200, places=2)


@given(
    bought=st.lists(st.tuples(AMOUNTS, st.decimals(min_value=50, max_value=101, places=2)), min_size=1, max_size=5),
    pieces=st.lists(st.integers(1, 100), min_size=1, max_size=5),
    at_market=st.booleans(),
    aged_us=st.integers(0, 3 * DAY_US),
    state=st.sampled_from([KeyState.ACTIVE, KeyState.WINDING_DOWN]),
)
@settings(deadline=None)
def test_a_key_that_could_buy_can_sell_what_it_bought(
    bought: list[tuple[Decimal, Decimal]], pieces: list[int], at_market: bool, aged_us: int, state: KeyState
) -> None:
    """Whatever the limits, all that a key's own fills bought can be sold through it, in any pieces."""
    made = Key(grant(LIMITS))
    for quantity, price in bought:
        draft = order(BUY, quantity, price)
        if made.reason(draft) is None:
            made.fill(draft)
        made.age(DAY_US, fresh=True)
    made.age(aged_us)
    made.state = state
    steps = [made.ledger.holding("BTCUSDT") * piece / sum(pieces) for piece in pieces]
    for step in steps[:-1]:
        quantity = step.quantize(dec("0.00001"), "ROUND_DOWN")
        if quantity:
            made.fill(
                order(SELL, quantity, None if at_market else 99, OrderType.MARKET if at_market else OrderType.LIMIT)
            )
    if rest := made.ledger.holding("BTCUSDT"):
        made.fill(order(SELL, rest, 99))
    assert made.ledger.holding("BTCUSDT") == 0


DRAFTS = st.builds(
    order, SIDES, AMOUNTS | st.none(), PRICES | st.none(), st.sampled_from(OrderType),
    stop_price=PRICES | st.none(), quote_quantity=AMOUNTS | st.none(), trailing_delta=st.none() | st.integers(1, 2000),
    symbol=st.sampled_from(["BTCUSDT", "ETHBTC", "NOSUCH"]), pegged=st.booleans(),
    leg=st.sampled_from(["", "above", "below", "working", "pendingAbove"]),
)  # fmt: skip
REQUESTS = st.builds(
    lambda drafts, act, symbol, order_id: intent(*drafts, act=act, symbol=symbol, target=ref(order_id)),
    st.lists(DRAFTS, max_size=3), st.sampled_from(Act), st.sampled_from(["BTCUSDT", "ETHBTC", None]),
    st.integers(1, 3) | st.none(),
)  # fmt: skip


@given(st.lists(REQUESTS, min_size=1, max_size=4), st.sampled_from(KeyState), st.booleans())
@settings(deadline=None, max_examples=60)
def test_explain_is_decide(requests: list, state: KeyState, source: bool) -> None:
    """The decision that is explained is the decision that is made, and its trace leads to it."""
    made = key("[how_much]\nday_notional = 5000\norder_notional = 1000\nopen_orders = 3\n")
    for request in requests:
        made.send(request)
        made.state = state
        found = made.explain(request, source)
        assert found.decision == made.ask(request, source)
        denied = [step.verdict for step in found.trace].count(Verdict.DENIED)
        assert denied == (0 if isinstance(found.decision, Allow) else 1)
        made.state = KeyState.ACTIVE
