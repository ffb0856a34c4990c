"""How many orders the venue takes, out of its description of itself."""

import json

import pytest

from bailiwick.model.market import OrderRates
from bailiwick.venues.binance import BINANCE

RATES = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 160000},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61000},
]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"rateLimits": RATES, "symbols": []}, OrderRates(ten_seconds=50, day=160_000)),
        ({"rateLimits": RATES[:2], "symbols": []}, OrderRates(ten_seconds=50)),
        ({"symbols": []}, OrderRates()),
    ],
)
def test_only_what_is_said_of_orders_is_taken(body: object, expected: OrderRates) -> None:
    """Limits of orders in ten seconds and a day are read, other limits are not, and silence is zero."""
    assert BINANCE.order_limits(json.dumps(body).encode()) == expected


def test_what_is_no_description_is_refused() -> None:
    """An answer of another form raises, so that the limits stay what they were."""
    with pytest.raises(ValueError, match="malformed"):
        BINANCE.order_limits(b"<html>")
