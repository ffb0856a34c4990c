"""The store as the gateway reads it: by SQLite's own driver, and also where there is no room left to write.

What is read is little and does not change shape; the library that writes it takes longer to load than the rest of a
start (ADR 12). Whatever else is wanted of the store is asked of ``whole``.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, final
from urllib.parse import quote

from bailiwick.model.approval import Approved
from bailiwick.model.credential import Sealed
from bailiwick.model.life import SUSPECT
from bailiwick.model.party import Account, Credential, Service, Venue
from bailiwick.store.errors import StoreError
from bailiwick.store.rows import Change, ChangeKind, KeyRow, Party, Use, key_rows, read_party
from bailiwick.store.version import CURRENT
from bailiwick.watch.event import Vouched

if TYPE_CHECKING:
    from bailiwick.store.store import Store

BUSY_TIMEOUT_S = 5.0


@final
class Parties(Generic[Party]):
    """The rows of one table."""

    def __init__(self, reading: "Reading", kind: ChangeKind, party: type[Party]) -> None:
        self._reading = reading
        self._kind = kind
        self._party = party

    def list(self) -> Sequence[Party]:
        """All rows, by id.

        Raises:
            StoreError: if they cannot be read, or one makes no sense.
        """
        return self._read(f"SELECT * FROM {self._kind} ORDER BY id")  # noqa: S608  (a table's name)

    def find(self, row_id: str) -> Party | None:
        """The row of this id, or None.

        Raises:
            StoreError: if it cannot be read, or makes no sense.
        """
        found = self._read(f"SELECT * FROM {self._kind} WHERE id = ?", row_id)  # noqa: S608  (a table's name)
        return found[0] if found else None

    def _read(self, statement: str, *values: str) -> Sequence[Party]:
        with self._reading() as connection:
            cursor = connection.execute(statement, values)
            names = [column[0] for column in cursor.description]
            return [
                read_party(self._kind, dict(zip(names, row, strict=True)), self._party) for row in cursor.fetchall()
            ]


@final
class IssuedKeys:
    """The issued keys."""

    def __init__(self, reading: "Reading", path: Path) -> None:
        self._reading = reading
        self._path = path

    def grants(self) -> dict[bytes, str]:
        """Every grant that a key has or had, in TOML, by digest."""
        with self._reading() as connection:
            return dict(connection.execute('SELECT digest, text FROM "grant"').fetchall())

    def load(self, key_ids: Sequence[str] | None = None) -> Iterator[KeyRow]:
        """All keys in no order, or those named, as compact rows: a million in a few seconds.

        Read ``last_change`` before this, and ``grants`` after: whatever is written meanwhile is then read twice and
        never missed.

        Raises:
            StoreError: if a row makes no sense: a key in no known state is not passed over in silence.
        """
        with self._reading() as connection:
            yield from key_rows(connection.cursor(), key_ids)

    def of_service(self, service: str, after: str) -> list[KeyRow]:
        """The next keys of a service by id, behind an id: at most ``LOAD_ROWS``; none at the end.

        Raises:
            StoreError: if they cannot be read, or one makes no sense.
        """
        with self._reading() as connection:
            return list(key_rows(connection.cursor(), service=(service, after)))

    def suspect(self) -> frozenset[str]:
        """The keys that wind down because whoever holds them, or their account, is doubted.

        Raises:
            StoreError: if they cannot be read.
        """
        with self._reading() as connection:
            return frozenset(key_id for (key_id,) in connection.execute(_SUSPECT_KEYS))

    def record_use(self, uses: Mapping[str, Use]) -> None:
        """Note when keys were last used; an older time than is noted changes nothing. Blocks; for a thread.

        Raises:
            StoreError: if it cannot be written.
        """
        with _told(self._path), contextlib.closing(_opened(self._path, "mode=rw")) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")  # lost with the power, it is noted anew at the next use
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_USED, [(use.at, use.traded, key_id) for key_id, use in uses.items()])
            connection.execute("COMMIT")


_USED = """UPDATE key SET last_used = max(coalesce(last_used, 0), ?1),
last_traded = nullif(max(coalesce(last_traded, 0), ?2), 0) WHERE id = ?3"""
_DOUBTED = f"({', '.join(repr(cause.value) for cause in sorted(SUSPECT))})"
_SUSPECT_KEYS = (
    f"SELECT id FROM key WHERE cause IN {_DOUBTED} "  # noqa: S608  (its own words)
    f"OR account IN (SELECT id FROM account WHERE cause IN {_DOUBTED})"
)

Reading = Callable[[], contextlib.AbstractContextManager[sqlite3.Connection]]


@final
class StoreReader:
    """One open database, to be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._whole: Store | None = None
        self.venues = Parties(self._reading, ChangeKind.VENUE, Venue)
        self.accounts = Parties(self._reading, ChangeKind.ACCOUNT, Account)
        self.services = Parties(self._reading, ChangeKind.SERVICE, Service)
        self.credentials = Parties(self._reading, ChangeKind.CREDENTIAL, Credential)
        self.keys = IssuedKeys(self._reading, path)

    @classmethod
    def open(cls, path: Path) -> "StoreReader":
        """Open the database; make it, or bring its tables up to date, if that was not done yet.

        Raises:
            StoreError: if it cannot be opened, others may read it, or a newer program made it.
        """
        store = cls(path)
        if _version(path) != CURRENT:
            store.whole()
        elif path.lstat().st_mode & 0o077:
            raise StoreError(f"database {path}: its mode is {path.lstat().st_mode & 0o777:04o}; chmod 600 it")
        return store

    def whole(self) -> "Store":
        """The store with all that can be done to it; takes a while to load when it is first asked for.

        Raises:
            StoreError: if it cannot be opened.
        """
        from bailiwick.store.store import Store  # noqa: PLC0415

        with self._turn:
            if self._whole is None:
                self._whole = Store.open(self.path)
            return self._whole

    def close(self) -> None:
        """Close every connection."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self._whole is not None:
                self._whole.close()
                self._whole = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the database. What cannot be read is tried with a new connection the next time.

        Raises:
            StoreError: if it cannot be read.
        """
        with self._turn, _told(self.path):
            kept, self._connection = self._connection, None
            connection, alone = (kept, False) if kept is not None else _connect(self.path)
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
                if alone and _has_log(self.path):
                    raise StoreError(f"database {self.path}: it was written to while it was read; it is read again")
                if not alone:
                    self._connection = connection
            finally:
                if connection is not self._connection:
                    connection.close()

    def credential_of(self, account: Account) -> Credential | None:
        """The credential that an account uses, checked to be its own; None if it has none.

        Raises:
            StoreError: if the row names another account's: somebody wrote to the database by hand.
        """
        if account.credential is None:
            return None
        credential = self.credentials.find(account.credential)
        if credential is None or credential.account != account.id:
            named = f"credential {account.credential}"
            raise StoreError(f"account {account.id}: {named} is another account's or missing; restore a backup")
        return credential

    def sealed_elsewhere(self, key_id: bytes, limit: int, after: Sealed | None = None) -> list[Sealed]:
        """At most ``limit`` sealed records after ``after`` that need another vault key than this one."""
        return self.whole().sealed_elsewhere(key_id, limit, after)

    def replace_sealed(self, changes: list[tuple[Sealed, Sealed]]) -> int:
        """In one transaction, put each new envelope where the old one still stands; how many did."""
        return self.whole().replace_sealed(changes)

    def restored(self) -> frozenset[str]:
        """The keys that a person gave back after their service was compromised."""
        with self._reading() as connection:
            return frozenset(key_id for (key_id,) in connection.execute("SELECT key FROM restored"))

    def canaries(self) -> dict[str, str]:
        """The keys that are canaries, each with the shape that it is answered from."""
        with self._reading() as connection:
            return dict(connection.execute("SELECT key, shape FROM canary").fetchall())

    def approved(self) -> list[Approved]:
        """Held intents that a person approved and that nobody has used or let lapse yet."""
        statement = "SELECT id, key, digest, position, use_by FROM hold WHERE state = 'approved'"
        with self._reading() as connection:
            return [Approved(*row) for row in connection.execute(statement).fetchall()]

    def vouched(self) -> list[Vouched]:
        """What owners vouch for, oldest first."""
        statement = "SELECT key, symbol, worth, until FROM vouch WHERE ended IS NULL ORDER BY made, id"
        with self._reading() as connection:
            rows = connection.execute(statement).fetchall()
        return [
            Vouched(key=key, symbol=symbol, worth=Decimal(worth), until_us=until * 1000)
            for key, symbol, worth, until in rows
        ]

    def alerts_at(self, positions: Collection[int]) -> frozenset[int]:
        """Of these events of the watch those that the authority has dealt with."""
        statement = "SELECT 1 FROM alert WHERE position = ?"
        with self._reading() as connection:
            return frozenset(each for each in positions if connection.execute(statement, (each,)).fetchone())

    def last_change(self) -> int:
        """The number of the newest change; 0 before the first."""
        with self._reading() as connection:
            return int(connection.execute("SELECT coalesce(max(number), 0) FROM change").fetchone()[0])

    def changes_since(self, number: int) -> list[Change]:
        """The changes after this number, oldest first."""
        statement = "SELECT number, kind, subject, at FROM change WHERE number > ? ORDER BY number"
        with self._reading() as connection:
            return [
                Change(number, ChangeKind(kind), subject, at)
                for number, kind, subject, at in connection.execute(statement, (number,)).fetchall()
            ]


def _connect(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A connection, and whether it is alone: it then sees nothing of what others write, and serves for one look.

    Every reader of a database in WAL shares an index file with the writers. Where the disk has no room to make it, and
    there is no log that it would index, the database itself is whole and is read without.
    """
    connection = _opened(path, "mode=rw")
    try:
        connection.execute("SELECT 1 FROM change LIMIT 1")
    except sqlite3.OperationalError:
        connection.close()
        if _has_log(path):
            raise
        return _opened(path, "mode=ro&immutable=1"), True
    return connection, False


def _has_log(path: Path) -> bool:
    """Whether something stands in the log that is not in the database yet."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _opened(path: Path, how: str) -> sqlite3.Connection:
    # Shared between threads under a lock of ours, or used by one alone.
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{how}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _version(path: Path) -> Any:
    """The version of the tables; None where there is no database, or none of ours."""
    if not path.exists():
        return None
    try:
        with contextlib.closing(_connect(path)[0]) as connection:
            return connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    except (sqlite3.Error, TypeError):
        return None


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(
            f"database {path}: {error}; is the disk full, the file damaged or somebody else at it?"
        ) from None
