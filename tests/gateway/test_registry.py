"""Changes to keys, services and accounts: in force at once, and nothing opens while they cannot be read."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from ground import ACCOUNT, BOT, SERVICE, Client, Ground, report

from bailiwick.gateway import registry as registry_module
from bailiwick.model.grant import grant_to_toml
from bailiwick.model.party import KeyState, Standing
from bailiwick.store.errors import StoreError
from bailiwick.store.store import Store

OPEN = "/api/v3/openOrders"


def change(ground: Ground, edit: Callable[[Store], object]) -> None:
    """Change the store as the control process does, and let the gateway read it."""
    with Store.open(ground.config.database) as store:
        edit(store)
    ground.house.registry.refresh()


def move(ground: Ground, bot: Client, state: KeyState) -> None:
    """Bring a key into a state."""
    assert bot.key is not None
    key_id = bot.key.id
    change(ground, lambda store: store.keys.move(key_id, state, account=ACCOUNT))


async def holding(ground: Ground) -> Client:
    """A bot that bought one BTC and has an order in the book."""
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept("1")
    bot.buy(newClientOrderId="resting")
    (await ground.sent()).accept()
    bot.transport.written = b""
    ground.upstream.sent.clear()
    return bot


async def try_all(ground: Ground, bot: Client) -> list[str | None]:
    """Buy, sell what was bought, read and cancel; the reasons of refusal."""
    for send in (
        lambda client: client.buy(),
        lambda client: client.place("SELL", "1"),
        lambda client: client.send("GET", OPEN, symbol="BTCUSDT"),
        lambda client: client.send("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="resting"),
    ):
        client = ground.client(bot.key)
        send(client)
        await ground.durable()
        if ground.upstream.open:
            sent = ground.upstream.take()
            if sent.method == "POST":
                sent.refuse()
            else:
                sent.answer(200, [] if sent.method == "GET" else report("resting", status="CANCELED"))
        bot.transport.written += client.transport.written
    return bot.reasons


async def test_a_frozen_key_reads_and_does_nothing_else(ground: Ground) -> None:
    """From the change that froze it a key neither opens nor cancels nor reduces."""
    bot = await holding(ground)
    move(ground, bot, KeyState.FROZEN)
    assert await try_all(ground, bot) == ["KEY_FROZEN", "KEY_FROZEN", None, "KEY_FROZEN"]


async def test_a_revoked_key_is_nothing(ground: Ground) -> None:
    """A revoked key does not even read."""
    bot = await holding(ground)
    move(ground, bot, KeyState.REVOKED)
    assert await try_all(ground, bot) == ["KEY_REVOKED"] * 4


async def test_a_key_that_winds_down_exits(ground: Ground) -> None:
    """Winding down a key reads, cancels and sells what it bought."""
    bot = await holding(ground)
    move(ground, bot, KeyState.WINDING_DOWN)
    assert await try_all(ground, bot) == ["KEY_WINDING_DOWN", None, None, None]


async def test_a_compromised_service_winds_all_its_keys_down(ground: Ground) -> None:
    """One change of a service's standing reaches every key of it, in use or not."""
    bot = await holding(ground)
    asleep = ground.client(ground.issue())
    change(
        ground,
        lambda store: store.services.update(
            msgspec.structs.replace(store.services.get(SERVICE), standing=Standing.COMPROMISED)
        ),
    )
    asleep.buy()
    assert asleep.reasons == ["KEY_WINDING_DOWN"]
    assert await try_all(ground, bot) == ["KEY_WINDING_DOWN", None, None, None]


async def test_limits_of_an_account_narrow_every_key(ground: Ground) -> None:
    """What an account's owner limits holds for keys whose grant allows more, from the change on."""
    bot = ground.bot()
    limits = "[how_much]\norder_notional = 150\n"
    change(
        ground,
        lambda store: store.accounts.update(msgspec.structs.replace(store.accounts.get(ACCOUNT), limits=limits)),
    )
    bot.buy("2")
    bot.buy("1")
    (await ground.sent()).accept()
    assert bot.reasons == ["ORDER_NOTIONAL", None]


async def test_an_edit_keeps_what_was_used(ground: Ground) -> None:
    """Budgets hang on the key's id: another grant, or another secret, resets none of them."""
    bot = ground.bot()
    for _ in range(4):
        bot.buy("5")
        (await ground.sent()).accept("5")
    narrower = msgspec.structs.replace(BOT, how_much=msgspec.structs.replace(BOT.how_much, day_notional=Decimal(2100)))
    assert bot.key is not None
    key_id = bot.key.id
    change(
        ground,
        lambda store: store.keys.update(msgspec.structs.replace(store.keys.get(key_id), grant=grant_to_toml(narrower))),
    )
    bot.buy("2")
    bot.buy("1")
    (await ground.sent()).accept()
    assert bot.reasons[4:] == ["DAY_NOTIONAL", None]


async def test_an_order_under_way_is_settled_for_the_key_as_it_is_now(ground: Ground) -> None:
    """A change while an order is on its way loses neither its reservation nor its fill."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    sent = await ground.sent()
    move(ground, bot, KeyState.FROZEN)
    assert ground.reserved(bot) == 100
    sent.accept("1")
    assert (ground.reserved(bot), ground.spent(bot)) == (0, 100)


async def test_a_key_issued_while_it_runs_is_found(ground: Ground) -> None:
    """A key that was unknown a moment ago is served once its change is read."""
    client = ground.client()
    client.raw("GET", "/api/v3/account?timestamp=1&signature=00", key="bwk_nobody")
    bot = ground.bot()
    bot.send("GET", "/api/v3/account")
    ground.upstream.take().answer(200, report("x"))
    assert bot.reasons == [None]


async def test_a_stale_registry_denies_what_opens(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """While changes cannot be read nothing opens, since the key may have been revoked; exits and reads pass."""
    bot = await holding(ground)
    monkeypatch.setattr(registry_module, "STALE_S", 0.0)
    assert await try_all(ground, bot) == ["REGISTRY_STALE", None, None, None]


async def test_a_store_that_cannot_be_read_makes_the_registry_stale(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed reading is not taken for one without changes, and the next that succeeds opens again."""
    bot = await holding(ground)
    house = ground.house

    def unreadable(number: int) -> list[object]:
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(house.store, "changes_since", unreadable)
        with pytest.raises(StoreError):
            await house.refresh()
        house.registry._read_at -= 3600
        assert not house.registry.fresh
        bot.buy()
    await house.refresh()
    assert bot.reasons == ["REGISTRY_STALE"]
    assert house.registry.fresh


async def test_a_change_half_read_is_read_again(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where reading the changed rows fails the change is not counted as in force."""
    bot = ground.bot()
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        store.keys.move(bot.key.id, KeyState.FROZEN, account=ACCOUNT)
    house = ground.house

    def unreadable(ids: object = None) -> list[object]:
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(house.store.keys, "load", unreadable)
        with pytest.raises(StoreError):
            house.registry.refresh()
    house.registry.refresh()
    bot.buy()
    assert bot.reasons == ["KEY_FROZEN"]


async def test_a_credential_of_another_account_does_not_serve(ground: Ground) -> None:
    """An upstream credential moved to another record does not open: sealed for one, it is nothing for another."""
    bot = ground.bot()

    def swap(store: Store) -> None:
        credential = store.credentials.get("main")
        broken = bytearray(credential.envelope)
        broken[-1] ^= 1
        store.credentials.update(msgspec.structs.replace(credential, envelope=bytes(broken)))

    change(ground, swap)
    bot.buy()
    assert bot.reasons == ["CREDENTIAL_SEALED"]
