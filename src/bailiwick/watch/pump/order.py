"""Public trades, and the taker orders that they were made by."""

from typing import final

import msgspec


class Trade(msgspec.Struct, frozen=True, gc=False):
    """A public trade: when it was made, in microseconds since 1970, and whether the taker bought."""

    time_us: int
    price: float
    quantity: float
    taker_buy: bool


class Order(msgspec.Struct, frozen=True, gc=False):
    """What one taker executed at a moment.

    Attributes:
        value: in the quote asset.
        levels: how many prices it went through. Fills at one price count once, since venues tell them apart or not.
    """

    time_us: int
    high: float
    low: float
    value: float
    buy: bool
    levels: int


class Bar(msgspec.Struct, frozen=True, gc=False):
    """A minute of a symbol, counted from 1970, with what takers bought and sold in it, in the quote asset."""

    minute: int
    high: float
    low: float
    close: float
    bought: float
    sold: float
    count: int


@final
class Gathering:
    """Puts trades of one symbol together again: those of the same microsecond and side are one order.

    An order is whole when a later trade, or one of the other side, is there; or when ``close`` says that no more comes.
    """

    __slots__ = ("_buy", "_high", "_levels", "_low", "_price", "_time", "_value")

    def __init__(self) -> None:
        self._time = -1
        self._buy = False
        self._price = self._high = self._low = self._value = 0.0
        self._levels = 0

    def put(self, trade: Trade) -> Order | None:
        """Take the next trade; the order before it, if it ended that."""
        price = trade.price
        if trade.time_us == self._time and trade.taker_buy == self._buy:
            if price != self._price:
                self._levels += 1
                self._price = price
                if price > self._high:
                    self._high = price
                elif price < self._low:
                    self._low = price
            self._value += price * trade.quantity
            return None
        whole = self.close()
        self._time, self._buy = trade.time_us, trade.taker_buy
        self._price = self._high = self._low = price
        self._value = price * trade.quantity
        self._levels = 1
        return whole

    def close(self) -> Order | None:
        """The order that was gathered until now, if there is one."""
        if self._time < 0:
            return None
        whole = Order(self._time, self._high, self._low, self._value, self._buy, self._levels)
        self._time = -1
        return whole
