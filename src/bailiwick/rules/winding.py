"""What a key may still do while it winds down, by why it does.

Idle, out of time, or in the hands of a service that lost its standing, it reads, cancels, and reduces what it bought
itself, inside its bands. Suspect, it does so slowly: not in the suspected symbols, a quarter of a position an hour,
never below the anchor less the near band, never at the market. In both, an order that protects can only be replaced
by one that protects as much. When its time is over it is frozen: it reads.
"""

from collections.abc import Iterable
from decimal import Decimal

from bailiwick.model.decision import Deny
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, OrderRef, OrderType, Side, TimeInForce
from bailiwick.model.life import Curb, KeyState, Response
from bailiwick.model.money import BASIS_POINTS, ZERO, divide, minus, of_asset, plus, times
from bailiwick.model.reason import Reason
from bailiwick.rules.case import PLACING, Case
from bailiwick.rules.pairs import free_of, held_of, sold_of
from bailiwick.rules.pricing import LIMITLESS, Leg
from bailiwick.rules.tracked import OrderState, Tracked
from bailiwick.rules.windows import HOUR_US

_READS = BIT[Harm.PUBLIC] | BIT[Harm.READ]
_CANCELS = frozenset({Act.CANCEL, Act.CANCEL_LIST, Act.AMEND})
_STOP_LOSSES = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})
_STOPS = _STOP_LOSSES | {OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT}
_ALONE = frozenset({Act.PLACE, Act.TRY})
_PASSING = frozenset({TimeInForce.IOC, TimeInForce.FOK})

SHARE = Decimal("0.25")  # of a position, in an hour, for a suspect key
NEAR_BPS = Decimal(50)  # the near band of a grant that names none
_DEFAULT = Curb()


def standing(case: Case) -> Deny | None:
    """What a key that winds down may still do."""
    curb = case.curb or _DEFAULT
    return _judge(case, curb, curb.until_us)


def expired(case: Case, expires_us: int) -> Deny | None:
    """What a key may still do once its time has run out, as its owner chose."""
    curb = case.curb or _DEFAULT
    match curb.on_expiry:
        case Response.WIND_DOWN:
            if case.state is KeyState.ACTIVE:
                case.state = KeyState.WINDING_DOWN
            return _judge(case, curb, expires_us + curb.expiry_us)
        case Response.FREEZE:
            return frozen(case)
        case _:
            return Deny(Reason.KEY_EXPIRED, "the grant's expires has passed")


def frozen(case: Case) -> Deny | None:
    """A frozen key reads."""
    if case.intent.endpoint.bit & _READS:
        return None
    return Deny(Reason.KEY_FROZEN, "the key is frozen")


def spared(case: Case, orders: Iterable[Tracked]) -> list[Tracked]:
    """Of the orders that a cancel-all would cancel, those that it may, while the key winds down."""
    found = list(orders)
    kept = {_together(order) for order in found if protects(case, order)}
    return [order for order in found if _together(order) not in kept or _enters(order)]


def protects(case: Case, order: Tracked) -> bool:
    """Whether an order is a resting sell that bounds a loss or secures a gain.

    A stop-loss does so whoever bought what it sells; a limit or take-profit, where the key holds something of it.
    """
    if order.side is not Side.SELL or not order.rests or order.state is OrderState.ENDED:
        return False
    return order.type in _STOP_LOSSES or case.ledger.holding(order.symbol) > ZERO


def _enters(order: Tracked) -> bool:
    """Whether an order buys, and has bought nothing yet: what waits in its list to sell that protects nothing.

    The venue places the pending orders of a list when the working one was executed whole, and then it knows no open
    order by the working one's name: to cancel that by its name never cancels a stop that rests.
    """
    return order.side is Side.BUY and not order.executed


