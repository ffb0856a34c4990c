"""What an intent that the rules allow looks like to the watch. The gateway and the rehearsal both read it here."""

from typing import Final
from zlib import crc32

from bailiwick.model.decision import Allow
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
# How far a stop's trigger is believed to wait for the market. Whoever sets one farther off in a thin coin moves the
# market there himself, and then it is executed against his own orders.
_TRIGGER_ABOVE: Final = 1.1
_TRIGGER_BELOW: Final = 0.7
_LEAST_VOLUME: Final = 1.0


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
    orders = allow.orders
    if endpoint.harm is not _TRADE or not orders:
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
    if len(orders) == 1 and len(allow.charges) == 1 and len(intent.orders) == 1:
        leading, draft, charge = orders[0], intent.orders[0], allow.charges[0]
        base, quote, unit = charge.base, charge.quote, charge.unit
        limit = None if draft.price is None else float(draft.price)
        # Mostly the worst price is the limit itself, and then it need not be made a float twice.
        worth = float(charge.quantity) * (limit if limit is not None and unit is draft.price else float(unit))
    else:
        leading, base, quote, worth = _costliest(allow)
        draft = _as_asked(intent, leading)
        limit = None if draft.price is None else float(draft.price)
    symbol, side, currency = leading.symbol, leading.side, authority.currency
    near, anchor, moved_bps, day_worth, top_worth = _market(symbol, side, currency, market, now_us)
    near_bps = anchor_bps = None
    unbounded = limit is None and (draft.type in LIMITLESS or draft.pegged)
    price = limit if limit is not None and draft.type is _LIMIT else _price(draft, limit, near, unbounded=unbounded)
    sign = 10_000.0 if side is _BUY else -10_000.0
    if price:
        if near:
            near_bps = (price / near - 1.0) * sign
        if anchor:
            anchor_bps = (price / anchor - 1.0) * sign
    if len(orders) > 1 and symbol in market.quotes and symbol in market.symbols:
        for other in orders:
            if other is not leading:
                near_bps, anchor_bps, limited = _worse(near_bps, anchor_bps, _as_asked(intent, other), near, anchor)
                unbounded = unbounded and not limited
    unit_name = currency
    if currency not in DOLLARS:
        scale, unit_name = _scale(currency, market)
        worth *= scale
        day_worth = None if day_worth is None else day_worth * scale
        top_worth = None if top_worth is None else top_worth * scale
    client_id = draft.client_id
    # In the order of its fields, for to name so many costs ten times as much as to fill them.
    return Asked(
        now_us, holder, origin, endpoint.act, endpoint.harm, symbol, base, quote, side, draft.type, worth, day_worth,
        top_worth, near_bps, anchor_bps, moved_bps, unbounded,
        allow.reducing and _in_reason(authority, near_bps, anchor_bps),
        0 if client_id is None else crc32(client_id[:_PREFIX].encode()),
        intent.window_us // 1000, (now_us - intent.timestamp_us) // 1000, unit_name,
    )  # fmt: skip


def _market(
    symbol: str, side: Side, currency: str, market: Market, now_us: int
) -> tuple[float, float, float, float | None, float | None]:
    """What is known of the market that an order of this side meets.

    Near and anchor, 0 where there is none that is true now; how far near has moved from it, in basis points; the
    symbol's usual volume of a day, and what rests at the best price, in this currency, None where it is not known.
    """
    reckoned = market.reckoned.get(symbol) or reckon(market, symbol)
    if reckoned is None or not reckoned[7]:
        return 0.0, 0.0, 0.0, None, None
    near, near_until, anchor, anchor_until, volume, bid, ask, quoted = reckoned
    top = ask if side is _BUY else bid
    if now_us > near_until:
        near, top = 0.0, None
    if now_us > anchor_until:
        anchor = 0.0
    moved_bps = (near / anchor - 1.0) * 10_000.0 if near and anchor else 0.0
    if quoted == currency or (volume is None and top is None):
        return near, anchor, moved_bps, volume, top
    worth = market.worth(quoted, currency)
    if worth is None:
        return near, anchor, moved_bps, None, None
    return (
        near,
        anchor,
        moved_bps,
        None if volume is None else volume * float(worth.least),
        None if top is None else top * float(worth.most),
    )


