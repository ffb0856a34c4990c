"""What looks like theft and is not: rallies, listings, cascades, whales, and crowds that do the same new thing."""

from typing import TYPE_CHECKING, Final, final

from bailiwick.model.intent import Side
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.market.coins import BY_NAME
from bailiwick.sandbox.market.crowd import Member
from bailiwick.sandbox.market.hand import SECOND_US, Hand
from bailiwick.sandbox.market.owners import by_hand, change_strategy, move_host
from bailiwick.sandbox.market.scenario import Event, Happens
from bailiwick.sandbox.market.stream import Stream, seed_of

if TYPE_CHECKING:
    from bailiwick.sandbox.market.world import World

_MINUTE_US: Final = 60 * SECOND_US
_OF_KEYS: Final = frozenset({Happens.STRATEGY_CHANGE, Happens.HOST_MOVE})
_FALLING: Final = frozenset({Happens.LIQUIDATIONS})
_SLICES: Final = 10


@final
class Happening:
    """One event, with those who take part in it."""

    def __init__(self, world: "World", event: Event, number: int) -> None:
        self.world = world
        self.event = event
        self.begin_us = world.start_us + event.at_minutes * _MINUTE_US
        self.seed = seed_of(world.seed, "event", number, event.title)
        rise_us, fade_us = event.minutes * _MINUTE_US, event.fade_minutes * _MINUTE_US
        for symbol in event.symbols:
            fair = world.floor.fair(symbol)
            fair.shift(self.begin_us, rise_us, fade_us, event.move_bps / 10_000, event.stays_bps / 10_000)

    def prepare(self) -> None:
        """Set the stage, and give those who take part their turns."""
        world, event, detail = self.world, self.event, self.world.scenario.detail
        if event.detailed and event.kind not in _OF_KEYS:
            closes_us = self.begin_us + (event.minutes + event.fade_minutes) * _MINUTE_US
            for symbol in event.symbols:
                world.stage(symbol, self.begin_us - detail.before_minutes * _MINUTE_US, closes_us)
                world.later(self.begin_us, _Volume(world, symbol, event.volume_times))
                world.later(closes_us - SECOND_US, _Volume(world, symbol, 1))
        for place, member in enumerate(self.joining()):
            stream = Stream(seed_of(self.seed, "joins", place))
            late_us = int(stream.unit() ** 2 * (event.minutes + event.fade_minutes / 4) * _MINUTE_US)
            at_us = max(self.begin_us + late_us, world.start_us)
            if at_us < world.end_us:
                world.later(at_us, Joiner(self, member.facts.id, place))

    def joining(self) -> list[Member]:
        """Who takes part: those at work, and where it is a service's, all of its customers."""
        world, event = self.world, self.event
        if event.kind is Happens.HOST_MOVE and event.service_rank >= 0:
            name = world.people.ranked[event.service_rank]
            return [m for m in world.people.members.values() if m.facts.service == name and m.orders_a_day > 0]
        at_work = [
            m for m in world.people.members.values() if m.orders_a_day > 0 and m.facts.kind not in ("tracker", "maker")
        ]
        if event.kind is Happens.WHALE:
            at_work.sort(key=lambda member: (-member.facts.worth, member.facts.id))
            return at_work[: event.joins]
        return Stream(self.seed).sample(at_work, event.joins)


@final
class _Volume:
    """The turn at which a market becomes busier, or calm again."""

    def __init__(self, world: "World", symbol: str, times: int) -> None:
        self._world = world
        self._symbol = symbol
        self._times = times

    def act(self, now_us: int) -> int | None:
        """Tell the stage."""
        arena = self._world.floor.arenas.get(self._symbol)
        if arena is not None:
            arena.volume_times = float(self._times)
        return None


@final
class Joiner:
    """One key that takes part."""

    def __init__(self, happening: Happening, key: str, place: int) -> None:
        self._happening = happening
        self._key = key
        self._seed = seed_of(happening.seed, "does", place)
        self._turns = 0
        self._bought: dict[str, float] = {}

    def act(self, now_us: int) -> int | None:
        """One turn; microseconds until the next."""
        event = self._happening.event
        hand = self._happening.world.hand(self._key)
        hand.at_us = now_us
        self._turns += 1
        stream = Stream(self._seed, self._turns)
        if event.kind is Happens.STRATEGY_CHANGE:
            change_strategy(hand, stream)
            return None
        if event.kind is Happens.HOST_MOVE:
            # A new range, of which nobody has told the world yet.
            move_host(hand, stream, f"172.{16 + max(event.service_rank, 0) % 16}.{stream.below(3)}")
            return None
        if event.kind is Happens.WHALE:
            return self._rebalance(hand, stream)
        return self._follow(hand, stream)

    def _follow(self, hand: Hand, stream: Stream) -> int | None:
        """Buy what rises, or sell what falls; and undo it later, or not."""
        event = self._happening.event
        symbol = stream.choose(event.symbols)
        if self._turns == 1:
            worth = event.join_worth or hand.bot.worth * stream.between(0.5, 4.0)
            side = Side.SELL if event.kind in _FALLING else Side.BUY
            by_hand(hand, symbol, side, worth, through=stream.between(0.002, 0.04), market=stream.chance(5_000))
            self._bought[symbol] = worth
            if side is Side.SELL or stream.chance(3_500):
                return None
            return int(stream.between(2, max(event.fade_minutes, 3)) * _MINUTE_US)
        for coin, worth in self._bought.items():
            by_hand(hand, coin, Side.SELL, worth * 1.2, through=stream.between(0.0, 0.02), market=stream.chance(3_000))
        return None

    def _rebalance(self, hand: Hand, stream: Stream) -> int | None:
        """A tenth of what is to change hands, every few minutes: out of what there is most of, into the others."""
        event = self._happening.event
        whole = float(event.join_worth or float(hand.member.facts.worth) * 0.3)
        held = {
            f"{asset}USDT": balance.free / SCALE * hand.world.floor.in_usdt(asset, hand.at_us)
            for asset, balance in sorted(hand.account.spot.items())
            if f"{asset}USDT" in BY_NAME
        }
        if not held:
            return None
        heaviest = max(held, key=lambda symbol: held[symbol])
        by_hand(hand, heaviest, Side.SELL, whole / _SLICES, through=0.003)
        hand.pause(800 + stream.below(4_000))
        into = stream.choose(event.symbols) if event.symbols else stream.choose(sorted(held))
        by_hand(hand, into, Side.BUY, whole / _SLICES, through=0.003)
        return int(stream.between(20, 240) * SECOND_US) if self._turns < _SLICES else None
