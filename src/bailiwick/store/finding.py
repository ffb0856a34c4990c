"""Looking for keys among very many: a stretch of a list in any order, and how many there are in all."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

from sqlalchemy import RowMapping, func, select

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


def _chosen(wanted: Wanted) -> list[Any]:
    chosen: list[Any] = []
    if wanted.text:
        chosen.append(
            key_table.c.id.contains(wanted.text, autoescape=True)
            | func.lower(key_table.c.name).contains(wanted.text.lower(), autoescape=True)
        )
    named = {"account": wanted.account, "service": wanted.service, "state": wanted.state}
    chosen += [key_table.c[name] == value for name, value in named.items() if value]
    if wanted.owner:
        chosen.append(key_table.c.account.in_(select(account_table.c.id).where(account_table.c.owner == wanted.owner)))
    return chosen
