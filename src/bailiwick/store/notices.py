"""Notices that were told, and what of them is still to be delivered; and how far events have been heard.

A notice stands once; a delivery is one notice on its way over one channel. The same matter told again is counted.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    case,
    func,
    insert,
    select,
    update,
)

from bailiwick.model.notice import Channel, Notice, Urgency, Way
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

notice = Table(
    "notice",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON of a Notice
    Column("made", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),  # how often it was told
    Column("last", BigInteger, nullable=False),
    Index(None, "owner", "kind", "key", "matter"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("notice", BigInteger, ForeignKey("notice.id"), nullable=False),
    Column("way", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("sent", BigInteger),
    Index(None, "state", "due"),
    Index(None, "notice"),
)

heard = Table(
    "heard",
    metadata,
    Column("source", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)


class State(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # given up: its channel refused it, or it could not be reached for days


class Told(msgspec.Struct, frozen=True):
    """A notice as it stands: how often it was told, and what became of its deliveries."""

    id: int
    owner: str
    notice: Notice
    made: int
    count: int
    last: int
    deliveries: tuple[tuple[str, str, str, str], ...] = ()  # way, to, state, error


class Due(msgspec.Struct, frozen=True):
    """One delivery that is to be tried."""

    id: int
    told: Told
    channel: Channel
    tries: int
    due: int


@final
class Notices:
    """The queue of notices."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add(
        self, owner: str, said: Notice, channels: Sequence[Channel], *, now: int, due: int, same_for: int
    ) -> tuple[int, bool]:
        """Queue a notice; its id, and whether it is new or one of the same matter was told less than that long ago."""
        with self._writing() as connection:
            return add_in(connection, owner, said, channels, now=now, due=due, same_for=same_for)

    def add_all(self, waiting: Iterable[tuple[str, Notice, Sequence[Channel], int]], *, now: int) -> None:
        """Queue many notices, each with its owner, channels and when it is due, in one transaction.

        They are new: whoever calls this knows that none of them was told before.
        """
        with self._writing() as connection:
            last = int(connection.execute(select(func.coalesce(func.max(notice.c.id), 0))).scalar_one())
            notices: list[dict[str, Any]] = []
            deliveries: list[dict[str, Any]] = []
            for number, (owner, said, channels, due) in enumerate(waiting, last + 1):
                notices.append({"id": number, **_values(owner, said, now)})
                deliveries += [_delivery(number, channel, due) for channel in channels]
            if notices:
                connection.execute(insert(notice), notices)
            if deliveries:
                connection.execute(insert(delivery), deliveries)

    def due(self, now: int, limit: int) -> Sequence[Due]:
        """Deliveries whose time has come, most urgent and oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                _DELIVERIES.where(delivery.c.state == State.WAITING.value, delivery.c.due <= now)
                .order_by(_RANK, delivery.c.due, delivery.c.id)
                .limit(limit)
            ).mappings()
            return [_due(row) for row in rows]

    def waiting(self) -> int:
        """How many deliveries are still to be made."""
        with self._reading() as connection:
            query = select(func.count()).select_from(delivery).where(delivery.c.state == State.WAITING.value)
            return int(connection.execute(query).scalar_one())

    def failed(self, since: int) -> dict[tuple[str, str], Sequence[str]]:
        """The faults of the deliveries that were given up, of notices told since a moment, by owner and way."""
        query = (
            select(notice.c.owner, delivery.c.way, delivery.c.error)
            .join_from(delivery, notice)
            .where(delivery.c.state == State.FAILED.value, notice.c.last >= since)
            .order_by(delivery.c.id)
        )
        found: dict[tuple[str, str], list[str]] = {}
        with self._reading() as connection:
            for owner, way, error in connection.execute(query):
                found.setdefault((owner, way), []).append(error)
        return dict(found)

    def late(self, before: int) -> int:
        """How many notices, told before a moment, wait over some channel that has failed already."""
        query = (
            select(func.count(delivery.c.notice.distinct()))
            .join_from(delivery, notice)
            .where(delivery.c.state == State.WAITING.value, delivery.c.tries > 0, notice.c.made < before)
        )
        with self._reading() as connection:
            return int(connection.execute(query).scalar_one())

    def last_sent(self, channel: Channel, kind: str) -> int:
        """When a notice of this kind last left over this channel; 0 for never."""
        query = (
            select(func.coalesce(func.max(delivery.c.sent), 0))
            .join_from(delivery, notice)
            .where(delivery.c.way == channel.way.value, delivery.c.to == channel.to, notice.c.kind == kind)
        )
        with self._reading() as connection:
            return int(connection.execute(query).scalar_one())

    def settle(self, ids: Iterable[int], state: State, *, now: int, error: str = "") -> None:
        """Note that deliveries were made, or given up."""
        values: dict[str, Any] = {"state": state.value, "error": error}
        if state is State.SENT:
            values["sent"] = now
        self._change(ids, values)

    def put_off(self, ids: Iterable[int], until: int, *, error: str = "", tried: bool = True) -> None:
        """Try deliveries again later."""
        values: dict[str, Any] = {"due": until}
        if tried:
            values |= {"tries": delivery.c.tries + 1, "error": error}
        self._change(ids, values)

    def _change(self, ids: Iterable[int], values: dict[str, Any]) -> None:
        with self._writing() as connection:
            for each in ids:
                connection.execute(update(delivery).where(delivery.c.id == each).values(values))

    def list(self, *, owner: str | None = None, key: str | None = None, limit: int = 200) -> Sequence[Told]:
        """The latest notices with their deliveries, newest first."""
        query = select(notice).order_by(notice.c.id.desc()).limit(limit)
        if owner is not None:
            query = query.where(notice.c.owner == owner)
        if key is not None:
            query = query.where(notice.c.key == key)
        with self._reading() as connection:
            return [_told(row, _deliveries(connection, row["id"])) for row in connection.execute(query).mappings()]

    def heard(self, source: str) -> int:
        """The position up to which a source of events has been heard; -1 before the first."""
        with self._reading() as connection:
            found = connection.execute(select(heard.c.position).where(heard.c.source == source)).scalar_one_or_none()
        return -1 if found is None else int(found)

    def hear(self, source: str, position: int) -> None:
        """Note the position up to which a source of events has been heard."""
        with self._writing() as connection:
            changed = connection.execute(update(heard).where(heard.c.source == source).values(position=position))
            if not changed.rowcount:
                connection.execute(insert(heard).values(source=source, position=position))


def add_in(
    connection: Connection,
    owner: str,
    said: Notice,
    channels: Sequence[Channel],
    *,
    now: int,
    due: int,
    same_for: int,
) -> tuple[int, bool]:
    """``Notices.add``, within a transaction that writes more."""
    same = (
        (notice.c.owner == owner)
        & (notice.c.kind == said.kind)
        & (notice.c.key == said.key)
        & (notice.c.matter == said.matter)
        & (notice.c.made > now - same_for)
    )
    found = connection.execute(select(notice.c.id).where(same).order_by(notice.c.id.desc()).limit(1)).scalar()
    if found is not None:
        counted = {"count": notice.c.count + 1, "last": now}
        connection.execute(update(notice).where(notice.c.id == found).values(counted))
        return int(found), False
    made = connection.execute(insert(notice).values(_values(owner, said, now))).inserted_primary_key
    assert made is not None
    for channel in channels:
        connection.execute(insert(delivery).values(_delivery(made[0], channel, due)))
    return int(made[0]), True


def _values(owner: str, said: Notice, now: int) -> dict[str, Any]:
    return {
        "owner": owner,
        "kind": said.kind,
        "key": said.key,
        "account": said.account,
        "matter": said.matter,
        "urgency": said.urgency.value,
        "body": msgspec.json.encode(said).decode(),
        "made": now,
        "count": 1,
        "last": now,
    }


def _delivery(number: int, channel: Channel, due: int) -> dict[str, Any]:
    return {
        "notice": number,
        "way": channel.way.value,
        "to": channel.to,
        "state": State.WAITING.value,
        "due": due,
        "tries": 0,
        "error": "",
    }


_DELIVERIES = select(
    delivery.c.id.label("delivery"), delivery.c.way, delivery.c.to, delivery.c.tries, delivery.c.due, notice
).join_from(delivery, notice)
_RANK = case({urgency.value: rank for rank, urgency in enumerate(Urgency)}, value=notice.c.urgency)


def _due(row: Any) -> Due:
    return Due(row["delivery"], _told(row, ()), Channel(Way(row["way"]), row["to"]), row["tries"], row["due"])


def _told(row: Any, deliveries: tuple[tuple[str, str, str, str], ...]) -> Told:
    said = msgspec.json.decode(row["body"], type=Notice)
    return Told(row["id"], row["owner"], said, row["made"], row["count"], row["last"], deliveries)


def _deliveries(connection: Connection, notice_id: int) -> tuple[tuple[str, str, str, str], ...]:
    rows = connection.execute(select(delivery).where(delivery.c.notice == notice_id).order_by(delivery.c.id))
    return tuple((row.way, row.to, row.state, row.error) for row in rows)
