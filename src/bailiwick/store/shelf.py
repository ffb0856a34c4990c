"""A shelf: the rows of one table as values of one type, each write numbered in its own transaction."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Generic, NamedTuple

import msgspec
from sqlalchemy import Column, Connection, RowMapping, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from bailiwick.model.party import Account, Credential, Service, Venue
from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import ConflictError, NotFoundError
from bailiwick.store.rows import LISTS, Party, read_party


class Access(NamedTuple):
    """The way to the database: a transaction that reads, one that writes, and the time of a change in ms."""

    reading: Callable[[], AbstractContextManager[Connection]]
    writing: Callable[[], AbstractContextManager[Connection]]
    clock: Callable[[], int]


class Shelf(Generic[Party]):
    """Rows of one table. Rows are never deleted: the journal speaks of them."""

    def __init__(
        self,
        table: Table,
        party: type[Party],
        kind: ChangeKind,
        access: Access,
        check: Callable[[Connection, Party | None, Party], None] = lambda connection, before, after: None,
    ) -> None:
        self._table = table
        self._check = check
        self._id: Column[str] = table.c.id
        self._party = party
        self._kind = kind
        self._reading, self._writing, self._clock = access

    def add(self, row: Party) -> None:
        """Add a row.

        Raises:
            ConflictError: if its id is taken, or it refers to a row that is not there.
        """
        with self._writing() as connection:
            self.add_in(connection, row)

    def get(self, row_id: str) -> Party:
        """The row of this id.

        Raises:
            NotFoundError: if there is none.
        """
        with self._reading() as connection:
            return self.get_in(connection, row_id)

    def list(self) -> Sequence[Party]:
        """All rows, by id."""
        with self._reading() as connection:
            rows = connection.execute(select(self._table).order_by(self._id)).mappings()
            return [self._read(row) for row in rows]

    def update(self, row: Party, *, was: Party | None = None) -> Party:
        """Put the row in the place of the one of the same id; what stood there before.

        Args:
            row: the row as it shall be.
            was: the row as the editor saw it; if it is another by now, nothing is written.

        Raises:
            NotFoundError: if there is none.
            ConflictError: if it refers to a row that is not there, or is no longer as it was seen.
        """
        with self._writing() as connection:
            if was is not None and self.get_in(connection, row.id) != was:
                raise ConflictError(f"{self._kind} {row.id}: somebody changed it meanwhile; look at it again")
            return self.update_in(connection, row)

    def add_in(self, connection: Connection, row: Party) -> None:
        """``add``, within a transaction that writes more."""
        self._check(connection, None, row)
        try:
            connection.execute(insert(self._table).values(columns(row)))
        except IntegrityError:
            raise ConflictError(
                f"{self._kind} {row.id}: there is one already, or what it refers to is missing"
            ) from None
        record_change(connection, self._kind, row.id, self._clock())

    def get_in(self, connection: Connection, row_id: str) -> Party:
        """``get``, within a transaction that reads more."""
        row = connection.execute(select(self._table).where(self._id == row_id)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"{self._kind} {row_id[:80]}: there is none")
        return self._read(row)

    def update_in(self, connection: Connection, row: Party) -> Party:
        """``update``, within a transaction that writes more."""
        before = self.get_in(connection, row.id)
        if before != row:
            self._check(connection, before, row)
            try:
                connection.execute(update(self._table).where(self._id == row.id).values(columns(row)))
            except IntegrityError:
                raise ConflictError(f"{self._kind} {row.id}: what it refers to is missing") from None
            record_change(connection, self._kind, row.id, self._clock())
        return before

    def _read(self, row: RowMapping) -> Party:
        return read_party(self._kind, {str(name): value for name, value in row.items()}, self._party)


def columns(row: Venue | Account | Credential | Service) -> dict[str, object]:
    """The row as the table keeps it."""
    values = msgspec.structs.asdict(row)
    return {name: msgspec.json.encode(value).decode() if name in LISTS else value for name, value in values.items()}
