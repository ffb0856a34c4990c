"""python-binance, unmodified in an environment of its own, lives behind the gateway as it would before the exchange."""

from collections.abc import Callable

import pytest
from environments import drive
from grants import BOT, ELSEWHERE
from house import House
from runs import Found, check_spent, check_trades, refusal

from bailiwick.model.party import KeyKind

pytestmark = pytest.mark.clients

ClientOf = Callable[[str], str]


@pytest.fixture(scope="module", params=["signed", "trusted"])
def whole(request: pytest.FixtureRequest, client_of: ClientOf) -> Found:
    """Everything that python-binance does with an HMAC key, before an exchange and before an exchange's own engine."""
    house: House = request.getfixturevalue("house" if request.param == "signed" else "engine_house")
    key, foreign = house.issue(BOT), house.issue(ELSEWHERE)
    return drive(
        client_of("python-binance"),
        "run_python_binance.py",
        url=house.url,
        key=key.id,
        secret=key.secret,
        foreign={"key": foreign.id, "secret": foreign.secret},
    )


def test_it_starts_reads_trades_replaces_and_cancels(whole: Found) -> None:
    """python-binance reads markets and balances, places, replaces, lists, looks up and cancels orders."""
    check_trades(whole)


@pytest.mark.parametrize(
    ("step", "error", "reason"),
    [
        ("foreign address", "BinanceAPIException", "ADDRESS_FOREIGN"),
        ("wrong secret", "BinanceAPIException", "SIGNATURE_WRONG"),
        ("other symbol", "BinanceAPIException", "SYMBOL_NOT_GRANTED"),
        ("too large", "BinanceAPIException", "ORDER_NOTIONAL"),
        ("too far", "BinanceAPIException", "BAND_NEAR"),
        ("withdraw", "BinanceAPIException", "CAPABILITY_NOT_GRANTED"),
        # The client calls an address for it that the exchange has retired.
        ("borrow", "BinanceAPIException", "ENDPOINT_UNKNOWN"),
        ("another's order", "BinanceAPIException", "CANCEL_NOT_OWN"),
        ("replay", "BinanceAPIException", "REPLAYED"),
        ("altered", "BinanceAPIException", "SIGNATURE_WRONG"),
    ],
)
def test_it_is_refused_in_words_that_it_knows(whole: Found, step: str, error: str, reason: str) -> None:
    """Each trespass is refused for its one true reason, as the exception that the client has for such an answer."""
    assert refusal(whole, step) == (error, reason)


def test_a_spent_day_refuses_until_orders_are_cancelled(whole: Found) -> None:
    """Orders beyond the day's budget are refused, what was bought can still be sold, and the client lives on."""
    check_spent(whole, "BinanceAPIException")


@pytest.mark.parametrize("kind", [KeyKind.ED25519, KeyKind.RSA])
def test_it_signs_with_a_private_key_that_never_leaves_it(house: House, client_of: ClientOf, kind: KeyKind) -> None:
    """python-binance trades by Ed25519 and RSA keys of which the gateway holds the public half alone."""
    key = house.issue(BOT, kind)
    check_trades(
        drive(client_of("python-binance"), "run_python_binance.py", url=house.url, key=key.id, secret=key.secret)
    )
