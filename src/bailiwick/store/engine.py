"""How the database is opened: SQLite in WAL, every commit on the disk, foreign keys enforced."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from bailiwick.store.errors import StoreError

BUSY_TIMEOUT_MS = 5_000
WRITES = "bailiwick_writes"


def writing_engine(path: Path) -> Engine:
    """An engine that reads and writes; makes the file, for its owner alone, if there is none.

    Raises:
        StoreError: if the file cannot be made, or others may read it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"database {path}: {error.strerror}; check data_dir and who runs this") from None
    mode = os.fstat(descriptor).st_mode & 0o777
    os.close(descriptor)
    if mode & 0o077:
        raise StoreError(f"database {path}: its mode is {mode:04o}; chmod 600 it")
    return _engine(path, "rw")


def reading_engine(path: Path) -> Engine:
    """An engine that cannot write.

    Raises:
        StoreError: if there is no such file.
    """
    if not path.is_file():
        raise StoreError(f"database {path}: there is none; make one with `bailiwick init`, or restore a backup")
    return _engine(path, "ro")


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


def _engine(path: Path, mode: str) -> Engine:
    url = f"sqlite:///file:{quote(str(path.absolute()))}?mode={mode}&uri=true"
    engine = create_engine(url, hide_parameters=True)  # an error's text never quotes a row

    def prepare(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        # The driver's own transactions begin at the first write, which is too late for a consistent read.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if mode == "rw":
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA secure_delete = ON")  # a replaced envelope leaves no copy in a free page
        else:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    def begin(connection: Connection) -> None:
        # A reader that turns into a writer can find that somebody wrote in between; a writer says so at once.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine
