"""The bot of the demonstration: an unmodified ccxt, and what it tries. Run by ccxt's own interpreter.

It knows nothing of Bailiwick but an address. It is handed a key as JSON on standard input, and writes one JSON object
a line: what it tried, what came of it, and the reason where it was refused.
"""

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

ccxt: Any = importlib.import_module("ccxt")  # only its own environment has it
adapters: Any = importlib.import_module("requests.adapters")

FAMILIES = {
    "public": "/api/v3", "private": "/api/v3", "v1": "/api/v1", "sapi": "/sapi/v1", "sapiV2": "/sapi/v2",
    "sapiV3": "/sapi/v3", "sapiV4": "/sapi/v4", "fapiPublic": "/fapi/v1", "fapiPrivate": "/fapi/v1",
    "dapiPublic": "/dapi/v1",
}  # fmt: skip


class From(adapters.HTTPAdapter):  # type: ignore[misc]  # its class is only known where ccxt is
    """Connects from another address of this machine, as somebody else who holds the key would."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, source_address=("127.0.0.2", 0), **more)


def connect(url: str, key: str, secret: str) -> Any:
    """A client made as ccxt's documentation says; the addresses are all that is set."""
    api = {name: url + path for name, path in FAMILIES.items()}
    return ccxt.binance({"apiKey": key, "secret": secret, "urls": {"api": api}, "enableRateLimit": False})


