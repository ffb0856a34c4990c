"""Parameters read into an intent: strictly, once, and nothing that is not known to belong to the endpoint."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from bailiwick.model.decision import Deny
from bailiwick.model.intent import (
    Act,
    Destination,
    Endpoint,
    Intent,
    OrderDraft,
    OrderRef,
    OrderType,
    Side,
    Withdrawal,
)
from bailiwick.model.reason import Reason
from bailiwick.model.request import Request, Signed
from bailiwick.venues.binance.endpoints import ENDPOINTS, PARAMETERS
from bailiwick.venues.binance.form import PLAIN, Layout, decode, explain, repeated, split
from bailiwick.venues.binance.legs import LEGS, SIDES, TIMES_IN_FORCE, Slots
from bailiwick.venues.binance.manner import Manner, learn
from bailiwick.venues.binance.values import Reader, readers

Values = dict[str, Any]
Pairs = tuple[tuple[str, str], ...]
Orders = tuple[OrderDraft, ...]
Filled = tuple[Orders, OrderRef | None, Deny | None]  # all three: to ask a value for its class takes longer

# By act: the parameters that name an existing order or list, by the venue's id and by the client's.
_TARGETS: dict[Act, tuple[str, str]] = {
    Act.LOOK_UP: ("orderId", "origClientOrderId"),
    Act.LOOK_UP_LIST: ("orderListId", "origClientOrderId"),
    Act.CANCEL: ("orderId", "origClientOrderId"),
    Act.CANCEL_LIST: ("orderListId", "listClientOrderId"),
    Act.AMEND: ("orderId", "origClientOrderId"),
    Act.REPLACE: ("cancelOrderId", "cancelOrigClientOrderId"),
}
SIGNING = frozenset({"timestamp", "recvWindow", "signature"})

# Looked up once: a member of an Enum costs more than a name of the module, in versions of Python up to 3.11.
_PLACE = Act.PLACE
_WITHDRAW = Act.WITHDRAW
_GIVING_WAY = frozenset({"EXPIRE_TAKER", "EXPIRE_BOTH", "DECREMENT"})  # the venue's own choice is EXPIRE_MAKER
_LIMIT = OrderType.LIMIT
_MARKET = OrderType.MARKET
_PRICED = (OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT)


class Grammar(msgspec.Struct, frozen=True, gc=False):
    """How to read one endpoint's parameters."""

    readers: dict[str, Reader]
    mandatory: frozenset[str]
    legs: tuple[Slots, ...]
    target: tuple[str, str] | None
    fill: "Filler | None"


def _grammar(endpoint: Endpoint) -> Grammar:
    place = (endpoint.method, endpoint.path)
    return Grammar(
        readers(place, PARAMETERS.get(place, {})),
        frozenset(name for name, mandatory in endpoint.parameters.items() if mandatory),
        LEGS.get(place, ()),
        _TARGETS.get(endpoint.act),
        _FILLERS.get(endpoint.act),
    )


def parse(endpoint: Endpoint, request: Request, signed: Signed | None) -> Intent | Deny:
    """Read the parameters of a request into an intent, or say why they cannot be read in exactly one way."""
    if signed is None:
        return _parse_unsigned(endpoint, request)
    pairs = signed.pairs
    manner = signed.manner
    if isinstance(manner, Manner):
        if manner.limit and pairs[manner.kind][1] == "LIMIT":
            placed = _limit(endpoint, manner, signed)
            if placed is not None:
                return placed
        return read(endpoint, pairs, signed.timestamp_us, signed.window_us)
    plain = not signed.payload.translate(None, PLAIN)
    if not plain:
        decoded = decode(endpoint.path, pairs)
        if isinstance(decoded, Deny):
            return decoded
        pairs = decoded
    intent = read(endpoint, pairs, signed.timestamp_us, signed.window_us)
    if plain and isinstance(manner, Layout) and isinstance(intent, Intent):
        place = (endpoint.method, endpoint.path)
        learn(place, manner.whole, manner.names, GRAMMARS[place].readers)
    return intent


