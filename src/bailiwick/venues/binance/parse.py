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
from bailiwick.venues.binance.form import PLAIN, decode, split
from bailiwick.venues.binance.legs import LEGS, Slots
from bailiwick.venues.binance.values import Reader, readers

Values = dict[str, Any]
Pairs = tuple[tuple[str, str], ...]

# By act: the parameters that name an existing order or list, by the venue's id and by the client's.
_TARGETS: dict[Act, tuple[str, str]] = {
    Act.LOOK_UP: ("orderId", "origClientOrderId"),
    Act.LOOK_UP_LIST: ("orderListId", "origClientOrderId"),
    Act.CANCEL: ("orderId", "origClientOrderId"),
    Act.CANCEL_LIST: ("orderListId", "listClientOrderId"),
    Act.AMEND: ("orderId", "origClientOrderId"),
    Act.REPLACE: ("cancelOrderId", "cancelOrigClientOrderId"),
}
_SIGNING = frozenset({"timestamp", "recvWindow", "signature"})

_LIMIT = OrderType.LIMIT
_MARKET = OrderType.MARKET
_PRICED = (OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT)


class Grammar(msgspec.Struct, frozen=True, gc=False):
    """How to read one endpoint's parameters."""

    readers: dict[str, Reader]
    mandatory: frozenset[str]
    legs: tuple[Slots, ...]
    target: tuple[str, str] | None


def _grammar(endpoint: Endpoint) -> Grammar:
    place = (endpoint.method, endpoint.path)
    return Grammar(
        readers(place, PARAMETERS.get(place, {})),
        frozenset(name for name, mandatory in endpoint.parameters.items() if mandatory),
        LEGS.get(place, ()),
        _TARGETS.get(endpoint.act),
    )


GRAMMARS: dict[tuple[str, str], Grammar] = {place: _grammar(endpoint) for place, endpoint in ENDPOINTS.items()}


def parse(endpoint: Endpoint, request: Request, signed: Signed | None) -> Intent | Deny:
    """Read the parameters of a request into an intent, or say why they cannot be read in exactly one way."""
    if signed is None:
        return _parse_unsigned(endpoint, request)
    pairs = signed.pairs
    if signed.payload.translate(None, PLAIN):
        decoded = decode(endpoint.path, pairs)
        if isinstance(decoded, Deny):
            return decoded
        pairs = decoded
    return read(endpoint, pairs, signed.timestamp_us, signed.window_us)


def _parse_unsigned(endpoint: Endpoint, request: Request) -> Intent | Deny:
    if endpoint.signed:
        return Deny(Reason.SIGNATURE_MISSING, "signature")
    if request.body:
        return Deny(Reason.BODY_UNEXPECTED, "body: beside an endpoint that takes none")
    if not request.query:
        return read(endpoint, (), 0, 0)
    fields = split(request.query)
    if isinstance(fields, Deny):
        return fields
    # Some clients sign what needs no signature: nobody asks who they are, so how they prove it has no meaning.
    decoded = decode(endpoint.path, tuple((name, value) for name, value in fields.items() if name not in _SIGNING))
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
        missing = sorted(grammar.mandatory - values.keys())
        return Deny(Reason.PARAMETER_MISSING, f"{missing[0]}: missing")
    fill = _FILLERS.get(endpoint.act)
    if fill is None:
        return Intent(
            endpoint=endpoint,
            params=pairs,
            timestamp_us=timestamp_us,
            window_us=window_us,
            symbol=values.get("symbol"),
            symbols=values.get("symbols", ()),
        )
    filled = fill(grammar, values)
    if isinstance(filled, Deny):
        return filled
    orders, target = filled
    new_quantity: Decimal | None = None
    withdrawal: Withdrawal | None = None
    if endpoint.act is Act.AMEND:
        new_quantity = values["newQty"]
    elif endpoint.act is Act.WITHDRAW:
        withdrawal = _withdrawal(values)
    return Intent(
        endpoint=endpoint,
        params=pairs,
        timestamp_us=timestamp_us,
        window_us=window_us,
        symbol=values.get("symbol"),
        orders=orders,
        target=target,
        new_quantity=new_quantity,
        keep_on_failure=values.get("cancelReplaceMode") == "ALLOW_FAILURE",
        withdrawal=withdrawal,
        transfers_value=values.get("selfTradePreventionMode") == "TRANSFER",
    )


