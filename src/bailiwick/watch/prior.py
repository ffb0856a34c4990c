"""What is expected of a key that has no history: by what its grant says it is for, and by its service's other keys."""

from typing import Final, NamedTuple, final

from bailiwick.watch.profile import U16, U32, Profile
from bailiwick.watch.tier import TIERS

_WEIGHT: Final = 20  # symbols of a service's keys from which they say as much as the purpose
_DAYS: Final = 20
_OWN: Final = 4  # of a key's own symbols

_LEAST: Final = (0.05, 0.04, 0.03, 0.02, 0.015)  # nobody is so settled that a thin symbol is a miracle


class Purpose(NamedTuple):
    """What a kind of client does: new symbols in 1,000 days, and of 1,000 symbols how many in each tier of thinness."""

    newcomers: int
    tiers: tuple[int, ...]
    trades: bool = True
    sells: int = 6  # how long a run of market sales of what it never bought is no surprise (``detect.sellout``)


_USUAL: Final = Purpose(30, (450, 300, 170, 60, 20))
_PURPOSES: Final = {
    "signal-bot": Purpose(150, (350, 330, 220, 80, 20)),
    "grid-bot": Purpose(30, (480, 330, 150, 35, 5), sells=2),
    "dca": Purpose(10, (700, 220, 60, 15, 5), sells=2),
    "market-maker": Purpose(30, (150, 250, 300, 200, 100), sells=24),
    "portfolio-tracker": Purpose(1, (450, 300, 170, 60, 20), trades=False, sells=0),
    "tax-tool": Purpose(1, (450, 300, 170, 60, 20), trades=False, sells=0),
}


def purpose(name: str) -> Purpose:
    """What is expected of a kind of client; of one that nobody declared, the usual."""
    return _PURPOSES.get(name, _USUAL)


@final
class Pool:
    """The habits that a service's keys have in common."""

    __slots__ = ("days", "held", "keys", "newcomers", "size", "size_spread", "sized", "tiers")

    def __init__(self) -> None:
        self.keys = 0
        self.days = 0  # of all keys together
        self.newcomers = 0
        self.tiers = [0] * TIERS
        self.size = 0  # the logarithm of a usual largest order
        self.size_spread = 0
        self.sized = 0
        self.held: dict[str, int] = {}  # accounts that had something held, and when (s)

    def learn(self, tier: int, size: int, *, first: bool) -> None:
        """One of its keys has a symbol more. That a key has a first one is no news."""
        self.tiers[tier] = min(self.tiers[tier] + 1, U32)
        if not first:
            self.newcomers = min(self.newcomers + 1, U32)
        if self.sized:
            self.size_spread += (abs(size - self.size) - self.size_spread) // 8
            self.size += (size - self.size) // 8
        else:
            self.size, self.size_spread = size, 1_000
        self.sized = min(self.sized + 1, U16)


def newness(profile: Profile, pool: Pool, kind: Purpose) -> float:
    """How often a day such a key begins to trade a symbol that it has not traded."""
    usual = (pool.newcomers + _DAYS * kind.newcomers / 1000) / (pool.days + _DAYS)
    return (profile.newcomers + profile.waiting + 10 * usual) / (profile.days + 10)


def share_of(tier: int, profile: Profile, pool: Pool, kind: Purpose) -> float:
    """How likely a symbol that such a key begins to trade is of this tier, by those that it trades."""
    pooled = sum(pool.tiers)
    usual = (pool.tiers[tier] + _WEIGHT * kind.tiers[tier] / 1000) / (pooled + _WEIGHT)
    same = 0
    for habit in profile.symbols.values():
        if habit.tier == tier:
            same += 1
    return max((same + _OWN * usual) / (len(profile.symbols) + _OWN), _LEAST[tier])
