"""Issued keys: few writes, each checked against the table of states, and one fast reading of them all."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, final

import msgspec
from sqlalchemy import Connection, RowMapping, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from bailiwick.model.life import Cause, Life, Mover, Standstill, moved, stricter
from bailiwick.model.party import Key, KeyState
from bailiwick.store.changes import EVERYTHING, ChangeKind, record_change, record_changes
from bailiwick.store.errors import ConflictError, NotFoundError, StoreError
from bailiwick.store.rows import STATEMENT_KEYS, KeyRow, key_rows
from bailiwick.store.shelf import Access
from bailiwick.store.tables import grant as grant_table
from bailiwick.store.tables import key as key_table

BULK_ROWS = 20_000
FIXED = ("account", "service", "kind", "created")
_OVER = frozenset({KeyState.REVOKED, KeyState.EXPIRED})
MOVED = ("state", "cause", "suspected", "since", "until")  # changed by a move alone


@final
class Keys:
    """The issued keys. They are never deleted, and never change account, service or kind."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add(self, key: Key) -> None:
        """Add a key.

        Raises:
            ConflictError: if its id is taken, or its account or service is not there.
        """
        with self._writing() as connection:
            digest = intern_grant(connection, key.grant)
            try:
                connection.execute(insert(key_table).values(_columns(key, digest)))
            except IntegrityError:
                raise ConflictError(
                    f"key {key.id}: there is one already, or its account or service is missing"
                ) from None
            record_change(connection, ChangeKind.KEY, key.id, self._clock())

    def add_many(self, keys: Iterable[Key]) -> int:
        """Add many keys in one transaction under one change of ``*``; how many.

        Raises:
            ConflictError: if any of them cannot be added; then none is.
        """
        count = 0
        digests: dict[str, bytes] = {}
        with self._writing() as connection:
            # The statement is compiled once and given to the driver: per row, that is half the time.
            statement = str(insert(key_table).compile(dialect=connection.dialect))
            rows: list[tuple[object, ...]] = []
            try:
                for key in keys:
                    if key.grant not in digests:
                        digests[key.grant] = intern_grant(connection, key.grant)
                    values = _columns(key, digests[key.grant])
                    rows.append(tuple(values[column.name] for column in key_table.c))
                    count += 1
                    if len(rows) == BULK_ROWS:
                        connection.exec_driver_sql(statement, rows)
                        rows.clear()
                if rows:
                    connection.exec_driver_sql(statement, rows)
            except IntegrityError:
                raise ConflictError("keys: one is there already, or its account or service is missing") from None
            record_change(connection, ChangeKind.KEY, EVERYTHING, self._clock())
        return count

    def get(self, key_id: str) -> Key:
        """The key of this id.

        Raises:
            NotFoundError: if there is none.
        """
        with self._reading() as connection:
            return _get(connection, key_id)

    def list(
        self,
        *,
        account: str | None = None,
        service: str | None = None,
        states: Collection[KeyState] | None = None,
        after: str = "",
        limit: int | None = None,
    ) -> Sequence[Key]:
        """The keys by id, of one account, one service or some states where they are named, after an id, so many."""
        query = _chosen(_WITH_GRANT, account, service, states).where(key_table.c.id > after).limit(limit)
        with self._reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def ids(
        self, states: Collection[KeyState], *, account: str | None = None, service: str | None = None
    ) -> tuple[str, ...]:
        """The ids of an account's or a service's keys in some states, without reading every grant."""
        query = _chosen(select(key_table.c.id), account, service, states)
        with self._reading() as connection:
            return tuple(str(each) for each in connection.execute(query).scalars())

    def update(self, key: Key, *, was: Key | None = None) -> Key:
        """Put a key in the place of the one of the same id; what stood there before.

        This is how it gets another grant, name, expiry or, in a rotation, another secret under the same id. Its state
        changes by ``move`` alone, so that an edit begun before a freeze does not undo it; the time of last use is kept.

        Args:
            key: the key as it shall be.
            was: the key as the editor saw it; if it is another by now, nothing is written.

        Raises:
            NotFoundError: if there is none of this id and account.
            ConflictError: if its account, service, kind, time of creation or state would change, if it is revoked, or
                if it is no longer as it was seen.
        """
        with self._writing() as connection:
            before = _get(connection, key.id, account=key.account)
            used = {"last_used": before.last_used, "last_traded": before.last_traded}
            key = msgspec.structs.replace(key, **used)
            if was is not None and msgspec.structs.replace(was, **used) != before:
                raise ConflictError(f"key {key.id}: somebody changed it meanwhile; look at it again")
            _check_edit(before, key)
            if before != key:
                digest = intern_grant(connection, key.grant)
                connection.execute(update(key_table).where(key_table.c.id == key.id).values(_columns(key, digest)))
                record_change(connection, ChangeKind.KEY, key.id, self._clock())
        return before

    def move(
        self,
        key_id: str,
        to: KeyState,
        *,
        account: str,
        still: Standstill | None = None,
        mover: Mover = Mover.PERSON,
    ) -> Key:
        """Move a key to another state, for its owner; the key as it is then.

        Args:
            key_id: which key.
            to: the state that it comes to. One that it is in already stays as it is, unless ``still`` narrows it.
            account: whose key it must be.
            still: why, since when and until when.
            mover: who takes the step.

        Raises:
            NotFoundError: if there is no such key of this account. Somebody else's reads the same as none.
            ConflictError: if the state may not follow, or not by this mover.
        """
        still = still or Standstill()
        with self._writing() as connection:
            before = _get(connection, key_id, account=account)
            after = _after(Life(before.state, before.still), Life(to, still), mover)
            if after is None:
                if before.state is not to:
                    _step(before.id, before.state, to, mover)
                return before
            connection.execute(update(key_table).where(key_table.c.id == key_id).values(_life(after)))
            record_change(connection, ChangeKind.KEY, key_id, self._clock())
        return msgspec.structs.replace(before, state=to, **msgspec.structs.asdict(after.still))

    def move_in(self, connection: Connection, ids: Sequence[str], life: Life, mover: Mover) -> tuple[str, ...]:
        """Move keys, within a transaction that writes more; those that moved.

        A key for which the table has no such step, or not by this mover, stays as it is.
        """
        going: list[str] = []
        for first in range(0, len(ids), STATEMENT_KEYS):
            some = ids[first : first + STATEMENT_KEYS]
            lives = _lives(connection, some)
            taken: dict[Life, list[str]] = {}
            for key_id in some:
                after = _after(lives[key_id], life, mover) if key_id in lives else None
                if after is not None:
                    taken.setdefault(after, []).append(key_id)
            for after, those in taken.items():
                connection.execute(update(key_table).where(key_table.c.id.in_(those)).values(_life(after)))
                going += those
        record_changes(connection, ChangeKind.KEY, going, self._clock())
        return tuple(going)

    def movable(self, ids: Sequence[str], life: Life, mover: Mover) -> tuple[str, ...]:
        """Those of the keys that ``move_in`` would move now."""
        with self._reading() as connection:
            lives: dict[str, Life] = {}
            for first in range(0, len(ids), STATEMENT_KEYS):
                lives |= _lives(connection, ids[first : first + STATEMENT_KEYS])
        return tuple(key_id for key_id in ids if key_id in lives and _after(lives[key_id], life, mover))

    def revoke_in(self, connection: Connection, ids: Sequence[str]) -> None:
        """Revoke keys, within a transaction that writes more."""
        for first in range(0, len(ids), STATEMENT_KEYS):
            some = ids[first : first + STATEMENT_KEYS]
            connection.execute(update(key_table).where(key_table.c.id.in_(some)).values(state=KeyState.REVOKED.value))
        record_changes(connection, ChangeKind.KEY, list(ids), self._clock())

    def end_overlaps(self, now: int) -> int:
        """Forget the earlier secrets whose time is over; how many."""
        over = key_table.c.previous_until <= now
        with self._reading() as connection:
            ids = [str(each) for each in connection.execute(select(key_table.c.id).where(over)).scalars()]
        if ids:
            with self._writing() as connection:
                connection.execute(update(key_table).where(over).values(previous=None, previous_until=None))
                record_changes(connection, ChangeKind.KEY, ids, self._clock())
        return len(ids)

    def grants(self) -> dict[bytes, str]:
        """Every grant that a key has or had, in TOML, by digest."""
        with self._reading() as connection:
            return {bytes(row.digest): row.text for row in connection.execute(select(grant_table))}

    def active_grants(self) -> frozenset[tuple[str, bytes]]:
        """The accounts of active keys, each with the digests of the grants that these have."""
        query = select(key_table.c.account, key_table.c.grant).where(key_table.c.state == KeyState.ACTIVE.value)
        with self._reading() as connection:
            return frozenset((row.account, bytes(row.grant)) for row in connection.execute(query.distinct()))

    def load(self, key_ids: Sequence[str] | None = None) -> Iterator[KeyRow]:
        """All keys in no order, or those named, as compact rows: a million in a few seconds.

        Read ``Store.last_change`` before this, and ``grants`` after: whatever is written meanwhile is then read twice
        and never missed.

        Raises:
            StoreError: if a row makes no sense: a key in no known state is not passed over in silence.
        """
        with self._reading() as connection:
            driver = connection.connection.cursor()
            try:
                yield from key_rows(driver, key_ids)
            finally:
                driver.close()


