"""All that the watch of one gateway knows: of keys, accounts, services and symbols. Every part of it is bounded."""

from typing import Final, final
from zlib import crc32

from bailiwick.watch.course import Pledge, Sum
from bailiwick.watch.event import Holder, Vouched
from bailiwick.watch.packing import pack, unpack
from bailiwick.watch.prior import Pool
from bailiwick.watch.profile import U32
from bailiwick.watch.watched import Watched

MOST_KEYS: Final = 1_000_000
MOST_SYMBOLS: Final = 8_192
MOST_BEGINNERS: Final = 128
MOST_HELD: Final = 64
MOST_FILLS: Final = 64
HOUR_S: Final = 3_600
MINUTES_S: Final = 600


@final
class Executed:
    """A fill that is to be compared with the price shortly after."""

    __slots__ = ("at_us", "buys", "key", "near_bps", "price", "worth")

    def __init__(self, at_us: int, key: str, price: float, worth: float, near_bps: float, *, buys: bool) -> None:
        self.at_us = at_us
        self.key = key
        self.price = price
        self.worth = worth
        self.near_bps = near_bps
        self.buys = buys


@final
class Scene:
    """What happens in one symbol: who has begun with it, whose orders were held, what the pump detector says.

    Accounts are counted, and not keys: whoever has one account cannot be a crowd, however many keys he makes.
    """

    __slots__ = ("beginners", "fills", "held", "seen_s", "sign", "sign_us")

    def __init__(self) -> None:
        self.beginners: dict[str, tuple[str, int, bool]] = {}  # account to service, when (s), whether at a fair price
        self.held: dict[str, int] = {}
        self.sign = 0
        self.sign_us = 0
        self.fills: list[Executed] = []
        self.seen_s = 0

    def begin(self, account: str, service: str, now_s: int, *, fair: bool) -> None:
        """Note that a key of the account trades the symbol that did not before."""
        known = self.beginners.pop(account, None)
        if known is not None:
            fair = fair and known[2]
        remember(self.beginners, account, (service, now_s, fair), MOST_BEGINNERS)


def remember(kept: "dict[str, tuple[str, int, bool]]", key: str, value: tuple[str, int, bool], most: int) -> None:
    """Put it at the end, and drop the oldest beyond the most."""
    if len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value


@final
class State:
    """What the watch knows. ``step`` changes it, and nobody else but ``vouch`` and who restores a snapshot."""

    __slots__ = ("accounts", "began_us", "digests", "keys", "pools", "promised", "scenes")

    def __init__(self) -> None:
        self.began_us = 0  # when the first event came: what a key did before is not known from here
        self.keys: dict[str, Watched] = {}
        self.pools: dict[str, Pool] = {}
        self.accounts: dict[str, Sum] = {}
        self.scenes: dict[int, Scene] = {}
        self.digests: dict[str, int] = {}
        self.promised: dict[str, list[Vouched]] = {}  # owners' words for keys of which nothing is known yet

    def digest(self, symbol: str) -> int:
        """The number that stands for a symbol in profiles; never 0, which stands for none."""
        found = self.digests.get(symbol)
        if found is None:
            if len(self.digests) >= 4 * MOST_SYMBOLS:
                self.digests.clear()
            found = self.digests[symbol] = crc32(symbol.encode()) or 1
        return found

    def watched(self, holder: Holder, now_s: int) -> Watched:
        """What is known of a key; made where nothing is."""
        found = self.keys.get(holder.key)
        if found is None:
            found = self.enter(holder.key, Watched(holder.account, holder.service, now_s))
        return found

    def enter(self, key: str, watched: Watched) -> Watched:
        """Take in what is known of a key."""
        if key not in self.keys:
            if len(self.keys) >= MOST_KEYS:
                self.forget(next(iter(self.keys)))
            pool = self.pool(watched.service)
            pool.keys += 1
            pool.days += watched.profile.days
            for place, habit in enumerate(watched.profile.symbols.values()):
                pool.learn(habit.tier, habit.largest, first=place == 0)
        self.keys[key] = watched
        for vouched in self.promised.pop(key, ()):
            self.vouch(vouched)
        return watched

    def forget(self, key: str) -> None:
        """Drop what is known of a key: it was revoked, or there are too many."""
        watched = self.keys.pop(key, None)
        if watched is not None:
            self.pool(watched.service).keys -= 1

    def pool(self, service: str) -> Pool:
        """What a service's keys have in common; made where nothing is known."""
        found = self.pools.get(service)
        if found is None:
            found = self.pools[service] = Pool()
        return found

    def account(self, account: str) -> Sum:
        """The sum of an account's keys; made where there is none."""
        found = self.accounts.get(account)
        if found is None:
            found = self.accounts[account] = Sum()
        return found

    def scene(self, symbol: int, now_s: int) -> Scene:
        """What happens in a symbol; made where nothing is known, in place of the one that was touched last long ago."""
        found = self.scenes.get(symbol)
        if found is None:
            if len(self.scenes) >= MOST_SYMBOLS:
                scenes = self.scenes
                del scenes[min(scenes, key=lambda each: scenes[each].seen_s)]
            found = self.scenes[symbol] = Scene()
        found.seen_s = now_s
        return found

    def encode_key(self, key: str, now_us: int) -> bytes:
        """What is known of a key, for a snapshot: at most ``packing.MOST_BYTES``.

        Raises:
            KeyError: if nothing is known of it.
        """
        return pack(self.keys[key], now_us // 1_000_000)

    def decode_key(self, holder: Holder, data: bytes) -> None:
        """Take in what a snapshot knew of a key.

        Raises:
            ValueError: if the bytes are damaged or of another version.
        """
        self.enter(holder.key, unpack(data, holder.account, holder.service))

    def vouch(self, vouched: Vouched) -> None:
        """An owner says that it was him: the symbol, up to the size, says nothing against the key until the moment."""
        watched = self.keys.get(vouched.key)
        if watched is None:
            self.promised.setdefault(vouched.key, []).append(vouched)
            return
        course = watched.course
        symbol = self.digest(vouched.symbol)
        course.sales = 0
        course.pledge(symbol, Pledge(float(vouched.worth), min(vouched.until_us // 1_000_000, U32)))
        window = course.windows.get(symbol)
        if window is not None:
            course.sum.value = max(0, course.sum.value - window.charged)
            account = self.accounts.get(watched.account)
            if account is not None:
                account.value = max(0, account.value - window.charged)
            window.charged = 0
        for held in (self.pool(watched.service).held, self.scene(symbol, 0).held):
            held.pop(watched.account, None)

    def lean(self, key: str, score: int, now_s: int) -> None:
        """Something beside its own acts speaks against a key: its sum is this at least, and drains as ever.

        Said again it adds nothing, so that nobody has a key held by saying it often.
        """
        watched = self.keys.get(key)
        if watched is not None:
            known = watched.course.sum.now(now_s)
            if known < score:
                watched.course.sum.add(score - known, now_s)
