"""ccxt, unmodified in an environment of its own, lives behind the gateway as it would before the exchange."""

from collections.abc import Callable

import pytest
from environments import drive
from grants import BOT, ELSEWHERE, NARROW
from house import House
from runs import Found, check_spent, check_trades, refusal, value

from bailiwick.model.party import KeyKind

pytestmark = pytest.mark.clients

ClientOf = Callable[[str], str]


@pytest.fixture(scope="module", params=["signed", "trusted"])
def whole(request: pytest.FixtureRequest, client_of: ClientOf) -> Found:
    """Everything that ccxt does with an HMAC key, before an exchange and before an exchange's own engine."""
    house = request.getfixturevalue("house" if request.param == "signed" else "engine_house")
    key, foreign = house.issue(BOT), house.issue(ELSEWHERE)
    return drive(
        client_of("ccxt"),
        "run_ccxt.py",
        url=house.url,
        key=key.id,
        secret=key.secret,
        foreign={"key": foreign.id, "secret": foreign.secret},
    )


def test_it_starts_reads_trades_edits_and_cancels(whole: Found) -> None:
    """ccxt loads its markets by default, reads balances, places, edits, lists, looks up and cancels orders."""
    check_trades(whole)


@pytest.mark.parametrize(
    ("step", "error", "reason"),
    [
        ("foreign address", "AuthenticationError", "ADDRESS_FOREIGN"),
        ("wrong secret", "AuthenticationError", "SIGNATURE_WRONG"),
        ("other symbol", "InvalidOrder", "SYMBOL_NOT_GRANTED"),
        ("too large", "InvalidOrder", "ORDER_NOTIONAL"),
        ("too far", "InvalidOrder", "BAND_NEAR"),
        # Once it has been let in, ccxt takes -2015 for a passing ban, before the exchange as here.
        ("withdraw", "DDoSProtection", "CAPABILITY_NOT_GRANTED"),
        ("borrow", "DDoSProtection", "CAPABILITY_NOT_GRANTED"),
        ("another's order", "OrderNotFound", "CANCEL_NOT_OWN"),
        ("replay", "InvalidOrder", "REPLAYED"),
        ("altered", "AuthenticationError", "SIGNATURE_WRONG"),
    ],
)
def test_it_is_refused_in_words_that_it_knows(whole: Found, step: str, error: str, reason: str) -> None:
    """Each trespass is refused for its one true reason, as an exception that ccxt has for the exchange's own answer."""
    assert refusal(whole, step) == (error, reason)


def test_a_spent_day_refuses_until_orders_are_cancelled(whole: Found) -> None:
    """Orders beyond the day's budget are refused, what was bought can still be sold, and the client lives on."""
    check_spent(whole, "InvalidOrder")


@pytest.mark.parametrize("kind", [KeyKind.ED25519, KeyKind.RSA])
def test_it_signs_with_a_private_key_that_never_leaves_it(house: House, client_of: ClientOf, kind: KeyKind) -> None:
    """ccxt trades by Ed25519 and RSA keys of which the gateway holds the public half alone."""
    key = house.issue(BOT, kind)
    check_trades(drive(client_of("ccxt"), "run_ccxt.py", url=house.url, key=key.id, secret=key.secret))


def test_a_key_that_may_not_read_starts_by_default(house: House, client_of: ClientOf) -> None:
    """ccxt's default load_markets succeeds for a key that reads nothing, is shown no balance, and can trade."""
    key = house.issue(NARROW)
    found = drive(client_of("ccxt"), "run_ccxt_narrow.py", url=house.url, key=key.id, secret=key.secret)
    assert "BTC/USDT" in value(found, "markets")
    assert {"BTC", "USDT"} <= set(value(found, "currencies"))
    assert set(value(found, "balances seen")) == {"0"}
    assert value(found, "limit")["status"] == "open"
    assert value(found, "cancel")["status"] == "canceled"
    for step in ("balance", "trades"):
        assert refusal(found, step)[1] == "CAPABILITY_NOT_GRANTED"


@pytest.mark.parametrize("whole", ["trusted"], indirect=True)
def test_an_engine_is_told_for_whom_and_where_it_is_recorded(engine_house: House, whole: Found) -> None:
    """Before its own engine the gateway states the key, and the journal position of each order, in rising order."""
    check_trades(whole)
    received = engine_house.exchange.received()
    assert {row["api_key"][:4] for row in received} == {"bwk_"}
    positions = [row["position"] for row in received]
    assert None not in positions
    assert positions == sorted(positions)
