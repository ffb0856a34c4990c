"""What the watch costs: events a second on one core, and microseconds for each sort of event.

The mixture is synthetic: of a hundred events eighty are orders as their keys place them every day, ten are fills, four
are orders in a symbol that is new for the key, three are unusual in price or size, two are denials, and one is a look
at the market. Reads and cancels are left out: the gateway does not put them to the watch, or they are answered at once.

    python bench/watch.py            # prints one JSON object
    python bench/watch.py --events 1000000
"""

import argparse
import gc
import json
import platform
import random
import sys
import time
from collections.abc import Callable, Iterable
from decimal import Decimal

from bailiwick.model.decision import Allow, Charge
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, Endpoint, Intent, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.market import Quote, SymbolInfo
from bailiwick.model.reason import Reason
from bailiwick.rules.authority import authority
from bailiwick.rules.market import Market
from bailiwick.watch.event import Asked, Event, Holder, Looked, Origin, Refused, Traded
from bailiwick.watch.reading import asked
from bailiwick.watch.signal import Measure
from bailiwick.watch.state import State
from bailiwick.watch.step import step

KEYS = 2_000
SYMBOLS = 200
DAY_US = 86_400_000_000
START_US = 20_500 * DAY_US
HOME = Origin(network=1, fingerprint=1)


def volume(symbol: int) -> float:
    """What is traded in a day; the first symbols are the most liquid."""
    return 1e9 / (1 + symbol) ** 1.7


class Client:
    """A key that trades three symbols."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.holder = Holder(key=f"k{number}", account=f"a{number}", service=f"s{int(chance.paretovariate(1)) % 50}")
        self.symbols = chance.sample(range(SYMBOLS), 3)
        thinnest = min(volume(symbol) for symbol in self.symbols)
        self.worth = min(10 ** chance.uniform(1, 4), thinnest / 10_000)


def order(client: Client, at_us: int, symbol: int, worth: float, near: float, side: Side) -> Asked:
    """An order."""
    return Asked(
        at_us=at_us, holder=client.holder, origin=HOME, act=Act.PLACE, harm=Harm.TRADE, symbol=f"S{symbol}USDT",
        base=f"S{symbol}", quote="USDT", side=side, type=OrderType.LIMIT, worth=worth,
        day_worth=volume(symbol), near_bps=near, anchor_bps=near, reducing=side is Side.SELL, prefix=7,
        window_ms=5000, worth_in="USDT",
    )  # fmt: skip


def habits(state: State, clients: list[Client], chance: random.Random) -> None:
    """Four days of every key's usual life."""
    for day in range(5):
        for client in clients:
            for place in range(12):
                at_us = START_US + day * DAY_US + place * 7_000_000_000
                step(state, usual(client, at_us, chance, client.symbols[place % 3]), at_us)


def usual(client: Client, at_us: int, chance: random.Random, symbol: int) -> Asked:
    """An order such as the key places every day."""
    side = Side.BUY if chance.random() < 0.5 else Side.SELL
    return order(client, at_us, symbol, client.worth * chance.uniform(0.5, 1.0), chance.uniform(-80, 10), side)


