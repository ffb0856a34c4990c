"""An order as it would leave: priced, rounded, and valued at the worst.

An order without a limit price is bound to the edge of the band: MARKET becomes LIMIT IOC, a stop or take-profit becomes
its ``_LIMIT`` form. Its value is quantity × the highest of limit, near and anchor price, on both sides.
"""

from decimal import Decimal
from typing import final

from bailiwick.model.decision import Deny
from bailiwick.model.grant import MarketOrders
from bailiwick.model.intent import OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.market import SymbolInfo
from bailiwick.model.money import BASIS_POINTS, EXACT, ZERO, divide, minus, plus, round_down, round_up, times
from bailiwick.model.reason import Reason
from bailiwick.rules.authority import Authority
from bailiwick.rules.market import Market
from bailiwick.rules.tracked import FEE_BEFORE_FILLS
from bailiwick.rules.windows import ANCHOR_SERVES_US, NEAR_FRESH_US

LIMITLESS = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT})
STOPS = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT})
_STOP_LOSSES = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})
_WITH_LIMIT = {
    OrderType.STOP_LOSS: OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT: OrderType.TAKE_PROFIT_LIMIT,
}
_ONE = Decimal(1)
# Bound once: a member of an enum is looked up slowly, and every order passes here.
_BUY = Side.BUY
_LIMIT = OrderType.LIMIT
_MARKET = OrderType.MARKET
_FINEST_STEP = Decimal("0.00000001")  # where a venue names no step


@final
class Leg:
    """One order of a request, as it came and as it would leave.

    ``near`` and ``anchor`` are ``None`` where they are absent or too old; ``trigger`` is a stop's, ``price`` the limit
    it would leave with. ``unpriced`` says why it cannot be judged at all, ``unvalued`` why it cannot be counted
    against a limit; who only reduces need not mind the latter. ``risk`` is what a unit may lose at its limit, in the
    grant's currency.
    """

    __slots__ = (
        "anchor",
        "base",
        "draft",
        "factor",
        "fresh",
        "info",
        "near",
        "notional",
        "out",
        "price",
        "quantity",
        "quote",
        "risk",
        "trigger",
        "unit",
        "unpriced",
        "unvalued",
    )

    def __init__(self, draft: OrderDraft) -> None:
        self.draft = draft
        self.out = draft
        self.info: SymbolInfo | None = None
        self.base = ""
        self.quote = ""
        self.near: Decimal | None = None
        self.anchor: Decimal | None = None
        self.fresh = False
        self.price = draft.price
        self.quantity = draft.quantity or ZERO
        self.trigger: Decimal | None = None
        self.factor = ZERO
        self.unit = ZERO
        self.risk = ZERO
        self.notional = ZERO
        self.unpriced: Deny | None = None
        self.unvalued: Deny | None = None


def price_leg(draft: OrderDraft, authority: Authority, market: Market, now_us: int, brought: Leg | None) -> Leg:
    """Work an order out as it would leave.

    ``brought`` is the working order of a list whose pending order takes what it brings, where this is such an order.
    """
    leg = Leg(draft)
    if brought is not None and draft.quantity is None and draft.side is not brought.draft.side is _BUY:
        leg.quantity = brought.quantity
    info = leg.info = market.symbols.get(draft.symbol)
    if info is None:
        leg.unpriced = Deny(Reason.SYMBOL_UNKNOWN, f"the venue lists no {draft.symbol}")
        return leg
    quote = market.quotes.get(draft.symbol)
    if quote is not None:
        if now_us - quote.anchor_us <= ANCHOR_SERVES_US:
            leg.anchor = quote.anchor
        if now_us - quote.near_us <= NEAR_FRESH_US:
            leg.near = quote.near
        leg.fresh = leg.near is not None and leg.anchor is not None
    if draft.type is not _LIMIT:
        if draft.type in STOPS:
            leg.trigger = _trigger(leg)
        if draft.type in LIMITLESS and not _bind(leg, authority, market, info):
            return leg
    if draft.pegged:
        leg.unpriced = Deny(
            Reason.UNPRICEABLE,
            "a pegged order follows the book: it has no price to check. Send a limit order at the best price",
        )
    elif leg.quantity <= ZERO or (leg.out.type is not _MARKET and (leg.price is None or leg.price <= ZERO)):
        leg.unpriced = Deny(Reason.UNPRICEABLE, "the order has no quantity or no price to check")
    else:
        _value(leg, authority, market, info, now_us)
    return leg


def _value(leg: Leg, authority: Authority, market: Market, info: SymbolInfo, now_us: int) -> None:
    """Find what a unit of the order is worth in the grant's currency, at the worst."""
    leg.base, leg.quote = info.base, info.quote
    near, anchor = leg.near, leg.anchor
    worst = leg.price or ZERO
    if near is not None and near > worst:
        worst = near
    if anchor is not None and anchor > worst:
        worst = anchor
    if authority.prices_matter and not leg.fresh:
        leg.unvalued = _missing(leg, market)
    if info.quote == authority.currency:
        leg.factor = _ONE
        leg.unit = worst
    else:
        worth = market.worth(info.quote, authority.currency)
        if worth is not None:
            leg.factor = worth.most
            leg.unit = times(worst, worth.most)
        if authority.worth_matters and leg.unvalued is None:
            if worth is None:
                leg.unvalued = Deny(Reason.UNPRICEABLE, f"no price leads from {info.quote} to {authority.currency}")
            elif authority.counts_money and now_us - worth.fresh_us > NEAR_FRESH_US:
                leg.unvalued = Deny(Reason.REFERENCE_STALE, f"the price of {info.quote} in {authority.currency} is old")
    leg.notional = times(leg.quantity, leg.unit)
    if anchor is not None:
        leg.risk = times(risk_of(leg.draft.side, leg.price or worst, anchor), leg.factor)


