"""Owners: what honest people do with their keys besides letting the bot run. Some is odd, none is theft."""

from typing import TYPE_CHECKING, Final, final

import msgspec

from bailiwick.model.intent import OrderType, Side, TimeInForce
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.market import wire
from bailiwick.sandbox.market.bots import bot_of
from bailiwick.sandbox.market.coins import BY_NAME, DUST, MAJOR, MID, THIN
from bailiwick.sandbox.market.crowd import attraction_of, home_address, pick_coin, service_address
from bailiwick.sandbox.market.door import Manner
from bailiwick.sandbox.market.hand import SECOND_US, Hand
from bailiwick.sandbox.market.scenario import Habits
from bailiwick.sandbox.market.stream import Stream, seed_of

if TYPE_CHECKING:
    from bailiwick.sandbox.market.world import World

_MONTH_US: Final = 30 * 86_400 * SECOND_US
_HUNDRED: Final = 100
_OF_WORK: Final = (
    "new_symbol", "thinner_symbol", "strategy_change", "resize", "address_change", "host_move", "restart",
    "idle_phase", "by_hand", "fat_finger",
)  # fmt: skip
_THINNER: Final = {MAJOR: (0, 70, 28, 2), MID: (0, 0, 92, 8), THIN: (0, 0, 60, 40), DUST: (0, 0, 0, 100)}
_TIERS: Final = (MAJOR, MID, THIN, DUST)
_SWAPS: Final = ("rebalancer", "momentum", "guardian")  # of one preset, so that their keys' grants fit all three


def schedule(world: "World", habits: Habits) -> None:
    """Give every owner the turns at which he does something of his own."""
    of_work = [getattr(habits, habit) for habit in _OF_WORK]
    mean_us = _MONTH_US * _HUNDRED / max(sum(of_work), 1e-9)
    sleep_us = _MONTH_US * _HUNDRED / max(habits.awakening, 1e-9)
    for key, member in world.people.members.items():
        if member.facts.kind == "tracker":
            continue
        stream = Stream(seed_of(member.seed, "owner"))
        if member.orders_a_day <= 0:
            at_us = world.start_us + int(stream.wait(sleep_us))
            if at_us < world.end_us:
                world.later(at_us, Owner(world, key, "awakening", stream.word()))
            continue
        at_us = world.start_us + int(stream.wait(mean_us))
        while at_us < world.end_us:
            world.later(at_us, Owner(world, key, _OF_WORK[stream.weighed(of_work)], stream.word()))
            at_us += int(stream.wait(mean_us))


@final
class Owner:
    """One thing that an owner does, once."""

    def __init__(self, world: "World", key: str, habit: str, seed: int) -> None:
        self._world = world
        self._key = key
        self._habit = habit
        self._seed = seed

    def act(self, now_us: int) -> int | None:
        """Do it."""
        world, stream = self._world, Stream(self._seed)
        if self._habit == "awakening":
            wake_up(world, self._key, stream, now_us)
            return None
        hand = world.hand(self._key)
        hand.at_us = now_us
        world.reckoning.oddities[self._habit] = world.reckoning.oddities.get(self._habit, 0) + 1
        _DOES[self._habit](hand, stream)
        return None


def by_hand(hand: Hand, symbol: str, side: Side, worth: float, *, through: float = 0.01, market: bool = False) -> bool:
    """An order that the owner sends himself, through the same key; whether the venue took it."""
    if symbol not in hand.symbols:
        hand.world.grant(hand, symbol)
    price = int(hand.mid(symbol) * (1 + through if side is Side.BUY else 1 - through))
    quantity = hand.affords(symbol, side, hand.quantity(symbol, worth), price)
    if market:
        return hand.order(symbol, side, quantity, kind=OrderType.MARKET) is not None
    return hand.order(symbol, side, quantity, price, tif=TimeInForce.GTC) is not None


def take_up(hand: Hand, symbol: str, stream: Stream) -> None:
    """The owner adds a coin to his bot; sometimes he forgets the grant, and the bot is refused until he learns it."""
    world = hand.world
    if symbol not in hand.symbols:
        if stream.below(_HUNDRED) < world.scenario.crowd.habits.forgotten_grant:
            later_us = world.now_us + int(stream.between(600, 7_200)) * SECOND_US
            world.later(later_us, _Grants(hand, symbol))
        else:
            world.grant(hand, symbol)
    if symbol not in hand.bot.symbols:
        hand.bot.symbols.append(symbol)
    wake_soon(hand, stream)


def wake_soon(hand: Hand, stream: Stream) -> None:
    """The bot acts in a moment, because somebody touched it."""
    hand.due_us = hand.world.now_us + int(stream.between(2.0, 90.0) * SECOND_US)
    hand.world.later(hand.due_us, hand)


