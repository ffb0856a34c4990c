"""What the model sees of an order: figures without a unit, from what was known when the order was there.

None tells the time of day, which symbol it is or what its quote asset is worth. A model names the figures that it was
trained on, in their order; it is refused if these are others.
"""

from bisect import bisect_left
from itertools import pairwise
from math import log, log1p
from typing import Final

from bailiwick.watch.pump.background import Background
from bailiwick.watch.pump.order import Order
from bailiwick.watch.pump.rings import WEEK
from bailiwick.watch.pump.tape import Tape, size_class

_SECOND_US: Final = 1_000_000
WINDOWS: Final = (1, 3, 10, 30, 60)  # seconds
BACK: Final = (1, 5, 20, 60)  # orders
_LEAST: Final = 1e-6  # of a usual minute, which keeps ratios finite
_SINCE: Final = 8_000.0  # seconds that stand for longer than what is remembered

_WINDOW_NAMES: Final = (
    "bought", "bought_of_day", "bought_of_week", "share", "buys", "sells", "orders", "levels", "ups", "sweeps", "rise",
    "rise_moves", "above_high", "above_low", "levels_of_day",
    "levels_of_week",
)  # fmt: skip
_BACKGROUND_NAMES: Final = (
    "tick", "moves", "hour_moves", "week_mean", "rate", "rise_hour", "rise_day", "rise_week", "rise_4th",
    "rise_11th", "rise_17th", "alarms_day", "alarms_week", "traded60", "traded10", "share60", "share10", "rate60",
    "rate10", "most_day", "most_hour", "most_week", "busy", "net240", "net_day",
)  # fmt: skip
_PRICE_NAMES: Final = (
    "over_reference", "over_reference_moves", "over_reference_ticks", "over_middle60", "over_high10", "over_high60",
    "over_high240", "over_high_day", "over_high_week", "over_low10", "over_low60", "over_low_day", "over_close10",
    "over_close30", "of_rise_day", "of_rise_week", "of_rise_4th",
)  # fmt: skip
_ORDER_NAMES: Final = (
    "value", "value_quantile", "order_levels", "order_span", "order_span_ticks", "burst",
    "burst_rise", "ascending",
)  # fmt: skip
_PACES: Final = ((3, 30), (10, 60), (30, 300), (60, 600))  # seconds
_PACE_NAMES: Final = (*(f"pace_{short}_{long}" for short, long in _PACES), "quiet", "levels_of_hour")
_RARE: Final = 0.7  # of what is there now: as much counts as alike
_RARE_NAMES: Final = ("alike_rise", "alike_bought", "alike_levels", "since_rise", "since_bought", "since_levels")
NAMES: Final[tuple[str, ...]] = (
    *_BACKGROUND_NAMES,
    *_PRICE_NAMES,
    *_ORDER_NAMES,
    *_PACE_NAMES,
    *_RARE_NAMES,
    *(f"gap{count}" for count in BACK),
    *(f"{name}_{window}s" for window in WINDOWS for name in _WINDOW_NAMES),
)


def features(tape: Tape, order: Order, usual: Background) -> list[float]:
    """What ``NAMES`` says of the order that was added last."""
    tick = tape.tick / order.high if tape.tick < order.high else 0.0
    moves = max(usual.moves, tick * 0.2, 1e-5)
    row = _of_background(usual, tick, moves)
    row += _of_price(order.high, tape.reference, usual, tick, moves)
    row += _of_order(tape, order, usual, tick)
    row += _of_pace(tape, order, usual)
    row += _of_week(tape, order, usual)
    times = tape.times
    for count in BACK:
        since = (order.time_us - times[-1 - count]) / _SECOND_US if len(times) > count else _SINCE
        row.append(log1p(since))
    for window in WINDOWS:
        row += _of_window(tape, order, usual, moves, window * _SECOND_US)
    return row


def _of_background(usual: Background, tick: float, moves: float) -> list[float]:
    mean, rises = usual.mean, usual.rises
    least = mean * _LEAST
    return [
        tick, log(moves), log(max(usual.hour_moves, 1e-5) / moves),
        log(mean / (2 * usual.week_mean + least)), log(usual.rate), usual.rise_hour, usual.rise_day,
        rises[0], rises[3], rises[10], rises[16], usual.alarms_day,
        usual.alarms_week, log((usual.traded60 + least) / (60 * mean)), log((usual.traded10 + least) / (10 * mean)),
        usual.bought60 / (usual.traded60 + least), usual.bought10 / (usual.traded10 + least), usual.rate60 / usual.rate,
        usual.rate10 / usual.rate, log((usual.most_day + least) / mean), log((usual.most_hour + least) / mean),
        log((usual.most_week + least) / mean), log((usual.busy + least) / mean),
        usual.net240, usual.net_day,
    ]  # fmt: skip


