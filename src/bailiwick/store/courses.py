"""The minutes that are kept with an incident: how the price of its symbols went while it happened."""

from collections.abc import Sequence
from typing import final

import msgspec
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table, Text, delete, insert, select

from bailiwick.model.course import Course
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

course = Table(
    "course",
    metadata,
    *(Column(name, Text, nullable=False) for name in ("incident", "venue", "symbol")),
    Column("read_at", BigInteger, nullable=False),
    Column("said", Text, nullable=False),  # JSON of Course
    PrimaryKeyConstraint("incident", "venue", "symbol"),
)


@final
class Courses:
    """The courses of incidents. They are public data, and numbered as no change: no other process keeps them."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, _ = access

    def put(self, incident_id: str, made: Course) -> None:
        """Keep the course of a symbol, in the place of what was kept of it."""
        which = {"incident": incident_id, "venue": made.venue, "symbol": made.symbol}
        same = (course.c.incident == incident_id) & (course.c.venue == made.venue) & (course.c.symbol == made.symbol)
        with self._writing() as connection:
            connection.execute(delete(course).where(same))
            row = which | {"read_at": made.read_at, "said": msgspec.json.encode(made).decode()}
            connection.execute(insert(course).values(row))

    def of(self, incident_id: str) -> Sequence[Course]:
        """What is kept with an incident, by symbol."""
        query = select(course.c.said).where(course.c.incident == incident_id).order_by(course.c.symbol, course.c.venue)
        with self._reading() as connection:
            return [msgspec.json.decode(row.said, type=Course) for row in connection.execute(query)]
