"""All that the watch of one gateway knows: of keys, accounts, services and symbols. Every part of it is bounded."""

from typing import Final, final
from zlib import crc32

from bailiwick.watch.common import pack_common, unpack_common
from bailiwick.watch.course import Pledge, Sum
from bailiwick.watch.event import Holder, Vouched
from bailiwick.watch.packing import VERSION, pack, unpack
from bailiwick.watch.prior import Pool
from bailiwick.watch.profile import U32
from bailiwick.watch.scene import Scene
from bailiwick.watch.watched import Watched

MOST_KEYS: Final = 1_000_000
MOST_SYMBOLS: Final = 8_192
MOST_HELD: Final = 64
MOST_FILLS: Final = 64
HOUR_S: Final = 3_600
STILL_S: Final = 3_600  # after which what is known of a key is packed until it is wanted
MINUTES_S: Final = 600


@final
class State:
    """What the watch knows. ``step`` changes it, and nobody else but ``vouch``, ``rest`` and who restores a snapshot.

    ``keys`` are those in use; of keys that lie still, what is known is packed (``still``), and unpacked when one moves.
    """

    __slots__ = ("_line", "accounts", "began_us", "digests", "keys", "pools", "promised", "scenes", "still")

    def __init__(self) -> None:
        self.began_us = 0  # when the first event came: what a key did before is not known from here
        self.keys: dict[str, Watched] = {}
        self.still: dict[str, tuple[str, str, bytes]] = {}  # account, service, and what ``encode_key`` gives
        self._line: list[str] = []  # keys that ``rest`` has yet to look at
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
        found = self.find(holder.key)
        if found is None:
            found = self.enter(holder.key, Watched(holder.account, holder.service, now_s))
        return found

    def find(self, key: str) -> Watched | None:
        """What is known of a key, unpacked if it lay still; None where nothing is."""
        found = self.keys.get(key)
        if found is None and key in self.still:
            account, service, data = self.still.pop(key)
            try:
                found = unpack(data, account, service)
            except ValueError:
                found = Watched(account, service, 0)  # it begins without a history
            self.keys[key] = found
        return found

    @property
    def known(self) -> int:
        """Of how many keys anything is known."""
        return len(self.keys) + len(self.still)

    def whose(self, key: str) -> tuple[str, str] | None:
        """Account and service of a key; None where nothing is known of it."""
        found = self.keys.get(key)
        if found is not None:
            return found.account, found.service
        packed = self.still.get(key)
        return None if packed is None else packed[:2]

    def rest(self, now_s: int, looked: int, packed: int) -> list[str]:
        """Pack what is known of keys that have lain still for an hour: of so many looked at, so many at most.

        Gives those that were packed. To be called again and again; it changes no verdict.
        """
        line = self._line
        if not line:
            line.extend(self.keys)
        done: list[str] = []
        while line and looked > 0 and len(done) < packed:
            looked -= 1
            key = line.pop()
            watched = self.keys.get(key)
            if watched is None:
                continue
            course = watched.course
            stirred_s = max(course.last_order_us // 1_000_000, course.denied_s, watched.profile.young.began_s)
            if now_s - stirred_s >= STILL_S:
                self.still[key] = watched.account, watched.service, pack(watched, now_s)
                del self.keys[key]
                done.append(key)
        return done

    def enter(self, key: str, watched: Watched) -> Watched:
        """Take in what is known of a key."""
        if key not in self.keys:
            if self.known >= MOST_KEYS:
                self.forget(next(iter(self.still or self.keys)))
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
        whose = self.whose(key)
        if whose is not None:
            self.keys.pop(key, None)
            self.still.pop(key, None)
            self.pool(whose[1]).keys -= 1

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
        packed = self.still.get(key)
        return pack(self.keys[key], now_us // 1_000_000) if packed is None else packed[2]

    def encode_common(self) -> bytes:
        """What keys have in common, for a snapshot: sums of accounts, services and symbols, bounded."""
        return pack_common(self.pools, self.accounts, self.scenes)

    def decode_common(self, data: bytes) -> None:
        """Take in what a snapshot knew of accounts, services and symbols, in place of what is known.

        Raises:
            ValueError: if the bytes are damaged; then nothing has changed.
        """
        unpack_common(data, self.pools, self.accounts, self.scenes)

    def keep_key(self, holder: Holder, data: bytes) -> None:
        """Take in what a snapshot knew of a key, packed as it is; what keys have in common is taken in apart from it.

        Raises:
            ValueError: if the bytes are of another version.
        """
        if data[:1] != bytes([VERSION]):
            raise ValueError(f"profile: it is not of version {VERSION}; the key begins without a history")
        if self.whose(holder.key) is None:
            self.pool(holder.service).keys += 1
        self.keys.pop(holder.key, None)
        self.still[holder.key] = holder.account, holder.service, data

    def decode_key(self, holder: Holder, data: bytes) -> None:
        """Take in what a snapshot knew of a key.

        Raises:
            ValueError: if the bytes are damaged or of another version.
        """
        self.enter(holder.key, unpack(data, holder.account, holder.service))

    def vouch(self, vouched: Vouched) -> None:
        """An owner says that it was him: the symbol, up to the size, says nothing against the key until the moment."""
        watched = self.find(vouched.key)
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
        watched = self.find(key)
        if watched is not None:
            known = watched.course.sum.now(now_s)
            if known < score:
                watched.course.sum.add(score - known, now_s)
