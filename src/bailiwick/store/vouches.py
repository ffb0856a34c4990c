""" "That was me": what owners vouch for, which the watch takes for theirs until a moment."""

from collections.abc import Sequence
from typing import final

import msgspec
from sqlalchemy import BigInteger, Column, Index, RowMapping, Table, Text, insert, select, update

from bailiwick.store.alerts import alert
from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import ConflictError, NotFoundError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

vouch = Table(
    "vouch",
    metadata,
    *(Column(name, Text, nullable=False, primary_key=name == "id") for name in ("id", "key", "symbol", "worth")),
    Column("worth_in", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("alert", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Index(None, "key"),
)


class Vouch(msgspec.Struct, frozen=True, kw_only=True):
    """An owner's word for a symbol of a key, up to a size in ``worth_in``. Times are milliseconds since 1970 UTC."""

    id: str
    key: str
    symbol: str
    worth: str
    worth_in: str
    made: int
    made_by: str
    until: int
    alert: int  # position of the event that was shown
    ended: int | None = None


@final
class Vouches:
    """What is vouched for. Rows are never deleted."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add(self, row: Vouch) -> None:
        """Add one, and note it with its alert; an earlier one for the same symbol of the key ends."""
        with self._writing() as connection:
            same = (vouch.c.key == row.key) & (vouch.c.symbol == row.symbol) & vouch.c.ended.is_(None)
            connection.execute(update(vouch).where(same).values(ended=row.made))
            connection.execute(insert(vouch).values(msgspec.structs.asdict(row)))
            connection.execute(update(alert).where(alert.c.position == row.alert).values(vouch=row.id))
            record_change(connection, ChangeKind.VOUCH, row.id, self._clock())

    def end(self, vouch_id: str, at: int) -> None:
        """End one.

        Raises:
            ConflictError: if it has ended already, or there is none.
        """
        with self._writing() as connection:
            chosen = (vouch.c.id == vouch_id) & vouch.c.ended.is_(None)
            if not connection.execute(update(vouch).where(chosen).values(ended=at)).rowcount:
                raise ConflictError(f"vouch {vouch_id[:80]}: there is none, or it has ended")
            record_change(connection, ChangeKind.VOUCH, vouch_id, self._clock())

    def get(self, vouch_id: str) -> Vouch:
        """The one of this id.

        Raises:
            NotFoundError: if there is none.
        """
        with self._reading() as connection:
            row = connection.execute(select(vouch).where(vouch.c.id == vouch_id)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"vouch {vouch_id[:80]}: there is none; `bailiwick watch list` shows those of alerts")
        return _read(row)

    def of_key(self, key: str) -> Sequence[Vouch]:
        """Those of a key that have not been ended, newest first; their time may be over."""
        query = select(vouch).where(vouch.c.key == key, vouch.c.ended.is_(None)).order_by(vouch.c.made.desc())
        with self._reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


def _read(row: RowMapping) -> Vouch:
    return Vouch(**{str(name): value for name, value in row.items()})
