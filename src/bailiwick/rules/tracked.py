"""An order as a key's ledger follows it from its reservation to its end, and what a ledger is made of."""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import msgspec

from bailiwick.model.decision import Charge
from bailiwick.model.intent import Destination, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.money import ZERO, minus, plus, times
from bailiwick.model.order import Fill, OrderReport, TradeReport
from bailiwick.rules.remembered import Remembered
from bailiwick.rules.spending import Spending
from bailiwick.rules.windows import EARLIER_US

_IOC, _FOK = TimeInForce.IOC, TimeInForce.FOK

FEE_BEFORE_FILLS = Decimal("0.002")  # of the value, until the venue lists the trades: twice the usual fee
FEE_UNCONVERTED = Decimal("0.01")  # of the value, where the fee's asset has no price


class OrderState(StrEnum):
    """Where an order is in its life, as far as the ledger knows."""

    RESERVED = "reserved"  # decided, perhaps sent
    OPEN = "open"  # seen alive at the venue
    UNKNOWN = "unknown"  # sent, and no one knows what became of it
    ENDED = "ended"  # nothing of it can be executed any more


_BUY = Side.BUY
_ENDED = OrderState.ENDED


class Tracked(msgspec.Struct, kw_only=True, array_like=True):
    """One order of the key.

    ``cover`` is what it takes of the key's own holdings at most; ``group`` names the alternatives of which only one can
    be executed. The lower half is what has been counted of it so far.
    """

    client_id: str
    symbol: str
    side: Side
    price: Decimal | None
    quantity: Decimal
    unit: Decimal
    anchor: Decimal | None
    reducing: bool
    factor: Decimal
    base: str
    quote: str
    rests: bool
    placed_us: int
    type: OrderType | None = None  # as it left; None of one that an earlier version placed
    stop: Decimal | None = None
    cover: Decimal = ZERO
    group: str = ""
    list_client_id: str = ""
    list_id: int = -1
    order_id: int | None = None
    state: OrderState = OrderState.RESERVED
    ended_us: int = 0
    reported: Decimal = ZERO  # executed, by the venue's reports
    reported_quote: Decimal | None = None
    trades: set[int] = set()
    traded: Decimal = ZERO  # executed, by the venue's trades
    traded_quote: Decimal = ZERO
    slippage: Decimal = ZERO  # of the trades, in the quote asset
    fees: Decimal = ZERO  # of the trades, in the grant's currency
    base_fee: Decimal = ZERO  # of the trades, in the base asset
    executed: Decimal = ZERO
    held: Decimal = ZERO
    loss: Decimal = ZERO
    loss_us: int = 0
    claimed: Decimal = ZERO
    covering: Decimal = ZERO
    risk: Decimal = ZERO  # what a unit may lose at its limit
    risking: Decimal = ZERO
    netting: Decimal = ZERO  # what of it is counted as open among all keys of its service

    def claims(self) -> tuple[Decimal, Decimal, Decimal]:
        """What the order may still spend, what of the key's holdings it may still sell, and what it may yet lose."""
        if self.state is _ENDED or self.executed >= self.quantity:
            return ZERO, ZERO, ZERO
        rest = minus(self.quantity, self.executed) if self.executed else self.quantity
        covering = minus(self.cover, self.executed) if self.cover > self.executed else ZERO
        return times(rest, self.unit), covering, times(rest, self.risk) if self.risk else ZERO

    def take(self, fill: Fill, worth: Callable[[str], Decimal | None] | None) -> None:
        """Count a trade that was not known."""
        value = times(fill.price, fill.quantity)
        if self.traded:
            self.traded = plus(self.traded, fill.quantity)
            self.traded_quote = plus(self.traded_quote, value)
        else:  # as mostly: an order is often executed at once
            self.traded, self.traded_quote = fill.quantity, value
        if self.anchor is not None:
            worse = _adverse(self.side, value, times(self.anchor, fill.quantity))
            if worse:
                self.slippage = plus(self.slippage, worse)
        if not fill.commission:
            return
        if fill.commission_asset == self.base:
            self.base_fee = plus(self.base_fee, fill.commission)
            fee = times(times(fill.commission, fill.price), self.factor)
        elif fill.commission_asset == self.quote:
            fee = times(fill.commission, self.factor)
        else:
            rate = worth(fill.commission_asset) if worth is not None else None
            fee = times(times(value, self.factor), FEE_UNCONVERTED) if rate is None else times(fill.commission, rate)
        self.fees = plus(self.fees, fee)


