"""Which warnings of a removal went out already, so that none is repeated."""

from typing import final

from sqlalchemy import BigInteger, Column, Integer, Table, Text, select

from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

warning = Table(
    "warning",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # idle or expiry
    Column("days", Integer, nullable=False),  # how many days before: the last one that went out
    Column("due", BigInteger, nullable=False),  # the removal that it announced; use of the key moves that
)


@final
class Removals:
    """The warnings that went out."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def warned(self, key_id: str, kind: str, due: int) -> int | None:
        """How many days before a removal its last warning went out; None if none did."""
        query = select(warning.c.days).where(warning.c.key == key_id, warning.c.kind == kind, warning.c.due == due)
        with self._reading() as connection:
            return connection.execute(query).scalar_one_or_none()
