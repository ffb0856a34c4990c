"""What an intent that the rules allow looks like to the watch. The gateway and the rehearsal both read it here."""

from decimal import Decimal
from typing import Final
from zlib import crc32

from bailiwick.model.decision import Allow, Charge
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Intent, OrderDraft, OrderType, Side
from bailiwick.model.market import Quote
from bailiwick.model.money import ZERO
from bailiwick.rules.authority import Authority
from bailiwick.rules.market import Market, Reckoned
from bailiwick.rules.pricing import LIMITLESS, STOPS
from bailiwick.rules.windows import ANCHOR_SERVES_US, NEAR_FRESH_US
from bailiwick.watch.event import Asked, Holder, Origin

DOLLARS: Final = frozenset({"USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI", "USDP", "USD", "EUR"})
_DOLLAR: Final = "USDT"
_TRADE: Final = Harm.TRADE
_BUY: Final = Side.BUY
_LIMIT: Final = OrderType.LIMIT
_PREFIX: Final = 6
# What only reduces is left alone inside a band. Where the grant has none, these stand for it (basis points).
_REDUCING_NEAR: Final = 300.0
_WIDEST: Final = 1_000.0  # a near band that is wider than this does not say what is in reason
_REDUCING_ANCHOR: Final = 1_000.0


def asked(
    intent: Intent,
    allow: Allow,
    authority: Authority,
    market: Market,
    now_us: int,
    holder: Holder,
    origin: Origin,
) -> Asked:
    """What the watch is told of an intent before it leaves.

    Amounts are in the grant's currency where that is a dollar or stands for one, else in USDT where a price leads
    there, so that markets are as thin in one currency as in another.

    Args:
        intent: what the client asked for.
        allow: what the rules let leave of it.
        authority: the key's effective permission.
        market: symbols and reference prices.
        now_us: microseconds since 1970.
        holder: who holds the key.
        origin: where the request came from.
    """
    endpoint = intent.endpoint
    if endpoint.harm is not _TRADE or not allow.orders:
        return Asked(
            at_us=now_us,
            holder=holder,
            origin=origin,
            act=endpoint.act,
            harm=endpoint.harm,
            symbol=intent.symbol or "",
            window_ms=intent.window_us // 1000,
            offset_ms=(now_us - intent.timestamp_us) // 1000,
        )
    leading, charge, worth = _costliest(allow)
    draft = _as_asked(intent, leading)
    symbol = leading.symbol
    near_bps, anchor_bps, moved_bps, unbounded = _apart(intent, allow, leading, draft, market, now_us)
    scale, unit = _scale(authority.currency, market)
    day_worth, top_worth = _depth(symbol, leading.side, authority.currency, market, now_us)
    client_id = draft.client_id
    return Asked(
        at_us=now_us,
        holder=holder,
        origin=origin,
        act=endpoint.act,
        harm=endpoint.harm,
        symbol=symbol,
        base=charge.base if charge is not None else "",
        quote=charge.quote if charge is not None else "",
        side=leading.side,
        type=draft.type,
        worth=worth * scale,
        day_worth=None if day_worth is None else day_worth * scale,
        top_worth=None if top_worth is None else top_worth * scale,
        near_bps=near_bps,
        anchor_bps=anchor_bps,
        moved_bps=moved_bps,
        unbounded=unbounded,
        reducing=allow.reducing and _in_reason(authority, near_bps, anchor_bps),
        prefix=0 if client_id is None else crc32(client_id[:_PREFIX].encode()),
        window_ms=intent.window_us // 1000,
        offset_ms=(now_us - intent.timestamp_us) // 1000,
        worth_in=unit,
    )


def _apart(
    intent: Intent, allow: Allow, leading: OrderDraft, draft: OrderDraft, market: Market, now_us: int
) -> tuple[float | None, float | None, float, bool]:
    """How far from near and anchor the price is, how far these are apart, and whether nothing bounds the price.

    In basis points, as ``Asked`` has them.
    """
    unbounded = draft.price is None and (draft.type in LIMITLESS or draft.pegged)
    near_bps = anchor_bps = None
    moved_bps = 0.0
    symbol = leading.symbol
    quote = market.quotes.get(symbol)
    if quote is None or symbol not in market.symbols:
        return near_bps, anchor_bps, moved_bps, unbounded
    near, anchor, _, _, _ = market.reckoned.get(symbol) or reckon(market, symbol, quote)
    if now_us - quote.near_us > NEAR_FRESH_US:
        near = 0.0
    if now_us - quote.anchor_us > ANCHOR_SERVES_US:
        anchor = 0.0
    price = _price(draft, near, unbounded=unbounded)
    sign = 10_000.0 if leading.side is _BUY else -10_000.0
    if near:
        if price:
            near_bps = (price / near - 1.0) * sign
        if anchor:
            moved_bps = (near / anchor - 1.0) * 10_000.0
    if anchor and price:
        anchor_bps = (price / anchor - 1.0) * sign
    if len(allow.orders) > 1:
        for other in allow.orders:
            if other is not leading:
                near_bps, anchor_bps, limited = _worse(near_bps, anchor_bps, _as_asked(intent, other), near, anchor)
                unbounded = unbounded and not limited
    return near_bps, anchor_bps, moved_bps, unbounded


