"""Numbers that no honest client sends: they break neither the watch nor the snapshot that others' keys stand in."""

from itertools import product

import pytest
from ground import Ground
from test_watching import ALL, left
from watch_ground import DAY, SECOND, Desk, holder, order

from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType, Side
from bailiwick.model.reason import Reason
from bailiwick.watch.event import Looked, Refused, Traded
from bailiwick.watch.packing import MOST_BYTES
from bailiwick.watch.signal import Measure
from bailiwick.watch.state import State

EXTREMES = (0.0, 1e-300, 1e300, float("inf"), float("nan"))


@pytest.mark.parametrize("worth", EXTREMES)
@pytest.mark.parametrize("near", [-1e308, 1e308, float("inf"), float("nan")])
def test_any_number_can_be_judged_and_kept(worth: float, near: float) -> None:
    """Whatever is asked, filled and seen, a verdict comes out, and the profile is packed and read again."""
    desk = Desk()
    key = holder()
    desk.live(key, 3, "BTCUSDT")
    for place, (side, type_) in enumerate(product(Side, OrderType)):
        desk.now += DAY // 4
        more = {"type": type_, "window_ms": 1 << 40, "offset_ms": 1 << 50, "day_worth": worth, "top_worth": worth}
        desk.tell(order(f"S{place}USDT", side, worth, near, holder=key, anchor_bps=near, moved_bps=near, **more))
        filled = {"holder": key, "symbol": f"S{place}USDT", "side": side, "near_bps": near}
        desk.tell(Traded(at_us=desk.now, worth=worth, price=max(worth, 1e-300), **filled))
        desk.tell(Looked(at_us=desk.now + 6 * SECOND, symbol=f"S{place}USDT", near=1e-300), desk.now + 6 * SECOND)
        desk.tell(Refused(at_us=desk.now, holder=key, origin=order().origin, reason=Reason.BAND_NEAR, harm=Harm.TRADE))
        data = desk.state.encode_key(key.key, desk.now)
        State().decode_key(key, data)
        assert len(data) <= MOST_BYTES


def test_what_cannot_be_worked_out_is_not_small() -> None:
    """An order whose worth or price is no number is not taken for a usual one."""
    desk = Desk()
    key = holder()
    desk.live(key, 6, "BTCUSDT")
    nan = float("nan")
    found = [
        desk.tell(order("SYSUSDT", worth=worth, near=near, holder=key)) for worth, near in ((nan, 0.0), (1e9, nan))
    ]
    assert [each.measure >= Measure.HOLD for each in found] == [True, True]


async def test_one_profile_that_cannot_be_packed_costs_no_other_its_snapshot(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot is taken though one key's profile is beyond its widths: ledgers and the others are in it."""
    bots = [ground.bot(ALL) for _ in range(3)]
    for bot in bots:
        bot.buy()
        (await left(ground)).accept("1")
    await ground.durable()
    broken, *others = [ground.live(bot).id for bot in bots]
    ground.house.watching.state.keys[broken].profile.gap = 1 << 70
    await ground.house.snapshots.take()
    assert sorted(ground.house.snapshots._profiles) == sorted(others)
