"""The forms of Binance's answers, as far as they settle anything, and what reads them.

They stand apart because they are never compiled: the reader goes by their annotations, which a compiler does not keep.
"""

from decimal import Decimal

import msgspec

from bailiwick.model.intent import Side
from bailiwick.model.money import ZERO


class Fill(msgspec.Struct, gc=False):
    price: Decimal
    qty: Decimal
    commission: Decimal
    commissionAsset: str  # noqa: N815  (the venue's spelling, here and below)
    tradeId: int = -1  # noqa: N815
    allocId: int = -1  # noqa: N815

    @property
    def id(self) -> int:
        """What tells one fill of an order from another.

        A fill by smart order routing is an allocation and has no trade of this symbol: its own id is told from those of
        trades by being negative.
        """
        return self.tradeId if self.tradeId >= 0 else -2 - self.allocId


class Order(msgspec.Struct, gc=False):
    symbol: str
    orderId: int  # noqa: N815
    clientOrderId: str = ""  # noqa: N815
    origClientOrderId: str = ""  # noqa: N815
    orderListId: int = -1  # noqa: N815
    status: str = ""
    side: Side | None = None
    price: Decimal | None = None
    origQty: Decimal | None = None  # noqa: N815
    qty: Decimal | None = None
    executedQty: Decimal = ZERO  # noqa: N815
    cummulativeQuoteQty: Decimal | None = None  # noqa: N815
    cumulativeQuoteQty: Decimal | None = None  # noqa: N815
    transactTime: int = 0  # noqa: N815
    updateTime: int = 0  # noqa: N815
    fills: list[Fill] = []


class Trade(msgspec.Struct, gc=False):
    symbol: str
    id: int
    orderId: int  # noqa: N815
    price: Decimal
    qty: Decimal
    commission: Decimal
    commissionAsset: str  # noqa: N815
    time: int
    isBuyer: bool  # noqa: N815


class OrderList(msgspec.Struct, gc=False):
    orderReports: list[Order]  # noqa: N815


class Cancelled(msgspec.Struct, gc=False):
    """An element of the answer to a cancel-all: an order, or a list of orders."""

    orderReports: list[Order] = []  # noqa: N815
    orderId: int | None = None  # noqa: N815


class Replaced(msgspec.Struct, gc=False):
    cancelResult: str  # noqa: N815
    newOrderResult: str  # noqa: N815
    cancelResponse: msgspec.Raw = msgspec.Raw(b"null")  # noqa: N815
    newOrderResponse: msgspec.Raw = msgspec.Raw(b"null")  # noqa: N815


class Amended(msgspec.Struct, gc=False):
    amendedOrder: Order  # noqa: N815
    transactTime: int = 0  # noqa: N815


class Error(msgspec.Struct, gc=False):
    code: int
    data: Replaced | None = None


read_order = msgspec.json.Decoder(Order).decode
read_orders = msgspec.json.Decoder(list[Order]).decode
read_trades = msgspec.json.Decoder(list[Trade]).decode
read_list = msgspec.json.Decoder(OrderList).decode
read_cancelled = msgspec.json.Decoder(list[msgspec.Raw]).decode
read_cancelled_one = msgspec.json.Decoder(Cancelled).decode
read_replaced = msgspec.json.Decoder(Replaced).decode
read_amended = msgspec.json.Decoder(Amended).decode
read_error = msgspec.json.Decoder(Error).decode
