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


async def test_the_credential_of_a_frozen_account_does_not_stay_open(ground: Ground) -> None:
    """Once an account no longer uses its credential, its plaintext is gone from the vault's memory."""
    vault = ground.house.vault
    with Store.open(ground.config.database) as store:
        sealed = store.credentials.get(store.accounts.get(ACCOUNT).credential or "").sealed()
        vault.hmac_secret(sealed)
        assert vault._secrets.find(sealed) is not None
        store.accounts.update(msgspec.structs.replace(store.accounts.get(ACCOUNT), credential=None))
    ground.house.registry.refresh()
    assert vault._secrets.find(sealed) is None
