"""The store's rows: what is written is read, every write is numbered, and nobody writes to another's."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from bailiwick.model.credential import Purpose, make_key_id
from bailiwick.model.party import (
    Account,
    Credential,
    Key,
    KeyKind,
    KeyState,
    Service,
    Standing,
    Venue,
)
from bailiwick.store.changes import EVERYTHING, Change, ChangeKind
from bailiwick.store.errors import ConflictError, NotFoundError, StoreError
from bailiwick.store.reader import StoreReader
from bailiwick.store.rows import Use
from bailiwick.store.store import Store

NOW = 1_800_000_000_000
VENUE = Venue("binance", "Binance", "binance", "https://api.binance.com")
MAIN = Account("main", "binance", "Main", "alice", home_assets=("USDT", "BTC"), local_address="127.0.0.1")
OTHER = Account("other", "binance", "Other", "bob")
SERVICE = Service("grid", "Grid bot", "ops@example.com", ("203.0.113.0/24", "2001:db8::/32"), "[limits]")
GRANT = 'harms = ["read"]\n'


def key(number: int, account: str = "main", **fields: object) -> Key:
    plain = Key(
        id=make_key_id(account, number.to_bytes(16)),
        account=account,
        service="grid",
        kind=KeyKind.HMAC,
        grant=GRANT,
        state=KeyState.ACTIVE,
        created=NOW,
        secret=b"envelope %d" % number,
    )
    return msgspec.structs.replace(plain, **fields)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "bailiwick.db", clock=lambda: NOW) as store:
        store.venues.add(VENUE)
        store.accounts.add(MAIN)
        store.accounts.add(OTHER)
        store.services.add(SERVICE)
        yield store


def test_rows_read_back(store: Store) -> None:
    """Each sort of row comes back equal, alone and in a list by id."""
    credential = Credential("up", "main", Purpose.UPSTREAM_HMAC, "vmPUZE6mv9SD", b"envelope")
    store.attach_credential(credential)
    store.keys.add(key(1))
    assert store.venues.get("binance") == VENUE
    assert store.accounts.list() == [msgspec.structs.replace(MAIN, credential="up"), OTHER]
    assert store.services.list() == [SERVICE]
    assert store.credentials.get("up") == credential
    assert store.keys.get(key(1).id) == key(1)
    assert store.keys.list(account="main") == store.keys.list(service="grid") == [key(1)]
    assert store.keys.list(account="other") == store.keys.list(service="none") == []


def test_every_write_is_numbered(store: Store) -> None:
    """Each write has one change with the next number, and a write that alters nothing has none."""
    start = store.last_change()
    assert start == 4
    store.keys.add(key(1))
    store.keys.move(key(1).id, KeyState.FROZEN, account="main")
    store.services.update(msgspec.structs.replace(SERVICE, standing=Standing.SUSPENDED))
    store.services.update(msgspec.structs.replace(SERVICE, standing=Standing.SUSPENDED))
    assert store.changes_since(start) == [
        Change(5, ChangeKind.KEY, key(1).id, NOW),
        Change(6, ChangeKind.KEY, key(1).id, NOW),
        Change(7, ChangeKind.SERVICE, "grid", NOW),
    ]
    assert store.changes_since(7) == []


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    """A write that is refused leaves neither row nor change behind."""
    start = store.last_change()
    with pytest.raises(ConflictError):
        store.keys.add(key(1, account="nobody"))
    with pytest.raises(ConflictError):
        store.keys.add_many([key(1), key(2, account="nobody")])
    with pytest.raises(ConflictError):
        store.accounts.add(Account("third", "nowhere", "Third", "carol"))
    with pytest.raises(ConflictError):
        store.venues.add(VENUE)
    assert store.last_change() == start
    assert list(store.keys.load()) == []
    assert store.keys.grants() == {}


def test_update_gives_what_stood_before(store: Store) -> None:
    """An edit returns the row as it was, so that the difference can be shown and recorded."""
    renamed = msgspec.structs.replace(VENUE, name="Binance.com")
    assert store.venues.update(renamed) == VENUE
    assert store.venues.get("binance") == renamed
    with pytest.raises(NotFoundError):
        store.venues.update(Venue("kraken", "Kraken", "kraken", "https://api.kraken.com"))


def test_a_key_is_not_touched_by_another_owner(store: Store) -> None:
    """Freezing, revoking or editing a key in another account's name is refused as if there were no such key."""
    store.keys.add(key(1))
    with pytest.raises(NotFoundError, match="there is none"):
        store.keys.move(key(1).id, KeyState.REVOKED, account="other")
    with pytest.raises(NotFoundError, match="there is none"):
        store.keys.move(make_key_id("other", bytes(16)), KeyState.REVOKED, account="other")
    assert store.keys.get(key(1).id) == key(1)


