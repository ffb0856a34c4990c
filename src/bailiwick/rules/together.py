"""What all keys of one service buy of a symbol together: bought less sold over 24 hours, and what is still open.

Amounts are quantities of the base asset, so that keys that count in different currencies add up. Sums are kept beside
the ledgers of the keys, which tell every execution and every change of an open buy. A key's own sums stand in its
ledger whether or not its service has such a limit, and survive a restart there: out of them this one is made anew at
each start, and when a limit is set, for the 24 hours before.

A service without such a limit has none of this: its ledgers have ``together`` set to None.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, final

from bailiwick.model.intent import Side
from bailiwick.model.money import ZERO, minus, plus, times
from bailiwick.rules.spending import Spending
from bailiwick.rules.tracked import OrderState, Tracked

if TYPE_CHECKING:
    from bailiwick.rules.ledger import Ledger

_BUY = Side.BUY
_ENDED = OrderState.ENDED


@final
class Together:
    """The net buying of the keys of one service. ``share_bps`` is of a symbol's median daily volume."""

    __slots__ = ("_net", "_open", "share_bps")

    def __init__(self, share_bps: int) -> None:
        self.share_bps = share_bps
        self._net: dict[str, Spending] = {}
        self._open: dict[str, Decimal] = {}

    def executed(self, symbol: str, quantity: Decimal, now_us: int) -> None:
        """Count what was bought, or, if it is negative, sold."""
        net = self._net.get(symbol)
        if net is None:
            net = self._net[symbol] = Spending()
        net.add(quantity, now_us)

    def opened(self, symbol: str, quantity: Decimal) -> None:
        """Count so much more, or, if it is negative, less that open buys may still buy."""
        self._open[symbol] = plus(self._open.get(symbol, ZERO), quantity)

    def use(self, symbol: str, now_us: int) -> Decimal:
        """What the keys bought less what they sold in 24 hours, and what their open orders may still buy."""
        net = self._net.get(symbol)
        return plus(ZERO if net is None else net.rolling(now_us), self._open.get(symbol, ZERO))

    def symbols(self) -> list[str]:
        """The symbols in which anything was counted."""
        return sorted({*self._net, *self._open})

    def join(self, ledger: "Ledger") -> None:
        """Take a key in, with what its ledger has counted. One that is in stays."""
        if ledger.together is self:
            return
        if ledger.together is not None:
            ledger.together.leave(ledger)
        ledger.together = self
        for symbol, position in ledger.positions.items():
            if position.net is not None:
                self._merge(symbol, position.net, 1)
        for order in ledger.orders.values():
            order.netting = still_buys(order)
            if order.netting:
                self.opened(order.symbol, order.netting)

    def leave(self, ledger: "Ledger") -> None:
        """Let a key go to another service, with what it has counted."""
        if ledger.together is not self:
            return
        ledger.together = None
        for symbol, position in ledger.positions.items():
            if position.net is not None:
                self._merge(symbol, position.net, -1)
        for order in ledger.orders.values():
            if order.netting:
                self.opened(order.symbol, minus(ZERO, order.netting))
                order.netting = ZERO

    def _merge(self, symbol: str, other: Spending, sign: int) -> None:
        buckets = dict(self._net[symbol].buckets) if symbol in self._net else {}
        for bucket, amount in other.buckets.items():
            buckets[bucket] = plus(buckets.get(bucket, ZERO), times(amount, Decimal(sign)))
        self._net[symbol] = Spending(buckets)


def still_buys(order: Tracked) -> Decimal:
    """What an order may still buy of its base asset."""
    if order.side is not _BUY or order.state is _ENDED or order.executed >= order.quantity:
        return ZERO
    return minus(order.quantity, order.executed)
