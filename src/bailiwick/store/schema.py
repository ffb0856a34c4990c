"""The version of the tables: brought up to date by whoever writes, required by whoever reads."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bailiwick.store.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction of this connection.

    Raises:
        StoreError: if a newer program made the tables.
    """
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    version = _version(connection)
    if version is not None and version not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(f"database: its tables are of version {version}, made by a newer program; use that one")
    if version != scripts.get_current_head():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(connection: Connection) -> None:
    """Do nothing if the tables are of this program's version.

    Raises:
        StoreError: if they are not.
    """
    version, head = _version(connection), ScriptDirectory.from_config(_config()).get_current_head()
    if version != head:
        raise StoreError(f"database: its tables are of version {version}, not {head}; start the control process first")


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
