"""What a key is doing now: its sum, and in a few symbols what it has bought, sold, lost and been charged for."""

from typing import Final, final

from bailiwick.model.intent import Side
from bailiwick.watch.profile import DAY_S

MOST_WINDOWS: Final = 3
MOST_VOUCHED: Final = 3
DRAIN_S: Final = 7  # seconds in which a sum falls by a thousandth of a nat: twelve nats in a day
FUNDS_S: Final = 2 * 3600  # after which sales no longer explain a purchase
RUN_S: Final = 600  # a pause that ends a run of sales

_BUY: Final = Side.BUY


@final
class Sum:
    """A cumulative sum of evidence that drains evenly and never falls below nothing (CUSUM), in thousandths of nats."""

    __slots__ = ("at_s", "value")

    def __init__(self) -> None:
        self.value = 0
        self.at_s = 0

    def now(self, now_s: int) -> int:
        """What is left of it."""
        drained = (now_s - self.at_s) // DRAIN_S
        if drained > 0:
            self.value = max(0, self.value - drained)
            self.at_s += drained * DRAIN_S
        return self.value

    def add(self, score: int, now_s: int) -> int:
        """Add evidence; gives the sum."""
        if self.now(now_s) == 0:
            self.at_s = now_s
        self.value = min(self.value + score, 65_000)
        return self.value


@final
class Window:
    """What a key did in one symbol lately. Every day that passes counts half.

    Amounts are in the currency that the key's orders are counted in; ``lost`` is what its fills were worse than the
    near price, or than the price shortly after where that is known and worse.
    """

    __slots__ = ("began_s", "bought", "charged", "fills", "flips", "last", "lost", "orders", "seen_s", "sold", "used")

    def __init__(self, now_s: int) -> None:
        self.began_s = now_s
        self.seen_s = now_s
        self.bought = 0.0
        self.sold = 0.0
        self.lost = 0.0
        self.orders = 0
        self.fills = 0
        self.flips = 0  # how often it turned from buying to selling or back
        self.last = 0
        self.charged = 0  # the evidence that the key's sum already holds for this symbol
        self.used = 0.0  # of what its owner vouched for

    def age(self, now_s: int) -> None:
        """Halve what is a day old."""
        if now_s - self.began_s < DAY_S:
            return
        days = min((now_s - self.began_s) // DAY_S, 30)
        share = 1.0 / (1 << days)
        self.bought *= share
        self.sold *= share
        self.lost *= share
        self.used = 0.0
        self.orders >>= days
        self.fills >>= days
        self.flips >>= days
        self.charged >>= days
        self.began_s = now_s

    def fill(self, side: Side, worth: float, worse_bps: float) -> None:
        """Count a fill, and what it cost against the near price."""
        if side is _BUY:
            self.bought += worth
        else:
            self.sold += worth
        self.lost += worth * worse_bps / 10_000
        if self.fills < 0xFFFF:
            self.fills += 1

    def ask(self, side: Side, now_s: int) -> None:
        """Count an order that left."""
        self.seen_s = now_s
        if self.orders < 0xFFFF:
            self.orders += 1
        mark = 1 if side is _BUY else 2
        if self.last != mark:
            if self.last and self.flips < 0xFF:
                self.flips += 1
            self.last = mark


@final
class Pledge:
    """What an owner vouched for: a symbol, up to a size, until a moment."""

    __slots__ = ("until_s", "worth")

    def __init__(self, worth: float, until_s: int) -> None:
        self.worth = worth
        self.until_s = until_s


@final
class Course:
    """What a key is doing now."""

    __slots__ = (
        "denials", "denied_s", "funds", "funds_s", "gap", "last_order_us", "pledges", "sales", "selling", "sum",
        "windows", "woke_s", "woken_from_s",
    )  # fmt: skip

    def __init__(self) -> None:
        self.last_order_us = 0
        self.gap = 0  # the logarithm of the time between its latest orders, smoothed
        self.woke_s = 0  # when it last awoke after lying still, and for how long it had
        self.woken_from_s = 0
        self.funds = 0.0  # what it lately got for what it had not bought
        self.funds_s = 0
        self.sales = 0  # how long a run of such sales it is in, as ``detect.sellout`` counts
        self.selling = False  # the side of its latest order
        self.denials = 0  # a bit for each sort of denial met lately
        self.denied_s = 0
        self.sum = Sum()
        self.windows: dict[int, Window] = {}
        self.pledges: dict[int, Pledge] = {}

    def window(self, symbol: int, now_s: int) -> Window:
        """What it did in the symbol; made where there is none, in place of the one that matters least."""
        found = self.windows.get(symbol)
        if found is not None:
            found.age(now_s)
            return found
        if len(self.windows) >= MOST_WINDOWS:
            windows = self.windows
            del windows[min(windows, key=lambda each: (windows[each].charged, windows[each].seen_s, each))]
        found = self.windows[symbol] = Window(now_s)
        return found

    def pledge(self, symbol: int, pledge: Pledge) -> None:
        """Take an owner's word; of too many the one that ends first goes."""
        pledges = self.pledges
        if symbol not in pledges and len(pledges) >= MOST_VOUCHED:
            del pledges[min(pledges, key=lambda each: (pledges[each].until_s, each))]
        pledges[symbol] = pledge

    def vouched(self, symbol: int, worth: float, window: Window, now_s: int) -> bool:
        """Whether the owner's word covers an order: each up to the size, and four of that size in a day."""
        pledge = self.pledges.get(symbol)
        if pledge is None:
            return False
        if now_s >= pledge.until_s:
            del self.pledges[symbol]
            return False
        return worth <= pledge.worth * 1.001 and window.used + worth <= 4.0 * pledge.worth

    def funded(self, now_s: int) -> float:
        """What sales of what it had not bought have brought it within two hours."""
        if now_s - self.funds_s > FUNDS_S:
            self.funds = 0.0
        return self.funds

    def run(self, now_s: int) -> int:
        """How long a run of sales it is in."""
        if self.sales and now_s - self.funds_s > RUN_S:
            self.sales = 0
        return self.sales

    def fund(self, worth: float, count: int, now_s: int) -> None:
        """Count a sale of what it had not bought, or a purchase in a run of them, which brings nothing."""
        run = self.run(now_s)
        self.sales = min(run + count, 0x7F)
        self.funds = (self.funded(now_s) if run or not worth else 0.0) + worth
        self.funds_s = now_s

    def sum_now(self, now_s: int) -> int:
        """What is left of the key's sum."""
        return self.sum.now(now_s)
