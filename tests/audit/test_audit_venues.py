"""Each exchange is asked in its documented form, signed as it checks it, and understood as it answers."""

import dataclasses
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from exchanges import Handler, binance, bybit, coinbase, kraken, kucoin, serving

from bailiwick.audit import kraken as kraken_rules
from bailiwick.audit.caller import Unreachable, inspect, send
from bailiwick.audit.facts import KeyFacts
from bailiwick.audit.question import AuditKey, Question, Refused, UnfitKey
from bailiwick.audit.venues import VENUES, find
from bailiwick.model.secret import Secret

SECRET = b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
KEY = AuditKey("the-public-half", Secret(SECRET))
KRAKEN_SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="

BINANCE_SAYS = {  # the documented example, with withdrawals, as a careless owner ticks them
    "ipRestrict": False, "createTime": 1698645219000, "enableReading": True, "enableWithdrawals": True,
    "enableInternalTransfer": False, "enableMargin": False, "enableFutures": False, "permitsUniversalTransfer": False,
    "enableVanillaOptions": False, "enableFixApiTrade": False, "enableFixReadOnly": True,
    "enableSpotAndMarginTrading": False, "enablePortfolioMarginTrading": True,
}  # fmt: skip
BYBIT_SAYS = {
    "id": "16651472", "note": "testxxx", "apiKey": "opjSlSOzqIeXROT5rq", "readOnly": 0, "secret": "",
    "permissions": {"ContractTrade": [], "Spot": ["SpotTrade"], "Wallet": ["AccountTransfer"], "Options": []},
    "ips": ["*"], "type": 1, "deadlineDay": 88,
    "expiredAt": "2023-05-15T03:13:24Z", "createdAt": "2023-02-15T03:13:24Z",
}  # fmt: skip
KRAKEN_SAYS = {
    "apiKeyName": "my-api-key", "apiKey": "4/SDrDBcOOPnm3nPlNfEMMJDeRcIVqPz+QhRxIodyZbI9po/aVRiHsgX",
    "nonce": "1772627060997", "nonceWindow": 0,
    "permissions": ["query-funds", "withdraw-funds", "query-open-trades", "modify-trades"],
    "iban": "AA88 N84G WOAK NMOI", "validUntil": "0", "queryFrom": "0", "queryTo": "0", "createdTime": "1772542900",
    "modifiedTime": "1772543095", "ipAllowlist": [], "lastUsed": "1772627061",
}  # fmt: skip
KUCOIN_SAYS = {
    "remark": "account1", "apiKey": "6705f5c311545b000157d3eb", "apiVersion": 3, "permission": "General,Spot,Margin",
    "ipWhitelist": "203.0.113.7,203.0.113.8", "createdAt": 1728443843000, "uid": 165111215, "isMaster": True,
}  # fmt: skip
COINBASE_SAYS = {
    "can_view": True, "can_trade": True, "can_transfer": False,
    "portfolio_uuid": "9a2b8c1e-0000-4000-8000-000000000001", "portfolio_type": "DEFAULT",
}  # fmt: skip


def asked(name: str, handler: Handler, key: AuditKey = KEY) -> KeyFacts:
    with serving(handler) as address:
        return inspect(find(name), key, base_url=address)


def test_binance_is_asked_with_a_signature_it_accepts_and_its_answer_is_understood() -> None:
    """Binance's own word: withdrawals on, no address binding, portfolio trading counted as trading."""
    facts = asked("binance", binance(KEY.api_key, SECRET, "/sapi/v1/account/apiRestrictions", BINANCE_SAYS))

    assert (facts.read, facts.trade, facts.withdraw, facts.bound) == (True, True, True, False)
    assert (facts.borrow, facts.derivatives, facts.move) == (False, False, False)
    assert facts.created_ms == 1698645219000


def test_a_binance_key_whose_secret_is_a_private_key_signs_with_it() -> None:
    """An Ed25519 key in PEM is asked with; the sandbox of the end-to-end test checks the signature."""
    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    question = find("binance").question(AuditKey("k", Secret(pem)), "api.binance.com", 1_700_000_000_000, "0" * 32)

    payload, _, signature = question.target.partition("?")[2].rpartition("&signature=")
    assert payload == "recvWindow=10000&timestamp=1700000000000"
    assert len(signature) >= 88