def force_state(connection: Connection, key_id: str, state: KeyState) -> None:
    """Set a state whatever the table says, for a restore, which knows only where the journal ends."""
    connection.execute(update(key_table).where(key_table.c.id == key_id).values(state=state.value))


def intern_grant(connection: Connection, text: str) -> bytes:
    """The digest of a grant that is in the table afterwards."""
    digest = hashlib.sha256(text.encode()).digest()
    if connection.execute(select(grant_table.c.digest).where(grant_table.c.digest == digest)).first() is None:
        connection.execute(insert(grant_table).values(digest=digest, text=text))
    return digest


_WITH_GRANT = select(
    *[column for column in key_table.c if column.name != "grant"], grant_table.c.text.label("grant")
).join_from(key_table, grant_table, key_table.c.grant == grant_table.c.digest)


def _chosen(
    query: Select[Any], account: str | None, service: str | None, states: Collection[KeyState] | None
) -> Select[Any]:
    if account is not None:
        query = query.where(key_table.c.account == account)
    if service is not None:
        query = query.where(key_table.c.service == service)
    if states is not None:
        query = query.where(key_table.c.state.in_([state.value for state in states]))
    return query.order_by(key_table.c.id)


def _get(connection: Connection, key_id: str, *, account: str | None = None) -> Key:
    query = _WITH_GRANT.where(key_table.c.id == key_id)
    if account is not None:
        query = query.where(key_table.c.account == account)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"key {key_id[:80]}: there is none")
    return _read(row)


