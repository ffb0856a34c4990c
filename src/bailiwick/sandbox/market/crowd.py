"""The crowd: services with their customers, accounts with their money, keys with their bots."""

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Final

import msgspec

from bailiwick.sandbox.market.coins import BY_NAME, COINS, DUST, MAJOR, MID, THIN, Coin
from bailiwick.sandbox.market.door import KeyFacts, Manner, ServiceFacts
from bailiwick.sandbox.market.scenario import Crowd
from bailiwick.sandbox.market.stream import Stream, seed_of
from bailiwick.sandbox.market.wire import PLATFORMS, SELF_HOSTED, manner_of

KINDS: Final = ("grid", "dca", "rebalancer", "maker", "momentum", "guardian", "tracker")
_PURPOSE: Final = {
    "grid": "grid-bot",
    "dca": "dca",
    "rebalancer": "signal-bot",
    "maker": "market-maker",
    "momentum": "signal-bot",
    "guardian": "signal-bot",
    "tracker": "portfolio-tracker",
}
# How many symbols a bot of each kind is set up for, and how the tiers attract it (major, mid, thin, dust).
_SYMBOLS: Final = {
    "grid": (1, 3, (60, 35, 5, 0)),
    "dca": (1, 4, (75, 22, 3, 0)),
    "rebalancer": (4, 10, (45, 45, 10, 0)),
    "maker": (1, 2, (5, 45, 45, 5)),
    "momentum": (3, 20, (25, 55, 19, 1)),
    "guardian": (1, 5, (45, 40, 15, 0)),
    "tracker": (0, 0, (1, 0, 0, 0)),
}
# Orders of one that is at work, against the crowd's mean: makers and momentum are busier than buyers at intervals.
_BUSY: Final = {
    "grid": 1.2,
    "dca": 0.3,
    "rebalancer": 0.6,
    "maker": 10.0,
    "momentum": 1.2,
    "guardian": 0.4,
    "tracker": 0.2,
}
_BUSY_SIGMA: Final = 1.2
_BUSY_MEAN: Final = 2.05  # of that spread
_BUSIEST: Final = 500.0
# What an account holds: log-normal, half of them under 4,000 USDT, one in a hundred over a quarter of a million.
_WORTH: Final = 4_000.0
_WORTH_SIGMA: Final = 1.8
_MOST_WORTH: Final = 5_000_000.0
_DAY_US: Final = 86_400_000_000
_TIERS: Final = (MAJOR, MID, THIN, DUST)
_BY_TIER: Final = {tier: [c for c in COINS if c.tier.name == tier and c.symbol.quote == "USDT"] for tier in _TIERS}
# Of a preset: the largest order is this part of the day's budget (rules.presets); an owner leaves room above it.
_ORDERS_A_BUDGET: Final = {"grid-bot": 20, "dca": 1, "signal-bot": 4, "market-maker": 50, "portfolio-tracker": 1}
_ROOM: Final = 1.6
# Who sets a bot up takes orders that the coin bears: so much of a day's trading at most.
_MOST_SHARE: Final = 0.001


