"""An account that was frozen."""

import msgspec
from ground import ACCOUNT, Ground

from bailiwick.store.store import Store


async def test_nothing_of_a_frozen_account_leaves(ground: Ground) -> None:
    """An account whose credential was taken away is refused by that name, reads and orders alike."""
    bot = ground.bot()
    with Store.open(ground.config.database) as store:
        store.accounts.update(msgspec.structs.replace(store.accounts.get(ACCOUNT), credential=None))
    ground.house.registry.refresh()
    bot.buy()
    bot.send("GET", "/api/v3/account")
    assert bot.reasons == ["ACCOUNT_CLOSED"] * 2
    assert (ground.upstream.sent, ground.reserved(bot)) == ([], 0)