def test_binance_us_tells_of_the_account_and_never_a_yes_of_the_key() -> None:
    """What the account may not do the key may not; what the account may do stays untold of the key."""
    says = {"canTrade": True, "canWithdraw": False, "canDeposit": True, "balances": []}

    facts = asked("binance-us", binance(KEY.api_key, SECRET, "/api/v3/account", says))

    assert (facts.trade, facts.withdraw, facts.bound) == (None, False, None)
    assert "nothing of the key" in facts.notes[0]


def test_bybit_is_asked_with_a_signature_it_accepts_and_its_answer_is_understood() -> None:
    """Bybit's documented example: no address, an end, transfers between accounts, and the times in UTC."""
    facts = asked("bybit", bybit(KEY.api_key, SECRET, BYBIT_SAYS))

    assert (facts.trade, facts.move, facts.withdraw, facts.bound) == (True, True, False, False)
    assert facts.permissions == ("Spot.SpotTrade", "Wallet.AccountTransfer")
    assert (facts.created_ms, facts.expires_ms) == (1676430804000, 1684120404000)


def test_a_bybit_key_that_is_read_only_can_do_nothing_of_what_it_lists() -> None:
    """``readOnly`` 1 with SpotTrade listed reads, and no more."""
    facts = asked("bybit", bybit(KEY.api_key, SECRET, {**BYBIT_SAYS, "readOnly": 1, "ips": ["203.0.113.7"]}))

    assert (facts.trade, facts.move, facts.bound, facts.addresses) == (False, False, True, ("203.0.113.7",))


def test_kraken_signs_its_published_vector() -> None:
    """The vector of Kraken's documents comes out to the byte."""
    body = b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"

    made = kraken_rules.sign(Secret(KRAKEN_SECRET.encode()), "/0/private/AddOrder", 1616492376594, body)

    assert made == "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="


def test_kraken_is_asked_with_a_signature_it_accepts_and_its_answer_is_understood() -> None:
    """Kraken's documented example: withdrawals, no addresses, no end, and when it was used last."""
    key = AuditKey("public", Secret(KRAKEN_SECRET.encode()))

    facts = asked("kraken", kraken("public", KRAKEN_SECRET, KRAKEN_SAYS), key)

    assert (facts.read, facts.trade, facts.withdraw, facts.bound) == (True, True, True, False)
    assert (facts.created_ms, facts.used_ms, facts.expires_ms) == (1772542900000, 1772627061000, None)


def test_a_right_that_is_not_known_is_named_and_not_guessed_at() -> None:
    """A permission that no document read here explains stands in the report by its own name."""
    says = {**KRAKEN_SAYS, "permissions": ["query-funds", "teleport-funds"]}
    key = AuditKey("public", Secret(KRAKEN_SECRET.encode()))

    assert asked("kraken", kraken("public", KRAKEN_SECRET, says), key).unread == ("teleport-funds",)


def test_kucoin_is_asked_with_a_signature_it_accepts_and_its_answer_is_understood() -> None:
    """KuCoin: key, signed passphrase and signature; permissions as one text, addresses as one text."""
    key = dataclasses.replace(KEY, passphrase=Secret(b"correct horse"))

    facts = asked("kucoin", kucoin(KEY.api_key, SECRET, b"correct horse", KUCOIN_SAYS), key)

    assert (facts.trade, facts.borrow, facts.withdraw, facts.bound) == (True, True, False, True)
    assert facts.addresses == ("203.0.113.7", "203.0.113.8")


def test_a_kucoin_key_that_may_transfer_may_withdraw() -> None:
    """``Transfer`` includes withdrawals past the second factor, so it counts as withdrawing."""
    key = dataclasses.replace(KEY, passphrase=Secret(b"pass"))
    says = {**KUCOIN_SAYS, "permission": "General, Transfer"}

    assert asked("kucoin", kucoin(KEY.api_key, SECRET, b"pass", says), key).withdraw is True


