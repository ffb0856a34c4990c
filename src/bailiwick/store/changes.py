"""Numbered changes: what a process that holds a copy in memory reads to stay right."""

from enum import StrEnum

import msgspec
from sqlalchemy import Connection, func, insert, select

from bailiwick.store.tables import change

EVERYTHING = "*"


class ChangeKind(StrEnum):
    """Which sort of row changed."""

    VENUE = "venue"
    ACCOUNT = "account"
    CREDENTIAL = "credential"
    SERVICE = "service"
    KEY = "key"
    TOKEN = "token"  # noqa: S105  (the name of a sort of row)
    HOLD = "hold"
    DECOY = "decoy"


PARTIES = frozenset({ChangeKind.VENUE, ChangeKind.ACCOUNT, ChangeKind.CREDENTIAL, ChangeKind.SERVICE})
"""The sorts of row that stand behind keys: a change of one concerns every key of it."""


class Change(msgspec.Struct, frozen=True):
    """One change. A subject of ``*`` means: any row of this kind, read them all again."""

    number: int
    kind: ChangeKind
    subject: str
    at: int  # ms


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
