"""Intents that were held for a person, and what became of each."""

from collections.abc import Sequence
from enum import StrEnum
from typing import final

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, RowMapping, Table, Text, insert, select, update
from sqlalchemy import false as no

from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import ConflictError, NotFoundError, StoreError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

hold = Table(
    "hold",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("raised", BigInteger, nullable=False),
    Column("answer_by", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("answered", BigInteger),
    Column("answered_by", Text),
    Column("use_by", BigInteger),
    Column("used_at", BigInteger),
    Column("watched", Boolean, nullable=False, server_default=no()),
    Index(None, "key"),
    Index(None, "state"),
)


class HoldState(StrEnum):
    """What became of a held intent."""

    WAITING = "waiting"
    APPROVED = "approved"  # it passes once, until ``use_by``
    REFUSED = "refused"
    LAPSED = "lapsed"  # nobody answered, or nobody used the approval in time
    USED = "used"


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A held intent. Times are milliseconds since 1970 UTC.

    ``position`` is the event's in the journal, and the id is made of it: a hold that is told twice is one. ``digest``
    says which intent is the same (``rules.hold``). ``what`` is one line for people and ``request`` the whole of it:
    method, path and parameters as they would leave.
    """

    id: str
    key: str
    account: str
    digest: str
    position: int
    raised: int
    answer_by: int
    state: HoldState
    what: str
    request: str
    answered: int | None = None
    answered_by: str | None = None
    use_by: int | None = None
    used_at: int | None = None
    watched: bool = False  # whether the watch held it rather than a rule


@final
class Holds:
    """The held intents. They are never deleted."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add(self, row: Hold) -> bool:
        """Add one; False if it is there already: an event may be told twice."""
        with self._writing() as connection:
            if connection.execute(select(hold.c.id).where(hold.c.id == row.id)).first() is not None:
                return False
            connection.execute(insert(hold).values(msgspec.structs.asdict(row)))
            record_change(connection, ChangeKind.HOLD, row.id, self._clock())
        return True

    def get(self, hold_id: str) -> Hold:
        """The hold of this id.

        Raises:
            NotFoundError: if there is none.
        """
        with self._reading() as connection:
            return _get(connection, hold_id)

    def list(
        self,
        *,
        state: HoldState | None = None,
        keys: Sequence[str] | None = None,
        accounts: Sequence[str] | None = None,
        before: int | None = None,
        limit: int | None = None,
    ) -> Sequence[Hold]:
        """Holds, newest first: in one state, of some keys or accounts, before a position, so many."""
        query = select(hold).order_by(hold.c.position.desc()).limit(limit)
        if state is not None:
            query = query.where(hold.c.state == state.value)
        if keys is not None:
            query = query.where(hold.c.key.in_(keys))
        if accounts is not None:
            query = query.where(hold.c.account.in_(accounts))
        if before is not None:
            query = query.where(hold.c.position < before)
        with self._reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def move(self, row: Hold, *, was: HoldState) -> None:
        """Put a hold in the place of the one of the same id, if that is still in this state.

        Raises:
            ConflictError: if somebody else has answered it, or its time is over.
        """
        with self._writing() as connection:
            self.move_in(connection, row, was=was)

    def move_in(self, connection: Connection, row: Hold, *, was: HoldState) -> None:
        """``move``, within a transaction that writes more."""
        chosen = (hold.c.id == row.id) & (hold.c.state == was.value)
        if not connection.execute(update(hold).where(chosen).values(msgspec.structs.asdict(row))).rowcount:
            raise ConflictError(f"approval {row.id}: it is no longer {was}; look at it again")
        record_change(connection, ChangeKind.HOLD, row.id, self._clock())


def _get(connection: Connection, hold_id: str) -> Hold:
    row = connection.execute(select(hold).where(hold.c.id == hold_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"approval {hold_id[:80]}: there is none")
    return _read(row)


def _read(row: RowMapping) -> Hold:
    try:
        return msgspec.convert({str(name): value for name, value in row.items()}, Hold)
    except msgspec.ValidationError as error:
        raise StoreError(f"approval {row['id']}: the stored row makes no sense: {error}") from None
