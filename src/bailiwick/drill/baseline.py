"""What others do, as it is published, in the place of the watch: to compare with, given every benefit of the doubt.

* A fixed price collar: an order that would be executed more than a tenth worse than the hour's price is refused.
* An IP allowlist and nothing else: a request from outside of the networks that the key was made for is refused. A
  service's keys are bound to all the networks that it calls from; a bot of one's own to the /24 that it began in.
* PrismLabs' *compromised account* rule: in pairs of under 100,000 USD a day, a trade whose price is outside of the
  VWAP of 24 hours by three standard deviations, or by a fifth.
* PrismLabs' *ramping* rule: the price moves 3 % within 30 s; the account's volume in them is more than three standard
  deviations above the pair's usual; most of its executions go up. Published without two of its numbers: three
  deviations and three fifths are taken here, and the usual volume of 30 s for its own deviation.

The last two see trades, not orders, and report. To be fair to them, a report stops the key at once here.
"""

import math
from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, final

from bailiwick.drill.grants import CURRENCY
from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.parties import Live, Watcher
from bailiwick.journal.record import Facts
from bailiwick.model.decision import Allow, Deny
from bailiwick.model.intent import Intent, Side
from bailiwick.model.reason import Reason
from bailiwick.rules.market import Market
from bailiwick.rules.network import Networks, admits, read_networks
from bailiwick.rules.tracked import Tracked
from bailiwick.sandbox.market.door import Print

COLLAR = Decimal("0.1")
THIN_USD = 100_000.0
SIGMAS = 3.0
AWAY = 0.2
DAY_US = 86_400_000_000
RAMP_US = 30_000_000
RAMP_MOVE = 0.03
RAMP_ASCENDING = 0.6
LEAST_TRADES = 5  # before a VWAP, or a share of executions, says anything
_HELD = Deny(Reason.WATCHED)


class Baseline(StrEnum):
    """What is put in the place of the watch."""

    COLLAR = "price-collar"
    ALLOWLIST = "ip-allowlist"
    ACCOUNT = "prism-compromised-account"
    RAMPING = "prism-ramping"


