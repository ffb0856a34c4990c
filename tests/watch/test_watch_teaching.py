"""What a key does becomes its habit slowly, and never while it is held, denied or under an alert."""

from hypothesis import given, settings
from hypothesis import strategies as st
from watch_ground import AWAY, DAY, HOUR, MINUTE, SECOND, START, Desk, holder, moved, order

from bailiwick.model.harm import Harm
from bailiwick.model.intent import Side
from bailiwick.model.reason import Reason
from bailiwick.watch.event import Refused
from bailiwick.watch.profile import HALF_MORE, Profile
from bailiwick.watch.scale import milli_ln
from bailiwick.watch.signal import Measure

SYMBOLS = [f"S{place}USDT" for place in range(12)]


def profile_of(desk: Desk, key: str = "k") -> Profile:
    """The habits of a key."""
    return desk.state.keys[key].profile


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 30 * 60), st.sampled_from(SYMBOLS), st.floats(1, 1e6), st.sampled_from(Side)
        ),
        min_size=20, max_size=120,
    )
)  # fmt: skip
def test_patience_teaches_one_symbol_and_half_more_size_a_day(acts: list[tuple[int, str, float, Side]]) -> None:
    """Whatever a key does and for however long, a day adds at most one symbol to its habits and half to a size."""
    desk = Desk()
    desk.live(holder(), 3, "BTCUSDT")
    profile = profile_of(desk)
    since, day = desk.now, 0
    symbols = set(profile.symbols)
    largest = {symbol: habit.largest for symbol, habit in profile.symbols.items()}
    most = profile.largest
    for minutes, symbol, worth, side in acts:
        desk.now += minutes * MINUTE
        desk.tell(order(symbol, side, worth, 0.0, day_worth=1e9))
        passed = (desk.now - since) // DAY + 1
        day = max(day, passed)
        assert len(set(profile.symbols) - symbols) <= day
        for each, habit in profile.symbols.items():
            assert habit.largest <= largest.get(each, most) + day * HALF_MORE


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=60))
def test_nothing_is_habit_before_it_is_a_day_old(minutes: list[int]) -> None:
    """A symbol is no habit sooner than 24 hours after the key's first order in it."""
    desk = Desk()
    desk.live(holder(), 3, "BTCUSDT")
    profile = profile_of(desk)
    first = desk.now
    symbol = desk.state.digest("ETHUSDT")
    for each in minutes:
        desk.tell(order("ETHUSDT"))
        if symbol in profile.symbols:
            assert desk.now - first >= DAY
        desk.now += each * MINUTE


def test_what_is_done_every_day_becomes_habit() -> None:
    """A symbol that a key goes on trading without an alert is its habit after two days at the latest."""
    desk = Desk()
    desk.live(holder(), 3, "BTCUSDT")
    desk.live(holder(), 3, "ETHUSDT")
    assert desk.state.digest("ETHUSDT") in profile_of(desk).symbols


def test_what_was_held_teaches_nothing() -> None:
    """A key whose orders in a symbol are held every hour for a week does not come to know the symbol."""
    desk = Desk()
    desk.live(holder(), 6, "BTCUSDT")
    for _ in range(7 * 24):
        verdict = desk.tell(order("DMGUSDT", worth=3_000.0, near=800.0), desk.now + HOUR)
        assert verdict.measure >= Measure.HOLD
    assert desk.state.digest("DMGUSDT") not in profile_of(desk).symbols


def test_what_was_denied_after_all_teaches_nothing() -> None:
    """An order that passed the watch and was then refused for another reason is no lesson."""
    desk = Desk()
    desk.live(holder(), 3, "BTCUSDT")
    for _ in range(5 * 24):
        asked = moved(order("ETHUSDT"), desk.now + HOUR)
        desk.tell(asked, asked.at_us)
        refused = Refused(
            at_us=asked.at_us, holder=asked.holder, origin=asked.origin, reason=Reason.WEIGHT_SHARE, harm=Harm.TRADE
        )
        desk.tell(refused, asked.at_us)
    assert desk.state.digest("ETHUSDT") not in profile_of(desk).symbols


def test_an_alert_clears_what_is_not_habit_yet() -> None:
    """What a key did in the two days before an alert does not become its habit, though it was not suspect itself."""
    desk = Desk()
    desk.live(holder(), 4, "BTCUSDT")
    desk.live(holder(), 1, "ETHUSDT")
    verdict = desk.tell(order("DMGUSDT", worth=3_000.0, near=800.0), desk.now + SECOND)
    assert verdict.measure >= Measure.ALERT
    desk.tell(order("BTCUSDT"), desk.now + 3 * DAY)
    desk.tell(order("BTCUSDT"), desk.now + 3 * DAY)
    assert desk.state.digest("ETHUSDT") not in profile_of(desk).symbols


def test_a_new_address_becomes_habit_too() -> None:
    """A bot that moved to another host is at home there after two days."""
    desk = Desk()
    desk.live(holder(), 4, "BTCUSDT")
    desk.live(holder(), 3, "BTCUSDT", origin=AWAY)
    assert profile_of(desk).networks == [1, 2]


def test_a_size_grows_by_half_a_day() -> None:
    """A key that trades a hundred times more from one day on has that as its habit no sooner than in eleven days."""
    desk = Desk()
    desk.live(holder(), 6, "BTCUSDT", worth=100.0)
    habit = profile_of(desk).symbols[desk.state.digest("BTCUSDT")]
    before = habit.largest
    desk.live(holder(), 5, "BTCUSDT", worth=10_000.0)
    assert before < habit.largest <= before + 4 * HALF_MORE < milli_ln(10_000.0)


def test_time_that_runs_backwards_is_borne() -> None:
    """A venue's clock that is set back teaches nothing twice and breaks nothing."""
    desk = Desk()
    desk.live(holder(), 3, "BTCUSDT")
    days = profile_of(desk).days
    desk.tell(order("BTCUSDT"), START)
    assert profile_of(desk).days == days
