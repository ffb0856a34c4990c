"""A thief, or a clumsy bot, wants a stop gone while its key winds down: by a replacement that the venue will refuse."""

import msgspec
import pytest
from rules_ground import dec, filled, intent, key, order, quote, ref
from test_winding import BANDS, TAKE, cancel, replace, stop, wind_down, with_stop

from bailiwick.model.decision import Allow, Deny
from bailiwick.model.intent import Act, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.reason import Reason

SELL = Side.SELL
MAKER = OrderType.LIMIT_MAKER


@pytest.mark.parametrize(
    "new",
    [
        stop(trigger=101, price="100.5"),
        stop(trigger=100, price="99.5"),
        order(SELL, 1, None, OrderType.STOP_LOSS, stop_price=dec(120)),
        order(SELL, 1, 99, MAKER, time_in_force=None),
        order(SELL, 1, 100, MAKER, time_in_force=None),
    ],
    ids=["trigger above the market", "trigger at the market", "no limit", "maker below", "maker at the market"],
)
@pytest.mark.parametrize("suspect", [False, True])
def test_a_stop_does_not_give_way_to_what_the_venue_will_refuse(new: OrderDraft, suspect: bool) -> None:
    """The venue cancels first: what would trigger or match at once is refused then, and the stop would be gone."""
    guard = stop()
    assert with_stop(guard, suspect=suspect).reason(replace(guard, new)) in {
        Reason.ORDER_PROTECTS,
        Reason.KEY_WINDING_DOWN,
    }


def test_a_gain_is_not_stripped_either() -> None:
    """A take-profit whose trigger was reached, and a maker at the market, do not take the place of a resting limit."""
    guard = order(SELL, 1, 103, TAKE, stop_price=dec(104))
    new = order(SELL, 1, 99, TAKE, stop_price=dec("99.5"))
    assert with_stop(guard).reason(replace(guard, new)) == Reason.ORDER_PROTECTS
    offer = order(SELL, 1, 102, MAKER, time_in_force=None)
    crossing = order(SELL, 1, 100, MAKER, time_in_force=None)
    assert with_stop(offer).reason(replace(offer, crossing)) == Reason.ORDER_PROTECTS
    assert with_stop(offer).reason(replace(offer, order(SELL, 1, 101, MAKER, time_in_force=None))) is None


def test_without_a_price_a_stop_is_not_tightened() -> None:
    """Where the market is not known, a new trigger may be beyond it: the same one passes, a higher one does not."""
    guard = stop()
    made = with_stop(guard)
    made.market.set_quote("BTCUSDT", quote(None, 100, made.now_us))
    assert made.reason(replace(guard, stop())) is None
    assert made.reason(replace(guard, stop(trigger=99, price="98.5"))) == Reason.ORDER_PROTECTS


