"""What an answer of the venue settles of a key's own orders."""

from decimal import Decimal

import msgspec

from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.parties import Live
from bailiwick.model.intent import OrderRef
from bailiwick.model.order import Answer
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.tracked import OrderState, Tracked

_RESERVED = OrderState.RESERVED


def apply(live: Live, answer: Answer, now: int, *, in_passing: bool = False) -> bool:
    """Count what an answer reports of this key's own orders; tells whether any of it was news.

    ``in_passing`` says that it was asked neither to place these orders nor what became of one of them.
    """
    ledger = live.ledger
    news = False
    for report in answer.orders:
        order = own(ledger, report.symbol, report.order_id, report.client_id)
        if order is None:
            continue
        if in_passing and order.order_id is None and order.state is _RESERVED:
            # Its own answer is on the way and tells its number. What else has its name may be another key's.
            continue
        executed, state, value = order.executed, order.state, _value(order)
        ledger.report(report, now, live.worth)
        if order.executed != executed:
            _executed(live, order, order.executed - executed, _value(order) - value, now)
            news = True
        elif order.state is not state:
            news = True
    for trade in answer.trades:
        order = own(ledger, trade.symbol, trade.order_id, "")
        if order is None or trade.fill.trade_id in order.trades:
            continue  # where it is of an order whose number is on the way, the reconciler asks for it again
        executed, value = order.executed, _value(order)
        ledger.trade(trade, now, live.worth)
        if order.executed != executed:
            _executed(live, order, order.executed - executed, _value(order) - value, now)
        news = True
    return news


def _executed(live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
    """Tell whoever must know that so much more of an order was executed than was known: base and quote asset."""
    live.account.venue.prices.own_trade(order.symbol, order.side, quantity)
    if live.watcher is not None:
        live.watcher.traded(live, order, quantity, value, now)


def _value(order: Tracked) -> Decimal:
    """What is known to have been executed, in the quote asset."""
    reported = order.reported_quote
    return order.traded_quote if reported is None or reported < order.traded_quote else reported


def told(exchange: Exchange, live: Live) -> bool:
    """Whether the venue has given a number to each order that was reserved."""
    assert exchange.allow is not None
    if not exchange.allow.charges:
        return True
    orders = live.ledger.orders
    for draft in exchange.allow.orders:
        order = orders.get(draft.client_id or "")
        if order is not None and order.order_id is None:
            return False
    return True


def own(ledger: Ledger, symbol: str, order_id: int, client_id: str) -> Tracked | None:
    """The key's own order that a report or a trade speaks of."""
    order = ledger.orders.get(client_id)
    if order is None or order.symbol != symbol:
        order = ledger.find(symbol, OrderRef(order_id, None))
    return order


def of_key(ledger: Ledger, answer: Answer) -> Answer:
    """What the answer says of the key's own orders: a listing has those of everybody else, too."""
    orders = tuple([each for each in answer.orders if own(ledger, each.symbol, each.order_id, each.client_id)])
    numbered = {(each.symbol, each.order_id) for each in orders}
    trades = tuple(
        [
            each
            for each in answer.trades
            if (each.symbol, each.order_id) in numbered or own(ledger, each.symbol, each.order_id, "")
        ]
    )
    return msgspec.structs.replace(answer, orders=orders, trades=trades)
