"""Every reason that the rules can give, each with the case that gives it."""

import ast
import inspect
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from rules_ground import Key, dec, endpoint, intent, key, order, quote, ref

from bailiwick import rules
from bailiwick.model.decision import Decision, Deny
from bailiwick.model.grant import MarketOrders, WithdrawalGrant
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, Destination, Intent, OrderDraft, OrderType, Side, Withdrawal
from bailiwick.model.party import KeyState
from bailiwick.model.reason import Reason
from bailiwick.rules.together import Together
from bailiwick.rules.windows import MINUTE_US


def in_state(state: KeyState) -> Reason | None:
    """An order of a key in a state."""
    made = key()
    made.state = state
    return made.reason(order())


def pending() -> Reason | None:
    return in_state(KeyState.PENDING)


def expired() -> Reason | None:
    return in_state(KeyState.EXPIRED)


def revoked() -> Reason | None:
    return in_state(KeyState.REVOKED)


def frozen() -> Reason | None:
    return in_state(KeyState.FROZEN)


def winding_down() -> Reason | None:
    return in_state(KeyState.WINDING_DOWN)


def protects() -> Reason | None:
    """A cancel of a stop, while the key winds down."""
    made = key()
    made.fill(order())
    stop = order(Side.SELL, 1, "95.5", OrderType.STOP_LOSS_LIMIT, stop_price=dec(96))
    made.send(stop)
    made.state = KeyState.WINDING_DOWN
    return made.reason(intent(act=Act.CANCEL, symbol="BTCUSDT", target=ref(client_id=stop.client_id)))


def outside_hours() -> Reason | None:
    return key('[when]\nhours = ["13:00-14:00"]\n').reason(order())


def foreign() -> Reason | None:
    return key('[where]\nnetworks = ["192.0.2.0/24"]\n').reason(order(), "198.51.100.1")


def not_capable() -> Reason | None:
    return key().reason(intent(act=Act.PLAIN, endpoint=endpoint(Act.PLAIN, Harm.MOVE)))


def not_served() -> Reason | None:
    return key().reason(intent(act=Act.PLAIN, endpoint=endpoint(Act.PLAIN, Harm.TRADE, served=False)))


def symbol_unknown() -> Reason | None:
    return key(symbols="all").reason(order(symbol="NOSUCH"))


def symbol_not_granted() -> Reason | None:
    return key(symbols=frozenset({"ETHBTC"})).reason(order())


def side() -> Reason | None:
    return key(sides=frozenset({Side.SELL})).reason(order())


def order_type() -> Reason | None:
    return key(order_types=frozenset({OrderType.MARKET})).reason(order())


def market_order() -> Reason | None:
    return key(market_orders=MarketOrders.DENY).reason(order(price=None, kind=OrderType.MARKET))


def not_own() -> Reason | None:
    return key().reason(intent(act=Act.LOOK_UP, symbol="BTCUSDT", target=ref(7)))


def cancel_not_own() -> Reason | None:
    return key().reason(intent(act=Act.CANCEL, symbol="BTCUSDT", target=ref(7)))


def id_used() -> Reason | None:
    made = key()
    made.send(order(client_id="same"))
    return made.reason(order(client_id="same"))


def transfer() -> Reason | None:
    return key().reason(intent(order(), transfers_value=True))


def unpriceable() -> Reason | None:
    made = key()
    made.market.set_quote("BTCUSDT", quote(None))
    return made.reason(order())


def stale() -> Reason | None:
    made = key()
    made.age(MINUTE_US, fresh=False)
    return made.reason(order())


def order_notional() -> Reason | None:
    return key("[how_much]\norder_notional = 99.99\n").reason(order())


def day_notional() -> Reason | None:
    made = key("[how_much]\nday_notional = 150\n")
    made.send(order())
    return made.reason(order())


def rolling_notional() -> Reason | None:
    made = key("[how_much]\nrolling_notional = 150\n")
    made.send(order())
    return made.reason(order())


def open_orders() -> Reason | None:
    made = key("[how_much]\nopen_orders = 1\n")
    made.send(order())
    return made.reason(order())


def rate() -> Reason | None:
    made = key("[how_much]\nrequests_per_minute = 1\n")
    made.send(order())
    return made.reason(order())


def loss() -> Reason | None:
    made = key("[how_much]\nloss_per_day = 0.2\n")
    made.fill(order())
    return made.reason(order())


def band_near() -> Reason | None:
    return key().reason(order(price="101.01"))


def band_anchor() -> Reason | None:
    made = key()
    made.market.set_quote("BTCUSDT", quote(104, 100))
    return made.reason(order(price="103.01"))


def band_stop() -> Reason | None:
    return key().reason(order(Side.SELL, price="80", kind=OrderType.STOP_LOSS_LIMIT, stop_price=Decimal(90)))


def floor() -> Reason | None:
    return key("[liquidity]\nleast_daily_volume = 1000001\n").reason(order())


def order_share() -> Reason | None:
    return key("[liquidity]\norder_share_bps = 1\n").reason(order(quantity="1.01"))


def day_share() -> Reason | None:
    made = key("[liquidity]\nday_share_bps = 1\n")
    made.send(order(quantity="0.6"))
    return made.reason(order(quantity="0.6"))


def withdraw(coin: str, amount: str, times: int = 1) -> Reason | None:
    """Withdraw several times to the one destination that is granted, or elsewhere."""
    to = WithdrawalGrant(coin="BTC", network="BTC", address="bc1q", per_act=dec(2), per_day=dec(3))
    made = key(may=frozenset({Harm.WITHDRAW}))
    made.authority.withdrawals[to.destination] = rules.authority.Allowance(to.per_act, to.per_day)
    request = intent(
        act=Act.WITHDRAW, withdrawal=Withdrawal(Destination(coin, "BTC", "bc1q"), Decimal(amount)), symbol=None
    )
    for _ in range(times - 1):
        made.send(request)
    return made.reason(request)


