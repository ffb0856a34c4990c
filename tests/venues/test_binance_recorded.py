"""What real clients send passes, as it was recorded from unmodified clients on loopback."""

import json
from pathlib import Path
from typing import Any

import pytest

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Intent
from bailiwick.model.request import Request, Signed
from bailiwick.model.secret import Secret
from bailiwick.venues.binance import BINANCE, HmacVerifier, verifier_of
from bailiwick.venues.dialect import Verifier

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
KEY = RECORDED["key"].encode()
VERIFIERS: dict[str, Verifier] = {
    "hmac": HmacVerifier(Secret(RECORDED["secret"].encode())),
    "ed25519": verifier_of(RECORDED["ed25519"].encode()),
    "rsa": verifier_of(RECORDED["rsa"].encode()),
}
ROWS: list[dict[str, Any]] = RECORDED["requests"]


def take(row: dict[str, Any]) -> Intent | Deny | str:
    """The intent of a recorded request, or why there is none."""
    path, _, query = row["target"].partition("?")
    request = Request(
        row["method"],
        path,
        query.encode(),
        row["body"].encode("latin-1"),
        KEY if row["key"] else b"",
        row["content_type"].encode(),
        "127.0.0.1",
    )
    endpoint = BINANCE.endpoint(row["method"], path)
    assert endpoint is not None
    assert endpoint.served
    signed: Signed | Deny | None = None
    if "signature=" in row["target"] + row["body"]:
        signed = BINANCE.unfold(endpoint, request)
        if isinstance(signed, Deny):
            return signed
        if not VERIFIERS[row["credential"]].verify(signed.payload, signed.signature):
            return "SIGNATURE_WRONG"
    return BINANCE.parse(endpoint, request, signed)


def called(row: dict[str, Any]) -> str:
    """A name for a recorded request."""
    return f"{row['client']}-{row['credential']}-{row['call']}-{row['method']}"


@pytest.mark.parametrize("row", [row for row in ROWS if not row["refused"]], ids=called)
def test_recorded_requests_pass(row: dict[str, Any]) -> None:
    """The request verifies over its raw bytes and parses."""
    assert isinstance(take(row), Intent)


@pytest.mark.parametrize("row", [row for row in ROWS if row["refused"]], ids=called)
def test_recorded_ambiguities_are_refused(row: dict[str, Any]) -> None:
    """A request with two readings (a tag sent unescaped, a plus that may be a space, an exponent) is refused."""
    refused = take(row)
    assert not isinstance(refused, Intent)
    assert (refused if isinstance(refused, str) else refused.reason.name) == row["refused"]


def test_each_client_and_each_kind_of_key_was_recorded() -> None:
    """The record covers four clients, and every client that signs with the three kinds of key does so in it."""
    kinds = {(row["client"], row["credential"]) for row in ROWS}
    clients = ("ccxt", "python-binance", "binance-sdk-spot", "binance-connector")
    assert kinds == {(client, kind) for client in clients for kind in VERIFIERS}


def test_unescaped_separator_cannot_smuggle_a_parameter() -> None:
    """The parameter that ccxt's unescaped tag would become (``&e``) never reaches an intent."""
    (row,) = [row for row in ROWS if row["call"] == "withdraw awkward tag"]
    assert "a b+c/d=&e" in row["body"]
    assert isinstance(take(row), Deny)
