"""What is expected of a key that has no history: by what its grant says it is for, and by its service's other keys."""

from typing import Final, NamedTuple, final

from bailiwick.watch.profile import U16, U32, Profile
from bailiwick.watch.tier import TIERS

TOGETHER_S: Final = 120  # within which runs of sales are at the same moment
_RUNS_S: Final = 7_200.0
_MOST_SELLERS: Final = 64
_WEIGHT: Final = 20  # symbols of a service's keys from which they say as much as the purpose
_DAYS: Final = 20
_OWN: Final = 4  # of a key's own symbols

_LEAST: Final = (0.05, 0.04, 0.03, 0.02, 0.015)  # nobody is so settled that a thin symbol is a miracle


# How seldom an honest client's run of market sales, of what it never bought, is so long: the logarithm of a key-day's
# chance, in thousandths of nats, from the first sale on. Whoever puts a portfolio right sells several coins; each
# further one is a third to a tenth as frequent. A bot that has its one coin to trade, or only buys, sells another's at
# its owner's hand at most: once in a thousand key-days, and two coins never in a hundred thousand.
_REBALANCES: Final = (0, 3_000, 4_400, 6_600, 9_000)
_ONE_COIN: Final = (6_000, 7_000, 9_500)
_READS: Final = (9_000,)


class Purpose(NamedTuple):
    """What a kind of client does: new symbols in 1,000 days, and of 1,000 symbols how many in each tier of thinness."""

    newcomers: int
    tiers: tuple[int, ...]
    trades: bool = True
    raises: tuple[int, ...] = _REBALANCES  # what each sale of a run says, of what it never bought (``detect.sellout``)
    other: int = 1  # what a sale of another coin counts in such a run
    again: int = 2  # and what one of the same coin does: in a portfolio that is put right each is sold once


_USUAL: Final = Purpose(30, (450, 300, 170, 60, 20))
_PURPOSES: Final = {
    "signal-bot": Purpose(150, (350, 330, 220, 80, 20)),
    "grid-bot": Purpose(30, (480, 330, 150, 35, 5), raises=_ONE_COIN, other=2, again=1),
    "dca": Purpose(10, (700, 220, 60, 15, 5), raises=_ONE_COIN, other=2, again=1),
    "market-maker": Purpose(30, (150, 250, 300, 200, 100)),
    "portfolio-tracker": Purpose(1, (450, 300, 170, 60, 20), trades=False, raises=_READS),
    "tax-tool": Purpose(1, (450, 300, 170, 60, 20), trades=False, raises=_READS),
}


def purpose(name: str) -> Purpose:
    """What is expected of a kind of client; of one that nobody declared, the usual."""
    return _PURPOSES.get(name, _USUAL)


@final
class Pool:
    """The habits that a service's keys have in common."""

    __slots__ = (
        "days",
        "held",
        "keys",
        "newcomers",
        "runs",
        "runs_s",
        "sellers",
        "size",
        "size_spread",
        "sized",
        "tiers",
    )

    def __init__(self) -> None:
        self.keys = 0
        self.days = 0  # of all keys together
        self.newcomers = 0
        self.tiers = [0] * TIERS
        self.size = 0  # the logarithm of a usual largest order
        self.size_spread = 0
        self.sized = 0
        self.held: dict[str, int] = {}  # accounts that had something held, and when (s)
        self.sellers: dict[str, int] = {}  # accounts that sell what their keys never bought, one coin after another
        self.runs = 0.0  # how often that begins; two hours ago counts half
        self.runs_s = 0

    def sells(self, account: str, now_s: int) -> None:
        """One of its accounts is in a run of sales."""
        if now_s - self.sellers.pop(account, 0) > _RUNS_S:
            self.runs = self.usual_runs(now_s) + 1.0
            self.runs_s = now_s
        if len(self.sellers) >= _MOST_SELLERS:
            del self.sellers[next(iter(self.sellers))]
        self.sellers[account] = now_s

    def selling(self, account: str, now_s: int) -> int:
        """How many other accounts are in a run of sales at this moment."""
        count = 0
        for other, at_s in reversed(self.sellers.items()):
            if now_s - at_s > TOGETHER_S:
                break  # who sold last stands last
            count += other != account
        return count

    def usual_runs_a_second(self, now_s: int) -> float:
        """How many begin in a second."""
        return self.usual_runs(now_s) / _RUNS_S

    def usual_runs(self, now_s: int) -> float:
        """How many began of late, with what is older counting less."""
        return self.runs * _RUNS_S / (_RUNS_S + max(now_s - self.runs_s, 0))

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
