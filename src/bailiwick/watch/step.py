"""One step of the watch: an event comes in, what is known changes, and a verdict comes out.

Same events, same verdicts, bit for bit: nothing here reads a clock, draws a number or depends on a machine.
"""

from typing import Final, assert_never

from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, Side
from bailiwick.model.reason import Reason
from bailiwick.watch.course import Course, Window
from bailiwick.watch.detect import manner, price, probing
from bailiwick.watch.detect.course import unspoken
from bailiwick.watch.detect.price import FAIR
from bailiwick.watch.event import SIGN_FRESH_US, Asked, Event, Looked, MarketSign, Refused, Traded
from bailiwick.watch.judge import OWN, Finding, judge, judge_manner, judge_vouched
from bailiwick.watch.learning import settle_last
from bailiwick.watch.prior import purpose
from bailiwick.watch.profile import DAY_S, U16, Profile
from bailiwick.watch.respond import DEFAULT, Policy, capped, measure_of
from bailiwick.watch.scale import milli_ln
from bailiwick.watch.scene import Executed, Scene
from bailiwick.watch.signal import PASS, Measure, Signal, Verdict
from bailiwick.watch.state import HOUR_S, MINUTES_S, MOST_FILLS, MOST_HELD, State
from bailiwick.watch.tier import FLOORS, tier_of
from bailiwick.watch.view import View
from bailiwick.watch.watched import Watched

_BUY: Final = Side.BUY
_TRADE: Final = Harm.TRADE
_TRY: Final = Act.TRY
_HARMLESS: Final = frozenset({Harm.PUBLIC, Harm.READ, Harm.CANCEL})
_HELD: Final = Reason.HELD
# What is plainly usual is heard by no detector: they begin to speak here.
_LIMIT_REACH: Final = price.NEAR_FROM
_LIMIT_ANCHOR: Final = price.ANCHOR_FROM
_NO_SYMBOL: Final = 0
_SLEEP_US: Final = manner.SLEEP_S * 1_000_000
_LN_2: Final = 693
_NOISE: Final = 3_000  # what an order says below this is of no account: sums are of what is above
_NEWS: Final = 500  # a sum that grew by less is no new alert
_OWN: Final = 2_500  # an intent that says less than this is not held for what others of its key said
_FROM_ANOTHER: Final = 3_000  # charged for one symbol, from which what another says is not as new
_SELECTED: Final = 100.0
_LOOK_AFTER_US: Final = 5_000_000
_LOOK_WITHIN_US: Final = 600_000_000
_ACCOUNT_MORE: Final = 1_000  # what an account's sum must be above a key's to hold


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
        return state, _traded(state, event, now_us)
    if isinstance(event, Refused):
        return state, _refused(state, event, now_us, policy)
    if isinstance(event, Looked):
        _looked(state, event, now_us)
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
        settle_last(watched, now_s)
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
        and _usual(event, profile, habit.reach * 1.5)
        and _unhurt(course, symbol, event, now_s)
    ):
        watched.last, watched.last_symbol, watched.last_size, watched.gap = event, symbol, size, gap
        watched.last_tier = habit.tier
        return PASS
    if habit is None and idle_us < _SLEEP_US and course.woke_s == 0 and _plain(state, watched, event, symbol, size):
        _begin(state, watched, event, symbol, now_s)
        watched.last, watched.last_symbol, watched.last_size, watched.gap = event, symbol, size, gap
        watched.last_tier = 0
        return PASS
    if idle_us >= _SLEEP_US:
        course.woke_s, course.woken_from_s = now_s, idle_us // 1_000_000
    return _weigh(state, watched, event, symbol, size, gap, now_us, policy)


