"""Native keys in the store: what they shall be, and what their venue last said of them."""

from collections.abc import Sequence
from typing import final

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from bailiwick.model.native import Native, Said
from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import ConflictError, NotFoundError, StoreError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

native = Table(
    "native",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("email", Text, nullable=False),
    Column("service", Text, ForeignKey("service.id"), nullable=False),
    Column("origin", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("api_key", Text, nullable=False),
    Column("trades", Boolean, nullable=False),
    Column("addresses", Text, nullable=False),
    Column("symbols", Text, nullable=False),
    Column("cause", Text),
    Column("since", BigInteger),
    Column("said", Text),
    Column("read_at", BigInteger),
    Column("watch_key", Text, nullable=False),
    Column("watch", LargeBinary),
    Column("seen", Text, nullable=False),
    Column("polled", BigInteger),
    Column("last_traded", BigInteger),
    Column("given_back", BigInteger),
    Column("warned", Integer),
    Index(None, "service"),
    Index(None, "account"),
)
_JSON = ("addresses", "symbols", "said", "seen")  # kept as JSON: the same text on every database


@final
class NativeKeys:
    """The native keys. They are never deleted: the journal speaks of them."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add(self, row: Native) -> None:
        """Add one.

        Raises:
            ConflictError: if its id is taken, or its account or service is missing.
        """
        with self._writing() as connection:
            try:
                connection.execute(insert(native).values(_columns(row)))
            except IntegrityError:
                raise ConflictError(
                    f"native key {row.id}: there is one already, or its account or service is missing"
                ) from None
            record_change(connection, ChangeKind.NATIVE, row.id, self._clock())

    def get(self, native_id: str) -> Native:
        """The native key of this id.

        Raises:
            NotFoundError: if there is none.
        """
        with self._reading() as connection:
            row = connection.execute(select(native).where(native.c.id == native_id)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"native key {native_id[:80]}: there is none; `bailiwick native list` shows them")
        return _read(row)

    def list(self, *, service: str | None = None, account: str | None = None) -> Sequence[Native]:
        """All, or those of a service or an account, by id."""
        query = select(native).order_by(native.c.id)
        if service is not None:
            query = query.where(native.c.service == service)
        if account is not None:
            query = query.where(native.c.account == account)
        with self._reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def update(self, row: Native) -> None:
        """Put it in the place of what stood there, as a numbered change.

        Raises:
            NotFoundError: if there is none.
        """
        with self._writing() as connection:
            self.update_in(connection, row)

    def update_in(self, connection: Connection, row: Native) -> None:
        """``update``, within a transaction that writes more."""
        self._put(connection, row)
        record_change(connection, ChangeKind.NATIVE, row.id, self._clock())

    def hold_back_in(self, connection: Connection, service: str) -> None:
        """Forget which of a service's were given back to it, within a transaction: its standing stops them again."""
        connection.execute(update(native).where(native.c.service == service).values(given_back=None))

    def note(
        self,
        native_id: str,
        *,
        said: Said | None = None,
        read_at: int | None = None,
        seen: dict[str, int] | None = None,
        polled: int | None = None,
        last_traded: int | None = None,
        warned: int | None = None,
    ) -> None:
        """Note what the venue said, or what was read of its trades: nothing that anybody decided, so no change.

        What is not named stays as it is: an act may be changing the rest of the row just now.
        """
        given = {"said": said, "read_at": read_at, "seen": seen, "polled": polled, "last_traded": last_traded}
        given["warned"] = warned
        values = {name: _json(name, value) for name, value in given.items() if value is not None}
        with self._writing() as connection:
            connection.execute(update(native).where(native.c.id == native_id).values(values))

    def _put(self, connection: Connection, row: Native) -> None:
        done = connection.execute(update(native).where(native.c.id == row.id).values(_columns(row)))
        if not done.rowcount:
            raise NotFoundError(f"native key {row.id}: there is none")


def _columns(row: Native) -> dict[str, object]:
    return {name: _json(name, value) for name, value in msgspec.structs.asdict(row).items()}


def _json(name: str, value: object) -> object:
    if name in _JSON and value is not None:
        return msgspec.json.encode(value).decode()
    return str(value) if isinstance(value, str) else value


def _read(row: RowMapping) -> Native:
    values = {str(name): value for name, value in row.items()}
    try:
        for name in _JSON:
            values[name] = None if values[name] is None else msgspec.json.decode(values[name])
        return msgspec.convert(values, Native)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreError(f"native key {row['id']}: the stored row makes no sense: {error}") from None