def alternative(leg: str) -> str | None:
    """What the legs have in common of which only one can be executed: an OCO's, or an OTOCO's pending ones."""
    lower = leg.lower()
    if lower in ("limit", "stop"):
        return "oco"
    for ending in ("above", "below"):
        if lower.endswith(ending):
            return lower.removesuffix(ending) or "oco"
    return None


def predates(report: OrderReport, order: Tracked) -> bool:
    """Whether a report tells of a time at which the order was not placed yet."""
    return bool(report.update_ms) and report.update_ms * 1000 < order.placed_us - EARLIER_US


def track(draft: OrderDraft, charge: Charge, now_us: int) -> Tracked:
    """The order as it is reserved.

    Raises:
        ValueError: if it has no client order id; every order that leaves has one.
    """
    if draft.client_id is None:
        raise ValueError("client_id: an order without one cannot be reserved; give it one")
    return Tracked(
        client_id=draft.client_id,
        symbol=draft.symbol,
        side=draft.side,
        price=draft.price,
        quantity=charge.quantity,
        unit=charge.unit,
        anchor=charge.anchor,
        reducing=charge.reducing,
        factor=charge.factor,
        base=charge.base,
        quote=charge.quote,
        risk=charge.risk,
        rests=draft.time_in_force is not _IOC and draft.time_in_force is not _FOK,
        placed_us=now_us,
        type=draft.type,
        stop=draft.stop_price,
    )


def loss_of(order: Tracked) -> Decimal:
    """What an order has lost, in the grant's currency: adverse slippage against the anchor at its decision, and fees.

    What the venue reports as executed and has not yet listed as trades is reckoned at the reported value, else at the
    limit price, with a fee that is likely too high.
    """
    slippage, fees = order.slippage, order.fees
    if order.executed > order.traded:
        rest = minus(order.executed, order.traded)
        if order.reported_quote is not None:
            value = max(ZERO, minus(order.reported_quote, order.traded_quote))
        else:
            value = times(rest, order.price or order.anchor or ZERO)
        if order.anchor is not None:
            slippage = plus(slippage, _adverse(order.side, value, times(order.anchor, rest)))
        fees = plus(fees, times(times(value, order.factor), FEE_BEFORE_FILLS))
    return plus(times(slippage, order.factor), fees) if slippage else fees


def _adverse(side: Side, value: Decimal, fair: Decimal) -> Decimal:
    if side is _BUY:
        return minus(value, fair) if value > fair else ZERO
    return minus(fair, value) if fair > value else ZERO


class Group(msgspec.Struct):
    """Alternatives, by client order id, and what they claim together: as much as the dearest of them."""

    members: list[str] = []
    claimed: Decimal = ZERO
    covering: Decimal = ZERO
    risking: Decimal = ZERO


class Position:
    """What the key's own fills bought and sold of one symbol, and what its open orders claim of it.

    ``bought`` and ``sold`` count what was gathered out of other pairs of the same ``base``, and into them.
    """

    __slots__ = ("base", "bought", "covered", "exits", "net", "reserved", "sold", "volume")

    def __init__(
        self, bought: Decimal = ZERO, sold: Decimal = ZERO, volume: Spending | None = None, base: str = ""
    ) -> None:
        self.base = base
        self.bought = bought
        self.sold = sold
        self.volume = volume if volume is not None else Spending()
        self.net: Spending | None = None  # bought less sold by time, whether or not its service limits that now
        self.exits: Spending | None = None  # sold by time, where the key is suspect and may sell only slowly
        self.reserved = ZERO
        self.covered = ZERO


class PositionState(msgspec.Struct):
    """A position in a snapshot."""

    bought: Decimal
    sold: Decimal
    volume: dict[int, Decimal]
    net: dict[int, Decimal] | None = None
    exits: dict[int, Decimal] | None = None
    base: str = ""


class LedgerState(msgspec.Struct, kw_only=True):
    """A ledger in a snapshot."""

    orders: list[Tracked]
    positions: dict[str, PositionState]
    spent: dict[int, Decimal]
    losses: dict[int, Decimal]
    withdrawn: list[tuple[Destination, dict[int, Decimal]]]
    rate_us: int
    names: Remembered
    ended: dict[str, int]
    lists: dict[int, str]
    stray: list[TradeReport]
