"""Sealed records as a rotation of the vault key walks them, in a real database."""

from pathlib import Path

import msgspec
import pytest

from bailiwick.model.credential import Purpose, Sealed, make_key_id
from bailiwick.model.party import (
    Account,
    Credential,
    Key,
    KeyKind,
    KeyState,
    Service,
    Venue,
    credential_record,
    key_record,
)
from bailiwick.model.secret import Secret
from bailiwick.store.changes import ChangeKind
from bailiwick.store.store import Store
from bailiwick.vault.custody import Root
from bailiwick.vault.keyringfile import make_keyring, open_keyring
from bailiwick.vault.rotation import begin, retire, rewrap_rows, rotate
from bailiwick.vault.vault import Vault

ROOT = Root(Secret(bytes(32)))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(make_keyring(tmp_path / "vault.ring", ROOT, source="key-file"))


@pytest.fixture
def store(tmp_path: Path, vault: Vault) -> Store:
    """Three credentials, five HMAC keys, and one Ed25519 key that has nothing sealed."""
    store = Store.open(tmp_path / "bailiwick.db")
    store.venues.add(Venue("v", "V", "binance", "https://v.example"))
    store.services.add(Service("bot", "Bot"))
    for number in range(3):
        name = f"account-{number}"
        store.accounts.add(Account(name, "v", name, "alice"))
        record = credential_record(f"up-{number}", name)
        sealed = vault.sealer().seal(record, Purpose.UPSTREAM_HMAC, Secret(b"up %d" % number))
        store.attach_credential(Credential(f"up-{number}", name, sealed.purpose, "api", sealed.envelope))
    for number in range(5):
        key_id = make_key_id("account-0", number.to_bytes(16))
        issued = vault.seal(key_record(key_id, "account-0"), Purpose.ISSUED_HMAC, Secret(b"key %d" % number))
        store.keys.add(Key(key_id, "account-0", "bot", KeyKind.HMAC, "g", KeyState.ACTIVE, 1, issued.envelope))
    public_id = make_key_id("account-0", (99).to_bytes(16))
    store.keys.add(Key(public_id, "account-0", "bot", KeyKind.ED25519, "g", KeyState.ACTIVE, 1, None, b"der"))
    return store


def plaintexts(vault: Vault, store: Store) -> list[bytes]:
    sealed = [row.sealed() for row in store.credentials.list()]
    sealed += [row.sealed() for row in store.keys.load() if row.kind is KeyKind.HMAC]
    return sorted(vault.unseal(one).reveal() for one in sealed)


EXPECTED = sorted([b"up %d" % number for number in range(3)] + [b"key %d" % number for number in range(5)])


@pytest.mark.parametrize("limit", range(1, 10))
def test_every_sealed_record_is_walked_once(store: Store, limit: int) -> None:
    """In steps of any size the walk meets each credential and key once, and nothing that is not sealed."""
    seen: list[Sealed] = []
    last = None
    while batch := store.sealed_elsewhere(bytes(8), limit, last):
        assert len(batch) <= limit
        seen += batch
        last = batch[-1]
    assert len(seen) == len({sealed.record for sealed in seen}) == 8
    store.close()


def test_records_of_the_current_key_are_passed_over(store: Store, vault: Vault) -> None:
    """What needs the key that is asked for is not in the walk."""
    assert store.sealed_elsewhere(vault.keyring.current.id, 100) == []
    store.close()


def test_a_rotation_over_a_real_database(store: Store, vault: Vault, tmp_path: Path) -> None:
    """Every row is under the new key, opens to what it was, and has a number so that copies are read again."""
    start = store.last_change()
    assert rotate(tmp_path / "vault.ring", ROOT, vault, store, batch_rows=3) == 8
    changes = store.changes_since(start)
    assert len(changes) == 8
    assert {change.kind for change in changes} == {ChangeKind.CREDENTIAL, ChangeKind.KEY}
    assert retire(tmp_path / "vault.ring", ROOT, store) == 1
    assert plaintexts(Vault(open_keyring(tmp_path / "vault.ring", ROOT)), store) == EXPECTED
    store.close()


def test_a_rotation_goes_on_after_a_restart(store: Store, vault: Vault, tmp_path: Path) -> None:
    """Half the rows done, then a new process: both halves are readable, and the rest is completed."""
    begin(tmp_path / "vault.ring", ROOT, vault, store)
    first = store.sealed_elsewhere(vault.keyring.current.id, 4)
    store.replace_sealed([(sealed, vault.rewrap(sealed)) for sealed in first])
    store.close()
    restarted = Vault(open_keyring(tmp_path / "vault.ring", ROOT))
    with Store.open(tmp_path / "bailiwick.db") as again:
        assert plaintexts(restarted, again) == EXPECTED
        assert rotate(tmp_path / "vault.ring", ROOT, restarted, again) == 4
        assert retire(tmp_path / "vault.ring", ROOT, again) == 1
        assert plaintexts(Vault(open_keyring(tmp_path / "vault.ring", ROOT)), again) == EXPECTED


def test_a_row_that_changed_is_left_alone(store: Store, vault: Vault, tmp_path: Path) -> None:
    """A secret replaced between reading and writing is not put back, and has no number for that."""
    begin(tmp_path / "vault.ring", ROOT, vault, store)
    (old, *_) = store.sealed_elsewhere(vault.keyring.current.id, 1)
    newer = vault.seal(old.record, old.purpose, Secret(b"newer"))
    credential = store.credentials.get("up-0")
    store.attach_credential(Credential("up-0", credential.account, newer.purpose, "api", newer.envelope))
    start = store.last_change()
    assert store.replace_sealed([(old, vault.rewrap(old))]) == 0
    assert store.last_change() == start
    assert vault.unseal(store.credentials.get("up-0").sealed()) == Secret(b"newer")
    assert rewrap_rows(vault, store) == 7
    store.close()


def test_both_secrets_of_an_overlap_are_rewrapped(store: Store, vault: Vault) -> None:
    """During a rotation's overlap a key has two envelopes; neither is left behind under the old vault key."""
    key = store.keys.list()[0]
    older = vault.seal(key_record(key.id, key.account), Purpose.ISSUED_HMAC, Secret(b"older"))
    store.keys.update(msgspec.structs.replace(key, previous=older.envelope, previous_until=9))
    batch = store.sealed_elsewhere(bytes(8), 100)
    assert len(batch) == 9
    assert store.replace_sealed([(sealed, msgspec.structs.replace(sealed, envelope=b"new")) for sealed in batch]) == 9
    after = store.keys.get(key.id)
    assert (after.secret, after.previous) == (b"new", b"new")
