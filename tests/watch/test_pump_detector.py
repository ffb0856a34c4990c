"""The pump detector: what it finds, what it remembers, and that it depends on nothing but the trades."""

import pickle
import sys
from itertools import pairwise

import pytest
from pump_ground import START_US, pump, quiet

from bailiwick.watch.pump.background import background
from bailiwick.watch.pump.features import NAMES, features
from bailiwick.watch.pump.model import Level, Model, ModelError, ModelFile, Tree, digest_of, read_model, shipped
from bailiwick.watch.pump.order import Bar, Gathering, Order, Trade
from bailiwick.watch.pump.pump import COOLDOWN_US, Sign, SymbolPump
from bailiwick.watch.pump.rings import DAY, WEEK
from bailiwick.watch.pump.tape import KEPT, Tape

HOUR_US = 3_600_000_000


def heard(trades: list[Trade], *, model: Model | None = None) -> list[Sign]:
    """Everything that is said of the trades."""
    found = SymbolPump(model or shipped())
    signs = [found.step(trade) for trade in trades] + [found.close()]
    return [sign for sign in signs if sign is not None]


def alarms(trades: list[Trade]) -> list[Sign]:
    """The alarms alone."""
    return [sign for sign in heard(trades) if sign.alarm]


def test_a_pump_is_found_within_seconds() -> None:
    """Purchases that lift a thin market by a fifth in twenty seconds raise one alarm, in their first ten seconds."""
    before = quiet()
    rise = pump(before[-1])
    found = alarms(before + rise)
    assert [sign.at_us - rise[0].time_us < 10_000_000 for sign in found] == [True]
    assert "% above the middle of the last ten minutes; in 10 s " in found[0].why


def test_a_quiet_market_raises_no_alarm() -> None:
    """A market that goes nowhere is not judged at all."""
    assert heard(quiet(2, hours=40)) == []


def test_nothing_is_said_before_a_day_is_known() -> None:
    """In its first day a symbol is only learned from: a cold start says nothing, rather than anything."""
    before = quiet(hours=20)
    assert heard(before + pump(before[-1])) == []


def test_the_day_can_be_brought_along() -> None:
    """A detector that is given the minutes of the last day judges at once, and finds the pump."""
    before = quiet()
    rise = pump(before[-1])
    followed = Tape()
    gathering = Gathering()
    for trade in before:
        order = gathering.put(trade)
        if order is not None:
            followed.add(order)
    minutes = followed.minutes
    assert minutes is not None
    bars = [
        Bar(
            minute, minutes.highs[minute % DAY], minutes.lows[minute % DAY], minutes.closes[minute % DAY],
            minutes.buys[minute % DAY], minutes.sells[minute % DAY], int(minutes.counts[minute % DAY]),
        )
        for minute in range(minutes.last + 1 - DAY, minutes.last + 1)
    ]  # fmt: skip
    seeded = SymbolPump(shipped())
    seeded.seed(bars, before[-200:])
    signs = [seeded.step(trade) for trade in rise]
    assert [sign.alarm for sign in signs if sign is not None and sign.alarm] == [True]
    assert seeded.tape.tick < rise[0].price / 100


def test_levels_of_a_day_that_is_brought_along_are_told_by_its_range() -> None:
    """A minute that was not followed counts what its price moved, in steps, and at most its trades."""
    seeded = Tape()
    for place, step in enumerate((0.0, 0.01, 0.0)):
        seeded.meet(Order(START_US + place, 1.0 + step, 1.0 + step, 1.0, True, 1))
    minute = START_US // 60_000_000
    seeded.seed([Bar(minute, 1.05, 1.0, 1.0, 9.0, 1.0, 40), Bar(minute + 1, 1.5, 1.0, 1.0, 9.0, 1.0, 7)])
    assert seeded.minutes is not None
    assert [round(seeded.minutes.levels[each % DAY]) for each in (minute, minute + 1)] == [5, 7]


