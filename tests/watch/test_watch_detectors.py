"""Each detector has a case in which it speaks and one in which it is silent, and says in a sentence what it saw."""

import copy
from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace
from watch_ground import (
    AWAY,
    DAY,
    HOME,
    HOUR,
    LIQUID,
    MAJOR,
    MINUTE,
    OF_SERVICE,
    SECOND,
    START,
    THIN,
    Desk,
    holder,
    order,
)

from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, OrderType, Side
from bailiwick.model.reason import Reason
from bailiwick.watch import judge
from bailiwick.watch.detect import course as courses
from bailiwick.watch.detect import crowd, manner, newsymbol, price, probing, sellout, size
from bailiwick.watch.event import Looked, MarketSign, Origin, Refused, Traded, Vouched
from bailiwick.watch.sentence import names, sentence
from bailiwick.watch.signal import Measure, Signal, Verdict

BUY, SELL = Side.BUY, Side.SELL
THIN_ORDER = order("SYSUSDT", near=150.0)  # enough for a verdict with signals


def settled() -> Desk:
    """A key that has traded two major symbols for ten days."""
    desk = Desk()
    desk.live(holder(), 10, "BTCUSDT", "ETHUSDT")
    return desk


GROUND = settled()


def said(verdict: Verdict) -> dict[str, Signal]:
    """The signals by the name of their detector."""
    return {signal.detector: signal for signal in verdict.signals}


def ground() -> Desk:
    """The settled key, for one test."""
    return copy.deepcopy(GROUND)


def new_symbol(*, loud: bool) -> Verdict:
    return ground().tell(order("SYSUSDT" if loud else "BTCUSDT", worth=3_000.0, near=300.0))


def market_share(*, loud: bool) -> Verdict:
    return ground().tell(order("SYSUSDT", worth=3_000.0, near=300.0, day_worth=THIN if loud else 1e12))


def size_jump(*, loud: bool) -> Verdict:
    return ground().tell(order("SYSUSDT", worth=5_000.0 if loud else 100.0, near=300.0))


def book_top(*, loud: bool) -> Verdict:
    return ground().tell(
        order("SYSUSDT", near=None, unbounded=True, worth=2_000.0, top_worth=50.0 if loud else 5_000.0)
    )


@pytest.mark.parametrize(
    ("symbol", "day", "worth"), [("BTCUSDT", 1e9, 60_000.0), ("SYSUSDT", 9e6, 2_000.0), ("SYSUSDT", None, 2_000.0)]
)
def test_a_small_top_of_a_deep_book_says_nothing(symbol: str, day: float | None, worth: float) -> None:
    """The best level is often small where much is traded: only what is notable in a day is held against it."""

    def said(top: float | None) -> int:
        wanted = order(symbol, near=None, unbounded=True, worth=worth, top_worth=top)
        return ground().tell(replace(wanted, day_worth=day)).score

    assert (said(50.0) > said(None)) == (day is None)


def price_near(*, loud: bool) -> Verdict:
    return ground().tell(order("SYSUSDT", near=300.0 if loud else 5.0, worth=2_000.0))


def price_anchor(*, loud: bool) -> Verdict:
    return ground().tell(order("SYSUSDT", near=100.0, anchor_bps=2_000.0 if loud else 100.0))


def market_moves(*, loud: bool) -> Verdict:
    desk = ground()
    desk.tell(MarketSign(at_us=desk.now if loud else desk.now - 6 * SECOND, symbol="SYSUSDT", score=6_000))
    return desk.tell(order("SYSUSDT", near=100.0, anchor_bps=900.0, moved_bps=800.0))


def funding_sale(*, loud: bool) -> Verdict:
    desk = ground()
    desk.tell(order("BTCUSDT", SELL, 100.0, 0.0, reducing=not loud))
    return desk.tell(order("SYSUSDT", near=150.0), desk.now + MINUTE)


def filled(desk: Desk, side: Side, near_bps: float) -> None:
    """A fill of the key in the thin coin."""
    desk.tell(
        Traded(at_us=0, holder=holder(), symbol="SYSUSDT", side=side, worth=100.0, near_bps=near_bps, price=100.0)
    )


def sell_out(*, loud: bool) -> Verdict:
    """A key without a past sells what its owner holds: one coin again and again, or one coin once."""
    desk = Desk()
    coins = ["BTCUSDT"] * 4 if loud else []
    for coin in coins:
        desk.tell(order(coin, Side.SELL, 2_000.0, day_worth=MAJOR), desk.now + 10 * SECOND)
    return desk.tell(order("BTCUSDT", Side.SELL, 2_000.0, day_worth=MAJOR), desk.now + SECOND)


