"""Rules of what a key may do at all: harm classes, products, symbols, sides, order types."""

from bailiwick.model.decision import Deny
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case
from bailiwick.rules.state import CANCELS, HARMLESS, READS

_PLAIN = Act.PLAIN
_START_UP = Act.START_UP
_MOVE = BIT[Harm.MOVE]


def harm(case: Case) -> Deny | None:
    """A request needs its harm class. A start-up read needs none: who may not read gets the form without balances."""
    endpoint = case.intent.endpoint
    if endpoint.bit & case.authority.mask or (case.act is _START_UP and endpoint.bit & READS):
        return None
    return Deny(Reason.CAPABILITY_NOT_GRANTED, f"{endpoint.harm} is not granted")


def served(case: Case) -> Deny | None:
    """Only what is served leaves; and what trades leaves only as an order, for nothing else can be priced."""
    endpoint = case.intent.endpoint
    if not endpoint.served:
        return Deny(Reason.ENDPOINT_NOT_SERVED, f"{endpoint.method} {endpoint.path}")
    if case.act is _PLAIN and endpoint.harm is Harm.TRADE:
        return Deny(Reason.UNPRICEABLE, f"{endpoint.method} {endpoint.path} trades, and is not an order")
    return None


def symbols(case: Case) -> Deny | None:
    """A key opens only in the symbols of its grant. Reads and cancels are narrowed to its own orders instead."""
    granted = case.authority.symbols
    if granted is None:
        return None
    for leg in case.legs:
        if leg.draft.symbol not in granted:
            return _not_granted(leg.draft.symbol)
    intent = case.intent
    if case.legs or intent.endpoint.bit & HARMLESS or case.act in CANCELS:
        return None
    for symbol in (intent.symbol, *intent.symbols):
        if symbol is not None and symbol not in granted:
            return _not_granted(symbol)
    return None


def sides_and_types(case: Case) -> Deny | None:
    """An order's side and type are granted, the type as the client names it."""
    authority = case.authority
    for leg in case.legs:
        draft = leg.draft
        if draft.side not in authority.sides:
            return Deny(Reason.SIDE_NOT_GRANTED, f"{draft.side} is not granted")
        if draft.type not in authority.order_types:
            return Deny(Reason.ORDER_TYPE_NOT_GRANTED, f"{draft.type} is not granted")
    return None


def transfer(case: Case) -> Deny | None:
    """Self-trade prevention by transfer moves value between accounts: it needs move."""
    if case.intent.transfers_value and not case.authority.mask & _MOVE:
        return Deny(Reason.TRANSFER_NOT_GRANTED, "self-trade prevention by transfer needs move")
    return None


def _not_granted(symbol: str) -> Deny:
    return Deny(Reason.SYMBOL_NOT_GRANTED, f"{symbol[:40]} is not granted")
