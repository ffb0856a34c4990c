"""Floods that the watch itself could be made to write."""

from collections.abc import AsyncIterator

import pytest
from ground import Ground
from test_watching import THIN, events, gone, thin_market
from test_watching_whole import Both, steal, with_a_past

from bailiwick.authority.verbs import EditKey
from bailiwick.gateway.watching import MOST_ORIGINS, SPARED_US
from bailiwick.model.life import KeyState, Response
from bailiwick.store.store import Store


@pytest.fixture
async def both(ground: Ground) -> AsyncIterator[Both]:
    with Store.open(ground.config.database) as store:
        yield Both(ground, store)


async def test_a_thief_whose_key_goes_on_writes_few_approvals(both: Both) -> None:
    """Where an owner chose to be told and no more, every strange order is held, and he is asked as often as ever."""
    ground = both.ground
    bot, _ = await with_a_past(both)
    await both.say(EditKey(id=ground.live(bot).id, on_alert=Response.NOTICE))
    await both.hear()
    before = gone(ground)
    for place in range(30):
        bot.place("BUY", str(50 + place), "105", symbol=THIN)
        await both.hear()
    raised = [len(await events(ground, kind)) for kind in ("watch_suspect", "watch_hold")]
    assert (set(bot.reasons[-30:]), gone(ground) - before, raised) == ({"HELD"}, 0, [1, 10])
    assert (len(both.store.holds.list(limit=500)), both.state(bot)) == (11, KeyState.ACTIVE)


async def test_sparing_ends(both: Both) -> None:
    """Ten minutes on a key is taken for stolen anew, by its next strange order."""
    ground = both.ground
    bot, _ = await with_a_past(both)
    await both.say(EditKey(id=ground.live(bot).id, on_alert=Response.NOTICE))
    await both.hear()
    for _ in range(2):
        steal(bot)
        await both.hear()
        ground.clock.at += SPARED_US
        ground.fresh_prices()
        thin_market(ground)
    assert len(await events(ground, "watch_suspect")) == 2


async def test_addresses_and_names_of_a_client_are_remembered_to_a_bound(ground: Ground) -> None:
    """A client that comes by thousands of names costs the gateway no more memory than one of a hundred."""
    bot = ground.bot()
    for place in range(3 * MOST_ORIGINS):
        signed = bot.key.sign(bot.payload(coin="USDT", address="x", amount="1")) if bot.key else ""
        bot.raw(
            "POST", "/sapi/v1/capital/withdraw/apply", body=signed, key=bot.key.id if bot.key else "",
            headers=f"User-Agent: name-{place}\r\n",
        )  # fmt: skip
    assert 0 < len(ground.live(bot).origins) <= MOST_ORIGINS
