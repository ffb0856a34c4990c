"""Time: both edges of the window, in milliseconds and microseconds."""

import pytest
from binance_requests import LIMIT, NOW_US, endpoint, request, sign

from bailiwick.model.decision import Deny
from bailiwick.model.reason import Reason
from bailiwick.model.request import Signed
from bailiwick.venues.binance import BINANCE
from bailiwick.venues.binance.clock import fresh, mark_lifetime_us, read_timestamp, read_window, write_window

WINDOW_US = 5_000_000


@pytest.mark.parametrize(
    ("age_us", "reason"),
    [
        (0, None),
        (WINDOW_US, None),
        (WINDOW_US + 1, Reason.TIMESTAMP_STALE),
        (WINDOW_US + 1000, Reason.TIMESTAMP_STALE),
        (-999_999, None),
        (-999_000, None),
        (-1_000_000, Reason.TIMESTAMP_AHEAD),
        (-10_000_001, Reason.TIMESTAMP_AHEAD),
        (NOW_US - 1_483_228_799_999_000, Reason.TIMESTAMP_STALE),
    ],
)
def test_both_edges_of_the_window(age_us: int, reason: Reason | None) -> None:
    """A request passes while it is under a second ahead and at most its window old, and not a microsecond more."""
    verdict = fresh(NOW_US - age_us, WINDOW_US, NOW_US)
    assert (verdict and verdict.reason) == reason


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("1499827319559", 1_499_827_319_559_000),
        ("1499827319559123", 1_499_827_319_559_123),
        ("149982731955", None),
        ("14998273195591", None),
        ("1499827319559.0", None),
        ("-499827319559", None),
        ("+499827319559", None),
        ("1499827319 59", None),
        ("１４９９８２７３１９５５９", None),
        ("1_99827319559", None),
        ("", None),
    ],
)
def test_a_timestamp_has_thirteen_or_sixteen_digits(text: str, microseconds: int | None) -> None:
    """Thirteen digits are milliseconds, sixteen are microseconds, and nothing else is a timestamp."""
    assert read_timestamp(text) == microseconds


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("5000", 5_000_000),
        ("60000", 60_000_000),
        ("60000.000", 60_000_000),
        ("6000.346", 6_000_346),
        ("0.5", 500),
        ("1", 1000),
        ("60000.001", None),
        ("60001", None),
        ("100000", None),
        ("5000.0001", None),
        ("5000.", None),
        (".5", None),
        ("-1", None),
        ("5e3", None),
        ("NaN", None),
        ("", None),
        ("５０００", None),
    ],
)
def test_windows_are_milliseconds_with_three_decimals(text: str, microseconds: int | None) -> None:
    """A receive window is at most 60000 ms with at most three decimals in plain digits."""
    assert read_window(text) == microseconds


@pytest.mark.parametrize("window_us", [1000, WINDOW_US, 60_000_000, 6_000_346])
def test_mark_outlives_whatever_could_be_replayed(window_us: int) -> None:
    """When a replay mark dies, its request is stale, even on a clock that is almost a second behind."""
    until = mark_lifetime_us(NOW_US, window_us)
    assert until == NOW_US + window_us + 1_000_000
    assert fresh(NOW_US, window_us, until - 999_999) is not None


@pytest.mark.parametrize(("now_us", "window_us"), [(NOW_US, 5_000_000), (NOW_US + 999, 1), (NOW_US + 1, 999_999)])
def test_window_sent_on_ends_no_later_than_the_clients(now_us: int, window_us: int) -> None:
    """Timestamp and window sent to the venue end in the last millisecond before the client's own do."""
    end = (now_us // 1000) * 1000 + write_window(now_us, window_us) * 1000
    assert now_us + window_us - 1000 < end <= now_us + window_us


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"symbol=BTCUSDT", Reason.TIMESTAMP_MISSING),
        (b"symbol=BTCUSDT&timestamp=", Reason.PARAMETER_MALFORMED),
        (b"symbol=BTCUSDT&timestamp=1499827319559&recvWindow=60001", Reason.WINDOW_INVALID),
        (b"symbol=BTCUSDT&timestamp=1499827319559&recvWindow=", Reason.WINDOW_INVALID),
        (b"symbol=BTCUSDT&timestamp=1499827319559&recvWindow=NaN", Reason.WINDOW_INVALID),
        (b"symbol=BTCUSDT&timestamp=NaN", Reason.PARAMETER_MALFORMED),
    ],
)
def test_request_without_readable_time_is_refused(payload: bytes, reason: Reason) -> None:
    """A missing or malformed timestamp or window denies with its own reason."""
    refused = BINANCE.unfold(endpoint("GET", "/api/v3/order"), request("GET", "/api/v3/order", query=sign(payload)))
    assert isinstance(refused, Deny)
    assert refused.reason is reason


def test_window_defaults_to_five_seconds() -> None:
    """A request without recvWindow has Binance's default of five seconds."""
    payload = "&".join(f"{name}={value}" for name, value in LIMIT.items()).encode() + b"&timestamp=1499827319559123"
    parts = BINANCE.unfold(endpoint("POST", "/api/v3/order"), request("POST", "/api/v3/order", body=sign(payload)))
    assert isinstance(parts, Signed)
    assert (parts.timestamp_us, parts.window_us) == (1_499_827_319_559_123, 5_000_000)
