"""Tokens of the control API at rest: their digests, and who may do what with them until when."""

from collections.abc import Sequence
from typing import final

import msgspec
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, RowMapping, Table, Text, insert, select, update
from sqlalchemy.exc import IntegrityError

from bailiwick.model.token import Token
from bailiwick.store.changes import ChangeKind, record_change
from bailiwick.store.errors import ConflictError, NotFoundError, StoreError
from bailiwick.store.shelf import Access
from bailiwick.store.tables import metadata

token = Table(
    "token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # JSON list
    Column("person", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", BigInteger),
    Column("last_used", BigInteger),
)


@final
class Tokens:
    """The tokens. They are never deleted: the journal names them."""

    def __init__(self, access: Access) -> None:
        self._reading, self._writing, self._clock = access

    def add(self, row: Token) -> None:
        """Add a token.

        Raises:
            ConflictError: if its name was given before, to whichever token: the journal tells them apart by it.
        """
        values = {**msgspec.structs.asdict(row), "scopes": msgspec.json.encode(row.scopes).decode()}
        with self._writing() as connection:
            try:
                connection.execute(insert(token).values(values | {"person": int(row.person)}))
            except IntegrityError:
                raise ConflictError(
                    f"token {row.name}: the name was given before, and is given once; choose another"
                ) from None
            record_change(connection, ChangeKind.TOKEN, row.id, self._clock())

    def of_digest(self, digest: bytes) -> Token | None:
        """The token whose text has this SHA-256, in force or not."""
        with self._reading() as connection:
            row = connection.execute(select(token).where(token.c.digest == digest)).mappings().one_or_none()
        return None if row is None else _read(row)

    def get(self, name: str) -> Token:
        """The token of this id or name.

        Raises:
            NotFoundError: if there is none.
        """
        with self._reading() as connection:
            chosen = (token.c.id == name) | (token.c.name == name)
            row = connection.execute(select(token).where(chosen)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"token {name[:80]}: there is none")
        return _read(row)

    def list(self, *, after: str = "", limit: int | None = None) -> Sequence[Token]:
        """Tokens by name, after a name, so many."""
        query = select(token).where(token.c.name > after).order_by(token.c.name).limit(limit)
        with self._reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def revoke(self, token_id: str, at: int) -> None:
        """Revoke a token. It cannot be undone."""
        with self._writing() as connection:
            chosen = (token.c.id == token_id) & token.c.revoked.is_(None)
            connection.execute(update(token).where(chosen).values(revoked=at))
            record_change(connection, ChangeKind.TOKEN, token_id, self._clock())

    def record_use(self, token_id: str, at: int) -> None:
        """Note when a token was last used; no change is numbered for it."""
        with self._writing() as connection:
            connection.execute(update(token).where(token.c.id == token_id).values(last_used=at))


def _read(row: RowMapping) -> Token:
    values = {str(name): value for name, value in row.items()}
    values["scopes"] = msgspec.json.decode(values["scopes"])
    values["person"] = bool(values["person"])
    try:
        return msgspec.convert(values, Token)
    except msgspec.ValidationError as error:
        raise StoreError(f"token {row['id']}: the stored row makes no sense: {error}") from None
