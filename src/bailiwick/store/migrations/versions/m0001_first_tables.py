"""Venues, accounts, credentials, services, keys with their grants, and the numbered changes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "venue",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("dialect", sa.Text, nullable=False),
        sa.Column("base_url", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_venue"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("venue", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("credential", sa.Text),
        sa.Column("limits", sa.Text),
        sa.Column("local_address", sa.Text),
        sa.Column("home_assets", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.ForeignKeyConstraint(["venue"], ["venue.id"], name="fk_account_venue"),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("api_key", sa.Text, nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credential"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_credential_account"),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("networks", sa.Text, nullable=False),
        sa.Column("limits", sa.Text),
        sa.Column("standing", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service"),
    )
    _keys()


def _keys() -> None:
    op.create_table(
        "grant",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_grant"),
    )
    op.create_table(
        "key",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("public_key", sa.LargeBinary),
        sa.Column("grant", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("last_used", sa.BigInteger),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_key"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_key_account"),
        sa.ForeignKeyConstraint(["service"], ["service.id"], name="fk_key_service"),
        sa.ForeignKeyConstraint(["grant"], ["grant.digest"], name="fk_key_grant"),
    )
    op.create_index("ix_key_account", "key", ["account"])
    op.create_index("ix_key_service", "key", ["service"])
    op.create_table(
        "change",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """There is no way back from the first tables: that would be to delete everything."""
    raise NotImplementedError("restore a backup instead")
