"""Every mutation of a signed request is refused, or says what the original said."""

from itertools import permutations

import pytest
from binance_requests import NOW_MS, VERIFIER, endpoint, pass_through, request, sign, unfolded

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Intent
from bailiwick.model.reason import Reason
from bailiwick.model.request import Request, Signed
from bailiwick.venues.binance import BINANCE

ORDER = (
    b"timestamp=%d&symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=50000"
    b"&newClientOrderId=x-TKT5PX2F1&recvWindow=10000" % NOW_MS
)
SYMBOL = b"symbol=%%E8%%BF%%99%%E6%%98%%AF456&timestamp=%d" % NOW_MS


def order(body: bytes, query: bytes = b"") -> Request:
    """The order with another body."""
    return request("POST", "/api/v3/order", query=query, body=body)


def unchanged(mutant: Request, original: Request) -> bool:
    """Whether a mutant is refused, or has the meaning of the original and its replay mark."""
    verdict = pass_through(mutant)
    if isinstance(verdict, Deny):
        return True
    return verdict == pass_through(original) and unfolded(mutant).payload == unfolded(original).payload


def flips(text: bytes, masks: list[int]) -> list[bytes]:
    """The text with one byte changed, for each byte and mask."""
    return [text[:at] + bytes([byte ^ flip]) + text[at + 1 :] for at, byte in enumerate(text) for flip in masks]


def test_originals_pass() -> None:
    """The requests that are mutated here pass unmutated."""
    assert isinstance(pass_through(order(sign(ORDER))), Intent)
    assert isinstance(pass_through(request("GET", "/api/v3/openOrders", query=sign(SYMBOL))), Intent)


@pytest.mark.parametrize("masks", [[1 << bit for bit in range(8)]])
def test_flipped_bits(masks: list[int]) -> None:
    """No bit of an order, its time or its signature can be flipped to make another request."""
    original = order(sign(ORDER))
    assert [mutant for mutant in flips(original.body, masks) if not unchanged(order(mutant), original)] == []


@pytest.mark.slow
def test_changed_bytes() -> None:
    """No byte of an order, its time or its signature can be changed to any other to make another request."""
    original = order(sign(ORDER))
    mutants = flips(original.body, list(range(1, 256)))
    assert [mutant for mutant in mutants if not unchanged(order(mutant), original)] == []


def test_flipped_bits_of_escapes() -> None:
    """No bit of an escaped symbol can be flipped to make another request."""
    original = request("GET", "/api/v3/openOrders", query=sign(SYMBOL))
    mutants = flips(original.query, [1 << bit for bit in range(8)])
    assert [m for m in mutants if not unchanged(request("GET", "/api/v3/openOrders", query=m), original)] == []


def test_dropped_doubled_moved_and_renamed_parameters() -> None:
    """A parameter that is left out, repeated, moved to any other place or renamed makes no other request."""
    original = order(sign(ORDER))
    parts = original.body.split(b"&")
    mutants = []
    for at, part in enumerate(parts):
        rest = parts[:at] + parts[at + 1 :]
        mutants.append(rest)
        mutants += [[*rest[:to], part, *rest[to:]] for to in range(len(parts))]
        mutants += [[*parts[:to], part, *parts[to:]] for to in range(len(parts) + 1)]
        name, _, value = part.partition(b"=")
        renamed = [name.upper(), name + b" ", name + b"%20", b"%%%02x" % name[0] + name[1:], b"price", b"stopPrice"]
        mutants += [[*parts[:at], other + b"=" + value, *parts[at + 1 :]] for other in renamed]
    assert [m for m in mutants if not unchanged(order(b"&".join(m)), original)] == []


def test_parameters_moved_across_the_boundary() -> None:
    """However the parameters are split between query and body, the boundary makes no other request."""
    original = order(sign(ORDER))
    cuts = range(len(original.body) + 1)
    mutants = [order(original.body[at:], original.body[:at]) for at in cuts]
    mutants += [order(original.body[at + 1 :], original.body[:at]) for at in cuts]
    assert [m for m in mutants if not unchanged(m, original)] == []


def test_reordered_parameters() -> None:
    """No other order of the parameters verifies."""
    payload = b"symbol=BTCUSDT&orderId=7&timestamp=%d" % NOW_MS
    signature = sign(payload).rpartition(b"&")[2]
    for parts in permutations(payload.split(b"&")):
        query = b"&".join([*parts, signature])
        verdict = pass_through(request("GET", "/api/v3/order", query=query))
        assert isinstance(verdict, Intent) == (b"&".join(parts) == payload)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("GET", "/api/v3/order"), ("DELETE", "/api/v3/order")),
        (("GET", "/api/v3/openOrders"), ("DELETE", "/api/v3/openOrders")),
        (("POST", "/api/v3/order/test"), ("POST", "/api/v3/order")),
        (("POST", "/api/v3/order"), ("POST", "/api/v3/sor/order")),
        (("GET", "/sapi/v1/asset/transfer"), ("POST", "/sapi/v1/asset/transfer")),
        (("GET", "/sapi/v1/account/info"), ("POST", "/sapi/v1/account/enableFastWithdrawSwitch")),
    ],
)
def test_pairs_that_a_signature_does_not_tell_apart_share_their_mark(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    """Method and path are not signed: what is replayed against a twin has the same payload, and so the same mark."""
    marks = set()
    for method, path in (first, second):
        for placed in ("query", "body"):
            if method == "GET" and placed == "body":
                continue
            signed = BINANCE.unfold(endpoint(method, path), request(method, path, **{placed: sign(ORDER)}))
            assert isinstance(signed, Signed)
            assert VERIFIER.verify(signed.payload, signed.signature)
            marks.add(signed.payload)
    assert marks == {ORDER}


def test_spelling_of_a_signature_makes_no_other_mark() -> None:
    """A signature in upper case, or elsewhere among the parameters, is of the same payload."""
    lower = sign(ORDER)
    payload, _, signature = lower.rpartition(b"&signature=")
    spellings = [
        lower,
        payload + b"&signature=" + signature.upper(),
        b"signature=" + signature + b"&" + payload,
        payload.replace(b"&side", b"&signature=" + signature + b"&side"),
    ]
    assert {unfolded(order(body)).payload for body in spellings} == {ORDER}
    assert all(isinstance(pass_through(order(body)), Intent) for body in spellings)


def test_signature_of_another_key_is_refused() -> None:
    """What somebody else signed is not this key's."""
    verdict = pass_through(order(ORDER + b"&signature=" + b"ab" * 32))
    assert isinstance(verdict, Deny)
    assert verdict.reason is Reason.SIGNATURE_WRONG
