"""The life of a key as the gateway judges it: its account's state, its cause, its two secrets, and when it was used."""

import dataclasses

import msgspec
import pytest
from ground import ACCOUNT, Client, Ground

from bailiwick.gateway.overlap import Overlap, tell_uses
from bailiwick.model.credential import Purpose
from bailiwick.model.life import Cause, KeyState, Standstill
from bailiwick.model.party import key_record
from bailiwick.model.secret import Secret
from bailiwick.store.errors import StoreError
from bailiwick.store.store import Store


def hold_account(ground: Ground, state: KeyState) -> None:
    with Store.open(ground.config.database) as store:
        store.accounts.update(msgspec.structs.replace(store.accounts.get(ACCOUNT), state=state))
    ground.house.registry.refresh()


def move(ground: Ground, bot: Client, state: KeyState, still: Standstill) -> None:
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        store.keys.move(bot.key.id, state, account=ACCOUNT, still=still)
    ground.house.registry.refresh()


async def test_a_frozen_account_is_not_blind(ground: Ground) -> None:
    """Every key of a frozen account reads, and opens nothing; unfrozen it is as before."""
    bot = ground.bot()
    hold_account(ground, KeyState.FROZEN)
    bot.buy()
    bot.send("GET", "/api/v3/account")
    (await ground.sent()).answer(200, {})
    hold_account(ground, KeyState.ACTIVE)
    bot.buy()
    (await ground.sent()).accept("1")
    assert bot.reasons == ["KEY_FROZEN", None, None]


async def test_an_account_that_winds_down_lets_its_keys_sell(ground: Ground) -> None:
    """What a key bought it sells while its account winds down, and buys nothing."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept("1")
    hold_account(ground, KeyState.WINDING_DOWN)
    bot.buy()
    bot.place("SELL", "1")
    (await ground.sent()).accept("1")
    assert bot.reasons == [None, "KEY_WINDING_DOWN", None]


async def test_a_suspicion_reaches_the_rules(ground: Ground) -> None:
    """From the change that names a suspected symbol on, a key does nothing there, and sells slowly elsewhere."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept("1")
    move(ground, bot, KeyState.WINDING_DOWN, Standstill(Cause.SUSPICION, (), 1))
    bot.place("SELL", "0.5")
    bot.place("SELL", "0.25")
    (await ground.sent()).accept("0.25")
    bot.place("SELL", "0.01")
    assert bot.reasons == [None, "KEY_WINDING_DOWN", None, "KEY_WINDING_DOWN"]
    assert ground.live(bot).ledger.slow


async def test_home_assets_of_the_account_reach_the_rules(ground: Ground) -> None:
    """A key that winds down knows the home assets of its account as they are now, whenever they were changed."""
    bot = ground.bot()
    move(ground, bot, KeyState.WINDING_DOWN, Standstill(Cause.OWNER, (), 1))
    curb = ground.live(bot).curb
    assert curb is not None
    assert curb.home == {"USDT"}
    with Store.open(ground.config.database) as store:
        store.accounts.update(msgspec.structs.replace(store.accounts.get(ACCOUNT), home_assets=("EUR", "USDT")))
    ground.house.registry.refresh()
    curb = ground.live(bot).curb
    assert curb is not None
    assert curb.home == {"EUR", "USDT"}


