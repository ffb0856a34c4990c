"""What the tests of the rules stand on: a market, a grant, and requests against them."""

from decimal import Decimal
from itertools import count
from typing import Any

import msgspec

from bailiwick.model.decision import Allow, Decision, Deny
from bailiwick.model.grant import Bound, Grant, grant_from_toml
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, Endpoint, Intent, OrderDraft, OrderRef, OrderType, Side, TimeInForce
from bailiwick.model.life import Curb, KeyState
from bailiwick.model.market import Quote, SymbolInfo
from bailiwick.model.order import Fill, OrderReport, TradeReport
from bailiwick.model.reason import Reason
from bailiwick.rules.authority import Authority, authority
from bailiwick.rules.decide import Explanation, decide, explain
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.market import Market
from bailiwick.rules.windows import DAY_US

NOON_US = 20_500 * DAY_US + DAY_US // 2  # noon of a day in UTC
HARMS = {
    Act.PLACE: Harm.TRADE,
    Act.TRY: Harm.TRADE,
    Act.PLACE_LIST: Harm.TRADE,
    Act.REPLACE: Harm.TRADE,
    Act.AMEND: Harm.TRADE,
    Act.CANCEL: Harm.CANCEL,
    Act.CANCEL_LIST: Harm.CANCEL,
    Act.CANCEL_ALL: Harm.CANCEL,
    Act.WITHDRAW: Harm.WITHDRAW,
    Act.MARKET_DATA: Harm.PUBLIC,
}

GRANT = """
purpose = "tests"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = ["BTCUSDT", "ETHBTC"]
sides = ["BUY", "SELL"]
order_types = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
"""


def dec(number: str | int) -> Decimal:
    """A decimal."""
    return Decimal(number)


def endpoint(act: Act, harm: Harm | None = None, served: bool = True) -> Endpoint:
    """An endpoint that does this act."""
    harm = harm or HARMS.get(act, Harm.READ)
    return Endpoint(
        method="POST", path=f"/{act.name.lower()}", harm=harm, act=act, served=served, signed=True, weight=1,
        parameters={}, bit=BIT[harm], changes=harm not in (Harm.PUBLIC, Harm.READ),
    )  # fmt: skip


def symbol(name: str, base: str, quote: str, tick: str = "0.01", step: str = "0.00001") -> SymbolInfo:
    """A symbol of the test market."""
    return SymbolInfo(
        symbol=name, base=base, quote=quote, trading=True, tick=dec(tick), step=dec(step),
        least_quantity=dec(step), least_notional=dec(0),
    )  # fmt: skip


def quote(near: str | int | Decimal | None, anchor: str | int | Decimal | None = None, at: int = NOON_US) -> Quote:
    """Reference prices that were fresh at a moment; the anchor is the near price unless another is named."""
    near_price = None if near is None else Decimal(near)
    anchor_price = near_price if anchor is None else Decimal(anchor)
    return Quote(near=near_price, anchor=anchor_price, near_us=at, anchor_us=at, daily_volume=dec(1_000_000))


def market(at: int = NOON_US) -> Market:
    """BTCUSDT at 100, ETHBTC at 0.05."""
    names = [symbol("BTCUSDT", "BTC", "USDT"), symbol("ETHBTC", "ETH", "BTC", "0.00001", "0.0001")]
    found = Market({each.symbol: each for each in names})
    found.set_quote("BTCUSDT", quote(100, at=at))
    found.set_quote("ETHBTC", quote("0.05", at=at))
    return found


_ids = count(1)


def order(
    side: Side = Side.BUY,
    quantity: str | int | Decimal | None = 1,
    price: str | int | Decimal | None = 100,
    kind: OrderType = OrderType.LIMIT,
    **more: Any,
) -> OrderDraft:
    """An order with a client order id of its own."""
    more.setdefault("client_id", f"id-{next(_ids)}")
    more.setdefault("symbol", "BTCUSDT")
    more.setdefault("time_in_force", TimeInForce.GTC if price is not None else None)
    return OrderDraft(
        side=side,
        type=kind,
        quantity=None if quantity is None else Decimal(quantity),
        price=None if price is None else Decimal(price),
        **more,
    )


