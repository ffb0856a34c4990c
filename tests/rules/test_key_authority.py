"""The effective permission: an intersection, computed in one place."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_ground import GRANT, Key, dec, grant, intent, key, order

from bailiwick.model.decision import Allow
from bailiwick.model.grant import Bound, MarketOrders, Orders, bound_from_toml, grant_from_toml
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, Destination, OrderType, Side
from bailiwick.rules.authority import Allowance, authority
from bailiwick.rules.describe import describe
from bailiwick.rules.presets import PRESETS, preset


def bound(text: str) -> Bound:
    """A bound out of TOML."""
    return bound_from_toml(text)


def test_a_grant_without_bounds_is_itself() -> None:
    """An open bound takes nothing away."""
    alone, bounded = authority(grant()), authority(grant(), Bound(), Bound())
    for field in alone.__struct_fields__:
        if field != "days":
            assert getattr(bounded, field) == getattr(alone, field), field


def test_limits_are_the_least_of_all() -> None:
    """Of every limit the tightest binds, wherever it is written, and of a floor the highest."""
    found = authority(
        grant("[how_much]\norder_notional = 500\nopen_orders = 9\n[liquidity]\nleast_daily_volume = 5\n"),
        bound("[how_much]\norder_notional = 300\nday_notional = 900\n[liquidity]\nleast_daily_volume = 7\n"),
        bound("[how_much]\norder_notional = 400\nopen_orders = 3\n[how_far]\nnear_bps = 50\nanchor_bps = 900\n"),
    )
    assert (found.order_notional, found.day_notional, found.open_orders) == (300, 900, 3)
    assert found.least_daily_volume == 7
    assert found.near is not None and found.anchor is not None
    assert (found.near.bps, found.near.buy, found.near.sell) == (50, dec("1.005"), dec("0.995"))
    assert found.anchor.bps == 300


def test_permissions_are_what_all_permit() -> None:
    """A permission that one part withholds is withheld."""
    found = authority(
        grant(),
        bound('[what]\nmay = ["read", "trade", "withdraw"]\nsymbols = ["BTCUSDT", "SOLUSDT"]\nsides = ["SELL"]\n'),
        bound('[what]\nmarket_orders = "deny"\norder_types = ["LIMIT"]\norders = "account"\n'),
    )
    assert found.harms == {Harm.READ, Harm.TRADE}
    assert (found.symbols, found.sides) == ({"BTCUSDT"}, {Side.SELL})
    assert (found.order_types, found.market_orders) == ({OrderType.LIMIT}, MarketOrders.DENY)
    assert found.own_orders_only
    assert not authority(grant(orders=Orders.ACCOUNT)).own_orders_only
    assert authority(grant(symbols="all")).symbols is None


def test_withdrawals_are_to_what_all_list() -> None:
    """A destination must stand in every list, byte for byte, with the least of its amounts."""
    to = '[[withdrawals]]\ncoin = "BTC"\nnetwork = "BTC"\naddress = "{}"\nper_act = {}\n'
    found = authority(
        grant(to.format("a", 5) + to.format("b", 5)),
        bound(to.format("a", 3) + "per_day = 4\n" + to.format("B", 1)),
        Bound(),
    )
    assert found.withdrawals == {Destination("BTC", "BTC", "a"): Allowance(dec(3), dec(4))}


def test_two_currencies_are_an_error() -> None:
    """Amounts of two currencies cannot be compared: the error names both."""
    with pytest.raises(ValueError, match="the grant counts in USDT and a bound in EUR"):
        authority(grant(), bound('currency = "EUR"\n[how_much]\nday_notional = 1\n'))
    assert authority(grant(), bound('currency = "EUR"\n[how_much]\nopen_orders = 1\n')).open_orders == 1


def test_networks_must_all_admit() -> None:
    """An address lies in a network of the grant and in one of every bound."""
    found = authority(
        grant('[where]\nnetworks = ["192.0.2.0/24", "2001:db8::/32"]\n'),
        bound('[where]\nnetworks = ["192.0.2.128/25", "2001:db8:1::/48"]\n'),
    )
    for address, admitted in {
        "192.0.2.200": True,
        "::ffff:192.0.2.200": True,
        "192.0.2.1": False,
        "2001:db8:1::7": True,
        "2001:db8:2::7": False,
        "192.0.2.200 ": False,
        "": False,
        "::c000:2c8": False,
    }.items():
        assert found.admits(address) == admitted, address
    assert authority(grant()).admits("anything")


def test_hours_must_all_be_open() -> None:
    """Hours are of each part's own zone, reach over midnight, and bind what opens."""
    made = Key(
        grant('[when]\ndays = ["mon"]\nhours = ["22:00-06:00"]\nzone = "America/New_York"\n'),
        bound('[when]\nhours = ["00:00-08:00"]\n'),
    )

    def at(day: int, hour: int, minute: int = 0) -> bool:
        moment = datetime(2026, 2, day, hour, minute, tzinfo=UTC)
        made.age(int(moment.timestamp()) * 1_000_000 - made.now_us)
        assert isinstance(made.ask(intent(act=Act.BALANCES)), Allow)
        return isinstance(made.ask(order()), Allow)

    assert not at(17, 2, 59)  # Monday 21:59 in New York
    assert at(17, 3)
    assert at(17, 7, 59)
    assert not at(17, 8)  # the bound's hours have ended
    assert not at(18, 4)  # Tuesday 23:00 in New York


