"""What is held for a person, and when two requests are the same: an approval is for one intent and passes it once."""

import hashlib
from collections.abc import Collection
from decimal import Decimal

import msgspec

from bailiwick.model.decision import Allow
from bailiwick.model.intent import Act, Intent
from bailiwick.model.money import ZERO
from bailiwick.rules.authority import Authority

MOST_REQUEST_CHARS = 4_000
"""What a person can be shown whole; a longer request is not held but denied."""


def must_be_held(intent: Intent, authority: Authority, allow: Allow) -> bool:
    """Whether a person must approve what the rules allow.

    An order that reduces is never held, nor one that is only tried: holding it would keep a key from getting out.
    """
    endpoint = intent.endpoint
    if not endpoint.changes or endpoint.act is Act.TRY or allow.reducing:
        return False
    if endpoint.bit & authority.hold_mask:
        return True
    above = authority.hold_above
    return above is not None and notional(allow) > above


def notional(allow: Allow) -> Decimal:
    """What all orders of a request come to at the worst of limit and references, in the grant's currency."""
    return sum((charge.quantity * charge.unit for charge in allow.charges), ZERO)


def digest(key: str, account: str, intent: Intent, own_names: Collection[str]) -> str:
    """Names what a request wants: the same for two that differ in time, signature and the client's own names alone.

    Args:
        key: the key's id.
        account: its account's.
        intent: the request as the client sent it. Timestamp, receive window and signature are no parameters of it.
        own_names: parameters in which a client names its own orders and withdrawals anew each time.
    """
    endpoint = intent.endpoint
    params = sorted((name, value) for name, value in intent.params if name not in own_names)
    told = msgspec.json.encode([key, account, endpoint.method, endpoint.path, params])
    return hashlib.sha256(told).hexdigest()


def request_text(intent: Intent) -> str:
    """The request as a person reads it before approving: method, path, and every parameter on a line of its own."""
    endpoint = intent.endpoint
    lines = [f"{name} = {value}" for name, value in intent.params]
    return "\n".join([f"{endpoint.method} {endpoint.path}", *lines])


def what(intent: Intent) -> str:
    """One line for a notice: what is wanted, without address and amount."""
    withdrawal = intent.withdrawal
    if withdrawal is not None:
        return f"a withdrawal of {withdrawal.destination.coin}"
    if intent.orders:
        order = intent.orders[0]
        more = f" and {len(intent.orders) - 1} more" if len(intent.orders) > 1 else ""
        return f"an order: {order.side.lower()} {order.symbol}{more}"
    return f"{intent.endpoint.harm.value}: {intent.endpoint.path}"
