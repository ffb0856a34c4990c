"""Native keys in the store: kept whole, walked by a rotation of the vault key, and noted without undoing an act."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bailiwick.model.credential import Purpose
from bailiwick.model.native import Native, Origin, Said, native_record
from bailiwick.model.party import Account, KeyState, Service, Venue
from bailiwick.model.secret import Secret
from bailiwick.store.errors import ConflictError
from bailiwick.store.store import Store
from bailiwick.vault.custody import Root
from bailiwick.vault.keyringfile import make_keyring
from bailiwick.vault.rotation import rotate
from bailiwick.vault.vault import Vault

ROW = Native(
    id="n", account="main", email="sub@example.com", service="skyrex", origin=Origin.ISSUED, state=KeyState.ACTIVE,
    created=5, api_key="k" * 64, addresses=("203.0.113.7",), symbols=("BTCUSDT",),
    said=Said(trade=True, bound=True, addresses=("203.0.113.7",)), read_at=6, seen={"BTCUSDT": 9},
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """With the account and the service that a native key refers to."""
    with Store.open(tmp_path / "bailiwick.db") as made:
        made.venues.add(Venue("binance", "Binance", "binance", "https://api.binance.com"))
        made.accounts.add(Account("main", "binance", "Main", "Ada"))
        made.services.add(Service("skyrex", "Skyrex"))
        yield made


def test_a_native_key_is_kept_whole(store: Store) -> None:
    """What was written is read, by id, by service and by account."""
    store.native.add(ROW)

    assert store.native.get("n") == ROW
    assert list(store.native.list(service="skyrex")) == list(store.native.list(account="main")) == [ROW]
    assert list(store.native.list(service="other")) == []


def test_a_native_key_needs_its_account_and_service(store: Store) -> None:
    """Neither an unknown service nor an id that is taken is accepted."""
    with pytest.raises(ConflictError):
        store.native.add(msgspec.structs.replace(ROW, service="nobody"))
    store.native.add(ROW)
    with pytest.raises(ConflictError):
        store.native.add(ROW)


def test_noting_what_was_read_undoes_no_act(store: Store) -> None:
    """A round that read before a person's act writes after it: the state that the person chose stands."""
    store.native.add(ROW)
    store.native.update(msgspec.structs.replace(ROW, state=KeyState.WINDING_DOWN))

    store.native.note("n", said=Said(trade=False), read_at=9)

    found = store.native.get("n")
    assert (found.state, found.said, found.read_at) == (KeyState.WINDING_DOWN, Said(trade=False), 9)


def test_a_rotation_of_the_vault_key_takes_the_reading_keys_along(store: Store, tmp_path: Path) -> None:
    """After a rotation the reading key still opens, under the new vault key."""
    root = Root(Secret(os.urandom(32)))
    path = tmp_path / "keyring.json"
    vault = Vault(make_keyring(path, root, source="key-file"))
    sealed = vault.seal(native_record("n", "main"), Purpose.UPSTREAM_HMAC, Secret(b"reads"))
    store.native.add(msgspec.structs.replace(ROW, watch_key="w" * 64, watch=sealed.envelope))

    assert rotate(path, root, vault, store) == 1

    after = store.native.get("n").watch
    assert after is not None
    assert after != sealed.envelope
    moved = msgspec.structs.replace(sealed, envelope=after)
    assert vault.unseal(moved).reveal() == b"reads"
    assert store.sealed_elsewhere(vault.keyring.current.id, 10) == []
