"""Into which assets a key that winds down may sell what it bought, and that it sells each unit once."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_ground import Key, dec, filled, grant, intent, key, market, order, quote, ref, symbol, trade
from test_winding import BANDS, wind_down

from bailiwick.model.decision import Allow
from bailiwick.model.intent import Act, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.reason import Reason
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.windows import HOUR_US, MINUTE_US

SELL = Side.SELL
HOME = frozenset({"USDT"})
PAIRS = frozenset({"BTCUSDT", "ETHBTC", "ETHUSDT"})
PRICES = {"ETHBTC": "0.05", "ETHUSDT": "5"}


def see(made: Key) -> None:
    """ETHBTC at 0.05, ETHUSDT at 5, BTCUSDT at 100: fresh prices."""
    made.market = market(made.now_us)
    made.market.symbols["ETHUSDT"] = symbol("ETHUSDT", "ETH", "USDT", step="0.0001")
    made.market.set_quote("ETHUSDT", quote(5, at=made.now_us))


def pass_by(made: Key, microseconds: int) -> None:
    made.now_us += microseconds
    see(made)


def eth(side: Side, quantity: str | int | Decimal, pair: str = "ETHUSDT", price: str = "", **more: Any) -> OrderDraft:
    return order(side, quantity, price or PRICES[pair], symbol=pair, **more)


def holding(
    quantity: str | int = 4, *, suspect: bool = False, home: frozenset[str] = HOME, pairs: frozenset[str] = PAIRS
) -> Key:
    """A key that bought ETH with BTC, and then winds down."""
    made = key(BANDS, symbols=pairs)
    made.ledger.slow = suspect
    see(made)
    made.fill(eth(Side.BUY, quantity, "ETHBTC"))
    pass_by(made, MINUTE_US)
    narrow(made, suspect=suspect, home=home)
    return made


def narrow(made: Key, *, suspect: bool = False, home: frozenset[str] = HOME) -> None:
    wind_down(made, suspect=suspect)
    assert made.curb is not None
    made.curb = msgspec.structs.replace(made.curb, home=home)


def test_what_was_bought_with_one_asset_is_sold_into_a_home_asset() -> None:
    """Winding down, a key sells what it bought with bitcoin for the account's home asset, and no more of it."""
    made = holding()
    assert made.reason(eth(SELL, "4.0001")) == Reason.KEY_WINDING_DOWN
    assert made.reason(eth(SELL, 4)) is None
    assert made.reason(eth(SELL, 4, "ETHBTC")) is None
    assert made.reason(eth(Side.BUY, 1)) == Reason.KEY_WINDING_DOWN


def test_only_into_a_home_asset() -> None:
    """By another pair a key sells into the account's home assets; where none are named, into the grant's currency."""
    assert holding(home=frozenset({"EUR"})).reason(eth(SELL, 1)) == Reason.KEY_WINDING_DOWN
    assert holding(home=frozenset({"EUR", "USDT"})).reason(eth(SELL, 1)) is None
    assert holding(home=frozenset()).reason(eth(SELL, 1)) is None


def test_only_in_a_pair_of_the_grant() -> None:
    """A wind-down opens no pair that the key was never granted."""
    made = holding(pairs=frozenset({"ETHBTC"}))
    assert made.reason(eth(SELL, 1)) == Reason.SYMBOL_NOT_GRANTED


def test_bands_hold_on_the_pair_that_is_sold() -> None:
    """What leaves by another pair leaves at that pair's price: no further below it than the grant's bands allow."""
    made = holding()
    assert made.reason(eth(SELL, 1, price="4.95")) is None
    assert made.reason(eth(SELL, 1, price="4.94")) == Reason.BAND_NEAR
    sold = made.ask(eth(SELL, 1, price=None, kind=OrderType.MARKET, time_in_force=None))  # type: ignore[arg-type]
    assert isinstance(sold, Allow)
    assert (sold.orders[0].price, sold.orders[0].time_in_force) == (Decimal("4.95"), TimeInForce.IOC)


