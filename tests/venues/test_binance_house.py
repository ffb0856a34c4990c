"""What the house itself needs of the dialect: prices, start-up reads, verifiers and signers."""

import json
from decimal import Decimal

import pytest
from binance_requests import KEY, NOW_US, SECRET, endpoint, pass_through, read, signed_request
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bailiwick.model.decision import Deny
from bailiwick.model.intent import OrderRef
from bailiwick.model.market import BookTop, Candle, Question
from bailiwick.venues.binance import BINANCE

MARKET = BINANCE.market_data


def test_public_questions() -> None:
    """Each question is a target that the table knows as public market data."""
    questions = [
        MARKET.time(),
        MARKET.symbols(),
        MARKET.tops(),
        MARKET.minutes("BTCUSDT", 1_499_827_260_000, 60),
        MARKET.days("BTCUSDT", 30),
    ]
    for question in questions:
        known = endpoint("GET", question.target.partition("?")[0])
        assert not known.signed
        assert question.weight >= known.weight
    assert questions[3] == Question("/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1499827260000&limit=60", 2)


def test_what_rests_at_the_top() -> None:
    """What rests at the best prices is exact; symbols that nobody follows are not read; nonsense loses no price."""
    row = {"symbol": "LTCBTC", "bidPrice": "4.00000000", "bidQty": "431.1", "askPrice": "4.00000200", "askQty": "9"}
    body = json.dumps([row, {**row, "symbol": "ODD", "bidQty": "much"}, {**row, "symbol": "OTHER"}]).encode()
    tops = MARKET.read_tops(body, {"LTCBTC", "ODD"})
    assert [(top.symbol, top.resting) for top in tops] == [
        ("LTCBTC", (Decimal("1724.4"), Decimal("36.000018"))),
        ("ODD", None),
    ]
    endless = json.dumps([{**row, "bidQty": "1e400000", "askQty": "NaN"}]).encode()
    assert [top.bid_quantity for top in MARKET.read_tops(endless)] == [None]


def test_public_answers() -> None:
    """The clock, the tops of all books and candles are read exactly; a symbol with one side alone is left out."""
    assert MARKET.read_time(b'{"serverTime":1499827319559}') == NOW_US
    tops = [
        {"symbol": "LTCBTC", "bidPrice": "4.00000000", "bidQty": "431", "askPrice": "4.00000200", "askQty": "9"},
        {"symbol": "EMPTY", "bidPrice": "0.00000000", "bidQty": "0", "askPrice": "4.00000200", "askQty": "9"},
    ]
    assert MARKET.read_tops(json.dumps(tops).encode()) == [
        BookTop("LTCBTC", Decimal(4), Decimal("4.000002"), Decimal(431), Decimal(9))
    ]
    candle = [
        1499040000000,
        "0.0163",
        "0.8",
        "0.0157",
        "0.0158",
        "148976.1",
        1499644799999,
        "2434.19",
        308,
        "1",
        "2",
        "0",
    ]
    expected = Candle(1499040000000, Decimal("0.0158"), Decimal("2434.19"))
    assert MARKET.read_candles(json.dumps([candle]).encode()) == [expected]


@pytest.mark.parametrize("body", [b"", b"{}", b"[[1]]", b'[[1,"a","b","c","d","e",2,"f"]]', b"null"])
def test_public_answers_of_another_form(body: bytes) -> None:
    """An answer of another form than documented is an error, not a price."""
    with pytest.raises(ValueError, match=r".*"):
        MARKET.read_candles(body)


def test_start_up_reads_hold_no_balances() -> None:
    """The list of coins that a narrow key is served has every balance blanked, and is otherwise the venue's."""
    coin = {"coin": "BTC", "free": "0.08", "locked": "1", "freeze": "2", "name": "Bitcoin", "networkList": []}
    known = endpoint("GET", "/sapi/v1/capital/config/getall")
    served = json.loads(BINANCE.start_up(known, json.dumps([coin]).encode(), NOW_US))
    assert served == [coin | {"free": "0", "locked": "0", "freeze": "0"}]


@pytest.mark.parametrize(
    "path", ["/sapi/v1/capital/config/getall", "/sapi/v1/margin/allPairs", "/fapi/v1/exchangeInfo"]
)
def test_start_up_reads_without_the_venue(path: str) -> None:
    """Where the venue gave no answer, clients get an empty one that they can start with."""
    known = endpoint("GET", path)
    served = json.loads(BINANCE.start_up(known, None, NOW_US))
    assert (served if isinstance(served, list) else served["symbols"]) == []


def test_keys_are_made_into_verifiers_and_signers() -> None:
    """What a key's owner signs is verified by its public half, for secrets and for key pairs."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pairs = [
        (BINANCE.hmac_signer(KEY, SECRET), BINANCE.hmac_verifier(SECRET)),
        (BINANCE.private_signer(KEY, private), BINANCE.public_verifier(public)),
    ]
    for signer, verifier in pairs:
        assert signer.key == KEY
        assert verifier.verify(b"timestamp=1", signer.sign(b"timestamp=1"))
        assert not verifier.verify(b"timestamp=2", signer.sign(b"timestamp=1"))


@pytest.mark.parametrize("params", [{"coin": "A" * 257}, {"coin": ""}])
def test_texts_are_bounded(params: dict[str, str]) -> None:
    """A text that is empty or over-long is refused."""
    verdict = pass_through(signed_request("GET", "/sapi/v1/capital/deposit/address", params))
    assert isinstance(verdict, Deny)


def test_cancel_by_the_clients_id_alone() -> None:
    """The cancel that stands for part of a cancel-all may name its order by the client's id alone."""
    whole = read("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"})
    part = BINANCE.narrow(whole, "BTCUSDT", OrderRef(None, "mine-1"))
    assert part.params == (("symbol", "BTCUSDT"), ("origClientOrderId", "mine-1"))
