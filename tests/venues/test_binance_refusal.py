"""Denials as clients get them, and the symbols that the venue describes."""

import json
from decimal import Decimal

import pytest

from bailiwick.model.decision import Deny
from bailiwick.model.market import SymbolInfo
from bailiwick.model.reason import Reaction, Reason
from bailiwick.model.request import Refusal
from bailiwick.venues.binance import BINANCE, BINANCE_US

MANDATORY = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
EXPECTED = {
    Reason.CAPABILITY_NOT_GRANTED: (401, -2015, "Invalid API-key, IP, or permissions for action."),
    Reason.ADDRESS_FOREIGN: (401, -2015, "Invalid API-key, IP, or permissions for action."),
    Reason.KEY_EXPIRED: (401, -2015, "Invalid API-key, IP, or permissions for action."),
    Reason.KEY_REVOKED: (401, -2015, "Invalid API-key, IP, or permissions for action."),
    Reason.ENDPOINT_UNKNOWN: (401, -2015, "Invalid API-key, IP, or permissions for action."),
    Reason.KEY_MISSING: (401, -2014, "API-key format invalid."),
    Reason.SIGNATURE_WRONG: (400, -1022, "Signature for this request is not valid."),
    Reason.SIGNATURE_MISSING: (
        400,
        -1102,
        MANDATORY.format("signature"),
    ),
    Reason.TIMESTAMP_MISSING: (
        400,
        -1102,
        MANDATORY.format("timestamp"),
    ),
    Reason.TIMESTAMP_STALE: (400, -1021, "Timestamp for this request is outside of the recvWindow."),
    Reason.TIMESTAMP_AHEAD: (400, -1021, "Timestamp for this request was 1000ms ahead of the server's time."),
    Reason.PARAMETER_DUPLICATED: (400, -1101, "Duplicate values for a parameter detected."),
    Reason.SYMBOL_UNKNOWN: (400, -1121, "Invalid symbol."),
    Reason.SYMBOL_NOT_GRANTED: (400, -2010, "This symbol is not permitted for this account."),
    Reason.KEY_WINDING_DOWN: (400, -2010, "This action is disabled on this account."),
    Reason.REPLAYED: (400, -2010, "Duplicate order sent."),
    Reason.ORDER_NOT_OWN: (400, -2013, "Order does not exist."),
    Reason.CANCEL_NOT_OWN: (400, -2011, "Unknown order sent."),
    Reason.UPSTREAM_UNKNOWN: (
        503,
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    ),
}
# ccxt raises another class of error where a message is exactly one of these, or contains one of the marked ones.
CCXT_EXACT = {
    "System is under maintenance.",
    "System abnormality",
    "You are not authorized to execute this request.",
    "API key does not exist",
    "Order would trigger immediately.",
    "Stop price would trigger immediately.",
    "Order would immediately match and take.",
    "Account has insufficient balance for requested action.",
    "Rest API trading is not enabled.",
    "This account may not place or cancel orders.",
    "You don't have permission.",
    "Market is closed.",
    "Too many requests. Please try again later.",
    "This action is disabled on this account.",
    "This symbol is restricted for this account.",
    "This symbol is not permitted for this account.",
}
CCXT_BROAD = (
    "has no operation privilege",
    "MAX_POSITION",
    "PERCENT_PRICE_BY_SIDE",
    "This order type is not possible",
    "Price * QTY is zero or less",
    "LOT_SIZE",
    "PRICE_FILTER",
)


@pytest.mark.parametrize(("reason", "expected"), EXPECTED.items(), ids=lambda value: getattr(value, "name", ""))
def test_denials_have_the_venues_own_words(reason: Reason, expected: tuple[int, int, str]) -> None:
    """A denial has the status, code and exact text with which Binance would refuse, then the name of the reason."""
    refusal = BINANCE.refuse(Deny(reason), None)
    status, code, text = expected
    assert refusal.status == status
    assert json.loads(refusal.body) == {"code": code, "msg": f"{text} [bailiwick {reason.name}]"}


