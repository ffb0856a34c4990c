"""People who sign in, what they sign in with, their sessions and their one-time links, at rest."""

from collections.abc import Sequence
from typing import Any, TypeVar, final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from bailiwick.model.person import Entry, Passkey, Person, Session
from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import ConflictError, NotFoundError, StoreError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

KEPT_MS = 90 * 86_400_000  # how long an ended session is still listed

T = TypeVar("T")

person = Table(
    "person",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("password", Text),
    Column("totp", LargeBinary),
    Column("totp_step", BigInteger, nullable=False),
    Column("ended", BigInteger),
)
passkey = Table(
    "passkey",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("person", Text, ForeignKey("person.name"), nullable=False),
    Column("label", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("site", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("last_used", BigInteger),
)
session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("person", Text, ForeignKey("person.name"), nullable=False),
    Column("begun", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("ended", BigInteger),
)
entry = Table(
    "entry",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", Text, ForeignKey("person.name"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
)


@final
class People:
    """The people. Nobody is ever deleted: the journal names them."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    # People

    def invite(self, invited: Person, link: Entry) -> None:
        """Add a person, or leave them as they are, with a new link; an older one of theirs does nothing any more."""
        with self._writing() as connection:
            if _one(connection, person, person.c.name == invited.name) is None:
                connection.execute(insert(person).values(**msgspec.structs.asdict(invited)))
            connection.execute(delete(entry).where((entry.c.person == invited.name) & entry.c.used.is_(None)))
            connection.execute(insert(entry).values(**msgspec.structs.asdict(link)))
            self._changed(connection, invited.name)

    def find(self, name: str) -> Person | None:
        """The person of this name, whether or not they may still sign in."""
        return self._found(person, person.c.name == name, Person)

    def get(self, name: str) -> Person:
        """The person of this name.

        Raises:
            NotFoundError: if there is none.
        """
        found = self.find(name)
        if found is None:
            raise NotFoundError(f"person {name[:80]}: there is none; `bailiwick console people` lists them")
        return found

    def list(self) -> Sequence[Person]:
        """Everybody, by name."""
        return self._all(person, Person, order=person.c.name)

    def end(self, name: str, at: int) -> None:
        """Let somebody sign in no more: their sessions, passkeys and links end with it."""
        with self._writing() as connection:
            connection.execute(update(person).where(person.c.name == name).values(ended=at, password=None, totp=None))
            connection.execute(delete(passkey).where(passkey.c.person == name))
            connection.execute(delete(entry).where(entry.c.person == name))
            _end_sessions(connection, session.c.person == name, at)
            self._changed(connection, name)

    def drop_password(self, name: str) -> None:
        """Take password and codes from a person: a passkey still opens, or a new link."""
        with self._writing() as connection:
            connection.execute(update(person).where(person.c.name == name).values(password=None, totp=None))
            self._changed(connection, name)

    # What they sign in with

    def entry(self, digest: bytes) -> Entry | None:
        """The link whose text has this SHA-256."""
        return self._found(entry, entry.c.digest == digest, Entry)

    def enter(self, link: Entry, made: Passkey | None, password: str | None, totp: bytes | None, step: int) -> None:
        """Use a link up and keep what was made by it: a passkey, or a password and the seed of its codes.

        Raises:
            ConflictError: if it was used in the meantime.
        """
        with self._writing() as connection:
            open_ = (entry.c.digest == link.digest) & entry.c.used.is_(None)
            if not connection.execute(update(entry).where(open_).values(used=self._clock())).rowcount:
                raise ConflictError("link: it was used already; `bailiwick console link` makes another")
            if made is not None:
                self._add(connection, made)
            else:
                chosen = update(person).where(person.c.name == link.person)
                connection.execute(chosen.values(password=password, totp=totp, totp_step=step))
            self._changed(connection, link.person)

    def passkeys(self, name: str) -> Sequence[Passkey]:
        """A person's passkeys, oldest first."""
        return self._all(passkey, Passkey, passkey.c.person == name, order=passkey.c.created)

    def passkey(self, credential: bytes) -> Passkey | None:
        """The passkey of this id."""
        return self._found(passkey, passkey.c.id == credential, Passkey)

    def add_passkey(self, made: Passkey) -> None:
        """Give a person one more passkey.

        Raises:
            ConflictError: if it is known already.
        """
        with self._writing() as connection:
            self._add(connection, made)
            self._changed(connection, made.person)

    def _add(self, connection: Connection, made: Passkey) -> None:
        if _one(connection, passkey, passkey.c.id == made.id) is not None:
            raise ConflictError("passkey: it is known already; use another device")
        connection.execute(insert(passkey).values(**msgspec.structs.asdict(made)))

    def remove_passkey(self, made: Passkey) -> None:
        """Take a passkey from its person."""
        with self._writing() as connection:
            connection.execute(delete(passkey).where(passkey.c.id == made.id))
            self._changed(connection, made.person)

    def use_passkey(self, credential: bytes, count: int, at: int) -> None:
        """Note a passkey's use and its counter."""
        with self._writing() as connection:
            connection.execute(update(passkey).where(passkey.c.id == credential).values(sign_count=count, last_used=at))

    def use_code(self, name: str, step: int) -> bool:
        """Take a code of this thirty seconds; whether it was not taken before."""
        with self._writing() as connection:
            fresh = (person.c.name == name) & (person.c.totp_step < step)
            return bool(connection.execute(update(person).where(fresh).values(totp_step=step)).rowcount)

    # Sessions

    def begin(self, begun: Session) -> None:
        """Begin a session, and forget those that ended long ago."""
        with self._writing() as connection:
            connection.execute(delete(session).where(session.c.begun < begun.begun - KEPT_MS))
            connection.execute(insert(session).values(**msgspec.structs.asdict(begun)))
            self._changed(connection, begun.person)

    def session_of(self, digest: bytes) -> Session | None:
        """The session whose cookie has this SHA-256, over or not."""
        return self._found(session, session.c.digest == digest, Session)

    def session(self, name: str) -> Session:
        """The session of this id.

        Raises:
            NotFoundError: if there is none.
        """
        found = self._found(session, session.c.id == name, Session)
        if found is None:
            raise NotFoundError(f"session {name[:80]}: there is none; `bailiwick console sessions` lists them")
        return found

    def sessions(self) -> Sequence[Session]:
        """All sessions that are kept, newest first."""
        return self._all(session, Session, order=session.c.begun.desc())

    def seen(self, session_id: str, at: int) -> None:
        """Note that a session is used."""
        with self._writing() as connection:
            connection.execute(update(session).where(session.c.id == session_id).values(last_seen=at))

    def end_session(self, ended: Session, at: int) -> None:
        """End a session."""
        with self._writing() as connection:
            _end_sessions(connection, session.c.id == ended.id, at)
            self._changed(connection, ended.person)

    def end_everything(self, at: int) -> None:
        """End every session and link, as after a restore: what was ended since the backup must not come back."""
        with self._writing() as connection:
            _end_sessions(connection, session.c.id != "", at)
            connection.execute(delete(entry))

    def _changed(self, connection: Connection, name: str) -> None:
        record_change(connection, ChangeKind.PERSON, name, self._clock())

    def _found(self, table: Table, chosen: Any, kind: type[T]) -> T | None:
        with self._reading() as connection:
            row = _one(connection, table, chosen)
        return None if row is None else _read(row, kind)

    def _all(self, table: Table, kind: type[T], chosen: Any = None, *, order: Any) -> Sequence[T]:
        query = select(table).order_by(order)
        with self._reading() as connection:
            rows = connection.execute(query if chosen is None else query.where(chosen)).mappings().all()
        return [_read(row, kind) for row in rows]


def _one(connection: Connection, table: Table, chosen: Any) -> RowMapping | None:
    return connection.execute(select(table).where(chosen)).mappings().one_or_none()


def _end_sessions(connection: Connection, chosen: Any, at: int) -> None:
    connection.execute(update(session).where(chosen & session.c.ended.is_(None)).values(ended=at))


def _read(row: RowMapping, kind: type[T]) -> T:
    try:
        return msgspec.convert({str(name): value for name, value in row.items()}, kind)
    except msgspec.ValidationError as error:
        raise StoreError(f"{kind.__name__.lower()}: a stored row makes no sense: {error}") from None
