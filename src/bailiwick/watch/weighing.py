"""An order that is not plainly usual: what all detectors say of it is added up, and a verdict comes of the sum."""

from typing import Final

from bailiwick.model.intent import Side
from bailiwick.watch.course import Window
from bailiwick.watch.detect import manner, probing
from bailiwick.watch.event import SIGN_FRESH_US, Asked
from bailiwick.watch.judge import OWN, Finding, judge, judge_vouched
from bailiwick.watch.prior import purpose
from bailiwick.watch.respond import Policy, capped, measure_of
from bailiwick.watch.scene import Scene
from bailiwick.watch.signal import PASS, Measure, Signal, Verdict
from bailiwick.watch.state import HOUR_S, MINUTES_S, MOST_HELD, State
from bailiwick.watch.tier import tier_of
from bailiwick.watch.usual import FROM_ANOTHER
from bailiwick.watch.view import View
from bailiwick.watch.watched import Watched

_BUY: Final = Side.BUY
_NOISE: Final = 3_000  # what an order says below this is of no account: sums are of what is above
_NEWS: Final = 500  # a sum that grew by less is no new alert
_OWN: Final = 2_500  # an intent that says less than this is not held for what others of its key said
_ACCOUNT_MORE: Final = 1_000  # what an account's sum must be above a key's to hold


def weigh(
    state: State, watched: Watched, event: Asked, symbol: int, size: int, gap: int, now_us: int, policy: Policy
) -> Verdict:
    """Hear all detectors on an order that is not plainly usual."""
    now_s = now_us // 1_000_000
    course = watched.course
    window = course.window(symbol, now_s)
    scene = state.scene(symbol, now_s)
    view = view_of(state, watched, event, symbol, size, window, scene, now_us)
    vouched = bool(course.pledges) and course.vouched(symbol, event.worth, window, now_s)
    finding = judge_vouched(view) if vouched else judge(view)
    account = event.holder.account
    # The question that its owner has not answered yet is not put again in smaller pieces: all of it waits.
    waits = not vouched and window.charged >= policy.hold and now_s - scene.held.get(account, -HOUR_S) <= MINUTES_S
    verdict = sum_up(state, watched, view, finding, policy, policy.hold if waits else 0, exempt=event.reducing)
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


def view_of(
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


def sum_up(
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
    return any(other is not window and other.charged >= FROM_ANOTHER for other in watched.course.windows.values())
