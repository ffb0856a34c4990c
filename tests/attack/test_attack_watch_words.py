"""An owner's word ("that was me"), in the hands of who stole the key afterwards."""

from decimal import Decimal

from watch_ground import AWAY, DAY, MINUTE, SECOND, Desk, holder, order

from bailiwick.model.intent import Side
from bailiwick.watch.event import Traded, Vouched
from bailiwick.watch.signal import Measure

KEY = holder()


def vouched(worth: int = 1_000) -> Desk:
    """A key with a habit, whose owner vouched for a thin coin up to a size."""
    desk = Desk()
    desk.live(KEY, 6, "BTCUSDT", "ETHUSDT")
    until = desk.now + 30 * DAY
    desk.state.vouch(Vouched(key=KEY.key, symbol="SYSUSDT", worth=Decimal(worth), until_us=until))
    desk.now += MINUTE
    return desk


def test_what_he_vouched_for_passes() -> None:
    """The symbol and the size that he was shown say nothing, at the market's price and at one that was near it."""
    desk = vouched()
    found = [desk.tell(order("SYSUSDT", holder=KEY, worth=1_000.0, near=near)).measure for near in (0.0, 300.0)]
    assert max(found) < Measure.ALERT


def test_his_word_is_none_for_another_price() -> None:
    """Whoever buys it at twice the market's price, from elsewhere, is not covered by it."""
    desk = vouched()
    assert desk.tell(order("SYSUSDT", holder=KEY, worth=1_000.0, near=10_000.0, origin=AWAY)).measure >= Measure.HOLD


def test_his_word_is_none_for_losing_by_turns() -> None:
    """A thief who trades the coin against himself, inside the size, is stopped by what he loses."""
    desk = vouched()
    lost = 0.0
    for place in range(40):
        desk.now += 20 * SECOND
        side = Side.SELL if place % 2 else Side.BUY
        asked = order("SYSUSDT", side, 95.0, holder=KEY, near=800.0, origin=AWAY)
        if desk.tell(asked).measure >= Measure.HOLD:
            break
        lost += 95.0 * 0.08
        desk.tell(
            Traded(at_us=desk.now, holder=KEY, symbol="SYSUSDT", side=side, worth=95.0, near_bps=800.0, price=1.0)
        )
    assert lost < 100.0


def test_a_word_is_one_keys() -> None:
    """What an owner said of one key says nothing of another, of his or of anybody's."""
    desk = vouched()
    other = holder("other", account=KEY.account)
    asked = order("SYSUSDT", holder=other, worth=1_000.0, near=1500.0)
    assert desk.tell(asked).measure >= Measure.ALERT