def _usual(event: Asked, profile: Profile, reach: float) -> bool:
    """Whether price and manner are plainly what the key's are, so that no detector would speak."""
    near, origin = event.near_bps, event.origin
    if not event.unbounded and (near is None or (near > _LIMIT_REACH and near > reach)):
        return False
    anchor = event.anchor_bps
    return (
        (anchor is None or anchor <= _LIMIT_ANCHOR)
        and origin.network in profile.networks
        and origin.fingerprint in profile.fingerprints
        and (not event.prefix or event.prefix in profile.prefixes)
        and event.window_ms == profile.window_ms
        and profile.orders >= 8
        and (event.side is _BUY or event.reducing or profile.bare * 20 > profile.sells)
    )


def _plain(state: State, watched: Watched, event: Asked, symbol: int, size: int) -> bool:
    """Whether a new key's order in a major market is such that no detector would speak: each line is one's silence."""
    profile, course = watched.profile, watched.course
    near, anchor, day = event.near_bps, event.anchor_bps, event.day_worth
    if day is None or day < FLOORS[0] or profile.settled or course.pledges:
        return False
    if near is None or near > _LIMIT_REACH or (anchor is not None and anchor > _LIMIT_ANCHOR):
        return False
    buys = event.side is _BUY
    if not event.reducing and (course.sales if buys else event.unbounded or near >= 0.0):
        return False  # it may belong to a run of sales
    window = course.windows.get(symbol)
    before = 0.0
    if window is not None:
        if window.charged or not unspoken(window):
            return False
        before = window.bought if buys else window.sold
    pool = state.pools.get(watched.service)
    return (
        before + event.worth < day * 0.00025
        and not course.denials
        and (pool is None or pool.sized < 8 or size <= pool.size + 2 * pool.size_spread)
        and purpose(event.holder.purpose).trades
    )


def _begin(state: State, watched: Watched, event: Asked, symbol: int, now_s: int) -> None:
    """Note an order in a symbol that is no habit yet, of which nothing is said."""
    course, side, holder = watched.course, event.side or _BUY, event.holder
    near = event.near_bps
    fair = event.unbounded or (near is not None and near <= FAIR)
    state.scene(symbol, now_s).begin(holder.account, holder.service, now_s, fair=fair)
    course.window(symbol, now_s).ask(side, now_s)
    course.selling = side is not _BUY
    if course.selling and not event.reducing:
        course.fund(event.worth, 0, now_s)


def _unhurt(course: Course, symbol: int, event: Asked, now_s: int) -> bool:
    """Whether nothing was lost lately in the symbol; the order is counted where others are."""
    window = course.windows.get(symbol)
    if window is None:
        return True
    if (window.charged < _FROM_ANOTHER and window.lost <= 0.0) or now_s - window.seen_s > 2 * DAY_S:
        del course.windows[symbol]  # what is usual needs none
        return True
    if window.lost * 500.0 > window.bought + window.sold:
        return False
    window.age(now_s)
    window.ask(event.side or _BUY, now_s)
    return True


def _weigh(
    state: State, watched: Watched, event: Asked, symbol: int, size: int, gap: int, now_us: int, policy: Policy
) -> Verdict:
    """Hear all detectors on an order that is not plainly usual."""
    now_s = now_us // 1_000_000
    course = watched.course
    window = course.window(symbol, now_s)
    scene = state.scene(symbol, now_s)
    view = _view(state, watched, event, symbol, size, window, scene, now_us)
    vouched = bool(course.pledges) and course.vouched(symbol, event.worth, window, now_s)
    finding = judge_vouched(view) if vouched else judge(view)
    account = event.holder.account
    # The question that its owner has not answered yet is not put again in smaller pieces: all of it waits.
    waits = not vouched and window.charged >= policy.hold and now_s - scene.held.get(account, -HOUR_S) <= MINUTES_S
    verdict = _sum(state, watched, view, finding, policy, policy.hold if waits else 0, exempt=event.reducing)
    if view.habit is None and not vouched:
        fair = finding.fair and verdict.measure < Measure.ALERT
        scene.begin(account, event.holder.service, now_s, fair=fair)
    if finding.sold >= OWN:
        view.pool.sells(account, now_s)
    if verdict.measure >= Measure.ALERT:
        watched.profile.forget_lessons(now_s)
    if verdict.measure >= Measure.HOLD:
        _note_held(view.pool.held, account, now_s)
        _note_held(scene.held, account, now_s)
        return verdict
    window.ask(event.side or _BUY, now_s)
    if vouched:
        window.used += event.worth
    course.selling = event.side is not _BUY
    if event.side is _BUY:
        if finding.run:
            course.fund(0.0, finding.run, now_s)
    elif not event.reducing:
        course.fund(event.worth, finding.run, now_s)
    if verdict.measure < Measure.ALERT:
        watched.last, watched.last_symbol, watched.last_size, watched.gap = event, symbol, size, gap
        watched.last_tier = view.tier
    return verdict