def destination() -> Reason | None:
    return withdraw("ETH", "1")


def withdrawal_amount() -> Reason | None:
    return withdraw("BTC", "2.00000001")


def withdrawal_day() -> Reason | None:
    return withdraw("BTC", "1.6", 2)


def net_buying() -> Reason | None:
    made = key()
    Together(1).join(made.ledger)  # of a million USDT a day that is one BTC at 100
    made.fill(order(quantity="0.6"))
    return made.reason(order(quantity="0.5"))


GIVEN_BY: dict[Reason, Callable[[], Reason | None]] = {
    Reason.KEY_PENDING: pending,
    Reason.KEY_EXPIRED: expired,
    Reason.KEY_REVOKED: revoked,
    Reason.KEY_FROZEN: frozen,
    Reason.KEY_WINDING_DOWN: winding_down,
    Reason.ORDER_PROTECTS: protects,
    Reason.OUTSIDE_HOURS: outside_hours,
    Reason.ADDRESS_FOREIGN: foreign,
    Reason.CAPABILITY_NOT_GRANTED: not_capable,
    Reason.ENDPOINT_NOT_SERVED: not_served,
    Reason.SYMBOL_UNKNOWN: symbol_unknown,
    Reason.SYMBOL_NOT_GRANTED: symbol_not_granted,
    Reason.SIDE_NOT_GRANTED: side,
    Reason.ORDER_TYPE_NOT_GRANTED: order_type,
    Reason.MARKET_ORDER_NOT_GRANTED: market_order,
    Reason.ORDER_NOT_OWN: not_own,
    Reason.CANCEL_NOT_OWN: cancel_not_own,
    Reason.CLIENT_ORDER_ID_USED: id_used,
    Reason.TRANSFER_NOT_GRANTED: transfer,
    Reason.UNPRICEABLE: unpriceable,
    Reason.REFERENCE_STALE: stale,
    Reason.ORDER_NOTIONAL: order_notional,
    Reason.DAY_NOTIONAL: day_notional,
    Reason.ROLLING_NOTIONAL: rolling_notional,
    Reason.OPEN_ORDERS: open_orders,
    Reason.REQUEST_RATE: rate,
    Reason.LOSS_PER_DAY: loss,
    Reason.BAND_NEAR: band_near,
    Reason.BAND_ANCHOR: band_anchor,
    Reason.BAND_STOP: band_stop,
    Reason.LIQUIDITY_FLOOR: floor,
    Reason.LIQUIDITY_ORDER_SHARE: order_share,
    Reason.LIQUIDITY_DAY_SHARE: day_share,
    Reason.SERVICE_NET_BUYING: net_buying,
    Reason.WITHDRAWAL_DESTINATION: destination,
    Reason.WITHDRAWAL_AMOUNT: withdrawal_amount,
    Reason.WITHDRAWAL_DAY: withdrawal_day,
}


@pytest.mark.parametrize("reason", GIVEN_BY, ids=lambda reason: reason.name)
def test_each_reason_is_given(reason: Reason) -> None:
    """Every reason of the rules is given in the case that it is for."""
    assert GIVEN_BY[reason]() == reason


AMOUNTS = {
    Reason.ORDER_PROTECTS: 1,
    Reason.ORDER_NOTIONAL: 2,
    Reason.DAY_NOTIONAL: 2,
    Reason.ROLLING_NOTIONAL: 2,
    Reason.LOSS_PER_DAY: 2,
    Reason.BAND_NEAR: 2,
    Reason.BAND_ANCHOR: 2,
    Reason.BAND_STOP: 2,
    Reason.LIQUIDITY_FLOOR: 2,
    Reason.LIQUIDITY_ORDER_SHARE: 2,
    Reason.LIQUIDITY_DAY_SHARE: 2,
    Reason.SERVICE_NET_BUYING: 2,
    Reason.WITHDRAWAL_AMOUNT: 2,
    Reason.WITHDRAWAL_DAY: 2,
}


@pytest.mark.parametrize("reason", AMOUNTS, ids=lambda reason: reason.name)
def test_each_amount_of_a_denial_says_what_it_is_an_amount_of(reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a detail has an amount, the asset or the currency stands behind it."""
    given: list[Decision] = []
    asked = Key.ask

    def ask(self: Key, request: Intent | OrderDraft, source: bool | str = True) -> Decision:
        given.append(asked(self, request, source))
        return given[-1]

    monkeypatch.setattr(Key, "ask", ask)
    assert GIVEN_BY[reason]() is reason
    denied = given[-1]
    assert isinstance(denied, Deny)
    assert len(re.findall(r"(?<![\w.-])[0-9.]+ (?:USDT|BTC|ETH)\b", denied.detail)) >= AMOUNTS[reason], denied.detail


def test_no_reason_of_the_rules_is_left_untested() -> None:
    """Whatever reason the rules name in their source has its case here."""
    named = set()
    for path in Path(rules.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason":
                named.add(node.attr)
    assert named - {reason.name for reason in GIVEN_BY} == {"REPLAYED"} & named


def test_each_reason_has_a_case_of_its_own() -> None:
    """No two reasons share a case."""
    assert len({inspect.getsource(case) for case in GIVEN_BY.values()}) == len(GIVEN_BY)
