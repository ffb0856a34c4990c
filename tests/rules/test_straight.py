"""The straight way of the commonest requests: it allows what the rules allow, and nothing else."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from rules_ground import NOON_US, Key, grant, intent, key, market, order, quote, ref

from bailiwick.model.decision import Allow
from bailiwick.model.grant import Orders
from bailiwick.model.intent import Act, Intent, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.life import Curb, KeyState
from bailiwick.rules.straight import straight
from bailiwick.rules.together import Together
from bailiwick.rules.windows import ANCHOR_SERVES_US, NEAR_FRESH_US

# Prices and amounts lie about the edges that the limits below draw: 100, its bands of 1 % and 2 %, and 100 to 300.
PRICES = st.sampled_from(["97.99", "98.99", "99", "99.5", "100", "100", "100.5", "101", "101.01", "101.01", "102.01"])
QUANTITIES = st.sampled_from(["0.00000001", "0.5", "0.99", "1", "1.00000001", "1.01", "2", "3", "0"])
EDGES = st.sampled_from(
    ["49.99999999", "50", "100", "100.000001", "101", "199.99", "200", "202", "300", "400", "0.000001"]
)
AGES = st.sampled_from([0] * 6 + [NEAR_FRESH_US, NEAR_FRESH_US + 1, ANCHOR_SERVES_US, ANCHOR_SERVES_US + 1])
LIMITS = ("order_notional", "day_notional", "rolling_notional", "loss_per_day")
IDS = st.sampled_from([*"abcdefghijklmnop", None])

DRAFTS = st.builds(
    order, st.sampled_from(Side), QUANTITIES, PRICES, st.sampled_from([OrderType.LIMIT] * 6 + [OrderType.LIMIT_MAKER]),
    symbol=st.sampled_from(["BTCUSDT"] * 8 + ["ETHBTC", "NOSUCH"]), pegged=st.sampled_from([False] * 9 + [True]),
    time_in_force=st.sampled_from([None, *TimeInForce]), client_id=IDS,
)  # fmt: skip
TARGETS = st.builds(ref, st.sampled_from([None, 1, 2, 7]), IDS)
REQUESTS = st.builds(
    lambda drafts, act, symbol, target, moves: intent(
        *drafts, act=act, symbol=symbol, target=target, transfers_value=moves
    ),
    st.lists(DRAFTS, min_size=1, max_size=1) | st.lists(DRAFTS, min_size=1, max_size=1) | st.lists(DRAFTS, max_size=2),
    st.sampled_from([*[Act.PLACE] * 40, *[Act.LOOK_UP, Act.CANCEL] * 4, *Act]),
    st.sampled_from(["BTCUSDT"] * 3 + ["ETHBTC", None]),
    TARGETS | st.none(),
    st.sampled_from([False] * 9 + [True]),
)


@st.composite
def keys(draw: st.DrawFn) -> Key:
    """A key with any limits, any references, and some past."""
    lines = ["[how_much]"]
    lines += [f"{name} = {draw(EDGES)}" for name in LIMITS if draw(st.integers(0, 3)) == 0]
    lines += [f"{name} = {draw(st.integers(1, 3))}" for name in ("open_orders",) if draw(st.booleans())]
    if draw(st.integers(0, 3)) == 0:
        lines.append(f"requests_per_minute = {draw(st.sampled_from([60, 6, 1]))}")
    lines += ["[how_far]", f"near_bps = {draw(st.sampled_from([100, 200]))}"]
    lines.append(f"anchor_bps = {draw(st.sampled_from(['200', '100', chr(34) + 'none' + chr(34)]))}")
    if draw(st.integers(0, 3)) == 0:
        lines.append("[liquidity]")
        lines.append(f"least_daily_volume = {draw(st.sampled_from(['1000000', '1000000.01', '5']))}")
        lines += [f"{name} = 1" for name in ("order_share_bps", "day_share_bps") if draw(st.booleans())]
    if draw(st.integers(0, 9)) == 0:
        lines += ["[when]", draw(st.sampled_from(['hours = ["11:00-13:00"]', 'hours = ["01:00-02:00"]', "days = []"]))]
    made = Key(
        grant(
            "\n".join(lines) + "\n",
            orders=draw(st.sampled_from(Orders)),
            sides=draw(st.sampled_from([frozenset(Side), frozenset({Side.BUY})])),
        )
    )
    for _ in range(draw(st.integers(0, 3))):
        draft = draw(DRAFTS.filter(lambda draft: draft.client_id is not None))
        decision = made.send(draft)
        if isinstance(decision, Allow) and draw(st.booleans()):
            made.ledger.end(str(draft.client_id), made.now_us)
    for _ in range(draw(st.integers(0, 2))):
        draft = order(draw(st.sampled_from(Side)), draw(QUANTITIES.filter(lambda q: q != "0")), 100)
        if isinstance(made.ask(draft), Allow):
            made.fill(draft)
    near, anchor = draw(st.sampled_from(["100", "99", "102", None])), draw(st.sampled_from(["100", "98", "101"]))
    if draw(st.booleans()):
        at = quote(near, anchor)
        made.market.set_quote(
            "BTCUSDT",
            msgspec.structs.replace(
                at,
                near_us=made.now_us - draw(AGES),
                anchor_us=made.now_us - draw(AGES),
                daily_volume=draw(st.sampled_from([Decimal(1_000_000), Decimal(5), None])),
            ),
        )
    if draw(st.integers(0, 9)) == 0:
        made.ledger.together = Together(1)
    edge = draw(st.sampled_from([None] * 8 + [made.now_us, made.now_us + 1]))
    if edge is not None:
        name = draw(st.sampled_from(["not_before_us", "expires_us"]))
        made.authority = msgspec.structs.replace(made.authority, **{name: edge})
    made.curb = draw(st.sampled_from([None, Curb(), Curb(suspect=True, suspected=frozenset({"BTCUSDT"}))]))
    return made


@settings(deadline=None, max_examples=400)  # other work on the machine is no failure
@given(keys(), st.lists(REQUESTS, min_size=1, max_size=4), st.sampled_from([KeyState.ACTIVE] * 5 + [*KeyState]))
def test_straight_allows_what_the_rules_allow(made: Key, requests: list[Intent], state: KeyState) -> None:
    """Whatever the grant, the past and the request, what is decided is what the rules alone say."""
    for request in requests:
        made.state = state
        decision = made.explain(request, source=True).decision
        assert made.ask(request, source=True) == decision
        found = straight(request, made.authority, made.ledger, made.market, made.now_us)
        if state is KeyState.ACTIVE and found is not None:
            event(f"straight: {request.endpoint.act.name}")
            assert found == decision
        made.state = KeyState.ACTIVE
        if request.endpoint.act is Act.PLACE and all(draft.client_id is not None for draft in request.orders):
            made.send(request)


def went_straight(made: Key, request: Intent | OrderDraft) -> bool:
    """Whether a request is decided without the rules."""
    asked = request if isinstance(request, Intent) else intent(request)
    return straight(asked, made.authority, made.ledger, made.market, made.now_us) is not None


def test_the_commonest_requests_go_straight() -> None:
    """A limit order within all limits, a sale of what was bought, look-up and cancel of an own order, and a read."""
    made = key("[how_much]\nday_notional = 1000\norder_notional = 500\nloss_per_day = 50\nopen_orders = 3\n")
    made.market = market(NOON_US)
    assert went_straight(made, order(price=100))
    made.fill(order(quantity=2))
    assert went_straight(made, order(Side.SELL, 2, 99))
    resting = order(quantity=1)
    made.send(resting)
    for act in (Act.LOOK_UP, Act.CANCEL):
        assert went_straight(made, intent(act=act, symbol="BTCUSDT", target=ref(None, resting.client_id)))
    assert went_straight(made, intent(act=Act.BALANCES))


def test_what_needs_another_look_does_not_go_straight() -> None:
    """An order without a limit price, one beyond a limit and one of another currency are left to the rules."""
    made = key("[how_much]\norder_notional = 500\n")
    assert not went_straight(made, order(price=None, kind=OrderType.MARKET))
    assert not went_straight(made, order(quantity="5.01"))
    assert not went_straight(made, order(price="0.05", symbol="ETHBTC"))
    made.ledger.together = Together(1)
    assert not went_straight(made, order())
    assert not went_straight(key('[when]\nhours = ["01:00-02:00"]\n'), order())
    assert not went_straight(key(), intent(order(), transfers_value=True))


def straight_of(made: Key, *requests: Intent | OrderDraft) -> list[bool]:
    """Which of them go straight; each is decided as the rules would."""
    for each in requests:
        asked = each if isinstance(each, Intent) else intent(each)
        assert made.ask(asked, source=True) == made.explain(asked, source=True).decision
    return [went_straight(made, each) for each in requests]


@pytest.mark.parametrize(
    ("limit", "within", "beyond"),
    [
        ("[how_much]\norder_notional = 200", "2", "2.00000001"),
        ("[how_much]\nday_notional = 300", "2", "2.00000001"),
        ("[how_much]\nrolling_notional = 300", "2", "2.00000001"),
        ("[liquidity]\norder_share_bps = 1", "1", "1.00000001"),
        ("[liquidity]\nday_share_bps = 2", "1", "1.00000001"),
    ],
)
def test_an_amount_goes_straight_up_to_its_limit(limit: str, within: str, beyond: str) -> None:
    """An order that spends a limit to the last digit goes straight, and one that is a digit larger does not."""
    made = key(limit + "\n")
    if "order" not in limit:
        made.send(order(quantity=1))
    assert straight_of(made, order(quantity=within), order(quantity=beyond)) == [True, False]


def test_counts_and_rates_go_straight_up_to_their_limit() -> None:
    """The last open order, the last request of a minute, and nothing once the day's loss is spent."""
    made = key("[how_much]\nopen_orders = 2\n")
    made.send(order())
    assert went_straight(made, order())
    made.send(order())
    assert straight_of(made, order(time_in_force=TimeInForce.IOC), order()) == [True, False]
    made = key("[how_much]\nrequests_per_minute = 2\n")
    made.send(order())
    assert went_straight(made, order())
    made.send(order())
    assert not went_straight(made, order())
    assert not went_straight(made, intent(act=Act.BALANCES))
    made = key("[how_much]\nloss_per_day = 1\n")
    made.fill(order(price="100.5"))
    assert went_straight(made, order())
    made.ledger.losses.add(Decimal(1) - made.ledger.loss(NOON_US), made.now_us)
    assert not went_straight(made, order())


