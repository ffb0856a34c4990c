"""The world: time, the floor, everybody's hands, and the door that every act of a key goes through."""

import heapq
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Protocol, final

import msgspec

from bailiwick.model.intent import Intent, OrderDraft, OrderRef, Side
from bailiwick.model.order import Answer
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.market.bots import bot_of
from bailiwick.sandbox.market.crowd import gather
from bailiwick.sandbox.market.door import Act, Door, KeyFacts, Manner, Ruling, ServiceFacts
from bailiwick.sandbox.market.floor import DAY_US, Floor, report
from bailiwick.sandbox.market.hand import Hand
from bailiwick.sandbox.market.happenings import Happening
from bailiwick.sandbox.market.history import begins_of
from bailiwick.sandbox.market.owners import schedule
from bailiwick.sandbox.market.reckoning import Reckoning
from bailiwick.sandbox.market.scenario import Scenario
from bailiwick.sandbox.market.slate import Ticker
from bailiwick.sandbox.market.stream import Stream
from bailiwick.sandbox.market.thief import Heist
from bailiwick.sandbox.orders import BUY, SELL, Fill, Order

_HOUR_US: Final = 3_600_000_000
SECOND_US: Final = 1_000_000
_CENT: Final = Decimal("0.01")


class Actor(Protocol):
    """Whoever has turns."""

    def act(self, now_us: int) -> int | None:
        """Take a turn; microseconds until the next, None if there is none."""
        ...


