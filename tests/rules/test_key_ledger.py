"""Ledgers: nothing is spent twice, nothing released but on evidence, nothing forgotten."""

import random
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rules_ground import NOON_US, dec, filled, intent, key, order, ref, trade

from bailiwick.model.decision import Allow, Charge
from bailiwick.model.intent import Act, Destination, OrderDraft, Side, Withdrawal
from bailiwick.model.order import Fill, OrderReport
from bailiwick.model.reason import Reason
from bailiwick.rules import ledger as module
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.spending import MOST_BUCKETS, Spending
from bailiwick.rules.tracked import LedgerState, OrderState
from bailiwick.rules.windows import BUCKET_US, DAY_US, LATE_TRADE_US, MINUTE_US, SETTLED_US

BUY, SELL = Side.BUY, Side.SELL


def again(ledger: Ledger) -> Ledger:
    """The ledger after a restart."""
    text = msgspec.json.encode(ledger.to_state())
    return Ledger.from_state(msgspec.json.decode(text, type=LedgerState))


def totals(ledger: Ledger, now_us: int = NOON_US) -> dict[str, object]:
    """Everything that a decision could ask."""
    day_us = now_us - now_us % DAY_US
    return {
        "day": ledger.day_use(day_us),
        "rolling": ledger.rolling_use(now_us),
        "loss": ledger.loss(day_us),
        "reserved": ledger.reserved,
        "resting": ledger.resting,
        "holding": ledger.holding("BTCUSDT"),
        "free": ledger.free("BTCUSDT"),
        "symbol": ledger.symbol_use("BTCUSDT", day_us),
    }


@pytest.mark.parametrize("limit", ["day_notional", "rolling_notional"])
def test_two_hundred_orders_at_once_never_exceed_a_budget(limit: str) -> None:
    """Of two hundred orders that come at once as many leave as the budget holds, to the cent."""
    made = key(f"[how_much]\n{limit} = 1000\n")
    sent = [made.send(order(BUY if place % 2 else SELL, "0.33", "99.99")) for place in range(200)]
    assert made.ledger.reserved <= 1000
    assert sum(isinstance(each, Allow) for each in sent) == 30  # a sell at 99.99 counts as 100, the reference
    assert made.ledger.reserved == 15 * dec("33") + 15 * dec("33")


def test_a_budget_holds_while_orders_come_and_go() -> None:
    """However orders are filled, refused and lost, spent and reserved together stay within the budget."""
    dice = random.Random(20)
    made = key("[how_much]\nday_notional = 1000\nrolling_notional = 1000\n")
    live: list[OrderDraft] = []
    spent = dec(0)
    for order_id in range(400):
        draft = order(BUY, dice.choice(["0.5", "0.77", "1.3"]), dice.choice([99, 100, 101]))
        if isinstance(made.send(draft), Allow):
            live.append(draft)
        if live:
            one = live.pop(dice.randrange(len(live)))
            match dice.randrange(4):
                case 0:
                    made.ledger.reject(one.client_id or "")
                case 1:
                    done = (one.quantity or dec(0)) * dice.randrange(5) / 4
                    made.ledger.report(filled(one, order_id, done), made.now_us)
                    spent += done * max(one.price or dec(0), dec(100))
                case 2:
                    made.ledger.unknown(one.client_id or "")
                case _:
                    live.append(one)
        assert made.ledger.day_use(made.authority.days.start_us(made.now_us)) <= 1000
        assert made.ledger.spent.rolling(made.now_us) == spent


def test_a_reservation_is_released_on_evidence_alone() -> None:
    """A lost answer keeps its reservation; a refusal, or an end that the venue reports, releases it."""
    ledger, now = key().ledger, NOON_US
    drafts = [order(), order(), order(), order()]
    for draft in drafts:
        ledger.reserve(_allowed(draft), intent(draft), now)
    lost, refused, ended, missing = (draft.client_id or "" for draft in drafts)
    ledger.unknown(lost)
    assert (ledger.reserved, ledger.orders[lost].state) == (400, OrderState.UNKNOWN)
    ledger.reject(refused)
    assert ledger.reserved == 300
    ledger.report(filled(drafts[2], 3, "0.25"), now)
    assert (ledger.reserved, ledger.spent.rolling(now)) == (200, 25)
    ledger.end(missing, now)
    assert ledger.reserved == 100
    ledger.report(filled(drafts[0], 1, 0, live=True), now)
    assert (ledger.reserved, ledger.orders[lost].state) == (100, OrderState.OPEN)
    assert ledger.id_used(ended, now)


