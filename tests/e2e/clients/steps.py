"""Steps of a client's run: each is tried, and what came of it is noted. Run by the client's own interpreter."""

import json
import sys
from collections.abc import Callable
from typing import Any


class Steps:
    """What came of each step: its value, or the class and the text of the client's own exception."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def take(self, name: str, act: Callable[[], Any]) -> Any:
        """Do something that may be refused; its value, None if it was."""
        try:
            value = act()
        except Exception as error:
            kinds = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, Exception)]
            self.found[name] = {
                "error": kinds[0],
                "kinds": kinds,
                "text": str(error),
                "code": getattr(error, "code", None),
            }
            return None
        self.found[name] = {"value": value}
        return value

    def end(self) -> None:
        """Print what was found."""
        json.dump(self.found, sys.stdout, default=str)


def arguments() -> dict[str, Any]:
    """What the test hands over."""
    given: dict[str, Any] = json.load(sys.stdin)
    return given


def brief(order: dict[str, Any]) -> dict[str, Any]:
    """What a test asks of an order, out of the exchange's own words for it, as ccxt names it."""
    status = str(order.get("status", "")).lower()
    return {
        "id": str(order["orderId"]),
        "clientOrderId": order.get("clientOrderId"),
        "symbol": {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT"}.get(order["symbol"], order["symbol"]),
        "side": str(order.get("side", "")).lower(),
        "status": {"new": "open", "filled": "closed"}.get(status, status),
        "filled": float(order.get("executedQty") or 0),
        "amount": float(order.get("origQty") or 0),
    }
