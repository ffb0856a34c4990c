"""The sealed records of the store, as a rotation of the vault key walks them: credentials, native keys, keys, by id."""

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, func, literal, select, update

from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.native import native_record
from bailiwick.model.party import KeyKind, credential_record, key_record
from bailiwick.store.changes import ChangeKind, record_changes
from bailiwick.store.native import native
from bailiwick.store.tables import credential, key

# Where an envelope names its vault key: after the bytes for version and wrap. SQL counts from one.
KEY_ID_AT = 3
KEY_ID_BYTES = 8
_PLACES: dict[Table, tuple[ChangeKind, tuple[str, ...]]] = {
    credential: (ChangeKind.CREDENTIAL, ("envelope",)),
    native: (ChangeKind.NATIVE, ("watch",)),
    key: (ChangeKind.KEY, ("secret", "previous")),
}


def elsewhere(connection: Connection, key_id: bytes, limit: int, after: Sealed | None) -> list[Sealed]:
    """About ``limit`` records behind ``after`` whose envelope names another vault key, a key's own together."""
    found: list[Sealed] = []
    table, row_id = (credential, "") if after is None else _place(after)
    if table is credential:
        chosen = _names_another(credential, "envelope", key_id) & (credential.c.id > row_id)
        rows = connection.execute(select(credential).where(chosen).order_by(credential.c.id).limit(limit))
        found += [Sealed(credential_record(row.id, row.account), Purpose(row.purpose), row.envelope) for row in rows]
        table, row_id = native, ""
    if table is native:
        chosen = _names_another(native, "watch", key_id) & (native.c.id > row_id)
        rows = connection.execute(select(native).where(chosen).order_by(native.c.id).limit(limit - len(found)))
        found += [Sealed(native_record(row.id, row.account), Purpose.UPSTREAM_HMAC, row.watch) for row in rows]
        row_id = ""
    old = _names_another(key, "previous", key_id) & (key.c.kind == KeyKind.HMAC.value)
    chosen = (_names_another(key, "secret", key_id) | old) & (key.c.id > row_id)
    columns = (key.c.id, key.c.account, key.c.secret, key.c.previous)
    keys = select(*columns).where(chosen).order_by(key.c.id).limit(limit - len(found))
    for row in connection.execute(keys):
        # In a rotation's overlap a key has two; both belong to one place in the walk.
        found += [
            Sealed(key_record(row.id, row.account), Purpose.ISSUED_HMAC, envelope)
            for envelope in (row.secret, row.previous)
            if envelope is not None and envelope[KEY_ID_AT - 1 : KEY_ID_AT - 1 + KEY_ID_BYTES] != key_id
        ]
    return found


def replace(connection: Connection, changes: list[tuple[Sealed, Sealed]], at: int) -> int:
    """Put each new envelope where the old one still stands, as a numbered change; how many did."""
    done: dict[ChangeKind, list[str]] = {kind: [] for kind, _ in _PLACES.values()}
    for old, new in changes:
        table, row_id = _place(old)
        kind, columns = _PLACES[table]
        for column in columns:
            unchanged = (table.c.id == row_id) & (table.c[column] == old.envelope)
            if connection.execute(update(table).where(unchanged).values({column: new.envelope})).rowcount:
                done[kind].append(row_id)
    for kind, subjects in done.items():
        record_changes(connection, kind, subjects, at)
    return sum(map(len, done.values()))


def _place(sealed: Sealed) -> tuple[Table, str]:
    kind, _, row_id = sealed.record.split("/")
    return {"credential": credential, "native": native}.get(kind, key), row_id


def _names_another(table: Table, column: str, key_id: bytes) -> ColumnElement[bool]:
    named = func.substr(table.c[column], KEY_ID_AT, KEY_ID_BYTES, type_=LargeBinary)
    return table.c[column].is_not(None) & (named != literal(key_id, LargeBinary))
