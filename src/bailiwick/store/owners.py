"""Owners and their choices, by name."""

from collections.abc import Sequence
from typing import final

import msgspec
from sqlalchemy import Column, Table, Text, insert, select, update

from bailiwick.model.notice import Owner
from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import StoreError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

owner = Table(
    "owner",
    metadata,
    Column("name", Text, primary_key=True),
    Column("choices", Text, nullable=False),  # JSON of an Owner
)


@final
class Owners:
    """How each owner wants to be told. Whoever chose nothing has the defaults, and no channel."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def get(self, name: str) -> Owner:
        """An owner's choices."""
        with self._reading() as connection:
            text = connection.execute(select(owner.c.choices).where(owner.c.name == name)).scalar_one_or_none()
        return Owner(name=name) if text is None else _read(name, text)

    def list(self) -> Sequence[Owner]:
        """Everybody who chose something, by name."""
        with self._reading() as connection:
            return [_read(row.name, row.choices) for row in connection.execute(select(owner).order_by(owner.c.name))]

    def put(self, choices: Owner) -> None:
        """Keep an owner's choices."""
        text = msgspec.json.encode(choices).decode()
        with self._writing() as connection:
            changed = connection.execute(update(owner).where(owner.c.name == choices.name).values(choices=text))
            if not changed.rowcount:
                connection.execute(insert(owner).values(name=choices.name, choices=text))
            record_change(connection, ChangeKind.OWNER, choices.name, self._clock())


def _read(name: str, text: str) -> Owner:
    try:
        return msgspec.json.decode(text, type=Owner)
    except msgspec.MsgspecError as error:
        raise StoreError(f"owner {name}: the stored row makes no sense: {error}") from None
