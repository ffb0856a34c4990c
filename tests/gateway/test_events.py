"""Events: in the journal first, told once durable, and told again out of the journal to whoever was not there."""

import asyncio

import msgspec
from ground import ACCOUNT, SERVICE, Ground

from bailiwick.gateway import events as events_module
from bailiwick.gateway.events import Events
from bailiwick.gateway.verbs import handlers
from bailiwick.journal import record
from bailiwick.link import questions as ask
from bailiwick.link.wire import Peer
from bailiwick.model.party import KeyState
from bailiwick.store.store import Store

PEER = Peer(1, 0)


def events_of(ground: Ground) -> Events:
    return ground.house.gateway.chronicle.events


async def all_of(ground: Ground, after: int = -1) -> list[ask.Event]:
    """Everything behind a position, however many answers it takes."""
    found: list[ask.Event] = []
    while True:
        answer = await handlers(ground.house)[ask.Events](ask.Events(after=after), PEER)
        found += answer.events
        if answer.up_to <= after:
            return found
        after = answer.up_to


async def test_an_event_is_told_only_once_it_is_durable(ground: Ground) -> None:
    """While its record is not on the disk an event is told to nobody, and its position is not passed over."""
    await ground.durable()
    ground.disk.hold()
    position = events_of(ground).raise_("hold", "bwk_1", ACCOUNT, {"what": "a withdrawal"})
    before = await events_of(ground).after(-1, 0)
    assert (before.events, before.up_to < position) == ((), True)
    ground.disk.let_go()
    await ground.durable()
    (event,) = await all_of(ground)
    assert (event.position, event.kind, event.detail) == (position, "hold", {"what": "a withdrawal"})


async def test_whoever_waits_is_woken(ground: Ground) -> None:
    """A question that waits is answered when something happens, and not at the end of its time."""
    await ground.durable()
    at = ground.house.journal.position - 1
    waiting = asyncio.create_task(events_of(ground).after(at, 25))
    await asyncio.sleep(0)
    events_of(ground).raise_("leak", "", "", {})
    async with asyncio.timeout(10):
        answer = await waiting
    assert [event.kind for event in answer.events] == ["leak"]


async def test_what_was_missed_is_read_from_the_journal(ground: Ground) -> None:
    """After a restart every event is told again to whoever has not heard it, in order, and none to whoever has."""
    for number in range(3):
        events_of(ground).raise_("hold", f"bwk_{number}", ACCOUNT, {})
    await ground.durable()
    heard = await all_of(ground)
    await ground.restart(crash=True)
    assert await all_of(ground) == heard
    assert await all_of(ground, heard[0].position) == heard[1:]
    assert await all_of(ground, heard[-1].position) == []


async def test_a_long_journal_is_read_in_pieces(ground: Ground, monkeypatch: object) -> None:
    """One answer looks through a bounded part of the journal; asking on finds the rest."""
    events_module.SCANNED, before = 2, events_module.SCANNED
    try:
        for number in range(7):
            events_of(ground).raise_("hold", f"bwk_{number}", ACCOUNT, {})
        await ground.durable()
        await ground.restart()
        assert [event.key for event in await all_of(ground)] == [f"bwk_{number}" for number in range(7)]
    finally:
        events_module.SCANNED = before


async def test_more_events_than_are_kept_are_all_told(ground: Ground) -> None:
    """What no longer fits into memory is read from the journal."""
    count = events_module.KEPT + 50
    for number in range(count):
        events_of(ground).raise_("hold", f"bwk_{number}", ACCOUNT, {})
    await ground.durable()
    assert len(await all_of(ground)) == count


async def test_a_flood_of_the_same_is_one_event(ground: Ground) -> None:
    """The same event of the same key is raised once in its while; the next says how many were left out."""
    clock = [10**15]
    events = Events(ground.house.journal, ground.config.journal_directory, lambda: clock[0])
    positions = [events.raise_("refused", "bwk_1", ACCOUNT, {}, once_us=1000) for _ in range(5)]
    clock[0] += 1000
    events.raise_("refused", "bwk_1", ACCOUNT, {}, once_us=1000)
    await ground.durable()
    assert positions[1:] == [-1] * 4
    assert [event.detail for event in ground.records(record.Event)] == [(), (("more", "4"),)]


async def test_the_first_use_of_a_removed_key_is_an_event(ground: Ground) -> None:
    """A verified request of a revoked key is told of, with where it came from; a forged one is not."""
    bot = ground.bot()
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        store.keys.move(bot.key.id, KeyState.REVOKED, account=ACCOUNT)
    ground.house.registry.refresh()
    bot.raw("GET", "/api/v3/account?timestamp=1&signature=" + "0" * 64, key=bot.key.id)
    await ground.durable()
    assert await all_of(ground) == []
    bot.send("GET", "/api/v3/account")
    bot.send("GET", "/api/v3/account")
    await ground.durable()
    (event,) = await all_of(ground)
    assert (event.kind, event.key, event.account) == ("removed_key_used", bot.key.id, ACCOUNT)
    assert event.detail["source"] == "127.0.0.1"


async def test_a_client_that_its_service_has_not_named_is_an_event(ground: Ground) -> None:
    """Where a service names its clients, another is told of once a day and hindered in nothing; else nobody is."""
    bot = ground.bot()
    bot.send("GET", "/api/v3/account")
    (await ground.sent()).answer(200, {})
    await ground.durable()
    (known,) = {each.digest for each in ground.records(record.Fingerprint)}
    assert await all_of(ground) == []
    for named, events in (((known,), 0), (("0" * 16,), 1)):
        with Store.open(ground.config.database) as store:
            store.services.update(msgspec.structs.replace(store.services.get(SERVICE), fingerprints=named))
        ground.house.registry.refresh()
        for _ in range(2):
            bot.send("GET", "/api/v3/account")
            (await ground.sent()).answer(200, {})
        await ground.durable()
        assert len(await all_of(ground)) == events
    (event,) = await all_of(ground)
    assert bot.key is not None
    assert (event.kind, event.key, event.detail["fingerprint"]) == ("unfamiliar_client", bot.key.id, known)
    assert bot.reasons == [None] * 5


async def test_a_client_that_reads_2015_has_an_owner_who_reads_why(ground: Ground) -> None:
    """Where the client is told "Invalid API-key, IP, or permissions", an event says which of these it was."""
    bot = ground.bot()
    bot.send("POST", "/sapi/v1/capital/withdraw/apply", coin="USDT", address="x", amount="1")
    status, body = bot.answers[-1]
    await ground.durable()
    events = await all_of(ground)
    assert (status, body["code"]) == (401, -2015)
    assert [event.detail["reason"] for event in events if event.kind == "refused"] == [bot.reason]
