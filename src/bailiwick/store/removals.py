"""Which keys lie idle, run out of time or out of a state's time: asked of the database in sets, a million at once.

What a grant allows stands in its text, so the few texts are read first and joined to the keys as facts. Which warnings
went out is kept, so that none is repeated; use of a key moves the removal that it announced, and begins anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    true,
)

from bailiwick.model.life import REMOVING, KeyState, Response
from bailiwick.store.shelf import Access
from bailiwick.store.tables import account, key, metadata

EVERY = -1  # all bits: what has no bounds takes nothing away
ROWS = 20_000

warning = Table(
    "warning",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # idle or expiry
    Column("days", Integer, nullable=False),  # how many days before: the last one that went out
    Column("due", BigInteger, nullable=False),  # the removal that it announced; use of the key moves that
)

_temporary = MetaData()
_of_grant = Table(
    "fact_of_grant",
    _temporary,
    Column("id", LargeBinary, primary_key=True),
    Column("mask", BigInteger, nullable=False),
    Column("bound", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
_of_account, _of_service = (
    Table(
        f"fact_of_{name}",
        _temporary,
        Column("id", Text, primary_key=True),
        Column("mask", BigInteger, nullable=False),
        Column("bound", Integer, nullable=False),
        prefixes=["TEMPORARY"],
    )
    for name in ("account", "service")
)


class Fact(NamedTuple):
    """What a grant or a bound says of a key: which harm classes it lets pass, and whether it names networks."""

    mask: int
    bound: bool


class Facts(NamedTuple):
    """The facts of every grant, by digest, and of the accounts and services that narrow their keys, by id."""

    grants: Mapping[bytes, Fact]
    accounts: Mapping[str, Fact]
    services: Mapping[str, Fact]


class Lapse(NamedTuple):
    """A key of which a removal is due, or will be."""

    key: str
    account: str
    due: int
    response: Response
    warned: int | None  # how many days before this removal its last warning went out


class Asked(NamedTuple):
    """Which keys a policy is about: how long idle, and which it spares."""

    harms: int  # the harm classes beyond reading
    trading: bool  # keys that have one of these, or keys that have none
    days_ms: int
    spares_bound: bool


@final
class Removals:
    """The keys that are to be removed, and the warnings that went out."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def idle(self, facts: Facts, asked: Asked, before: int) -> list[Lapse]:
        """The active keys whose removal for idleness is due before a moment."""
        used = key.c.last_traded if asked.trading else key.c.last_used
        basis = func.coalesce(used, key.c.created)
        since = func.coalesce(key.c.since, 0)  # a person restored it: that counts as use
        due = case((basis < since, since), else_=basis) + asked.days_ms
        mask = _of_grant.c.mask.op("&")(func.coalesce(_of_account.c.mask, EVERY)).op("&")(
            func.coalesce(_of_service.c.mask, EVERY)
        )
        more = mask.op("&")(asked.harms)
        chosen = [key.c.state == KeyState.ACTIVE.value, due <= before, more != 0 if asked.trading else more == 0]
        if asked.spares_bound:
            facts_of = (_of_grant, _of_account, _of_service)
            chosen.append(and_(*(func.coalesce(each.c.bound, 0) == 0 for each in facts_of)))
        joined = (
            key.join(_of_grant, key.c.grant == _of_grant.c.id)
            .outerjoin(_of_account, key.c.account == _of_account.c.id)
            .outerjoin(_of_service, key.c.service == _of_service.c.id)
        )
        with self._writing() as connection:
            _note_facts(connection, facts)
            found = _lapses(connection, joined, "idle", due, key.c.on_idle, chosen)
            _temporary.drop_all(connection)
        return found

    def expiring(self, before: int) -> list[Lapse]:
        """The keys whose own time runs out before a moment, and which that has not stopped yet."""
        at_work = key.c.state.in_([KeyState.ACTIVE.value, KeyState.WINDING_DOWN.value])
        unstopped = or_(key.c.cause.is_(None), key.c.cause != "expiry")
        with self._reading() as connection:
            chosen = [at_work, unstopped, key.c.expires <= before]
            return _lapses(connection, key, "expiry", key.c.expires, key.c.on_expiry, chosen)

    def overdue(self, now: int, grace: int) -> list[tuple[str, KeyState, str | None]]:
        """The keys whose wind-down, or freeze before a removal, is over: with state and cause.

        ``grace`` is how long a key that is frozen for another cause may still read after its own expiry.
        """
        frozen = key.c.state == KeyState.FROZEN.value
        removing = and_(frozen, key.c.cause.in_([cause.value for cause in REMOVING]))
        ended = and_(key.c.until <= now, or_(key.c.state == KeyState.WINDING_DOWN.value, removing))
        chosen = or_(ended, and_(frozen, key.c.expires <= now - grace))
        query = select(key.c.id, key.c.state, key.c.cause).where(chosen).order_by(key.c.id)
        with self._reading() as connection:
            return [(row.id, KeyState(row.state), row.cause) for row in connection.execute(query)]

    def overdue_accounts(self, now: int) -> list[str]:
        """The accounts whose wind-down is over."""
        chosen = and_(account.c.until <= now, account.c.state == KeyState.WINDING_DOWN.value)
        with self._reading() as connection:
            return [str(each) for each in connection.execute(select(account.c.id).where(chosen)).scalars()]

    def note_warnings(self, kind: str, days: int, lapses: Sequence[Lapse]) -> None:
        """Note that these were warned, so many days before."""
        statement = "INSERT INTO warning (key, kind, days, due) VALUES (?, ?, ?, ?) ON CONFLICT (key, kind) DO UPDATE "
        statement += "SET days = excluded.days, due = excluded.due"
        with self._writing() as connection:
            for first in range(0, len(lapses), ROWS):
                rows = [(each.key, kind, days, each.due) for each in lapses[first : first + ROWS]]
                connection.exec_driver_sql(statement, rows)


def _lapses(
    connection: Connection,
    source: Any,
    kind: str,
    due: ColumnElement[Any],
    response: ColumnElement[Any],
    chosen: Sequence[ColumnElement[bool]],
) -> list[Lapse]:
    warned = and_(warning.c.key == key.c.id, warning.c.kind == literal(kind), warning.c.due == due)
    query = (
        select(key.c.id, key.c.account, due.label("due"), response.label("response"), warning.c.days)
        .select_from(source.outerjoin(warning, warned))
        .where(and_(true(), *chosen))
    )
    responses = {each.value: each for each in Response}
    return [Lapse(row[0], row[1], row[2], responses[row[3]], row[4]) for row in connection.execute(query).fetchall()]


def _note_facts(connection: Connection, facts: Facts) -> None:
    _temporary.create_all(connection)
    for table, known in ((_of_grant, facts.grants), (_of_account, facts.accounts), (_of_service, facts.services)):
        if known:
            rows = [{"id": id_, "mask": fact.mask, "bound": int(fact.bound)} for id_, fact in known.items()]
            connection.execute(insert(table), rows)