def _view(
    state: State, watched: Watched, event: Asked, symbol: int, size: int, window: Window, scene: Scene, now_us: int
) -> View:
    now_s = now_us // 1_000_000
    holder = event.holder
    profile = watched.profile
    pool = state.pool(holder.service)
    view = View(event, profile, watched.course, pool, purpose(holder.purpose), window, now_s)
    view.habit = profile.symbols.get(symbol)
    view.size = size
    view.tier = tier_of(event.day_worth)
    view.idle_s = manner.slept_s(view)
    view.sign = scene.sign if now_us - scene.sign_us <= SIGN_FRESH_US else 0
    view.held_service = _lately(pool.held, holder.account, now_s)
    view.held_symbol = _lately(scene.held, holder.account, now_s)
    if view.habit is None and scene.beginners:
        view.expected = pool.keys / state.known
        for account, (service, at_s, fair) in reversed(scene.beginners.items()):
            if now_s - at_s > HOUR_S:
                break  # who began last stands last
            if account == holder.account:
                continue
            if service != holder.service and fair:
                view.popular += 1
            if now_s - at_s <= MINUTES_S:
                if service == holder.service:
                    view.beside += 1
                else:
                    view.elsewhere += 1
    return view


def _lately(held: dict[str, int], account: str, now_s: int) -> int:
    """How many other accounts had something held within the hour."""
    count = 0
    for other, at_s in held.items():
        if other != account and now_s - at_s <= HOUR_S:
            count += 1
    return count


def _note_held(held: dict[str, int], account: str, now_s: int) -> None:
    held.pop(account, None)
    if len(held) >= MOST_HELD:
        del held[next(iter(held))]
    held[account] = now_s


def _sum(
    state: State, watched: Watched, view: View, finding: Finding, policy: Policy, least: int, *, exempt: bool
) -> Verdict:
    """Add what is new of the finding to the sums of the key and its account, and say what follows.

    ``least`` is what an order that says something at all counts with whatever it says.

    The sender's manner and what other keys did are heard each time and never added: they would be counted again with
    every symbol.
    """
    window, course, now_s = view.window, watched.course, view.now_s
    own = finding.total - finding.others - finding.manner
    news = max(own - window.charged, 0)
    if news:
        added = max(own - max(window.charged, _NOISE), 0)
        window.charged = min(own, 60_000)
        if _charged_elsewhere(watched, window):
            added //= 2  # a client that begins with several things at once has changed its mind once
        course.sum.add(added, now_s)
        state.account(watched.account).add(added, now_s)
    score, scope = finding.total, "key"
    if finding.total >= _OWN:
        own = max(max(own, course.sum.now(now_s)) + finding.manner, least)
        score = own + finding.others
        if score < policy.hold <= state.account(watched.account).now(now_s) - _ACCOUNT_MORE:
            score, scope = policy.hold, "account"
        elif own < policy.hold <= score:
            scope = "service"
        elif own - finding.sold < policy.wind_down <= score:
            score = policy.wind_down - 1  # what others did winds no key down, nor do sales at a fair price
    return _verdict(view, finding, score, scope, news, policy, exempt=exempt)


