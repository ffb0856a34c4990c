"""One step of the watch: an event comes in, what is known changes, and a verdict comes out.

Same events, same verdicts, bit for bit: nothing here reads a clock, draws a number or depends on a machine.
"""

from typing import Final, assert_never

from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, Side
from bailiwick.model.reason import Reason
from bailiwick.watch.detect import manner, probing
from bailiwick.watch.event import Asked, Event, Looked, MarketSign, Refused, Traded
from bailiwick.watch.fills import count_fill, look_at_fills
from bailiwick.watch.judge import judge_manner
from bailiwick.watch.learning import settle_last
from bailiwick.watch.profile import DAY_S
from bailiwick.watch.respond import DEFAULT, Policy, capped, measure_of
from bailiwick.watch.scale import milli_ln
from bailiwick.watch.signal import PASS, Measure, Signal, Verdict
from bailiwick.watch.state import State
from bailiwick.watch.usual import begin, is_plain, is_unhurt, is_usual
from bailiwick.watch.watched import Watched
from bailiwick.watch.weighing import sum_up, view_of, weigh

_BUY: Final = Side.BUY
_TRADE: Final = Harm.TRADE
_TRY: Final = Act.TRY
_HARMLESS: Final = frozenset({Harm.PUBLIC, Harm.READ, Harm.CANCEL})
_HELD: Final = Reason.HELD
_NO_SYMBOL: Final = 0
_SLEEP_US: Final = manner.SLEEP_S * 1_000_000
_LN_2: Final = 693


