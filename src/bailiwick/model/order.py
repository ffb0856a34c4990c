"""Orders and fills as a venue reports them."""

from decimal import Decimal

import msgspec

from bailiwick.model.intent import Side


class Fill(msgspec.Struct, frozen=True, gc=False):
    """One execution. Price in the quote asset, quantity in the base asset, commission in ``commission_asset``."""

    trade_id: int
    price: Decimal
    quantity: Decimal
    commission: Decimal
    commission_asset: str


class OrderReport(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What a venue says of one order at one moment.

    ``executed`` and ``quote_executed`` are cumulative (base and quote asset). ``live`` says whether more may still be
    executed. ``fills`` are those that this answer itself lists, which need not be all. ``update_ms`` is the venue's
    time of the last change, 0 where it names none. ``client_id`` is the id that the order was *placed* with (a cancel's
    answer may carry another). A field that the answer lacks is ``None``.
    """

    symbol: str
    order_id: int
    client_id: str
    live: bool
    executed: Decimal
    quote_executed: Decimal | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    side: Side | None = None
    update_ms: int = 0
    list_id: int = -1
    fills: tuple[Fill, ...] = ()


class TradeReport(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One row of an account's trade list; it names its order by the venue's id only."""

    symbol: str
    order_id: int
    side: Side
    time_ms: int
    fill: Fill


class Answer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a venue's answer settles.

    ``executed`` is True where the request took effect, False where the venue definitely refused it, None where the
    outcome is unknown. ``orders`` and ``trades`` are the reports read on the way, whoever placed those orders.
    ``missing`` is True where a look-up says that there is no such order.
    """

    executed: bool | None
    orders: tuple[OrderReport, ...] = ()
    trades: tuple[TradeReport, ...] = ()
    missing: bool = False
    code: int = 0