def _judge(case: Case, curb: Curb, until_us: int | None) -> Deny | None:
    if case.intent.endpoint.bit & _READS:
        return None
    if until_us is not None and case.now_us >= until_us:
        return Deny(Reason.KEY_FROZEN, "the time of its wind-down is over")
    if curb.suspect:
        touched = {case.intent.symbol, *case.intent.symbols, *(leg.draft.symbol for leg in case.legs)}
        doubted = sorted(symbol for symbol in touched if symbol in curb.suspected)
        if doubted:
            return Deny(Reason.KEY_WINDING_DOWN, f"{', '.join(doubted)}: suspected, so what rests there lives on")
    if case.act is Act.CANCEL_ALL:
        return None  # the rule that narrows it spares what protects
    if case.act in _CANCELS:
        return _kept(case)
    if case.act is Act.REPLACE and case.intent.keep_on_failure:
        # Both orders could live then: neither the quarter nor what protects could be reckoned as of one.
        return Deny(
            Reason.KEY_WINDING_DOWN,
            "a replacement that is placed even where its cancel fails; let it stop on failure (STOP_ON_FAILURE)",
        )
    if case.act is Act.REPLACE and case.intent.cancel_alone:
        # Where the account has used up its orders, what protects would go and nothing come in its place.
        return Deny(
            Reason.KEY_WINDING_DOWN,
            "a replacement that may end as a cancel alone; leave orderRateLimitExceededMode out (DO_NOTHING)",
        )
    if case.act in PLACING and (case.reducing or _goes_home(case, curb)):
        return (_slow(case, curb) if curb.suspect else None) or _replaced(case)
    return Deny(Reason.KEY_WINDING_DOWN, "the request is neither a read, nor a cancel, nor does it reduce")


def _goes_home(case: Case, curb: Curb) -> bool:
    """Whether an order sells what the key bought in other pairs into a home asset of its account.

    It must be the only one of its request, in a pair of the grant: holdings are counted by asset over all pairs then.
    """
    if case.act not in _ALONE or len(case.legs) != 1:
        return False
    leg = case.legs[0]
    if leg.draft.side is not Side.SELL or leg.unpriced is not None:
        return False
    if leg.quote not in (curb.home or {case.authority.currency}):
        return False
    if leg.quantity > free_of(case.ledger.positions, leg.base):
        return False
    case.take_as_exit()
    return True


def _kept(case: Case) -> Deny | None:
    """An order that protects is not cancelled, and neither is one that nobody here can tell from it."""
    named = _named(case)
    if not named:
        return Deny(Reason.KEY_WINDING_DOWN, "the key has no such open order")
    symbol, target = case.intent.symbol, case.intent.target
    if case.act is Act.CANCEL and symbol is not None and target is not None:
        order = case.ledger.find(symbol, target)
        if order is not None and _enters(order):
            return None
    for each in named:
        if protects(case, each):
            return Deny(
                Reason.ORDER_PROTECTS,
                f"{each.client_id} sells {of_asset(each.quantity, each.base)} in {each.symbol}",
            )
    return None


def _named(case: Case) -> list[Tracked]:
    """The key's own live orders that a cancel reaches: the one that it names, and those of the same list."""
    symbol, target = case.intent.symbol, case.intent.target
    if symbol is None or target is None:
        return []
    live = case.ledger.live(symbol)
    if case.act is Act.CANCEL_LIST:
        return [order for order in live if _of_list(order, target)]
    order = case.ledger.find(symbol, target)
    if order is None or order.state is OrderState.ENDED:
        return []
    return [each for each in live if each is order or _together(each) == _together(order)]


def _of_list(order: Tracked, target: OrderRef) -> bool:
    if target.order_id is not None:
        return order.list_id == target.order_id
    return bool(target.client_id) and order.list_client_id == target.client_id


def _together(order: Tracked) -> int | str:
    """What orders of one list have in common: the venue cancels them together."""
    return order.list_id if order.list_id >= 0 else order.list_client_id or order.group or order.client_id


def _replaced(case: Case) -> Deny | None:
    """What takes the place of an order that protects protects as much."""
    if case.act is not Act.REPLACE:
        return None
    named = _named(case)
    guards = [order for order in named if protects(case, order)]
    if not guards:
        return None if named else Deny(Reason.KEY_WINDING_DOWN, "the key has no such open order")
    if case.intent.gives_way:
        # Against a bid of the account's own it would be gone, or less, as soon as it is placed or triggered.
        return Deny(
            Reason.ORDER_PROTECTS,
            f"{guards[0].client_id} would be replaced by one that gives way to the account's own orders; leave "
            "selfTradePreventionMode out, or let it expire the maker (EXPIRE_MAKER)",
        )
    if len(guards) == 1 and len(case.legs) == 1 and _as_safe(case.legs[0], guards[0]):
        return None
    return Deny(Reason.ORDER_PROTECTS, f"{guards[0].client_id} would be replaced by one that protects less")