def change_strategy(hand: Hand, stream: Stream) -> None:
    """From one moment to the next other sizes, another pace, other coins, and perhaps another way to trade."""
    hand.bot.restart(hand, stream)
    member = hand.member
    kind = stream.choose(_SWAPS) if member.facts.kind in _SWAPS else member.facts.kind
    kept = stream.sample(sorted(hand.symbols), 1 + len(hand.symbols) // 2)
    new = [pick_coin(stream, attraction_of(kind)).name for _ in range(1 + stream.below(3))]
    changed = msgspec.structs.replace(
        member,
        facts=msgspec.structs.replace(member.facts, kind=kind, symbols=frozenset([*kept, *new])),
        orders_a_day=min(member.orders_a_day * stream.spread(0.8), 800.0),
        order_worth=member.order_worth * stream.spread(0.5),
        seed=seed_of(member.seed, "changed", stream.word()),
    )
    for symbol in new:
        if symbol not in hand.symbols:
            hand.world.grant(hand, symbol)
    hand.member, hand.bot = changed, bot_of(changed)
    wake_soon(hand, stream)


def move_host(hand: Hand, stream: Stream, network: str = "") -> None:
    """The bot runs elsewhere from now on, under another version of its client."""
    hand.address = f"{network}.{1 + stream.below(250)}" if network else _elsewhere(hand, stream)
    hand.manner = newer(hand.manner)
    hand.bot.restart(hand, stream)
    wake_soon(hand, stream)


def newer(manner: Manner) -> Manner:
    """The next version of a client: one number of its user agent is larger, or it says one for the first time."""
    agent = manner.user_agent
    head, dot, last = agent.rpartition(".")
    agent = f"{head}.{int(last) + 1}" if dot and last.isdigit() else f"{agent}/2"
    return msgspec.structs.replace(manner, user_agent=agent)


def wake_up(world: "World", key: str, stream: Stream, now_us: int) -> None:
    """An owner comes back to a key that lay idle."""
    member = world.people.members[key]
    hand = world.hand(key)
    if hand.member.orders_a_day > 0:
        return
    world.reckoning.oddities["awakening"] = world.reckoning.oddities.get("awakening", 0) + 1
    changed = msgspec.structs.replace(member, orders_a_day=max(4.0 * stream.spread(1.0), 0.5))
    hand.member, hand.bot, hand.at_us = changed, bot_of(changed), now_us
    if member.hosted_by_owner and stream.chance(7_000):
        hand.address = home_address(stream)
    hand.read(wire.BALANCES)
    wake_soon(hand, stream)


def _elsewhere(hand: Hand, stream: Stream) -> str:
    service = hand.world.services[hand.member.facts.service]
    return service_address(service, stream) if service.networks else home_address(stream)


def _new_symbol(hand: Hand, stream: Stream) -> None:
    take_up(hand, pick_coin(stream, attraction_of(hand.member.facts.kind)).name, stream)


def _thinner_symbol(hand: Hand, stream: Stream) -> None:
    """Somebody has heard of a small coin: a buy or three by hand, and in half of the cases the bot gets it too."""
    thinnest = max((_TIERS.index(BY_NAME[each].tier.name) for each in hand.symbols), default=0)
    symbol = pick_coin(stream, _THINNER[_TIERS[thinnest]]).name
    for _ in range(1 + stream.below(3)):
        by_hand(hand, symbol, Side.BUY, hand.bot.worth * stream.between(0.3, 1.5), through=stream.between(0.0, 0.03))
        hand.pause(2_000 + stream.below(60_000))
    if stream.chance(5_000):
        take_up(hand, symbol, stream)


def _resize(hand: Hand, stream: Stream) -> None:
    """A deposit, or a change of mind."""
    factor = stream.between(0.5, 4.0)
    account = hand.account
    if factor > 1:
        worth = float(hand.member.facts.worth) * stream.between(0.1, 1.0)
        hand.world.floor.ledger.deposit(account, "USDT", int(worth * SCALE))
    hand.bot.worth *= factor


def _address_change(hand: Hand, stream: Stream) -> None:
    if hand.member.hosted_by_owner:
        head = hand.address.rsplit(".", 2)[0]
        hand.address = f"{head}.{stream.below(256)}.{1 + stream.below(254)}"


def _restart(hand: Hand, stream: Stream) -> None:
    hand.bot.restart(hand, stream)
    wake_soon(hand, stream)


def _idle_phase(hand: Hand, stream: Stream) -> None:
    hand.quiet_until_us = hand.at_us + int(stream.between(0.5, 8.0) * 86_400) * SECOND_US


def _by_hand(hand: Hand, stream: Stream) -> None:
    """A few orders of one's own: in what one has, or in what everybody talks about."""
    coin = pick_coin(stream, (35, 45, 19, 1)) if stream.chance(4_000) or not hand.symbols else None
    symbol = coin.name if coin is not None else stream.choose(sorted(hand.symbols))
    for _ in range(1 + stream.below(3)):
        side = Side.BUY if stream.chance(6_000) else Side.SELL
        worth = hand.bot.worth * stream.between(0.5, 3.0)
        by_hand(hand, symbol, side, worth, through=stream.between(-0.01, 0.01), market=stream.chance(4_000))
        hand.pause(3_000 + stream.below(120_000))


def _fat_finger(hand: Hand, stream: Stream) -> None:
    """Ten times too much, or far through the market."""
    if not hand.symbols:
        return
    symbol = stream.choose(sorted(hand.symbols))
    times, through = (10.0, 0.005) if stream.chance(5_000) else (1.0, stream.between(0.03, 0.1))
    by_hand(hand, symbol, Side.BUY if stream.chance(5_000) else Side.SELL, hand.bot.worth * times, through=through)


_DOES: Final = {
    "new_symbol": _new_symbol,
    "thinner_symbol": _thinner_symbol,
    "strategy_change": change_strategy,
    "resize": _resize,
    "address_change": _address_change,
    "host_move": move_host,
    "restart": _restart,
    "idle_phase": _idle_phase,
    "by_hand": _by_hand,
    "fat_finger": _fat_finger,
}


@final
class _Grants:
    """The turn at which an owner remembers the grant."""

    def __init__(self, hand: Hand, symbol: str) -> None:
        self._hand = hand
        self._symbol = symbol

    def act(self, now_us: int) -> int | None:
        """Grant it."""
        self._hand.world.grant(self._hand, self._symbol)
        return None
