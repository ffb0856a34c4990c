"""The configuration that a house begins with: every setting with its default and what it is for, commented out."""

from pathlib import Path

import msgspec

from bailiwick.config import Config, ConfigError, VaultSource, parse
from bailiwick.files import new_file


def write_default(
    path: Path,
    *,
    data: Path = Path("data"),
    source: VaultSource = "key-file",
    host: str = "127.0.0.1",
    port: int = 8080,
    health: str = "127.0.0.1:8081",
    origin: str = "bailiwick",
    api: str = "127.0.0.1:8082",
) -> Config:
    """Write a commented configuration to a file that must not exist yet (mode 0600), and read it back.

    Raises:
        ConfigError: if the file exists or cannot be made, or a value is refused.
    """
    text = DEFAULT_TEXT
    texts = {"data": str(data), "source": source, "host": host, "health": health, "origin": origin, "api": api}
    for name, value in texts.items():
        text = text.replace(f"@{name}@", _quoted(value))
    raw = text.replace("@port@", str(port)).encode()
    config = parse(raw, path)
    try:
        with new_file(path) as file:
            file.write(raw)
    except FileExistsError:
        raise ConfigError(f"{path}: there is one already; edit it, or name another with --config") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a file in a directory that you may write to") from None
    return config


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()  # a JSON string of printable text is a TOML basic string too


DEFAULT_TEXT = """\
# Bailiwick's configuration. Every setting has a safe default; what is commented out shows it.
# Paths that are not absolute start at this file's directory. `bailiwick doctor` checks what is set here.
# Venues, accounts, services and keys are not set here: see `bailiwick venue --help` and so on.

# Where the database, the journal and the wrapped vault keys are. One gateway per data directory.
data = @data@

# Where the sockets between the processes are; needs a short path. Default: run/ in the data directory.
# run = "/run/bailiwick"

[gateway]
# Where bots connect to. Beyond this machine, name a certificate as well, or stand behind a proxy that has one:
# an issued secret never travels, but what a bot does would be there to read.
host = @host@
port = @port@
# tls_certificate = "gateway.crt"
# tls_key = "gateway.key"

# Proxies whose X-Forwarded-For is believed. Nobody else's is.
# trusted_proxies = ["10.0.0.2/32"]

# Who may fetch public market data without a key.
# public_networks = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10"]

# connections = 2048             # of all clients at once
# connections_per_address = 512
# idle_s = 75                    # until a silent connection is closed
# request_s = 10                 # until a request must have come in whole
# upstream_connections = 64      # to one venue, per address that they leave from
# upstream_connect_s = 3
# upstream_answer_s = 10         # after that the outcome counts as unknown and is looked up
# exit_address = "192.0.2.7"     # a second address of this machine: cancels and reducing orders leave from it while
#                                # the venue has asked an account's own address to wait. Default: none
# shutdown_s = 15                # how long what was forwarded may still be answered when stopping

# Says over plain HTTP whether the gateway serves. "" turns it off.
health = @health@

[journal]
# The journal's name in its signed checkpoints. It cannot change once the journal is begun.
origin = @origin@

# A directory that gets every signed checkpoint too, best on another machine's disk. Without it nobody can
# show that the journal's end was cut off.
# second_place = "/mnt/elsewhere/bailiwick-checkpoints"

# How long bodies of records are kept. Their digests are kept for ever, so what is left can still be proven.
# trade_days = 3650              # default: for ever
# read_days = 7
# failure_days = 30
# snapshot_s = 60                # budgets, marks and holdings, so that a start reads only the journal's end
# checkpoint_s = 60
# checkpoint_records = 1000

[vault]
# What opens the vault keys at start: "key-file", "passphrase", "environment", "systemd" or "transit".
source = @source@
# key_file = "vault.key"         # mode 0600; not in the data directory, so that a copy of the data opens nothing
# variable = "BAILIWICK_VAULT_KEY"
# credential = "bailiwick-vault-key"
# transit_address = "https://vault.example:8200"
# transit_mount = "transit"
# transit_key = "bailiwick"
# transit_token_file = "transit.token"
# transit_ca_file = "transit-ca.pem"

[api]
# The control API: what the command line does, for tokens (`bailiwick token issue`). "" turns it off.
# Beyond this machine it needs a certificate: tokens travel in it.
listen = @api@
# hosts = ["bailiwick.example"]  # further names that a request's Host may say, without the port
# tls_certificate = "api.crt"
# tls_key = "api.key"
# requests_per_minute = 600      # of each token; more are refused with 429 and told when to come back

[weight]
# The venue's request weight for one address that requests leave from, and how it is divided.
# per_minute = 6000
# exit_reserve = 0.1             # kept back for cancels and reducing orders
# key_share = 0.5                # the most that one key may use, of the account's order counts too
# public_share = 0.3             # the most that public data may use

[notices]
# How owners are told what happens to their keys; whom, and when, is set by `bailiwick owner`. Secrets are named here
# and never written: "file:PATH" (mode 0600), "env:NAME", or "credential:NAME" for one of systemd's.
# telegram_token = "file:telegram.token"
# telegram_api = "https://api.telegram.org"
# smtp_host = "mail.example.com"
# smtp_port = 587
# smtp_security = "starttls"     # or "tls"; "none" for a server on this machine alone
# smtp_user = "bailiwick"
# smtp_password = "file:smtp.password"
# smtp_from = "bailiwick@example.com"
# smtp_ca_file = "mail-ca.pem"   # whoever signed the server's certificate; default: whom the system trusts
# webhook_key = "file:webhook.key"
# webhook_ca_file = "ca.pem"
# page = "https://bailiwick.example.com"  # where owners reach the page behind a link; without it there are no links

[leaks]
# Who may report leaked secrets; docs/leaks.md says how.
# github_keys = "https://api.github.com/meta/public_keys/secret_scanning"
# github_ca_file = "ca.pem"
# form_key = "file:leaks.key"
# per_minute = 600               # key ids that are looked up; a secret is always acted upon

[approvals]
# How long a person may answer a held request, and how long the client may then send it again; docs/approvals.md.
# answer_minutes = 10            # 1 to 60
# use_minutes = 5                # 1 to 30

[lives]
# When keys that lie idle are removed, in words: "remove keys idle 30 days unless bound to networks",
# "stop trading of keys idle 30 days", "none"; or a preset: binance-30d, okx-14d, kucoin-30d, bybit-90d, tax-tool.
# Owners are warned 7 days and 1 day before. A read does not keep a key that can trade alive.
# trading = "remove keys idle 30 days unless bound to networks"
# Keys that can only read:
# reading = "warn at 30 days, remove keys idle 400 days"
# How long a key winds down (reads, cancels, sells what it bought) before it only reads.
# wind_down_days = 7
# suspect_wind_down_hours = 24
# How long a key that is being removed may still read after that.
# frozen_days = 7
"""