def sell_out_of_service(*, loud: bool) -> Verdict:
    """Five accounts of one service sell two coins each within seconds, or an hour apart."""
    desk = Desk()
    verdict = desk.tell(order("BTCUSDT", Side.BUY))
    for number in range(5):
        desk.now += 4 * SECOND if loud else HOUR
        for coin in ("BTCUSDT", "ETHUSDT"):
            event = order(coin, Side.SELL, 2_000.0, day_worth=MAJOR, holder=holder(f"k{number}", purpose="signal-bot"))
            verdict = desk.tell(event, desk.now + SECOND)
    return verdict


def round_trips(*, loud: bool) -> Verdict:
    desk = ground()
    verdict = desk.tell(THIN_ORDER)
    for place in range(3):
        side = SELL if loud and place % 2 == 0 else BUY
        filled(desk, side, 250.0)
        verdict = desk.tell(order("SYSUSDT", side, near=50.0), desk.now + MINUTE)
    return verdict


def losing_fills(*, loud: bool) -> Verdict:
    desk = ground()
    verdict = desk.tell(order("SYSUSDT", near=20.0))
    for _ in range(3):
        filled(desk, BUY, 5.0)
        desk.tell(Looked(at_us=desk.now, symbol="SYSUSDT", near=90.0 if loud else 99.9), desk.now + MINUTE)
        verdict = desk.tell(order("SYSUSDT", near=20.0), desk.now + MINUTE)
    return verdict


def new_origin(*, loud: bool) -> Verdict:
    return ground().tell(order("SYSUSDT", near=150.0, origin=AWAY if loud else HOME))


def dormant_awakes(*, loud: bool) -> Verdict:
    desk = ground()
    return desk.tell(order("SYSUSDT", near=150.0), desk.now + (60 if loud else 6) * DAY)


def burst(*, loud: bool) -> Verdict:
    desk = ground()
    for _ in range(12):
        desk.tell(order("BTCUSDT"), desk.now + (SECOND if loud else 40 * MINUTE))
    return desk.tell(order("SYSUSDT", near=150.0), desk.now + (SECOND if loud else 40 * MINUTE))


def unusual_hour(*, loud: bool) -> Verdict:
    desk = Desk()
    for _ in range(12):
        for place in range(24):
            desk.tell(order("BTCUSDT", near=-20.0), desk.now + 5 * MINUTE + place * SECOND)
        desk.now = desk.now // DAY * DAY + DAY
    return desk.tell(order("SYSUSDT", near=150.0), desk.now + (12 * 60 * MINUTE if loud else MINUTE))


def crowd_of_service(*, loud: bool) -> Verdict:
    desk = Desk()
    others = [holder(f"other {place}", "svc" if loud else f"service {place}") for place in range(4)]
    strangers = [holder(f"stranger {place}", "far") for place in range(12)]
    for each in (*others, *strangers, holder()):
        began = desk.now
        desk.live(each, 6, "BTCUSDT")
        desk.now = began
    desk.now += 7 * DAY
    for each in others:
        desk.tell(order("SYSUSDT", holder=each, near=10.0), desk.now + 20 * SECOND)
    return desk.tell(order("SYSUSDT", near=150.0), desk.now + 20 * SECOND)


def rob(desk: Desk, count: int, service: str, symbol: str) -> None:
    """So many other keys have something held, one after another."""
    for place in range(count):
        other = holder(f"other {place}", service)
        began = desk.now
        desk.live(other, 4, "ETHUSDT")
        desk.tell(order(symbol, worth=5_000.0, near=900.0, holder=other), began + 5 * DAY + place * SECOND)
        desk.now = began
    desk.now += 5 * DAY + MINUTE


def service_suspect(*, loud: bool) -> Verdict:
    desk = ground()
    rob(desk, 4, "svc" if loud else "another", "DMGUSDT")
    return desk.tell(order("SYSUSDT", near=150.0))


def symbol_suspect(*, loud: bool) -> Verdict:
    desk = ground()
    rob(desk, 3, "another", "SYSUSDT" if loud else "DMGUSDT")
    return desk.tell(order("SYSUSDT", near=150.0))


def reaches_for_more(*, loud: bool) -> Verdict:
    reason = Reason.CAPABILITY_NOT_GRANTED
    harm = Harm.WITHDRAW if loud else Harm.READ
    desk = ground()
    return desk.tell(Refused(at_us=0, holder=holder(), origin=HOME, reason=reason, harm=harm))


def many_denials(*, loud: bool) -> Verdict:
    desk = ground()
    reasons = [Reason.BAND_NEAR, Reason.ORDER_NOTIONAL, Reason.SYMBOL_NOT_GRANTED, Reason.LIQUIDITY_FLOOR]
    for place in range(40):
        reason = reasons[place % 4] if loud else Reason.BAND_NEAR
        desk.tell(Refused(at_us=0, holder=holder(), origin=HOME, reason=reason, harm=Harm.TRADE), desk.now + SECOND)
    return desk.tell(THIN_ORDER)


