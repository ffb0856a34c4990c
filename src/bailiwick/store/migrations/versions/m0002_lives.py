"""The lives of keys and accounts, and what later subjects keep: one function per subject."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make what is new."""
    _lives()
    _notices()
    _incidents()
    _tokens()
    _holds()
    _services()
    _native()
    _canaries()
    _people()
    _watch()


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


def _tokens() -> None:
    """Tokens of the control API; only their digests."""
    op.create_table(
        "token",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("revoked", sa.BigInteger),
        sa.Column("last_used", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("name", name="uq_token_name"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
    )


def _holds() -> None:
    """Intents that were held for a person, and what became of them."""
    op.create_table(
        "hold",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("raised", sa.BigInteger, nullable=False),
        sa.Column("answer_by", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("answered", sa.BigInteger),
        sa.Column("answered_by", sa.Text),
        sa.Column("use_by", sa.BigInteger),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("watched", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_hold"),
    )
    op.create_index("ix_hold_key", "hold", ["key"])
    op.create_index("ix_hold_state", "hold", ["state"])


def _notices() -> None:
    """Owners and their choices, notices on their way, and how far events have been heard."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "owner",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("choices", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_owner"),
    )
    op.create_table(
        "notice",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("owner", "kind", "key", "account", "matter")),
        sa.Column("urgency", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_notice_owner_kind_key_matter", "notice", ["owner", "kind", "key", "matter"])
    op.create_table(
        "delivery",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("notice", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("way", "to", "state")),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("sent", sa.BigInteger),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_delivery_notice"),
    )
    op.create_index("ix_delivery_state_due", "delivery", ["state", "due"])
    op.create_index("ix_delivery_notice", "delivery", ["notice"])
    op.create_table(
        "heard",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_heard"),
    )


def _incidents() -> None:
    """Incidents, disputed trades, the links of notices, reports of leaks, and the prints of secrets."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "incident",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "matter", "owner", "title")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("keys", "positions", "notes")),
        sa.Column("closed", sa.BigInteger),
        sa.Column("closing", sa.Text, nullable=False),
        sa.Column("taken", sa.BigInteger),
        sa.Column("assignee", sa.Text, nullable=False, server_default=""),
        sa.Column("verdict", sa.Text, nullable=False, server_default=""),
        sa.Column("steps", sa.Text, nullable=False, server_default="[]"),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_table(
        "course",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("incident", "venue", "symbol")),
        sa.Column("read_at", sa.BigInteger, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("incident", "venue", "symbol", name="pk_course"),
    )
    op.create_index("ix_incident_kind_matter", "incident", ["kind", "matter"])
    op.create_table(
        "disputed",
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("incident", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_disputed"),
    )
    op.create_index("ix_disputed_key", "disputed", ["key"])
    op.create_table(
        "link",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("purpose", "bound", "subject")),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
        sa.PrimaryKeyConstraint("digest", name="pk_link"),
    )
    op.create_index("ix_link_expires", "link", ["expires"])
    op.create_table(
        "leak",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("key", "proof", "source", "place", "incident")),
    )
    op.create_index("ix_leak_key", "leak", ["key"])
    op.create_table(
        "secret_print",
        sa.Column("print", sa.LargeBinary, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("print", "key", name="pk_secret_print"),
    )
    op.create_index("ix_secret_print_key", "secret_print", ["key"])


def _services() -> None:
    """What services publish, whose keys were theirs once, and how the act against a compromised one stands."""
    op.drop_index("ix_key_service", "key")  # the keys of a service are read in parts, in the order of their ids
    op.create_index("ix_key_service_id_state_on_compromise", "key", ["service", "id", "state", "on_compromise"])
    op.add_column("service", sa.Column("fingerprints", sa.Text, nullable=False, server_default="[]"))
    op.add_column("service", sa.Column("net_buying_bps", sa.Integer))
    op.add_column("service", sa.Column("reaction", sa.Text))
    op.create_table(
        "holding",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("left", sa.BigInteger, nullable=False),
        sa.Column("rotated", sa.BigInteger),
        sa.PrimaryKeyConstraint("key", "service", "left", name="pk_holding"),
        sa.ForeignKeyConstraint(["key"], ["key.id"], name="fk_holding_key"),
        sa.ForeignKeyConstraint(["service"], ["service.id"], name="fk_holding_service"),
    )
    op.create_index("ix_holding_service", "holding", ["service"])
    op.create_table(
        "restored",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_restored"),
        sa.ForeignKeyConstraint(["key"], ["key.id"], name="fk_restored_key"),
        sa.ForeignKeyConstraint(["service"], ["service.id"], name="fk_restored_service"),
    )
    op.create_table(
        "publication",
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("read_at", sa.BigInteger),
        sa.Column("offered", sa.Text, nullable=False),
        sa.Column("failed_at", sa.BigInteger),
        sa.Column("failure", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("service", name="pk_publication"),
        sa.ForeignKeyConstraint(["service"], ["service.id"], name="fk_publication_service"),
    )
    op.create_table(
        "compromise",
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("in_force", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("followed", sa.BigInteger),
        sa.PrimaryKeyConstraint("service", name="pk_compromise"),
        sa.ForeignKeyConstraint(["service"], ["service.id"], name="fk_compromise_service"),
    )


def _native() -> None:
    """Keys of the venues themselves that services hold, what they shall be, and what their venue last said."""
    op.create_table(
        "native",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "email")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("service", "origin", "state")),
        sa.Column("created", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "api_key")),
        sa.Column("trades", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("addresses", "symbols")),
        sa.Column("cause", sa.Text),
        sa.Column("since", sa.BigInteger),
        sa.Column("said", sa.Text),
        sa.Column("read_at", sa.BigInteger),
        sa.Column("watch_key", sa.Text, nullable=False),
        sa.Column("watch", sa.LargeBinary),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("polled", sa.BigInteger),
        sa.Column("last_traded", sa.BigInteger),
        sa.Column("given_back", sa.BigInteger),
        sa.Column("warned", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_native"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_native_account"),
        sa.ForeignKeyConstraint(["service"], ["service.id"], name="fk_native_service"),
    )
    op.create_index("ix_native_service", "native", ["service"])
    op.create_index("ix_native_account", "native", ["account"])


def _canaries() -> None:
    """Keys that nobody uses, what they are answered from, and what their use sets off."""
    op.create_table(
        "canary",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("key", "label", "wind_down", "shape")),
        sa.Column("laid", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
        sa.Column("heard", sa.BigInteger, nullable=False),
        sa.Column("incident", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_canary"),
    )


def _people() -> None:
    """People who sign in to the console, their passkeys, sessions and one-time links."""
    op.create_table(
        "person",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("totp", sa.LargeBinary),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.PrimaryKeyConstraint("name", name="pk_person"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.LargeBinary, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("last_used", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.ForeignKeyConstraint(["person"], ["person.name"], name="fk_passkey_person"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("digest", name="uq_session_digest"),
        sa.ForeignKeyConstraint(["person"], ["person.name"], name="fk_session_person"),
    )
    op.create_table(
        "entry",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
        sa.PrimaryKeyConstraint("digest", name="pk_entry"),
        sa.ForeignKeyConstraint(["person"], ["person.name"], name="fk_entry_person"),
    )


def _watch() -> None:
    """What the watch said of keys and what became of it, and what owners vouch for."""
    op.create_table(
        "alert",
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("key", "account", "kind", "symbol", "worth")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("worth_in", "scope", "what", "why", "request")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("source", "done", "hold", "incident", "vouch")),
        sa.Column("score", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_alert"),
    )
    op.create_index("ix_alert_key", "alert", ["key"])
    op.create_table(
        "vouch",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "key", "symbol", "worth", "worth_in")),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("alert", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_vouch"),
    )
    op.create_index("ix_vouch_key", "vouch", ["key"])


def downgrade() -> None:
    """There is no way back: states and their causes would be lost."""
    raise NotImplementedError("restore a backup instead")