def test_a_key_is_never_transferred(store: Store) -> None:
    """Account, service, kind and creation of a key are fixed, so that no grant survives a change of owner."""
    store.keys.add(key(1))
    store.services.add(Service("tax", "Tax tool"))
    for changed in (
        msgspec.structs.replace(key(1), service="tax"),
        msgspec.structs.replace(key(1), created=NOW + 1),
        msgspec.structs.replace(key(1), kind=KeyKind.ED25519, secret=None, public_key=b"der"),
    ):
        with pytest.raises(ConflictError, match="its own for life"):
            store.keys.update(changed)
    with pytest.raises(ValueError, match="another account"):
        msgspec.structs.replace(key(1), account="other")
    assert store.keys.get(key(1).id) == key(1)


def test_rotating_a_secret_keeps_the_key(store: Store) -> None:
    """A new secret comes under the same id: what hangs on the id (budgets, marks, history) stays."""
    store.keys.add(key(1))
    rotated = msgspec.structs.replace(key(1), secret=b"another envelope")
    assert store.keys.update(rotated) == key(1)
    assert store.keys.get(key(1).id) == rotated


def note_use(store: Store, key_id: str, used: int, traded: int = 0) -> None:
    reader = StoreReader.open(store.path)
    reader.keys.record_use({key_id: Use(used, traded)})
    reader.close()


def test_an_edit_does_not_undo_a_freeze(store: Store) -> None:
    """An edit that was begun before a key was frozen, by a sweep or a person, does not set it going again."""
    store.keys.add(key(1))
    seen = store.keys.get(key(1).id)
    store.keys.move(seen.id, KeyState.FROZEN, account="main")
    with pytest.raises(ConflictError, match="use move"):
        store.keys.update(msgspec.structs.replace(seen, name="renamed"))
    assert store.keys.get(seen.id).state is KeyState.FROZEN


def test_two_editors_do_not_overwrite_each_other(store: Store) -> None:
    """Who edits what is no longer as he saw it is told so; the time of last use does not count as an edit."""
    store.keys.add(key(1))
    seen = store.keys.get(key(1).id)
    note_use(store, seen.id, NOW + 1)
    narrowed = msgspec.structs.replace(seen, grant="harms = []")
    store.keys.update(narrowed, was=seen)
    with pytest.raises(ConflictError, match="meanwhile"):
        store.keys.update(msgspec.structs.replace(seen, name="wide again"), was=seen)
    assert store.keys.get(seen.id) == msgspec.structs.replace(narrowed, last_used=NOW + 1)
    store.services.update(msgspec.structs.replace(SERVICE, standing=Standing.COMPROMISED), was=SERVICE)
    with pytest.raises(ConflictError, match="meanwhile"):
        store.services.update(msgspec.structs.replace(SERVICE, name="Grid"), was=SERVICE)
    assert store.services.get("grid").standing is Standing.COMPROMISED


def test_many_threads_write_one_after_another(store: Store) -> None:
    """Writers at the same time lose nothing and get each a number of its own, without a gap."""
    start = store.last_change()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.keys.add(key(number)), range(40)))
        list(pool.map(lambda n: store.keys.move(key(n).id, KeyState.FROZEN, account="main"), range(40)))
    assert [change.number for change in store.changes_since(start)] == list(range(start + 1, start + 81))
    assert {one.state for one in store.keys.list()} == {KeyState.FROZEN}


