"""What the keys of a service have open in this gateway, and what they bought together."""

from typing import TYPE_CHECKING, final

from bailiwick.link.service_questions import NetBuying, ServiceUseAnswer, UseOfService
from bailiwick.link.wire import Peer
from bailiwick.model.money import plain
from bailiwick.rules.netbuying import most
from bailiwick.rules.tracked import OrderState

if TYPE_CHECKING:
    from bailiwick.gateway.process import House

_ENDED = OrderState.ENDED
_DIGITS = 8  # a limit is shown with so many after the point


@final
class ServiceUse:
    """Answers what is asked about a service."""

    def __init__(self, house: "House") -> None:
        self._house = house

    async def use(self, question: UseOfService, peer: Peer) -> ServiceUseAnswer:
        """What its keys have open, and the last use of one."""
        registry = self._house.registry
        open_orders = 0
        for key_id, ledger in self._house.recovered.ledgers.items():
            row = registry.row(key_id)
            if row is not None and row.service == question.service:
                open_orders += sum(order.state is not _ENDED for order in ledger.orders.values())
        used = max((live.used_us for live in registry.live() if live.service == question.service), default=0)
        return ServiceUseAnswer(
            open_orders=open_orders,
            last_used_ms=used // 1000 or None,
            net_buying=tuple(self._net_buying(question.service)),
        )

    def _net_buying(self, service: str) -> list[NetBuying]:
        together = self._house.registry.standings.together(service)
        if together is None:
            return []
        found = []
        for venue in self._house.links.venues():
            now = venue.clock.now_us()
            for symbol in together.symbols():
                if symbol not in venue.market.symbols:
                    continue
                limit = most(together.share_bps, venue.market.quotes.get(symbol))
                shown = "" if limit is None else plain(round(limit, _DIGITS))
                found.append(NetBuying(symbol=symbol, used=plain(together.use(symbol, now)), limit=shown))
        return found
