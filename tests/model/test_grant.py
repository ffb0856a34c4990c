"""Grants: one readable form in, the same form out."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.model.grant import (
    Bound,
    Day,
    Grant,
    GrantError,
    HowFar,
    HowMuch,
    Liquidity,
    MarketOrders,
    OpenHowFar,
    OpenWhat,
    Orders,
    What,
    When,
    Where,
    WithdrawalGrant,
    bound_from_toml,
    bound_to_toml,
    grant_from_toml,
    grant_to_toml,
    read_hours,
)
from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType, Side

AMOUNTS = st.none() | st.decimals(min_value=0, max_value=10**19, places=8, allow_nan=False, allow_infinity=False)
BPS = st.integers(0, 100_000) | st.just("none")
SHARES = st.none() | st.integers(0, 10_000)
WORDS = st.text(st.characters(categories=["L", "N", "P"]), max_size=20)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
MOMENTS = st.none() | st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  (hypothesis wants it naive and adds the zone)
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)
SYMBOLS = st.just("all") | st.frozensets(st.from_regex(r"[A-Z0-9]{5,10}", fullmatch=True), max_size=4)
MUCH = st.builds(
    HowMuch, order_notional=AMOUNTS, day_notional=AMOUNTS, rolling_notional=AMOUNTS, loss_per_day=AMOUNTS, zone=ZONES,
    open_orders=st.none() | st.integers(0, 500), requests_per_minute=st.none() | st.integers(1, 6000),
)  # fmt: skip
THIN = st.builds(Liquidity, least_daily_volume=AMOUNTS, order_share_bps=SHARES, day_share_bps=SHARES)
WITHDRAWALS = st.lists(
    st.builds(
        WithdrawalGrant, coin=st.sampled_from(["BTC", "USDT"]), network=st.just("TRX"), address=WORDS.filter(bool),
        tag=WORDS, per_act=AMOUNTS, per_day=AMOUNTS,
    ),
    max_size=3,
    unique_by=lambda each: each.destination,
).map(tuple)  # fmt: skip
NETWORKS = st.lists(st.sampled_from(["192.0.2.0/24", "2001:db8::/32", "198.51.100.7/32"]), max_size=3).map(tuple)
WHEN = st.builds(
    When, expires=MOMENTS, days=st.frozensets(st.sampled_from(Day)), zone=ZONES,
    hours=st.lists(st.sampled_from(["08:00-18:00", "22:00-06:00", "00:00-24:00"]), max_size=2).map(tuple),
)  # fmt: skip


def whats(kind: type) -> st.SearchStrategy:
    """Strategies for what a grant or a bound permits."""
    return st.builds(
        kind, may=st.frozensets(st.sampled_from(Harm)), symbols=SYMBOLS, sides=st.frozensets(st.sampled_from(Side)),
        order_types=st.frozensets(st.sampled_from(OrderType)), orders=st.sampled_from(Orders),
        market_orders=st.sampled_from([MarketOrders.DENY, MarketOrders.BOUND]),
    )  # fmt: skip


GRANTS = st.builds(
    Grant, purpose=WORDS, currency=st.sampled_from(["USDT", "EUR"]), what=whats(What), how_much=MUCH,
    how_far=st.builds(HowFar, near_bps=BPS, anchor_bps=st.integers(0, 10_000), stop_bps=BPS), liquidity=THIN,
    withdrawals=WITHDRAWALS, where=st.builds(Where, networks=NETWORKS), when=WHEN,
)  # fmt: skip
BOUNDS = st.builds(
    Bound, purpose=WORDS, what=whats(OpenWhat), how_much=MUCH, liquidity=THIN, withdrawals=st.none() | WITHDRAWALS,
    how_far=st.builds(OpenHowFar, near_bps=BPS, anchor_bps=BPS, stop_bps=BPS), when=WHEN,
    where=st.builds(Where, networks=NETWORKS),
)  # fmt: skip


@given(GRANTS)
def test_a_grant_survives_its_text(grant: Grant) -> None:
    """A grant written as TOML and read again is the same grant, and is written the same."""
    text = grant_to_toml(grant)
    assert grant_from_toml(text) == grant
    assert grant_to_toml(grant_from_toml(text)) == text


@given(BOUNDS)
def test_a_bound_survives_its_text(bound: Bound) -> None:
    """A bound written as TOML and read again is the same bound."""
    assert bound_from_toml(bound_to_toml(bound)) == bound


def test_what_is_absent_is_denied_in_a_grant_and_open_in_a_bound() -> None:
    """An empty grant permits nothing, an empty bound takes nothing away."""
    grant, bound = grant_from_toml('purpose = ""'), bound_from_toml("")
    assert (grant.what.may, grant.what.symbols, grant.what.sides) == (frozenset(), frozenset(), frozenset())
    assert (bound.what.may, bound.what.symbols, bound.withdrawals) == (frozenset(Harm), "all", None)
    assert (grant.how_far.near_bps, grant.how_far.anchor_bps) == (100, 300)


def test_an_amount_is_exact() -> None:
    """An amount never passes through a binary fraction."""
    grant = grant_from_toml('purpose = ""\n[how_much]\norder_notional = 0.100000000000000001\n')
    assert grant.how_much.order_notional == Decimal("0.100000000000000001")
    assert "order_notional = 0.100000000000000001\n" in grant_to_toml(grant)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("surprise = 1", "surprise: there is no such field; remove it or correct its spelling, known: currency"),
        (
            "[what]\nsymbls = []",
            "what.symbls: there is no such field; remove it or correct its spelling",
        ),
        ('[what]\nmay = ["everything"]', 'what.may[0]: \'everything\' is not a word of it; write "public", "read"'),
        ('[what]\nsymbols = ["BTC USDT"]', "what.symbols: 'BTC USDT' is not a symbol"),
        (
            '[what]\nmay = ["trade"]\n[how_far]\nnear_bps = "none"\nanchor_bps = "none"',
            "what.market_orders: bound",
        ),
        ('[what]\nmarket_orders = "pass"', "what.market_orders: pass needs a floor"),
        ("[how_much]\norder_notional = nan", "how_much.order_notional: NaN is not an amount"),
        ("[how_much]\nday_notional = inf", "how_much.day_notional: Infinity is not an amount"),
        ("[how_much]\nday_notional = 1e400", "how_much.day_notional: 1E+400 is not an amount"),
        ("[how_much]\nrolling_notional = -1", "how_much.rolling_notional: -1 is not an amount"),
        ("[how_much]\nloss_per_day = 1e-19", "how_much.loss_per_day: 1E-19 is too fine"),
        ("[how_much]\nopen_orders = -1", "how_much.open_orders: -1 is out of range"),
        ("[how_much]\nrequests_per_minute = 0", "how_much.requests_per_minute: 0 is out of range"),
        ('[how_much]\nzone = "Mars/Base"', "how_much.zone: 'Mars/Base' is not known"),
        ('[how_much]\nzone = "/etc/passwd"', "how_much.zone: '/etc/passwd' is not known"),
        ("[how_far]\nnear_bps = -1", "how_far.near_bps: -1 is out of range"),
        (
            '[how_far]\nnear_bps = "some"',
            "how_far.near_bps: 'some' is not a word of it; write a whole number or",
        ),
        ('[where]\nnetworks = ["192.0.2.1/24"]', "where.networks: 192.0.2.1/24 has host bits set"),
        ("[when]\nexpires = 2027-01-01T00:00:00", "when.expires: it has no offset"),
        ("[when]\nnot_before = 2027-01-01T00:00:00Z\nexpires = 2026-01-01T00:00:00Z", "when.expires: it lies before"),
        ('[when]\nhours = ["8-18"]', "when.hours: '8-18' is not a span"),
        ('[when]\ndays = ["someday"]', 'when.days[0]: \'someday\' is not a word of it; write "mon", "tue"'),
        ('currency = "US DT"', "currency: 'US DT' is not an asset"),
        ('[[withdrawals]]\ncoin = ""\nnetwork = "x"\naddress = "y"', "coin: it is empty"),
        ('[[withdrawals]]\ncoin = "x"', "withdrawals[0].network: it is missing; write it"),
        (2 * '[[withdrawals]]\ncoin = "C"\nnetwork = "N"\naddress = "A"\n', "withdrawals: C to A stands twice"),
        ("[when]\nexpires = 9999-12-31T23:59:59-12:00", "when.expires: it is out of range"),
        ("= 1", "the text is not TOML"),
        ("[how_much]\norder_notional = 1e99999999999999999999", "the text has a number or a nesting"),
        ("purpose = 1", "is not TOML"),
        ("what = 3", "what: a whole number stands there; write a table"),
        ('[what]\nmay = "read"', "what.may: text stands there; write a list"),
        ("[how_much]\nopen_orders = 1.5", "how_much.open_orders: a number stands there; write a whole number"),
        ('[when]\nexpires = "soon"', "when.expires: it is not a moment; write it like 2027-01-31T12:00:00Z"),
        ('[what]\nsymbols = "BTC"', "what.symbols: 'BTC' is not a word of it; write a list of names or \"all\""),
    ],
)
def test_an_error_names_field_and_remedy(text: str, said: str) -> None:
    """What is wrong with a grant is said by the name of its field."""
    with pytest.raises(GrantError) as caught:
        grant_from_toml('purpose = "x"\n' + text)
    assert said in str(caught.value)
    assert re.search("Expected|Object|Invalid enum|RFC|`", str(caught.value)) is None


@pytest.mark.parametrize(
    "name", ["x` - at `$.evil", "x - at `$.what", "` - at `$.what.may[0]", "Invalid enum value 'x' - at `$.a.b"]
)
def test_a_name_that_speaks_like_a_reader_is_an_error_as_well(name: str) -> None:
    """Whatever a field is called, an unknown one ends in an error of the grant and in nothing else."""
    with pytest.raises(GrantError):
        grant_from_toml(f'purpose = "x"\n"{name}" = 1\n')


def test_a_purpose_is_a_line_for_people() -> None:
    """A purpose is short, and shows all that it has."""
    for purpose in ("x" * 201, "two\nlines", "\u202e"):
        with pytest.raises(ValueError, match="purpose: write at most 200 printable characters"):
            Grant(purpose=purpose)


def test_a_moment_can_be_written() -> None:
    """An offset that TOML cannot write is refused."""
    with pytest.raises(ValueError, match="its offset is not of whole minutes"):
        When(expires=datetime(2027, 1, 1, tzinfo=timezone(timedelta(seconds=1))))


@pytest.mark.parametrize(("text", "span"), [("08:00-18:00", (480, 1080)), ("22:00-06:00", (1320, 360))])
def test_hours_are_minutes_of_the_day(text: str, span: tuple[int, int]) -> None:
    """Hours are read as minutes, and may reach into the next day."""
    assert read_hours(text) == span


@pytest.mark.parametrize("text", ["24:00-01:00", "08:00-08:00", "08:60-09:00", "8:00-9:00", "08:00", "08:00-24:30"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    """A span that no clock shows is refused."""
    with pytest.raises(ValueError, match="is not a span of a day"):
        read_hours(text)