Filled = tuple[tuple[OrderDraft, ...], OrderRef | None]


def _fill_orders(grammar: Grammar, values: Values) -> Filled | Deny:
    orders = []
    for leg in grammar.legs:
        draft = _draft(leg, values)
        if isinstance(draft, Deny):
            return draft
        if draft is not None:
            orders.append(draft)
    return tuple(orders), None


def _fill_target(grammar: Grammar, values: Values) -> Filled | Deny:
    target = _target(grammar, values)
    return target if isinstance(target, Deny) else ((), target)


def _fill_replace(grammar: Grammar, values: Values) -> Filled | Deny:
    target = _target(grammar, values)
    if isinstance(target, Deny):
        return target
    filled = _fill_orders(grammar, values)
    return filled if isinstance(filled, Deny) else (filled[0], target)


def _fill_nothing(_grammar: Grammar, _values: Values) -> Filled | Deny:
    return (), None


_FILLERS: dict[Act, Callable[[Grammar, Values], Filled | Deny]] = {
    Act.PLACE: _fill_orders,
    Act.TRY: _fill_orders,
    Act.PLACE_LIST: _fill_orders,
    Act.REPLACE: _fill_replace,
    Act.LOOK_UP: _fill_target,
    Act.LOOK_UP_LIST: _fill_target,
    Act.CANCEL: _fill_target,
    Act.CANCEL_LIST: _fill_target,
    Act.AMEND: _fill_target,
    Act.WITHDRAW: _fill_nothing,
}


def _target(grammar: Grammar, values: Values) -> OrderRef | Deny:
    assert grammar.target is not None
    by_id, by_client_id = grammar.target
    target = OrderRef(values.get(by_id), values.get(by_client_id))
    if target.order_id is None and target.client_id is None:
        return Deny(Reason.PARAMETER_MISSING, f"{by_id}, {by_client_id}: neither was sent")
    return target


def _draft(slots: Slots, values: Values) -> OrderDraft | Deny | None:
    """The order of one leg; None for a leg that the request does not have."""
    get = values.get
    price = get(slots.price)
    kind = _type(slots, values, price)
    if kind is None:
        stray = [name for name in values if name.startswith(slots.leg)]
        return Deny(Reason.PARAMETER_MISSING, f"{slots.type}: missing beside {stray[0]}") if stray else None
    side = values[slots.side]
    quantity = get(slots.quantity) if slots.quantity else _brought(side, values)
    draft = OrderDraft(
        symbol=values["symbol"],
        side=side,
        type=kind,
        quantity=quantity,
        quote_quantity=get(slots.quote_quantity),
        price=price,
        stop_price=get(slots.stop_price),
        trailing_delta=get(slots.trailing_delta),
        time_in_force=get(slots.time_in_force),
        iceberg_quantity=get(slots.iceberg_quantity),
        pegged=slots.peg in values,
        client_id=get(slots.client_id),
        leg=slots.leg,
    )
    return _incomplete(draft, slots) or draft


def _type(slots: Slots, values: Values, price: Decimal | None) -> OrderType | None:
    if slots.type:
        return values.get(slots.type)
    if slots.leg == "limit":
        return OrderType.LIMIT_MAKER
    return OrderType.STOP_LOSS if price is None else OrderType.STOP_LOSS_LIMIT


def _brought(side: Side, values: Values) -> Decimal | None:
    """The most that a pending order without a quantity can be of: what its working order buys.

    Where the working order sells, what it brings is in the quote asset, and the quantity is not known.
    """
    quantity: Decimal = values["workingQuantity"]
    return quantity if side is Side.SELL and values["workingSide"] is Side.BUY else None


def _incomplete(draft: OrderDraft, slots: Slots) -> Deny | None:
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
            return Deny(Reason.PARAMETER_UNKNOWN, f"{name[:64]}: not known to this endpoint")
        if not value:
            return Deny(Reason.PARAMETER_MISSING, f"{name}: empty")
        try:
            reader(value)
        except (KeyError, ValueError):
            return Deny(Reason.PARAMETER_MALFORMED, f"{name}: {value[:40]!r} is not of its type")
    return Deny(Reason.FAULT, "a parameter was refused that can be read")
