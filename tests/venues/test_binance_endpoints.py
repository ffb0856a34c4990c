"""The table of endpoints: complete, classed twice, and safe to grant reading from."""

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from bailiwick.model.harm import BIT, Harm, mask
from bailiwick.model.intent import Act
from bailiwick.venues.binance import BINANCE, BINANCE_US
from bailiwick.venues.binance.endpoints import ENDPOINTS, PARAMETERS

TABLE = files("bailiwick.venues.binance").joinpath("endpoints.tsv").read_text(encoding="utf-8").splitlines()
ROWS = list(csv.DictReader(TABLE, delimiter="\t", quoting=csv.QUOTE_NONE))
FACTS = Path(__file__).parents[2] / "../shared/facts/binance_endpoints.tsv"
TELLING = frozenset({Harm.PUBLIC, Harm.READ})
RANKS = list(Harm)


def test_a_key_that_may_only_read_can_change_nothing() -> None:
    """Walk the whole table: no endpoint that a key with public and read may call changes anything."""
    may = mask(TELLING)
    changing = [
        place
        for place, endpoint in ENDPOINTS.items()
        if endpoint.bit & may and (endpoint.changes or endpoint.harm not in TELLING)
    ]
    assert changing == []
    assert sum(1 for endpoint in ENDPOINTS.values() if not endpoint.bit & may) > 200


def test_a_method_that_says_change_is_only_classed_as_telling_with_an_argument() -> None:
    """Every POST, PUT or DELETE in the classes public and read has its argument in the file."""
    unargued = [
        (row["method"], row["path"])
        for row in ROWS
        if row["method"] != "GET" and Harm(row["harm"]) in TELLING and not row["argument"]
    ]
    assert unargued == []


def test_whatever_is_classed_as_changing_needs_a_mark_and_a_record() -> None:
    """Only trying an order is neither telling nor changing."""
    unmarked = [
        endpoint.path
        for endpoint in ENDPOINTS.values()
        if endpoint.harm not in TELLING and not endpoint.changes and endpoint.act is not Act.TRY
    ]
    assert unmarked == []


def test_every_row_was_classed_by_two_readers_and_differences_are_argued() -> None:
    """The class is the more harmful of two readings, and wherever they differ the file says why."""
    for row in ROWS:
        readings = {row["reader_a"], row["reader_b"]}
        assert row["harm"] in readings, row
        assert len(readings) == 1 or row["argument"], row
        assert RANKS.index(Harm(row["harm"])) == max(RANKS.index(Harm(reading)) for reading in readings), row


def test_no_row_stands_twice_and_each_is_known() -> None:
    """Every method and path of the file is one endpoint, with the bit of its class."""
    assert len({(row["method"], row["path"]) for row in ROWS}) == len(ROWS) == len(ENDPOINTS)
    for row in ROWS:
        endpoint = BINANCE.endpoint(row["method"], row["path"])
        assert endpoint is not None
        assert (endpoint.harm, endpoint.bit) == (Harm(row["harm"]), BIT[Harm(row["harm"])])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sapi/v1/capital/withdraw/apply"),
        ("POST", "/api/v3/userDataStream"),
        ("POST", "/api/v1/order"),
        ("get", "/api/v3/order"),
        ("GET", "/api/v3/order/"),
        ("GET", "/api/v3/order?"),
        ("GET", ""),
    ],
)
def test_what_is_not_listed_is_not_known(method: str, path: str) -> None:
    """An endpoint that the table does not list is None, whatever it resembles."""
    assert BINANCE.endpoint(method, path) is None
    assert BINANCE_US.endpoint(method, path) is None


def test_table_is_complete() -> None:
    """Every endpoint of the venue that is known of stands in the table."""
    if not FACTS.exists():
        pytest.skip(f"no {FACTS.name} beside this checkout to compare with")
    with FACTS.open(encoding="utf-8") as lines:
        known = {(row["method"], row["path"]) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}
    assert known - set(ENDPOINTS) == set()


