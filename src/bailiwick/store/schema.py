"""The version of the tables, brought up to date by whoever opens them first."""

from sqlalchemy import Connection, inspect, text

from bailiwick.store.errors import StoreError
from bailiwick.store.version import CURRENT


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction of this connection.

    Raises:
        StoreError: if a newer program made the tables.
    """
    version = _version(connection)
    if version == CURRENT:
        return
    from bailiwick.store import upgrading  # noqa: PLC0415  (takes long to load, and is seldom needed)

    if version is not None and version not in upgrading.known():
        raise StoreError(f"database: its tables are of version {version}, made by a newer program; use that one")
    upgrading.run(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