def test_an_active_key_counts_each_pair_for_itself() -> None:
    """While a key is active, a sale by another pair is no exit: it counts against the budgets like any other."""
    made = key(BANDS + "[how_much]\nday_notional = 25\n", symbols=PAIRS)
    see(made)
    made.fill(eth(Side.BUY, 4, "ETHBTC"))
    assert made.reason(eth(SELL, 4)) == Reason.DAY_NOTIONAL
    narrow(made)
    assert made.reason(eth(SELL, 4)) is None


def test_each_unit_is_sold_once() -> None:
    """What an open order sells by one pair is free in no other, and comes back to all when that order ends."""
    made = holding()
    resting = eth(SELL, 3, price="5.1")
    assert isinstance(made.send(resting), Allow)
    assert made.reason(eth(SELL, "1.0001")) == Reason.KEY_WINDING_DOWN
    assert made.reason(eth(SELL, "1.0001", "ETHBTC")) == Reason.KEY_WINDING_DOWN
    assert made.reason(eth(SELL, 1, "ETHBTC")) is None
    made.ledger.report(filled(resting, 50, 1), made.now_us)
    assert made.reason(eth(SELL, "3.0001")) == Reason.KEY_WINDING_DOWN
    assert made.reason(eth(SELL, 3)) is None


def test_an_order_of_the_first_pair_holds_it_back_in_the_other() -> None:
    """What a resting sell of the pair it was bought in claims cannot be sold by another pair."""
    made = key(BANDS, symbols=PAIRS)
    see(made)
    made.fill(eth(Side.BUY, 4, "ETHBTC"))
    assert isinstance(made.send(eth(SELL, 3, "ETHBTC", "0.051")), Allow)
    narrow(made)
    assert made.reason(eth(SELL, "1.0001")) == Reason.KEY_WINDING_DOWN
    assert made.reason(eth(SELL, 1)) is None


def test_a_fee_heard_of_late_counts_in_every_pair() -> None:
    """A fee that was taken in the asset after it was sold by another pair is owed, and not sold again."""
    made = key(BANDS, symbols=PAIRS)
    see(made)
    bought = made.fill(eth(Side.BUY, 4, "ETHBTC"))
    made.fill(eth(Side.BUY, 1))
    narrow(made)
    made.fill(eth(SELL, "4.5"))
    made.ledger.trade(trade(bought, 1, Side.BUY, "0.05", 4, "0.1", "ETH", "ETHBTC"), made.now_us)
    assert made.reason(eth(SELL, "0.4001")) == Reason.KEY_WINDING_DOWN
    assert made.reason(eth(SELL, "0.4")) is None


def test_a_stop_by_another_pair_protects_and_can_be_tightened() -> None:
    """A stop into a home asset is spared like any other, and gives way to one at least as protective."""
    made = holding()
    guard = eth(SELL, 4, price="4.86", kind=OrderType.STOP_LOSS_LIMIT, stop_price=dec("4.9"))
    assert isinstance(made.send(guard), Allow)
    target = ref(client_id=guard.client_id)
    assert made.reason(intent(act=Act.CANCEL, symbol="ETHUSDT", target=target)) == Reason.ORDER_PROTECTS
    tighter = eth(SELL, 4, price="4.88", kind=OrderType.STOP_LOSS_LIMIT, stop_price=dec("4.92"))
    assert made.reason(intent(tighter, act=Act.REPLACE, target=target)) is None


def test_lists_leave_by_their_own_pair() -> None:
    """An order list sells what its own pair bought: alternatives over two pairs would be counted by nobody."""
    made = holding()
    pair = [
        eth(SELL, 1, price="5.1", kind=OrderType.LIMIT_MAKER, leg="above"),
        eth(SELL, 1, price="4.85", kind=OrderType.STOP_LOSS_LIMIT, stop_price=dec("4.9"), leg="below"),
    ]
    asked = intent(*pair, act=Act.PLACE_LIST, target=ref(client_id="pair"))
    assert made.reason(asked) == Reason.KEY_WINDING_DOWN


