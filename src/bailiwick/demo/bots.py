"""The bots of a demonstration that is kept running: six kinds, each with a key of its own, all of them plain ccxt.

Run by ccxt's own interpreter. They know nothing of Bailiwick but an address. What each is, and its key, comes as JSON
on standard input; what went wrong goes to standard error, a line each, and a bot simply tries again: a refusal is
part of its life.
"""

import importlib
import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

trader: Any = importlib.import_module("trader")  # beside this file, which is where the interpreter looks first
ccxt: Any = trader.ccxt

BITCOIN, ETHER, BNB, AXIE = "BTC/USDT", "ETH/USDT", "BNB/USDT", "AXS/USDT"
LOOK_S = 0.2


class Bot(ABC):
    """Acts each so many seconds through its key."""

    every_s = 5.0

    def __init__(self, client: Any) -> None:
        self.client = client
        self.due = 0.0

    @abstractmethod
    def act(self) -> None:
        """Do once what this bot does."""

    def middle(self, symbol: str) -> float:
        """Half-way between the best prices."""
        top = self.client.fetch_bids_asks([symbol])[symbol]
        return (float(top["bid"]) + float(top["ask"])) / 2

    def order(self, symbol: str, kind: str, side: str, worth: float, price: float, **more: Any) -> Any:
        """An order worth so much, on the exchange's own steps."""
        client = self.client
        amount = float(client.amount_to_precision(symbol, worth / price))
        at = None if kind == "market" else float(client.price_to_precision(symbol, price))
        return client.create_order(symbol, kind, side, amount, at, more)


class Grid(Bot):
    """Keeps limit orders in a ladder around the price, and turns each that was filled."""

    every_s = 4.0
    symbol = BITCOIN
    steps = (0.001, 0.002, 0.003)

    def act(self) -> None:
        """Fill the gaps of the ladder, and take away what the price left behind."""
        middle, resting = self.middle(self.symbol), self.client.fetch_open_orders(self.symbol)
        for order in resting:
            if abs(order["price"] / middle - 1) > 2 * self.steps[-1]:
                self.client.cancel_order(order["id"], self.symbol)
        for side, sign in (("buy", -1), ("sell", 1)):
            placed = [order["price"] for order in resting if order["side"] == side]
            for step in self.steps:
                price = middle * (1 + sign * step)
                if all(abs(price / other - 1) > self.steps[0] / 2 for other in placed):
                    self.order(self.symbol, "limit", side, 60.0, price)


class Maker(Bot):
    """Quotes both sides close to the price, and moves its quotes along."""

    every_s = 3.0

    def act(self) -> None:
        """Take the old quotes away, set new ones."""
        if self.client.fetch_open_orders(BNB):
            self.client.cancel_all_orders(BNB)
        middle = self.middle(BNB)
        self.order(BNB, "limit", "buy", 40.0, middle * 0.9992)
        self.order(BNB, "limit", "sell", 40.0, middle * 1.0008)


class Saver(Bot):
    """Buys a little at intervals, whatever the price."""

    every_s = 15.0

    def act(self) -> None:
        """Buy some."""
        self.order(ETHER, "market", "buy", 15.0, self.middle(ETHER))


class Rebalancer(Bot):
    """Keeps as much money in one coin as in the other."""

    every_s = 12.0

    def act(self) -> None:
        """Sell some of what is worth more, buy as much of the other."""
        owned = self.client.fetch_balance()["total"]
        prices = {symbol: self.middle(symbol) for symbol in (BITCOIN, ETHER)}
        bitcoin, ether = owned["BTC"] * prices[BITCOIN], owned["ETH"] * prices[ETHER]
        worth = min(200.0, abs(bitcoin - ether) / 2)
        if worth < 10:
            return
        dear, cheap = (BITCOIN, ETHER) if bitcoin > ether else (ETHER, BITCOIN)
        self.order(dear, "limit", "sell", worth, prices[dear] * 0.998)  # limits that the market meets at once
        self.order(cheap, "limit", "buy", worth, prices[cheap] * 1.002)


class Momentum(Bot):
    """Buys what rose in the last minutes, and sells it when it fell."""

    every_s = 9.0

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.seen: list[float] = []
        self.held = 0.0

    def act(self) -> None:
        """Follow the price of the last dozen looks."""
        price = self.middle(ETHER)
        self.seen = [*self.seen[-11:], price]
        rises = price >= sum(self.seen) / len(self.seen)
        if rises and not self.held:
            self.held = float(self.order(ETHER, "market", "buy", 50.0, price)["amount"])
        elif not rises and self.held:
            self.client.create_order(ETHER, "market", "sell", self.held)
            self.held = 0.0


class Guardian(Bot):
    """Keeps a stop below what its owner holds, and moves it up after the price."""

    every_s = 10.0
    distance = 0.05
    kept = 20.0  # of the coin

    def act(self) -> None:
        """Place the stop, or lift it."""
        stop = self.middle(AXIE) * (1 - self.distance)
        resting = self.client.fetch_open_orders(AXIE)
        if resting and stop < resting[0]["stopPrice"] * 1.002:
            return
        for order in resting:
            self.client.cancel_order(order["id"], AXIE)
        price = float(self.client.price_to_precision(AXIE, stop * 0.99))
        trigger = float(self.client.price_to_precision(AXIE, stop))
        self.client.create_order(AXIE, "limit", "sell", self.kept, price, {"stopPrice": trigger})


class Tracker(Bot):
    """Reads balances and trades, for a picture of the whole."""

    every_s = 7.0

    def act(self) -> None:
        """Look at everything."""
        self.client.fetch_balance()
        self.client.fetch_my_trades(BITCOIN, limit=20)


KINDS: dict[str, type[Bot]] = {
    "grid": Grid, "maker": Maker, "saver": Saver, "rebalancer": Rebalancer, "momentum": Momentum,
    "guardian": Guardian, "tracker": Tracker,
}  # fmt: skip


def attempt(name: str, act: Callable[[], None]) -> None:
    """Let a bot act; what the exchange or the gateway refuses is said and outlived."""
    try:
        act()
    except ccxt.BaseError as error:
        sys.stderr.write(f"{name}: {type(error).__name__}: {str(error)[:200]}\n")
        sys.stderr.flush()


def main() -> None:
    """Live until ended."""
    given = json.load(sys.stdin)
    bots = []
    for each in given["bots"]:
        client = trader.connect(given["url"], each["key"], each["secret"])
        bots.append((each["name"], KINDS[each["kind"]](client)))
    for name, bot in bots:
        attempt(name, bot.client.load_markets)
    sys.stdout.write("trading\n")
    sys.stdout.flush()
    while True:
        now = time.monotonic()
        for name, bot in bots:
            if bot.due <= now:
                bot.due = now + bot.every_s
                attempt(name, bot.act)
        time.sleep(LOOK_S)


if __name__ == "__main__":
    main()