def reckon(market: Market, symbol: str) -> Reckoned | None:
    """What is known of a market's prices and depth, as floats, None where it has no quote; kept until the next."""
    info, quote = market.symbols.get(symbol), market.quotes.get(symbol)
    if quote is None:
        return None
    resting = market.resting.get(symbol)
    made = market.reckoned[symbol] = (
        float(quote.near) if quote.near else 0.0,
        quote.near_us + NEAR_FRESH_US,
        float(quote.anchor) if quote.anchor else 0.0,
        quote.anchor_us + ANCHOR_SERVES_US,
        _volume(quote),
        None if resting is None else float(resting[0]),
        None if resting is None else float(resting[1]),
        "" if info is None else info.quote,
    )
    return made


def _volume(quote: Quote) -> float | None:
    """What is traded in a day; of a coin that has none on a usual day, on one that has.

    Of what is never traded any order is more than all of it: nothing would be said of a share of nothing.
    """
    usual, rare = quote.daily_volume, quote.rare_volume
    if usual is None or usual or rare is None:
        return None if usual is None else float(usual)
    return max(float(rare), _LEAST_VOLUME)


def _costliest(allow: Allow) -> tuple[OrderDraft, str, str, float]:
    """The order that can cost most, base and quote of what is charged for it, and what all come to."""
    orders, charges = allow.orders, allow.charges
    if len(orders) != len(charges):  # what is only tried is charged nothing
        return orders[0], "", "", 0.0
    if len(orders) == 1:
        charge = charges[0]
        return orders[0], charge.base, charge.quote, float(charge.quantity) * float(charge.unit)
    worths = [charge.quantity * charge.unit for charge in charges]
    place = max(range(len(worths)), key=worths.__getitem__)
    return orders[place], charges[place].base, charges[place].quote, float(sum(worths, ZERO))


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
    limit = None if draft.price is None else float(draft.price)
    price = _price(draft, limit, near, unbounded=unbounded)
    sign = 10_000.0 if draft.side is _BUY else -10_000.0
    if price and near:
        worse = (price / near - 1.0) * sign
        near_bps = worse if near_bps is None else max(near_bps, worse)
    if price and anchor:
        worse = (price / anchor - 1.0) * sign
        anchor_bps = worse if anchor_bps is None else max(anchor_bps, worse)
    return near_bps, anchor_bps, not unbounded


def _price(draft: OrderDraft, limit: float | None, near: float, *, unbounded: bool) -> float:
    """The price that it may be executed at, as a client chose it; what has no limit is executed near the market.

    A stop waits for its trigger: how far its limit may stand from that is the rules' matter, and it costs nothing yet.
    One that only trails the market has its trigger that far behind it. Of one that is out of all reason only so much
    is believed.
    """
    if limit is None or unbounded:
        return near
    if draft.type in STOPS:
        trigger = float(draft.stop_price) if draft.stop_price else near
        if draft.trailing_delta:
            behind = draft.trailing_delta / 10_000.0
            trigger *= 1.0 + (behind if draft.side is _BUY else -behind)
        if near:
            trigger = min(trigger, near * _TRIGGER_ABOVE) if draft.side is _BUY else max(trigger, near * _TRIGGER_BELOW)
        return near * limit / trigger if trigger > 0.0 else limit
    return limit


def _scale(currency: str, market: Market) -> tuple[float, str]:
    """What amounts in this currency, which is no dollar, are multiplied by, and what they are counted in then."""
    worth = market.worth(currency, _DOLLAR)
    return (1.0, currency) if worth is None else (float(worth.most), _DOLLAR)


def _in_reason(authority: Authority, near_bps: float | None, anchor_bps: float | None) -> bool:
    """Whether what reduces is inside the band; a grant without one, or with a wide one, lets a thief give it away."""
    if near_bps is not None and near_bps > (_REDUCING_NEAR if authority.near is None else _WIDEST):
        return False
    return authority.anchor is not None or anchor_bps is None or anchor_bps <= _REDUCING_ANCHOR