def step(state: State, event: Event, now_us: int, policy: Policy = DEFAULT) -> tuple[State, Verdict]:
    """Take in an event.

    ``state`` is changed in place and given back. An ``Asked`` gets its verdict before anything of it leaves; a
    ``Refused`` may wind its key down; the others pass. The verdict's measure is within what the policy lets be done.

    Args:
        state: what is known.
        event: what happened.
        now_us: the venue's time, microseconds since 1970.
        policy: thresholds, and the most that may be done to the key.
    """
    if not state.began_us:
        state.began_us = now_us
    if isinstance(event, Asked):
        return state, _asked(state, event, now_us, policy)
    if isinstance(event, Traded):
        count_fill(state, event, now_us)
    elif isinstance(event, Refused):
        return state, _refused(state, event, now_us, policy)
    elif isinstance(event, Looked):
        look_at_fills(state, event, now_us)
    elif isinstance(event, MarketSign):
        scene = state.scene(state.digest(event.symbol), now_us // 1_000_000)
        scene.sign, scene.sign_us = event.score, event.at_us
    else:
        assert_never(event)
    return state, PASS


def _asked(state: State, event: Asked, now_us: int, policy: Policy) -> Verdict:
    now_s = now_us // 1_000_000
    holder = event.holder
    watched = state.keys.get(holder.key) or state.watched(holder, now_s)
    profile, course = watched.profile, watched.course
    if watched.last is not None:
        settle_last(watched)
    if now_s - profile.young.began_s >= DAY_S:
        _turn(state, watched, now_s)
    harm = event.harm
    if harm is not _TRADE:
        return PASS if harm in _HARMLESS else _reached(state, watched, event, now_us, policy)
    if event.act is _TRY:
        return PASS
    idle_us = now_us - (course.last_order_us or holder.idle_since_us or max(holder.created_us, state.began_us))
    gap = 0
    if course.last_order_us and idle_us > 0:
        gap = idle_us.bit_length() * _LN_2  # to a factor of two, which is all that a cadence needs
        course.gap += (gap - course.gap) // 4 if course.gap else gap
    course.last_order_us = now_us
    symbol = state.digests.get(event.symbol) or state.digest(event.symbol)
    size = milli_ln(event.worth)
    habit = profile.symbols.get(symbol)
    if (
        habit is not None
        and size <= habit.largest + 100
        and idle_us < _SLEEP_US
        and course.woke_s == 0
        and is_usual(event, profile, habit.reach * 1.5)
        and is_unhurt(course, symbol, event, now_s)
    ):
        watched.last, watched.last_symbol, watched.last_size, watched.gap = event, symbol, size, gap
        watched.last_tier = habit.tier
        return PASS
    if habit is None and idle_us < _SLEEP_US and course.woke_s == 0 and is_plain(state, watched, event, symbol, size):
        begin(state, watched, event, symbol, now_s)
        watched.last, watched.last_symbol, watched.last_size, watched.gap = event, symbol, size, gap
        watched.last_tier = 0
        return PASS
    if idle_us >= _SLEEP_US:
        course.woke_s, course.woken_from_s = now_s, idle_us // 1_000_000
    return weigh(state, watched, event, symbol, size, gap, now_us, policy)


def _reached(state: State, watched: Watched, event: Asked, now_us: int, policy: Policy) -> Verdict:
    """An intent that is no order: to borrow, to move, to withdraw, to administer."""
    now_s = now_us // 1_000_000
    window = watched.course.window(_NO_SYMBOL, now_s)
    scene = state.scene(_NO_SYMBOL, now_s)
    view = view_of(state, watched, event, _NO_SYMBOL, milli_ln(event.worth), window, scene, now_us)
    view.habit = None
    finding = judge_manner(view)
    reach = probing.reaches(event.harm, watched.profile.harms)
    finding.total += min(reach + probing.denied(watched.course, now_s), probing.MOST)
    verdict = sum_up(state, watched, view, finding, policy, 0, exempt=False)
    if reach and verdict is not PASS:
        signals = (Signal(probing.REACH, reach, probing.reach_values(event.harm)), *verdict.signals)
        verdict = Verdict(verdict.measure, verdict.score, verdict.scope, signals)
    if verdict.measure < Measure.ALERT:
        watched.profile.young.harms |= BIT[event.harm]
    else:
        watched.profile.forget_lessons(now_s)
    return verdict


def _refused(state: State, event: Refused, now_us: int, policy: Policy) -> Verdict:
    now_s = now_us // 1_000_000
    watched = state.watched(event.holder, now_s)
    if watched.last is not None and watched.last.at_us == event.at_us:
        watched.last = None  # it was allowed and did not leave: it teaches nothing
    if event.reason is _HELD:
        return PASS
    course = watched.course
    new = probing.deny(course, event.reason, now_s)
    reach = 0
    if event.reason in (Reason.CAPABILITY_NOT_GRANTED, Reason.WITHDRAWAL_DESTINATION):
        reach = probing.reaches(event.harm, watched.profile.harms)
    if not new and not reach:
        return PASS
    window = course.window(_NO_SYMBOL, now_s)
    found = min(reach + probing.denied(course, now_s), probing.MOST)
    news = found - window.charged
    if news <= 0:
        return PASS
    window.charged = found
    score = course.sum.add(news, now_s)
    measure = capped(measure_of(score, policy), policy, exempt=False)
    if measure is Measure.PASS:
        return PASS
    if measure >= Measure.ALERT:
        watched.profile.forget_lessons(now_s)
    signals = []
    if reach:
        signals.append(Signal(probing.REACH, reach, probing.reach_values(event.harm)))
    sorts = probing.denied(course, now_s)
    if sorts:
        signals.append(Signal(probing.DENIED, sorts, probing.denied_values(course)))
    return Verdict(measure, score, "key", tuple(signals))


def _turn(state: State, watched: Watched, now_s: int) -> None:
    """Let a day's lessons become habit, of the key and of its service's keys."""
    profile = watched.profile
    had, days = len(profile.symbols), profile.days
    learnt = profile.turn(now_s)
    pool = state.pool(watched.service)
    pool.days += profile.days - days
    for symbol in learnt:
        habit = profile.symbols.get(symbol)
        if habit is not None:
            pool.learn(habit.tier, habit.largest, first=had == 0)
    if watched.course.woke_s and now_s - watched.course.woke_s >= DAY_S:
        watched.course.woke_s = 0
