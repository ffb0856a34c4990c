"""What keys have in common, as bytes for the journal's snapshots: sums of accounts, services' pools, symbols' scenes.

A verdict depends on it as on the key's own profile: without it the crowd of a service that leaked would begin at
nothing after a restart. The newest comes first and fills at most ``MOST_ENTRIES``, so that packing it never takes long.
"""

from typing import Final

import msgspec

from bailiwick.watch.course import Sum
from bailiwick.watch.prior import Pool
from bailiwick.watch.scene import Executed, Scene

MOST_ENTRIES: Final = 16_384
MOST_POOLS: Final = 2_048
MOST_ACCOUNTS: Final = 4_096


class _Pool(msgspec.Struct, frozen=True, array_like=True, gc=False):
    days: int
    newcomers: int
    tiers: list[int]
    size: int
    size_spread: int
    sized: int
    held: dict[str, int]
    runs: float = 0.0
    runs_s: int = 0
    sellers: dict[str, int] = {}


class _Scene(msgspec.Struct, frozen=True, array_like=True, gc=False):
    symbol: int
    seen_s: int
    sign: int
    sign_us: int
    beginners: list[tuple[str, str, int, bool]]
    held: dict[str, int]
    fills: list[Executed]


class _Common(msgspec.Struct, frozen=True, array_like=True, gc=False):
    pools: dict[str, _Pool]
    accounts: dict[str, tuple[int, int]]
    scenes: list[_Scene]


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Common)


def pack_common(pools: dict[str, Pool], accounts: dict[str, Sum], scenes: dict[int, Scene]) -> bytes:
    """What the keys of services and accounts, and those that trade a symbol, have in common."""
    room = MOST_ENTRIES
    kept: dict[str, _Pool] = {}
    for service, pool in list(pools.items())[-MOST_POOLS:]:
        room -= 1 + len(pool.held) + len(pool.sellers)
        kept[service] = _Pool(
            pool.days, pool.newcomers, pool.tiers, pool.size, pool.size_spread, pool.sized, pool.held, pool.runs,
            pool.runs_s, pool.sellers,
        )  # fmt: skip
    alive = sorted([(name, each) for name, each in accounts.items() if each.value], key=lambda one: one[0])
    if len(alive) > MOST_ACCOUNTS:
        alive.sort(key=lambda one: one[1].at_s)
        del alive[:-MOST_ACCOUNTS]
    room -= len(alive)
    chosen: list[_Scene] = []
    for symbol, scene in sorted(scenes.items(), key=lambda one: -one[1].seen_s):
        entries = len(scene.beginners) + len(scene.held) + len(scene.fills)
        if not entries and not scene.sign:
            continue
        room -= 1 + entries
        if room < 0:
            break
        chosen.append(_of_scene(symbol, scene))
    chosen.reverse()  # the one that was touched last stands last
    sums = {name: (each.value, each.at_s) for name, each in alive}
    return _ENCODER.encode(_Common(kept, sums, chosen))


def _of_scene(symbol: int, scene: Scene) -> _Scene:
    beginners = [(account, *began) for account, began in scene.beginners.items()]
    return _Scene(symbol, scene.seen_s, scene.sign, scene.sign_us, beginners, scene.held, scene.fills)


def unpack_common(data: bytes, pools: dict[str, Pool], accounts: dict[str, Sum], scenes: dict[int, Scene]) -> None:
    """Take in what ``pack_common`` gave. How many keys a pool has is left as it is.

    Raises:
        ValueError: if the bytes are damaged; then nothing was taken in.
    """
    try:
        found = _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise ValueError(f"sums across keys: {error}; the snapshot is damaged, so they begin at nothing") from error
    for service, kept in found.pools.items():
        pool = pools.setdefault(service, Pool())
        if len(kept.tiers) == len(pool.tiers):
            pool.tiers = kept.tiers
        pool.days, pool.newcomers, pool.held = kept.days, kept.newcomers, kept.held
        pool.size, pool.size_spread, pool.sized = kept.size, kept.size_spread, kept.sized
        pool.runs, pool.runs_s, pool.sellers = kept.runs, kept.runs_s, kept.sellers
    for name, (value, at_s) in found.accounts.items():
        made = accounts[name] = Sum()
        made.value, made.at_s = value, at_s
    for each in found.scenes:
        scene = scenes[each.symbol] = Scene()
        scene.seen_s, scene.sign, scene.sign_us, scene.held = each.seen_s, each.sign, each.sign_us, each.held
        scene.beginners = {account: (service, at_s, fair) for account, service, at_s, fair in each.beginners}
        scene.fills = each.fills
