"""Canary keys: what each is called, and what is done when somebody uses it. The key itself is a key like any other."""

from collections.abc import Sequence
from typing import final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, ForeignKey, RowMapping, Table, Text, insert, select, update

from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import NotFoundError, StoreError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

decoy = Table(
    "decoy",
    metadata,
    Column("key", Text, ForeignKey("key.id"), primary_key=True),
    Column("label", Text, nullable=False),
    Column("winds_down", Text, nullable=False),
    Column("shape", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("fired", BigInteger),
    Column("times", BigInteger, nullable=False),
)


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """A key that nobody should use. Times are milliseconds since 1970 UTC.

    ``winds_down`` says what stops when somebody does: ``nothing``, or ``account`` for every key of its account.
    ``shape`` is what its answers are made of, as JSON (``gateway.canary``).
    """

    key: str
    label: str
    winds_down: str
    shape: str
    created: int
    fired: int | None = None
    times: int = 0


@final
class Canaries:
    """The canaries. They are never deleted."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add_in(self, connection: Connection, row: Canary) -> None:
        """Add one, within the transaction that adds its key."""
        connection.execute(insert(decoy).values(msgspec.structs.asdict(row)))
        record_change(connection, ChangeKind.DECOY, row.key, self._clock())

    def get(self, key_id: str) -> Canary:
        """The canary with this key's id.

        Raises:
            NotFoundError: if there is none.
        """
        with self._reading() as connection:
            row = connection.execute(select(decoy).where(decoy.c.key == key_id)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"canary {key_id[:80]}: there is none")
        return _read(row)

    def list(self) -> Sequence[Canary]:
        """All canaries, oldest first."""
        with self._reading() as connection:
            query = select(decoy).order_by(decoy.c.created, decoy.c.key)
            return [_read(row) for row in connection.execute(query).mappings()]

    def record_firing(self, key_id: str, at: int) -> None:
        """Note that somebody used it; no change is numbered for it."""
        with self._writing() as connection:
            values = {"fired": at, "times": decoy.c.times + 1}
            connection.execute(update(decoy).where(decoy.c.key == key_id).values(values))


def _read(row: RowMapping) -> Canary:
    try:
        return msgspec.convert({str(name): value for name, value in row.items()}, Canary)
    except msgspec.ValidationError as error:
        raise StoreError(f"canary {row['key']}: the stored row makes no sense: {error}") from None