CASES: dict[str, Callable[..., Verdict]] = {
    newsymbol.NAME: new_symbol,
    size.SHARE: market_share,
    size.JUMP: size_jump,
    size.TOP: book_top,
    price.NEAR: price_near,
    price.ANCHOR: price_anchor,
    price.MARKET: market_moves,
    courses.FUNDING: funding_sale,
    sellout.NAME: sell_out,
    sellout.TOGETHER: sell_out_of_service,
    courses.ROUND: round_trips,
    courses.LOSS: losing_fills,
    manner.ORIGIN: new_origin,
    manner.DORMANT: dormant_awakes,
    manner.BURST: burst,
    manner.HOUR: unusual_hour,
    crowd.CROWD: crowd_of_service,
    crowd.SERVICE: service_suspect,
    crowd.SYMBOL: symbol_suspect,
    probing.REACH: reaches_for_more,
    probing.DENIED: many_denials,
}


def test_every_detector_has_a_case() -> None:
    """No detector goes without a case here and a sentence for people."""
    groups = [group for group in vars(judge).values() if isinstance(group, tuple)]
    judges = {each.name for group in groups for each in group if isinstance(each, judge.Detector)}
    known = judges | {probing.REACH, probing.DENIED}
    assert set(CASES) == known
    assert known <= names()


@pytest.mark.parametrize("name", CASES)
def test_it_speaks(name: str) -> None:
    """It speaks in its case, for theft, and its sentence is one."""
    signal = said(CASES[name](loud=True))[name]
    assert signal.score > 0
    words = sentence(signal)
    assert words[0].isupper() or words[0].isdigit()
    assert words.endswith(".")
    assert "None" not in words


@pytest.mark.parametrize("name", CASES)
def test_it_is_silent(name: str) -> None:
    """It is silent in a case that differs in nothing but what it looks for."""
    assert name not in said(CASES[name](loud=False))


def test_a_sell_out_is_held_within_three_orders() -> None:
    """A key without a past that sells one major again and again is held at the third sale, though each is fair."""
    desk = Desk()
    sale = order("BTCUSDT", Side.SELL, 5_000.0, day_worth=MAJOR)
    found = [desk.tell(sale, START + place * 10 * SECOND).measure for place in range(4)]
    assert found[2:] == [Measure.HOLD, Measure.HOLD]
    assert max(found[:2]) < Measure.HOLD


@pytest.mark.parametrize("kind", ["grid-bot", "dca"])
def test_a_bot_of_one_coin_sells_no_second(kind: str) -> None:
    """A bot that has one coin to trade is asked at its second sale of coins it never bought, and winds not down."""
    desk = Desk()
    found = []
    for coin in ("BTCUSDT", "ETHUSDT"):
        event = order(coin, Side.SELL, 2_000.0, day_worth=MAJOR, holder=holder(purpose=kind))
        found.append(desk.tell(event, desk.now + SECOND).measure)
    assert found == [Measure.NOTE, Measure.HOLD]


def test_a_portfolio_is_put_right_without_a_question() -> None:
    """A signal bot that sells three of its owner's coins within seconds, as rebalancers do, is not held."""
    desk = Desk()
    found = []
    for coin in ("BTCUSDT", "ETHUSDT", "LTCUSDT"):
        event = order(coin, Side.SELL, 700.0, day_worth=MAJOR, holder=holder(purpose="signal-bot"))
        found.append(desk.tell(event, desk.now + SECOND).measure)
    assert max(found) < Measure.HOLD


def test_sales_at_fair_prices_wind_no_key_down() -> None:
    """However long a run of sales is and whoever sells beside it, it is held, and winds no key down."""
    desk = Desk()
    found = []
    for place in range(40):
        for number in range(4):
            event = order(f"C{place}USDT", Side.SELL, 40_000.0, day_worth=MAJOR, holder=holder(f"k{number}"))
            found.append(desk.tell(event, desk.now + SECOND).measure)
    assert max(found) is Measure.HOLD


def test_what_is_sold_out_is_not_spent() -> None:
    """What a run of sales brought buys no major in slices without a question."""
    desk = Desk()
    for place, coin in enumerate(["ETHUSDT", "LTCUSDT", "ADAUSDT", "SOLUSDT"]):
        desk.tell(order(coin, Side.SELL, 5_000.0, day_worth=MAJOR), START + place * 10 * SECOND)
    bought = [desk.tell(order("BTCUSDT", worth=3_000.0), desk.now + 10 * SECOND).measure for _ in range(5)]
    assert [each >= Measure.HOLD for each in bought] == [False, True, True, True, True]