def _as_safe(leg: Leg, old: Tracked) -> bool:
    """Whether an order protects at least as much as the one whose place it takes.

    It rests, sells what is left of the old one, and is executed no later: a stop-loss triggers no lower and leaves as
    much room below its trigger, a limit or take-profit asks no more. A limit in the place of a stop asks no more than
    that stop's own limit, so that it sells wherever the stop would have; a price at which it would match just now is
    not enough, since the market may fall before it is there. And the venue takes it, since the old order is gone before
    that is known: a larger one than the old could ask for more than the account has free.
    """
    new = leg.out
    if _turned_away(leg, old):
        return False
    if new.time_in_force in _PASSING or leg.price is None or leg.quantity != minus(old.quantity, old.executed):
        return False
    if new.type not in _STOPS:
        return old.price is not None and leg.price <= old.price
    if new.trailing_delta is not None or new.stop_price is None or old.stop is None or old.price is None:
        return False
    if (new.type in _STOP_LOSSES) != (old.type in _STOP_LOSSES):
        return False
    if new.type in _STOP_LOSSES:
        return new.stop_price >= old.stop and minus(new.stop_price, leg.price) >= minus(old.stop, old.price)
    return new.stop_price <= old.stop and leg.price <= old.price


def _turned_away(leg: Leg, old: Tracked) -> bool:
    """Whether the venue may refuse an order as the market stands: one that only rests and would be executed at once,
    or one that waits for a trigger that was reached already. Where the market is not known, what is as before passes.
    """
    new, near = leg.out, leg.near
    if new.type is OrderType.LIMIT_MAKER:
        as_before = leg.price == old.price and old.type not in _STOPS
        return not as_before and (near is None or leg.price is None or leg.price <= near)
    if new.type not in _STOPS or new.stop_price is None or new.stop_price == old.stop:
        return False
    if near is None:
        return True
    return new.stop_price >= near if new.type in _STOP_LOSSES else new.stop_price <= near


def _slow(case: Case, curb: Curb) -> Deny | None:
    """Who is doubted sells little at a time, at a price near the anchor, and never at the market."""
    for leg in case.legs:
        if leg.draft.type in LIMITLESS or leg.price is None:
            return Deny(Reason.KEY_WINDING_DOWN, f"{leg.draft.type}: it has no limit price")
        floor = _floor(case, leg)
        if floor is None or leg.price < floor:
            quote = "" if leg.info is None else leg.info.quote
            price, shown = of_asset(leg.price, quote), "unknown" if floor is None else of_asset(floor, quote)
            return Deny(Reason.KEY_WINDING_DOWN, f"{price} is below the anchor less the near band, {shown}")
    base, positions = case.legs[0].base, case.ledger.positions
    sold = sold_of(positions, base, case.now_us - HOUR_US)
    most = times(plus(held_of(positions, base), sold), SHARE)
    selling = max(leg.quantity for leg in case.legs)
    total = plus(plus(sold, _offered(case, base, curb.since_us)), selling)
    if total > most:
        return Deny(
            Reason.KEY_WINDING_DOWN, f"{of_asset(total, base)} in an hour, and {of_asset(most, base)} is a quarter"
        )
    return None


def _floor(case: Case, leg: Leg) -> Decimal | None:
    if leg.anchor is None:
        return None
    near = case.authority.near
    if near is not None:
        return times(leg.anchor, near.sell)
    return divide(times(leg.anchor, BASIS_POINTS - NEAR_BPS), BASIS_POINTS)


def _offered(case: Case, base: str, since_us: int) -> Decimal:
    """What the key's open sells of an asset, placed since it winds down, may still sell; the replaced one left out."""
    replaced = {order.client_id for order in _named(case)} if case.act is Act.REPLACE else set()
    offered: dict[str, Decimal] = {}
    for order in case.ledger.live_of(base):
        if order.side is Side.SELL and order.placed_us >= since_us and order.client_id not in replaced:
            rest = minus(order.quantity, order.executed)
            name = order.group or order.client_id
            offered[name] = max(offered.get(name, ZERO), rest)
    total = ZERO
    for rest in offered.values():
        total = plus(total, rest)
    return total