def test_a_race_to_revoke_and_unfreeze_ends_revoked(store: Store) -> None:
    """However a revocation and other moves interleave, the key is revoked in the end."""

    def attempt(number: int) -> None:
        states = (KeyState.ACTIVE, KeyState.FROZEN, KeyState.WINDING_DOWN, KeyState.REVOKED)
        with contextlib.suppress(ConflictError):
            store.keys.move(key(1).id, states[number % 4], account="main")

    store.keys.add(key(1))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(40)))
    assert store.keys.get(key(1).id).state is KeyState.REVOKED


def test_a_revoked_key_stays_revoked(store: Store) -> None:
    """No move and no edit brings a revoked key back, not even a new secret or grant."""
    store.keys.add(key(1))
    store.keys.move(key(1).id, KeyState.REVOKED, account="main")
    revoked = store.keys.get(key(1).id)
    for state in set(KeyState) - {KeyState.REVOKED}:
        with pytest.raises(ConflictError):
            store.keys.move(revoked.id, state, account="main")
        with pytest.raises(ConflictError):
            store.keys.update(msgspec.structs.replace(revoked, state=state))
    with pytest.raises(ConflictError, match="revoked"):
        store.keys.update(msgspec.structs.replace(revoked, secret=b"new"))
    assert store.keys.get(key(1).id) == revoked


def test_one_transaction_revokes_every_key_of_a_service(store: Store) -> None:
    """One transaction revokes every key of a service that can be revoked, and leaves other services alone."""
    store.services.add(Service("tax", "Tax tool"))
    theirs = [key(number) for number in range(3)]
    gone = key(3, state=KeyState.REVOKED)
    spared = key(4, service="tax")
    store.keys.add_many([*theirs, gone, spared])
    start = store.last_change()
    ids = store.keys.ids([KeyState.ACTIVE], service="grid")
    with store.writing() as connection:
        store.keys.revoke_in(connection, ids)
    assert set(ids) == {one.id for one in theirs}
    states = {one.id: one.state for one in store.keys.list()}
    assert [states[one.id] for one in theirs] == [KeyState.REVOKED] * 3
    assert (states[gone.id], states[spared.id]) == (KeyState.REVOKED, KeyState.ACTIVE)
    assert {change.subject for change in store.changes_since(start)} == {one.id for one in theirs}


@pytest.mark.parametrize(
    "text", ["' OR '1'='1", "x'; DROP TABLE key; --", '" OR ""="', "%", "_" * 34, "\0", "bwk_%", "*", "🔑"]
)
def test_a_look_up_is_not_a_program(store: Store, text: str) -> None:
    """Text made to be read as SQL finds nothing and changes nothing, in every look-up by name."""
    store.keys.add(key(1))
    with pytest.raises(NotFoundError):
        store.keys.get(text)
    with pytest.raises(NotFoundError):
        store.keys.move(text, KeyState.REVOKED, account="main")
    with pytest.raises(NotFoundError):
        store.keys.move(key(1).id, KeyState.REVOKED, account=text)
    with pytest.raises(NotFoundError):
        store.venues.get(text)
    assert store.keys.list(account=text) == store.keys.list(service=text) == []
    assert list(store.keys.load([text])) == []
    assert store.keys.ids(list(KeyState), service=text) == ()
    note_use(store, text, NOW)
    assert store.keys.list() == [key(1)]


def test_credentials_stay_with_their_account(store: Store) -> None:
    """An account uses only a credential of its own, and a credential is not taken over by another account."""
    store.attach_credential(Credential("up", "main", Purpose.UPSTREAM_HMAC, "api", b"first"))
    with pytest.raises(ConflictError, match="not one of its own"):
        store.accounts.update(msgspec.structs.replace(OTHER, credential="up"))
    with pytest.raises(ConflictError, match="not one of its own"):
        store.accounts.add(Account("third", "binance", "Third", "carol", credential="up"))
    with pytest.raises(ConflictError, match="another id"):
        store.attach_credential(Credential("up", "other", Purpose.UPSTREAM_HMAC, "api", b"second"))
    with pytest.raises(NotFoundError):
        store.attach_credential(Credential("up2", "nobody", Purpose.UPSTREAM_HMAC, "api", b"second"))
    store.attach_credential(Credential("up", "main", Purpose.UPSTREAM_HMAC, "api", b"renewed"))
    assert store.credentials.get("up").envelope == b"renewed"