def _limit(endpoint: Endpoint, manner: Manner, signed: Signed) -> Intent | None:
    """A plain limit order whose spelling was checked; None where it needs another look."""
    pairs = signed.pairs
    quantity, price = Decimal(pairs[manner.quantity][1]), Decimal(pairs[manner.price][1])
    if not quantity or not price or endpoint.act is not _PLACE:
        return None
    symbol = pairs[manner.symbol][1]
    draft = OrderDraft(
        symbol=symbol,
        side=SIDES[pairs[manner.side][1]],
        type=_LIMIT,
        quantity=quantity,
        price=price,
        time_in_force=None if manner.time_in_force < 0 else TIMES_IN_FORCE[pairs[manner.time_in_force][1]],
        client_id=None if manner.client_id < 0 else pairs[manner.client_id][1],
    )
    return Intent(
        endpoint=endpoint,
        params=pairs,
        timestamp_us=signed.timestamp_us,
        window_us=signed.window_us,
        symbol=symbol,
        orders=(draft,),
        gives_way=manner.prevention >= 0 and pairs[manner.prevention][1] in _GIVING_WAY,
        transfers_value=manner.prevention >= 0 and pairs[manner.prevention][1] == "TRANSFER",
    )


def _parse_unsigned(endpoint: Endpoint, request: Request) -> Intent | Deny:
    if endpoint.signed:
        return Deny(Reason.SIGNATURE_MISSING, "signature")
    if request.body:
        return Deny(Reason.BODY_UNEXPECTED, "body: beside an endpoint that takes none")
    if not request.query:
        return read(endpoint, (), 0, 0)
    texts = split(request.query)
    if texts is None:
        return explain(request.query)
    flaw = repeated(texts[0])
    if flaw is not None:
        return flaw
    # Some clients sign what needs no signature: nobody asks who they are, so how they prove it has no meaning.
    pairs = tuple((name, value) for name, value in zip(*texts, strict=True) if name not in SIGNING)
    decoded = decode(endpoint.path, pairs)
    return decoded if isinstance(decoded, Deny) else read(endpoint, decoded, 0, 0)


def read(endpoint: Endpoint, pairs: Pairs, timestamp_us: int, window_us: int) -> Intent | Deny:
    """Read decoded parameters into an intent."""
    grammar = GRAMMARS[endpoint.method, endpoint.path]
    read_by = grammar.readers
    try:
        values = {name: read_by[name](value) for name, value in pairs}
    except (KeyError, ValueError):
        return _explain(grammar, pairs)
    if not grammar.mandatory <= values.keys():
        missing = sorted(name for name in grammar.mandatory if name not in values)
        return Deny(Reason.PARAMETER_MISSING, f"{missing[0]}: missing")
    fill = grammar.fill
    if fill is None:
        return Intent(
            endpoint=endpoint,
            params=pairs,
            timestamp_us=timestamp_us,
            window_us=window_us,
            symbol=values.get("symbol"),
            symbols=values.get("symbols", ()),
        )
    orders, target, flaw = fill(grammar, values)
    if flaw is not None:
        return flaw
    return Intent(
        endpoint=endpoint,
        params=pairs,
        timestamp_us=timestamp_us,
        window_us=window_us,
        symbol=values.get("symbol"),
        orders=orders,
        target=target,
        new_quantity=values.get("newQty"),
        keep_on_failure=values.get("cancelReplaceMode") == "ALLOW_FAILURE",
        cancel_alone=values.get("orderRateLimitExceededMode") == "CANCEL_ONLY",
        gives_way=values.get("selfTradePreventionMode") in _GIVING_WAY,
        withdrawal=_withdrawal(values) if endpoint.act is _WITHDRAW else None,
        transfers_value=values.get("selfTradePreventionMode") == "TRANSFER",
    )


def _fill_orders(grammar: Grammar, values: Values) -> Filled:
    orders = []
    for leg in grammar.legs:
        kind = _type(leg, values)
        if kind is None:
            stray = [name for name in values if name.startswith(leg.leg)]
            if stray:
                return (), None, Deny(Reason.PARAMETER_MISSING, f"{leg.type}: missing beside {stray[0]}")
            continue
        draft = _draft(leg, kind, values)
        flaw = _flaw(draft, leg)
        if flaw is not None:
            return (), None, flaw
        orders.append(draft)
    return tuple(orders), None, None


def _fill_target(grammar: Grammar, values: Values) -> Filled:
    assert grammar.target is not None
    by_id, by_client_id = grammar.target
    target = OrderRef(values.get(by_id), values.get(by_client_id))
    if target.order_id is None and target.client_id is None:
        return (), None, Deny(Reason.PARAMETER_MISSING, f"{by_id}, {by_client_id}: neither was sent")
    return (), target, None


def _fill_replace(grammar: Grammar, values: Values) -> Filled:
    _, target, flaw = _fill_target(grammar, values)
    if flaw is not None:
        return (), None, flaw
    orders, _, flaw = _fill_orders(grammar, values)
    return orders, target, flaw


