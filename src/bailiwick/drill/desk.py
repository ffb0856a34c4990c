"""The rehearsal's market as a gateway meets it: countersigned bytes are read, put to the market, and answered in words.

It believes nothing that is not signed with the account's own key, and reads by the dialect that the gateway writes by.
"""

import hmac
from collections.abc import Callable
from decimal import Decimal
from typing import Any, final

import msgspec

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Act as Does
from bailiwick.model.intent import Intent, OrderDraft
from bailiwick.model.money import plain
from bailiwick.model.order import Answer, OrderReport
from bailiwick.model.request import Outgoing, Request
from bailiwick.model.secret import Secret
from bailiwick.sandbox.market.door import Act, Venue
from bailiwick.venues.binance.dialect import BINANCE

REJECTED, UNKNOWN_ORDER, WRONG_SIGNATURE = -2010, -2011, -1022
_FORM = b"application/x-www-form-urlencoded"


@final
class Desk:
    """Answers what leaves the gateway while one act is under way; ``answers`` are what the market said to it."""

    def __init__(self, secret: Callable[[], Secret]) -> None:
        self._secret = secret  # of the account whose act is under way
        self.act: Act | None = None
        self.venue: Venue | None = None
        self.answers: list[Answer] = []

    def turn_to(self, act: Act, venue: Venue) -> None:
        """From now on what comes is of this act."""
        self.act, self.venue = act, venue
        self.answers = []

    def answer(self, outgoing: Outgoing) -> tuple[int, bytes]:
        """Status and body of the answer to one request."""
        path, _, query = outgoing.target.partition(b"?")
        asked = Request(
            outgoing.method.decode("ascii"), path.decode("ascii"), query, outgoing.body, b"upstream", _FORM, "127.0.0.1"
        )
        endpoint = BINANCE.endpoint(asked.method, asked.path)
        assert endpoint is not None  # the gateway sends nothing else
        signed = BINANCE.unfold(endpoint, asked)
        if isinstance(signed, Deny):
            return _refused(REJECTED)
        right = hmac.new(self._secret().reveal(), signed.payload, "sha256").hexdigest()
        if not hmac.compare_digest(right.encode(), signed.signature):
            return _refused(WRONG_SIGNATURE)
        intent = BINANCE.parse(endpoint, asked, signed)
        return _refused(REJECTED) if isinstance(intent, Deny) else self._do(intent)

    def _do(self, intent: Intent) -> tuple[int, bytes]:
        act, venue, symbol = self.act, self.venue, intent.symbol or ""
        assert act is not None
        assert venue is not None
        match intent.endpoint.act:
            case Does.PLACE:
                order = intent.orders[0]
                return self._told(venue.place(act, order), order)
            case Does.CANCEL if intent.target is not None:
                return self._told(venue.cancel(act, symbol, intent.target), None)
            case Does.CANCEL_ALL:
                return self._told(venue.cancel_all(act, symbol), None, many=True)
            case _:
                self.answers.append(Answer(executed=True))
                return 200, b"[]" if "orders" in intent.endpoint.path.lower() else b"{}"

    def _told(self, answer: Answer, order: OrderDraft | None, *, many: bool = False) -> tuple[int, bytes]:
        self.answers.append(answer)
        if not answer.executed:
            return _refused(answer.code or (REJECTED if order is not None else UNKNOWN_ORDER))
        told = [worded(report, order) for report in answer.orders]
        return 200, msgspec.json.encode(told if many else told[0] if told else {})


def worded(report: OrderReport, order: OrderDraft | None) -> dict[str, Any]:
    """An order as Binance's answer to it reads; ``order`` is what was asked for, None where it was cancelled."""
    quantity = report.quantity if report.quantity is not None else (order.quantity if order else None)
    price = report.price if report.price is not None else (order.price if order else None)
    if order is None:
        status = "CANCELED"
    elif report.live:
        status = "PARTIALLY_FILLED" if report.executed else "NEW"
    else:
        status = "FILLED" if quantity is not None and report.executed >= quantity else "EXPIRED"
    side = report.side or (order.side if order else None)
    found: dict[str, Any] = {
        "symbol": report.symbol, "orderId": report.order_id, "orderListId": -1,
        "transactTime": report.update_ms, "price": _number(price), "origQty": _number(quantity),
        "executedQty": _number(report.executed), "status": status,
        "clientOrderId": report.client_id,
    }  # fmt: skip
    if order is None:
        found["origClientOrderId"] = report.client_id
    if report.quote_executed is not None:
        found["cummulativeQuoteQty"] = _number(report.quote_executed)
    if side is not None:
        found["side"] = side.value
    if order is not None:
        found["type"] = order.type.value
        found["timeInForce"] = "GTC" if order.time_in_force is None else order.time_in_force.value
        found["fills"] = [
            {
                "price": _number(fill.price), "qty": _number(fill.quantity), "commission": _number(fill.commission),
                "commissionAsset": fill.commission_asset, "tradeId": fill.trade_id,
            }
            for fill in report.fills
        ]  # fmt: skip
    return found


def _number(amount: Decimal | None) -> str:
    return "0" if amount is None else plain(amount)


def _refused(code: int) -> tuple[int, bytes]:
    return 400, msgspec.json.encode({"code": code, "msg": "The rehearsal's market refuses this."})
