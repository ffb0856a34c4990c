"""The thief of a demonstration that is kept running: what was done to real accounts in 2022, with a stolen key.

Run by ccxt's own interpreter. The gateway's address and the stolen key come as JSON on standard input; what he tries
and what comes of it goes out as one JSON object a line. He owns an account at the exchange to rehearse on, where a thin
coin is his: he drives its price up, and has the victim's key buy it from him.
"""

import importlib
import json
import sys
import time
import urllib.request
from typing import Any

trader: Any = importlib.import_module("trader")  # beside this file, which is where the interpreter looks first
ccxt: Any = trader.ccxt

COIN, PAIR, TICKER = "DMG", "DMG/USDT", "DMGUSDT"
HIS = "thief"
RISES = 4
RISE_BPS = 1200
ORDERS = ((900.0, 1.02), (900.0, 1.02), (150.0, 1.02), (60.0, 1.02), (2500.0, 1.25))  # USDT, and against the market
PAUSE_S = 1.5
AWAIT_S = 6.0  # until whoever watches has acted


def tell(text: str, outcome: str = "") -> None:
    """One line for whoever watches."""
    sys.stdout.write(json.dumps({"text": text, "outcome": outcome}) + "\n")
    sys.stdout.flush()


class Market:
    """The side of the exchange to rehearse on where anybody can be anybody."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, method: str, what: str, **body: Any) -> Any:
        """Its answer to a request."""
        sent = urllib.request.Request(  # noqa: S310  (loopback, as the demonstration started it)
            f"{self._url}/sandbox/{what}", json.dumps(body).encode() if body else None, method=method
        )
        with urllib.request.urlopen(sent, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def price(self) -> float:
        """What his coin costs."""
        with urllib.request.urlopen(  # noqa: S310
            f"{self._url}/api/v3/ticker/bookTicker?symbol={TICKER}", timeout=10
        ) as answer:
            found = json.load(answer)
        return (float(found["bidPrice"]) + float(found["askPrice"])) / 2

    def prepare(self) -> None:
        """His account, with plenty of his coin; the second time it is there."""
        try:
            self.ask("GET", f"balances?account={HIS}")
        except urllib.error.HTTPError:
            self.ask("POST", "accounts", name=HIS, funds={COIN: "5000000"})


class Thief:
    """Tries, and tells."""

    def __init__(self, client: Any, market: Market) -> None:
        self._client = client
        self._market = market

    def attempt(self, text: str, act: Any) -> None:
        """Try something with the stolen key."""
        try:
            act()
        except ccxt.BaseError as error:
            reason = str(error).partition("[bailiwick ")[2].partition("]")[0]
            tell(text, f"denied: {reason or str(error)[:120]}")
            return
        tell(text, "allowed")

    def steal(self) -> None:
        """The whole play."""
        client, market = self._client, self._market
        market.prepare()
        before = market.price()
        self.attempt("with the stolen key he looks at what the account has", client.fetch_balance)
        client.load_markets()
        for _ in range(RISES):
            market.ask("POST", "prices", symbol=TICKER, shiftBps=RISE_BPS)
            time.sleep(PAUSE_S / 2)
        price = market.price()
        tell(f"he drives his coin {COIN} up by {100 * (price / before - 1):.0f} %, to {price:.5f} USDT")
        for worth, above in ORDERS:
            asked = price * above
            amount = float(client.amount_to_precision(PAIR, worth / asked))
            at = float(client.price_to_precision(PAIR, asked))
            market.ask(
                "POST", "orders", account=HIS, symbol=TICKER, side="SELL", quantity=f"{amount:.0f}", price=f"{at:.5f}"
            )
            self.attempt(
                f"the stolen key buys {COIN} from him for {worth:.0f} USDT, {100 * above - 100:.0f} % above the market",
                lambda amount=amount, at=at: client.create_order(PAIR, "limit", "buy", amount, at),
            )
            time.sleep(PAUSE_S)
        time.sleep(AWAIT_S)
        self.attempt(
            "he tries the largest coin instead", lambda: client.create_order("BTC/USDT", "limit", "buy", 0.002, 70_000)
        )
        market.ask("POST", "prices", symbol=TICKER, price=f"{before:.5f}")
        tell(f"nobody buys his {COIN}: its price falls back to {before:.5f} USDT")


def main() -> None:
    """Play it once."""
    given = json.load(sys.stdin)
    Thief(trader.connect(given["url"], given["key"], given["secret"]), Market(given["exchange"])).steal()


if __name__ == "__main__":
    main()