def test_a_key_that_sells_so_every_day_is_left_alone() -> None:
    """A key that sells what it did not buy as a habit goes on, and so does one that waits for its buyers."""
    desk = Desk()
    for day in range(6):
        for place in range(10):
            desk.tell(order("BTCUSDT", Side.SELL, 500.0), START + day * DAY + place * HOUR)
    desk.now = START + 6 * DAY
    habit = [desk.tell(order("BTCUSDT", Side.SELL, 500.0), desk.now + 10 * SECOND).measure for _ in range(12)]
    waits = [
        desk.tell(order("BTCUSDT", Side.SELL, 500.0, -30.0, holder=holder("new")), desk.now + SECOND).measure
        for _ in range(12)
    ]
    assert set(habit + waits) == {Measure.PASS}


def test_who_changes_coins_raises_no_money() -> None:
    """A key without a past that spends each sale at once, in slices, as a whale does, is not stopped."""
    desk = Desk()
    found = []
    for _ in range(10):
        for coin, side in (("BTCUSDT", Side.SELL), ("ETHUSDT", Side.BUY)):
            found.append(desk.tell(order(coin, side, 20_000.0, 30.0, day_worth=MAJOR), desk.now + MINUTE).measure)
    assert set(found) == {Measure.PASS}


def test_a_new_keys_plain_order_counts_for_its_account() -> None:
    """Who begins with a symbol by an order that is let through at once is noted by account, as all others are."""
    desk = Desk()
    desk.tell(order("BTCUSDT", near=-3.0, holder=holder("k", account="main")))
    scene = desk.state.scenes[desk.state.digest("BTCUSDT")]
    assert list(scene.beginners) == ["main"]


def test_an_owner_who_sells_out_says_so_once() -> None:
    """ "That was me" ends the run: the next coin begins a new one."""
    desk = Desk()
    for place in range(5):
        desk.tell(order("BTCUSDT", Side.SELL, 2_000.0, day_worth=MAJOR), START + place * 10 * SECOND)
    desk.state.vouch(Vouched(key="k", symbol="BTCUSDT", worth=Decimal(2_000), until_us=desk.now + DAY))
    again = desk.tell(order("BTCUSDT", Side.SELL, 2_000.0, day_worth=MAJOR), desk.now + SECOND)
    other = desk.tell(order("ETHUSDT", Side.SELL, 2_000.0, day_worth=MAJOR), desk.now + SECOND)
    assert (again.measure, other.measure) == (Measure.PASS, Measure.PASS)


def test_an_address_of_its_service_says_nothing() -> None:
    """Another address of the service that the key is held by is no news, one outside those it publishes is more."""
    at_service = ground().tell(order("SYSUSDT", near=150.0, origin=OF_SERVICE))
    unknown = ground().tell(order("SYSUSDT", near=150.0, origin=Origin(network=9, fingerprint=1)))
    foreign = ground().tell(order("SYSUSDT", near=150.0, origin=Origin(network=9, fingerprint=1, of_service=False)))
    scores = [
        said(each)[manner.ORIGIN].score if manner.ORIGIN in said(each) else 0 for each in (at_service, unknown, foreign)
    ]
    assert scores == [0, 1_000, 1_500]


def test_the_first_withdrawal_of_a_key_is_told() -> None:
    """A withdrawal that the rules allow, of a key that never made one, from a new address, is an alert at least."""
    verdict = ground().tell(
        order("", harm=Harm.WITHDRAW, act=Act.WITHDRAW, worth=0.0, near=None, origin=AWAY, side=None)
    )
    assert probing.REACH in said(verdict)


def test_waiting_behind_the_market_speaks_for_a_key() -> None:
    """An order in a new symbol that waits below the market says less than one that takes what is there."""
    waiting = ground().tell(order("SYSUSDT", near=-200.0, worth=500.0))
    taking = ground().tell(order("SYSUSDT", near=0.0, worth=500.0))
    assert waiting.score < taking.score


def test_a_thinner_market_says_more() -> None:
    """The same new symbol says the more the thinner its market is."""
    scores = []
    for volume in (1e9, LIQUID, 3e6, THIN, 3e4):
        verdict = ground().tell(order("SYSUSDT", near=300.0, day_worth=volume))
        found = said(verdict).get(newsymbol.NAME)
        scores.append(found.score if found else 0)
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


def test_a_market_order_in_a_known_symbol_is_usual() -> None:
    """A market order of the usual size in a symbol that the key trades passes without a word."""
    verdict = ground().tell(order("BTCUSDT", near=None, anchor_bps=None, unbounded=True, type=OrderType.MARKET))
    assert verdict.signals == ()
