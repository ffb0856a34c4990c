"""Requests that must be refused, each for the reason that its vector names."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from binance_requests import FORM, NOW_MS, SIGNER, pass_through, request

from bailiwick.model.decision import Deny
from bailiwick.model.request import Request
from bailiwick.venues.binance.form import LONGEST_PAYLOAD

VECTORS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "vectors.toml").read_text())["vector"]


def build(vector: dict[str, Any]) -> Request:
    """The request of a vector, with its time and signature filled in."""
    method, path = vector["request"].split(" ")
    in_body = method in ("POST", "PUT")
    query = vector.get("query", "" if in_body else vector.get("params", ""))
    body = vector.get("body", vector.get("params", "") if in_body else "")
    query, body = (part.replace("TIME", str(NOW_MS)).encode("latin-1") for part in (query, body))
    payload = (query + body).replace(b"&signature=SIG", b"").replace(b"signature=SIG", b"")
    query, body = (part.replace(b"SIG", SIGNER.sign(payload)) for part in (query, body))
    return request(
        method, path, query=query, body=body, content_type=vector.get("content_type", FORM.decode()).encode()
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["about"])
def test_vector_is_refused_for_its_reason(vector: dict[str, Any]) -> None:
    """A request with this flaw, though signed, is refused for the one reason that the vector names."""
    verdict = pass_through(build(vector))
    assert (verdict.reason.name if isinstance(verdict, Deny) else "") == vector["reason"]


def test_over_long_request_is_refused() -> None:
    """A payload over the bound is refused before anything in it is read."""
    payload = b"symbol=BTCUSDT&timestamp=%d&x=" % NOW_MS + b"a" * LONGEST_PAYLOAD
    verdict = pass_through(request("GET", "/api/v3/openOrders", query=payload + b"&signature=" + SIGNER.sign(payload)))
    assert isinstance(verdict, Deny)
    assert verdict.reason.name == "PARAMETER_MALFORMED"
    assert "longer" in verdict.detail


def test_details_never_hold_what_could_flood_a_log() -> None:
    """The owner's detail of a refusal quotes at most 64 characters of the request."""
    payload = b"%b=1&timestamp=%d" % (b"n" * 4000, NOW_MS)
    verdict = pass_through(request("GET", "/api/v3/openOrders", query=payload + b"&signature=" + SIGNER.sign(payload)))
    assert isinstance(verdict, Deny)
    assert len(verdict.detail) < 160
