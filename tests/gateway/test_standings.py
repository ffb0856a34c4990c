"""What the standing of a service, and its limit for all keys, do to its keys in the gateway."""

import msgspec
from ground import SERVICE, Ground
from test_registry import change

from bailiwick.gateway.upstream import Failure, Origin, Pool
from bailiwick.model.life import KeyState
from bailiwick.model.party import Standing
from bailiwick.model.request import Outgoing
from bailiwick.store.store import Store


def compromise(store: Store, to: KeyState = KeyState.WINDING_DOWN) -> None:
    """The row of the service as the act leaves it; those of its keys have not followed yet."""
    service = store.services.get(SERVICE)
    store.services.update(msgspec.structs.replace(service, standing=Standing.COMPROMISED, reaction=to))


def give_back(store: Store, key: str) -> None:
    """What a person's word does for one key."""
    with store.writing() as connection:
        store.holders.reopen_in(connection, [key], 1, named=True)
        store.holders.restore_in(connection, SERVICE, [key])


async def test_one_row_freezes_every_key(ground: Ground) -> None:
    """A service frozen by the act: all its keys are judged frozen, whatever their own rows still say."""
    bot, asleep = ground.bot(), ground.bot()
    assert ground.live(bot).state is KeyState.ACTIVE
    change(ground, lambda store: compromise(store, KeyState.FROZEN))
    bot.buy()
    asleep.buy()
    assert [*bot.reasons, *asleep.reasons] == ["KEY_FROZEN", "KEY_FROZEN"]


async def test_a_restored_key_opens_and_the_others_do_not(ground: Ground) -> None:
    """A key that a person gave back is judged by its own state, though its service stays compromised."""
    bot, other = ground.bot(), ground.bot()
    assert bot.key is not None
    key = bot.key.id
    change(ground, compromise)
    change(ground, lambda store: give_back(store, key))
    bot.buy()
    other.buy()
    (await ground.sent()).accept("1")
    assert [*bot.reasons, *other.reasons] == [None, "KEY_WINDING_DOWN"]


async def test_an_order_that_waits_for_the_disk_does_not_leave(ground: Ground) -> None:
    """Allowed before the act and recorded after it: it is looked at again, and stays here."""
    bot = ground.bot()
    ground.disk.hold()
    bot.buy()
    change(ground, compromise)
    ground.disk.let_go()
    await ground.durable()
    assert (bot.reasons, ground.upstream.sent) == (["KEY_WINDING_DOWN"], [])
    assert ground.reserved(bot) == 0


async def test_the_rows_are_caught_up_in_parts(ground: Ground) -> None:
    """The rows follow behind the standing, a part at a time, and tell the same."""
    bots = [ground.bot() for _ in range(3)]
    change(ground, compromise)

    def follow(store: Store) -> None:
        from bailiwick.authority.compromise import following
        from bailiwick.model.life import Standstill

        with store.writing() as connection:
            store.holders.follow_in(connection, SERVICE, following(KeyState.WINDING_DOWN, lambda to: Standstill()))

    change(ground, follow)
    registry = ground.house.registry
    while registry.catch_up():
        pass
    rows = [registry.row(bot.key.id) for bot in bots if bot.key is not None]
    assert [row.state for row in rows if row is not None] == [KeyState.WINDING_DOWN] * 3


async def test_keys_of_a_limited_service_share_it_over_a_restart(ground: Ground) -> None:
    """What one key bought counts for the next, and still does when the gateway was killed in between."""
    bots = [ground.bot() for _ in range(2)]

    def limit(store: Store) -> None:
        store.services.update(msgspec.structs.replace(store.services.get(SERVICE), net_buying_bps=1))

    change(ground, limit)
    together = ground.house.registry.standings.together(SERVICE)
    assert together is not None
    bots[0].buy()
    (await ground.sent()).accept("1")
    assert together.use("BTCUSDT", ground.clock.at) == 1
    await ground.restart(crash=True)
    again = ground.house.registry.standings.together(SERVICE)
    assert again is not None
    assert (again is together, again.use("BTCUSDT", ground.clock.at)) == (False, 1)


async def test_a_limit_counts_what_was_bought_before_it(ground: Ground) -> None:
    """What keys bought before their service was given a limit counts once it has one, also over a restart."""
    bots = [ground.bot() for _ in range(2)]
    bots[0].buy()
    (await ground.sent()).accept("1")
    await ground.restart(crash=True)

    def limit(store: Store) -> None:
        store.services.update(msgspec.structs.replace(store.services.get(SERVICE), net_buying_bps=1))

    change(ground, limit)
    together = ground.house.registry.standings.together(SERVICE)
    assert together is not None
    assert together.use("BTCUSDT", ground.clock.at) == 1


class Waits:
    """Somebody who waits for a connection."""

    def __init__(self) -> None:
        self.failure: Failure | None = None

    def answered(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        raise AssertionError("nothing was sent")

    def failed(self, failure: Failure) -> None:
        self.failure = failure


async def test_only_what_is_unwanted_is_dropped_from_the_queue() -> None:
    """Of the requests that wait for a connection those of a stopped key go, and the others wait on."""
    pool = Pool(Origin("127.0.0.1", 9, None, most=0), lambda: 0.0)
    first, second = Waits(), Waits()
    for waiter in (first, second):
        pool.send(Outgoing(b"GET", b"/", (), b""), waiter)
    pool.drop_waiting(lambda waiter: waiter is first)
    assert (first.failure, second.failure) == (Failure.NOT_SENT, None)
    pool.close()
