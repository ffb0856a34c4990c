"""The canary: marked secrets go through everything, and then turn up nowhere."""

import base64
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bailiwick.model.credential import Purpose, Sealed, make_key_id, make_secret
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
from bailiwick.store.backup import backup, restore
from bailiwick.store.store import Store
from bailiwick.vault.custody import new_phc, root_from_passphrase
from bailiwick.vault.keyringfile import make_keyring, open_keyring
from bailiwick.vault.privatekey import normalise_private_key
from bailiwick.vault.rotation import rotate
from bailiwick.vault.transit import Transit
from bailiwick.vault.vault import Vault

UPSTREAM = b"CANARY-upstream-NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
PASSPHRASE = b"CANARY-passphrase-of-several-words"
TOKEN = b"s.CANARY-transit-token"
ISSUED = make_secret(b"CANARY-issued-secret-of-256-bits").reveal()
PRIVATE = Ed25519PrivateKey.generate()
KEY_ID = make_key_id("main", bytes(16))


def spellings(secret: bytes) -> Iterator[bytes]:
    """The ways in which a secret might be written without anybody meaning to."""
    yield secret
    yield secret.hex().encode()
    for shift in range(3):  # inside a longer run of base64, whatever came before
        yield base64.b64encode(bytes(shift) + secret)[4:-4]
    yield repr(secret).encode()[2:-1]


@pytest.mark.parametrize(
    "text",
    [
        UPSTREAM,
        b"key=" + UPSTREAM.hex().encode(),
        base64.b64encode(b"{" + UPSTREAM + b"}"),
        base64.b64encode(b"ab" + UPSTREAM),
        repr({"secret": PASSPHRASE}).encode(),
    ],
)
def test_the_search_would_find_one(text: bytes) -> None:
    """A secret written plainly, in hex, inside base64 or as a literal is recognised."""
    assert any(spelling in text for secret in (UPSTREAM, PASSPHRASE) for spelling in spellings(secret))


def caught(act: Callable[[], object]) -> str:
    """The whole text of what an act raises, chains and all."""
    try:
        act()
    except Exception as error:
        return "".join(traceback.format_exception(error)) + repr(error.args)
    pytest.fail("nothing was refused")


def faults(vault: Vault, key: Key, credential: Credential) -> str:
    """Everything that can be refused while a secret is at hand."""
    moved = Sealed("key/other/x", Purpose.ISSUED_HMAC, key.sealed().envelope)
    private_as_rsa = vault.seal("x", Purpose.UPSTREAM_RSA, Secret(UPSTREAM))
    acts: list[Callable[[], object]] = [
        lambda: vault.hmac_secret(moved),
        lambda: vault.private_key(vault.seal("x", Purpose.UPSTREAM_ED25519, Secret(UPSTREAM))),
        lambda: vault.private_key(private_as_rsa),
        lambda: normalise_private_key(Secret(b"-----BEGIN PRIVATE KEY-----\n" + UPSTREAM)),
        lambda: root_from_passphrase(Secret(PASSPHRASE), "wrong"),
        lambda: Transit("http://127.0.0.1:1", "k", Secret(TOKEN)).wrap(Secret(UPSTREAM)),
        lambda: Transit("https://localhost", "k", Secret(TOKEN + b"\xff")),
        lambda: pickle.dumps(vault.hmac_secret(key.sealed())),
        lambda: pickle.dumps(vault),
        lambda: {vault.hmac_secret(credential.sealed()): 1},
    ]
    return "".join(caught(act) for act in acts)