def test_both_ends_of_its_time_are_the_tightest() -> None:
    """A key begins with the last beginning and ends with the first end."""
    found = authority(
        grant("[when]\nnot_before = 2026-01-01T00:00:00Z\nexpires = 2027-01-01T00:00:00Z\n"),
        bound("[when]\nnot_before = 2026-02-01T00:00:00+01:00\nexpires = 2026-12-01T00:00:00Z\n"),
    )
    assert found.not_before_us == int(datetime(2026, 1, 31, 23, tzinfo=UTC).timestamp()) * 1_000_000
    assert found.expires_us == int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * 1_000_000


NARROWING = st.sampled_from(
    [
        '[what]\nsymbols = ["BTCUSDT"]\n',
        '[what]\nsides = ["SELL"]\n',
        '[what]\nmarket_orders = "deny"\n',
        "[how_much]\norder_notional = 60\n",
        "[how_much]\nday_notional = 120\n",
        "[how_far]\nnear_bps = 10\n",
        "[how_much]\nopen_orders = 2\n",
        "[liquidity]\norder_share_bps = 1\n",
        '[when]\nhours = ["13:00-14:00"]\n',
    ]
)


@given(
    st.lists(NARROWING, max_size=2),
    NARROWING,
    st.lists(
        st.tuples(
            st.sampled_from(Side), st.integers(1, 200), st.sampled_from([None, 99, 100, 101]),
            st.sampled_from(["BTCUSDT", "ETHBTC"]),
        ),
        max_size=6,
    ),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_a_bound_never_widens(texts: list[str], further: str, asked: list[tuple]) -> None:
    """Whatever a key may do under more bounds it may do under fewer."""
    bounds = [bound(text) for text in texts]
    wide, narrow = Key(grant(), *bounds), Key(grant(), *bounds, bound(further))
    for side, hundredths, price, name in asked:
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        draft = order(side, Decimal(hundredths) / 100, price, kind, symbol=name)
        if isinstance(narrow.ask(draft), Allow):
            assert isinstance(wide.ask(draft), Allow)
            for each in (narrow, wide):
                each.send(draft)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_grant_that_works(name: str) -> None:
    """Every preset does what its client does, survives its text, and withdraws, borrows and moves nothing."""
    found = preset(name, ["BTCUSDT"], "USDT", dec(2000))
    made = Key(found)
    assert isinstance(made.ask(intent(act=Act.BALANCES)), Allow)
    trades = Harm.TRADE in found.what.may
    assert isinstance(made.ask(order(quantity="0.3", price=100)), Allow) == trades
    assert not found.what.may & {Harm.WITHDRAW, Harm.BORROW, Harm.MOVE, Harm.BEARER, Harm.ADMINISTER}
    assert trades == (found.how_much.day_notional == 2000)


def test_a_preset_needs_what_it_limits() -> None:
    """A trading preset without symbols or budget, and one that does not exist, are errors that name the field."""
    with pytest.raises(ValueError, match="preset: 'hedge fund' is not one"):
        preset("hedge fund", ["BTCUSDT"], "USDT", dec(1))
    with pytest.raises(ValueError, match="symbols: a dca needs some"):
        preset("dca", [], "USDT", dec(1))
    with pytest.raises(ValueError, match="budget: a dca needs one"):
        preset("dca", ["BTCUSDT"], "USDT", dec(0))


def test_a_grant_is_told_in_sentences() -> None:
    """Every limit is told, and so is its absence."""
    text = (
        GRANT.replace('"trade"]', '"trade", "withdraw"]')
        + "[how_much]\nday_notional = 2000\n[where]\nnetworks = ['192.0.2.0/24']\n"
        + '[when]\nexpires = 2027-01-01T00:00:00Z\nnot_before = 2026-01-01T00:00:00Z\ndays = ["mon", "fri"]\n'
        + '[[withdrawals]]\ncoin = "XRP"\nnetwork = "XRP"\naddress = "r1"\ntag = "7"\nper_act = 5\n'
        + '[how_far]\nanchor_bps = "none"\n[liquidity]\nleast_daily_volume = 1000000\nday_share_bps = 50\n'
    )
    told = describe(grant_from_toml(text))
    for sentence in [
        "It may fetch public data, read balances and orders, cancel orders, trade, withdraw.",
        "One order: no limit.",
        "A calendar day in UTC: at most 2000 USDT.",
        "It buys at most 1 % above, and sells at most 1 % below, the market of the last seconds.",
        "No limit on how far an order stands from the market of the last hour.",
        "It trades in markets that trade 1000000 USDT or more a day.",
        "A day's trading: at most 0.5 % of a usual day's volume.",
        "It withdraws XRP over XRP to r1 tag 7: at most 5 at once, no limit in a day.",
        "It is used from 192.0.2.0/24 alone.",
        "It begins 2026-01-01 00:00:00+00:00.",
        "It expires 2027-01-01 00:00:00+00:00.",
        "It opens orders mon, fri, all day, in UTC; reading, cancelling and reducing at any time.",
    ]:
        assert sentence in told, sentence
    assert describe(grant_from_toml('purpose = ""'))[0] == "It may do nothing."
    assert "It withdraws nowhere: no destination is named." in describe(
        grant_from_toml('purpose = ""\n[what]\nmay = ["withdraw"]\n')
    )


def test_a_key_made_of_the_test_grant_works() -> None:
    """The ground that these tests stand on holds."""
    assert isinstance(key().ask(order()), Allow)
