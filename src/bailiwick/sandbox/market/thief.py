"""Thieves: they hold valid keys and cannot withdraw, so they trade the victims' money to themselves.

What they do is written from the public record, with every choice a parameter of the scenario.
"""

from typing import TYPE_CHECKING, Final, final

from bailiwick.model.intent import Side
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.market.coins import BY_NAME, DUST, MID, THIN
from bailiwick.sandbox.market.crowd import Member, People
from bailiwick.sandbox.market.hand import SECOND_US
from bailiwick.sandbox.market.mark import Mark
from bailiwick.sandbox.market.scenario import Attack, Choice, Play
from bailiwick.sandbox.market.stream import Stream, seed_of
from bailiwick.sandbox.orders import Order, OrderRequest
from bailiwick.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from bailiwick.sandbox.market.world import World

BUY: Final = Side.BUY
SELL: Final = Side.SELL
_MINUTE_US: Final = 60 * SECOND_US
_BPS: Final = 10_000
_MOST_STAGES: Final = 3
_EXIT_SLICES: Final = 20
_EXIT_US: Final = 10 * SECOND_US
_THINNESS: Final = {DUST: 0, THIN: 1, MID: 2}


def victims_of(attack: Attack, people: People, seed: int) -> list[Member]:
    """The keys that a thief takes of the services that leaked."""
    leaked = set(people.ranked[attack.leak_rank : attack.leak_rank + attack.leaks])
    at_hand = [
        member
        for member in people.members.values()
        if member.facts.service in leaked
        and member.facts.kind != "tracker"
        and member.facts.worth >= attack.least_worth
    ]
    if attack.choose is Choice.RICH:
        at_hand.sort(key=lambda member: (-member.facts.worth, member.facts.id))
    elif attack.choose is Choice.BUSY:
        at_hand.sort(key=lambda member: (-member.orders_a_day, member.facts.id))
    elif attack.choose is Choice.DORMANT:
        at_hand = [member for member in at_hand if member.orders_a_day <= 0]
        at_hand.sort(key=lambda member: (member.facts.created_us, member.facts.id))
    else:
        at_hand = Stream(seed_of(seed, "victims", attack.title)).sample(at_hand, len(at_hand))
    return at_hand[: attack.victims]


