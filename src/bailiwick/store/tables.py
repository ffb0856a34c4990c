"""The tables. Written for SQLite and PostgreSQL alike; what is here must agree with the last migration.

Every secret in them is an envelope of the vault. Times are milliseconds since 1970 UTC.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

venue = Table(
    "venue",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("mode", Text, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("venue", Text, ForeignKey("venue.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("credential", Text),  # of this account: the store checks it, since two tables cannot both come first
    Column("limits", Text),
    Column("local_address", Text),
    Column("home_assets", Text, nullable=False),  # JSON list
    Column("state", Text, nullable=False, server_default="active"),
    Column("cause", Text),
    Column("since", BigInteger),
    Column("until", BigInteger),
)

credential = Table(
    "credential",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("api_key", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
)

service = Table(
    "service",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("networks", Text, nullable=False),  # JSON list
    Column("limits", Text),
    Column("standing", Text, nullable=False),
    Column("fingerprints", Text, nullable=False, server_default="[]"),  # JSON list
    Column("net_buying_bps", Integer),  # of all its keys together
    Column("reaction", Text),  # what a compromise makes of its keys: winding_down or frozen
)

# A million keys share a handful of grants: each text stands once, named by its SHA-256.
grant = Table(
    "grant",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("text", Text, nullable=False),
)

key = Table(
    "key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("service", Text, ForeignKey("service.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("secret", LargeBinary),
    Column("public_key", LargeBinary),
    Column("grant", LargeBinary, ForeignKey("grant.digest"), nullable=False),
    Column("state", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("last_used", BigInteger),
    Column("name", Text, nullable=False),
    Column("last_traded", BigInteger),
    Column("cause", Text),
    Column("suspected", Text, nullable=False, server_default="[]"),  # JSON list
    Column("since", BigInteger),
    Column("until", BigInteger),
    Column("on_expiry", Text, nullable=False, server_default="wind-down"),
    Column("on_idle", Text, nullable=False, server_default="wind-down"),
    Column("on_alert", Text, nullable=False, server_default="wind-down"),
    Column("on_compromise", Text, nullable=False, server_default="wind-down"),
    Column("previous", LargeBinary),
    Column("previous_until", BigInteger),
    Index(None, "account"),
    Index(None, "service", "id", "state", "on_compromise"),  # what an act against a service asks, without the rows
)

change = Table(
    "change",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice, whatever is deleted
)
