"""The lives of keys and accounts, and what later subjects keep: one function per subject."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make what is new."""
    _lives()


def _lives() -> None:
    """Why a key or an account is in its state and until when, what its owner chose, and an overlapping secret."""
    op.add_column("account", sa.Column("state", sa.Text, nullable=False, server_default="active"))
    op.add_column("account", sa.Column("cause", sa.Text))
    op.add_column("account", sa.Column("since", sa.BigInteger))
    op.add_column("account", sa.Column("until", sa.BigInteger))
    op.add_column("key", sa.Column("last_traded", sa.BigInteger))
    op.add_column("key", sa.Column("cause", sa.Text))
    op.add_column("key", sa.Column("suspected", sa.Text, nullable=False, server_default="[]"))
    op.add_column("key", sa.Column("since", sa.BigInteger))
    op.add_column("key", sa.Column("until", sa.BigInteger))
    for event in ("on_expiry", "on_idle", "on_alert", "on_compromise"):
        op.add_column("key", sa.Column(event, sa.Text, nullable=False, server_default="wind-down"))
    op.add_column("key", sa.Column("previous", sa.LargeBinary))
    op.add_column("key", sa.Column("previous_until", sa.BigInteger))
    op.create_table(
        "warning",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", "kind", name="pk_warning"),
    )


def downgrade() -> None:
    """There is no way back: states and their causes would be lost."""
    raise NotImplementedError("restore a backup instead")
