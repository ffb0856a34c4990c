"""What a client sends as bytes says what its intent says."""

from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from bailiwick.model.intent import Intent, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.request import Request, Signed
from bailiwick.model.secret import Secret
from bailiwick.sandbox.market import wire
from bailiwick.sandbox.market.door import Act
from bailiwick.venues.binance.dialect import BINANCE

ORDERS = (
    OrderDraft(
        symbol="AXSUSDT", side=Side.BUY, type=OrderType.LIMIT, quantity=Decimal("1.50"), price=Decimal("7.01"),
        time_in_force=TimeInForce.GTC, client_id="a-1",
    ),
    OrderDraft(
        symbol="AXSUSDT", side=Side.BUY, type=OrderType.MARKET, quote_quantity=Decimal("25.50"), client_id="a-2"
    ),
    OrderDraft(
        symbol="AXSUSDT", side=Side.SELL, type=OrderType.STOP_LOSS_LIMIT, quantity=Decimal(3), price=Decimal("6.1"),
        stop_price=Decimal("6.2"), time_in_force=TimeInForce.GTC, client_id="a-3",
    ),
)  # fmt: skip
NOW_US = 1_668_340_740_123_000


def intents(window_us: int) -> tuple[Intent, ...]:
    """One of each kind that bots and thieves send."""
    return (
        *(wire.placing(order, NOW_US, window_us) for order in ORDERS),
        wire.cancelling("AXSUSDT", "a-1", NOW_US, window_us),
        wire.asking(wire.CANCEL_ALL, NOW_US, window_us, "AXSUSDT"),
        wire.asking(wire.BALANCES, NOW_US, window_us),
        wire.asking(wire.TRADES, NOW_US, window_us, "BTCUSDT"),
        wire.withdrawing("USDT", "TRX", "T1", Decimal(50), NOW_US, window_us),
    )


@pytest.mark.parametrize("client", ["ccxt", "python-binance", "hummingbot", "go", "node", "ruby", "java"])
def test_signed_bytes_read_as_the_intent_that_they_were_made_of(client: str) -> None:
    """Every act of every client verifies under its secret and is parsed into the same orders, targets and times."""
    manner, secret = wire.manner_of(client), Secret(b"0123456789abcdef")
    verifier = BINANCE.hmac_verifier(secret)
    for intent in intents(manner.window_ms * 1000):
        act = Act(key="k", at_us=NOW_US, intent=intent, address="10.0.0.1", manner=manner)
        head, _, body = wire.signed(act, "the-key", secret).partition(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        parts = urlsplit(target)
        request = Request(
            method, parts.path, parts.query.encode(), body, b"the-key",
            b"application/x-www-form-urlencoded" if body else b"", act.address,
        )  # fmt: skip
        signed = BINANCE.unfold(intent.endpoint, request)
        assert isinstance(signed, Signed)
        assert verifier.verify(signed.payload, signed.signature)
        read = BINANCE.parse(intent.endpoint, request, signed)
        assert isinstance(read, Intent)
        assert (read.endpoint, read.symbol, read.orders, read.target, read.withdrawal) == (
            intent.endpoint, intent.symbol, intent.orders, intent.target, intent.withdrawal
        )  # fmt: skip
        assert read.timestamp_us // 1000 == intent.timestamp_us // 1000
        assert f"User-Agent: {manner.user_agent}".encode() in head