@final
class World:
    """A rehearsal: everything follows from the scenario, the seed and what the door answers.

    It is the scene that a door sees, and the venue behind it.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.start_us = scenario.start_us
        self.dawn_us = self.now_us = self.start_us - scenario.history_days * DAY_US
        self.end_us = self.start_us + scenario.hours * _HOUR_US
        self.floor = Floor(seed, self.start_us, scenario.hours, scenario.history_days)
        self.market = self.floor.market
        self.people = gather(scenario.crowd, seed, self.start_us)
        self.services: dict[str, ServiceFacts] = self.people.services
        self.keys: dict[str, KeyFacts] = {id: member.facts for id, member in self.people.members.items()}
        self.heists = [Heist(self, attack, number) for number, attack in enumerate(scenario.attack)]
        self.happenings = [Happening(self, event, number) for number, event in enumerate(scenario.event)]
        for heist in self.heists:
            for member in heist.victims:
                facts = member.facts
                self.keys[facts.id] = msgspec.structs.replace(facts, signed=True)
        self._begins = begins_of(self)  # of the keys that lived before the world: when they began to act
        for key, begin_us in self._begins.items():
            facts = self.keys[key]
            last_us = facts.last_traded_us - (self.start_us - begin_us)
            last_us = last_us if facts.last_traded_us and last_us > facts.created_us else 0
            self.keys[key] = msgspec.structs.replace(facts, last_traded_us=last_us)
        self.reckoning = Reckoning()
        self.hands: dict[str, Hand] = {}
        self._owners: dict[int, tuple[Hand, str]] = {}  # by number: whose order rests, and of which attack it is
        self._door: Door
        self._turns: list[tuple[int, int, Actor]] = []
        self._number = 0
        self._stages: dict[str, _Stage] = {}

    # What a door sees

    def top(self, symbol: str, side: Side) -> tuple[Decimal, Decimal] | None:
        """The best of one side of a book."""
        return self.floor.top(symbol, side, self.now_us)

    # The course of things

    def run(self, door: Door) -> Reckoning:
        """Play it all."""
        for _ in self.hours(door):
            pass
        return self.reckoning

    def hours(self, door: Door) -> Iterator[int]:
        """Play hour by hour; each gives how many have passed."""
        self._door = door
        door.begin(self)
        self._wake_crowd()
        self.later(self.dawn_us, _Round(self))
        schedule(self, self.scenario.crowd.habits)
        for heist in self.heists:
            heist.prepare()
        for happening in self.happenings:
            happening.prepare()
        passed = 0
        while self._turns:
            at_us, _, actor = heapq.heappop(self._turns)
            if at_us >= self.end_us:
                break
            while at_us >= self.start_us + (passed + 1) * _HOUR_US:
                passed += 1
                yield passed
            self.now_us = at_us
            wait_us = actor.act(at_us)
            if wait_us is not None:
                self.later(at_us + wait_us, actor)
            self._hear()
        self.now_us = self.end_us
        yield self.scenario.hours

    def later(self, at_us: int, actor: Actor) -> None:
        """Give somebody a turn."""
        self._number += 1
        heapq.heappush(self._turns, (at_us, self._number, actor))

    def stage(self, symbol: str, opens_us: int, closes_us: int) -> None:
        """Let a symbol be played in detail from one moment to another; stages of one symbol that overlap are one."""
        stage = self._stages.get(symbol)
        if stage is not None and stage.opens_us <= opens_us <= stage.closes_us:
            stage.closes_us = max(stage.closes_us, closes_us)
            return
        self._stages[symbol] = stage = _Stage(self, symbol, opens_us, closes_us)
        self.later(max(opens_us, self.now_us), stage)

    def grant(self, hand: Hand, symbol: str) -> None:
        """The owner, signed in, lets his key trade one more symbol."""
        hand.symbols |= {symbol}
        self._door.granted(hand.member.facts.id, frozenset({symbol}), self.now_us)

    def worth(self, account: str, at_us: int) -> Decimal:
        """What an account holds now, at the fair prices of a moment, in USDT."""
        return Decimal(self.floor.value(self.account(account), at_us)).quantize(_CENT)

    def hand(self, key: str) -> Hand:
        """The hand of a key, made when it is first needed."""
        found = self.hands.get(key)
        if found is None:
            member = self.people.members[key]
            found = self.hands[key] = Hand(self, member, self.account(member.facts.account), bot_of(member))
        return found

    def account(self, name: str) -> Account:
        """An account of the crowd, opened with what it holds when it is first needed."""
        found = self.floor.ledger.accounts.get(name)
        if found is None:
            funds = []
            for asset, worth in self.people.accounts[name]:
                funds.append((asset, int(worth / self.floor.in_usdt(asset, self.start_us) * SCALE)))
            found = self.floor.open_account(name, funds)
        return found

    # The door, and the venue behind it

    def ask(self, hand: Hand, intent: Intent, address: str, manner: Manner, theft: str = "", at_us: int = 0) -> Ruling:
        """Put an act of a key to the door."""
        at_us = at_us or hand.at_us
        symbol = intent.symbol
        if symbol is not None and intent.orders:
            self.floor.refresh(symbol, at_us)
        act = Act(key=hand.member.facts.id, at_us=at_us, intent=intent, address=address, manner=manner, theft=theft)
        ruling = self._door.ask(act, self)
        self.reckoning.asked(act, ruling)
        self._hear()
        return ruling

    def place(self, act: Act, order: OrderDraft) -> Answer:
        """Take in an order as it leaves the door."""
        hand = self.hands[act.key]
        fresh = self.floor.slate.fresh
        before = len(fresh)
        answer = self.floor.place(hand.account, order, act.at_us)
        if answer.executed:
            placed = answer.orders[-1]
            if placed.live:
                self._owners[placed.order_id] = (hand, act.theft)
            own = [(other, fill) for other, fill in fresh[before:] if other.order_id == placed.order_id]
            fresh[before:] = [pair for pair in fresh[before:] if pair[0].order_id != placed.order_id]
            for other, fill in own:
                self._count(hand, act.theft, other, fill)
        return answer

    def cancel(self, act: Act, symbol: str, target: OrderRef) -> Answer:
        """Cancel an open order of the act's account."""
        return self.floor.cancel(self.hands[act.key].account, symbol, target, act.at_us)

    def cancel_all(self, act: Act, symbol: str) -> Answer:
        """Cancel all open orders of the act's account in a symbol."""
        return self.floor.cancel_all(self.hands[act.key].account, symbol, act.at_us)

    # The inside

    def _wake_crowd(self) -> None:
        """Everybody who is at work has a first turn within what is usual for them."""
        self.later(self.dawn_us, _Passing(self.floor, self.scenario.detail.refresh_s * SECOND_US))
        for key, member in self.people.members.items():
            if member.orders_a_day <= 0:
                continue
            first_s = Stream(member.seed).unit() * min(86_400.0 / member.orders_a_day, self.scenario.hours * 7_200.0)
            at_us = self._begins.get(key, self.start_us) + int(first_s * SECOND_US)
            if at_us < self.end_us:
                self.later(at_us, _First(self, key))

    def _hear(self) -> None:
        """Tell what happened to resting orders: the door first, then the bot."""
        slate = self.floor.slate
        while slate.fresh:
            news, slate.fresh = slate.fresh, []
            for order, fill in news:
                owner = self._owners.get(order.order_id)
                if owner is None:
                    continue
                hand, theft = owner
                if not order.open:
                    del self._owners[order.order_id]
                self._count(hand, theft, order, fill)
                told = report(order, (fill,))
                self._door.filled(hand.member.facts.id, told, self.now_us)
                wait_s = hand.bot.filled(hand, told)
                if wait_s is not None and not theft:
                    hand.due_us = self.now_us + int(wait_s * SECOND_US)
                    self.later(hand.due_us, hand)
        for symbol in self.floor.arenas:
            tape = self.floor.engine.markets[symbol].tape
            if isinstance(tape, Ticker) and tape.fresh:
                prints, tape.fresh = tape.fresh, []
                for each in prints:
                    self._door.printed(each)

    def _count(self, hand: Hand, theft: str, order: Order, fill: Fill) -> None:
        if theft:
            self.reckoning.stolen(self.floor, hand.member.facts.id, theft, order, fill)


