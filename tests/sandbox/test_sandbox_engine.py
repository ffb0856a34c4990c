"""The matching engine, order by order."""

import pytest
from rehearsal import NOW, wish

from bailiwick.sandbox.amount import TooPrecise, read, show, value, value_up
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.orders import BUY, SELL, Order, Outcome
from bailiwick.sandbox.refusal import Refusal
from bailiwick.sandbox.symbols import LISTED


class Pit:
    """Two traders and a BTCUSDT book that holds nothing but what they put there."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(1, NOW, symbols=LISTED[:1], amplitude=0)
        self.engine = self.sandbox.engine
        for order in self.engine.records.all_open(self.sandbox.account("house")):
            self.engine.cancel(order, NOW)
        funds = {"BTC": "10", "USDT": "1000000"}
        self.anna: Account = self.sandbox.open_account("anna", NOW, funds)
        self.bert: Account = self.sandbox.open_account("bert", NOW, funds)

    def place(self, account: Account, side: str, quantity: str, price: str = "0", **more: object) -> Outcome:
        return self.engine.place(account, wish(side, quantity, price, **more), NOW)

    def order(self, account: Account, side: str, quantity: str, price: str = "0", **more: object) -> Order:
        return self.place(account, side, quantity, price, **more).order

    def refusal(self, account: Account, side: str, quantity: str, price: str = "0", **more: object) -> tuple[int, str]:
        with pytest.raises(Refusal) as caught:
            self.place(account, side, quantity, price, **more)
        return caught.value.code, caught.value.message


@pytest.fixture
def pit() -> Pit:
    return Pit()


def test_better_prices_trade_first_and_equal_prices_in_order_of_time(pit: Pit) -> None:
    """A taker meets the best price first, and among equals the oldest order."""
    later = pit.order(pit.anna, SELL, "1", "65010")
    first = pit.order(pit.anna, SELL, "1", "65000")
    second = pit.order(pit.anna, SELL, "1", "65000")
    taken = pit.place(pit.bert, BUY, "2.5", "65010")
    assert [(show(f.trade.price), show(f.trade.quantity)) for f in taken.fills] == [
        ("65000.00000000", "1.00000000"),
        ("65000.00000000", "1.00000000"),
        ("65010.00000000", "0.50000000"),
    ]
    assert [first.status, second.status, later.status] == ["FILLED", "FILLED", "PARTIALLY_FILLED"]


def test_a_trade_happens_at_the_resting_price_and_the_surplus_is_free_again(pit: Pit) -> None:
    """A buyer with a high limit pays the maker's price, and what was set aside beyond it is released."""
    pit.order(pit.anna, SELL, "1", "65000")
    pit.order(pit.bert, BUY, "2", "66000")
    assert show(pit.bert.spot["USDT"].locked) == "66000.00000000"
    assert show(pit.bert.spot["USDT"].free) == "869000.00000000"
    assert show(pit.bert.spot["BTC"].free) == "10.99900000"
    assert show(pit.anna.spot["USDT"].free) == "1064935.00000000"


def test_an_ioc_order_trades_what_it_can_and_expires(pit: Pit) -> None:
    """Nothing of an IOC order ever rests."""
    pit.order(pit.anna, SELL, "1", "65000")
    order = pit.order(pit.bert, BUY, "2", "65000", time_in_force="IOC")
    assert (order.status, show(order.executed)) == ("EXPIRED", "1.00000000")
    assert pit.bert.spot["USDT"].locked == 0


def test_a_fok_order_trades_whole_or_not_at_all(pit: Pit) -> None:
    """A FOK order that finds too little expires without a trade; one that finds enough is filled."""
    pit.order(pit.anna, SELL, "1", "65000")
    short = pit.order(pit.bert, BUY, "2", "65000", time_in_force="FOK")
    assert (short.status, short.executed) == ("EXPIRED", 0)
    assert pit.order(pit.bert, BUY, "1", "65000", time_in_force="FOK").status == "FILLED"