def test_a_refusal_after_a_report_releases_nothing() -> None:
    """What the venue has reported as alive is not released because a repetition of it was refused."""
    made = key()
    draft = order()
    made.send(draft)
    made.ledger.report(filled(draft, 1, "0.5", live=True), NOON_US)
    made.ledger.reject(draft.client_id or "")
    assert made.ledger.reserved == 50


def test_orders_of_others_change_nothing() -> None:
    """Reports and trades of orders that the key did not place are left alone, even under its client order id."""
    made = key()
    draft = order()
    made.send(draft)
    made.ledger.report(filled(draft, 1, 0, live=True), NOON_US)
    before = totals(made.ledger)
    made.ledger.report(filled(order(), 2, 1), NOON_US)
    made.ledger.report(filled(draft, 3, 1), NOON_US)
    made.ledger.report(filled(order(symbol="ETHBTC", client_id=draft.client_id), 4, 1), NOON_US)
    made.ledger.trade(trade(2, 1, BUY, 100, 1), NOON_US)
    made.ledger.trade(trade(1, 2, BUY, 100, 1, name="ETHBTC"), NOON_US)
    assert totals(made.ledger) == before


def test_a_fill_counts_once_however_it_comes() -> None:
    """The same fill in the order's answer, in a list of orders and in a list of trades is one fill."""
    made = key()
    draft = order(quantity=2, price=101)
    made.send(draft)
    fill = Fill(9, dec(101), dec(1), dec("0.1"), "USDT")
    answer = OrderReport(
        symbol="BTCUSDT", order_id=1, client_id=draft.client_id or "", live=True, executed=dec(1),
        quote_executed=dec(101), fills=(fill,),
    )  # fmt: skip
    for _ in range(2):
        made.ledger.report(answer, NOON_US)
        made.ledger.report(filled(draft, 1, 1, live=True), NOON_US)
        made.ledger.trade(trade(1, 9, BUY, 101, 1, "0.1"), NOON_US)
    assert totals(made.ledger) == {
        "day": 202, "rolling": 202, "loss": dec("1.1"), "reserved": 101, "resting": 1, "holding": 1, "free": 1,
        "symbol": 202,
    }  # fmt: skip


def test_a_trade_that_comes_before_its_orders_number_is_kept() -> None:
    """A trade list can be read before the order's own answer: the trade is counted when the number is known."""
    made = key()
    draft = order()
    made.send(draft)
    made.ledger.trade(trade(1, 9, BUY, 100, 1, "0.001", "BTC"), NOON_US)
    assert made.ledger.holding("BTCUSDT") == 0
    made.ledger = again(made.ledger)
    made.ledger.report(filled(draft, 1, 0, live=True), NOON_US)
    assert (made.ledger.holding("BTCUSDT"), made.ledger.reserved) == (dec("0.999"), 0)


