"""Requests spelled as one that was met before: read by one expression, they mean what they would mean anyway."""

from urllib.parse import quote

import pytest
from binance_requests import LIMIT, NOW_MS, NOW_US, SIGNER, pass_through, read, request, sign
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Intent
from bailiwick.model.request import Outgoing, Signed
from bailiwick.venues.binance import BINANCE
from bailiwick.venues.binance.endpoints import ENDPOINTS, PARAMETERS
from bailiwick.venues.binance.manner import MANNERS, MOST_MANNERS, Manner

PLACES = [
    ("POST", "/api/v3/order"),
    ("POST", "/api/v3/order/test"),
    ("DELETE", "/api/v3/order"),
    ("GET", "/api/v3/order"),
    ("GET", "/api/v3/myTrades"),
    ("POST", "/api/v3/order/cancelReplace"),
    ("POST", "/sapi/v1/capital/withdraw/apply"),
]
PLAIN = st.sampled_from(["1", "0", "0.00", "1.5", "BTCUSDT", "x-1", "NEW", "true", "12345678901234567", "a" * 36])
ODD = st.sampled_from(
    [
        "", " ", "1.", ".5", "+1", "-1", "1e3", "NaN", "Infinity", "٣", "1_0", "a" * 37, "a" * 65, "a" * 257, "9" * 19,
        "9" * 21, "1." + "0" * 19, "a:b", "a/b", "ä", "limit", "buy", "%31", "a b", "\n", "1\n",
    ]
)  # fmt: skip


def value_of(kind: str, values: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Values of a parameter, mostly of its type."""
    match kind:
        case "enum":
            return st.sampled_from(values) | ODD
        case "decimal":
            return st.decimals(min_value="0.00000001", max_value="99999999", places=8).map("{:f}".format) | PLAIN | ODD
        case "integer":
            return st.integers(0, 10**18).map(str) | ODD
    return PLAIN | ODD


@st.composite
def alike(draw: st.DrawFn) -> tuple[tuple[str, str], list[bytes]]:
    """Requests to one endpoint that have the same names in the same order, and other values."""
    place = draw(st.sampled_from(PLACES))
    table = PARAMETERS[place]
    optional = [name for name, (mandatory, _, _) in table.items() if not mandatory]
    chosen = draw(st.sets(st.sampled_from(optional), max_size=4))
    if place == ("POST", "/api/v3/order"):
        chosen |= {"quantity", "price", "timeInForce"}
    names = [*draw(st.permutations([name for name in table if table[name][0] or name in chosen]))]
    window = draw(st.sampled_from([None, "5000", "60000", "999", "5000.5", "60001", "05000"]))
    times = ["timestamp"] if window is None else ["timestamp", "recvWindow"]
    for name in times:
        names.insert(draw(st.sampled_from([0, len(names), len(names) // 2])), name)
    payloads = []
    for _ in range(draw(st.integers(2, 4))):
        parts = []
        for name in names:
            if name == "timestamp":
                value = draw(st.sampled_from([str(NOW_MS), f"{NOW_MS}000", f"{NOW_MS}0", "abc"]))
            elif name == "recvWindow":
                value = window or ""
            else:
                value = draw(value_of(*table[name][1:]))
            parts.append(f"{name}={quote(value, safe=draw(st.sampled_from(['', ':/~'])))}")
        payloads.append("&".join(parts).encode())
    return place, payloads


@settings(deadline=None, max_examples=300)  # other work on the machine is no failure
@given(made=alike())
def test_what_was_met_means_what_it_would_mean_if_it_had_not_been(made: tuple[tuple[str, str], list[bytes]]) -> None:
    """Every request comes to the same intent or denial, and leaves alike, whether its manner was met before or not."""
    (method, path), payloads = made
    asked = []
    for payload in payloads:
        signed = sign(payload)
        body = method == "POST"
        asked.append(request(method, path, query=b"" if body else signed, body=signed if body else b""))
    apart = []
    for each in asked:
        MANNERS.clear()
        apart.append(pass_through(each))
    sent = [leaves(each) for each in apart]
    MANNERS.clear()
    for _ in range(2):
        read_again = [pass_through(each) for each in asked]
        assert read_again == apart
        assert [leaves(each) for each in read_again] == sent


def leaves(read_as: Intent | Deny) -> Outgoing | None:
    """What would leave, if it was read."""
    return BINANCE.countersign(read_as, SIGNER, NOW_US, 5_000_000) if isinstance(read_as, Intent) else None


def met(payload: bytes) -> bool:
    """Whether a payload to the order endpoint is read by a manner."""
    unfolded = BINANCE.unfold(ENDPOINTS["POST", "/api/v3/order"], request("POST", "/api/v3/order", body=sign(payload)))
    assert isinstance(unfolded, Signed)
    return isinstance(unfolded.manner, Manner)


def test_a_manner_is_learnt_from_what_was_read_in_full() -> None:
    """The second order of a client is read by the manner of its first, and to the same intent."""
    MANNERS.clear()
    payload = "&".join(f"{name}={value}" for name, value in LIMIT.items()) + f"&timestamp={NOW_MS}"
    assert not met(payload.encode())
    first = read("POST", "/api/v3/order", LIMIT)
    assert met(payload.encode())
    assert read("POST", "/api/v3/order", LIMIT) == first


@pytest.mark.parametrize("change", [("price", "0"), ("quantity", "1e3"), ("price", "%31"), ("type", "STOP")])
def test_nothing_is_learnt_from_what_is_refused(change: tuple[str, str]) -> None:
    """A request that cannot be read leaves no manner."""
    MANNERS.clear()
    params = {**LIMIT, change[0]: change[1]}
    payload = "&".join(f"{name}={value}" for name, value in params.items()) + f"&timestamp={NOW_MS}"
    assert not isinstance(pass_through(request("POST", "/api/v3/order", body=sign(payload.encode()))), Intent) or (
        "%" in change[1]
    )
    assert MANNERS == {}


def test_manners_are_bounded() -> None:
    """An endpoint keeps a few manners, whatever orders of names its clients invent."""
    MANNERS.clear()
    names = list(LIMIT)
    for turn in range(len(names)):
        for swap in range(1, len(names)):
            order = names[turn:] + names[:turn]
            order[0], order[swap] = order[swap], order[0]
            read("POST", "/api/v3/order", {name: LIMIT[name] for name in order})
    assert len(MANNERS["POST", "/api/v3/order"]) == MOST_MANNERS
