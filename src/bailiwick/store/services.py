"""What is kept of services beside their rows: whose keys were theirs, what they publish, how a compromise stands."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    RowMapping,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from bailiwick.model.life import Cause, KeyState, Life
from bailiwick.store.changes import ChangeKind, record_change, record_changes
from bailiwick.store.shelf import Access
from bailiwick.store.tables import key as key_table
from bailiwick.store.tables import metadata
from bailiwick.store.tables import service as service_table

AT_ONCE = 500  # values in one statement

holding = Table(
    "holding",
    metadata,
    Column("key", Text, ForeignKey("key.id"), primary_key=True),
    Column("service", Text, ForeignKey("service.id"), primary_key=True),
    Column("left", BigInteger, primary_key=True),  # when the key was handed to another service
    Column("rotated", BigInteger),  # when the secret that the service knew stopped working
    Index(None, "service"),
)

restored = Table(
    "restored",
    metadata,
    Column("key", Text, ForeignKey("key.id"), primary_key=True),
    Column("service", Text, ForeignKey("service.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
)

publication = Table(
    "publication",
    metadata,
    Column("service", Text, ForeignKey("service.id"), primary_key=True),
    Column("source", Text, nullable=False),  # a file or an https address
    Column("read_at", BigInteger),  # when it was last read in full
    Column("offered", Text, nullable=False),  # JSON list: networks that it has added, waiting for a person
    Column("failed_at", BigInteger),
    Column("failure", Text, nullable=False),
)

compromise = Table(
    "compromise",
    metadata,
    Column("service", Text, ForeignKey("service.id"), primary_key=True),
    Column("act", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),  # of the act in the journal
    Column("in_force", BigInteger),  # the position from which no key of it opened anything
    Column("reason", Text, nullable=False),
    Column("told", Text, nullable=False),  # the last owner, by name, who was told; all of them where it is "*"
    Column("followed", BigInteger),  # when the rows of its keys had followed
)


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """Where a service publishes its networks, and what was read there last."""

    service: str
    source: str
    read_at: int | None = None
    offered: tuple[str, ...] = ()
    failed_at: int | None = None
    failure: str = ""


class Compromise(msgspec.Struct, frozen=True, kw_only=True):
    """The act against a compromised service, and how far its consequences have come."""

    service: str
    act: str
    at: int
    position: int
    in_force: int | None
    reason: str
    told: str
    followed: int | None


class Held(NamedTuple):
    """A key that is or was a service's. ``rotated`` says that the secret the service knew works no more."""

    key: str
    account: str
    service: str
    state: KeyState
    on_compromise: str
    rotated: bool


class Group(NamedTuple):
    """Keys of a service that are alike: how many of an account have this grant and state, and the last use of one."""

    account: str
    grant: bytes
    state: KeyState
    keys: int
    last_used: int | None


_OWN_IDS = "SELECT id, state, on_compromise FROM key WHERE service = ? ORDER BY id"
_OWN = "SELECT id, account, service, state, on_compromise FROM key WHERE service = ?"
_LEFT = (
    "SELECT k.id, k.account, k.service, k.state, k.on_compromise, min(h.rotated IS NOT NULL) FROM holding h "
    "JOIN key k ON k.id = h.key WHERE h.service = ? AND k.service <> ? GROUP BY k.id"
)

EVERYONE = "*"
"""What stands for the last owner where all were told."""


