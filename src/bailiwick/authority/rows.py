"""Keys in pages and as ids: a list of a million is never held at once, and a revocation need not read every grant."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select, update

from bailiwick.authority.show import moment
from bailiwick.authority.verbs import ListParties, Values
from bailiwick.model.party import KeyState
from bailiwick.store.changes import ChangeKind, record_changes
from bailiwick.store.store import Store
from bailiwick.store.tables import key

KEYS_PER_STATEMENT = 500
TIMES = frozenset({"created", "expires", "last_used"})
LISTED = (
    key.c.id, key.c.name, key.c.account, key.c.service, key.c.kind, key.c.state, key.c.created, key.c.expires,
    key.c.last_used,
)  # fmt: skip


def page_of_keys(store: Store, question: ListParties) -> tuple[tuple[Values, ...], bool]:
    """The keys that a page shows, and whether there are more."""
    query = select(*LISTED).where(key.c.id > question.after).order_by(key.c.id).limit(question.limit + 1)
    if question.account:
        query = query.where(key.c.account == question.account)
    if question.service:
        query = query.where(key.c.service == question.service)
    if question.state:
        query = query.where(key.c.state == question.state)
    with store.reading() as connection:
        rows = [_shown(dict(row)) for row in connection.execute(query).mappings()]
    return tuple(rows[: question.limit]), len(rows) > question.limit


def ids_of_keys(
    store: Store, states: Collection[KeyState], *, account: str | None = None, service: str | None = None
) -> tuple[str, ...]:
    """The ids of an account's or a service's keys in some states."""
    query = select(key.c.id).where(key.c.state.in_([state.value for state in states])).order_by(key.c.id)
    if account is not None:
        query = query.where(key.c.account == account)
    if service is not None:
        query = query.where(key.c.service == service)
    with store.reading() as connection:
        return tuple(str(each) for each in connection.execute(query).scalars())


def revoke_in(connection: Connection, ids: Sequence[str], at: int) -> None:
    """Revoke keys, within a transaction that writes more; ``at`` is the time of their changes, in ms."""
    for first in range(0, len(ids), KEYS_PER_STATEMENT):
        some = ids[first : first + KEYS_PER_STATEMENT]
        connection.execute(update(key).where(key.c.id.in_(some)).values(state=KeyState.REVOKED.value))
    record_changes(connection, ChangeKind.KEY, list(ids), at)


def _shown(row: Values) -> Values:
    return {name: moment(value) if name in TIMES else value for name, value in row.items()}