def _fill_list(grammar: Grammar, values: Values) -> Filled:
    """The orders of a list, and as target the name that the client gives the list itself, if it gives one."""
    orders, _, flaw = _fill_orders(grammar, values)
    name = values.get("listClientOrderId")
    return orders, None if name is None else OrderRef(None, name), flaw


def _fill_nothing(_grammar: Grammar, _values: Values) -> Filled:
    return (), None, None


Filler = Callable[[Grammar, Values], Filled]
_FILLERS: dict[Act, Filler] = {
    Act.PLACE: _fill_orders,
    Act.TRY: _fill_orders,
    Act.PLACE_LIST: _fill_list,
    Act.REPLACE: _fill_replace,
    Act.LOOK_UP: _fill_target,
    Act.LOOK_UP_LIST: _fill_target,
    Act.CANCEL: _fill_target,
    Act.CANCEL_LIST: _fill_target,
    Act.AMEND: _fill_target,
    Act.WITHDRAW: _fill_nothing,
}


def _draft(slots: Slots, kind: OrderType, values: Values) -> OrderDraft:
    """The order of one leg."""
    get = values.get
    side = values[slots.side]
    return OrderDraft(
        symbol=values["symbol"],
        side=side,
        type=kind,
        quantity=get(slots.quantity) if slots.quantity else _brought(side, values),
        quote_quantity=get(slots.quote_quantity),
        price=get(slots.price),
        stop_price=get(slots.stop_price),
        trailing_delta=get(slots.trailing_delta),
        time_in_force=get(slots.time_in_force),
        iceberg_quantity=get(slots.iceberg_quantity),
        pegged=slots.peg in values,
        client_id=get(slots.client_id),
        leg=slots.leg,
    )


def _type(slots: Slots, values: Values) -> OrderType | None:
    """The type of one leg; None for a leg that the request does not have."""
    if slots.type:
        return values.get(slots.type)
    if slots.leg == "limit":
        return OrderType.LIMIT_MAKER
    return OrderType.STOP_LOSS_LIMIT if slots.price in values else OrderType.STOP_LOSS


def _brought(side: Side, values: Values) -> Decimal | None:
    """The most that a pending order without a quantity can be of: what its working order buys.

    Where the working order sells, what it brings is in the quote asset, and the quantity is not known.
    """
    quantity: Decimal = values["workingQuantity"]
    return quantity if side is Side.SELL and values["workingSide"] is Side.BUY else None


def _flaw(draft: OrderDraft, slots: Slots) -> Deny | None:
    """What the type of an order needs and the request lacks, or has in two forms that contradict each other."""
    kind = draft.type
    if draft.quantity is not None and draft.quote_quantity is not None:
        return Deny(Reason.PARAMETER_MALFORMED, f"{slots.quantity}, {slots.quote_quantity}: only one of them may be")
    if draft.quantity is None and (draft.quote_quantity is None or kind is not _MARKET) and slots.quantity:
        return Deny(Reason.PARAMETER_MISSING, f"{slots.quantity}: missing")
    if kind is _LIMIT or kind is _MARKET:
        if kind is _LIMIT and draft.price is None and not draft.pegged:
            return Deny(Reason.PARAMETER_MISSING, f"{slots.price}: missing")
        return None
    if draft.price is None and not draft.pegged and kind in _PRICED:
        return Deny(Reason.PARAMETER_MISSING, f"{slots.price}: missing")
    if kind is not OrderType.LIMIT_MAKER and draft.stop_price is None and draft.trailing_delta is None:
        return Deny(Reason.PARAMETER_MISSING, f"{slots.stop_price}: missing")
    return None


def _withdrawal(values: Values) -> Withdrawal:
    get = values.get
    place = Destination(values["coin"], get("network", ""), values["address"], get("addressTag", ""))
    return Withdrawal(place, values["amount"])


def _explain(grammar: Grammar, pairs: Pairs) -> Deny:
    """Why the parameters could not be read: the first that is unknown, empty or malformed."""
    for name, value in pairs:
        reader = grammar.readers.get(name)
        if reader is None:
            return Deny(Reason.PARAMETER_UNKNOWN, f"{name[:64]!r}: not known to this endpoint")
        if not value:
            return Deny(Reason.PARAMETER_MISSING, f"{name}: empty")
        try:
            reader(value)
        except (KeyError, ValueError):
            return Deny(Reason.PARAMETER_MALFORMED, f"{name}: {value[:40]!r} is not of its type")
    return Deny(Reason.FAULT, "a parameter was refused that can be read")


GRAMMARS: dict[tuple[str, str], Grammar] = {place: _grammar(endpoint) for place, endpoint in ENDPOINTS.items()}
