"""Numbered changes: what a process that holds a copy in memory reads to stay right."""

from sqlalchemy import Connection, func, insert, select

from bailiwick.store.rows import EVERYTHING, PARTIES, Change, ChangeKind
from bailiwick.store.tables import change


def record_change(connection: Connection, kind: ChangeKind, subject: str, at: int) -> None:
    """Number a change, in the transaction that makes it."""
    connection.execute(insert(change).values(kind=kind.value, subject=subject, at=at))


def record_changes(connection: Connection, kind: ChangeKind, subjects: list[str], at: int) -> None:
    """Number several changes of one transaction."""
    if subjects:
        rows = [{"kind": kind.value, "subject": subject, "at": at} for subject in subjects]
        connection.execute(insert(change), rows)


def read_changes(connection: Connection, after: int) -> list[Change]:
    """The changes after a number, oldest first."""
    query = select(change).where(change.c.number > after).order_by(change.c.number)
    return [Change(row.number, ChangeKind(row.kind), row.subject, row.at) for row in connection.execute(query)]


def last_change(connection: Connection) -> int:
    """The number of the newest change; 0 before the first."""
    return int(connection.execute(select(func.coalesce(func.max(change.c.number), 0))).scalar_one())


__all__ = [
    "EVERYTHING",
    "PARTIES",
    "Change",
    "ChangeKind",
    "last_change",
    "read_changes",
    "record_change",
    "record_changes",
]