class Member(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A key as the world makes it: what the authority knows (``facts``), and what is true besides.

    ``orders_a_day`` is 0 for one that stays idle, ``order_worth`` in USDT.
    """

    facts: KeyFacts
    manner: Manner
    address: str
    hosted_by_owner: bool
    orders_a_day: float
    order_worth: float
    seed: int


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody: ``ranked`` are the names of the services, the largest first; ``accounts`` hold assets, in USDT."""

    services: dict[str, ServiceFacts]
    ranked: tuple[str, ...]
    members: dict[str, Member]
    accounts: dict[str, tuple[tuple[str, float], ...]]


def gather(crowd: Crowd, seed: int, start_us: int) -> People:
    """Make the crowd of a world."""
    services = _services(crowd, seed)
    ranked = tuple(services)  # before those join that serve one owner alone
    shares = list(accumulate(_zipf(crowd.services, crowd.largest_bps / 10_000)))
    scale = _scale(crowd)
    members: dict[str, Member] = {}
    accounts: dict[str, tuple[tuple[str, float], ...]] = {}
    previous = ""
    for number in range(crowd.keys):
        stream = Stream(seed_of(seed, "key", number))
        second = bool(previous) and stream.chance(crowd.second_key_bps * 10_000 / (10_000 + crowd.second_key_bps))
        account = previous if second else f"a{number:06d}"
        previous = "" if second else account
        member = _member(crowd, services, ranked, shares, scale, number, account, stream, start_us)
        if second:
            worth = members[f"k{number - 1:06d}"].facts.worth
            member = msgspec.structs.replace(member, facts=msgspec.structs.replace(member.facts, worth=worth))
        members[member.facts.id] = member
        traded = sorted(member.facts.symbols)
        accounts[account] = (*accounts.get(account, ()), *_funds(traded, float(member.facts.worth), second, stream))
    return People(services=services, ranked=ranked, members=members, accounts=accounts)


def pick_coin(stream: Stream, attraction: Sequence[float]) -> Coin:
    """A coin of a tier that attracts so much; within it the larger ones more often."""
    coins = _BY_TIER[_TIERS[stream.weighed(attraction)]]
    return coins[stream.weighed([coin.day_worth**0.5 for coin in coins])]


def attraction_of(kind: str) -> Sequence[float]:
    """How the tiers attract a kind of bot."""
    return _SYMBOLS[kind][2]


def _zipf(number: int, largest: float) -> list[float]:
    """Shares that fall off as rank to a power, the first as large as asked."""
    low, high = 0.0, 6.0
    for _ in range(60):
        power = (low + high) / 2
        if 1.0 / sum(rank**-power for rank in range(1, number + 1)) < largest:
            low = power
        else:
            high = power
    weights = [rank**-low for rank in range(1, number + 1)]
    whole = sum(weights)
    return [weight / whole for weight in weights]


def _services(crowd: Crowd, seed: int) -> dict[str, ServiceFacts]:
    found = {}
    for rank in range(crowd.services):
        stream = Stream(seed_of(seed, "service", rank))
        name = f"service-{rank + 1:03d}"
        second, third = 16 + rank // 250 % 200, rank % 250
        networks = tuple(f"10.{second}.{third}.{64 * each}/26" for each in range(1 + stream.below(3)))
        found[name] = ServiceFacts(
            name=name,
            networks=networks,
            published=stream.chance(crowd.published_bps),
            manner=manner_of(stream.choose(PLATFORMS), f"s{rank + 1}-"),
        )
    return found


def service_address(facts: ServiceFacts, stream: Stream) -> str:
    """One of the addresses that a service calls from."""
    network = stream.choose(facts.networks)
    head, _, last = network.partition("/")[0].rpartition(".")
    return f"{head}.{int(last) + 1 + stream.below(60)}"


def home_address(stream: Stream) -> str:
    """An address of a private line or a rented host, in the range kept for tests of networks (RFC 2544) and beside."""
    return f"{100 + stream.below(28)}.{64 + stream.below(64)}.{stream.below(256)}.{1 + stream.below(254)}"


def _scale(crowd: Crowd) -> float:
    """What orders a day a key of weight one has, so that the mean over all keys is as asked."""
    weights = {kind: getattr(crowd, kind) for kind in KINDS}
    whole = sum(weights.values())
    at_work = (10_000 - crowd.idle_bps) / 10_000
    mean = sum(weight * _BUSY[kind] for kind, weight in weights.items()) / whole * at_work
    return crowd.orders_a_day / mean if mean else 0.0


def _member(
    crowd: Crowd,
    services: dict[str, ServiceFacts],
    ranked: tuple[str, ...],
    shares: list[float],
    scale: float,
    number: int,
    account: str,
    stream: Stream,
    start_us: int,
) -> Member:
    kind = KINDS[stream.weighed([getattr(crowd, kind) for kind in KINDS])]
    own = stream.chance(crowd.own_host_bps)
    place = min(bisect_right(shares, stream.unit()), crowd.services - 1)
    manner = manner_of(stream.choose(SELF_HOSTED)) if own else services[ranked[place]].manner
    if own:
        service = ServiceFacts(name=f"own-{account}", networks=(), published=False, manner=manner)
        services[service.name] = service
    else:
        service = services[ranked[place]]
    idle = kind != "tracker" and stream.chance(crowd.idle_bps)
    busy = min(scale * _BUSY[kind] * stream.spread(_BUSY_SIGMA) / _BUSY_MEAN, _BUSIEST)
    worth = min(_WORTH * stream.spread(_WORTH_SIGMA), _MOST_WORTH) + 150.0
    least, most, attraction = _SYMBOLS[kind]
    count = least + stream.below(most - least + 1)
    symbols = {pick_coin(stream, attraction).name for _ in range(count)}
    bears = min((BY_NAME[symbol].day_worth for symbol in symbols), default=1e9) * _MOST_SHARE
    order_worth = max(min(worth * stream.between(0.005, 0.08), bears), 12.0)
    age_days = stream.between(2.0, 900.0)
    largest = order_worth * _ORDERS_A_BUDGET[_PURPOSE[kind]] * _ROOM
    budget = Decimal(round(max(largest, busy * order_worth * 2.5, 50.0)))
    facts = KeyFacts(
        id=f"k{number:06d}",
        account=account,
        service=service.name,
        purpose=_PURPOSE[kind],
        kind=kind,
        symbols=frozenset(symbols),
        budget=budget,
        worth=Decimal(round(worth)),
        created_us=start_us - int(age_days * _DAY_US),
        last_traded_us=0 if idle or kind == "tracker" else start_us - int(min(0.5 / busy, age_days) * _DAY_US),
        signed=stream.chance(crowd.signed_bps),
    )
    return Member(
        facts=facts,
        manner=manner,
        address=home_address(stream) if own else service_address(service, stream),
        hosted_by_owner=own,
        orders_a_day=0.0 if idle else busy,
        order_worth=order_worth,
        seed=seed_of(stream.word(), "bot"),
    )


def _funds(symbols: list[str], worth: float, second: bool, stream: Stream) -> list[tuple[str, float]]:
    """What an account holds, by asset in USDT: money, its bot's coins, and what many hold besides."""
    if second:  # the same account's: a little of the coins that its other bot trades
        return [(BY_NAME[symbol].symbol.base, worth * 0.05) for symbol in symbols[:2]]
    found = [("USDT", worth * stream.between(0.25, 0.6))]
    held = [BY_NAME[symbol].symbol.base for symbol in symbols[:6]]
    held += [asset for asset in ("BTC", "ETH", "BNB") if stream.chance(5_000)] or ["BTC"]
    rest = worth - found[0][1]
    return [*found, *((asset, rest / len(held)) for asset in held)]