@final
class _Round:
    """The turns at which resting orders of quiet markets learn what the price went through."""

    def __init__(self, world: World) -> None:
        self._world = world

    def act(self, now_us: int) -> int | None:
        """Look at every book that has something in it."""
        floor = self._world.floor
        for symbol in floor.resting():
            floor.sweep(symbol, now_us)
        return self._world.scenario.detail.refresh_s * SECOND_US


@final
class _Stage:
    """The turns of a market that is played in detail."""

    def __init__(self, world: World, symbol: str, opens_us: int, closes_us: int) -> None:
        self._world = world
        self._symbol = symbol
        self.opens_us = opens_us
        self.closes_us = closes_us

    def act(self, now_us: int) -> int | None:
        """Let everybody there act."""
        floor = self._world.floor
        if now_us >= self.closes_us:
            floor.leave(self._symbol, now_us)
            return None
        arena = floor.detail(self._symbol, now_us, self._world.scenario.detail.tick_ms * 1000)
        return arena.step(now_us)


@final
class _First:
    """The first turn of a key: only then is its hand made."""

    def __init__(self, world: World, key: str) -> None:
        self._world = world
        self._key = key

    def act(self, now_us: int) -> int | None:
        """Make the hand, and give it its turn."""
        hand = self._world.hand(self._key)
        hand.due_us = now_us
        wait_us = hand.act(now_us)
        if wait_us is not None:
            self._world.later(now_us + wait_us, hand)
        return None


@final
class _Passing:
    """Prices pass resting orders though nobody comes: bots hear of it within the scenario's while."""

    def __init__(self, floor: Floor, every_us: int) -> None:
        self._floor = floor
        self._every_us = every_us

    def act(self, now_us: int) -> int | None:
        """Look at every book in which something rests."""
        for symbol, market in self._floor.engine.markets.items():
            book = market.book
            if symbol not in self._floor.arenas and (book.best(BUY) or book.best(SELL) or market.stops):
                self._floor.sweep(symbol, now_us)
        return self._every_us
