"""A profile is at most a kilobyte, and a restart changes no verdict."""

import random
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watch_ground import AWAY, DAY, HOME, HOUR, MINUTE, OF_SERVICE, START, Desk, holder, order

from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, Side
from bailiwick.model.reason import Reason
from bailiwick.watch import common, step
from bailiwick.watch.course import MOST_VOUCHED, MOST_WINDOWS, Pledge, Window
from bailiwick.watch.event import Event, Looked, MarketSign, Refused, Traded
from bailiwick.watch.packing import MOST_BYTES, pack, unpack
from bailiwick.watch.profile import MOST_LESSONS, MOST_NEW_PLACES, MOST_PLACES, MOST_SYMBOLS, Habit, Lesson, Lessons
from bailiwick.watch.signal import Verdict
from bailiwick.watch.state import State
from bailiwick.watch.watched import Watched


def fattest() -> Watched:
    """A profile in which there is no room for anything more."""
    watched = Watched("account", "svc", START // 1_000_000)
    profile, course = watched.profile, watched.course
    for symbol in range(MOST_SYMBOLS):
        profile.symbols[0xFFFF_FFFF - symbol] = Habit()
    for places in (profile.networks, profile.fingerprints, profile.prefixes):
        places.extend(range(MOST_PLACES))
    profile.older = Lessons(0)
    for lessons in (profile.older, profile.young):
        for symbol in range(MOST_LESSONS):
            lessons.symbols[symbol] = Lesson()
        for places in (lessons.networks, lessons.fingerprints, lessons.prefixes):
            places.extend(range(MOST_NEW_PLACES))
    for symbol in range(MOST_WINDOWS):
        course.windows[symbol] = Window(0)
    for symbol in range(MOST_VOUCHED):
        course.pledges[symbol] = Pledge(1e300, 0xFFFF_FFFF)
    return watched


def test_the_fattest_profile_is_a_kilobyte() -> None:
    """A profile with every list full is as large as the widths say, and that is at most 1,024 bytes."""
    assert len(pack(fattest(), 0)) == MOST_BYTES <= 1024


def test_no_life_makes_a_fatter_profile() -> None:
    """A key that does a hundred thousand different things from everywhere still has a profile of a kilobyte."""
    desk = Desk()
    chance = random.Random(7)
    for number in range(6_000):
        origin = chance.choice([HOME, AWAY, OF_SERVICE])
        desk.tell(
            order(
                f"S{chance.randrange(400)}USDT", chance.choice(list(Side)), 10 ** chance.uniform(-30, 60),
                10 ** chance.uniform(0, 7), origin=type(origin)(network=number, fingerprint=number),
                day_worth=10 ** chance.uniform(0, 12), prefix=number + 1, window_ms=chance.randrange(10**9),
                offset_ms=chance.randrange(-(10**12), 10**12),
            ),
            desk.now + chance.randrange(30 * MINUTE),
        )  # fmt: skip
        if number % 500 == 0:
            assert len(desk.state.encode_key("k", desk.now)) <= 1024
    assert len(desk.state.encode_key("k", desk.now)) <= 1024


def test_what_comes_back_is_what_went() -> None:
    """The bytes of a lived profile, and of the fattest, are read and written again to the same bytes."""
    desk = Desk()
    desk.live(holder(), 6, "BTCUSDT", worth=70.0)
    desk.tell(order("DMGUSDT", worth=900.0, near=250.0))
    lived = desk.state.encode_key("k", desk.now)
    assert unpack(lived, "of k", "svc").profile.symbols[desk.state.digest("BTCUSDT")].sides == 3
    for data in (lived, pack(fattest(), 0)):
        assert pack(unpack(data, "of k", "svc"), 0) == data


@pytest.mark.parametrize("cut", [0, 1, 9, 40, 200])
def test_a_damaged_profile_is_refused(cut: int) -> None:
    """Bytes that were cut short, lengthened, or are of another version raise an error, and are not half read."""
    whole = pack(fattest(), 0)
    for damaged in (whole[:cut], whole + b"\0", b"\xff" + whole[1:]):
        with pytest.raises(ValueError, match="profile"):
            unpack(damaged, "account", "svc")


KEYS = [holder("a"), holder("b", account="of a"), holder("c", "other", purpose="dca"), holder("d", created_us=START)]
SYMBOLS = ["BTCUSDT", "AXSUSDT", "SYSUSDT", "DMGUSDT"]
ORIGINS = [HOME, HOME, AWAY, OF_SERVICE]
REASONS = [Reason.HELD, Reason.BAND_NEAR, Reason.ORDER_NOTIONAL, Reason.CAPABILITY_NOT_GRANTED, Reason.DAY_NOTIONAL]
NEARS = [-30.0, 0.0, 5.0, 40.0, 150.0, 900.0, None]
ORDERS = st.builds(
    lambda key, symbol, side, worth, near, origin, reducing, unbounded: order(
        symbol, side, worth, near, holder=key, origin=origin, reducing=reducing, unbounded=unbounded
    ),
    st.sampled_from(KEYS), st.sampled_from(SYMBOLS), st.sampled_from(Side), st.floats(1, 1e5), st.sampled_from(NEARS),
    st.sampled_from(ORIGINS), st.booleans(), st.booleans(),
)  # fmt: skip
OTHERS = st.one_of(
    st.builds(
        lambda key, symbol, side, worth, near, price: Traded(
            at_us=START, holder=key, symbol=symbol, side=side, worth=worth, near_bps=near, price=price
        ),
        st.sampled_from(KEYS), st.sampled_from(SYMBOLS), st.sampled_from(Side), st.floats(1, 1e5),
        st.sampled_from(NEARS), st.floats(90, 110),
    ),
    st.builds(
        lambda key, reason, harm: Refused(at_us=START, holder=key, origin=HOME, reason=reason, harm=harm),
        st.sampled_from(KEYS), st.sampled_from(REASONS), st.sampled_from(Harm),
    ),
    st.builds(
        lambda key, harm: order(worth=0.0, near=None, holder=key, harm=harm, act=Act.PLAIN),
        st.sampled_from(KEYS), st.sampled_from([Harm.READ, Harm.CANCEL, Harm.WITHDRAW, Harm.MOVE]),
    ),
    st.builds(
        lambda symbol, near: Looked(at_us=START, symbol=symbol, near=near),
        st.sampled_from(SYMBOLS), st.floats(90, 110),
    ),
    st.builds(
        lambda symbol, score: MarketSign(at_us=START, symbol=symbol, score=score),
        st.sampled_from(SYMBOLS), st.integers(0, 9000),
    ),
)  # fmt: skip
GAPS = st.sampled_from([1_000_000, 20_000_000, 600 * 1_000_000, 5 * 3600 * 1_000_000, DAY, 20 * DAY])
HISTORY = st.lists(st.tuples(GAPS, st.one_of(ORDERS, ORDERS, OTHERS)), max_size=60)


@settings(max_examples=150, deadline=None)
@given(HISTORY, st.integers(0, 60))
def test_a_restart_changes_no_verdict(history: list[tuple[int, Event]], restart: int) -> None:
    """Same events, same verdicts, bit for bit, whether or not all that is known went through its bytes on the way."""
    once, again = Desk(), Desk()
    for place, (gap, event) in enumerate(history):
        if place == restart:
            restarted(again)
        assert once.tell(event, once.now + gap) == again.tell(event, again.now + gap)
    for name in once.state.keys:
        assert once.state.encode_key(name, once.now) == again.state.encode_key(name, again.now)
    assert once.state.encode_common() == again.state.encode_common()


def restarted(desk: Desk) -> None:
    """Begin anew with what a snapshot holds."""
    before, desk.state = desk.state, State()
    desk.state.began_us = before.began_us
    desk.state.decode_common(before.encode_common())
    for key in (*before.keys, *before.still):
        account, service = before.whose(key) or ("", "")
        desk.state.keep_key(holder(key, service, account=account), before.encode_key(key, desk.now))


@settings(max_examples=100, deadline=None)
@given(HISTORY)
def test_packing_what_lies_still_changes_no_verdict(history: list[tuple[int, Event]]) -> None:
    """A key that lay still for an hour is packed, and says and knows the same when it moves again."""
    once, packed = Desk(), Desk()
    for gap, event in history:
        packed.state.rest((packed.now + gap - 1) // 1_000_000, 100, 100)
        assert once.tell(event, once.now + gap) == packed.tell(event, packed.now + gap)
    for name in once.state.keys:
        assert once.state.encode_key(name, once.now) == packed.state.encode_key(name, packed.now)
    assert once.state.encode_common() == packed.state.encode_common()
    assert once.state.known == packed.state.known


def test_packing_is_bounded_work() -> None:
    """However many keys lie still, no more are looked at and packed at a time than is asked for."""
    desk = Desk()
    for place in range(50):
        desk.tell(order(holder=holder(f"still {place}")))
    desk.tell(order(holder=holder("moving")), desk.now + 2 * HOUR)
    now_s = desk.now // 1_000_000
    sizes = [len(desk.state.rest(now_s, 1_000, 7)), len(desk.state.rest(now_s, 3, 7))]
    assert (max(sizes), sizes[1] <= 3, len(desk.state.still)) == (7, True, sum(sizes))
    for _ in range(20):
        desk.state.rest(now_s, 1_000, 7)
    assert (list(desk.state.keys), desk.state.known) == (["moving"], 51)


def test_a_restart_amid_a_services_burst_loses_nothing() -> None:
    """A service that leaked is recognised by the key that comes behind a restart, as without one."""

    def burst(*, restart: bool, common: bool = True) -> list[Verdict]:
        desk, said = Desk(), []
        others = [holder(f"other {place}") for place in range(6)]
        for each in (*others, *[holder(f"stranger {place}", "far") for place in range(12)]):
            began = desk.now
            desk.live(each, 6, "BTCUSDT")
            desk.now = began
        desk.now += 7 * DAY
        for place, each in enumerate(others):
            if restart and place == 4:
                restarted(desk)
                if not common:
                    desk.state.scenes.clear()
            said.append(desk.tell(order("SYSUSDT", holder=each, near=150.0), desk.now + 20_000_000))
        return said

    whole = burst(restart=False)
    assert "crowd-of-service" in [signal.detector for signal in whole[-1].signals]
    assert burst(restart=True) == whole
    assert burst(restart=True, common=False)[-1].score < whole[-1].score


def test_what_keys_have_in_common_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much happens everywhere, only so much of it is packed: what was touched last."""
    monkeypatch.setattr(common, "MOST_ENTRIES", 40)
    monkeypatch.setattr(common, "MOST_ACCOUNTS", 5)
    desk = Desk()
    for place in range(60):
        desk.tell(order(f"S{place}USDT", worth=5_000.0, near=900.0, holder=holder(f"k{place}")), desk.now + MINUTE)
    fresh = State()
    fresh.decode_common(desk.state.encode_common())
    kept = list(fresh.scenes)
    assert len(fresh.accounts) == 5
    assert 5 < len(kept) < 40
    assert kept == list(desk.state.scenes)[-len(kept) :]


@pytest.mark.parametrize("cut", [0, 1, 30])
def test_damaged_sums_are_refused_whole(cut: int) -> None:
    """Sums across keys that cannot be read change nothing, and the error says what becomes of it."""
    desk = Desk()
    desk.tell(order("SYSUSDT", worth=5_000.0, near=900.0))
    data = desk.state.encode_common()
    fresh = State()
    with pytest.raises(ValueError, match="they begin at nothing"):
        fresh.decode_common(data[:cut])
    assert (fresh.pools, fresh.accounts, fresh.scenes) == ({}, {}, {})


NEW = holder("e", purpose="grid-bot", created_us=START)


def first_day(chance: random.Random) -> Iterator[tuple[int, Event]]:
    """Orders of a new key in a major market and its fills, some of them dear, each with the time before it."""
    for _ in range(60):
        side, worth = chance.choice(list(Side)), chance.uniform(1, 1e4)
        event: Event = order("BTCUSDT", side, worth, chance.choice([-30.0, 0.0, 5.0, 40.0]), holder=NEW, day_worth=3e8)
        if chance.random() < 0.4:
            near = chance.choice([-5.0, 2.0, 2.0, 61.0, 900.0])
            event = Traded(
                at_us=START, holder=NEW, symbol="BTCUSDT", side=side, worth=worth, near_bps=near, price=100.0
            )
        yield chance.choice([1_000_000, 20_000_000]), event


@pytest.mark.parametrize("seed", range(40))
def test_the_short_way_of_a_new_keys_order_changes_no_verdict(seed: int) -> None:
    """What is let through at once in a major market is what all detectors would let through, and teaches the same."""
    short, long = Desk(), Desk()
    for gap, event in first_day(random.Random(seed)):
        found = short.tell(event, short.now + gap)
        with patch.object(step, "is_plain", return_value=False):
            assert long.tell(event, long.now + gap) == found
    assert short.state.encode_key("e", short.now) == long.state.encode_key("e", long.now)


def test_profiles_that_come_back_make_the_pool_again() -> None:
    """What a service's keys have in common is known again after a restart, from the keys' own profiles."""
    desk = Desk()
    for key in ("a", "b", "c"):
        desk.live(holder(key), 4, "BTCUSDT", "AXSUSDT")
    fresh = Desk()
    for key in ("a", "b", "c"):
        fresh.state.decode_key(holder(key), desk.state.encode_key(key, desk.now))
    before, after = desk.state.pool("svc"), fresh.state.pool("svc")
    assert (after.keys, after.days, after.tiers) == (before.keys, before.days, before.tiers)