def risk_of(side: Side, price: Decimal, anchor: Decimal) -> Decimal:
    """What a unit may lose if it is executed at this price, in the quote asset: against the anchor, and as a fee."""
    fee = times(price, FEE_BEFORE_FILLS)
    if side is _BUY:
        return plus(fee, minus(price, anchor)) if price > anchor else fee
    return plus(fee, minus(anchor, price)) if price < anchor else fee


def _missing(leg: Leg, market: Market) -> Deny:
    quote = market.quotes.get(leg.draft.symbol)
    if quote is None or quote.near is None or quote.anchor is None:
        return Deny(Reason.UNPRICEABLE, f"{leg.draft.symbol} has no price history")
    return Deny(Reason.REFERENCE_STALE, f"the last price of {leg.draft.symbol} is too old")


def _trigger(leg: Leg) -> Decimal | None:
    """The price at which a stop becomes an order, or None where the market is there already: then it is judged as one.

    A trailing stop starts from its stop price, else from the market, and only ever moves to the better.
    """
    draft, near = leg.draft, leg.near
    stop = draft.stop_price
    if stop is not None and near is not None:
        waits_for_rise = (draft.side is _BUY) == (draft.type in _STOP_LOSSES)
        if near >= stop if waits_for_rise else near <= stop:
            stop = None
    if draft.trailing_delta is None:
        return stop
    start = stop or near or leg.anchor
    if start is None:
        return None
    sign = 1 if draft.side is _BUY else -1
    return divide(times(start, BASIS_POINTS + sign * draft.trailing_delta), BASIS_POINTS)


def _bind(leg: Leg, authority: Authority, market: Market, info: SymbolInfo) -> bool:
    """Give an order without a limit price one: the band's edge. False where it cannot be judged further."""
    draft = leg.draft
    if authority.market_orders is MarketOrders.DENY:
        leg.unpriced = Deny(Reason.MARKET_ORDER_NOT_GRANTED, f"{draft.type} has no limit price")
        return False
    passing = authority.market_orders is MarketOrders.PASS and _deep(authority, market, info)
    edge = _edge(leg, authority)
    if edge is not None:
        edge = round_down(edge, info.tick) if draft.side is _BUY else round_up(edge, info.tick)
    reference = edge or (leg.near or leg.anchor if passing else None)
    if not reference:
        leg.unpriced = _unbound(leg, market)
        return False
    _size(leg, info, reference)
    leg.price = edge
    if passing:
        return True  # it leaves as it is; the edge is what it is valued at
    stop = _WITH_LIMIT.get(draft.type)
    leg.out = OrderDraft(
        symbol=draft.symbol,
        side=draft.side,
        type=OrderType.LIMIT if stop is None else stop,
        quantity=leg.quantity if draft.quantity or draft.quote_quantity else None,
        price=edge,
        stop_price=draft.stop_price,
        trailing_delta=draft.trailing_delta,
        # A stop that was overrun keeps resting at its limit: one that vanished would protect nothing.
        time_in_force=TimeInForce.IOC if stop is None else TimeInForce.GTC,
        iceberg_quantity=draft.iceberg_quantity if stop is not None else None,
        pegged=draft.pegged,
        client_id=draft.client_id,
        leg=draft.leg,
    )
    return True


def _edge(leg: Leg, authority: Authority) -> Decimal | None:
    """The price beyond which the order may not be executed."""
    buying = leg.draft.side is _BUY
    if leg.trigger is not None:
        gap = authority.stop_gap
        return None if gap is None else times(leg.trigger, gap.buy if buying else gap.sell)
    edges = [
        times(reference, band.buy if buying else band.sell)
        for reference, band in ((leg.near, authority.near), (leg.anchor, authority.anchor))
        if reference is not None and band is not None
    ]
    if not edges:
        return None
    return min(edges) if buying else max(edges)


def _size(leg: Leg, info: SymbolInfo, edge: Decimal) -> None:
    """Find the quantity: rounded down, and where the amount of the quote asset is given, what it buys for certain."""
    draft = leg.draft
    if draft.quantity is not None:
        leg.quantity = round_down(draft.quantity, info.step)
    elif draft.quote_quantity is not None:
        # A sell is sized by the market: at the edge it would sell more than it was asked for.
        price = edge if draft.side is _BUY else max(edge, leg.near or leg.anchor or edge)
        step = info.step or _FINEST_STEP
        leg.quantity = times(EXACT.divide_int(draft.quote_quantity, times(price, step)), step)


def _unbound(leg: Leg, market: Market) -> Deny:
    if leg.near is None and leg.anchor is None:
        return _missing(leg, market)
    return Deny(Reason.UNPRICEABLE, f"{leg.draft.type} without a price: there is no band to bind it to")


def _deep(authority: Authority, market: Market, info: SymbolInfo) -> bool:
    """Whether the market is above the grant's liquidity floor."""
    volume = daily_volume(authority, market, info)
    return volume is not None and authority.least_daily_volume is not None and volume >= authority.least_daily_volume


def daily_volume(authority: Authority, market: Market, info: SymbolInfo) -> Decimal | None:
    """The median daily volume of a symbol in the grant's currency, at the least."""
    quote = market.quotes.get(info.symbol)
    worth = market.worth(info.quote, authority.currency)
    if quote is None or quote.daily_volume is None or worth is None:
        return None
    return times(quote.daily_volume, worth.least)
