"""What all keys of a service buy of a symbol together."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_ground import Key, dec, filled, intent, key, order, quote, ref

from bailiwick.model.decision import Allow
from bailiwick.model.intent import Act, Side
from bailiwick.model.reason import Reason
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.netbuying import most
from bailiwick.rules.together import Together
from bailiwick.rules.tracked import LedgerState
from bailiwick.rules.windows import DAY_US, MINUTE_US

SHARE_BPS = 1  # of a million USDT a day: 1 BTC at 100
DENIED = Reason.SERVICE_NET_BUYING


def keys(count: int, share_bps: int = SHARE_BPS) -> tuple[Together, list[Key]]:
    """So many keys of one service."""
    together = Together(share_bps)
    made = [key() for _ in range(count)]
    for each in made:
        together.join(each.ledger)
    return together, made


def restarted(made: Key) -> None:
    """The key's ledger as it is after a restart."""
    kept = msgspec.msgpack.encode(made.ledger.to_state())
    made.ledger = Ledger.from_state(msgspec.msgpack.decode(kept, type=LedgerState))


def test_keys_share_one_limit() -> None:
    """What one key of a service bought counts for the others: a thief with many keys buys no more than with one."""
    _, (first, second, third) = keys(3)
    first.fill(order(quantity="0.4"))
    second.fill(order(quantity="0.5"))
    assert third.reason(order(quantity="0.11")) is DENIED
    assert third.reason(order(quantity="0.1")) is None


def test_open_buys_count_before_they_are_executed() -> None:
    """Buys that rest in the book have spent the limit already, and give it back when they end unexecuted."""
    _, (first, second) = keys(2)
    resting = order(quantity="0.9")
    first.send(resting)
    assert second.reason(order(quantity="0.2")) is DENIED
    first.ledger.reject(resting.client_id or "")
    assert second.reason(order(quantity="0.2")) is None


def test_two_hundred_orders_at_once_never_exceed_it() -> None:
    """However many keys ask in one moment, what was allowed is within the share to the last digit."""
    together, made = keys(200)
    allowed = sum(isinstance(each.send(order(quantity="0.03")), Allow) for each in made)
    assert allowed == 33
    assert together.use("BTCUSDT", made[0].now_us) == dec("0.99")


def test_sells_make_room_again() -> None:
    """Net is bought less sold: what the keys sold of a symbol they may buy anew."""
    _, (first, second) = keys(2)
    first.fill(order(quantity=1))
    assert second.reason(order(quantity="0.5")) is DENIED
    first.fill(order(Side.SELL, quantity="0.5"))
    assert second.reason(order(quantity="0.5")) is None


def test_who_reduces_is_never_refused_for_it() -> None:
    """A key that could buy can sell what it bought, whatever the other keys of its service did."""
    together, (first, second) = keys(2)
    first.fill(order(quantity="0.5"))
    together.executed("BTCUSDT", dec(5), first.now_us)
    assert second.reason(order(quantity="0.1")) is DENIED
    assert first.reason(order(Side.SELL, quantity="0.5")) is None


def test_it_is_of_one_symbol() -> None:
    """What was bought of one symbol takes nothing away of another."""
    _, (made,) = keys(1)
    made.fill(order(quantity=1))
    assert made.reason(order(quantity="0.1", price="0.05", symbol="ETHBTC")) is None


def test_a_day_later_it_is_free() -> None:
    """The day rolls: what was bought more than 24 hours ago no longer counts."""
    _, (made,) = keys(1)
    made.fill(order(quantity=1))
    made.age(DAY_US - 5 * MINUTE_US)
    assert made.reason(order(quantity="0.1")) is DENIED
    made.age(10 * MINUTE_US)
    assert made.reason(order(quantity="0.1")) is None


def test_a_restart_forgets_nothing() -> None:
    """Rebuilt from the ledgers at a start, executed and open buys count as before."""
    _, (first, second) = keys(2)
    first.fill(order(quantity="0.4"))
    second.send(order(quantity="0.4"))
    for each in (first, second):
        restarted(each)
    anew = Together(SHARE_BPS)
    for each in (first, second):
        anew.join(each.ledger)
    assert anew.use("BTCUSDT", first.now_us) == dec("0.8")
    assert second.reason(order(quantity="0.3")) is DENIED


