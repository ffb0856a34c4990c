"""Incidents: what belongs together when something went wrong, which trades are disputed, and the links of notices."""

from collections.abc import Iterable, Sequence
from typing import Any, final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, case, insert, select, update

from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import ConflictError, NotFoundError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

incident = Table(
    "incident",
    metadata,
    Column("id", Text, primary_key=True),
    Column("opened", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("keys", Text, nullable=False),  # JSON list
    Column("positions", Text, nullable=False),  # JSON list
    Column("notes", Text, nullable=False),  # JSON list of Note
    Column("closed", BigInteger),
    Column("closing", Text, nullable=False),
    Column("taken", BigInteger),
    Column("assignee", Text, nullable=False, server_default=""),
    Column("verdict", Text, nullable=False, server_default=""),
    Column("steps", Text, nullable=False, server_default="[]"),  # JSON list of Step
    Index(None, "kind", "matter"),
)

disputed = Table(
    "disputed",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Index(None, "key"),
)

link = Table(
    "link",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("bound", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
    Index(None, "expires"),
)


class Note(msgspec.Struct, frozen=True):
    """Something that was written down about an incident."""

    at: int  # ms
    by: str
    text: str


class Step(msgspec.Struct, frozen=True):
    """Something that was done with an incident: ``assigned``, ``working``, ``open`` or ``closed``."""

    at: int  # ms
    by: str
    what: str
    text: str = ""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong. While it is not closed, the same matter opens no other.

    ``taken`` says since when somebody works on it, ``assignee`` who shall, ``verdict`` what it was found to be.
    """

    id: str
    opened: int  # ms
    kind: str
    title: str
    owner: str = ""
    matter: str = ""
    keys: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()  # of the journal
    notes: tuple[Note, ...] = ()
    closed: int | None = None
    closing: str = ""
    taken: int | None = None
    assignee: str = ""
    verdict: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def state(self) -> str:
        """``open``, ``working`` or ``closed``."""
        if self.closed is not None:
            return "closed"
        return "open" if self.taken is None else "working"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A secret in a notice that does one thing once. Only the digest of the secret is kept."""

    digest: bytes
    purpose: str
    bound: str  # who alone may use it; empty for whoever has it
    subject: str  # JSON of what it is about
    expires: int  # ms
    used: int | None = None


LISTS = {
    "keys": tuple[str, ...], "positions": tuple[int, ...], "notes": tuple[Note, ...], "steps": tuple[Step, ...]
}  # fmt: skip
STATES = {
    "open": incident.c.closed.is_(None) & incident.c.taken.is_(None),
    "working": incident.c.closed.is_(None) & incident.c.taken.is_not(None),
    "closed": incident.c.closed.is_not(None),
    "current": incident.c.closed.is_(None),
}
"""The incidents of a state; those that are open or being worked on are ``current``."""
ORDERS = {name: incident.c[name] for name in ("opened", "kind", "owner", "assignee", "title")} | {
    "state": case((incident.c.closed.is_not(None), 2), (incident.c.taken.is_not(None), 1), else_=0)
}
"""By what they may be sorted."""


@final
class Incidents:
    """Incidents, the trades that they dispute, and links."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def open(self, draft: Incident) -> Incident:
        """Open an incident; where one of the same kind and matter is open, its keys and positions are added to it."""
        with self._writing() as connection:
            query = select(incident).where(
                incident.c.kind == draft.kind, incident.c.matter == draft.matter, incident.c.closed.is_(None)
            )
            row = connection.execute(query.limit(1)).mappings().one_or_none()
            if row is None or not draft.matter:
                connection.execute(insert(incident).values(_columns(draft)))
                record_change(connection, ChangeKind.INCIDENT, draft.id, self._clock())
                return draft
            there = _read(row)
            grown = msgspec.structs.replace(
                there,
                keys=_joined(there.keys, draft.keys),
                positions=_joined(there.positions, draft.positions),
                notes=there.notes + draft.notes,
            )
            return self._put(connection, grown)

    def get(self, incident_id: str) -> Incident:
        """One incident.

        Raises:
            NotFoundError: if there is none of this id.
        """
        with self._reading() as connection:
            return _get(connection, incident_id)

    def list(
        self,
        *,
        state: str = "",
        key: str = "",
        owner: str | None = None,
        assignee: str | None = None,
        sort: str = "opened",
        down: bool = True,
        limit: int = 200,
    ) -> Sequence[Incident]:
        """Incidents, in an order of ``ORDERS``; by default the newest first. ``state`` is one of ``STATES``."""
        by = ORDERS[sort]
        query = select(incident).order_by(by.desc() if down else by.asc(), incident.c.opened.desc(), incident.c.id)
        query = query.limit(limit)
        if state:
            query = query.where(STATES[state])
        if owner is not None:
            query = query.where(incident.c.owner == owner)
        if assignee is not None:
            query = query.where(incident.c.assignee == assignee)
        if key:
            query = query.where(incident.c["keys"].contains(f'"{key}"', autoescape=True))
        with self._reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def note(self, incident_id: str, note: Note) -> Incident:
        """Write something down about an incident.

        Raises:
            NotFoundError: if there is none of this id.
        """
        with self._writing() as connection:
            there = _get(connection, incident_id)
            return self._put(connection, msgspec.structs.replace(there, notes=(*there.notes, note)))

    def assign(self, incident_id: str, assignee: str, step: Step) -> Incident:
        """Say who shall work on an incident; "" is nobody.

        Raises:
            NotFoundError: if there is none of this id.
        """
        with self._writing() as connection:
            there = _get(connection, incident_id)
            grown = (*there.steps, step)
            return self._put(connection, msgspec.structs.replace(there, assignee=assignee, steps=grown))

    def take(self, incident_id: str, taken: int | None, step: Step) -> Incident:
        """Say since when somebody works on an incident; None that nobody does any more.

        Raises:
            NotFoundError: if there is none of this id.
        """
        with self._writing() as connection:
            there = _get(connection, incident_id)
            return self._put(connection, msgspec.structs.replace(there, taken=taken, steps=(*there.steps, step)))

    def close(self, incident_id: str, verdict: str, reason: str, step: Step) -> Incident:
        """Close an incident: what it was found to be, and why.

        Raises:
            NotFoundError: if there is none of this id.
            ConflictError: if it is closed.
        """
        with self._writing() as connection:
            there = _get(connection, incident_id)
            if there.closed is not None:
                raise ConflictError(f"incident {incident_id}: it is closed already; open another")
            made = msgspec.structs.replace(
                there, closed=step.at, verdict=verdict, closing=reason, steps=(*there.steps, step)
            )
            return self._put(connection, made)

    def _put(self, connection: Connection, made: Incident) -> Incident:
        connection.execute(update(incident).where(incident.c.id == made.id).values(_columns(made)))
        record_change(connection, ChangeKind.INCIDENT, made.id, self._clock())
        return made

    def find_open(self, kind: str, matter: str) -> Incident | None:
        """The open incident of this kind and matter."""
        query = select(incident).where(
            incident.c.kind == kind, incident.c.matter == matter, incident.c.closed.is_(None)
        )
        with self._reading() as connection:
            row = connection.execute(query.limit(1)).mappings().one_or_none()
        return None if row is None else _read(row)

    def dispute(self, key: str, positions: Iterable[int], incident_id: str) -> int:
        """Mark trades as disputed; how many were not before."""
        fresh = 0
        with self._writing() as connection:
            for position in positions:
                found = connection.execute(select(disputed.c.position).where(disputed.c.position == position)).first()
                if found is None:
                    connection.execute(insert(disputed).values(position=position, key=key, incident=incident_id))
                    fresh += 1
        return fresh

    def disputes(self, key: str) -> dict[int, str]:
        """The disputed positions of a key, each with its incident."""
        with self._reading() as connection:
            rows = connection.execute(select(disputed).where(disputed.c.key == key).order_by(disputed.c.position))
            return {row.position: row.incident for row in rows}

    def add_link(self, made: Link, now: int) -> None:
        """Keep a link; those that expired a day ago go."""
        with self._writing() as connection:
            connection.execute(link.delete().where(link.c.expires < now - 86_400_000))
            connection.execute(insert(link).values(msgspec.structs.asdict(made)))

    def find_link(self, digest: bytes) -> Link | None:
        """The link of this digest, as it is."""
        with self._reading() as connection:
            row = connection.execute(select(link).where(link.c.digest == digest)).mappings().one_or_none()
        return None if row is None else Link(**{str(name): value for name, value in row.items()})

    def use_link(self, digest: bytes, *, purpose: str, bound: str, now: int) -> Link | None:
        """Use a link up: what it is about; None if it is unknown, another's, used or too old.

        Somebody else's attempt does not use it up.
        """
        usable = (
            (link.c.digest == digest)
            & (link.c.purpose == purpose)
            & (link.c.bound == bound)
            & link.c.used.is_(None)
            & (link.c.expires > now)
        )
        with self._writing() as connection:
            if not connection.execute(update(link).where(usable).values(used=now)).rowcount:
                return None
            row = connection.execute(select(link).where(link.c.digest == digest)).mappings().one()
        return Link(**{str(name): value for name, value in row.items()})


def _joined(there: tuple[Any, ...], more: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*there, *(each for each in dict.fromkeys(more) if each not in there))


def _columns(made: Incident) -> dict[str, Any]:
    values = msgspec.structs.asdict(made)
    return {name: msgspec.json.encode(value).decode() if name in LISTS else value for name, value in values.items()}


def _read(row: Any) -> Incident:
    values = {
        str(name): msgspec.json.decode(value, type=LISTS[name]) if name in LISTS else value
        for name, value in row.items()
    }
    return Incident(**values)


def _get(connection: Connection, incident_id: str) -> Incident:
    row = connection.execute(select(incident).where(incident.c.id == incident_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"incident {incident_id[:80]}: there is none")
    return _read(row)