async def test_the_end_of_a_wind_down_needs_no_control_process(ground: Ground) -> None:
    """Past its moment a wind-down is a freeze in the gateway, whatever state the store still names."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept("1")
    move(ground, bot, KeyState.WINDING_DOWN, Standstill(Cause.OWNER, (), 1, 2))
    bot.place("SELL", "1")
    assert bot.reasons == [None, "KEY_FROZEN"]


async def test_both_secrets_sign_during_an_overlap(ground: Ground) -> None:
    """Until its moment the old secret is believed beside the new one, and both use one ledger; afterwards it is not."""
    bot = ground.bot()
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        old = store.keys.get(bot.key.id).secret
    fresh = b"bws_fresh"
    for until, reason in ((1 << 42, None), (1, "SIGNATURE_WRONG")):
        with Store.open(ground.config.database) as store:
            key = store.keys.get(bot.key.id)
            sealed = ground.house.vault.seal(key_record(key.id, ACCOUNT), Purpose.ISSUED_HMAC, Secret(fresh))
            overlap = msgspec.structs.replace(key, secret=sealed.envelope, previous=old, previous_until=until)
            store.keys.update(overlap)
        ground.house.registry.refresh()
        for secret, expected in ((bot.key.secret, reason), (fresh, None)):
            client = ground.client(dataclasses.replace(bot.key, secret=secret))
            client.send("GET", "/api/v3/account")
            if expected is None:
                (await ground.sent()).answer(200, {})
            assert client.reasons == [expected], (until, secret)


async def test_the_use_of_an_old_secret_is_an_event(ground: Ground) -> None:
    """Who still signs with the earlier secret during an overlap is told of once a day, with until when it works."""
    bot = ground.bot()
    assert bot.key is not None
    fresh = b"bws_fresh"
    with Store.open(ground.config.database) as store:
        key = store.keys.get(bot.key.id)
        sealed = ground.house.vault.seal(key_record(key.id, ACCOUNT), Purpose.ISSUED_HMAC, Secret(fresh))
        store.keys.update(
            msgspec.structs.replace(key, secret=sealed.envelope, previous=key.secret, previous_until=1 << 42)
        )
    registry, events = ground.house.registry, ground.house.gateway.chronicle.events
    registry.refresh()
    told = []
    for secret in (fresh, bot.key.secret, bot.key.secret):
        ground.client(dataclasses.replace(bot.key, secret=secret)).send("GET", "/api/v3/account")
        (await ground.sent()).answer(200, {})
        tell_uses(registry.overlaps, registry.account_of, events)
        await ground.durable()
        told.append([(each.kind, each.key, each.account) for each in (await events.after(-1, 0)).events])
    once = [("previous_secret_used", bot.key.id, ACCOUNT)]
    assert told == [[], once, once]
    assert (await events.after(-1, 0)).events[0].detail["until"] == "2109-05-15T07:35:11Z"


async def test_use_and_trade_are_noted_apart(ground: Ground) -> None:
    """A read counts as use and not as a trade; what is refused counts as neither; noted once, and no more."""
    reader, trader, refused = ground.bot(), ground.bot(), ground.bot()
    reader.send("GET", "/api/v3/account")
    (await ground.sent()).answer(200, {})
    trader.buy()
    (await ground.sent()).accept("1")
    refused.place("BUY", "1", symbol="NOSUCH")
    uses = ground.house.registry.uses()
    assert reader.key is not None
    assert trader.key is not None
    assert set(uses) == {reader.key.id, trader.key.id}
    assert (uses[reader.key.id].traded, uses[trader.key.id].traded == uses[trader.key.id].at) == (0, True)
    assert ground.house.registry.uses() == {}


async def test_use_outlives_a_change_of_the_key(ground: Ground) -> None:
    """A key that changes before its use was written down has been used all the same."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept("1")
    hold_account(ground, KeyState.FROZEN)
    assert bot.key is not None
    assert bot.key.id in ground.house.registry.uses()


async def test_no_use_is_forgotten_by_a_kill(ground: Ground) -> None:
    """Killed before the uses of the last seconds were written, the next start finds them in the journal."""
    reader, trader, refused = ground.bot(), ground.bot(), ground.bot()
    reader.send("GET", "/api/v3/account")
    (await ground.sent()).answer(200, {})
    trader.buy()
    (await ground.sent()).accept("1")
    refused.place("BUY", "1", symbol="NOSUCH")
    known = ground.house.registry.uses()  # and not written down
    await ground.restart(crash=True)
    await ground.house.note_uses()
    with Store.open(ground.config.database) as store:
        read, traded, nothing = (store.keys.get(bot.key.id) for bot in (reader, trader, refused) if bot.key)
    assert (read.last_used, read.last_traded) == (known[read.id].at, None)
    assert (traded.last_used, traded.last_traded) == (known[traded.id].at, known[traded.id].traded)
    assert (nothing.last_used, nothing.last_traded) == (None, None)


async def test_no_use_is_forgotten_behind_a_snapshot(ground: Ground) -> None:
    """A snapshot hides the records before it from the next start, so their uses are written down first."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept("1")
    await ground.house.snapshots.take()
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        assert store.keys.get(bot.key.id).last_traded == ground.clock.at // 1000


async def test_a_use_that_cannot_be_written_is_written_later(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that takes nothing ends no gateway, and what it did not take is written the next time."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept("1")
    keys = ground.house.store.keys
    with monkeypatch.context() as full:
        full.setattr(type(keys), "record_use", _refused)
        await ground.house.note_uses()
    await ground.house.note_uses()
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        assert store.keys.get(bot.key.id).last_used == ground.clock.at // 1000


def _refused(keys: object, uses: object) -> None:
    raise StoreError("the disk is full")


async def test_the_next_use_of_a_removed_key_is_an_event(ground: Ground) -> None:
    """A key that is being removed for idleness and is used again raises an event for its owner, once."""
    bot = ground.bot()
    move(ground, bot, KeyState.WINDING_DOWN, Standstill(Cause.IDLENESS, (), 1))
    bot.buy()
    bot.buy()
    await ground.durable()
    told = await ground.house.gateway.chronicle.events.after(-1, 0)
    assert [event.kind for event in told.events] == ["removed_key_used"]


def test_an_overlap_ends_at_its_moment() -> None:
    """In the last microsecond the old secret is believed, in the next it is not; the new one always is."""

    class Knows:
        def __init__(self, word: bytes) -> None:
            self._word = word

        def verify(self, payload: bytes, signature: bytes) -> bool:
            return signature == self._word

    for now, believed in ((99, True), (100, False)):
        both = Overlap(Knows(b"new"), Knows(b"old"), 100, lambda now=now: now)
        assert (both.verify(b"", b"new"), both.verify(b"", b"old"), both.verify(b"", b"x")) == (True, believed, False)
