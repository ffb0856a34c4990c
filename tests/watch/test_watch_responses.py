"""What the watch may do, and how an owner's word ends it."""

import copy
from decimal import Decimal

import pytest
from watch_ground import DAY, HOUR, SECOND, Desk, holder, order

from bailiwick.model.grant import Most
from bailiwick.model.intent import Side
from bailiwick.watch.event import Vouched
from bailiwick.watch.respond import DEFAULT, Policy, measure_of, policy_of
from bailiwick.watch.signal import Measure

THEFT = order("DMGUSDT", worth=5_000.0, near=900.0)


def settled() -> Desk:
    """A key with ten days of history."""
    desk = Desk()
    desk.live(holder(), 10, "BTCUSDT", "ETHUSDT")
    return desk


GROUND = settled()


def ground(policy: Policy = DEFAULT) -> Desk:
    """The key, for one test."""
    desk = copy.deepcopy(GROUND)
    desk.policy = policy
    return desk


@pytest.mark.parametrize(
    ("most", "measure"),
    [
        (Most.NOTE, Measure.NOTE),
        (Most.ALERT, Measure.ALERT),
        (Most.HOLD, Measure.HOLD),
        (Most.WIND_DOWN, Measure.WIND_DOWN),
    ],
)
def test_a_grant_says_how_far_the_watch_may_go(most: Most, measure: Measure) -> None:
    """The plainest theft leads to what the grant allows at most, and no further."""
    assert ground(policy_of(most)).tell(THEFT).measure is measure


def test_measures_follow_sums() -> None:
    """Each measure begins at its sum."""
    edges = [(0, 0), (3_999, 0), (4_000, 1), (6_999, 1), (7_000, 2), (8_499, 2), (8_500, 3), (12_499, 3), (12_500, 4)]
    assert [(score, measure_of(score, DEFAULT)) for score, _ in edges] == edges


def test_what_reduces_is_never_held() -> None:
    """A key sells what it bought, whatever else it is suspected of."""
    desk = ground()
    desk.tell(THEFT)
    sale = order("DMGUSDT", Side.SELL, 5_000.0, 250.0, reducing=True)
    assert desk.tell(sale, desk.now + SECOND).measure <= Measure.ALERT


def test_what_is_usual_goes_on_while_something_is_held() -> None:
    """A hold in one symbol does not stop what the key does every day in another."""
    desk = ground()
    assert desk.tell(order("DMGUSDT", worth=1_500.0, near=200.0)).measure is Measure.HOLD
    assert desk.tell(order("BTCUSDT"), desk.now + SECOND).measure is Measure.PASS


def test_the_same_is_told_once() -> None:
    """An alert on the same facts is not raised for every order: the second is only noted."""
    desk = ground()
    mild = order("SYSUSDT", near=150.0, worth=300.0)
    first, second = desk.tell(mild), desk.tell(mild, desk.now + HOUR)
    assert (first.measure, second.measure) == (Measure.ALERT, Measure.NOTE)


def test_a_held_order_is_not_put_again_in_pieces() -> None:
    """While an order waits for its owner, smaller ones in its symbol wait too; what he vouches for goes on."""
    desk = ground()
    assert desk.tell(order("SYSUSDT", worth=1_500.0, near=200.0)).measure is Measure.HOLD
    piece = order("SYSUSDT", worth=60.0, near=60.0)
    assert copy.deepcopy(desk).tell(piece, desk.now + 2 * HOUR).measure < Measure.HOLD
    assert desk.tell(piece, desk.now + SECOND).measure is Measure.HOLD
    desk.state.vouch(Vouched(key="k", symbol="SYSUSDT", worth=Decimal(1_500), until_us=desk.now + 30 * DAY))
    assert desk.tell(piece, desk.now + SECOND).measure < Measure.HOLD


def test_what_was_held_stays_held() -> None:
    """The same order, tried again and again for days, is held each time."""
    desk = ground()
    for _ in range(60):
        assert desk.tell(THEFT, desk.now + 2 * HOUR).measure >= Measure.HOLD


def vouched(desk: Desk, worth: str, days: int = 30) -> Vouched:
    """An owner's word for DMG."""
    return Vouched(key="k", symbol="DMGUSDT", worth=Decimal(worth), until_us=desk.now + days * DAY)


def test_that_was_me_lets_the_symbol_pass_up_to_the_size() -> None:
    """After an owner's word the order passes; a larger one, and one in another symbol, do not."""
    desk = ground()
    desk.tell(THEFT)
    desk.state.vouch(vouched(desk, "5000"))
    assert desk.tell(THEFT, desk.now + SECOND).measure < Measure.HOLD
    assert desk.tell(order("DMGUSDT", worth=9_000.0, near=900.0), desk.now + SECOND).measure >= Measure.HOLD
    assert desk.tell(order("SYSUSDT", worth=5_000.0, near=900.0), desk.now + SECOND).measure >= Measure.HOLD


def test_that_was_me_covers_no_flood() -> None:
    """An owner's word covers four orders of its size in a day, and no thousand."""
    desk = ground()
    desk.state.vouch(vouched(desk, "5000"))
    passed = sum(desk.tell(THEFT, desk.now + SECOND).measure < Measure.HOLD for _ in range(50))
    assert passed == 4


def test_that_was_me_ends() -> None:
    """After its last moment an owner's word counts no more."""
    desk = ground()
    desk.state.vouch(vouched(desk, "5000", days=30))
    later = copy.deepcopy(desk)
    assert desk.tell(THEFT, desk.now + 30 * DAY - SECOND).measure < Measure.HOLD
    assert later.tell(THEFT, later.now + 30 * DAY).measure >= Measure.HOLD


def test_that_was_me_is_kept_for_a_key_not_seen_yet() -> None:
    """An owner's word that is read before the key does anything counts when it does."""
    desk = Desk()
    desk.state.vouch(vouched(desk, "5000"))
    slept = holder(created_us=desk.now - 400 * DAY)
    assert desk.tell(order("DMGUSDT", worth=5_000.0, near=900.0, holder=slept)).measure < Measure.HOLD


def test_a_service_winds_no_key_down() -> None:
    """What other keys of a service did can hold an order of this one; it does not wind it down."""
    desk = ground()
    for place in range(20):
        other = holder(f"other {place}")
        began = desk.now
        desk.live(other, 4, "ETHUSDT")
        desk.now = began
        desk.tell(order("DMGUSDT", worth=5_000.0, near=900.0, holder=other), desk.now + 5 * DAY)
        desk.now = began
    desk.now += 5 * DAY + SECOND
    verdict = desk.tell(order("SYSUSDT", near=60.0))
    assert (verdict.measure, verdict.scope) == (Measure.HOLD, "service")