def test_an_entry_is_cancelled_with_the_stop_that_waits_for_it() -> None:
    """A buy that has bought nothing yet is no protection: the stop behind it is not in the book, and it may go."""
    made = key(BANDS)
    entry = order(price=99, leg="working")
    pending = [order(SELL, 1, 102, MAKER, leg="pendingAbove"), stop(leg="pendingBelow")]
    listed = ref(client_id="pair")
    assert isinstance(made.send(intent(entry, *pending, act=Act.PLACE_LIST, target=listed)), Allow)
    wind_down(made)
    assert made.reason(cancel(entry)) is None
    every = made.ask(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT"))
    assert every == Allow(cancels=(ref(client_id=entry.client_id),))
    assert made.reason(cancel(pending[1])) == Reason.ORDER_PROTECTS
    assert made.reason(intent(act=Act.CANCEL_LIST, symbol="BTCUSDT", target=listed)) == Reason.ORDER_PROTECTS


def test_an_entry_that_was_executed_keeps_its_stop() -> None:
    """As soon as the buy has bought something, its list protects that."""
    made = key(BANDS)
    entry = order(price=99, leg="working", quantity=2)
    pending = [order(SELL, 2, 102, MAKER, leg="pendingAbove"), stop(2, leg="pendingBelow")]
    made.send(intent(entry, *pending, act=Act.PLACE_LIST, target=ref(client_id="pair")))
    made.ledger.report(filled(entry, 7, 1, live=True), made.now_us)
    wind_down(made)
    assert made.reason(cancel(entry)) == Reason.ORDER_PROTECTS
    assert made.reason(intent(act=Act.CANCEL_ALL, symbol="BTCUSDT")) == Reason.ORDER_PROTECTS


@pytest.mark.parametrize("price", [100, "99.5", "99.01"], ids=["the near price", "below it", "above the stop's limit"])
@pytest.mark.parametrize("suspect", [False, True])
def test_a_limit_that_matches_just_now_is_no_stop(price: int | str, suspect: bool) -> None:
    """A tick down, and a limit at the near price rests while the market falls: a stop does not give way to it."""
    guard = stop(trigger="99.5", price=99)
    made = with_stop(guard, suspect=suspect)
    assert made.reason(replace(guard, order(SELL, 1, price))) == Reason.ORDER_PROTECTS


@pytest.mark.parametrize("suspect", [False, True])
def test_a_limit_at_the_limit_of_a_stop_takes_its_place(suspect: bool) -> None:
    """A limit that asks no more than the stop would have sells wherever that would have sold; no less strict one."""
    guard = stop(trigger="99.5", price=99)
    made = with_stop(guard, suspect=suspect)
    assert made.reason(replace(guard, order(SELL, 1, 99))) is None
    maker = order(SELL, 1, 99, MAKER, time_in_force=None)
    assert made.reason(replace(guard, maker)) == Reason.ORDER_PROTECTS


@pytest.mark.parametrize("quantity", ["0.999", "1.001", 2])
@pytest.mark.parametrize("guard", [stop(), order(SELL, 1, 102)], ids=["stop", "limit"])
def test_what_protects_gives_way_to_as_much_and_no_more(guard: OrderDraft, quantity: str | int) -> None:
    """A larger one may ask for more than the account has free: the venue refuses it when the old one is gone."""
    made = with_stop(guard)
    new = stop(quantity) if guard.type is OrderType.STOP_LOSS_LIMIT else order(SELL, quantity, 102)
    assert made.reason(replace(guard, new)) == Reason.ORDER_PROTECTS


def test_of_a_stop_that_was_executed_in_part_what_is_left_is_replaced() -> None:
    """What is left of it, and not its whole quantity again, which the account may not have any more."""
    guard = stop()
    made = with_stop(guard)
    made.ledger.report(filled(guard, 7, "0.4", live=True), made.now_us)
    assert made.reason(replace(guard, stop(1))) == Reason.ORDER_PROTECTS
    assert made.reason(replace(guard, stop("0.6"))) is None


@pytest.mark.parametrize("suspect", [False, True])
def test_no_replacement_outlives_a_cancel_that_fails(suspect: bool) -> None:
    """With ALLOW_FAILURE the old order and the new may both live: a key that winds down is told to stop on failure."""
    guard, new = (stop(trigger="99.5", price=99) for _ in range(2))
    made = with_stop(guard, suspect=suspect)
    asked = replace(guard, new)
    assert made.reason(asked) is None
    decision = made.ask(msgspec.structs.replace(asked, keep_on_failure=True))
    assert isinstance(decision, Deny)
    assert (decision.reason, "STOP_ON_FAILURE" in decision.detail) == (Reason.KEY_WINDING_DOWN, True)


@pytest.mark.parametrize("suspect", [False, True])
def test_no_replacement_ends_as_a_cancel_alone(suspect: bool) -> None:
    """With CANCEL_ONLY a key could strip its stop once the account's orders are used up: winding down, it may not."""
    guard, new = (stop(trigger="99.5", price=99) for _ in range(2))
    made = with_stop(guard, suspect=suspect)
    asked = replace(guard, new)
    assert made.reason(asked) is None
    decision = made.ask(msgspec.structs.replace(asked, cancel_alone=True))
    assert isinstance(decision, Deny)
    assert decision.reason is Reason.KEY_WINDING_DOWN


@pytest.mark.parametrize("suspect", [False, True])
def test_no_replacement_gives_way_to_the_accounts_own_bid(suspect: bool) -> None:
    """What expires or shrinks against a bid of its own account would leave no stop: it takes the place of none."""
    guard, new = (stop(trigger="99.5", price=99) for _ in range(2))
    made = with_stop(guard, suspect=suspect)
    asked = replace(guard, new)
    assert made.reason(asked) is None
    decision = made.ask(msgspec.structs.replace(asked, gives_way=True))
    assert isinstance(decision, Deny)
    assert (decision.reason, "EXPIRE_MAKER" in decision.detail) == (Reason.ORDER_PROTECTS, True)


def test_what_replaces_no_stop_may_give_way() -> None:
    """A sale in the place of a resting bid protects nothing, so it may expire against the account's own orders."""
    made = key(BANDS)
    made.fill(order(quantity=4))
    bid = order(price=99)
    made.send(bid)
    wind_down(made)
    assert made.reason(msgspec.structs.replace(replace(bid, order(SELL, 4)), gives_way=True)) is None


@pytest.mark.parametrize("passing", [TimeInForce.IOC, TimeInForce.FOK])
@pytest.mark.parametrize("suspect", [False, True])
def test_no_replacement_is_over_at_once(passing: TimeInForce, suspect: bool) -> None:
    """What does not rest is gone where nobody buys just then: it takes the place of no stop and of no limit."""
    for guard, price in ((stop(), 99), (order(SELL, 1, 102), 101)):
        made = with_stop(guard, suspect=suspect)
        assert made.reason(replace(guard, order(SELL, 1, price, time_in_force=passing))) == Reason.ORDER_PROTECTS
