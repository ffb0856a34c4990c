"""What an order is, asked for and placed, and what a trade leaves behind."""

from dataclasses import dataclass, field
from typing import Final

from bailiwick.sandbox.ledger import Account, Hold

BUY: Final = "BUY"
SELL: Final = "SELL"

LIMIT: Final = "LIMIT"
MARKET: Final = "MARKET"
LIMIT_MAKER: Final = "LIMIT_MAKER"
STOPS: Final = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
WITHOUT_PRICE: Final = frozenset({"MARKET", "STOP_LOSS", "TAKE_PROFIT"})
ORDER_TYPES: Final = ("LIMIT", "LIMIT_MAKER", "MARKET", *sorted(STOPS))
TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK")
PREVENTIONS: Final = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER")

ENDED: Final = frozenset({"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"})


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as asked for: amounts in hundred-millionths, zero where none was given."""

    symbol: str
    side: str
    type: str
    quantity: int = 0
    price: int = 0
    quote_quantity: int = 0
    stop_price: int = 0
    iceberg: int = 0
    time_in_force: str = "GTC"
    client_id: str = ""
    prevention: str = "EXPIRE_MAKER"
    strategy_id: int | None = None
    strategy_type: int | None = None


@dataclass(slots=True, eq=False)
class Order:
    """An order the engine knows. Amounts in hundred-millionths, times in milliseconds since the epoch."""

    order_id: int
    account: Account
    symbol: str
    side: str
    type: str
    time_in_force: str
    quantity: int
    price: int
    quote_quantity: int
    stop_price: int
    iceberg: int
    client_id: str
    prevention: str
    time: int
    strategy_id: int | None = None
    strategy_type: int | None = None
    status: str = "NEW"
    list_id: int = -1
    executed: int = 0
    quote_executed: int = 0
    prevented: int = 0
    prevented_match_id: int | None = None
    updated: int = 0
    working: bool = False
    working_time: int = -1
    hold: Hold | None = None

    @property
    def remaining(self) -> int:
        """The quantity that may still trade."""
        return self.quantity - self.executed - self.prevented

    @property
    def open(self) -> bool:
        """Whether the order can still do something."""
        return self.status not in ENDED

    @property
    def stop(self) -> bool:
        """Whether the order waits, or waited, for a trigger."""
        return self.type in STOPS


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade, as the public sees it."""

    trade_id: int
    price: int
    quantity: int
    quote: int
    time: int
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class Fill:
    """One side of a trade, as the owner of the order sees it."""

    order: Order
    trade: Trade
    commission: int
    commission_asset: str
    maker: bool


@dataclass(frozen=True, slots=True)
class PreventedMatch:
    """A match that self-trade prevention stopped."""

    match_id: int
    symbol: str
    taker_order_id: int
    maker_order_id: int
    prevention: str
    trade_group: int
    price: int
    maker_quantity: int
    time: int


@dataclass(slots=True)
class Outcome:
    """What became of a new order at once: the order, the fills it took, the matches that were prevented."""

    order: Order
    fills: list[Fill] = field(default_factory=list)
    prevented: list[PreventedMatch] = field(default_factory=list)


def order_of(request: OrderRequest, account: Account, order_id: int, client_id: str, now: int) -> Order:
    """The order that a request becomes."""
    return Order(
        order_id=order_id,
        account=account,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        time_in_force=request.time_in_force,
        quantity=request.quantity,
        price=request.price,
        quote_quantity=request.quote_quantity,
        stop_price=request.stop_price,
        iceberg=request.iceberg,
        client_id=client_id,
        prevention=request.prevention,
        strategy_id=request.strategy_id,
        strategy_type=request.strategy_type,
        time=now,
        updated=now,
    )