def test_a_post_only_order_is_refused_if_it_would_take(pit: Pit) -> None:
    """LIMIT_MAKER rests or is refused."""
    pit.order(pit.anna, SELL, "1", "65000")
    words = (-2010, "Order would immediately match and take.")
    assert pit.refusal(pit.bert, BUY, "1", "65000", type="LIMIT_MAKER") == words
    assert pit.order(pit.bert, BUY, "1", "64999", type="LIMIT_MAKER").status == "NEW"


def test_a_market_order_never_rests(pit: Pit) -> None:
    """What a market order cannot trade expires."""
    pit.order(pit.anna, SELL, "1", "65000")
    order = pit.order(pit.bert, BUY, "2", type="MARKET")
    assert (order.status, show(order.executed)) == ("EXPIRED", "1.00000000")


def test_a_market_order_by_quote_spends_no_more_than_asked(pit: Pit) -> None:
    """quoteOrderQty buys whole steps up to its amount."""
    pit.order(pit.anna, SELL, "1", "65000")
    order = pit.order(pit.bert, BUY, "0", type="MARKET", quote_quantity=read("1000"))
    assert (order.status, show(order.executed)) == ("FILLED", "0.01538000")
    assert show(order.quote_executed) == "999.70000000"


def test_a_market_buy_that_cannot_be_paid_is_refused_whole(pit: Pit) -> None:
    """A market order is priced over the book before it trades."""
    pit.sandbox.ledger.withdraw(pit.bert, "USDT", read("999000"))
    pit.order(pit.anna, SELL, "1", "65000")
    words = (-2010, "Account has insufficient balance for requested action.")
    assert pit.refusal(pit.bert, BUY, "1", type="MARKET") == words
    assert show(pit.bert.spot["USDT"].free) == "1000.00000000"


def test_what_an_open_order_needs_is_locked_and_comes_back(pit: Pit) -> None:
    """Funds of an open order are locked to the unit, and free again when it is canceled."""
    order = pit.order(pit.bert, BUY, "0.5", "60000")
    assert (pit.bert.spot["USDT"].free, pit.bert.spot["USDT"].locked) == (read("970000"), read("30000"))
    pit.engine.cancel(order, NOW)
    assert (pit.bert.spot["USDT"].free, pit.bert.spot["USDT"].locked) == (read("1000000"), 0)
    with pytest.raises(Refusal, match="Unknown order sent"):
        pit.engine.cancel(order, NOW)


