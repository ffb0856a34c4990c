"""What the watch said of keys: one row an event of the gateway, with what was done about it."""

from collections.abc import Sequence
from typing import final

import msgspec
from sqlalchemy import BigInteger, Column, Index, Integer, RowMapping, Table, Text, insert, select

from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import NotFoundError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

alert = Table(
    "alert",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("key", "account", "kind", "symbol", "worth")),
    *(Column(name, Text, nullable=False) for name in ("worth_in", "scope", "what", "why", "request")),
    *(Column(name, Text, nullable=False) for name in ("source", "done", "hold", "incident", "vouch")),
    Column("score", Integer, nullable=False),
    Index(None, "key"),
)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What the watch said. Times are milliseconds since 1970 UTC.

    ``position`` is the event's in the journal. ``kind`` is ``alert``, ``hold`` or ``suspect``; ``worth`` what the
    request came to, in ``worth_in``; ``why`` a sentence a detector; ``done`` what was done; ``hold`` the approval that
    lets the request pass, ``incident`` where it is gathered, and ``vouch`` its owner's word for it, where there is one.
    """

    position: int
    at: int
    key: str
    account: str
    kind: str
    symbol: str = ""
    worth: str = ""
    worth_in: str = ""
    scope: str = ""
    score: int = 0
    what: str = ""
    why: tuple[str, ...] = ()
    request: str = ""
    source: str = ""
    done: str = ""
    hold: str = ""
    incident: str = ""
    vouch: str = ""

    @property
    def id(self) -> str:
        """As people name it."""
        return f"w{self.position}"


@final
class Alerts:
    """The alerts. They are never deleted."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add(self, row: Alert) -> bool:
        """Add one; False if it is there already: an event may be told twice."""
        with self._writing() as connection:
            chosen = select(alert.c.position).where(alert.c.position == row.position)
            if connection.execute(chosen).first() is not None:
                return False
            values = msgspec.structs.asdict(row) | {"why": "\n".join(row.why)}
            connection.execute(insert(alert).values(values))
            record_change(connection, ChangeKind.ALERT, row.id, self._clock())
        return True

    def find(self, position: int) -> Alert | None:
        """The alert at this position of the journal."""
        with self._reading() as connection:
            row = connection.execute(select(alert).where(alert.c.position == position)).mappings().one_or_none()
        return None if row is None else _read(row)

    def get(self, alert_id: str) -> Alert:
        """The alert of this id.

        Raises:
            NotFoundError: if there is none.
        """
        number = alert_id.removeprefix("w")
        found = self.find(int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else None
        if found is None:
            raise NotFoundError(f"alert {alert_id[:80]}: there is none; `bailiwick watch list` shows them")
        return found

    def list(
        self,
        *,
        keys: Sequence[str] | None = None,
        accounts: Sequence[str] | None = None,
        incident: str | None = None,
        before: int | None = None,
        limit: int | None = None,
    ) -> Sequence[Alert]:
        """Alerts, newest first: of some keys or accounts, or of an incident, before a position, so many."""
        query = select(alert).order_by(alert.c.position.desc()).limit(limit)
        if keys is not None:
            query = query.where(alert.c.key.in_(keys))
        if accounts is not None:
            query = query.where(alert.c.account.in_(accounts))
        if incident is not None:
            query = query.where(alert.c.incident == incident)
        if before is not None:
            query = query.where(alert.c.position < before)
        with self._reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


def _read(row: RowMapping) -> Alert:
    values = {str(name): value for name, value in row.items()}
    why = tuple(line for line in str(values.pop("why")).split("\n") if line)
    return Alert(**values, why=why)