def test_coinbase_is_asked_with_a_token_it_accepts_and_its_answer_is_understood() -> None:
    """Coinbase: a token on P-256 that names the request, and three flags with the portfolio they are for."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    place: list[str] = []
    handler = coinbase("organizations/1/apiKeys/2", private.public_key(), lambda: place[0], COINBASE_SAYS)

    with serving(handler) as address:
        place.append(urlsplit(address).netloc)
        facts = inspect(find("coinbase"), AuditKey("organizations/1/apiKeys/2", Secret(pem)), base_url=address)

    assert (facts.read, facts.trade, facts.withdraw, facts.bound) == (True, True, False, None)
    assert facts.scope == "one portfolio (DEFAULT, 9a2b8c1e-0000-4000-8000-000000000001)"


def test_an_ed25519_key_of_coinbase_is_refused_by_name() -> None:
    """Coinbase's trading API takes no Ed25519 keys, and the sentence says what to make instead."""
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    with pytest.raises(UnfitKey, match="ECDSA keys on P-256"):
        find("coinbase").question(AuditKey("k", Secret(pem)), "api.coinbase.com", 0, "")


WRONG: dict[str, Handler] = {
    "binance": binance(KEY.api_key, b"another", "/sapi/v1/account/apiRestrictions", BINANCE_SAYS),
    "binance-us": binance(KEY.api_key, b"another", "/api/v3/account", {"canTrade": True}),
    "bybit": bybit(KEY.api_key, b"another", BYBIT_SAYS),
    "kraken": kraken(KEY.api_key, "YW5vdGhlcg==", KRAKEN_SAYS),
    "kucoin": kucoin(KEY.api_key, b"another", b"pass", KUCOIN_SAYS),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_signature_is_told_in_the_exchanges_own_words(name: str) -> None:
    """The servers of these tests do check: another secret is refused, and no report comes of it."""
    secret = KRAKEN_SECRET.encode() if name == "kraken" else SECRET
    key = AuditKey(KEY.api_key, Secret(secret), Secret(b"pass"))

    with pytest.raises(Refused, match="check key, secret and this machine's clock"):
        asked(name, WRONG[name], key)


@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"data":{}}', b'{"retCode":0,"result":{}}', b"null"])
@pytest.mark.parametrize("status", [200, 403, 503])
def test_an_answer_of_another_form_is_never_taken_for_a_harmless_key(name: str, body: bytes, status: int) -> None:
    """Whatever is not the documented form is refused rather than read as a key without rights."""
    with pytest.raises(Refused):
        find(name).read(status, body)


@pytest.mark.parametrize("name", VENUES)
def test_every_question_only_reads(name: str) -> None:
    """No exchange is asked anything but the one endpoint that describes the key or account: never an order."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    secret = {"coinbase": pem, "kraken": KRAKEN_SECRET.encode()}.get(name, SECRET)

    question = find(name).question(AuditKey("key", Secret(secret), Secret(b"pass")), "host", 1, "0" * 32)

    assert (question.method, question.target.partition("?")[0]) in {
        ("GET", "/sapi/v1/account/apiRestrictions"),
        ("GET", "/api/v3/account"),
        ("GET", "/v5/user/query-api"),
        ("POST", "/0/private/GetApiKeyInfo"),
        ("GET", "/api/v1/user/api-key"),
        ("GET", "/api/v3/brokerage/key_permissions"),
    }


def test_an_exchange_that_is_down_is_told_apart_from_one_that_refuses() -> None:
    """Nothing listens: the key is unknown, not good."""
    with serving(lambda *asked: (200, {})) as address:
        pass
    with pytest.raises(Unreachable, match="does not answer"):
        inspect(find("binance"), KEY, base_url=address)


def test_a_key_is_never_asked_about_in_the_clear() -> None:
    """Plain http beyond this machine is refused before anything is sent."""
    with pytest.raises(Refused, match="https only"):
        send("http://api.example.com", Question("GET", "/", ()))


def test_a_redirect_is_not_followed() -> None:
    """An answer that sends the question elsewhere is an answer without a key in it."""
    said: list[Any] = []

    def handle(method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        said.append(target)
        return 302, {"Location": "http://127.0.0.1:1/"}

    with serving(handle) as address, pytest.raises(Refused):
        inspect(find("binance"), KEY, base_url=address)
    assert len(said) == 1
