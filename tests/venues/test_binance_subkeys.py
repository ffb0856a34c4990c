"""Sub-account keys at Binance: what is asked, and what is understood of the answers as they are documented."""

import json
from urllib.parse import parse_qs

import pytest

from bailiwick.model.native import Native, Origin, Said
from bailiwick.model.party import KeyState
from bailiwick.model.secret import Secret
from bailiwick.venues.binance import subkeys
from bailiwick.venues.binance.signature import HmacSigner

API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
ROW = Native(
    id="n", account="main", email="sub+1@test.com", service="skyrex", origin=Origin.ISSUED, state=KeyState.ACTIVE,
    created=0, api_key=API_KEY, addresses=("192.168.1.1", "10.0.0.1"),
)  # fmt: skip
LISTED = {
    "email": "sub+1@test.com", "apiName": "myKey", "apikey": API_KEY, "canTrade": True, "canMarginLoanRepay": False,
    "canFuturesTrade": True, "canUniversalTransfer": False, "canVanillaOptions": False, "timestamp": 1640000000000,
}  # fmt: skip
RESTRICTED = {"ipRestrict": "true", "ipList": ["69.210.67.14"], "updateTime": 1636371437000, "apiKey": API_KEY}


def sent(call: subkeys.Call) -> tuple[str, str, dict[str, list[str]]]:
    method, path, params = call
    return method, path, {name: [value] for name, value in params}


def test_a_key_is_made_with_spot_trading_alone_and_bound() -> None:
    """Every right but spot trading is said to be false, and FIX is left out; the addresses bind it."""
    method, path, params = sent(subkeys.create(ROW, "bailiwick-n"))

    assert (method, path) == ("POST", "/sapi/v1/sub-account/subAccountApi")
    assert (params["status"], params["ipAddress"], params["canTrade"]) == (["2"], ["192.168.1.1,10.0.0.1"], ["true"])
    wide = {name for name, value in params.items() if name.startswith("can") and value == ["true"]}
    assert wide == {"canTrade"}
    refused = {name for name, value in params.items() if value == ["false"]}
    assert refused == {"canMarginLoanRepay", "canFuturesTrade", "canUniversalTransfer", "canVanillaOptions"}
    assert "canFixApiTrading" not in params


def test_a_public_key_goes_to_the_second_version_and_stands_in_the_body() -> None:
    """Binance refuses a public key in the query."""
    call = subkeys.create(ROW, "bailiwick-n", "TUlJQkl+/=")
    leaves = subkeys.sign(call, HmacSigner(b"k", Secret(b"s")), 1_700_000_000_000)

    assert leaves.target == b"/sapi/v2/sub-account/subAccountApi"
    assert parse_qs(leaves.body.decode())["publicKey"] == ["TUlJQkl+/="]


def test_the_reading_key_beside_it_can_only_read() -> None:
    """The second key is made without any right but reading: a leak of it trades and moves nothing."""
    _, _, params = sent(subkeys.create_watch(ROW, "bailiwick-n-watch"))
    assert [name for name, value in params.items() if value == ["true"]] == []


@pytest.mark.parametrize("trade", [True, False, None])
def test_a_switch_always_takes_every_other_right(trade: bool | None) -> None:
    """Trading is switched or left alone; transfers, margin, futures and options are switched off each time."""
    _, path, params = sent(subkeys.switch(ROW, trade=trade))

    assert path == "/sapi/v1/sub-account/subAccountApiPermission"
    assert params.get("canTrade") == (None if trade is None else [str(trade).lower()])
    assert params["canUniversalTransfer"] == params["canFuturesTrade"] == ["false"]


def test_the_documented_answers_are_understood() -> None:
    """Rights out of the list, addresses out of the restriction; a right that it should not have is named."""
    said = subkeys.read_said(
        API_KEY, json.dumps({"total": 1, "rows": [LISTED]}).encode(), json.dumps(RESTRICTED).encode()
    )

    assert said == Said(
        trade=True, transfer=False, other=("canFuturesTrade",), bound=True, addresses=("69.210.67.14",)
    )  # fmt: skip


def test_a_key_that_is_not_listed_is_gone() -> None:
    """An empty list is a deleted key."""
    assert subkeys.read_said(API_KEY, b'{"total":0,"rows":[]}', b"").gone


def test_a_right_that_is_not_told_is_not_taken_for_none() -> None:
    """A row without canTrade does not say that it cannot."""
    row = {name: value for name, value in LISTED.items() if name != "canTrade"}
    assert subkeys.read_said(API_KEY, json.dumps({"rows": [row]}).encode(), b"").trade is None


@pytest.mark.parametrize("body", [b"", b"{}", b'{"rows":{}}', b'{"code":-1002,"msg":"no"}', b"<html>"])
def test_an_answer_of_another_form_is_no_answer(body: bytes) -> None:
    """Whatever is not the documented form raises, and is never read as a deleted key."""
    with pytest.raises(ValueError, match="another form than documented"):
        subkeys.read_said(API_KEY, body, b"")
