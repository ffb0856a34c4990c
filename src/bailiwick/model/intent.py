"""Intents: what a parsed request wants to do, in the domain's words, whatever the dialect."""

from decimal import Decimal
from enum import Enum, StrEnum

import msgspec

from bailiwick.model.harm import Harm


class Side(StrEnum):
    """The side of an order."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """The type of an order, in the names that venues share."""

    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    MARKET = "MARKET"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


class TimeInForce(StrEnum):
    """How long an order stands."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class Act(Enum):
    """What a served endpoint does. Endpoints that are decided by their harm class alone are ``PLAIN``."""

    __hash__ = object.__hash__  # the enum's own is written in Python, and every request is looked up by its act

    PLAIN = "plain"
    MARKET_DATA = "market data"
    START_UP = "start-up read"
    BALANCES = "balances"
    LOOK_UP = "look up an order"
    LOOK_UP_LIST = "look up an order list"
    LIST_OPEN = "list open orders"
    LIST_ORDERS = "list orders"
    LIST_LISTS = "list order lists"
    LIST_TRADES = "list trades"
    LIST_CHANGES = "list what became of orders"
    LIST_MATCHES = "list matches that were prevented"
    PLACE = "place an order"
    TRY = "try an order without placing it"
    PLACE_LIST = "place an order list"
    REPLACE = "cancel an order and place another"
    AMEND = "reduce an order"
    CANCEL = "cancel an order"
    CANCEL_LIST = "cancel an order list"
    CANCEL_ALL = "cancel all open orders of a symbol"
    WITHDRAW = "withdraw"


class Endpoint(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One method and path of a venue and what it can do.

    ``parameters`` maps the names it takes, in the spelling of the wire, to whether they are mandatory.
    ``weight`` is its request weight at the venue, unless that ``varies`` with the parameters (``Dialect.weigh``). Only
    what is ``served`` is ever forwarded.
    """

    method: str
    path: str
    harm: Harm
    act: Act
    served: bool
    signed: bool
    weight: int
    parameters: dict[str, bool]
    bit: int  # of its harm class, see model.harm.BIT
    changes: bool  # whether it changes state, and so needs an unused replay mark and a durable record
    varies: bool = False


class OrderDraft(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One order that a request would place.

    Quantities are in the base asset, prices and ``quote_quantity`` in the quote asset, ``trailing_delta`` in basis
    points. ``leg`` is the prefix of this order's parameters in an order list (empty, ``above``, ``pendingBelow``, …).
    """

    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_delta: int | None = None
    time_in_force: TimeInForce | None = None
    iceberg_quantity: Decimal | None = None
    pegged: bool = False
    client_id: str | None = None
    leg: str = ""


class OrderRef(msgspec.Struct, frozen=True, gc=False):
    """How a request names an existing order or order list: by the venue's id, the client's, or both."""

    order_id: int | None = None
    client_id: str | None = None


class Destination(msgspec.Struct, frozen=True, gc=False):
    """Where a withdrawal goes. All four are matched together, byte for byte."""

    coin: str
    network: str
    address: str
    tag: str = ""


class Withdrawal(msgspec.Struct, frozen=True, gc=False):
    """A withdrawal: ``amount`` in units of the coin."""

    destination: Destination
    amount: Decimal


class Intent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a request wants. It is all that a decision sees and all that is sent on.

    ``params`` are the decoded parameters in the order sent, without timestamp, receive window and signature.
    ``timestamp_us`` is the client's, in microseconds since 1970; ``window_us`` its receive window.
    ``new_quantity`` is what an amendment leaves of an order; ``keep_on_failure`` that a replacement is placed even
    if its cancel fails, ``cancel_alone`` that the cancel stands even where nothing may be placed any more;
    ``gives_way`` that an order expires or shrinks rather than be executed against another of its account.
    """

    endpoint: Endpoint
    params: tuple[tuple[str, str], ...]
    timestamp_us: int = 0
    window_us: int = 0
    symbol: str | None = None
    symbols: tuple[str, ...] = ()
    orders: tuple[OrderDraft, ...] = ()
    target: OrderRef | None = None
    new_quantity: Decimal | None = None
    keep_on_failure: bool = False
    cancel_alone: bool = False
    gives_way: bool = False
    withdrawal: Withdrawal | None = None
    transfers_value: bool = False
