"""Decisions: allow or deny, as values."""

from decimal import Decimal

import msgspec

from bailiwick.model.intent import OrderDraft, OrderRef
from bailiwick.model.money import ZERO
from bailiwick.model.reason import Reason


class Charge(msgspec.Struct, frozen=True, gc=False):
    """What one order may cost its key, reserved before it leaves.

    ``quantity`` is the order's, in the base asset; ``unit`` the notional of one such unit in the grant's currency at
    the worst of limit and references, zero where the grant has no budget to charge; ``anchor`` the anchor price at
    the decision, in the quote asset, against which slippage is reckoned. ``reducing`` orders are counted, never
    refused for budget. ``factor`` is what a unit of the quote asset is worth in the grant's currency at the worst, zero
    where no one knows; ``base`` and ``quote`` are the symbol's assets, by which a commission is recognised.
    ``risk`` is what one unit may lose at its limit, in the grant's currency: its adverse distance from the anchor, and
    a fee; zero of what reduces, and of a sell that only closes what the working order of its list buys.
    """

    quantity: Decimal
    unit: Decimal
    anchor: Decimal | None
    reducing: bool
    factor: Decimal = ZERO
    base: str = ""
    quote: str = ""
    risk: Decimal = ZERO


class Allow(msgspec.Struct, frozen=True, gc=False):
    """The request may leave.

    ``orders`` are the orders as they leave: the intent's own, or bound to the band where they had no limit price.
    ``charges`` stand beside them, one each. ``cancels`` lists the orders to cancel one by one where a cancel-all is
    narrowed to the key's own; ``None`` means the request leaves as it is.
    """

    orders: tuple[OrderDraft, ...] = ()
    charges: tuple[Charge, ...] = ()
    cancels: tuple[OrderRef, ...] | None = None
    reducing: bool = False


class Deny(msgspec.Struct, frozen=True, gc=False):
    """The request is refused. ``detail`` has the numbers and is for the owner, never for the sender.

    ``retry_after_s`` is set for a request rate alone.
    """

    reason: Reason
    detail: str = ""
    retry_after_s: int = 0


Decision = Allow | Deny