def intent(*orders: OrderDraft, act: Act = Act.PLACE, **more: Any) -> Intent:
    """A request that would place orders, or does another act."""
    more.setdefault("symbol", orders[0].symbol if orders else None)
    more.setdefault("endpoint", endpoint(act))
    return Intent(params=(), orders=orders, **more)


def filled(draft: OrderDraft, order_id: int, executed: str | int | Decimal, live: bool = False) -> OrderReport:
    """What the venue says of an order."""
    return OrderReport(
        symbol=draft.symbol, order_id=order_id, client_id=draft.client_id or "", live=live, executed=Decimal(executed)
    )


def trade(
    order_id: int, trade_id: int, side: Side, price: str | int, quantity: str | int, fee: str | int = 0,
    asset: str = "USDT", name: str = "BTCUSDT",
) -> TradeReport:  # fmt: skip
    """A row of the account's trade list."""
    fill = Fill(trade_id, Decimal(price), Decimal(quantity), Decimal(fee), asset)
    return TradeReport(symbol=name, order_id=order_id, side=side, time_ms=0, fill=fill)


class Key:
    """A key with its ledger, in a market."""

    def __init__(self, grant: Grant, *bounds: Bound) -> None:
        self.authority: Authority = authority(grant, *bounds)
        self.ledger = Ledger()
        self.market = market()
        self.now_us = NOON_US
        self.state = KeyState.ACTIVE
        self.curb: Curb | None = None
        self._order_ids = count(1)

    def ask(self, request: Intent | OrderDraft, source: bool | str = True) -> Decision:
        """Decide."""
        request = request if isinstance(request, Intent) else intent(request)
        return decide(
            request, self.authority, self.ledger, self.market, self.now_us,
            state=self.state, source_allowed=source, curb=self.curb,
        )  # fmt: skip

    def explain(self, request: Intent, source: bool | str = True) -> Explanation:
        """Explain."""
        return explain(
            request, self.authority, self.ledger, self.market, self.now_us,
            state=self.state, source_allowed=source, curb=self.curb,
        )  # fmt: skip

    def reason(self, request: Intent | OrderDraft, source: bool | str = True) -> Reason | None:
        """Why it is refused, or None."""
        decision = self.ask(request, source)
        return decision.reason if isinstance(decision, Deny) else None

    def send(self, request: Intent | OrderDraft) -> Decision:
        """Decide, and reserve where it is allowed."""
        request = request if isinstance(request, Intent) else intent(request)
        decision = self.ask(request)
        if isinstance(decision, Allow):
            self.ledger.reserve(decision, request, self.now_us, self.authority.requests_per_minute)
        return decision

    def fill(self, draft: OrderDraft, executed: str | int | Decimal | None = None) -> int:
        """Send an order and report it as executed and ended; returns the venue's id."""
        decision = self.send(draft)
        assert isinstance(decision, Allow), decision
        order_id = next(self._order_ids)
        done = decision.orders[0].quantity if executed is None else Decimal(executed)
        assert done is not None
        self.ledger.report(filled(draft, order_id, done), self.now_us)
        return order_id

    def age(self, microseconds: int, fresh: bool = True) -> None:
        """Let time pass, with prices that stay fresh or not."""
        self.now_us += microseconds
        if fresh:
            self.market = market(self.now_us)


def grant(text: str = "", **what: Any) -> Grant:
    """The test grant with further tables of TOML, and other fields of ``what``."""
    found = grant_from_toml(GRANT + text)
    return msgspec.structs.replace(found, what=msgspec.structs.replace(found.what, **what))


def key(text: str = "", *bounds: Bound, **what: Any) -> Key:
    """A key of the test grant with further tables, bounds, and other fields of ``what``."""
    return Key(grant(text, **what), *bounds)


def ref(order_id: int | None = None, client_id: str | None = None) -> OrderRef:
    """How a request names an order."""
    return OrderRef(order_id, client_id)
