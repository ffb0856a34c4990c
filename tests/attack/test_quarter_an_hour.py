"""A suspect key sells a quarter of a position an hour, whatever happens to the gateway in that hour."""

import msgspec
import pytest
from ground import ACCOUNT, Ground
from rules_ground import order
from test_winding import SELL, holding, replace

from bailiwick.model.decision import Allow
from bailiwick.model.life import Cause, KeyState, Standstill
from bailiwick.model.reason import Reason
from bailiwick.store.store import Store


@pytest.mark.parametrize("crash", [False, True])
async def test_a_crash_gives_a_suspect_key_no_second_quarter(ground: Ground, crash: bool) -> None:
    """What was sold before a crash counts after it, though no snapshot knew yet that the key is suspect."""
    bot = ground.bot()
    bot.buy("1")
    (await ground.sent()).accept("1")
    await ground.house.snapshots.take()
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        store.keys.move(bot.key.id, KeyState.WINDING_DOWN, account=ACCOUNT, still=Standstill(Cause.LEAK, (), 1))
    ground.house.registry.refresh()
    bot.place("SELL", "0.25")
    (await ground.sent()).accept("0.25")
    await ground.durable()
    await ground.restart(crash=crash)
    ground.house.gateway.trusts_after_us = 0  # as a few seconds later
    again = ground.client(bot.key)
    again.place("SELL", "0.15")
    assert (bot.reasons, again.reasons) == ([None, None], ["KEY_WINDING_DOWN"])


async def test_what_rests_counts_before_the_key_is_used_again(ground: Ground) -> None:
    """A sale that rested when the key became suspect, and is executed before its next request, is of the quarter."""
    bot = ground.bot()
    bot.buy("1")
    (await ground.sent()).accept("1")
    bot.place("SELL", "0.25")
    resting = await ground.sent()
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        store.keys.move(bot.key.id, KeyState.WINDING_DOWN, account=ACCOUNT, still=Standstill(Cause.LEAK, (), 1))
    ground.house.registry.refresh()
    resting.accept("0.25")
    await ground.durable()
    bot.place("SELL", "0.15")
    assert bot.reasons == [None, None, "KEY_WINDING_DOWN"]


def test_a_replacement_that_keeps_the_old_sale_is_no_second_quarter() -> None:
    """A cancel that is made to fail leaves the old sale in the book: with ALLOW_FAILURE half a position would leave."""
    made = holding(suspect=True)
    resting = order(SELL, 1, 102)
    assert isinstance(made.send(resting), Allow)
    again = replace(resting, order(SELL, 1, 101))
    assert made.reason(again) is None
    assert made.reason(msgspec.structs.replace(again, keep_on_failure=True)) == Reason.KEY_WINDING_DOWN