@pytest.mark.parametrize("by_sealer", [True, False])
def test_no_plaintext_is_found_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], by_sealer: bool
) -> None:
    """Secrets that were sealed, stored, used, rotated, backed up, restored and refused are in no file and no text."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)
    root = root_from_passphrase(Secret(PASSPHRASE), phc := new_phc())
    vault = Vault(make_keyring(tmp_path / "vault.ring", root, source="passphrase", kdf=phc))
    seal = vault.sealer().seal if by_sealer else vault.seal
    pem = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    purpose, der = normalise_private_key(Secret(pem))
    upstream = seal(credential_record("up", "main"), Purpose.UPSTREAM_HMAC, Secret(UPSTREAM))
    signing = seal(credential_record("up2", "second"), purpose, der)
    issued = seal(key_record(KEY_ID, "main"), Purpose.ISSUED_HMAC, Secret(ISSUED))
    credential = Credential("up", "main", upstream.purpose, "api-key", upstream.envelope)
    key = Key(KEY_ID, "main", "bot", KeyKind.HMAC, "g", KeyState.ACTIVE, 1, issued.envelope)
    told = ""
    with Store.open(tmp_path / "bailiwick.db") as store:
        store.venues.add(Venue("v", "V", "binance", "https://v.example"))
        store.accounts.add(Account("main", "v", "Main", "alice"))
        store.accounts.add(Account("second", "v", "Second", "alice"))
        store.services.add(Service("bot", "Bot"))
        store.attach_credential(credential)
        store.attach_credential(Credential("up2", "second", signing.purpose, "api-key-2", signing.envelope))
        store.keys.add(key)
        told += caught(lambda: store.keys.add(key))
        told += faults(vault, key, credential)
        materials = [vault.keyring.current.material.reveal()]
        assert rotate(tmp_path / "vault.ring", root, vault, store) == 3
        materials.append(vault.keyring.current.material.reveal())
        backup(store, tmp_path / "backup.one", 0, vault)
        backup(store, tmp_path / "backup.two", 0, Secret(PASSPHRASE))
        stored = store.keys.get(KEY_ID)
        told += repr(stored) + repr(store.credentials.list()) + repr(list(store.keys.load())) + repr(stored.sealed())
    restore(tmp_path / "backup.one", tmp_path / "again.db", vault, journal_position=0, revoked_after=[])
    restarted = Vault(open_keyring(tmp_path / "vault.ring", root))
    with Store.open(tmp_path / "again.db") as store:
        secret = restarted.hmac_secret(next(store.keys.load()).sealed())
        assert secret == Secret(ISSUED)
        assert restarted.hmac_secret(store.credentials.get("up").sealed()) == Secret(UPSTREAM)
        assert restarted.private_key(store.credentials.get("up2").sealed()).public_key() == PRIVATE.public_key()
        told += f"{secret} {secret!r} {secret:>10} {restarted!r} {root!r} {vault.sealer()!r} {vars(restarted)!r}"
    output = capfd.readouterr()
    texts = [told.encode(), caplog.text.encode(), output.out.encode(), output.err.encode()]
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 5
    assert any(b"KEY" in text or b"key" in text for text in texts)
    secrets = [UPSTREAM, PASSPHRASE, TOKEN, ISSUED, PRIVATE.private_bytes_raw(), der.reveal(), *materials]
    found = [
        (number, spelling)
        for number, secret_bytes in enumerate(secrets)
        for spelling in spellings(secret_bytes)
        for haystack in (*texts, *files)
        if spelling in haystack
    ]
    assert found == []


def test_rows_swapped_in_the_database_do_not_open(tmp_path: Path) -> None:
    """Whoever can write to the database cannot make one account or key pass for another."""
    vault = Vault(make_keyring(tmp_path / "ring", root_from_passphrase(Secret(b"x"), CHEAP), source="passphrase"))
    with Store.open(tmp_path / "bailiwick.db") as store:
        store.venues.add(Venue("v", "V", "binance", "https://v.example"))
        store.services.add(Service("bot", "Bot"))
        for number, name in enumerate(("one", "two")):
            store.accounts.add(Account(name, "v", name, name))
            sealed = vault.seal(credential_record(f"up-{name}", name), Purpose.UPSTREAM_HMAC, Secret(name.encode()))
            store.attach_credential(Credential(f"up-{name}", name, sealed.purpose, name, sealed.envelope))
            key_id = make_key_id(name, bytes(15) + bytes((number,)))
            issued = vault.seal(key_record(key_id, name), Purpose.ISSUED_HMAC, Secret(name.encode()))
            store.keys.add(Key(key_id, name, "bot", KeyKind.HMAC, "g", KeyState.ACTIVE, 1, issued.envelope))
        for credential in store.credentials.list():
            vault.hmac_secret(credential.sealed())  # in the cache, too
        with store.writing() as connection:
            for table, column in (("credential", "envelope"), ("key", "secret")):
                first, second = connection.exec_driver_sql(f"SELECT id, {column} FROM {table} ORDER BY id").all()
                for row_id, value in ((first[0], second[1]), (second[0], first[1])):
                    connection.exec_driver_sql(f"UPDATE {table} SET {column} = ? WHERE id = ?", (value, row_id))
        for sealed in [row.sealed() for row in store.keys.load()] + [row.sealed() for row in store.credentials.list()]:
            with pytest.raises(Exception, match="altered, or belongs to another"):
                vault.hmac_secret(sealed)
        with store.writing() as connection:  # and back, but each now of the other's account
            for table in ("credential", "key"):
                connection.exec_driver_sql(
                    f"UPDATE {table} SET account = CASE account WHEN 'one' THEN 'two' ELSE 'one' END"
                )
        for credential in store.credentials.list():
            with pytest.raises(Exception, match="altered, or belongs to another"):
                vault.hmac_secret(credential.sealed())


CHEAP = "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw"
