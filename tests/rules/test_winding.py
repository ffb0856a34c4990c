"""What a key may still do while it winds down, by why it does."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_ground import NOON_US, Key, dec, endpoint, filled, intent, key, order, quote, ref

from bailiwick.model.decision import Allow
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, Intent, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.life import Curb, KeyState, Response
from bailiwick.model.reason import Reason
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.windows import DAY_US, HOUR_US, MINUTE_US

SELL = Side.SELL
BANDS = "[how_far]\nnear_bps = 100\nanchor_bps = 300\n"
STOP, TAKE = OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT


def holding(quantity: int | str = 4, *, suspect: bool = False, suspected: tuple[str, ...] = (), text: str = "") -> Key:
    """A key that bought some BTC and then winds down."""
    made = key(BANDS + text)
    made.ledger.slow = suspect
    made.fill(order(quantity=quantity))
    made.age(MINUTE_US)
    wind_down(made, suspect=suspect, suspected=suspected)
    return made


def wind_down(made: Key, *, suspect: bool = False, suspected: tuple[str, ...] = ()) -> None:
    made.state = KeyState.WINDING_DOWN
    made.curb = Curb(suspect, frozenset(suspected), made.now_us, made.now_us + DAY_US)


def stop(quantity: str | int = 1, trigger: str | int = 98, price: str | int = "97.5", **more: object) -> OrderDraft:
    return order(SELL, quantity, price, STOP, stop_price=dec(trigger), **more)


def with_stop(guard: OrderDraft, *, suspect: bool = False) -> Key:
    """A key that bought what a resting order of its own sells, and then winds down."""
    made = key(BANDS)
    made.ledger.slow = suspect
    made.fill(order(quantity=4))
    assert isinstance(made.send(guard), Allow)
    made.age(MINUTE_US)
    wind_down(made, suspect=suspect)
    return made


def cancel(draft: OrderDraft) -> Intent:
    return intent(act=Act.CANCEL, symbol=draft.symbol, target=ref(client_id=draft.client_id))


def replace(old: OrderDraft, new: OrderDraft) -> Intent:
    return intent(new, act=Act.REPLACE, target=ref(client_id=old.client_id))


# Without suspicion


def test_a_key_that_winds_down_sells_what_it_bought_and_no_more() -> None:
    """Winding down, a key sells all that it bought at once, inside its bands, and nothing else; it buys nothing."""
    made = holding()
    assert made.reason(order(SELL, 4, 99)) is None
    assert made.reason(order(SELL, 4, None, OrderType.MARKET)) is None
    assert made.reason(order(SELL, 4, "98.9")) == Reason.BAND_NEAR
    assert made.reason(order(SELL, "4.001", 99)) == Reason.KEY_WINDING_DOWN
    assert made.reason(order(quantity="0.001")) == Reason.KEY_WINDING_DOWN
    assert made.reason(order(SELL, 1, "0.05", symbol="ETHBTC")) == Reason.KEY_WINDING_DOWN


def test_a_wind_down_ends_in_a_freeze_by_itself() -> None:
    """From its last moment on a wind-down is a freeze: reads pass, nothing else does, whether control runs or not."""
    made = holding()
    made.age(DAY_US - 1)
    assert made.reason(order(SELL, 1)) is None
    made.age(1)
    assert made.reason(order(SELL, 1)) == Reason.KEY_FROZEN
    assert made.reason(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT")) == Reason.KEY_FROZEN
    assert made.reason(intent(act=Act.BALANCES)) is None


@pytest.mark.parametrize(
    "guard",
    [stop(), order(SELL, 1, 102), order(SELL, 1, 102, TAKE, stop_price=dec(103))],
    ids=["stop", "limit", "take-profit"],
)
@pytest.mark.parametrize("suspect", [False, True])
def test_what_protects_is_not_cancelled(guard: OrderDraft, suspect: bool) -> None:
    """Neither a stop nor a limit that sells what the key bought can be cancelled or reduced while it winds down."""
    made = with_stop(guard, suspect=suspect)
    target = ref(client_id=guard.client_id)
    assert made.reason(cancel(guard)) == Reason.ORDER_PROTECTS
    amended = intent(act=Act.AMEND, symbol="BTCUSDT", target=target, new_quantity=Decimal("0.5"))
    assert made.reason(amended) == Reason.ORDER_PROTECTS
    assert made.reason(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT")) == Reason.ORDER_PROTECTS


def test_a_stop_of_what_the_owner_holds_protects_too() -> None:
    """A stop-loss on coins that this key never bought is spared as well; a mere limit there is not protection."""
    made = key(BANDS)
    guard, offer = stop(), order(SELL, 1, 102)
    made.send(guard)
    made.send(offer)
    wind_down(made)
    assert made.reason(cancel(guard)) == Reason.ORDER_PROTECTS
    assert made.reason(cancel(offer)) is None


def test_cancel_all_spares_what_protects() -> None:
    """A cancel of everything becomes cancels of all that does not protect, of whoever's orders the grant speaks."""
    for orders in ("own", "account"):
        made = key(BANDS, orders=orders)
        made.fill(order(quantity=4))
        guard, bid = stop(), order(price=99)
        made.send(guard)
        made.send(bid)
        wind_down(made)
        decision = made.ask(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT"))
        assert decision == Allow(cancels=(ref(client_id=bid.client_id),))


def test_an_order_list_is_spared_as_one() -> None:
    """One order of a pair that protects keeps the other: the venue cancels them together."""
    made = key(BANDS)
    made.fill(order(quantity=4))
    pair = [order(SELL, 1, 102, OrderType.LIMIT_MAKER, leg="above"), stop(leg="below")]
    listed = ref(client_id="pair")
    made.send(intent(*pair, act=Act.PLACE_LIST, target=listed))
    wind_down(made)
    assert made.reason(cancel(pair[0])) == Reason.ORDER_PROTECTS
    assert made.reason(intent(act=Act.CANCEL_LIST, symbol="BTCUSDT", target=listed)) == Reason.ORDER_PROTECTS
    assert made.reason(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT")) == Reason.ORDER_PROTECTS


@pytest.mark.parametrize(
    ("new", "passes"),
    [
        (stop(), True),
        (stop(trigger=99, price="98.5"), True),
        (stop(quantity=2), False),  # more than the old one had set aside
        (order(SELL, 1, 100), False),  # at once, unless the market falls first
        (order(SELL, 1, 99), False),
        (order(SELL, 1, 101), False),  # only if the market rises
        (stop(quantity="0.9"), False),
        (stop(trigger="97.9", price="97.3"), False),
        (stop(price="97.6"), False),  # less room below the trigger
        (stop(time_in_force=TimeInForce.IOC), False),
        (order(SELL, 1, 99, time_in_force=TimeInForce.IOC), False),
        (order(SELL, 1, 99, TAKE, stop_price=dec(99)), False),
    ],
)
def test_a_stop_gives_way_to_one_as_safe(new: OrderDraft, passes: bool) -> None:
    """A stop is replaced by one that sells as much and triggers no lower; by nothing else."""
    guard = stop()
    made = with_stop(guard)
    assert made.reason(replace(guard, new)) == (None if passes else Reason.ORDER_PROTECTS)


def test_a_limit_gives_way_to_one_that_asks_no_more() -> None:
    """A limit that secures a gain is replaced by one at the same price or below it."""
    guard = order(SELL, 1, 102)
    made = with_stop(guard)
    assert made.reason(replace(guard, order(SELL, 1, 101))) is None
    assert made.reason(replace(guard, order(SELL, 1, "102.01"))) == Reason.ORDER_PROTECTS


def test_what_is_not_the_keys_own_is_left_alone() -> None:
    """A key for the whole account cancels, while it winds down, only what it placed itself: the rest may protect."""
    made = key(BANDS, orders="account")
    wind_down(made)
    assert made.reason(intent(act=Act.CANCEL, symbol="BTCUSDT", target=ref(17))) == Reason.KEY_WINDING_DOWN


def test_an_order_that_opens_can_be_replaced_by_a_sale() -> None:
    """A resting buy may give way to a sale of what was bought."""
    made = key(BANDS)
    made.fill(order(quantity=4))
    bid = order(price=99)
    made.send(bid)
    wind_down(made)
    assert made.reason(replace(bid, order(SELL, 4))) is None
    assert made.reason(replace(bid, order(price=98))) == Reason.KEY_WINDING_DOWN
    assert made.reason(replace(order(), order(SELL, 4))) == Reason.KEY_WINDING_DOWN


def test_nothing_else_passes_while_winding_down() -> None:
    """Withdrawals, transfers and whatever else changes something are refused so that a bot lives on."""
    made = holding()
    for harm in (Harm.WITHDRAW, Harm.MOVE, Harm.ADMINISTER, Harm.TRADE):
        assert made.reason(intent(act=Act.PLAIN, endpoint=endpoint(Act.PLAIN, harm))) == Reason.KEY_WINDING_DOWN


# Suspicion


def test_a_suspect_key_touches_no_suspected_symbol() -> None:
    """In a suspected symbol a key neither sells nor cancels, and reads; in others it does."""
    made = holding(suspect=True, suspected=("BTCUSDT",))
    made.market.set_quote("ETHBTC", quote("0.05", at=made.now_us))
    assert made.reason(order(SELL, "0.1")) == Reason.KEY_WINDING_DOWN
    assert made.reason(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT")) == Reason.KEY_WINDING_DOWN
    assert made.reason(intent(act=Act.LIST_OPEN, symbol="BTCUSDT")) is None
    made.curb = Curb(suspect=True, suspected=frozenset({"ETHBTC"}), since_us=made.now_us)
    assert made.reason(order(SELL, "0.1")) is None


def test_a_suspect_key_sells_a_quarter_an_hour() -> None:
    """A quarter of a position leaves in an hour, in one order or many, resting or filled; the next hour a quarter."""
    made = holding(suspect=True)
    assert made.reason(order(SELL, "1.00001")) == Reason.KEY_WINDING_DOWN
    made.fill(order(SELL, "0.6"))
    resting = order(SELL, "0.4", 102)
    assert isinstance(made.send(resting), Allow)
    assert made.reason(order(SELL, "0.00001")) == Reason.KEY_WINDING_DOWN
    made.age(HOUR_US - 10 * MINUTE_US)
    made.ledger.report(filled(resting, 99, "0.4"), made.now_us)
    assert made.reason(order(SELL, "0.00001")) == Reason.KEY_WINDING_DOWN
    made.age(70 * MINUTE_US)
    assert made.reason(order(SELL, "0.75")) is None
    assert made.reason(order(SELL, "0.75001")) == Reason.KEY_WINDING_DOWN


def test_the_quarter_survives_a_restart() -> None:
    """What a suspect key sold in the hour is in the snapshot of its ledger."""
    made = holding(suspect=True)
    made.fill(order(SELL, 1))
    made.ledger = Ledger.from_state(made.ledger.to_state())
    assert made.ledger.slow
    assert made.reason(order(SELL, "0.00001")) == Reason.KEY_WINDING_DOWN


def test_a_suspect_key_sells_at_a_fair_price() -> None:
    """Never below the anchor less the near band, whatever the near price is by now, and never without an anchor."""
    made = holding(suspect=True)
    assert made.reason(order(SELL, 1, 99)) is None
    assert made.reason(order(SELL, 1, "98.99")) == Reason.KEY_WINDING_DOWN
    made.market.set_quote("BTCUSDT", quote(98, 100, made.now_us))
    assert made.reason(order(SELL, 1, "98.5")) == Reason.KEY_WINDING_DOWN
    made.market.set_quote("BTCUSDT", quote(100, None, made.now_us))
    made.market.quotes.clear()
    assert made.reason(order(SELL, 1, 99)) == Reason.KEY_WINDING_DOWN


def test_a_suspect_key_never_sells_at_the_market() -> None:
    """An order without a limit price is refused, even where it would leave bound to the band."""
    made = holding(suspect=True)
    assert made.reason(order(SELL, 1, None, OrderType.MARKET)) == Reason.KEY_WINDING_DOWN
    assert made.reason(order(SELL, 1, None, OrderType.STOP_LOSS, stop_price=dec(98))) == Reason.KEY_WINDING_DOWN


def test_a_suspect_grant_without_bands_has_one() -> None:
    """Where the grant names no band, half a percent below the anchor is the least."""
    made = key('[how_far]\nnear_bps = "none"\nanchor_bps = 300\n')
    made.ledger.slow = True
    made.fill(order(quantity=4))
    wind_down(made, suspect=True)
    assert made.reason(order(SELL, 1, "99.5")) is None
    assert made.reason(order(SELL, 1, "99.49")) == Reason.KEY_WINDING_DOWN


@given(
    st.lists(
        st.tuples(
            st.decimals(min_value="0.001", max_value=4, places=3),
            st.decimals(min_value=90, max_value=110, places=1),
            st.booleans(),
            st.integers(0, 40),
        ),
        max_size=30,
    )
)
def test_no_sequence_of_orders_sells_a_suspect_position_faster(
    orders: list[tuple[Decimal, Decimal, bool, int]],
) -> None:
    """Whatever is asked, within any hour no more than a quarter of what stood at its beginning is sold."""
    made = holding(suspect=True)
    sold: list[tuple[int, Decimal, Decimal]] = []
    for quantity, price, filling, minutes in orders:
        draft = order(SELL, quantity, price)
        before = made.ledger.holding("BTCUSDT")
        if isinstance(made.send(draft), Allow):
            assert price >= 99
            if filling:
                made.ledger.report(filled(draft, len(sold) + 1000, quantity), made.now_us)
                sold.append((made.now_us, quantity, before))
            else:
                made.ledger.end(draft.client_id or "", made.now_us)
        made.age(minutes * MINUTE_US)
    for at, _, before in sold:
        assert sum(each for when, each, _ in sold if at <= when < at + HOUR_US) <= before / 4


# Expiry


def test_what_happens_at_expiry_is_the_owners_choice() -> None:
    """When its time runs out a key winds down for a while and is frozen then, or is frozen, or is gone: as chosen."""
    text = "[when]\nexpires = 2026-02-16T13:00:00Z\n"
    for choice, sale, read in (
        (Response.WIND_DOWN, None, None),
        (Response.FREEZE, Reason.KEY_FROZEN, None),
        (Response.REVOKE, Reason.KEY_EXPIRED, Reason.KEY_EXPIRED),
    ):
        made = key(BANDS + text)
        made.curb = Curb(on_expiry=choice, expiry_us=DAY_US)
        made.fill(order(quantity=4))
        guard = stop()
        made.send(guard)
        made.age(NOON_US + HOUR_US - made.now_us)
        assert made.reason(order(SELL, 1)) == sale
        assert made.reason(intent(act=Act.BALANCES)) == read
        if choice is Response.WIND_DOWN:
            assert made.reason(order()) == Reason.KEY_WINDING_DOWN
            assert made.reason(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT")) == Reason.ORDER_PROTECTS
            made.age(DAY_US)
            assert made.reason(order(SELL, 1)) == Reason.KEY_FROZEN
            assert made.reason(intent(act=Act.BALANCES)) is None


def test_a_wind_down_does_not_outlive_the_keys_own_time() -> None:
    """A key that winds down for another cause is bound by its expiry as well."""
    made = key(BANDS + "[when]\nexpires = 2026-02-16T13:00:00Z\n")
    made.fill(order(quantity=4))
    wind_down(made)
    made.age(HOUR_US)
    assert made.reason(order(SELL, 1)) == Reason.KEY_EXPIRED