def test_a_suspect_key_sells_a_quarter_over_all_pairs() -> None:
    """A quarter of what a suspect key holds of an asset leaves in an hour, by whichever pairs."""
    made = holding(suspect=True)
    assert made.reason(eth(SELL, "1.0001")) == Reason.KEY_WINDING_DOWN
    made.fill(eth(SELL, "0.6"))
    assert made.reason(eth(SELL, "0.4001", "ETHBTC")) == Reason.KEY_WINDING_DOWN
    assert isinstance(made.send(eth(SELL, "0.4", "ETHBTC", "0.051")), Allow)
    assert made.reason(eth(SELL, "0.0001")) == Reason.KEY_WINDING_DOWN


def test_a_suspect_key_touches_no_suspected_pair() -> None:
    """A home asset opens no suspected symbol, and what was bought in one may leave by a pair that is not."""
    made = holding(suspect=True)
    assert made.curb is not None
    made.curb = msgspec.structs.replace(made.curb, suspected=frozenset({"ETHUSDT"}))
    assert made.reason(eth(SELL, 1)) == Reason.KEY_WINDING_DOWN
    made.curb = msgspec.structs.replace(made.curb, suspected=frozenset({"ETHBTC"}))
    assert made.reason(eth(SELL, 1)) is None
    assert made.reason(eth(SELL, 1, "ETHBTC")) == Reason.KEY_WINDING_DOWN


@pytest.mark.parametrize("again", [1, 2])
def test_a_restart_books_nothing_twice(again: int) -> None:
    """What was booked from one pair to another stays so over snapshots, and reserving it again changes nothing."""
    made = holding()
    resting = eth(SELL, 3, price="5.1")
    asked = intent(resting)
    allowed = made.send(asked)
    assert isinstance(allowed, Allow)
    before = made.ledger.to_state().positions
    for _ in range(again):
        made.ledger = Ledger.from_state(made.ledger.to_state())
        made.ledger.reserve(allowed, asked, made.now_us)
    assert made.ledger.to_state().positions == before
    assert made.reason(eth(SELL, "1.0001")) == Reason.KEY_WINDING_DOWN
    assert made.reason(eth(SELL, 1)) is None


SALES = st.lists(
    st.tuples(
        st.sampled_from(["ETHBTC", "ETHUSDT"]),
        st.decimals(min_value="0.1", max_value=5, places=1),
        st.sampled_from(["rest", "fill", "half", "cancel", "reject"]),
        st.booleans(),
    ),
    max_size=25,
)


@given(
    st.lists(st.tuples(st.sampled_from(["ETHBTC", "ETHUSDT"]), st.integers(1, 4)), min_size=1, max_size=4),
    SALES,
    st.booleans(),
)
def test_no_sequence_of_sales_sells_more_than_was_bought(
    buys: list[tuple[str, int]], sales: list[tuple[str, Decimal, str, bool]], suspect: bool
) -> None:
    """By whichever pairs, executed, cancelled or refused, with restarts: no more is sold than was bought."""
    made = Key(grant(BANDS, symbols=PAIRS))
    made.ledger.slow = suspect
    see(made)
    for pair, amount in buys:
        made.fill(eth(Side.BUY, amount, pair))
    bought = sum(amount for _, amount in buys)
    pass_by(made, MINUTE_US)
    narrow(made, suspect=suspect)
    made.curb = msgspec.structs.replace(made.curb, until_us=None)  # type: ignore[type-var]
    sold, resting = Decimal(0), Decimal(0)
    for number, (pair, quantity, fate, restart) in enumerate(sales, 1000):
        draft = eth(SELL, quantity, pair)
        if isinstance(made.send(draft), Allow):
            match fate:
                case "rest":
                    resting += quantity
                case "fill":
                    made.ledger.report(filled(draft, number, quantity), made.now_us)
                    sold += quantity
                case "half":
                    made.ledger.report(filled(draft, number, quantity / 2), made.now_us)
                    sold += quantity / 2
                case "cancel":
                    made.ledger.end(draft.client_id or "", made.now_us)
                case _:
                    made.ledger.reject(draft.client_id or "")
        assert sold + resting <= bought
        if restart:
            made.ledger = Ledger.from_state(made.ledger.to_state())
        pass_by(made, HOUR_US)
    left = sum((made.ledger.holding(pair) for pair in PRICES), Decimal(0))
    assert left == bought - sold
