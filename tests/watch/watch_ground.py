"""What the tests of the watch stand on: keys with a past, and intents of theirs."""

from typing import Any
from zlib import crc32

from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, OrderType, Side
from bailiwick.watch.event import Asked, Event, Holder, Origin, Refused, Traded
from bailiwick.watch.respond import DEFAULT, Policy
from bailiwick.watch.signal import Verdict
from bailiwick.watch.state import State
from bailiwick.watch.step import step

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 20_500 * DAY  # midnight of a day in UTC
HOME = Origin(network=1, fingerprint=1)
AWAY = Origin(network=2, fingerprint=2)
OF_SERVICE = Origin(network=3, fingerprint=1, of_service=True)
MAJOR, LIQUID, MIDDLING, THIN = 1e9, 3e7, 3e6, 3e5  # traded in a day
VOLUMES = {"BTCUSDT": MAJOR, "ETHUSDT": MAJOR, "AXSUSDT": LIQUID, "SYSUSDT": THIN, "DMGUSDT": THIN, "NEWUSDT": None}
PREFIX = crc32(b"bot-")


def holder(key: str = "k", service: str = "svc", account: str = "", purpose: str = "", **times: int) -> Holder:
    """Who holds a key; each has an account of its own unless one is named."""
    return Holder(key=key, account=account or f"of {key}", service=service, purpose=purpose, **times)


def order(
    symbol: str = "BTCUSDT", side: Side = Side.BUY, worth: float = 100.0, near: float | None = 0.0, **more: Any
) -> Asked:
    """An intent to place an order; ``near`` is how much worse than the market its limit is, in basis points."""
    given: dict[str, Any] = {
        "at_us": START, "holder": holder(), "origin": HOME, "act": Act.PLACE, "harm": Harm.TRADE, "symbol": symbol,
        "side": side, "type": OrderType.LIMIT, "worth": worth, "day_worth": VOLUMES.get(symbol), "near_bps": near,
        "anchor_bps": near, "prefix": PREFIX, "window_ms": 5000, "worth_in": "USDT",
    }  # fmt: skip
    given.update(more)
    return Asked(**given)


class Desk:
    """A state of its own, and the time at which what is said to it happens."""

    def __init__(self, policy: Policy = DEFAULT) -> None:
        self.state = State()
        self.now = START
        self.policy = policy

    def tell(self, event: Event, at: int | None = None) -> Verdict:
        """Put an event to the watch, now or at a moment."""
        if at is not None:
            self.now = at
        if isinstance(event, Asked | Refused | Traded):
            event = moved(event, self.now)
        return step(self.state, event, self.now, self.policy)[1]

    def live(self, key: Holder, days: int, *symbols: str, worth: float = 100.0, a_day: int = 24, **more: Any) -> None:
        """Let a key trade these symbols every day, both ways, in equal steps."""
        for place in range(days * a_day):
            self.now += DAY // a_day
            side = Side.SELL if place % 2 else Side.BUY
            event = order(
                symbols[place % len(symbols)], side, worth, -20.0, holder=key, reducing=bool(place % 2), **more
            )
            self.tell(event)


def moved(event: Any, at_us: int) -> Any:
    """The same event at another moment."""
    return type(event)(**{**{name: getattr(event, name) for name in event.__struct_fields__}, "at_us": at_us})