def test_prices_and_times_go_straight_up_to_their_edge() -> None:
    """The band's edge, the last moment of a reference's freshness and the last of a grant's time."""
    made = key()
    assert straight_of(made, order(price="101"), order(price="101.01")) == [True, False]
    assert straight_of(made, order(Side.SELL, price="99"), order(Side.SELL, price="98.99")) == [True, False]
    made.now_us += NEAR_FRESH_US
    assert went_straight(made, order())
    made.now_us += 1
    assert not went_straight(made, order())
    made.market.set_quote("BTCUSDT", msgspec.structs.replace(quote(100), near_us=made.now_us + ANCHOR_SERVES_US))
    made.now_us = NOON_US + ANCHOR_SERVES_US
    assert went_straight(made, order())
    made.now_us += 1
    assert not went_straight(made, order())
    made = key()
    made.authority = msgspec.structs.replace(made.authority, not_before_us=made.now_us, expires_us=made.now_us + 1)
    assert went_straight(made, order())
    made.now_us += 1
    assert not went_straight(made, order())


def test_a_sale_of_what_was_bought_goes_straight_whatever_is_spent() -> None:
    """What the key's own fills bought is sold straight on, and one digit more is not."""
    made = key("[how_much]\nday_notional = 200\n")
    made.fill(order(quantity=2))
    assert straight_of(made, order(Side.SELL, 2), order(Side.SELL, "2.00000001")) == [True, False]
    assert not went_straight(made, order(quantity="0.00000001"))
