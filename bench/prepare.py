"""All of the bench that knows Bailiwick: a data directory with so many keys, and what its journal holds of orders."""

import os
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import keyfile

from bailiwick import config, config_text
from bailiwick.journal import reader, record
from bailiwick.model.credential import KEY_ID_RANDOM_BYTES, SECRET_RANDOM_BYTES, Purpose, make_key_id, make_secret
from bailiwick.model.grant import Grant, HowMuch, Liquidity, What, Where, grant_to_toml
from bailiwick.model.harm import Harm
from bailiwick.model.intent import OrderType, Side
from bailiwick.model.party import (
    Account,
    Credential,
    Key,
    KeyKind,
    KeyState,
    Service,
    Venue,
    credential_record,
    key_record,
)
from bailiwick.model.secret import Secret
from bailiwick.opening import make_data
from bailiwick.store.store import Store
from bailiwick.vault.vault import Vault

ACCOUNT = "bench"
SERVICE = "load"
ENOUGH = Decimal(10) ** 12  # USDT: limits that are computed and never reached
WEIGHT_PER_MINUTE = 1_000_000_000

# Every kind of limit is set, so that every rule does its work; none is reached.
GRANT = Grant(
    purpose="bench",
    what=What(
        may=frozenset({Harm.PUBLIC, Harm.READ, Harm.CANCEL, Harm.TRADE}),
        symbols=frozenset({"BTCUSDT", "ETHUSDT"}),
        sides=frozenset(Side),
        order_types=frozenset(OrderType),
    ),
    how_much=HowMuch(
        order_notional=ENOUGH,
        day_notional=ENOUGH,
        rolling_notional=ENOUGH,
        loss_per_day=ENOUGH,
        open_orders=10_000,
    ),
    liquidity=Liquidity(least_daily_volume=Decimal(1_000_000), order_share_bps=10_000),
    where=Where(networks=("127.0.0.0/8",)),
)


def prepare(directory: Path, keys: int, port: int, upstream: str) -> list[str]:
    """Make a Bailiwick with one account and so many HMAC keys of it, and give the command that starts it.

    Key ids and secrets stand in ``keys.tsv`` in the directory. The gateway will listen on ``port`` of the loopback and
    forward to ``upstream``, whose venue weight is declared so large that it refuses nothing.
    """
    directory.mkdir(mode=0o700, parents=True)
    settings = configure(directory, port)
    vault = Vault(make_data(settings, {}))
    with Store.open(settings.database) as store:
        store.venues.add(Venue("stub", "Stub exchange", "binance", upstream))
        store.accounts.add(Account(ACCOUNT, "stub", "Bench", "the bench", home_assets=("USDT",)))
        sealed = vault.seal(
            credential_record("bench-1", ACCOUNT), Purpose.UPSTREAM_HMAC, Secret(b"upstream-secret".ljust(64, b"-"))
        )
        store.attach_credential(
            Credential("bench-1", ACCOUNT, Purpose.UPSTREAM_HMAC, "upstream-key".ljust(64, "-"), sealed.envelope)
        )
        store.services.add(Service(SERVICE, "Load"))
        pairs: list[tuple[str, str]] = []
        store.keys.add_many(issued(vault, keys, pairs))
    keyfile.write(directory / "keys.tsv", pairs)
    program = Path(sys.executable).with_name("bailiwick")
    return [str(program), "up", "--config", str(directory / "bailiwick.toml")]


def configure(directory: Path, port: int) -> config.Config:
    """Write the configuration: defaults, but for the port, the venue's weight, and no health address."""
    path = directory / "bailiwick.toml"
    config_text.write_default(path, port=port, health="")
    text = path.read_text()
    path.write_text(text.replace("\n[weight]\n", f"\n[weight]\nper_minute = {WEIGHT_PER_MINUTE}\nkey_share = 1.0\n"))
    return config.load(path)


def issued(vault: Vault, count: int, pairs: list[tuple[str, str]]) -> Iterator[Key]:
    """So many active keys; their ids and secrets are added to `pairs`."""
    grant, now = grant_to_toml(GRANT), time.time_ns() // 1_000_000
    for _ in range(count):
        key_id = make_key_id(ACCOUNT, os.urandom(KEY_ID_RANDOM_BYTES))
        secret = make_secret(os.urandom(SECRET_RANDOM_BYTES))
        sealed = vault.seal(key_record(key_id, ACCOUNT), Purpose.ISSUED_HMAC, secret)
        pairs.append((key_id, secret.reveal().decode()))
        yield Key(key_id, ACCOUNT, SERVICE, KeyKind.HMAC, grant, KeyState.ACTIVE, now, secret=sealed.envelope)


def journalled(directory: Path) -> Iterator[str]:
    """The parameters of every intent that the journal of a prepared directory allowed, as they left."""
    journal = config.load(directory / "bailiwick.toml").journal_directory
    for entry in reader.read(journal):
        if entry.record is not None:
            kept = record.decode(entry.record)
            if isinstance(kept, record.Intent) and kept.decision == "allow":
                yield kept.leaves or kept.sent