class Bot:
    """Tries, and tells."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def tell(self, **said: Any) -> None:
        """One line for whoever watches."""
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    def part(self, title: str) -> None:
        """A new part of the story."""
        self.tell(part=title)

    def attempt(self, what: str, act: Callable[[], Any], told: Callable[[Any], str], reason: str = "") -> Any:
        """Try something that must succeed, or must be refused for one reason; its value, None if it was refused."""
        try:
            value = act()
        except ccxt.BaseError as error:
            text = str(error)
            found = text.partition("[bailiwick ")[2].partition("]")[0]
            self.tell(what=what, allowed=False, expected=reason, reason=found, error=type(error).__name__, text=text)
            return None
        self.tell(what=what, allowed=True, expected=reason, told=told(value))
        return value

    # What it does

    def start(self) -> None:
        """What every bot does first."""
        self.part("The bot starts")
        self.attempt("load the markets", self.client.load_markets, lambda found: f"{len(found)} markets")
        self.attempt("read the balance", self.client.fetch_balance, _balance)

    def trade(self) -> dict[str, float]:
        """What the key is for. The last prices, by symbol."""
        client = self.client
        self.part("It trades, within its grant")
        last = {symbol: float(client.fetch_ticker(symbol)["last"]) for symbol in ("BTC/USDT", "ETH/USDT")}
        low = float(client.price_to_precision("BTC/USDT", last["BTC/USDT"] * 0.98))
        placed = self.attempt(
            f"buy 0.005 BTC at {low:,.2f}, 2 % below the market",
            lambda: client.create_order("BTC/USDT", "limit", "buy", 0.005, low),
            _order,
        )
        self.attempt(
            "make it 0.004 BTC", lambda: client.edit_order(placed["id"], "BTC/USDT", "limit", "buy", 0.004, low), _order
        )
        listed = self.attempt("list its open orders", lambda: client.fetch_open_orders("BTC/USDT"), _orders)
        self.attempt("cancel it", lambda: client.cancel_order(listed[0]["id"], "BTC/USDT"), _order)
        self.attempt("buy 0.1 ETH at the market", lambda: client.create_order("ETH/USDT", "market", "buy", 0.1), _order)
        self.attempt("list its trades", lambda: client.fetch_my_trades("ETH/USDT"), lambda found: f"{len(found)} trade")
        return last

    def trespass(self, last: dict[str, float]) -> None:
        """What the key is not for."""
        client, bitcoin = self.client, last["BTC/USDT"]
        low = float(client.price_to_precision("BTC/USDT", bitcoin * 0.98))
        high = float(client.price_to_precision("BTC/USDT", bitcoin * 1.05))

        def buy(symbol: str, amount: float, price: float) -> Callable[[], Any]:
            return lambda: client.create_order(symbol, "limit", "buy", amount, price)

        self.part("It oversteps its grant")
        self.attempt("buy 0.5 BNB: another symbol", buy("BNB/USDT", 0.5, 590), _order, "SYMBOL_NOT_GRANTED")
        self.attempt(
            f"buy 0.02 BTC: {0.02 * bitcoin:,.0f} USDT in one order", buy("BTC/USDT", 0.02, low), _order,
            "ORDER_NOTIONAL",
        )  # fmt: skip
        self.attempt(
            f"buy 0.001 BTC at {high:,.0f}: 5 % above the market", buy("BTC/USDT", 0.001, high), _order, "BAND_NEAR"
        )
        self.attempt(
            "withdraw 0.5 BTC", lambda: client.withdraw("BTC", 0.5, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
            str, "CAPABILITY_NOT_GRANTED",
        )  # fmt: skip

    def steal(self, thief: Any, last: dict[str, float]) -> None:
        """What somebody tries who got hold of the key, or of what it once sent."""
        client = self.client
        low = float(client.price_to_precision("BTC/USDT", last["BTC/USDT"] * 0.98))
        self.part("A thief tries")
        self.attempt("use the stolen key from another address", thief.fetch_balance, _balance, "ADDRESS_FOREIGN")
        self.attempt(
            "(the bot orders: buy 0.002 BTC)",
            lambda: client.create_order("BTC/USDT", "limit", "buy", 0.002, low),
            _order,
        )
        url, headers, body = client.last_request_url, client.last_request_headers, client.last_request_body
        altered = body.replace("quantity=0.002", "quantity=0.007")
        self.attempt("send that order again, byte for byte", lambda: client.fetch(url, "POST", headers, body), str,
                     "REPLAYED")  # fmt: skip
        self.attempt("send it with another quantity", lambda: client.fetch(url, "POST", headers, altered), str,
                     "SIGNATURE_WRONG")  # fmt: skip
        self.attempt("(the bot cancels it)", lambda: client.cancel_all_orders("BTC/USDT"), _orders)

    def spend(self, last: dict[str, float]) -> None:
        """Order until the day's budget is spent, and get out all the same."""
        client, price = self.client, last["ETH/USDT"]
        self.part("It spends its day's budget of 2,000 USDT")
        amount = float(client.amount_to_precision("ETH/USDT", 450 / price))

        def buy() -> Any:
            return client.create_order("ETH/USDT", "market", "buy", amount)

        for _ in range(3):
            self.attempt(f"buy {amount} ETH, about 450 USDT", buy, _order)
        self.attempt(f"buy {amount} ETH, about 450 USDT", buy, _order, "DAY_NOTIONAL")
        self.attempt(
            "sell 0.1 ETH that it bought: always allowed",
            lambda: client.create_order("ETH/USDT", "market", "sell", 0.1), _order,
        )  # fmt: skip


def _balance(found: dict[str, Any]) -> str:
    total = found["total"]
    return ", ".join(f"{total[asset]:,.2f} {asset}" for asset in ("USDT", "BTC", "ETH") if total.get(asset))


def _order(order: dict[str, Any]) -> str:
    status = {"closed": "filled"}.get(order["status"], order["status"])
    average = f" at {order['average']:,.2f}" if order.get("average") else ""
    return f"order {order['id']} {status}{average}"


def _orders(orders: list[dict[str, Any]]) -> str:
    return f"{len(orders)} order{'' if len(orders) == 1 else 's'}"


def main() -> None:
    """Live a day in a minute."""
    given = json.load(sys.stdin)
    bot = Bot(connect(given["url"], given["key"], given["secret"]))
    bot.start()
    last = bot.trade()
    bot.trespass(last)
    thief = connect(given["url"], given["key"], given["secret"])
    thief.session.mount("http://", From())
    bot.steal(thief, last)
    bot.spend(last)


if __name__ == "__main__":
    main()