@pytest.mark.parametrize(
    ("mode", "maker_status", "taker_status"),
    [
        ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH"),
        ("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
        ("DECREMENT", "EXPIRED_IN_MATCH", "NEW"),
        ("NONE", "FILLED", "PARTIALLY_FILLED"),
    ],
)
def test_self_trade_prevention_ends_the_side_it_names(
    pit: Pit, mode: str, maker_status: str, taker_status: str
) -> None:
    """An account's own orders do not trade with each other; the taker's mode says which of them ends."""
    maker = pit.order(pit.anna, SELL, "1", "65000")
    taker = pit.order(pit.anna, BUY, "1.5", "65000", prevention=mode)
    assert (maker.status, taker.status) == (maker_status, taker_status)
    assert len(pit.engine.records.prevented["anna", "BTCUSDT"]) == (mode != "NONE")


def grouped(pit: Pit) -> None:
    pit.anna.trade_group = pit.bert.trade_group = 7


def test_a_transfer_moves_value_between_accounts_of_a_group(pit: Pit) -> None:
    """Where both orders say TRANSFER nothing trades, and yet quantity and notional change hands without commission."""
    grouped(pit)
    maker = pit.order(pit.anna, SELL, "1", "65000", prevention="TRANSFER")
    taken = pit.place(pit.bert, BUY, "0.4", "65000", prevention="TRANSFER")
    assert (taken.fills, taken.order.status, show(maker.prevented)) == ([], "EXPIRED_IN_MATCH", "0.40000000")
    assert show(pit.bert.spot["BTC"].free) == "10.40000000"
    assert show(pit.anna.spot["USDT"].free) == "1026000.00000000"
    assert [match.prevention for match in taken.prevented] == ["TRANSFER"]


@pytest.mark.parametrize(("maker_mode", "same_group"), [("DECREMENT", True), ("NONE", True), ("TRANSFER", False)])
def test_a_transfer_takes_both_orders_and_one_group(pit: Pit, maker_mode: str, same_group: bool) -> None:
    """If the maker does not say TRANSFER both are decremented; outside of a group two accounts simply trade."""
    if same_group:
        grouped(pit)
    pit.order(pit.anna, SELL, "1", "65000", prevention=maker_mode)
    taken = pit.order(pit.bert, BUY, "1", "65000", prevention="TRANSFER")
    assert taken.status == ("EXPIRED_IN_MATCH" if same_group else "FILLED")
    assert show(pit.anna.spot["USDT"].free) == ("1000000.00000000" if same_group else "1064935.00000000")


def test_a_stop_loss_wakes_when_the_price_falls_to_it(pit: Pit) -> None:
    """A selling stop waits above the price, and sells at the market when a trade reaches it."""
    pit.order(pit.bert, BUY, "5", "63000")
    stop = pit.order(pit.anna, SELL, "1", type="STOP_LOSS", stop="64000")
    limited = pit.order(pit.anna, SELL, "1", "63500", type="STOP_LOSS_LIMIT", stop="64000")
    assert (stop.status, stop.working) == ("NEW", False)
    pit.engine.observe("BTCUSDT", read("64000"), NOW + 1)
    assert (stop.status, show(stop.executed)) == ("FILLED", "1.00000000")
    assert (limited.status, limited.working, limited.working_time) == ("NEW", True, NOW + 1)


def test_woken_stops_wake_others(pit: Pit) -> None:
    """The trade of one stop can trigger the next, within the same call."""
    pit.order(pit.bert, BUY, "1", "63000")
    pit.order(pit.bert, BUY, "1", "62000")
    first = pit.order(pit.anna, SELL, "1", type="STOP_LOSS", stop="64000")
    second = pit.order(pit.anna, SELL, "1", type="STOP_LOSS", stop="63500")
    pit.engine.observe("BTCUSDT", read("64000"), NOW)
    assert (first.status, second.status) == ("FILLED", "FILLED")
    assert show(pit.engine.market("BTCUSDT").last) == "62000.00000000"


@pytest.mark.parametrize(
    ("side", "kind", "stop", "refused"),
    [
        (SELL, "STOP_LOSS", "65000", True),
        (SELL, "STOP_LOSS", "64999", False),
        (BUY, "STOP_LOSS", "65000", True),
        (BUY, "STOP_LOSS", "65001", False),
        (SELL, "TAKE_PROFIT", "65000", True),
        (SELL, "TAKE_PROFIT", "65001", False),
        (BUY, "TAKE_PROFIT", "65000", True),
        (BUY, "TAKE_PROFIT", "64999", False),
    ],
)
def test_a_stop_that_would_trigger_at_once_is_refused(pit: Pit, side: str, kind: str, stop: str, refused: bool) -> None:
    """A stop's trigger lies beyond the last price, on the side that its kind waits for."""
    if refused:
        words = (-2010, "Stop price would trigger immediately.")
        assert pit.refusal(pit.anna, side, "0.1", type=kind, stop=stop) == words
    else:
        assert pit.order(pit.anna, side, "0.1", type=kind, stop=stop).status == "NEW"


def oco(pit: Pit) -> tuple[Order, Order]:
    legs = [
        wish(SELL, "1", "66000", type="LIMIT_MAKER", client_id="above"),
        wish(SELL, "1", "63900", type="STOP_LOSS_LIMIT", stop="64000", client_id="below"),
    ]
    above, below = pit.engine.lists.place_oco(pit.anna, legs, "pair", NOW).orders
    return above, below


def test_an_oco_locks_its_amount_once(pit: Pit) -> None:
    """Both legs of an OCO share one hold, because only one can execute."""
    oco(pit)
    assert show(pit.anna.spot["BTC"].locked) == "1.00000000"


def test_a_filled_leg_of_an_oco_expires_the_other(pit: Pit) -> None:
    """One part of a fill is enough: the stop leg is gone, the rest of the limit leg stays."""
    above, below = oco(pit)
    pit.order(pit.bert, BUY, "0.25", "66000")
    assert (above.status, below.status) == ("PARTIALLY_FILLED", "EXPIRED")
    assert show(pit.anna.spot["BTC"].locked) == "0.75000000"


def test_a_triggered_leg_of_an_oco_expires_the_other(pit: Pit) -> None:
    """When the stop leg wakes the limit leg is gone, before anything trades."""
    above, below = oco(pit)
    pit.engine.observe("BTCUSDT", read("64000"), NOW)
    assert (above.status, below.status, below.working) == ("EXPIRED", "NEW", True)


def test_canceling_one_leg_cancels_the_list(pit: Pit) -> None:
    """The legs of a list go together."""
    above, below = oco(pit)
    assert pit.engine.cancel(above, NOW) == [above, below]
    assert (above.status, below.status, pit.anna.spot["BTC"].locked) == ("CANCELED", "CANCELED", 0)


def test_a_pending_order_follows_when_the_working_one_is_filled(pit: Pit) -> None:
    """The pending leg of an OTO is neither placed nor funded before the working leg is filled to the end."""
    working, pending = pit.engine.lists.place_oto(
        pit.anna, wish(BUY, "1", "64000"), [wish(SELL, "0.9", "66000")], "", NOW
    ).orders
    assert (working.status, pending.status) == ("NEW", "PENDING_NEW")
    pit.order(pit.bert, SELL, "0.4", "64000")
    assert pending.status == "PENDING_NEW"
    pit.order(pit.bert, SELL, "0.6", "64000")
    assert (working.status, pending.status, pending.working) == ("FILLED", "NEW", True)
    assert show(pit.anna.spot["BTC"].locked) == "0.90000000"


def test_a_canceled_working_order_takes_its_pending_ones_along(pit: Pit) -> None:
    """No pending order outlives the working one that did not fill."""
    working, pending = pit.engine.lists.place_oto(
        pit.anna, wish(BUY, "1", "64000"), [wish(SELL, "0.9", "66000")], "", NOW
    ).orders
    pit.engine.cancel(working, NOW)
    assert (working.status, pending.status) == ("CANCELED", "CANCELED")
    assert pit.engine.records.all_open(pit.anna) == []


def test_an_amended_order_keeps_its_place(pit: Pit) -> None:
    """A reduced order still trades before those that came after it."""
    first = pit.order(pit.anna, SELL, "2", "65000")
    second = pit.order(pit.anna, SELL, "1", "65000")
    pit.engine.amend(first, read("1"), "smaller", NOW)
    assert show(pit.anna.spot["BTC"].locked) == "2.00000000"
    pit.order(pit.bert, BUY, "1", "65000")
    assert (first.status, first.client_id, second.status) == ("FILLED", "smaller", "NEW")


@pytest.mark.parametrize(
    ("quantity", "code"), [("2", -2038), ("3", -2038), ("0.5", -2038), ("0.500001", -1013), ("1.999999", -1013)]
)
def test_an_amendment_only_reduces_and_not_below_what_was_filled(pit: Pit, quantity: str, code: int) -> None:
    """The quantity of an amended order falls, stays above its fills and within the filters."""
    order = pit.order(pit.anna, SELL, "2", "65000")
    pit.order(pit.bert, BUY, "0.5", "65000")
    with pytest.raises(Refusal) as caught:
        pit.engine.amend(order, read(quantity), "x", NOW)
    assert (caught.value.code, show(order.quantity)) == (code, "2.00000000")


def test_amending_one_leg_of_an_oco_amends_both(pit: Pit) -> None:
    """The legs of an OCO keep one quantity, and the shared hold shrinks with it."""
    above, below = oco(pit)
    pit.engine.amend(above, read("0.4"), "smaller", NOW)
    assert (show(above.quantity), show(below.quantity)) == ("0.40000000", "0.40000000")
    assert show(pit.anna.spot["BTC"].locked) == "0.40000000"


def test_a_quote_order_needs_a_book(pit: Pit) -> None:
    """quoteOrderQty is refused where nobody offers anything."""
    words = (-2010, "Order book liquidity is less than symbol minimum quantity.")
    assert pit.refusal(pit.anna, BUY, "0", type="MARKET", quote_quantity=read("100")) == words


def test_an_open_client_id_cannot_be_used_twice(pit: Pit) -> None:
    """A client order id is free again when its order has ended, and belongs to one account alone."""
    order = pit.order(pit.anna, SELL, "1", "66000", client_id="mine")
    assert pit.refusal(pit.anna, SELL, "1", "66000", client_id="mine") == (-2010, "Duplicate order sent.")
    assert pit.order(pit.bert, SELL, "1", "66000", client_id="mine").status == "NEW"
    pit.engine.cancel(order, NOW)
    assert pit.order(pit.anna, SELL, "1", "66000", client_id="mine").status == "NEW"


@pytest.mark.parametrize(
    ("quantity", "price", "more", "name"),
    [
        ("0.000015", "65000", {}, "LOT_SIZE"),
        ("20001", "65000", {}, "LOT_SIZE"),
        ("0.01", "65000.005", {}, "PRICE_FILTER"),
        ("0.01", "2000000", {}, "PRICE_FILTER"),
        ("0.01", "325000.01", {}, "PERCENT_PRICE_BY_SIDE"),
        ("0.01", "12999.99", {}, "PERCENT_PRICE_BY_SIDE"),
        ("0.00007", "65000", {}, "NOTIONAL"),
        ("150", "65000", {}, "NOTIONAL"),
        ("2001", "0", {"type": "MARKET"}, "MARKET_LOT_SIZE"),
        ("1.01", "65000", {"iceberg": read("0.01")}, "ICEBERG_PARTS"),
    ],
)
def test_an_order_outside_of_a_filter_is_refused_by_its_name(
    pit: Pit, quantity: str, price: str, more: dict[str, object], name: str
) -> None:
    """Each filter refuses with -1013 and says which one it is."""
    assert pit.refusal(pit.anna, BUY, quantity, price, **more) == (-1013, f"Filter failure: {name}")


def test_open_orders_and_stops_are_counted(pit: Pit) -> None:
    """An account has at most as many open orders and waiting stops as the symbol allows."""
    for _ in range(5):
        pit.order(pit.anna, SELL, "0.01", "63000", type="STOP_LOSS_LIMIT", stop="64000")
    words = (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
    assert pit.refusal(pit.anna, SELL, "0.01", "63000", type="STOP_LOSS_LIMIT", stop="64000") == words
    for _ in range(195):
        pit.order(pit.anna, SELL, "0.001", "66000")
    assert pit.refusal(pit.anna, SELL, "0.001", "66000") == (-1013, "Filter failure: MAX_NUM_ORDERS")


def test_the_engine_is_deterministic() -> None:
    """Two sandboxes of one seed that see the same acts give the same answers."""

    def story() -> list[object]:
        sandbox = Sandbox(5, NOW)
        account = sandbox.open_account("anna", NOW, {"USDT": "100000"})
        key, secret = sandbox.issue_key("anna", NOW)
        outcome = sandbox.engine.place(account, wish(BUY, "0.5", type="MARKET"), NOW + 5)
        fills = [(fill.trade.price, fill.trade.quantity, fill.commission) for fill in outcome.fills]
        return [key.api_key, secret, outcome.order.order_id, outcome.order.client_id, fills, sandbox.ledger.totals()]

    assert story() == story()


@pytest.mark.parametrize("text", ["", ".", "1.", ".5", "-1", "+1", "1e3", "1_0", "NaN", "Infinity", "١", " 1", "0x1"])
def test_only_plain_decimals_are_amounts(text: str) -> None:
    """What is not digits with at most one point inside is not an amount."""
    with pytest.raises(ValueError, match="not a plain decimal"):
        read(text)


def test_amounts_keep_eight_decimals() -> None:
    """Reading and showing are each other's inverse; a ninth decimal is too precise unless it is zero."""
    assert show(read("12.345678900")) == "12.34567890"
    assert read("0.00000001") == 1
    with pytest.raises(TooPrecise):
        read("0.000000001")


def test_costs_are_rounded_down_and_holds_up() -> None:
    """A hold is never smaller than what the fills of its order cost."""
    price, quantity = read("0.00000003"), read("0.5")
    assert (value(price, quantity), value_up(price, quantity)) == (1, 2)