def mixture(clients: list[Client], count: int, chance: random.Random) -> list[Event]:
    """The events to be measured, a day's worth after the habits."""
    found: list[Event] = []
    for number in range(count):
        at_us = START_US + 5 * DAY_US + number * 200_000
        client = chance.choice(clients)
        symbol = client.symbols[chance.randrange(3)]
        draw = chance.random()
        if draw < 0.80:
            found.append(usual(client, at_us, chance, symbol))
        elif draw < 0.90:
            price, side = chance.uniform(99, 101), chance.choice(list(Side))
            found.append(
                Traded(
                    at_us=at_us, holder=client.holder, symbol=f"S{symbol}USDT", side=side, worth=client.worth,
                    near_bps=chance.uniform(-20, 15), price=price,
                )
            )  # fmt: skip
        elif draw < 0.94:
            found.append(order(client, at_us, chance.randrange(SYMBOLS // 2), client.worth, 5.0, Side.BUY))
        elif draw < 0.97:
            found.append(order(client, at_us, symbol, client.worth * 2, chance.uniform(0, 60), Side.BUY))
        elif draw < 0.99:
            reason = chance.choice([Reason.BAND_NEAR, Reason.ORDER_NOTIONAL, Reason.OPEN_ORDERS])
            found.append(Refused(at_us=at_us, holder=client.holder, origin=HOME, reason=reason, harm=Harm.TRADE))
        else:
            found.append(Looked(at_us=at_us, symbol=f"S{symbol}USDT", near=100.0))
    return found


def timed(run: Callable[[], None]) -> float:
    """Seconds of this process's CPU: the machine has other work."""
    gc.collect()
    gc.freeze()
    gc.disable()
    began = time.process_time()
    run()
    ended = time.process_time()
    gc.enable()
    return ended - began


def put(state: State, events: Iterable[Event], measures: list[int]) -> None:
    """Put events to the watch."""
    for event in events:
        _, verdict = step(state, event, event.at_us)
        measures[verdict.measure] += 1


def reading_s(rounds: int) -> float:
    """Seconds to make one ``Asked`` of an order that the rules allow."""
    grant = grant_from_toml(
        'purpose = "bench"\n[what]\nmay = ["trade"]\nsymbols = ["BTCUSDT"]\nsides = ["BUY"]\norder_types = ["LIMIT"]\n'
    )
    info = SymbolInfo(
        symbol="BTCUSDT", base="BTC", quote="USDT", trading=True, tick=Decimal("0.01"), step=Decimal("0.00001"),
        least_quantity=Decimal("0.00001"), least_notional=Decimal(5),
    )  # fmt: skip
    market = Market({"BTCUSDT": info})
    price = Decimal("64000.12")
    market.set_quote(
        "BTCUSDT",
        Quote(near=price, anchor=price, near_us=START_US, anchor_us=START_US, daily_volume=Decimal(900_000_000)),
    )
    draft = OrderDraft(
        symbol="BTCUSDT", side=Side.BUY, type=OrderType.LIMIT, quantity=Decimal("0.012"), price=Decimal("63990.5"),
        time_in_force=TimeInForce.GTC, client_id="bot-0001",
    )  # fmt: skip
    endpoint = Endpoint(
        method="POST", path="/order", harm=Harm.TRADE, act=Act.PLACE, served=True, signed=True, weight=1,
        parameters={}, bit=BIT[Harm.TRADE], changes=True,
    )  # fmt: skip
    intent = Intent(endpoint=endpoint, params=(), timestamp_us=START_US, window_us=5_000_000, orders=(draft,))
    allow = Allow((draft,), (Charge(Decimal("0.012"), price, price, False, Decimal(1), "BTC", "USDT"),))
    permitted, who = authority(grant), Holder(key="k", account="a", service="s")

    def run() -> None:
        for _ in range(rounds):
            asked(intent, allow, permitted, market, START_US, who, HOME)

    return timed(run) / rounds


def measure(count: int = 300_000) -> dict[str, object]:
    """Events a second of the mixture, the cost of a usual order, and the largest profile."""
    chance = random.Random(1)
    clients = [Client(number, chance) for number in range(KEYS)]
    state = State()
    habits(state, clients, chance)
    routine: list[Event] = [
        usual(client, START_US + 5 * DAY_US, chance, client.symbols[0]) for client in clients for _ in range(20)
    ]
    measures = [0] * len(Measure)
    routine_s = timed(lambda: put(state, routine, measures))
    events = mixture(clients, count, chance)
    measures = [0] * len(Measure)
    elapsed = timed(lambda: put(state, events, measures))
    sizes = [len(state.encode_key(name, START_US + 6 * DAY_US)) for name in state.keys]
    return {
        "python": platform.python_version(),
        "compiled": not step.__module__ or not sys.modules["bailiwick.watch.step"].__file__.endswith(".py"),
        "events": count,
        "events_per_s": round(count / elapsed),
        "us_per_event": round(elapsed / count * 1e6, 2),
        "us_per_usual_order": round(routine_s / len(routine) * 1e6, 2),
        "us_reading": round(reading_s(20_000) * 1e6, 2),
        "measures": {each.name.lower(): measures[each] for each in Measure},
        "bytes_per_key_mean": round(sum(sizes) / len(sizes)),
        "bytes_per_key_most": max(sizes),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=300_000, help="how many to put to the watch")
    print(json.dumps(measure(parser.parse_args().events), indent=2))


if __name__ == "__main__":
    main()
