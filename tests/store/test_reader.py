"""The gateway's reading of the store: the same rows as the store's own, also where nothing can be written."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bailiwick.model.credential import KEY_ID_RANDOM_BYTES, make_key_id
from bailiwick.model.party import Account, Key, KeyKind, KeyState, Service, Venue
from bailiwick.store.errors import StoreError
from bailiwick.store.reader import StoreReader
from bailiwick.store.rows import Use
from bailiwick.store.store import Store

KEY = make_key_id("a", bytes(KEY_ID_RANDOM_BYTES))
GRANT = 'purpose = "test"\n'


def filled(path: Path) -> Store:
    """A store with one of each."""
    store = Store.open(path)
    store.venues.add(Venue("v", "Venue", "binance", "http://127.0.0.1:1"))
    store.accounts.add(Account("a", "v", "Account", "owner", home_assets=("USDT", "BTC")))
    store.services.add(Service("s", "Service", networks=("10.0.0.0/8",)))
    store.keys.add(Key(KEY, "a", "s", KeyKind.HMAC, GRANT, KeyState.ACTIVE, 5, secret=b"sealed"))
    return store


def test_it_reads_what_the_store_reads(tmp_path: Path) -> None:
    """Venues, accounts, services, keys, grants and changes are those that the whole store gives, and stay so."""
    path = tmp_path / "b.db"
    with filled(path) as store:
        reader = StoreReader.open(path)
        reader.keys.record_use({KEY: Use(7, 5)})
        reader.keys.record_use({KEY: Use(9)})
        reader.keys.record_use({KEY: Use(8, 4)})  # older than what is noted
        assert reader.venues.list() == store.venues.list()
        assert reader.accounts.list() == store.accounts.list()
        assert reader.services.list() == store.services.list()
        assert list(reader.keys.load()) == list(store.keys.load())
        assert list(reader.keys.load([KEY])) == list(store.keys.load([KEY]))
        assert [row.last_used for row in reader.keys.load()] == [9]
        assert reader.keys.grants() == store.keys.grants()
        assert reader.last_change() == store.last_change()
        store.services.add(Service("t", "Other"))
        assert reader.changes_since(0) == store.changes_since(0)
        reader.close()


def test_a_database_that_is_not_there_is_made(tmp_path: Path) -> None:
    """A start before anything was written makes the tables, and one of a newer program is refused."""
    reader = StoreReader.open(tmp_path / "b.db")
    assert (reader.last_change(), list(reader.keys.load())) == (0, [])
    reader.close()
    with Store.open(tmp_path / "b.db") as store, store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer program"):
        StoreReader.open(tmp_path / "b.db")


def test_a_database_open_to_others_is_refused(tmp_path: Path) -> None:
    """What others may read is not read here."""
    filled(tmp_path / "b.db").close()
    (tmp_path / "b.db").chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        StoreReader.open(tmp_path / "b.db")


READ = """
import signal, sys
from pathlib import Path
from bailiwick.store.reader import StoreReader
from bailiwick.store.rows import Use
reader = StoreReader.open(Path(sys.argv[1]))
print([row.id for row in reader.keys.load()], [account.id for account in reader.accounts.list()])
print(len(reader.changes_since(0)))
"""


def no_file_grows() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_disk_without_room_does_not_keep_it_from_reading(tmp_path: Path) -> None:
    """Where not one byte can be written, not even the index of the log, everything is read all the same."""
    filled(tmp_path / "b.db").close()
    read = subprocess.run(
        [sys.executable, "-B", "-c", READ, str(tmp_path / "b.db")],
        capture_output=True, text=True, preexec_fn=no_file_grows, check=False,
    )  # fmt: skip
    assert (read.stdout.splitlines(), read.stderr) == ([f"['{KEY}'] ['a']", "4"], "")


def test_nothing_of_the_library_that_writes_is_loaded(tmp_path: Path) -> None:
    """A start of the gateway loads neither SQLAlchemy nor what draws colours: it would take longer than the rest."""
    heavy = {"sqlalchemy", "alembic", "rich", "aiohttp", "prometheus_client", "cyclopts"}
    told = subprocess.run(
        [sys.executable, "-c", "import sys, bailiwick.gateway.process; print(' '.join(sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert heavy & {name.partition(".")[0] for name in told.stdout.split()} == set()