def test_an_alarm_is_followed_by_half_an_hour_of_quiet() -> None:
    """Whatever the model says, a rise that goes on raises no second alarm within half an hour, and one after it."""
    before = quiet()
    trades = list(before)
    for _ in range(5):
        trades += pump(trades[-1], gap_s=540)
    certain = Tree((0,), (0.5,), (-1,), (-1,), (9.0,))
    times = [sign.at_us for sign in heard(trades, model=Model(tiny(trees=(certain,)))) if sign.alarm]
    assert [later - earlier >= COOLDOWN_US for earlier, later in pairwise(times)] == [True]


def test_the_same_trades_say_the_same() -> None:
    """Two detectors that are told the same say the same, score by score."""
    before = quiet(3)
    trades = before + pump(before[-1])
    first, second = heard(trades), heard(trades)
    assert (first, len(first) > 10) == (second, True)


@pytest.mark.parametrize("hours", [1, 7, 24])
def test_the_time_of_day_says_nothing(hours: int) -> None:
    """The same trades at another hour get the same scores: pumps start on the hour by habit, and a thief need not."""
    there = quiet(4)
    here = [Trade(t.time_us + hours * HOUR_US, t.price, t.quantity, t.taker_buy) for t in there]
    scores = [[sign.score for sign in heard(trades + pump(trades[-1]))] for trades in (there, here)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("factor", [2.0**10, 2.0**24])
def test_the_quote_asset_says_nothing(factor: float) -> None:
    """A price in another asset, a thousand or sixteen million times as many of it, gets the same scores."""
    there = quiet(5)
    here = [Trade(t.time_us, t.price * factor, t.quantity, t.taker_buy) for t in there]
    said = []
    for trades, scale in ((there, 1.0), (here, factor)):
        rise = [Trade(t.time_us, t.price * scale, t.quantity, t.taker_buy) for t in pump(there[-1])]
        said.append([(sign.at_us, sign.score) for sign in heard(trades + rise)])
    assert (said[0], len(said[0]) > 100) == (said[1], True)


def test_only_what_came_before_counts() -> None:
    """What is said of an order does not change with what comes after it."""
    before = quiet(6)
    trades = before + pump(before[-1])
    whole = heard(trades)
    part = heard(trades[: len(before) + 200])
    assert part == whole[: len(part)]


def test_memory_is_bounded() -> None:
    """A symbol takes up to 200 kB, however much is traded in it."""
    found = SymbolPump(shipped())
    sizes = []
    for day in range(3):
        busy = [
            Trade(START_US + day * 86_400_000_000 + i * 20_000, 1.0 + (i % 7) / 1e4, 5.0, i % 2 == 0)
            for i in range(9_000)
        ]
        for trade in busy:
            found.step(trade)
        tape = found.tape
        sizes.append(
            len(pickle.dumps([getattr(tape, name) for name in tape.__slots__ if name not in {"minutes", "hours"}]))
        )
        assert len(tape.times) <= KEPT
    rings = [tape.minutes, tape.hours]
    held = sum(sys.getsizeof(getattr(ring, name)) for ring in rings for name in ring.__slots__)
    assert (max(sizes) + held < 200_000, held >= 8 * (6 * DAY + 5 * WEEK)) == (True, True)


def test_a_trade_that_is_told_twice_or_late_is_passed_over() -> None:
    """Polled trades may overlap: what is older than the newest trade changes nothing."""
    before = quiet(7)
    rise = pump(before[-1])
    assert heard(before + rise) == heard(before + rise[:400] + before[-50:] + rise[400:])


def test_fills_of_one_moment_are_one_order() -> None:
    """Trades of a microsecond and side are put together; levels are counted and not fills, which venues tell apart or
    not."""
    gathering = Gathering()
    told = [
        Trade(5, 1.0, 1.0, True), Trade(5, 1.0, 2.0, True), Trade(5, 1.5, 2.0, True),
        Trade(5, 0.9, 1.0, False), Trade(6, 0.8, 1.0, False),
    ]  # fmt: skip
    assert [gathering.put(trade) for trade in told] == [
        None, None, None, Order(5, 1.5, 1.0, 6.0, True, 2), Order(5, 0.9, 0.9, 0.9, False, 1),
    ]  # fmt: skip
    assert (gathering.close(), gathering.close()) == (Order(6, 0.8, 0.8, 0.8, False, 1), None)


def test_every_figure_has_its_name() -> None:
    """A row holds as many figures as have names, and no two share one."""
    tape = Tape()
    gathering = Gathering()
    for trade in quiet(8):
        order = gathering.put(trade)
        if order is not None:
            tape.add(order)
    last = Order(tape.before + 1, tape.last, tape.last, 1.0, True, 1)
    tape.add(last)
    assert tape.minutes is not None
    assert tape.hours is not None
    assert len(features(tape, last, background(tape.minutes, tape.hours))) == len(NAMES) == len(set(NAMES))


def last_row(trades: list[Trade]) -> dict[str, float]:
    """The figures of the last order that was judged."""
    pump_of = SymbolPump(Model(tiny()))
    gathering = Gathering()
    rows = [pump_of.look(order) for order in map(gathering.put, trades) if order is not None]
    return dict(zip(NAMES, [row for row in rows if row is not None][-1], strict=True))


def test_a_burst_like_those_of_the_week_is_told_from_a_first_one() -> None:
    """A symbol that bursts every few hours shows it: how often a minute was like this one, and how long ago."""
    first = quiet(9)
    often = list(first)
    for hour in range(2, 28, 4):
        before = [trade for trade in first if trade.time_us < START_US + hour * HOUR_US]
        often += pump(before[-1])
    often.sort(key=lambda trade: trade.time_us)
    rows = [last_row(trades + pump(first[-1])) for trades in (first, often)]
    names = ("alike_rise", "alike_bought", "alike_levels", "levels_of_week_60s", "pace_30_300")
    calm, busy = ([row[name] for name in names] for row in rows)
    assert [here < there for here, there in zip(calm[:3], busy[:3], strict=True)] == [True] * 3
    assert (calm[3] > busy[3] + 3, calm[4] > 0.9, busy[4] > 0.9) == (True, True, True)
    assert [rows[0][name] > rows[1][name] for name in ("since_rise", "since_bought", "since_levels")] == [True] * 3


def test_the_shipped_model_is_whole() -> None:
    """The model's digest fits its contents, and it says what it was trained on."""
    model = shipped()
    assert {"streams", "symbols", "first_pump", "last_pump", "orders_seen", "seed"} <= set(model.about)
    assert (model.threshold > 0, len(model.digest)) == (True, 64)


def test_one_order_alone_is_chance() -> None:
    """A level follows several scores that agree, and hardly one; it falls back within minutes."""
    level = Level()
    once = level.after(0, 5.0)
    for i in range(1, 12):
        several = level.after(i * 100_000, 5.0)
    assert (once < 0, several > 4.5, level.after(300_000_000, -6.0) < -5) == (True, True, True)


def tiny(**change: object) -> ModelFile:
    """A model of one tree."""
    tree = Tree((0,), (0.5,), (-1,), (-2,), (1.0, 2.0))
    fields = {
        "about": {}, "features": NAMES, "threshold": 1.0, "digest": digest_of(NAMES, 1.0, (tree,)), "trees": (tree,),
    }  # fmt: skip
    return ModelFile(**(fields | change))  # type: ignore[arg-type]


def test_trees_are_summed_by_comparisons() -> None:
    """A bound belongs to the side of the yes."""
    model = Model(tiny())
    assert [model.score([x] * len(NAMES)) for x in (0.5, 0.51)] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"threshold": 2.0}, "model: its digest does not fit its contents; train it anew or take the original"),
        (
            {"features": NAMES[:-1], "digest": digest_of(NAMES[:-1], 1.0, tiny().trees)},
            "model: it was trained on other figures than this version computes; train it anew",
        ),
        (
            {
                "trees": (Tree((0,), (0.5,), (0,), (-1,), (1.0,)),),
                "digest": digest_of(NAMES, 1.0, (Tree((0,), (0.5,), (0,), (-1,), (1.0,)),)),
            },
            "model: a tree leads back or nowhere; train it anew",
        ),
    ],
)
def test_a_model_that_does_not_fit_is_refused(change: dict[str, object], sentence: str) -> None:
    """A model that was changed by hand, asks for other figures, or would never end, is refused."""
    import msgspec

    with pytest.raises(ModelError) as refused:
        read_model(msgspec.json.encode(tiny(**change)))
    assert str(refused.value) == sentence
