"""Listings narrowed to what a key may see, and single answers gathered into one listing.

Elements that stay keep their bytes as the venue wrote them.
"""

from collections.abc import Callable

import msgspec

from bailiwick.model.intent import Act, Intent, OrderRef
from bailiwick.venues.binance.answer import UNREADABLE

Owns = Callable[[str, OrderRef], bool]


class _Named(msgspec.Struct, gc=False):
    """What names an order, in a list of orders or of trades."""

    symbol: str
    orderId: int  # noqa: N815  (the venue's spelling, here and below)
    clientOrderId: str | None = None  # noqa: N815


class _Prevented(msgspec.Struct, gc=False):
    """What names the two orders that would have met, in a list of prevented matches."""

    symbol: str
    takerOrderId: int  # noqa: N815
    makerSymbol: str  # noqa: N815
    makerOrderId: int  # noqa: N815


class _Listed(msgspec.Struct, gc=False):
    orders: list[_Named]


class _Outcome(msgspec.Struct, gc=False):
    code: int = 0


_split = msgspec.json.Decoder(list[msgspec.Raw]).decode
_named = msgspec.json.Decoder(_Named).decode
_prevented = msgspec.json.Decoder(_Prevented).decode
_listed = msgspec.json.Decoder(_Listed).decode
_outcome = msgspec.json.Decoder(_Outcome).decode


def visible(intent: Intent, body: bytes, owns: Owns) -> bytes:
    """The 200 answer to a listing, narrowed to the orders (or their trades) that ``owns`` admits.

    An order list stays if all of its orders are admitted, and a prevented match if both of its orders are: it tells how
    much of the other there was. A body that cannot be read shows nothing.
    """
    match intent.endpoint.act:
        case Act.LIST_OPEN | Act.LIST_ORDERS | Act.LIST_TRADES | Act.LIST_CHANGES:
            admit = _admit_order
        case Act.LIST_MATCHES:
            admit = _admit_match
        case Act.LIST_LISTS:
            admit = _admit_list
        case Act.LOOK_UP_LIST:
            return body if _safely(_admit_list, body, owns) else b"{}"
        case _:
            return body
    try:
        elements = _split(body)
    except UNREADABLE:
        return b"[]"
    return _join([bytes(element) for element in elements if _safely(admit, element, owns)])


def gather(bodies: list[bytes]) -> bytes:
    """One answer to a cancel-all: the cancels that took effect. One refused meanwhile (filled, say) is left out."""
    return _join([body for body in bodies if _cancelled(body)])


def _join(elements: list[bytes]) -> bytes:
    return b"[" + b",".join(elements) + b"]"


def _safely(admit: Callable[[bytes | msgspec.Raw, Owns], bool], element: bytes | msgspec.Raw, owns: Owns) -> bool:
    try:
        return admit(element, owns)
    except UNREADABLE:
        return False


def _admit_order(element: bytes | msgspec.Raw, owns: Owns) -> bool:
    order = _named(element)
    return owns(order.symbol, OrderRef(order.orderId, order.clientOrderId))


def _admit_match(element: bytes | msgspec.Raw, owns: Owns) -> bool:
    match = _prevented(element)
    return owns(match.symbol, OrderRef(match.takerOrderId)) and owns(match.makerSymbol, OrderRef(match.makerOrderId))


def _admit_list(element: bytes | msgspec.Raw, owns: Owns) -> bool:
    orders = _listed(element).orders
    return bool(orders) and all(owns(order.symbol, OrderRef(order.orderId, order.clientOrderId)) for order in orders)


def _cancelled(body: bytes) -> bool:
    try:
        return _outcome(body).code >= 0
    except UNREADABLE:
        return False