def _depth(symbol: str, side: Side, currency: str, market: Market, now_us: int) -> tuple[float | None, float | None]:
    """A symbol's usual volume of a day, and what rests at the best price that an order of this side would meet.

    In this currency; None where it is not known, or no longer true.
    """
    info, quote = market.symbols.get(symbol), market.quotes.get(symbol)
    if info is None or quote is None:
        return None, None
    _, _, volume, bid, ask = market.reckoned.get(symbol) or reckon(market, symbol, quote)
    top = None if now_us - quote.near_us > NEAR_FRESH_US else ask if side is _BUY else bid
    if info.quote == currency or (volume is None and top is None):
        return volume, top
    worth = market.worth(info.quote, currency)
    if worth is None:
        return None, None
    return (
        None if volume is None else volume * float(worth.least),
        None if top is None else top * float(worth.most),
    )


def reckon(market: Market, symbol: str, quote: Quote) -> Reckoned:
    """What is known of a market's prices and depth, as floats; kept until the next quote."""
    resting = market.resting.get(symbol)
    made = market.reckoned[symbol] = (
        float(quote.near) if quote.near else 0.0,
        float(quote.anchor) if quote.anchor else 0.0,
        None if quote.daily_volume is None else float(quote.daily_volume),
        None if resting is None else float(resting[0]),
        None if resting is None else float(resting[1]),
    )
    return made


def _costliest(allow: Allow) -> tuple[OrderDraft, Charge | None, float]:
    """The order that can cost most, what is charged for it, and what all come to."""
    orders, charges = allow.orders, allow.charges
    if len(orders) == 1 and len(charges) == 1:
        charge = charges[0]
        return orders[0], charge, float(charge.quantity) * float(charge.unit)
    if len(orders) != len(charges):  # what is only tried is charged nothing
        return orders[0], None, 0.0
    worths = [charge.quantity * charge.unit for charge in charges]
    place = max(range(len(worths)), key=worths.__getitem__)
    return orders[place], charges[place], float(sum(worths, ZERO))


def _as_asked(intent: Intent, leaving: OrderDraft) -> OrderDraft:
    """The order as the client asked for it: what the gateway bound to the band had no limit of the client's."""
    orders = intent.orders
    if len(orders) == 1:
        return orders[0]
    for order in orders:
        if order.leg == leaving.leg and order.side is leaving.side:
            return order
    return leaving


def _worse(
    near_bps: float | None, anchor_bps: float | None, draft: OrderDraft, near: float, anchor: float
) -> tuple[float | None, float | None, bool]:
    """The worse of these prices and another leg's, and whether the leg has a limit: a list is as bad as its worst."""
    unbounded = draft.price is None and (draft.type in LIMITLESS or draft.pegged)
    price = _price(draft, near, unbounded=unbounded)
    sign = 10_000.0 if draft.side is _BUY else -10_000.0
    if price and near:
        worse = (price / near - 1.0) * sign
        near_bps = worse if near_bps is None else max(near_bps, worse)
    if price and anchor:
        worse = (price / anchor - 1.0) * sign
        anchor_bps = worse if anchor_bps is None else max(anchor_bps, worse)
    return near_bps, anchor_bps, not unbounded


def _price(draft: OrderDraft, near: float, *, unbounded: bool) -> float:
    """The price that it may be executed at, as a client chose it; what has no limit is executed near the market.

    A stop waits for its trigger: how far its limit may stand from that is the rules' matter, and it costs nothing yet.
    One that only trails the market has its trigger that far behind it.
    """
    price: Decimal | None = draft.price
    if draft.type is not _LIMIT and draft.type in STOPS:
        if price is None:
            return near
        trigger = float(draft.stop_price) if draft.stop_price else near
        if draft.trailing_delta:
            behind = draft.trailing_delta / 10_000.0
            trigger *= 1.0 + (behind if draft.side is _BUY else -behind)
        return near * float(price) / trigger if trigger > 0.0 else float(price)
    if unbounded or price is None:
        return near
    return float(price)


def _scale(currency: str, market: Market) -> tuple[float, str]:
    if currency in DOLLARS:
        return 1.0, currency
    worth = market.worth(currency, _DOLLAR)
    return (1.0, currency) if worth is None else (float(worth.most), _DOLLAR)


def _in_reason(authority: Authority, near_bps: float | None, anchor_bps: float | None) -> bool:
    """Whether what reduces is inside the band; a grant without one, or with a wide one, lets a thief give it away."""
    if near_bps is not None and near_bps > (_REDUCING_NEAR if authority.near is None else _WIDEST):
        return False
    return authority.anchor is not None or anchor_bps is None or anchor_bps <= _REDUCING_ANCHOR