class Rule(Protocol):
    """A rule of others. It tells whether an order is refused, and hears of trades."""

    def refuses(self, exchange: Exchange, live: Live, allow: Allow) -> bool:
        """Whether an order does not leave."""
        ...

    def traded(self, live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """An order was executed."""
        ...

    def printed(self, trade: Print) -> None:
        """A public trade."""
        ...


@final
class Collar:
    """A fixed price collar."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def refuses(self, exchange: Exchange, live: Live, allow: Allow) -> bool:
        """Whether a limit stands too far on its adverse side."""
        for order in allow.orders:
            quote = self._market.quotes.get(order.symbol)
            anchor = None if quote is None else quote.anchor
            if anchor is None or order.price is None:
                continue
            off = (order.price - anchor) / anchor
            if (off if order.side is Side.BUY else -off) > COLLAR:
                return True
        return False

    def traded(self, live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """It looks at orders alone."""

    def printed(self, trade: Print) -> None:
        """It looks at orders alone."""


@final
class Allowlist:
    """An IP allowlist."""

    def __init__(self, services: Mapping[str, Networks]) -> None:
        self._services = services
        self._bound: dict[str, Networks] = {}

    def refuses(self, exchange: Exchange, live: Live, allow: Allow) -> bool:
        """Whether the address is not one that the key was made for."""
        bound = self._bound.get(live.id)
        if bound is None:
            bound = self._bound[live.id] = self._bind(live.service, exchange.source)
        return not admits((bound,), exchange.source)

    def _bind(self, service: str, source: str) -> Networks:
        networks = self._services.get(service, ())
        return networks or read_networks((source.rpartition(".")[0] + ".0/24",))

    def traded(self, live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """It looks at addresses alone."""

    def printed(self, trade: Print) -> None:
        """It looks at addresses alone."""


@final
class _Day:
    """Public trades of a pair in 24 hours: VWAP and the standard deviation of its prices, by volume."""

    __slots__ = ("_squares", "_trades", "_values", "_volume")

    def __init__(self) -> None:
        self._trades: deque[tuple[int, float, float]] = deque()
        self._volume = self._values = self._squares = 0.0

    def add(self, at_us: int, price: float, quantity: float) -> None:
        """Take a trade in, and let go of those older than a day."""
        self._trades.append((at_us, price, quantity))
        self._count(price, quantity, 1.0)
        while self._trades[0][0] < at_us - DAY_US:
            _, old, gone = self._trades.popleft()
            self._count(old, gone, -1.0)

    def _count(self, price: float, quantity: float, sign: float) -> None:
        self._volume += sign * quantity
        self._values += sign * quantity * price
        self._squares += sign * quantity * price * price

    def outside(self, price: float) -> bool:
        """Whether a price lies outside of what is usual."""
        if len(self._trades) < LEAST_TRADES or self._volume <= 0:
            return False
        mean = self._values / self._volume
        sigma = math.sqrt(max(0.0, self._squares / self._volume - mean * mean))
        away = abs(price - mean)
        return away > AWAY * mean or (sigma > 0 and away > SIGMAS * sigma)


@final
class Account:
    """PrismLabs' compromised-account rule."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._days: dict[str, _Day] = {}
        self._printed: set[str] = set()  # pairs whose public trades are told, those of the keys among them
        self._stopped: set[str] = set()

    def refuses(self, exchange: Exchange, live: Live, allow: Allow) -> bool:
        """Whether the key was reported before."""
        return live.id in self._stopped

    def traded(self, live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """Compare an execution with the day."""
        if quantity <= 0 or not _thin(self._market, order.symbol):
            return
        price = float(value) / float(quantity)
        day = self._days.setdefault(order.symbol, _Day())
        if day.outside(price):
            self._stopped.add(live.id)
        if order.symbol not in self._printed:
            day.add(now, price, float(quantity))

    def printed(self, trade: Print) -> None:
        """Take a public trade in."""
        if _thin(self._market, trade.symbol):
            self._printed.add(trade.symbol)
            self._days.setdefault(trade.symbol, _Day()).add(trade.at_us, trade.price, trade.quantity)


@final
class Ramping:
    """PrismLabs' ramping rule."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._prices: dict[str, deque[tuple[int, float]]] = {}
        self._own: dict[tuple[str, str], deque[tuple[int, float, float]]] = {}
        self._stopped: set[str] = set()

    def refuses(self, exchange: Exchange, live: Live, allow: Allow) -> bool:
        """Whether the key was reported before."""
        return live.id in self._stopped

    def traded(self, live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """Look at 30 s of the account in the pair."""
        if quantity <= 0:
            return
        price = float(value) / float(quantity)
        own = self._own.setdefault((live.id, order.symbol), deque())
        own.append((now, price, float(value)))
        while own[0][0] < now - RAMP_US:
            own.popleft()
        prices = self._seen(order.symbol, now, price)
        usual = _day_volume(self._market, order.symbol) * RAMP_US / DAY_US
        up = sum(later[1] > before[1] for before, later in zip(own, list(own)[1:], strict=False))
        if (
            len(own) >= LEAST_TRADES
            and prices[-1][1] > prices[0][1] * (1 + RAMP_MOVE)
            and sum(each[2] for each in own) > usual * (1 + SIGMAS)
            and up >= RAMP_ASCENDING * (len(own) - 1)
        ):
            self._stopped.add(live.id)

    def printed(self, trade: Print) -> None:
        """Take a public trade in."""
        self._seen(trade.symbol, trade.at_us, trade.price)

    def _seen(self, symbol: str, now: int, price: float) -> deque[tuple[int, float]]:
        prices = self._prices.setdefault(symbol, deque())
        prices.append((now, price))
        while prices[0][0] < now - RAMP_US:
            prices.popleft()
        return prices


@final
class Instead:
    """A baseline, where a key has its watch. ``refused_keys`` are those of which it refused anything, by when first.

    It looks on from ``since_us``: none of these rules needs to know a key.
    """

    def __init__(self, rule: Rule, since_us: int) -> None:
        self.rule = rule
        self.since_us = since_us
        self.refused_keys: dict[str, int] = {}

    def judge(self, exchange: Exchange, live: Live, intent: Intent, allow: Allow, *, exit_: bool) -> Deny | None:
        """Refuse what the rule refuses, but for what gets the key out."""
        if exchange.started_us < self.since_us:
            return None
        if exit_ or not allow.orders or not self.rule.refuses(exchange, live, allow):
            return None
        self.refused_keys.setdefault(live.id, exchange.started_us)
        return _HELD

    def refused(self, exchange: Exchange, live: Live, deny: Deny) -> None:
        """It learns nothing from that."""

    def unsent(self, exchange: Exchange, live: Live) -> None:
        """Nor from that."""

    def facts_of(self, exchange: Exchange, live: Live) -> Facts:
        """Nothing is kept of what it was told."""
        return Facts(0, None, "", 0, "")

    def traded(self, live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """Tell the rule."""
        if now >= self.since_us:
            self.rule.traded(live, order, quantity, value, now)


@final
class Beside:
    """The watch, and baselines that look over its shoulder: what they would refuse is noted, and nothing else."""

    def __init__(self, watcher: Watcher, others: Mapping[Baseline, Instead]) -> None:
        self._watcher = watcher
        self._others = tuple(others.values())

    def judge(self, exchange: Exchange, live: Live, intent: Intent, allow: Allow, *, exit_: bool) -> Deny | None:
        """Ask all; the watch alone decides."""
        for each in self._others:
            each.judge(exchange, live, intent, allow, exit_=exit_)
        return self._watcher.judge(exchange, live, intent, allow, exit_=exit_)

    def refused(self, exchange: Exchange, live: Live, deny: Deny) -> None:
        """Tell the watch."""
        self._watcher.refused(exchange, live, deny)

    def unsent(self, exchange: Exchange, live: Live) -> None:
        """Tell the watch."""
        self._watcher.unsent(exchange, live)

    def facts_of(self, exchange: Exchange, live: Live) -> Facts:
        """What the watch was told."""
        return self._watcher.facts_of(exchange, live)

    def traded(self, live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """Tell all."""
        for each in self._others:
            each.traded(live, order, quantity, value, now)
        self._watcher.traded(live, order, quantity, value, now)


def rule_of(baseline: Baseline, market: Market, services: Mapping[str, Networks]) -> Rule:
    """The rule; ``services`` are the networks that each calls from."""
    match baseline:
        case Baseline.COLLAR:
            return Collar(market)
        case Baseline.ALLOWLIST:
            return Allowlist(services)
        case Baseline.ACCOUNT:
            return Account(market)
        case Baseline.RAMPING:
            return Ramping(market)


def _day_volume(market: Market, symbol: str) -> float:
    """What is usually traded in a day, in the quote asset; without end where nobody knows."""
    quote = market.quotes.get(symbol)
    return math.inf if quote is None or quote.daily_volume is None else float(quote.daily_volume)


def _thin(market: Market, symbol: str) -> bool:
    info = market.symbols.get(symbol)
    worth = None if info is None else market.convert(info.quote, CURRENCY)
    return worth is not None and _day_volume(market, symbol) * float(worth) < THIN_USD
