"""Runs the migrations on the connection that the store hands over."""

from alembic import context
from sqlalchemy import Connection

from bailiwick.store.tables import metadata

connection = context.config.attributes["connection"]
if not isinstance(connection, Connection):
    raise TypeError("migrations run on the store's own connection")
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