def test_value_never_leaves_under_a_mild_class() -> None:
    """What the venue files under USER_DATA though it moves value is classed by what it can do."""
    expected = {
        ("POST", "/sapi/v1/capital/withdraw/apply"): Harm.WITHDRAW,
        ("POST", "/sapi/v1/localentity/withdraw/apply"): Harm.WITHDRAW,
        ("POST", "/sapi/v1/asset/transfer"): Harm.MOVE,
        ("POST", "/sapi/v1/sub-account/universalTransfer"): Harm.MOVE,
        ("POST", "/sapi/v1/giftcard/createCode"): Harm.BEARER,
        ("POST", "/sapi/v1/margin/borrow-repay"): Harm.BORROW,
        ("POST", "/sapi/v1/sub-account/subAccountApi"): Harm.ADMINISTER,
        ("POST", "/sapi/v1/account/enableFastWithdrawSwitch"): Harm.ADMINISTER,
    }
    assert {place: ENDPOINTS[place].harm for place in expected} == expected


def test_what_a_grant_bounds_is_served_only_where_it_can_be_held_to_it() -> None:
    """Whatever cancels, trades, borrows or hands value out is read into orders or a destination, or is not served."""
    bounded = {Harm.CANCEL, Harm.TRADE, Harm.BORROW, Harm.WITHDRAW, Harm.BEARER}
    acts = {endpoint.act for endpoint in ENDPOINTS.values() if endpoint.served and endpoint.harm in bounded}
    assert Act.PLAIN not in acts
    out = {endpoint.act for endpoint in ENDPOINTS.values() if endpoint.served and endpoint.harm in RANKS[6:8]}
    assert out == {Act.WITHDRAW}
    for path in ("/sapi/v1/asset/dust", "/sapi/v1/managed-subaccount/deposit", "/sapi/v1/managed-subaccount/withdraw"):
        assert not ENDPOINTS["POST", path].served


def test_cancelling_is_its_own_class() -> None:
    """Cancels are not trades: a key may have one without the other."""
    cancels = {endpoint.act for endpoint in ENDPOINTS.values() if endpoint.harm is Harm.CANCEL and endpoint.served}
    assert cancels == {Act.CANCEL, Act.CANCEL_ALL, Act.CANCEL_LIST}


def test_spot_wallet_and_sub_accounts_are_served_and_other_products_only_at_start() -> None:
    """All of /api/v3 is served; of margin and futures nothing is but what clients read at their start."""
    families = {(row["method"], row["path"]): row["family"] for row in ROWS}
    served = {
        families[place] for place, endpoint in ENDPOINTS.items() if endpoint.served and endpoint.act is not Act.START_UP
    }
    assert served == {"spot", "wallet", "sub_account"}
    assert all(endpoint.served for endpoint in ENDPOINTS.values() if endpoint.path.startswith("/api/v3/"))
    start_up = {endpoint.path for endpoint in ENDPOINTS.values() if endpoint.act is Act.START_UP}
    assert start_up == {
        "/sapi/v1/capital/config/getall",
        "/sapi/v1/margin/allPairs",
        "/sapi/v1/margin/isolated/allPairs",
        "/sapi/v1/margin/allAssets",
        "/fapi/v1/exchangeInfo",
        "/dapi/v1/exchangeInfo",
    }


def test_start_up_reads_change_nothing() -> None:
    """What is served to the narrowest key is public or reading."""
    assert {e.harm for e in ENDPOINTS.values() if e.act is Act.START_UP} <= TELLING


def test_served_endpoints_that_change_something_take_known_parameters() -> None:
    """No served endpoint that changes something was left without its parameters, but those that take none."""
    bare = {
        endpoint.path
        for place, endpoint in ENDPOINTS.items()
        if endpoint.served and endpoint.changes and place not in PARAMETERS
    }
    assert bare == {"/sapi/v1/account/disableFastWithdrawSwitch", "/sapi/v1/account/enableFastWithdrawSwitch"}
