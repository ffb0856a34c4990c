"""The recorded shape of an account: what a canary key is answered from. No secret stands in it, and no number of its
owner's that was not altered first.

A canary is a key that nobody uses: it is laid where a thief would look, and whoever signs with it has looked there.
"""

from enum import StrEnum
from typing import Any

import msgspec

Row = dict[str, Any]


class WindDown(StrEnum):
    """What a canary winds down when it is used, beside telling its owner."""

    NOTHING = "nothing"
    SERVICE_KEYS = "service-keys"  # the keys of the canary's own service on the owner's accounts
    ACCOUNT_KEYS = "account-keys"  # the keys of the canary's account


class Said(msgspec.Struct, frozen=True, gc=False):
    """What the venue answered to one question, with its altered body."""

    status: int
    body: Any


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it was recorded.

    Attributes:
        said: the answers to questions without a symbol, by ``METHOD path``.
        commission: what the account pays, by symbol.
        trades: its trades by symbol, oldest first.
        orders: its orders by symbol, oldest first.
        latencies: how long the venue took to answer the recording, in microseconds.
        counted: beginnings of paths whose answers told the weight used.
    """

    said: dict[str, Said] = {}
    commission: dict[str, Said] = {}
    trades: dict[str, tuple[Row, ...]] = {}
    orders: dict[str, tuple[Row, ...]] = {}
    latencies: tuple[int, ...] = ()
    counted: tuple[str, ...] = ()


def draw(latencies: tuple[int, ...], unit: float) -> int:
    """A latency like those that were measured, in microseconds: their quantile at ``unit``, from 0 to 1.

    Between two measured ones it is interpolated, so that no delay repeats itself to the microsecond.
    """
    if not latencies:
        return 0
    ordered = sorted(latencies)
    place = unit * (len(ordered) - 1)
    below = min(int(place), len(ordered) - 2) if len(ordered) > 1 else 0
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + int((ordered[above] - ordered[below]) * (place - below))


def shape_to_json(shape: Shape) -> str:
    """The shape as it is kept."""
    return msgspec.json.encode(shape).decode()


def shape_from_json(text: str) -> Shape:
    """A kept shape.

    Raises:
        ValueError: if it is none.
    """
    return msgspec.json.decode(text, type=Shape)