@pytest.mark.parametrize(
    ("side", "price", "fee", "asset", "lost"),
    [
        (BUY, "101", "0", "USDT", "2"),
        (BUY, "99", "0", "USDT", "0"),
        (SELL, "99", "0", "USDT", "2"),
        (SELL, "101", "0.2", "USDT", "0.2"),
        (BUY, "100", "0.001", "BTC", "0.1"),
        (BUY, "100", "0.01", "BNB", "3"),
        (BUY, "100", "0.01", "XYZ", "2"),  # a hundredth of the value, for nobody knows what it is worth
    ],
)
def test_loss_is_adverse_slippage_and_fees(side: Side, price: str, fee: str, asset: str, lost: str) -> None:
    """A fill loses what it was worse than the anchor, and its fee; what is better gains nothing back."""
    made = key()
    draft = order(side, 2, 100)
    made.send(draft)
    made.ledger.report(filled(draft, 1, 0, live=True), NOON_US)
    worth = {"BNB": dec(300)}.get
    made.ledger.trade(trade(1, 1, side, price, 2, fee, asset), NOON_US, worth)
    assert made.ledger.loss(NOON_US - DAY_US // 2) == dec(lost)


def test_an_unlisted_fill_loses_what_it_may_have_lost() -> None:
    """Until the venue lists the trades, the reported value counts and a fee that is likely too high."""
    made = key()
    draft = order(BUY, 2, 101)
    made.send(draft)
    report = structs.replace(filled(draft, 1, 2), quote_executed=dec(202))
    made.ledger.report(report, NOON_US)
    assert made.ledger.loss(NOON_US - DAY_US // 2) == dec("2.404")
    made.ledger.trade(trade(1, 1, BUY, 101, 2, "0.2"), NOON_US)
    assert made.ledger.loss(NOON_US - DAY_US // 2) == dec("2.2")


def test_an_estimate_of_yesterday_is_not_given_back_today() -> None:
    """What turns out cheaper than it was thought to be does not widen the loss of another day."""
    made = key()
    draft = order(BUY, 2, 101)
    made.send(draft)
    made.ledger.report(structs.replace(filled(draft, 1, 2), quote_executed=dec(202)), NOON_US)
    tomorrow = NOON_US + DAY_US
    made.ledger.trade(trade(1, 1, BUY, 101, 2, "0.2"), tomorrow)
    assert made.ledger.losses.since(tomorrow - DAY_US // 2) == 0


def test_holdings_are_net_of_a_commission_in_the_base_asset() -> None:
    """What the venue kept of a buy was not bought."""
    made = key()
    draft = order()
    made.send(draft)
    made.ledger.report(filled(draft, 1, 0, live=True), NOON_US)
    made.ledger.trade(trade(1, 1, BUY, 100, 1, "0.001", "BTC"), NOON_US)
    assert made.ledger.free("BTCUSDT") == dec("0.999")


def test_open_sells_are_not_sold_again() -> None:
    """What an open sell claims of the holdings is free again only once that has ended."""
    made = key()
    made.fill(order(quantity=3))
    sell = order(SELL, 2, 110)
    made.send(sell)
    assert made.ledger.free("BTCUSDT") == 1
    made.ledger.report(filled(sell, 50, "0.5"), NOON_US)
    assert (made.ledger.free("BTCUSDT"), made.ledger.holding("BTCUSDT")) == (dec("2.5"), dec("2.5"))


def test_a_sell_of_what_others_hold_leaves_no_debt() -> None:
    """A key that sold what the account held before still reduces what it buys afterwards."""
    made = key()
    made.fill(order(SELL, 5))
    made.fill(order(BUY, 2))
    assert made.ledger.free("BTCUSDT") == 2


def test_a_sum_that_nobody_asks_for_does_not_grow_for_ever() -> None:
    """What no window can reach any more is forgotten, though no limit ever asks; what one can reach is kept."""
    spending = Spending()
    for bucket in range(5_000):
        spending.add(dec(1), NOON_US + bucket * BUCKET_US)
    now_us = NOON_US + 4_999 * BUCKET_US
    assert len(spending.buckets) <= MOST_BUCKETS
    assert spending.rolling(now_us) == DAY_US // BUCKET_US + 1
    assert spending.since(now_us - DAY_US) == DAY_US // BUCKET_US + 1


def test_spending_counts_for_a_whole_day_at_least() -> None:
    """In the rolling budget a fill counts for 24 hours, and for less than one bucket more."""
    made = key()
    made.fill(order())
    for age, spent in [(0, 100), (DAY_US, 100), (DAY_US + BUCKET_US, 0)]:
        assert made.ledger.spent.rolling(NOON_US + age) == spent


def test_the_day_begins_at_midnight_of_its_zone() -> None:
    """A calendar day is the zone's, and has 23 or 25 hours where clocks change."""
    zone = ZoneInfo("Europe/Berlin")
    made = key('[how_much]\nday_notional = 100\nzone = "Europe/Berlin"\n')

    def at(*when: int, fold: int = 0) -> None:
        local = datetime(*when, tzinfo=zone, fold=fold)  # type: ignore[misc,arg-type]
        made.age(int(local.timestamp()) * 1_000_000 - made.now_us)

    made.age(int(datetime(2026, 3, 28, 22, 59, tzinfo=UTC).timestamp()) * 1_000_000 - made.now_us)
    made.fill(order())
    assert made.reason(order()) == Reason.DAY_NOTIONAL
    at(2026, 3, 29, 0, 0)  # the day on which clocks go forward
    made.fill(order())
    at(2026, 3, 29, 23, 59)
    assert made.reason(order()) == Reason.DAY_NOTIONAL
    at(2026, 3, 30, 0, 0)
    assert made.reason(order()) is None
    at(2026, 10, 25, 0, 0)  # the day on which clocks go back
    made.fill(order())
    at(2026, 10, 25, 2, 30, fold=1)
    assert made.reason(order()) == Reason.DAY_NOTIONAL
    at(2026, 10, 25, 23, 59)
    assert made.reason(order()) == Reason.DAY_NOTIONAL
    at(2026, 10, 26, 0, 0)
    assert made.reason(order()) is None


def test_a_live_order_counts_in_every_day() -> None:
    """What an order may still spend counts against the budget of today, whenever it was placed."""
    made = key("[how_much]\nday_notional = 100\nrolling_notional = 100\n")
    made.send(order())
    made.age(3 * DAY_US)
    assert made.reason(order()) == Reason.DAY_NOTIONAL


def test_rotation_and_restart_reset_no_budget() -> None:
    """A key that was issued anew, or a gateway that was started anew, finds its budgets as they were."""
    made = key("[how_much]\nday_notional = 150\n")
    made.fill(order())
    rotated = key("[how_much]\nday_notional = 150\n")
    rotated.ledger = again(made.ledger)
    assert totals(rotated.ledger) == totals(made.ledger)
    assert rotated.reason(order()) == Reason.DAY_NOTIONAL


def test_a_client_order_id_is_not_used_twice_in_a_day() -> None:
    """An id is free again a day later, unless its order may still be alive; one that was refused, at once."""
    made = key()
    first, lost, refused = order(), order(), order()
    for draft in (first, lost, refused):
        made.send(draft)
    made.ledger.report(filled(first, 1, 0), NOON_US)
    made.ledger.unknown(lost.client_id or "")
    made.ledger.reject(refused.client_id or "")
    assert not made.ledger.id_used(refused.client_id or "", NOON_US)
    for _ in range(70):
        made.fill(order())
    made.age(DAY_US - 1)
    made.ledger = again(made.ledger)
    assert made.ledger.id_used(first.client_id or "", made.now_us)
    made.age(2 * DAY_US)
    made.fill(order())
    assert not made.ledger.id_used(first.client_id or "", made.now_us)
    assert made.ledger.id_used(lost.client_id or "", made.now_us)


def test_what_was_owned_is_still_seen() -> None:
    """An order that has ended long ago is still the key's own to look up, and its memory is let go of."""
    made = key()
    first = made.fill(order())
    for _ in range(80):
        made.fill(order(quantity="0.1"))
    made.age(LATE_TRADE_US + SETTLED_US)
    made.fill(order())
    made.ledger = again(made.ledger)
    assert len(made.ledger.orders) < 5
    assert made.ledger.owns("BTCUSDT", ref(first))
    assert not made.ledger.owns("ETHBTC", ref(first))


def test_what_is_wholly_known_is_tracked_no_longer() -> None:
    """An order executed whole, with each of its trades known, is let go of at once, and nothing told of it again
    changes a sum: a restart reads orders that may still change, not those of the last quarter of an hour."""
    made = key()
    draft = order()
    made.send(draft)
    made.ledger.report(filled(draft, 1, 1), NOON_US)
    assert draft.client_id in made.ledger.orders  # its trades, and so its fees, are not known yet
    made.ledger.trade(trade(1, 7, BUY, 100, 1), NOON_US)
    assert draft.client_id not in made.ledger.orders
    before = totals(made.ledger)
    made.ledger.report(filled(draft, 1, 1), NOON_US)
    made.ledger.trade(trade(1, 7, BUY, 100, 1), NOON_US)
    made.ledger.reject(draft.client_id or "")
    made.ledger.reserve(_allowed(order(client_id="another")), intent(order(client_id="another")), NOON_US)
    made.ledger.reject("another")
    assert totals(again(made.ledger)) == totals(made.ledger) == before
    assert made.ledger.id_used(draft.client_id or "", NOON_US)
    assert made.ledger.owns("BTCUSDT", ref(1, draft.client_id))


def test_the_rate_fills_to_the_brim_and_is_refilled() -> None:
    """What may not be refused counts against the rate, and for no longer than a minute."""
    ledger = Ledger()
    for _ in range(100):
        ledger.count_request(60, NOON_US)
    assert ledger.wait_us(60, NOON_US) == MINUTE_US // 60
    assert ledger.wait_us(60, NOON_US + MINUTE_US // 60) == 0
    assert ledger.wait_us(60, NOON_US + MINUTE_US) <= 0


def test_an_id_is_free_after_just_a_day() -> None:
    """Twenty-four hours after its use, to the microsecond, an id of an order that is forgotten is free."""
    made = key()
    draft = order()
    made.send(draft)
    made.ledger.report(filled(draft, 0, 0), NOON_US)
    made.age(SETTLED_US)
    made.fill(order())
    assert draft.client_id not in made.ledger.orders
    assert made.ledger.id_used(draft.client_id or "", NOON_US + DAY_US - 1)
    assert not made.ledger.id_used(draft.client_id or "", NOON_US + DAY_US)


def test_ids_begin_at_zero() -> None:
    """The first order and the first list of a venue are known like any other, also after a restart."""
    ledger, draft = Ledger(), order(SELL, 1, 110, leg="above")
    ledger.reserve(_allowed(draft), intent(draft, act=Act.PLACE_LIST), NOON_US)
    ledger.report(structs.replace(filled(draft, 0, 0, live=True), list_id=0), NOON_US)
    for each in (ledger, again(ledger)):
        assert each.owns("BTCUSDT", ref(0))
        assert each.owns_list(ref(0))
        assert not each.owns("BTCUSDT", ref(client_id="nobody's"))


def test_a_trade_is_kept_for_its_own_symbol_alone() -> None:
    """A trade that could be no order of the key's is not kept."""
    made = key()
    made.send(order())
    made.ledger.trade(trade(5, 1, BUY, 1, 1, name="ETHBTC"), NOON_US)
    assert made.ledger.to_state().stray == []
    made.ledger.trade(trade(5, 1, BUY, 1, 1), NOON_US)
    assert len(made.ledger.to_state().stray) == 1


def test_what_is_owned_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of orders and lists that have ended the newest are remembered, and what is alive is never forgotten."""
    monkeypatch.setattr(module, "MOST_OWNED", 3)
    made = key()
    alive = order(SELL, "0.1", 150)
    made.send(alive)
    ids = []
    for list_id in range(10):
        draft = order(quantity="0.1")
        made.send(draft)
        made.ledger.report(structs.replace(filled(draft, 1000 + list_id, "0.1"), list_id=list_id), made.now_us)
        made.ledger.trade(trade(1000 + list_id, 1, BUY, 100, "0.1"), made.now_us)
        ids.append(1000 + list_id)
        made.age(SETTLED_US)
    assert [made.ledger.owns("BTCUSDT", ref(each)) for each in ids] == [False] * 6 + [True] * 4
    assert [made.ledger.owns_list(ref(each)) for each in range(10)] == [False] * 6 + [True] * 4
    assert made.ledger.owns("BTCUSDT", ref(client_id=alive.client_id))


def test_an_amendment_releases_what_it_took_away() -> None:
    """What the venue reports as the order's new quantity is what is reserved."""
    made = key()
    draft = order(quantity=4)
    made.send(draft)
    made.ledger.report(structs.replace(filled(draft, 1, 1, live=True), quantity=dec(3)), NOON_US)
    made.ledger.report(structs.replace(filled(draft, 1, 0, live=True), quantity=dec(4)), NOON_US)
    assert (made.ledger.reserved, made.ledger.spent.rolling(NOON_US)) == (200, 100)


def test_stray_trades_are_let_go_of() -> None:
    """Trades that could have been the key's own are forgotten once all of its orders have their numbers."""
    made = key()
    draft = order()
    made.send(draft)
    made.ledger.trade(trade(77, 1, BUY, 100, 1), NOON_US)
    made.ledger.report(filled(draft, 1, 0), NOON_US)
    made.send(order())
    made.ledger.report(filled(order(), 77, 1), NOON_US)
    assert made.ledger.to_state().stray == []


def test_alternatives_are_forgotten_together() -> None:
    """When both of a pair have ended and all is known of them, nothing of them is left."""
    made = key()
    legs = [order(SELL, 1, 110, leg="above"), order(SELL, 1, 99, leg="below")]
    made.send(intent(*legs, act=Act.PLACE_LIST))
    for number, leg in enumerate(legs):
        made.ledger.report(filled(leg, number + 1, 0), NOON_US)
    made.age(SETTLED_US)
    made.send(order())
    assert [each.leg for each in legs if each.client_id in made.ledger.orders] == []


def test_what_nobody_knows_changes_nothing() -> None:
    """Word of orders and withdrawals that were never reserved is left alone."""
    ledger = Ledger()
    ledger.unknown("x")
    ledger.reject("x")
    ledger.end("x", NOON_US)
    ledger.return_withdrawal(Withdrawal(Destination("BTC", "BTC", "a"), dec(1)), NOON_US)
    assert ledger.to_state() == Ledger().to_state()


def test_an_order_without_an_id_is_not_reserved() -> None:
    """Every order that leaves has a client order id, or it does not leave."""
    draft = order(client_id=None)
    with pytest.raises(ValueError, match="client_id: an order without one cannot be reserved"):
        Ledger().reserve(_allowed(draft), intent(draft), NOON_US)


def test_a_reservation_that_is_told_twice_counts_once() -> None:
    """What is read again from a journal is not reserved again."""
    ledger, draft = Ledger(), order()
    for _ in range(2):
        ledger.reserve(_allowed(draft), intent(draft), NOON_US)
    assert (ledger.reserved, ledger.resting) == (100, 1)


def test_a_list_is_known_by_its_ids() -> None:
    """An order list is the key's own by the venue's id and by the client's."""
    ledger = Ledger()
    legs = [order(SELL, 1, 110, leg="above"), order(SELL, 1, 99, leg="below")]
    request = intent(*legs, act=Act.PLACE_LIST, target=ref(client_id="pair"))
    ledger.reserve(_allowed(*legs), request, NOON_US)
    assert ledger.owns_list(ref(client_id="pair"))
    ledger.report(structs.replace(filled(legs[0], 1, 0, live=True), list_id=77), NOON_US)
    ledger = again(ledger)
    for known in (ref(77), ref(77, "pair"), ref(None, "pair")):
        assert ledger.owns_list(known)
    for foreign in (ref(78), ref(77, "other"), ref(None, "other")):
        assert not ledger.owns_list(foreign)


def test_alternatives_claim_as_much_as_the_dearest() -> None:
    """Of a pair only one is executed: both claim the dearer, and when that has ended, the other."""
    ledger = Ledger()
    legs = [order(SELL, 1, 110, leg="above"), order(SELL, 1, 99, leg="below")]
    ledger.reserve(_allowed(*legs), intent(*legs, act=Act.PLACE_LIST), NOON_US)
    assert ledger.reserved == 110
    ledger = again(ledger)
    assert ledger.reserved == 110
    ledger.report(filled(legs[0], 1, 0), NOON_US)
    assert ledger.reserved == 100
    ledger.report(filled(legs[1], 2, 1), NOON_US)
    assert (ledger.reserved, ledger.spent.rolling(NOON_US)) == (0, 100)


def test_a_withdrawal_that_was_refused_is_given_back() -> None:
    """A definite refusal gives a withdrawal back to the day from which it was taken."""
    ledger = Ledger()
    to = Destination("BTC", "BTC", "bc1q")
    request = intent(act=Act.WITHDRAW, withdrawal=Withdrawal(to, dec(2)), symbol=None)
    ledger.reserve(Allow(), request, NOON_US)
    day_us = NOON_US - DAY_US // 2
    ledger = again(ledger)
    assert ledger.withdrawn_since(to, day_us) == 2
    ledger.return_withdrawal(Withdrawal(to, dec(2)), NOON_US)
    assert ledger.withdrawn_since(to, day_us) == 0


def _allowed(*drafts: OrderDraft) -> Allow:
    charges = [
        Charge(each.quantity or dec(0), max(each.price or dec(0), dec(100)), dec(100), False, dec(1), "BTC", "USDT")
        for each in drafts
    ]
    return Allow(tuple(drafts), tuple(charges))


QUANTITIES = st.integers(1, 10).map(Decimal)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[OrderDraft], list[tuple[str, object]]]:
    """Orders, and all that a venue may tell of them."""
    drafts, events = [], []
    for order_id in range(1, draw(st.integers(1, 4)) + 1):
        draft = order(draw(st.sampled_from(Side)), draw(QUANTITIES), draw(st.sampled_from([99, 100, 101])))
        drafts.append(draft)
        executed = quote_executed = dec(0)
        fills = []
        for trade_id in range(draw(st.integers(0, 3))):
            quantity = min(draw(QUANTITIES), (draft.quantity or dec(0)) - executed)
            if quantity <= 0:
                break
            price = draw(st.sampled_from([98, 100, 102]))
            fee, asset = draw(st.sampled_from([("0.1", "USDT"), ("0.001", "BTC"), ("0.01", "XYZ")]))
            executed += quantity
            quote_executed += quantity * price
            row = trade(order_id, trade_id, draft.side, price, quantity, fee, asset)
            fills.append(row.fill)
            events.append(("trade", row))
            live = filled(draft, order_id, executed, live=True)
            events.append(("report", structs.replace(live, quote_executed=quote_executed)))
        if draw(st.booleans()):
            last = filled(draft, order_id, executed)
            events.append(("report", structs.replace(last, quote_executed=quote_executed, fills=tuple(fills))))
        else:
            events.append(("report", filled(draft, order_id, 0, live=True)))
    return drafts, events


def told(drafts: list[OrderDraft], events: list[tuple[str, object]]) -> Ledger:
    """A ledger that reserved the orders and was told the events."""
    ledger = Ledger()
    for draft in drafts:
        ledger.reserve(_allowed(draft), intent(draft), NOON_US)
    for kind, event in events:
        before = ledger.rolling_use(NOON_US)
        getattr(ledger, kind)(event, NOON_US)
        ended = isinstance(event, OrderReport) and not event.live
        assert ended or ledger.rolling_use(NOON_US) >= before
        assert all(amount >= 0 for amount in totals(ledger).values())
    return ledger


@given(histories(), st.randoms(use_true_random=False), st.booleans())
@settings(deadline=None)
def test_events_in_any_order_and_number_give_the_same_totals(
    history: tuple[list[OrderDraft], list[tuple[str, object]]], dice: random.Random, restart: bool
) -> None:
    """Whatever comes twice, late or early, the totals are the same, never negative, and survive a restart."""
    drafts, events = history
    straight = told(drafts, events)
    shuffled = [*events, *dice.choices(events, k=len(events))] if events else []
    dice.shuffle(shuffled)
    other = told(drafts, shuffled)
    if restart:
        other = again(other)
    assert totals(other) == totals(straight)


@given(histories())
@settings(deadline=None)
def test_a_ledger_survives_a_restart(history: tuple[list[OrderDraft], list[tuple[str, object]]]) -> None:
    """A ledger that was written and read is the same ledger, and goes on the same."""
    drafts, events = history
    half = len(events) // 2
    ledger = told(drafts, events[:half])
    copy = again(ledger)
    assert copy.to_state() == ledger.to_state()
    for kind, event in events[half:]:
        getattr(ledger, kind)(event, NOON_US)
        getattr(copy, kind)(event, NOON_US)
    assert copy.to_state() == ledger.to_state()


def test_a_list_is_known_by_name_for_as_long_as_anything_of_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list's name is the key's own while one of its orders is tracked or its number is remembered, and no longer."""
    monkeypatch.setattr(module, "MOST_OWNED", 1)
    made = key()
    named = ref(client_id="pair")
    for list_id, name in enumerate(("pair", "other", "third")):
        draft = order(quantity="0.1")
        request = intent(draft, act=Act.PLACE_LIST, target=ref(client_id=name))
        made.ledger.reserve(_allowed(draft), request, made.now_us)
        assert [each.owns_list(ref(client_id=name)) for each in (made.ledger, again(made.ledger))] == [True, True]
        made.ledger.report(structs.replace(filled(draft, 10 + list_id, "0.1"), list_id=list_id), made.now_us)
        made.ledger.trade(trade(10 + list_id, 1, BUY, 100, "0.1"), made.now_us)
        assert made.ledger.owns_list(named) == (list_id == 0 or made.ledger.owns_list(ref(0)))
        made.age(SETTLED_US)
    assert not made.ledger.owns_list(named)
    assert not made.ledger.owns_list(ref(client_id=""))
    assert made.ledger.owns_list(ref(client_id="third"))
