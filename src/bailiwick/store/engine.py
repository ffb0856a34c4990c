"""How the database is opened: SQLite in WAL, every commit on the disk, foreign keys enforced."""

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from bailiwick.store.errors import StoreError

BUSY_TIMEOUT_MS = 5_000
RETRY_S = 0.02
WRITES = "bailiwick_writes"


def open_engine(path: Path) -> Engine:
    """The engine of a database; makes the file, for its owner alone, if there is none.

    Raises:
        StoreError: if the file cannot be made, or others may read it.
    """
    # A file that is there is looked at and not opened: closing it again would drop the locks that SQLite holds on it in
    # this process (POSIX locks belong to the process, not the descriptor).
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        status = path.lstat()
    except OSError as error:
        raise StoreError(
            f"database {path}: {error.strerror}; check `data` in the configuration, and who runs this"
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(f"database {path}: it is not a regular file")
    if status.st_mode & 0o077:
        raise StoreError(f"database {path}: its mode is {stat.S_IMODE(status.st_mode):04o}; chmod 600 it")
    return _engine(path)


@contextmanager
def faults_told(path: Path) -> Iterator[None]:
    """Turn what the database or its driver raises into the store's own refusal, so that one name is to be caught.

    Raises:
        StoreError: in the place of any of theirs.
    """
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"database {path}: {error.orig}; is the disk full, the file damaged or somebody else at it?"
        ) from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(
            f"database {path}: {error}; is the disk full, the file damaged or somebody else at it?"
        ) from None


def _engine(path: Path) -> Engine:
    url = f"sqlite:///file:{quote(str(path.absolute()))}?mode=rw&uri=true"
    engine = create_engine(url, hide_parameters=True)  # an error's text never quotes a row

    def prepare(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        # The driver's own transactions begin at the first write, which is too late for a consistent read.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _switch_to_wal(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # a replaced envelope leaves no copy in a free page
        cursor.close()

    def begin(connection: Connection) -> None:
        # A reader that turns into a writer can find that somebody wrote in between; a writer says so at once.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Turn WAL on, which the file remembers. Two that do so at once do not wait for each other by themselves."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)