def _read(row: RowMapping) -> Key:
    values = {str(name): value for name, value in row.items()}
    try:
        values["suspected"] = msgspec.json.decode(values["suspected"])
        return msgspec.convert(values, Key)
    except msgspec.MsgspecError as error:
        raise StoreError(f"key {row['id']}: the stored row makes no sense: {error}") from None


def _columns(key: Key, digest: bytes) -> dict[str, object]:
    values = msgspec.structs.asdict(key)
    values["grant"] = digest
    values["suspected"] = msgspec.json.encode(key.suspected).decode()
    return values


def _check_edit(before: Key, after: Key) -> None:
    for field in FIXED:
        if getattr(before, field) != getattr(after, field):
            raise ConflictError(f"key {before.id}: {field} is its own for life; issue another key")
    if before.state is KeyState.REVOKED and before != after:
        raise ConflictError(f"key {before.id}: it is revoked, and nothing changes it; issue another key")
    for field in MOVED:
        if getattr(before, field) != getattr(after, field):
            raise ConflictError(f"key {before.id}: it is {before.state}, and an edit does not change that; use move")


def _after(before: Life, to: Life, mover: Mover) -> Life | None:
    """What a step makes of a key: one of the table, or within its state whatever is narrower; None if it stays."""
    if before.state is to.state:
        narrower = stricter(before, to)
        return None if narrower == before or before.state in _OVER else narrower
    try:
        moved(before.state, to.state, mover)
    except ValueError:
        return None
    return to


def _lives(connection: Connection, ids: Sequence[str]) -> dict[str, Life]:
    columns = [key_table.c[name] for name in ("id", *MOVED)]
    rows = connection.execute(select(*columns).where(key_table.c.id.in_(ids)))
    return {
        row.id: Life(
            KeyState(row.state),
            Standstill(row.cause and Cause(row.cause), tuple(msgspec.json.decode(row.suspected)), row.since, row.until),
        )
        for row in rows
    }


def _life(life: Life) -> dict[str, object]:
    values = msgspec.structs.asdict(life.still)
    return {"state": life.state.value, **values, "suspected": msgspec.json.encode(life.still.suspected).decode()}


def _step(key_id: str, state: KeyState, to: KeyState, mover: Mover) -> None:
    try:
        moved(state, to, mover)
    except ValueError as error:
        raise ConflictError(f"key {key_id}: {error}") from None