def _verdict(
    view: View, finding: Finding, score: int, scope: str, news: int, policy: Policy, *, exempt: bool
) -> Verdict:
    wanted = measure_of(score, policy)
    if wanted is Measure.PASS:
        return PASS
    if wanted is Measure.WIND_DOWN and scope != "key":
        wanted = Measure.HOLD
    measure = capped(wanted, policy, exempt=exempt)
    if measure is Measure.ALERT and wanted is Measure.ALERT and news < _NEWS:
        measure = Measure.NOTE  # its owner was told of this already
    return Verdict(measure, score, scope, finding.signals(view) + _denied_signal(view))


def _denied_signal(view: View) -> tuple[Signal, ...]:
    score = probing.denied(view.course, view.now_s)
    return (Signal(probing.DENIED, score, probing.denied_values(view.course)),) if score else ()


def _charged_elsewhere(watched: Watched, window: Window) -> bool:
    return any(other is not window and other.charged >= _FROM_ANOTHER for other in watched.course.windows.values())


def _reached(state: State, watched: Watched, event: Asked, now_us: int, policy: Policy) -> Verdict:
    """An intent that is no order: to borrow, to move, to withdraw, to administer."""
    now_s = now_us // 1_000_000
    window = watched.course.window(_NO_SYMBOL, now_s)
    scene = state.scene(_NO_SYMBOL, now_s)
    view = _view(state, watched, event, _NO_SYMBOL, milli_ln(event.worth), window, scene, now_us)
    view.habit = None
    finding = judge_manner(view)
    reach = probing.reaches(event.harm, watched.profile.harms)
    finding.total += min(reach + probing.denied(watched.course, now_s), probing.MOST)
    verdict = _sum(state, watched, view, finding, policy, 0, exempt=False)
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


def _traded(state: State, event: Traded, now_us: int) -> Verdict:
    """Count what a fill cost against the near price; what it was worth shortly after is asked later."""
    now_s = now_us // 1_000_000
    watched = state.watched(event.holder, now_s)
    symbol = state.digest(event.symbol)
    worse = event.near_bps or 0.0
    course = watched.course
    window = course.windows.get(symbol)
    if window is None and worse > _LIMIT_REACH:
        window = course.window(symbol, now_s)
    if window is not None:
        window.age(now_s)
        window.fill(event.side, event.worth, worse)
    if event.price > 0.0:
        fills = state.scene(symbol, now_s).fills
        if len(fills) >= MOST_FILLS:
            del fills[0]
        buys = event.side is _BUY
        fills.append(Executed(event.at_us, event.holder.key, event.price, event.worth, worse, buys=buys))
    return PASS


def _looked(state: State, event: Looked, now_us: int) -> None:
    """What the fills of the last minutes were worth: the markout. Each is looked at once."""
    scene = state.scenes.get(state.digest(event.symbol))
    if scene is None or not scene.fills or event.near <= 0.0:
        return
    kept = []
    for fill in scene.fills:
        age = now_us - fill.at_us
        if age < _LOOK_AFTER_US:
            kept.append(fill)
        elif age <= _LOOK_WITHIN_US:
            _mark(state, event, fill, now_us // 1_000_000)
    scene.fills = kept


def _mark(state: State, event: Looked, fill: Executed, now_s: int) -> None:
    watched = state.find(fill.key)
    if watched is None:
        return
    worse = (fill.price / event.near - 1.0) * 10_000
    if not fill.buys:
        worse = -worse
    worse = min(max(worse, -3_000.0), 3_000.0)
    lessons = watched.profile.young
    if lessons.marked < U16:
        lessons.markouts += int(worse * 10)
        lessons.marked += 1
    window = watched.course.windows.get(state.digest(event.symbol))
    if window is not None and worse > fill.near_bps + _SELECTED:
        # The market moves against whoever trades; so far against him by chance it seldom does.
        window.lost += fill.worth * (worse - fill.near_bps - _SELECTED) / 10_000


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