@final
class Services:
    """What belongs to services and stands in no row of theirs."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    # Whose keys they are and were

    def own(self, service: str) -> dict[tuple[KeyState, str], list[str]]:
        """The ids of a service's keys in order, by state and by what their owner chose for a compromise."""
        found: dict[tuple[str, str], list[str]] = {}
        with self._reading() as connection:
            driver = connection.connection.cursor()
            try:
                for key, state, choice in driver.execute(_OWN_IDS, (service,)).fetchall():
                    found.setdefault((state, choice), []).append(key)
            finally:
                driver.close()
        return {(KeyState(state), choice): keys for (state, choice), keys in found.items()}

    def left(self, service: str) -> list[Held]:
        """The keys that a service handed to others, by id, and whether they were rotated since."""
        with self._reading() as connection:
            rows = connection.exec_driver_sql(_LEFT, (service, service)).fetchall()
        return sorted(Held(row[0], row[1], row[2], KeyState(row[3]), row[4], bool(row[5])) for row in rows)

    def held(self, service: str) -> list[Held]:
        """Every key that ever belonged to a service, by id; of those that left, whether they were rotated since."""
        with self._reading() as connection:
            rows = connection.exec_driver_sql(_OWN, (service,)).fetchall()
        return sorted(
            [*(Held(row[0], row[1], row[2], KeyState(row[3]), row[4], False) for row in rows), *self.left(service)]
        )

    def held_after(self, service: str, after: str, limit: int) -> list[Held]:
        """So many of ``held``, behind an id: among 100,000 keys a page costs what it holds."""
        with self._reading() as connection:
            rows = connection.exec_driver_sql(
                f"{_OWN} AND id > ? ORDER BY id LIMIT ?", (service, after, limit)
            ).fetchall()
        own = [Held(row[0], row[1], row[2], KeyState(row[3]), row[4], False) for row in rows]
        return sorted([*own, *(each for each in self.left(service) if each.key > after)])[:limit]

    def hand_over_in(self, connection: Connection, key: str, service: str) -> None:
        """Hand a key to another service, within a transaction; that it was the other's is kept."""
        before = connection.execute(select(key_table.c.service).where(key_table.c.id == key)).scalar_one()
        now = self._clock()
        connection.execute(insert(holding).values(key=key, service=before, left=now, rotated=None))
        connection.execute(update(key_table).where(key_table.c.id == key).values(service=service))
        record_change(connection, ChangeKind.KEY, key, now)

    def rotated(self, key: str, at: int) -> None:
        """Note that the secrets which earlier holders of a key know stop working at a moment."""
        statement = update(holding).where(holding.c.key == key, holding.c.rotated.is_(None)).values(rotated=at)
        with self._writing() as connection:
            connection.execute(statement)

    def groups(self, service: str) -> list[Group]:
        """The keys of a service, alike ones together."""
        last = func.max(key_table.c.last_used)
        query = (
            select(key_table.c.account, key_table.c.grant, key_table.c.state, func.count(), last)
            .where(key_table.c.service == service)
            .group_by(key_table.c.account, key_table.c.grant, key_table.c.state)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [Group(row[0], bytes(row[1]), KeyState(row[2]), row[3], row[4]) for row in rows]

    def owners(self, service: str) -> dict[str, list[str]]:
        """The accounts of which a service has or had keys, native ones too, by the name of their owner."""
        statement = (
            "SELECT a.owner, a.id FROM account a WHERE "
            "EXISTS (SELECT 1 FROM key k WHERE k.account = a.id AND k.service = ?) OR EXISTS (SELECT 1 FROM holding h "
            "JOIN key k ON k.id = h.key WHERE h.service = ? AND k.account = a.id) OR EXISTS "
            "(SELECT 1 FROM native n WHERE n.account = a.id AND n.service = ?) ORDER BY 1, 2"
        )
        found: dict[str, list[str]] = {}
        with self._reading() as connection:
            for owner, account in connection.exec_driver_sql(statement, (service, service, service)):
                found.setdefault(owner, []).append(account)
        return found

    # A compromise

    def restored(self) -> frozenset[str]:
        """The keys that a person gave back after their service was compromised."""
        with self._reading() as connection:
            return frozenset(connection.execute(select(restored.c.key)).scalars())

    def restore_in(self, connection: Connection, service: str, keys: Sequence[str]) -> None:
        """Note that a person gave keys back, within a transaction."""
        now = self._clock()
        for first in range(0, len(keys), AT_ONCE):
            some = keys[first : first + AT_ONCE]
            connection.execute(delete(restored).where(restored.c.key.in_(some)))
            connection.execute(insert(restored), [{"key": key, "service": service, "at": now} for key in some])
        record_change(connection, ChangeKind.SERVICE, service, now)

    def forget_restored_in(self, connection: Connection, service: str) -> None:
        """What was given back before is held back again, within a transaction."""
        connection.execute(delete(restored).where(restored.c.service == service))

    def compromised_in(self, connection: Connection, found: Compromise) -> None:
        """Note the act, within the transaction that does it."""
        connection.execute(delete(compromise).where(compromise.c.service == found.service))
        connection.execute(insert(compromise).values(msgspec.structs.asdict(found)))

    def changed_in(self, connection: Connection, service: str) -> None:
        """Number a change of a service whose row may be as it was, within a transaction."""
        record_change(connection, ChangeKind.SERVICE, service, self._clock())

    def stopped(self, service: str) -> frozenset[str]:
        """The keys, of those that ever belonged to a service, that a service's standing has stopped."""
        gone = select(holding.c.key).where(holding.c.service == service)
        query = select(key_table.c.id).where(
            (key_table.c.service == service) | key_table.c.id.in_(gone),
            key_table.c.cause == Cause.STANDING.value,
            key_table.c.state.in_([KeyState.WINDING_DOWN.value, KeyState.FROZEN.value]),
        )
        with self._reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def stopped_by(self, key: str) -> str | None:
        """A compromised service that a key was handed on from, and that may know its secret still."""
        query = (
            select(holding.c.service)
            .join(service_table, service_table.c.id == holding.c.service)
            .where(holding.c.key == key, holding.c.rotated.is_(None), service_table.c.reaction.is_not(None))
            .order_by(holding.c.service)
        )
        with self._reading() as connection:
            return connection.execute(query).scalars().first()

    def reopen_in(self, connection: Connection, keys: Sequence[str], now: int, *, named: bool) -> None:
        """Put keys in force again, within a transaction; the changes name each of them, or their services."""
        services: set[str] = set()
        for first in range(0, len(keys), AT_ONCE):
            chosen = key_table.c.id.in_(keys[first : first + AT_ONCE])
            services |= set(connection.execute(select(key_table.c.service).where(chosen).distinct()).scalars())
            values = {"state": KeyState.ACTIVE.value, "cause": None, "suspected": "[]", "since": now, "until": None}
            connection.execute(update(key_table).where(chosen).values(**values))
        if named:
            record_changes(connection, ChangeKind.KEY, list(keys), now)
        else:
            for service in sorted(services):
                record_change(connection, ChangeKind.HELD, service, now)

    def compromise(self, service: str) -> Compromise | None:
        """The newest act against a service."""
        query = select(compromise).where(compromise.c.service == service)
        with self._reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else msgspec.convert(_named(row), Compromise)

    def unfinished(self) -> list[Compromise]:
        """Acts of which something is still to be done: rows that follow, owners to be told."""
        query = select(compromise).where((compromise.c.told != EVERYONE) | compromise.c.followed.is_(None))
        with self._reading() as connection:
            return [msgspec.convert(_named(row), Compromise) for row in connection.execute(query).mappings()]

    def note(self, act: str, **values: int | str) -> None:
        """Note how far an act has come."""
        with self._writing() as connection:
            connection.execute(update(compromise).where(compromise.c.act == act).values(**values))

    def follow_in(
        self, connection: Connection, service: str, lives: Sequence[tuple[Life, Collection[KeyState], str]]
    ) -> None:
        """Let the rows of a service's keys follow its standing, within a transaction, under one number.

        Args:
            connection: the transaction.
            service: whose keys; those that were restored stay as they are.
            lives: what keys come to, from which states, and which choice of theirs it is for.
        """
        kept = select(restored.c.key).where(restored.c.service == service)
        for life, states, choice in lives:
            chosen = (
                (key_table.c.service == service)
                & (key_table.c.on_compromise == choice)
                & key_table.c.state.in_([state.value for state in states])
                & key_table.c.id.not_in(kept)
            )
            still = life.still
            values = {"state": life.state.value, "cause": still.cause, "since": still.since, "until": still.until}
            connection.execute(update(key_table).where(chosen).values(**values))
        record_change(connection, ChangeKind.HELD, service, self._clock())

    # What they publish

    def publication(self, service: str) -> Publication | None:
        """Where a service publishes its networks; None if nobody named a place."""
        query = select(publication).where(publication.c.service == service)
        with self._reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else _published(_named(row))

    def publications(self) -> list[Publication]:
        """All that are known."""
        with self._reading() as connection:
            rows = connection.execute(select(publication).order_by(publication.c.service)).mappings()
            return [_published(_named(row)) for row in rows]

    def publish_in(self, connection: Connection, found: Publication | None, service: str) -> None:
        """Keep what is known of a service's networks, or forget where they are published, within a transaction."""
        connection.execute(delete(publication).where(publication.c.service == service))
        if found is not None:
            values = {**msgspec.structs.asdict(found), "offered": msgspec.json.encode(found.offered).decode()}
            connection.execute(insert(publication).values(values))

    def publish(self, found: Publication) -> None:
        """Keep what is known of a service's networks."""
        with self._writing() as connection:
            self.publish_in(connection, found, found.service)


def _published(row: dict[str, object]) -> Publication:
    return msgspec.convert({**row, "offered": msgspec.json.decode(str(row["offered"]))}, Publication)


def _named(row: RowMapping) -> dict[str, object]:
    return {str(name): value for name, value in row.items()}