def test_fills_read_again_after_a_restart_count() -> None:
    """What a start reads of the journal behind the snapshot counts, although the service is not known there yet."""
    _, (made,) = keys(1)
    draft = order(quantity="0.7")
    made.send(draft)
    restarted(made)
    made.ledger.report(filled(draft, 77, "0.7"), made.now_us)
    anew = Together(SHARE_BPS)
    anew.join(made.ledger)
    assert anew.use("BTCUSDT", made.now_us) == dec("0.7")


def test_a_key_that_changes_its_service_takes_what_it_counted_along() -> None:
    """A key handed to another service counts there and no longer where it was, so that no limit is paid twice."""
    old, (made, other) = keys(2)
    made.fill(order(quantity="0.4"))
    made.send(order(quantity="0.1"))
    other.fill(order(quantity="0.2"))
    new = Together(SHARE_BPS)
    new.join(made.ledger)
    assert (old.use("BTCUSDT", made.now_us), new.use("BTCUSDT", made.now_us)) == (dec("0.2"), dec("0.5"))


def test_a_replacement_needs_no_second_share() -> None:
    """Moving a resting buy to another price needs no second share, where it is placed once the old one is gone."""
    _, (made,) = keys(1)
    resting = order(quantity="0.8")
    made.send(resting)
    target = ref(None, resting.client_id)
    replaced = intent(order(quantity="0.9", price=99), act=Act.REPLACE, target=target)
    assert made.reason(replaced) is None
    assert made.reason(msgspec.structs.replace(replaced, keep_on_failure=True)) is DENIED


def test_what_cannot_be_measured_is_denied() -> None:
    """Without a known daily volume nothing is bought: a share of nothing known is nothing."""
    _, (made,) = keys(1)
    made.market.set_quote("BTCUSDT", msgspec.structs.replace(quote(100), daily_volume=None))
    assert made.reason(order(quantity="0.1")) is Reason.UNPRICEABLE


def test_the_share_is_measured_at_the_higher_price() -> None:
    """A thief who moves one of the two prices can only make the share smaller."""
    assert most(100, quote(200, 100)) == most(100, quote(100, 200)) == dec(50)


def test_without_such_a_limit_nothing_is_shared() -> None:
    """A key of a service without the limit is bound by no other key, whatever it has bought itself."""
    made = key()
    made.fill(order(quantity=1))
    assert made.ledger.together is None
    assert made.reason(order(quantity=1)) is None


@pytest.mark.parametrize("restarting", [False, True])
def test_a_limit_counts_what_was_bought_before_it_was_set(restarting: bool) -> None:
    """A limit that is set today binds over the 24 hours before, also where the gateway restarted in between."""
    made = [key() for _ in range(2)]
    made[0].fill(order(quantity="0.7"))
    made[0].fill(order(Side.SELL, "0.1"))
    resting = order(quantity="0.2")
    made[1].send(resting)
    if restarting:
        for each in made:
            restarted(each)
    together = Together(SHARE_BPS)
    for each in made:
        together.join(each.ledger)
    assert together.use("BTCUSDT", made[0].now_us) == dec("0.8")
    assert made[0].reason(order(quantity="0.21")) is DENIED
    assert made[0].reason(order(quantity="0.2")) is None
    made[1].ledger.reject(resting.client_id or "")
    assert together.use("BTCUSDT", made[0].now_us) == dec("0.6")


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 40), st.booleans()), max_size=12))
def test_it_is_the_sum_of_what_was_told(orders: list[tuple[Side, int, bool]]) -> None:
    """After any orders of two keys it is executed buys less executed sells and what open buys may still buy."""
    together, made = keys(2, share_bps=10_000)
    expected = Decimal(0)
    for number, (side, hundredths, whole) in enumerate(orders):
        one = made[number % 2]
        draft = order(side, quantity=Decimal(hundredths) / 100)
        if not isinstance(one.send(draft), Allow):
            continue
        executed = Decimal(hundredths) / (100 if whole else 200)
        one.ledger.report(filled(draft, number + 1, executed, live=not whole), one.now_us)
        if side is Side.BUY:
            expected += Decimal(hundredths) / 100
        else:
            expected -= executed
    assert together.use("BTCUSDT", made[0].now_us) == expected
