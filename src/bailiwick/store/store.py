"""The store: who is who and who may what, in one database, with every change numbered."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, final

import msgspec
from sqlalchemy import Connection, Engine

from bailiwick.model.credential import Sealed
from bailiwick.model.party import Account, Credential, Service, Venue
from bailiwick.store import sealedrows, tables
from bailiwick.store.alerts import Alerts
from bailiwick.store.approvals import Holds
from bailiwick.store.canaries import Canaries
from bailiwick.store.changes import Change, ChangeKind, last_change, read_changes
from bailiwick.store.courses import Courses
from bailiwick.store.engine import WRITES, faults_told, open_engine
from bailiwick.store.errors import ConflictError, NotFoundError, StoreError
from bailiwick.store.finding import KeyFinder
from bailiwick.store.incidents import Incidents
from bailiwick.store.keys import Keys
from bailiwick.store.leaks import Leaks
from bailiwick.store.native import NativeKeys
from bailiwick.store.notices import Notices
from bailiwick.store.owners import Owners
from bailiwick.store.people import People
from bailiwick.store.removals import Removals
from bailiwick.store.schema import upgrade
from bailiwick.store.services import Services
from bailiwick.store.shelf import Access, Shelf
from bailiwick.store.tokens import Tokens
from bailiwick.store.vouches import Vouches


def epoch_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@final
class Store:
    """One open database. ``venues``, ``accounts``, ``credentials``, ``services`` and ``keys`` are its shelves.

    Safe to use from several threads; each call is a transaction of its own.
    """

    def __init__(self, engine: Engine, path: Path, *, clock: Callable[[], int] = epoch_ms) -> None:
        self.path = path
        self._engine = engine
        self._clock = clock
        access = Access(self.reading, self.writing, clock)
        self.venues = Shelf(tables.venue, Venue, ChangeKind.VENUE, access)
        self.accounts = Shelf(tables.account, Account, ChangeKind.ACCOUNT, access, _check_account)
        self.credentials = Shelf(tables.credential, Credential, ChangeKind.CREDENTIAL, access, _check_credential)
        self.services = Shelf(tables.service, Service, ChangeKind.SERVICE, access)
        self.keys = Keys(access)
        self.holders = Services(access)
        self.owners = Owners(access)
        self.notices = Notices(access)
        self.incidents = Incidents(access)
        self.courses = Courses(access)
        self.leaks = Leaks(access)
        self.tokens = Tokens(access)
        self.holds = Holds(access)
        self.removals = Removals(access)
        self.native = NativeKeys(access)
        self.canaries = Canaries(access)
        self.alerts = Alerts(access)
        self.vouches = Vouches(access)
        self.people = People(access)
        self.finder = KeyFinder(access)

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], int] = epoch_ms) -> Self:
        """Open the database to read and write; make it, and bring its tables up to date.

        Raises:
            StoreError: if it cannot be opened, others may read it, or a newer program made it.
        """
        engine = open_engine(path)
        try:
            store = cls(engine, path, clock=clock)
            with store.writing() as connection:
                upgrade(connection)
        except BaseException:
            engine.dispose()
            raise
        return store

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the database.

        Raises:
            StoreError: if the database cannot be read.
        """
        with faults_told(self.path), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes; nobody else writes meanwhile.

        Raises:
            StoreError: if the database cannot be written.
        """
        with (
            faults_told(self.path),
            self._engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def attach_credential(self, credential: Credential) -> None:
        """Add an account's upstream credential, or replace it, and make it the one in use, in one transaction.

        Raises:
            NotFoundError: if there is no such account.
            ConflictError: if the id belongs to a credential of another account.
        """
        with self.writing() as connection:
            account = self.accounts.get_in(connection, credential.account)
            try:
                self.credentials.update_in(connection, credential)
            except NotFoundError:
                self.credentials.add_in(connection, credential)
            self.accounts.update_in(connection, msgspec.structs.replace(account, credential=credential.id))

    def credential_of(self, account: Account) -> Credential | None:
        """The credential that an account uses, checked to be its own; None if it has none.

        Raises:
            StoreError: if the row names another account's: somebody wrote to the database by hand.
        """
        if account.credential is None:
            return None
        credential = self.credentials.get(account.credential)
        if credential.account != account.id:
            raise StoreError(f"account {account.id}: credential {credential.id} is another account's; restore a backup")
        return credential

    def changes_since(self, number: int) -> list[Change]:
        """The changes after this number, oldest first."""
        with self.reading() as connection:
            return read_changes(connection, number)

    def last_change(self) -> int:
        """The number of the newest change; 0 before the first."""
        with self.reading() as connection:
            return last_change(connection)

    def sealed_elsewhere(self, key_id: bytes, limit: int, after: Sealed | None = None) -> list[Sealed]:
        """At most ``limit`` sealed records after ``after`` that need another vault key than this one."""
        with self.reading() as connection:
            return sealedrows.elsewhere(connection, key_id, limit, after)

    def replace_sealed(self, changes: list[tuple[Sealed, Sealed]]) -> int:
        """In one transaction, put each new envelope where the old one still stands; how many did."""
        with self.writing() as connection:
            return sealedrows.replace(connection, changes, self._clock())


def _check_account(connection: Connection, before: Account | None, after: Account) -> None:
    if before is not None and before.venue != after.venue:
        raise ConflictError(f"account {after.id}: venue is its own for life; add another account")
    if after.credential is None:
        return
    query = tables.credential.select().where(tables.credential.c.id == after.credential)
    row = connection.execute(query).one_or_none()
    if row is None or row.account != after.id:
        raise ConflictError(f"account {after.id}: credential {after.credential} is not one of its own; attach it first")


def _check_credential(connection: Connection, before: Credential | None, after: Credential) -> None:
    if before is not None and before.account != after.account:
        raise ConflictError(f"credential {after.id}: there is one already; choose another id")