def test_an_account_pointed_at_anothers_credential_is_told(store: Store) -> None:
    """Whoever writes to the database by hand cannot make one account trade with another's credential unnoticed."""
    assert store.credential_of(MAIN) is None
    credential = Credential("up", "main", Purpose.UPSTREAM_HMAC, "api", b"sealed")
    store.attach_credential(credential)
    assert store.credential_of(store.accounts.get("main")) == credential
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE account SET credential = 'up' WHERE id = 'other'")
    with pytest.raises(StoreError, match="another account's"):
        store.credential_of(store.accounts.get("other"))


def test_an_account_does_not_change_its_venue(store: Store) -> None:
    """A credential sealed for one venue is never sent to another by an edit of the account."""
    store.venues.add(Venue("us", "Binance.US", "binance", "https://api.binance.us"))
    with pytest.raises(ConflictError, match="venue is its own for life"):
        store.accounts.update(msgspec.structs.replace(MAIN, venue="us"))


def test_grants_are_kept_once(store: Store) -> None:
    """A thousand keys with one grant share one text, and each key finds it."""
    store.keys.add_many(key(number) for number in range(1000))
    store.keys.update(key(5, grant='harms = ["trade"]\n'))
    grants = store.keys.grants()
    assert sorted(grants.values()) == sorted([GRANT, 'harms = ["trade"]\n'])
    rows = {row.id: row for row in store.keys.load()}
    assert len(rows) == 1000
    assert grants[rows[key(5).id].grant] == 'harms = ["trade"]\n'
    assert rows[key(6).id].grant is rows[key(7).id].grant


def test_loading_gives_what_was_stored(store: Store) -> None:
    """The fast reading and the careful one agree, for all keys and for those named."""
    public = key(2, kind=KeyKind.ED25519, secret=None, public_key=b"der", expires=NOW + 1, state=KeyState.PENDING)
    store.keys.add_many([key(1), public])
    assert store.changes_since(4) == [Change(5, ChangeKind.KEY, EVERYTHING, NOW)]
    (row,) = store.keys.load([public.id, "unknown"])
    assert (row.kind, row.material, row.state, row.expires) == (KeyKind.ED25519, b"der", KeyState.PENDING, NOW + 1)
    with pytest.raises(ValueError, match="no secret"):
        row.sealed()
    (hmac,) = store.keys.load([key(1).id])
    assert hmac.sealed() == key(1).sealed()
    assert len(list(store.keys.load())) == 2


def test_use_is_noted_and_never_moved_back(store: Store) -> None:
    """The time of last use only grows, and noting it wakes nobody up."""
    store.keys.add(key(1))
    start = store.last_change()
    for used, traded in ((NOW + 5, 0), (NOW + 3, NOW + 2), (NOW + 9, 0), (NOW + 1, NOW + 1)):
        note_use(store, key(1).id, used, traded)
    noted = store.keys.get(key(1).id)
    assert (noted.last_used, noted.last_traded) == (NOW + 9, NOW + 2)
    assert store.last_change() == start


def test_a_reader_sees_one_moment(store: Store, tmp_path: Path) -> None:
    """What is committed while a reader is in its transaction is not half seen."""
    store.keys.add_many([key(1), key(2)])
    with Store.open(tmp_path / "bailiwick.db") as reader, reader.reading() as connection:
        count = "SELECT count(*) FROM key"
        assert connection.exec_driver_sql(count).scalar_one() == 2
        store.keys.add(key(3))
        assert connection.exec_driver_sql(count).scalar_one() == 2


def test_the_database_is_safe_on_the_disk(store: Store, tmp_path: Path) -> None:
    """WAL, synchronous FULL and foreign keys are in force, and nobody else may read the files."""
    with store.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 5000
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_an_open_database_is_refused(tmp_path: Path) -> None:
    """A database file that others may read is not opened, and the refusal says what to do."""
    path = tmp_path / "bailiwick.db"
    path.touch()
    path.chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        Store.open(path)
    with pytest.raises(StoreError, match="check `data`"):
        Store.open(tmp_path / "none" / "bailiwick.db")


def test_migrations_and_tables_agree(store: Store) -> None:
    """The tables that the migrations make are the tables that the program believes in."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from bailiwick.store.tables import metadata

    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opening_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    """A second start migrates nothing and loses nothing."""
    store.keys.add(key(1))
    with Store.open(tmp_path / "bailiwick.db") as again:
        assert again.keys.list() == [key(1)]
        assert again.last_change() == store.last_change()


def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    """Several that open a database that is not there yet make it once, and all of them get it."""
    program = (
        "import pathlib, sys\n"
        "from bailiwick.store.store import Store\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "with Store.open(pathlib.Path(sys.argv[1])) as store: print(store.last_change())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "bailiwick.db")]
    starts = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "ready\n"
    results = []
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("\n")
        start.stdin.flush()
    for start in starts:
        out, err = start.communicate(timeout=60)
        results.append((start.returncode, out, err))
    assert results == [(0, "0\n", "")] * 3


def test_the_database_is_no_link(tmp_path: Path) -> None:
    """A link or a directory in the database's place is refused."""
    (tmp_path / "target.db").touch(mode=0o600)
    (tmp_path / "link.db").symlink_to(tmp_path / "target.db")
    (tmp_path / "directory.db").mkdir(mode=0o700)
    for name in ("link.db", "directory.db"):
        with pytest.raises(StoreError, match="not a regular file"):
            Store.open(tmp_path / name)


def test_tables_of_another_version_are_refused(store: Store, tmp_path: Path) -> None:
    """A database made by a newer program is neither read nor written."""
    path = tmp_path / "bailiwick.db"
    store.close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match="newer program"):
        Store.open(path)


def test_numbers_are_never_given_twice(store: Store) -> None:
    """A change's number is not used again even if the newest row is lost."""
    before = store.last_change()
    with store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM change WHERE number = (SELECT max(number) FROM change)")
    store.keys.add(key(1))
    assert store.last_change() == before + 1


def test_an_error_quotes_no_row(store: Store) -> None:
    """The text of a database error carries no envelope, and the chain behind a refusal is cut."""
    store.keys.add(key(1, secret=b"SEALED-ENVELOPE"))
    with pytest.raises(ConflictError) as caught:
        store.keys.add(key(1, secret=b"SEALED-ENVELOPE"))
    assert "SEALED" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert "SEALED" not in str(caught.value.__context__)


def test_a_database_that_cannot_be_used_is_told(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked, damaged or foreign file is the store's own refusal, so that who catches that one catches all."""
    monkeypatch.setattr("bailiwick.store.engine.BUSY_TIMEOUT_MS", 1)
    with Store.open(tmp_path / "bailiwick.db") as other, store.writing(), pytest.raises(StoreError, match="locked"):
        other.keys.add(key(1))
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 100)
    damaged.chmod(0o600)
    with pytest.raises(StoreError, match="not a database"):
        Store.open(damaged)
    with store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE change")
    with pytest.raises(StoreError, match="no such table"):
        store.last_change()
    with pytest.raises(StoreError, match="no such table"):
        store.keys.add(key(1))


@pytest.mark.parametrize(("column", "value"), [("state", "activ"), ("kind", "none")])
def test_a_row_that_makes_no_sense_is_told(store: Store, column: str, value: str) -> None:
    """A row that somebody edited by hand into no known state is named, in every reading, and never passed over."""
    store.keys.add_many([key(1), key(2)])
    with store.writing() as connection:
        connection.exec_driver_sql(f"UPDATE key SET {column} = ? WHERE id = ?", (value, key(2).id))
    with pytest.raises(StoreError, match=key(2).id):
        list(store.keys.load())
    with pytest.raises(StoreError, match=key(2).id):
        store.keys.list()
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE service SET networks = '[\"everywhere\"]'")
    with pytest.raises(StoreError, match="service grid: the stored row makes no sense"):
        store.services.get("grid")


def test_the_umask_does_not_open_the_file(tmp_path: Path) -> None:
    """A permissive umask does not make the database readable to others."""
    before = os.umask(0)
    try:
        Store.open(tmp_path / "bailiwick.db").close()
    finally:
        os.umask(before)
    assert (tmp_path / "bailiwick.db").stat().st_mode & 0o777 == 0o600
