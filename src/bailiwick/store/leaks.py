"""What was reported as leaked, and the prints by which the gateway finds the key of a secret."""

from collections.abc import Collection, Sequence
from typing import final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

HOUR_MS = 3_600_000
MOST_AN_HOUR = 20  # reports of one key that are kept, journalled and told
AT_ONCE = 500  # values in one statement

leak = Table(
    "leak",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("proof", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Index(None, "key"),
)

NOT_KEPT = 0
"""In the place of a time: the act that gives the key this secret is not known to be done."""

secret_print = Table(
    "secret_print",
    metadata,
    Column("print", LargeBinary, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("made", BigInteger, nullable=False),
    Index(None, "key"),
)


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """One report about one key.

    ``proof`` says what the report held: ``secret``, ``private key`` or, which proves nothing, ``key id``.
    """

    at: int  # ms
    key: str
    proof: str
    source: str
    place: str = ""
    incident: str = ""


class Printed(msgspec.Struct, frozen=True):
    """A key that a secret is or was of; ``current`` where it was given no other since.

    Of what was added and never kept, because an act failed or a process ended in between, nobody knows whether the key
    has it: it counts as current, and so does the one before it.
    """

    key: str
    current: bool


@final
class Leaks:
    """Reports of leaks, and the index of secrets."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add(self, report: Leak) -> None:
        """Keep a report."""
        with self._writing() as connection:
            connection.execute(insert(leak).values(msgspec.structs.asdict(report)))

    def of_key(self, key: str) -> Sequence[Leak]:
        """The reports about a key, oldest first: for the watch, a prior that it may be abused."""
        query = select(*[column for column in leak.c if column.name != "id"]).where(leak.c.key == key)
        with self._reading() as connection:
            return [Leak(**row) for row in connection.execute(query.order_by(leak.c.id)).mappings()]

    def is_known(self, report: Leak) -> bool:
        """Whether the same, or a great deal, was reported of its key in the last hour: more of it says nothing new."""
        lately = [each for each in self.of_key(report.key) if each.at > report.at - HOUR_MS]
        same = (report.proof, report.source, report.place)
        return len(lately) >= MOST_AN_HOUR or any((each.proof, each.source, each.place) == same for each in lately)

    def add_print(self, print_: bytes, key: str) -> None:
        """Remember which key a secret or public key is about to be of; ``keep_print`` says that it is."""
        with self._writing() as connection:
            same = (secret_print.c.print == print_) & (secret_print.c.key == key)
            connection.execute(delete(secret_print).where(same))
            connection.execute(insert(secret_print).values(print=print_, key=key, made=NOT_KEPT))

    def keep_print(self, key: str) -> None:
        """What was added for a key is its secret from now on, and the older ones are not."""
        new = (secret_print.c.key == key) & (secret_print.c.made == NOT_KEPT)
        with self._writing() as connection:
            connection.execute(update(secret_print).where(new).values(made=self._clock()))

    def prints_under(self, name: str) -> Sequence[tuple[bytes, str]]:
        """The prints of all keys whose names begin so, each with its key."""
        query = select(secret_print.c.print, secret_print.c.key).where(secret_print.c.key.startswith(name))
        with self._reading() as connection:
            return [(bytes(row.print), row.key) for row in connection.execute(query)]

    def known(self, prints: Collection[bytes]) -> frozenset[bytes]:
        """Those of many prints that are of something that is or was a key's secret."""
        asked, found = sorted(prints), set[bytes]()
        with self._reading() as connection:
            for first in range(0, len(asked), AT_ONCE):
                some = secret_print.c.print.in_(asked[first : first + AT_ONCE])
                found |= {bytes(row.print) for row in connection.execute(select(secret_print.c.print).where(some))}
        return frozenset(found)

    def of_print(self, print_: bytes) -> Sequence[Printed]:
        """The keys that something of this print is or was the secret of."""
        with self._reading() as connection:
            found = connection.execute(select(secret_print).where(secret_print.c.print == print_)).all()
            return [Printed(row.key, row.made in {NOT_KEPT, _newest(connection, row.key)}) for row in found]


def _newest(connection: Connection, key: str) -> int:
    query = select(func.max(secret_print.c.made)).where(secret_print.c.key == key)
    return int(connection.execute(query).scalar_one())