@pytest.mark.parametrize("reason", Reason)
def test_details_stay_with_the_owner(reason: Reason) -> None:
    """Whatever the detail says, a denial's bytes are the same; and what the watch holds reads as any other hold."""
    bare = BINANCE.refuse(Deny(reason), None)
    assert BINANCE.refuse(Deny(reason, "limit 500, left 12.5"), None) == bare
    told = Reason.HELD if reason is Reason.WATCHED else reason
    assert json.loads(bare.body)["msg"].endswith(f"[bailiwick {told.name}]")


@pytest.mark.parametrize("reason", Reason)
def test_only_a_request_rate_is_429(reason: Reason) -> None:
    """Clients repeat what is answered with 429, so only the key's own request rate is, with its Retry-After."""
    refusal = BINANCE.refuse(Deny(reason, retry_after_s=7), None)
    limited = reason.reaction is Reaction.RATE
    assert (refusal.status == 429, refusal.retry_after_s) == (limited, 7 if limited else 0)


@pytest.mark.parametrize("reason", Reason)
def test_ccxt_reads_a_denial_by_its_code(reason: Reason) -> None:
    """No message is one of those by which ccxt would raise another class of error than the code's."""
    message = json.loads(BINANCE.refuse(Deny(reason), None).body)["msg"]
    assert message not in CCXT_EXACT
    assert not any(mark in message for mark in CCXT_BROAD)


def test_rate_carries_its_wait() -> None:
    """The answer to too many requests is 429, −1003, and says when to come back."""
    assert BINANCE.refuse(Deny(Reason.REQUEST_RATE, "60 a minute", 3), None) == Refusal(
        429, b'{"code":-1003,"msg":"Too many requests. [bailiwick REQUEST_RATE]"}', 3
    )


def test_binance_us_is_the_same_dialect() -> None:
    """Binance.US differs in its name alone."""
    assert (BINANCE.name, BINANCE_US.name) == ("binance", "binance-us")
    assert BINANCE.key_header == BINANCE_US.key_header == b"x-mbx-apikey"
    assert BINANCE_US.refuse(Deny(Reason.FAULT), None) == BINANCE.refuse(Deny(Reason.FAULT), None)


def described(**changes: object) -> bytes:
    """An answer to exchangeInfo with one symbol."""
    symbol = {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "isSpotTradingAllowed": True,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00002", "maxQty": "9000", "stepSize": "0.00001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.0", "maxQty": "100", "stepSize": "0.00000000"},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "maxNotional": "9000000.00"},
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        ],
    }
    return json.dumps({"timezone": "UTC", "symbols": [symbol | changes]}).encode()


def test_symbols_have_their_steps_and_least_sizes() -> None:
    """A symbol's steps and least sizes are read exactly from its filters."""
    assert BINANCE.symbols(described()) == {
        "BTCUSDT": SymbolInfo(
            symbol="BTCUSDT",
            base="BTC",
            quote="USDT",
            trading=True,
            tick=Decimal("0.01"),
            step=Decimal("0.00001"),
            least_quantity=Decimal("0.00002"),
            least_notional=Decimal(5),
        )
    }


def test_symbols_without_filters_have_no_steps() -> None:
    """What the venue does not say is zero, and the older filter of least notional is read too."""
    bare = BINANCE.symbols(described(filters=[]))["BTCUSDT"]
    assert (bare.tick, bare.step, bare.least_quantity, bare.least_notional) == (0, 0, 0, 0)
    old = described(filters=[{"filterType": "MIN_NOTIONAL", "minNotional": "10"}])
    assert BINANCE.symbols(old)["BTCUSDT"].least_notional == 10


@pytest.mark.parametrize("changes", [{"status": "BREAK"}, {"status": "HALT"}, {"isSpotTradingAllowed": False}])
def test_symbols_that_do_not_trade(changes: dict[str, object]) -> None:
    """A halted symbol, or one without spot trading, does not trade."""
    assert not BINANCE.symbols(described(**changes))["BTCUSDT"].trading


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"symbols":[{}]}'])
def test_other_descriptions_are_refused(body: bytes) -> None:
    """What is no description of symbols is an error, not an empty venue."""
    with pytest.raises(ValueError, match=r".*"):
        BINANCE.symbols(body)