@final
class Heist:
    """One attack: the thief's own account, his marks, and the stages on which it is played."""

    def __init__(self, world: "World", attack: Attack, number: int) -> None:
        self.world = world
        self.attack = attack
        self.title = attack.title
        self.begin_us = world.start_us + attack.at_minutes * _MINUTE_US
        self.end_us = self.begin_us + attack.minutes * _MINUTE_US
        self.victims = victims_of(attack, world.people, world.seed)
        self.symbols = self._symbols()
        self.seed = seed_of(world.seed, "heist", number, attack.title)
        self.began = False
        self.worth_before = self.worth_after = 0.0
        self._resting: list[Order] = []
        self._exits = 0
        self.account = world.floor.open_account(f"thief {number}", (), agent=True)

    def prepare(self) -> None:
        """Take places: the stage shortly before, the marks when their teaching or their robbery begins."""
        world = self.world
        detail = world.scenario.detail
        opens_us = max(self.begin_us - detail.before_minutes * _MINUTE_US, world.start_us)
        closes_us = self.end_us + detail.after_minutes * _MINUTE_US
        for symbol in sorted(set(self.symbols.values())):
            world.stage(symbol, opens_us, closes_us)
        world.later(max(opens_us, world.start_us), self)
        for place, member in enumerate(self.victims):
            mark = Mark(self, world.hand(member.facts.id), place, self.symbols[member.facts.id])
            world.later(mark.first_us(), mark)
        world.later(min(self.end_us + 60 * _MINUTE_US, world.end_us - 1), _Closing(self))

    def act(self, now_us: int) -> int | None:
        """Before the first order: the bag and the money are there, and what he offers; later the exit."""
        if not self.began:
            self.began = True
            self._equip(now_us)
            for member in self.victims:
                found = self.world.reckoning.victim(member.facts.id, self.title)
                found.worth_before = self.world.worth(member.facts.account, now_us)
            if self.attack.kind in (Play.PUMP, Play.SELL_THEN_BUY):
                for symbol in sorted(set(self.symbols.values())):
                    self._offer(symbol, now_us)
            return max(self.begin_us + self.attack.exit_minutes * _MINUTE_US - now_us, SECOND_US)
        return self._exit(now_us)

    def close(self, now_us: int) -> None:
        """An hour after: what everybody has, at the fair prices of the beginning."""
        at_us = min(self.begin_us, now_us)
        for member in self.victims:
            found = self.world.reckoning.victim(member.facts.id, self.title)
            found.worth_after = self.world.worth(member.facts.account, at_us)
        self.worth_after = self.world.floor.value(self.account, at_us)
        self.world.reckoning.gains[self.title] = self.worth_after - self.worth_before

    def counter(self, symbol: str, side: Side, quantity: int, price: int, now_us: int) -> None:
        """The thief's own order, for a victim's to meet."""
        for order in self._resting:
            if order.open:
                self.world.floor.engine.cancel(order, now_us // 1000)
        self._resting.clear()
        request = OrderRequest(symbol, side, "LIMIT", quantity, price, prevention="NONE")
        taken = self.world.floor.take(self.account, request, now_us)
        if not isinstance(taken, Refusal) and taken[0].open:
            self._resting.append(taken[0])

    def _symbols(self) -> dict[str, str]:
        """Where each victim is robbed: in a thin coin that his bot trades already, if that is the plan."""
        attack = self.attack
        found = {member.facts.id: attack.symbol for member in self.victims}
        if not attack.mimic_symbols:
            return found
        counts: dict[str, int] = {}
        for member in self.victims:
            if (thin := _thinnest(member)) is not None:
                counts[thin] = counts.get(thin, 0) + 1
        stages = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))[:_MOST_STAGES]
        for member in self.victims:
            own = [symbol for symbol in stages if symbol in member.facts.symbols]
            if own:
                found[member.facts.id] = own[0]
        return found

    def _equip(self, now_us: int) -> None:
        floor, attack = self.world.floor, self.attack
        for symbol in sorted({*self.symbols.values(), *attack.other_symbols}):
            form = BY_NAME[symbol].symbol
            bag = attack.bag_worth / floor.in_usdt(form.base, now_us)
            cash = attack.cash / floor.in_usdt(form.quote, now_us)
            floor.ledger.deposit(self.account, form.base, int(bag * SCALE))
            floor.ledger.deposit(self.account, form.quote, int(cash * SCALE))
        self.worth_before = floor.value(self.account, now_us)

    def _offer(self, symbol: str, now_us: int) -> None:
        """His bag in the book, above the price."""
        form, attack = BY_NAME[symbol].symbol, self.attack
        mid = self.world.floor.mid(symbol, now_us)
        for side, rungs in ((SELL, attack.asks_bps), (BUY, attack.bids_bps)):
            for rung in rungs:
                price = mid * (_BPS + rung if side is SELL else _BPS - rung) // _BPS // form.tick * form.tick
                have = self.account.spot[form.base if side is SELL else form.quote].free
                part = have // len(rungs) if side is SELL else have // len(rungs) * SCALE // max(price, 1)
                quantity = part - part % form.step
                if quantity:
                    request = OrderRequest(symbol, side, "LIMIT", quantity, price, prevention="NONE")
                    self.world.floor.take(self.account, request, now_us)

    def _exit(self, now_us: int) -> int | None:
        """He takes his offers away and sells what is left into the book, in slices."""
        floor = self.world.floor
        if self.attack.kind not in (Play.PUMP, Play.SELL_THEN_BUY) or self._exits >= _EXIT_SLICES:
            return None
        for symbol in sorted(set(self.symbols.values())):
            form = BY_NAME[symbol].symbol
            if not self._exits:
                for order in [each for each in floor.book_orders(symbol) if each.account is self.account]:
                    floor.engine.cancel(order, now_us // 1000)
            have = self.account.spot[form.base].free // (_EXIT_SLICES - self._exits)
            price = floor.mid(symbol, now_us) * 97 // 100 // form.tick * form.tick
            quantity = have - have % form.step
            if quantity and floor.mid(symbol, now_us) > floor.fair(symbol).mid(now_us) * 101 // 100:
                request = OrderRequest(symbol, "SELL", "LIMIT", quantity, price, time_in_force="IOC", prevention="NONE")
                floor.take(self.account, request, now_us)
        self._exits += 1
        return _EXIT_US


@final
class _Closing:
    """The turn at which an attack's books are closed."""

    def __init__(self, heist: Heist) -> None:
        self._heist = heist

    def act(self, now_us: int) -> int | None:
        """Close them."""
        self._heist.close(now_us)
        return None


def _thinnest(member: Member) -> str | None:
    traded = [symbol for symbol in member.facts.symbols if BY_NAME[symbol].tier.name in _THINNESS]
    return min(traded, key=lambda symbol: (_THINNESS[BY_NAME[symbol].tier.name], symbol), default=None)
