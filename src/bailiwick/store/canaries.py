"""Canaries: which keys nobody uses, where each was laid, and what its use sets off."""

from collections.abc import Sequence
from typing import final

import msgspec
from sqlalchemy import BigInteger, Column, RowMapping, Table, Text, insert, select, update

from bailiwick.model.shape import WindDown
from bailiwick.store.errors import NotFoundError, StoreError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

canary = Table(
    "canary",
    metadata,
    Column("key", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("wind_down", Text, nullable=False),
    Column("shape", Text, nullable=False),
    Column("laid", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("heard", BigInteger, nullable=False),
    Column("incident", Text, nullable=False),
)
_TOLD = [column for column in canary.c if column.name != "shape"]


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """A canary. Times are milliseconds since 1970 UTC.

    Attributes:
        key: its id as a key.
        label: where it was laid, in its owner's words.
        wind_down: what its use winds down.
        laid: when it was issued.
        used: when somebody last signed with it, or None.
        heard: the position in the journal of the latest use that was acted upon; -1 before the first.
        incident: the latest that its use opened, or "".
    """

    key: str
    label: str
    wind_down: WindDown
    laid: int
    used: int | None = None
    heard: int = -1
    incident: str = ""


@final
class Canaries:
    """The canaries. Their keys stand with all keys; only here it is written that they are none to be used."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def lay(self, laid: Canary, shape: str) -> None:
        """Write a canary down. Its key is added after this, so that it is never in force as a real one."""
        with self._writing() as connection:
            connection.execute(insert(canary).values({**msgspec.structs.asdict(laid), "shape": shape}))

    def find(self, key: str) -> Canary | None:
        """The canary that this key is, or None for a real key."""
        with self._reading() as connection:
            row = connection.execute(select(*_TOLD).where(canary.c.key == key)).mappings().one_or_none()
        return None if row is None else _read(row)

    def list(self) -> Sequence[Canary]:
        """All canaries, oldest first."""
        with self._reading() as connection:
            return [_read(row) for row in connection.execute(select(*_TOLD).order_by(canary.c.laid)).mappings()]

    def ids(self) -> frozenset[str]:
        """The keys that are canaries."""
        with self._reading() as connection:
            return frozenset(connection.execute(select(canary.c.key)).scalars())

    def note(self, key: str, *, used: int, heard: int, incident: str) -> None:
        """Note a use, and the incident that it belongs to.

        Raises:
            NotFoundError: if the key is no canary.
        """
        with self._writing() as connection:
            chosen = update(canary).where(canary.c.key == key)
            if not connection.execute(chosen.values(used=used, heard=heard, incident=incident)).rowcount:
                raise NotFoundError(f"canary {key}: there is none")


def _read(row: RowMapping) -> Canary:
    try:
        return msgspec.convert({str(name): value for name, value in row.items()}, Canary)
    except msgspec.ValidationError as error:
        raise StoreError(f"canary {row['key']}: the stored row makes no sense: {error}") from None
