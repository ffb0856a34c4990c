"""The commonest requests, decided straight on: one limit order, one look-up or cancel of an own order, one read.

It only ever allows, and only what the rules allow: whatever is not plainly within all limits it leaves to them, so that
every denial and every unusual case has one author. That it says what they say is a property in the tests; ``explain``
asks the rules alone.
"""

from decimal import Decimal
from typing import Final

from bailiwick.model.decision import Allow, Charge
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, Intent, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.market import Quote
from bailiwick.model.money import ZERO, plus, times
from bailiwick.rules.authority import Authority
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.market import Market
from bailiwick.rules.pricing import risk_of
from bailiwick.rules.tracked import OrderState
from bailiwick.rules.windows import ANCHOR_SERVES_US, NEAR_FRESH_US

# Bound once: a member of an enum is looked up slowly in Python 3.11, and every order passes here.
_PLACE: Final = Act.PLACE
_LOOK_UP: Final = Act.LOOK_UP
_CANCEL: Final = Act.CANCEL
_READ_ACTS: Final = frozenset({Act.PLAIN, Act.BALANCES, Act.LIST_OPEN, Act.LIST_ORDERS, Act.LIST_TRADES})
_READS: Final = BIT[Harm.PUBLIC] | BIT[Harm.READ]
_HARMLESS: Final = _READS | BIT[Harm.CANCEL]
_LIMIT: Final = OrderType.LIMIT
_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_IOC: Final = TimeInForce.IOC
_FOK: Final = TimeInForce.FOK
_ENDED: Final = OrderState.ENDED
_ONE: Final = Decimal(1)
_ALLOWED: Final = Allow()


def straight(intent: Intent, authority: Authority, ledger: Ledger, market: Market, now_us: int) -> Allow | None:
    """The decision on a request of an active key from an address of its grant, if it plainly is to allow it."""
    endpoint = intent.endpoint
    if not endpoint.served or not endpoint.bit & authority.mask or intent.transfers_value:
        return None
    if authority.not_before_us is not None and now_us < authority.not_before_us:
        return None
    if authority.expires_us is not None and now_us >= authority.expires_us:
        return None
    act = endpoint.act
    if act is _PLACE:
        orders = intent.orders
        if len(orders) != 1 or authority.schedules or ledger.together is not None:
            return None
        return _place(orders[0], authority, ledger, market, now_us)
    if act is _CANCEL:
        within = endpoint.bit & _HARMLESS
    else:
        within = endpoint.bit & _READS and (act is _LOOK_UP or act in _READ_ACTS)
        limit = authority.requests_per_minute
        if limit is not None and ledger.wait_us(limit, now_us) > 0:
            return None
    if not within:
        return None
    if authority.own_orders_only and (act is _CANCEL or act is _LOOK_UP) and not _owned(intent, ledger):
        return None
    return _ALLOWED


def _owned(intent: Intent, ledger: Ledger) -> bool:
    """Whether the order is the key's own; to cancel it by its name it must be alive."""
    symbol, target = intent.symbol, intent.target
    if symbol is None or target is None:
        return False
    if target.order_id is None and intent.endpoint.act is _CANCEL:
        order = ledger.find(symbol, target)
        return order is not None and order.state is not _ENDED
    return ledger.owns(symbol, target)


def _place(draft: OrderDraft, authority: Authority, ledger: Ledger, market: Market, now_us: int) -> Allow | None:
    """A limit order whose amounts are all known, in a market whose prices are fresh and of the grant's currency."""
    symbol, side, price, quantity = draft.symbol, draft.side, draft.price, draft.quantity
    granted = authority.symbols
    if (
        draft.type is not _LIMIT
        or _LIMIT not in authority.order_types
        or side not in authority.sides
        or (granted is not None and symbol not in granted)
        or draft.pegged
        or price is None
        or quantity is None
        or price <= ZERO
        or quantity <= ZERO
    ):
        return None
    client_id = draft.client_id
    if client_id is not None and ledger.id_used(client_id, now_us):
        return None
    info = market.symbols.get(symbol)
    quote = market.quotes.get(symbol)
    if info is None or quote is None or info.quote != authority.currency:
        return None
    near, anchor = quote.near, quote.anchor
    if (
        near is None
        or anchor is None
        or now_us - quote.near_us > NEAR_FRESH_US
        or now_us - quote.anchor_us > ANCHOR_SERVES_US
    ):
        return None
    if not _in_bands(side, price, near, anchor, authority):
        return None
    reducing = side is _SELL and quantity <= ledger.free(symbol)
    unit = price
    unit = max(unit, near)
    unit = max(unit, anchor)
    risk = ZERO
    if not reducing:
        risk = risk_of(side, price, anchor)
        if not _within(draft, times(quantity, unit), times(quantity, risk), quote, authority, ledger, now_us):
            return None
    charge = Charge(quantity, unit, anchor, reducing, _ONE, info.base, info.quote, risk)
    return Allow((draft,), (charge,), None, reducing)


def _in_bands(side: Side, price: Decimal, near: Decimal, anchor: Decimal, authority: Authority) -> bool:
    band, wide = authority.near, authority.anchor
    if side is _BUY:
        return (band is None or price <= times(near, band.buy)) and (wide is None or price <= times(anchor, wide.buy))
    return (band is None or price >= times(near, band.sell)) and (wide is None or price >= times(anchor, wide.sell))


def _within(
    draft: OrderDraft,
    notional: Decimal,
    risk: Decimal,
    quote: Quote,
    authority: Authority,
    ledger: Ledger,
    now_us: int,
) -> bool:
    """Whether what opens is within every amount, count and rate of the grant."""
    limit = authority.order_notional
    if limit is not None and notional > limit:
        return False
    claim = plus(ledger.reserved, notional)
    limit = authority.rolling_notional
    if limit is not None and plus(ledger.spent.rolling(now_us), claim) > limit:
        return False
    day_us = authority.days.start_us(now_us)
    limit = authority.day_notional
    if limit is not None and plus(ledger.spent.since(day_us), claim) > limit:
        return False
    limit = authority.loss_per_day
    if limit is not None:
        lost = ledger.losses.since(day_us)
        if lost >= limit or plus(plus(lost, ledger.risked), risk) > limit:
            return False
    count = authority.open_orders
    if count is not None and ledger.resting >= count:
        time_in_force = draft.time_in_force
        if time_in_force is not _IOC and time_in_force is not _FOK:
            return False
    if authority.volume_matters:
        volume = quote.daily_volume
        if volume is None:
            return False
        limit = authority.least_daily_volume
        if limit is not None and volume < limit:
            return False
        limit = authority.order_share
        if limit is not None and notional > times(volume, limit):
            return False
        limit = authority.day_share
        if limit is not None and plus(ledger.symbol_use(draft.symbol, day_us), notional) > times(volume, limit):
            return False
    count = authority.requests_per_minute
    return count is None or ledger.wait_us(count, now_us) <= 0