def _of_price(price: float, reference: float, usual: Background, tick: float, moves: float) -> list[float]:
    over = price / reference - 1
    return [
        over, over / moves, over / max(tick, 1e-7), price / usual.middle60 - 1, price / usual.high10 - 1,
        price / usual.high60 - 1, price / usual.high240 - 1, price / usual.high_day - 1, price / usual.high_week - 1,
        price / usual.low10 - 1, price / usual.low60 - 1, price / usual.low_day - 1, price / usual.close10 - 1,
        price / usual.close30 - 1, log((over + 0.001) / (usual.rise_day + 0.001)),
        log((over + 0.001) / (usual.rises[0] + 0.001)), log((over + 0.001) / (usual.rises[3] + 0.001)),
    ]  # fmt: skip


def _of_order(tape: Tape, order: Order, usual: Background, tick: float) -> list[float]:
    span = order.high / order.low - 1
    quantile = sum(tape.sizes[: size_class(order.value) + 1]) / max(tape.sizes_sum, 1.0)
    prices = tape.prices[-21:]
    ascending = sum(later >= earlier for earlier, later in pairwise(prices))
    return [
        log(order.value / usual.mean + _LEAST), quantile, order.levels, span,
        span / max(tick, 1e-7), log1p((order.time_us - tape.burst_us) / _SECOND_US),
        order.high / tape.burst_price - 1 if tape.burst_price else 0.0, ascending / max(len(prices) - 1, 1),
    ]  # fmt: skip


def _of_pace(tape: Tape, order: Order, usual: Background) -> list[float]:
    """How much of the buying of a while fell into its end, and how quiet it was before the last minute."""
    bought, least = tape.counts.bought, usual.mean * _LEAST
    before = {
        seconds: tape.bought[tape.at(order.time_us - seconds * _SECOND_US)] for pair in _PACES for seconds in pair
    }
    row = [(bought - before[short]) / (bought - before[long] + least) for short, long in _PACES]
    run = tape.counts.levels - tape.levels[tape.at(order.time_us - 30 * _SECOND_US)]
    row += [log((before[60] - before[600]) / (9 * usual.mean) + 0.001), log((run + 1) / (usual.levels_hour + 1))]
    return row


def _of_week(tape: Tape, order: Order, usual: Background) -> list[float]:
    """In how many hours of the last week a minute was like this one, and how long ago the last of them is."""
    start = tape.at(order.time_us - 60 * _SECOND_US)
    counts = tape.counts
    now = (order.high / tape.prices[start] - 1, counts.bought - tape.bought[start], counts.levels - tape.levels[start])
    alike, since = [], []
    for here, hours, ordered in zip(now, usual.greatest, usual.ordered, strict=True):
        least = _RARE * here
        count = len(ordered) - bisect_left(ordered, least)
        last = next(i for i, then in enumerate(hours) if then >= least) if count else 2 * WEEK
        alike.append(log1p(count * WEEK / usual.hours))
        since.append(log1p(last))
    return alike + since


def _of_window(tape: Tape, order: Order, usual: Background, moves: float, window_us: int) -> list[float]:
    start = tape.at(order.time_us - window_us)
    counts = tape.counts
    bought, sold = counts.bought - tape.bought[start], counts.sold - tape.sold[start]
    buys, sells = counts.buys - tape.buys[start], counts.sells - tape.sells[start]
    price = order.high
    rise = price / tape.prices[start] - 1
    least = usual.mean * _LEAST
    earlier = tape.highs[start:-1]
    run = counts.levels - tape.levels[start]
    return [
        log((bought + least) / usual.mean), log((bought + least) / (usual.most_day + least)),
        log((bought + least) / (usual.most_week + least)), bought / (bought + sold + least), buys, sells,
        log(max(buys + sells, 1) / usual.rate), run, counts.ups - tape.ups[start],
        counts.sweeps - tape.sweeps[start], rise, rise / moves, price / max(earlier) - 1 if earlier else 0.0,
        price / min(tape.lows[start:]) - 1, log((run + 1) / (usual.levels_day + 1)),
        log((run + 1) / (usual.levels_week + 1)),
    ]  # fmt: skip
