"""A thief, or a clumsy bot, wants a stop gone while its key winds down: by a replacement that the venue will refuse."""

import pytest
from rules_ground import dec, filled, intent, key, order, quote, ref
from test_winding import BANDS, TAKE, cancel, replace, stop, wind_down, with_stop

from bailiwick.model.decision import Allow
from bailiwick.model.intent import Act, OrderDraft, OrderType, Side
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
    assert made.reason(replace(guard, stop(quantity=2))) is None
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
