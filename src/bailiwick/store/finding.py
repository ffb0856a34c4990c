"""Looking for keys among very many: a stretch of a list in any order, and how many there are in all."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

from sqlalchemy import RowMapping, func, select, tuple_

from bailiwick.model.life import KeyState
from bailiwick.store.services import restored
from bailiwick.store.shelf import Access
from bailiwick.store.tables import account as account_table
from bailiwick.store.tables import key as key_table

ORDERS = {
    name: key_table.c[name] for name in ("id", "name", "account", "service", "state", "created", "expires", "last_used")
}
_SHOWN = [
    key_table.c[name]
    for name in ("id", "name", "account", "service", "kind", "state", "created", "expires", "last_used")
]


class Wanted(NamedTuple):
    """What is looked for; what is empty does not matter."""

    text: str = ""
    account: str = ""
    service: str = ""
    owner: str = ""
    state: str = ""
    venue: str = ""
    key: str = ""
    among: Sequence[tuple[str, str, bytes]] | None = None  # account, service, grant: active or pending keys alike these


class Alike(NamedTuple):
    """Keys that are alike: how many of an account and a service have this grant and state.

    ``restored`` says that a person gave them back after their service was compromised.
    """

    account: str
    service: str
    grant: bytes
    state: KeyState
    restored: bool
    keys: int


class Stretch(NamedTuple):
    """Rows as the table has them, and how many there are of each state."""

    rows: Sequence[RowMapping]
    states: dict[str, int]


@final
class KeyFinder:
    """Looks for keys."""

    def __init__(self, access: Access) -> None:
        self._reading = access.reading

    def find(self, wanted: Wanted, order: str, *, descending: bool, offset: int, limit: int) -> Stretch:
        """A stretch of the keys that are wanted."""
        chosen = _chosen(wanted)
        column = ORDERS[order]
        directed = (column.desc(), key_table.c.id.desc()) if descending else (column.asc(), key_table.c.id.asc())
        # Only ids are sorted: a row is as wide as its sealed secret, and a sort would carry all of it.
        ids = select(key_table.c.id).where(*chosen).order_by(*directed).offset(offset).limit(limit)
        query = select(*_SHOWN).where(key_table.c.id.in_(ids)).order_by(*directed)
        counted = select(key_table.c.state, func.count()).where(*chosen).group_by(key_table.c.state)
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
            states = {str(state): int(count) for state, count in connection.execute(counted)}
        return Stretch(rows, states)

    def alike(self, wanted: Wanted) -> list[Alike]:
        """The keys that are wanted, alike ones together: a hundred thousand come to a handful."""
        back = restored.c.key.is_not(None)
        same = (key_table.c.account, key_table.c.service, key_table.c.grant, key_table.c.state, back)
        query = (
            select(*same, func.count())
            .select_from(key_table.outerjoin(restored, restored.c.key == key_table.c.id))
            .where(*_chosen(wanted))
            .group_by(*same)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [Alike(row[0], row[1], bytes(row[2]), KeyState(row[3]), bool(row[4]), int(row[5])) for row in rows]


def _chosen(wanted: Wanted) -> list[Any]:
    chosen: list[Any] = []
    if wanted.text:
        chosen.append(
            key_table.c.id.contains(wanted.text, autoescape=True)
            | func.lower(key_table.c.name).contains(wanted.text.lower(), autoescape=True)
        )
    named = {"account": wanted.account, "service": wanted.service, "state": wanted.state, "id": wanted.key}
    chosen += [key_table.c[name] == value for name, value in named.items() if value]
    whose = {"owner": wanted.owner, "venue": wanted.venue}
    for name, value in whose.items():
        if value:
            accounts = select(account_table.c.id).where(account_table.c[name] == value)
            chosen.append(key_table.c.account.in_(accounts))
    if wanted.among is not None:
        alike = tuple_(key_table.c.account, key_table.c.service, key_table.c.grant)
        chosen += [alike.in_(wanted.among), key_table.c.state.in_([KeyState.ACTIVE.value, KeyState.PENDING.value])]
    return chosen
