"""The configuration: one TOML file, checked whole before anything starts.

Unknown names are refused, since a misspelt safety setting would otherwise be no setting at all. Everything has a safe
default, so the least file is an empty one. Venues, accounts, services and keys are not here: they are in the store
and change while everything runs.
"""

import ipaddress
import os
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from bailiwick.notify.settings import Leaks, Notices, placed_leaks, placed_notices
from bailiwick.rules.idleness import policy
from bailiwick.words import counted

DEFAULT_PATH = Path("bailiwick.toml")
PATH_VARIABLE = "BAILIWICK_CONFIG"
PASSPHRASE_PIPE = "BAILIWICK_PASSPHRASE_FD"  # noqa: S105  # the number of an inherited descriptor, not a passphrase
SOCKET_PATH_BYTES = 107  # sun_path of unix(7), without its final zero

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
VaultSource: TypeAlias = Literal["passphrase", "key-file", "environment", "systemd", "transit"]

Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[int, Meta(ge=1, le=3600)]
Days = Annotated[int, Meta(ge=1, le=36500)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]

PRIVATE_NETWORKS = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file, the field and the remedy."""


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Gateway(_Section, frozen=True, kw_only=True):
    """The listening side, and the times that it gives to either side.

    Port 0 takes any free port and is meant for tests. ``health`` is a second plain-HTTP address, ``host:port``, that
    says whether the gateway serves; empty for none. ``exit_address`` is a second address of this machine: cancels and
    reducing orders leave from it while the venue has asked an account's own address to wait.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    public_networks: tuple[str, ...] = PRIVATE_NETWORKS
    connections: Count = 2048
    connections_per_address: Count = 512
    idle_s: Seconds = 75
    request_s: Seconds = 10
    upstream_connections: Count = 64
    upstream_connect_s: Seconds = 3
    upstream_answer_s: Seconds = 10
    shutdown_s: Seconds = 15
    health: str = "127.0.0.1:8081"
    exit_address: str = ""

    def __post_init__(self) -> None:
        _check_host("host", self.host)
        _check_networks("trusted_proxies", self.trusted_proxies)
        if self.exit_address:
            try:
                ipaddress.ip_address(self.exit_address)
            except ValueError:
                raise ValueError("exit_address: write an address of this machine, such as 192.0.2.7") from None
        _check_networks("public_networks", self.public_networks)
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key: name both or neither")
        if self.connections_per_address > self.connections:
            raise ValueError("connections_per_address: at most as many as connections")
        if self.health:
            split_address("health", self.health)

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The proxies whose ``X-Forwarded-For`` is believed."""
        return tuple(ipaddress.ip_network(text) for text in self.trusted_proxies)

    @property
    def public(self) -> tuple[Network, ...]:
        """Who may ask for public data without a key."""
        return tuple(ipaddress.ip_network(text) for text in self.public_networks)

    @property
    def health_address(self) -> tuple[str, int] | None:
        """Host and port of the health address, or None."""
        return split_address("health", self.health) if self.health else None


class Journal(_Section, frozen=True, kw_only=True):
    """The record of everything.

    ``origin`` is its name in its checkpoints, and stays what it was when the journal was begun. ``second_place`` is a
    directory, better on another machine's disk, that gets every signed checkpoint: without it nobody can prove that
    the end of the journal was cut off. ``trade_days`` of None keeps for ever.
    """

    origin: str = "bailiwick"
    second_place: Path | None = None
    trade_days: Days | None = None
    read_days: Days = 7
    failure_days: Days = 30
    snapshot_s: Seconds = 60
    checkpoint_s: Seconds = 60
    checkpoint_records: Count = 1000

    def __post_init__(self) -> None:
        if not self.origin or not self.origin.isprintable() or " " in self.origin or "+" in self.origin:
            raise ValueError("origin: a name without spaces and plus signs, such as example.com/journal")


class Vault(_Section, frozen=True, kw_only=True):
    """Where the key that opens the keyring comes from, and the settings of that source.

    ``key_file`` stands beside the configuration unless it is named, and so not in the data directory: a copy of the
    data alone opens nothing.
    """

    source: VaultSource = "key-file"
    key_file: Path = Path("vault.key")
    variable: str = "BAILIWICK_VAULT_KEY"
    credential: str = "bailiwick-vault-key"
    transit_address: str = ""
    transit_mount: str = "transit"
    transit_key: str = "bailiwick"
    transit_token_file: Path | None = None
    transit_ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self.source == "transit" and not self.transit_address:
            raise ValueError("transit_address: name the engine, such as https://vault.example:8200")
        if self.source == "transit" and self.transit_token_file is None:
            raise ValueError("transit_token_file: name a file (mode 0600) that holds the engine's token")
        if not self.variable or "=" in self.variable:
            raise ValueError("variable: name an environment variable")


class Weight(_Section, frozen=True, kw_only=True):
    """How the venue's request weight is divided, per address that requests leave from.

    Shares are parts of 1: ``exit_reserve`` is kept back for cancels and reducing orders, ``key_share`` is the most
    that one key may use, ``public_share`` the most that public data may.
    """

    per_minute: Annotated[int, Meta(ge=1, le=10**12)] = 6000  # beyond any venue's, to have it out of the way
    exit_reserve: Decimal = Decimal("0.1")
    key_share: Decimal = Decimal("0.5")
    public_share: Decimal = Decimal("0.3")

    def __post_init__(self) -> None:
        for name in ("exit_reserve", "key_share", "public_share"):
            share = getattr(self, name)
            if not share.is_finite() or not 0 <= share <= 1:
                raise ValueError(f"{name}: a part of 1, such as 0.25")
        if self.exit_reserve == 1 or not self.key_share:
            raise ValueError("exit_reserve below 1 and key_share above 0: no key could do anything otherwise")


class Api(_Section, frozen=True, kw_only=True):
    """The control API. ``listen`` is ``host:port``; empty for none.

    ``hosts`` are further names that a request's Host may say, without the port: a page in a browser can point a name of
    its own at this machine, so others are refused. ``requests_per_minute`` is for each token, and begins with a burst.
    """

    listen: str = "127.0.0.1:8082"
    hosts: tuple[str, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    requests_per_minute: Annotated[int, Meta(ge=6, le=60_000)] = 600

    def __post_init__(self) -> None:
        if not self.listen:
            return
        host, _ = split_address("listen", self.listen)
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise ValueError("listen: write an address of this machine, such as 127.0.0.1:8082") from None
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key: name both or neither")
        if not address.is_loopback and self.tls_certificate is None:
            raise ValueError(
                "listen: beyond this machine a token would travel in the open; name tls_certificate and tls_key, or "
                "listen on 127.0.0.1 behind a proxy that has them"
            )
        for name in self.hosts:
            _check_host("hosts", name)


class Lives(_Section, frozen=True, kw_only=True):
    """When keys that lie idle are removed, and how long a key winds down.

    ``trading`` is for keys that can do more than read, whose reads do not count as use; ``reading`` for the others.
    Both are written in words or as a preset, see ``rules.idleness``. A wind-down lasts ``wind_down_days``, that of a
    suspect key ``suspect_wind_down_hours``; a key that is being removed then stays frozen for ``frozen_days``.
    """

    trading: str = "remove keys idle 30 days unless bound to networks"
    reading: str = "warn at 30 days, remove keys idle 400 days"
    wind_down_days: Days = 7
    suspect_wind_down_hours: Annotated[int, Meta(ge=1, le=8760)] = 24
    frozen_days: Days = 7

    def __post_init__(self) -> None:
        for name in ("trading", "reading"):
            try:
                policy(getattr(self, name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None


class Approvals(_Section, frozen=True, kw_only=True):
    """How long a held request may be answered, and an approval used; bounded, so that none lies about for a thief."""

    answer_minutes: Annotated[int, Meta(ge=1, le=60)] = 10
    use_minutes: Annotated[int, Meta(ge=1, le=30)] = 5

    @property
    def words(self) -> str:
        """The same in words."""
        answer, use = counted(self.answer_minutes, "minute"), counted(self.use_minutes, "minute")
        return f"a held request may be answered for {answer}, and once approved be sent again for {use}"


class Config(_Section, frozen=True, kw_only=True):
    """Everything that is set by file. Relative paths are relative to the file's directory."""

    data: Path = Path("data")
    run: Path | None = None
    gateway: Gateway = msgspec.field(default_factory=Gateway)
    journal: Journal = msgspec.field(default_factory=Journal)
    vault: Vault = msgspec.field(default_factory=Vault)
    weight: Weight = msgspec.field(default_factory=Weight)
    lives: Lives = msgspec.field(default_factory=Lives)
    approvals: Approvals = msgspec.field(default_factory=Approvals)
    notices: Notices = msgspec.field(default_factory=Notices)
    leaks: Leaks = msgspec.field(default_factory=Leaks)
    api: Api = msgspec.field(default_factory=Api)

    @property
    def run_directory(self) -> Path:
        """Where the sockets are (mode 0700)."""
        return self.run or self.data / "run"

    @property
    def gateway_socket(self) -> Path:
        """The gateway's socket, for the control process."""
        return self.run_directory / "gateway.sock"

    @property
    def control_socket(self) -> Path:
        """The control process's socket, for the command line."""
        return self.run_directory / "control.sock"

    @property
    def rehearsal_socket(self) -> Path:
        """The socket of whoever plays thefts to watch: it is there beside a demonstration alone."""
        return self.run_directory / "play.sock"

    @property
    def database(self) -> Path:
        """The store."""
        return self.data / "bailiwick.db"

    @property
    def journal_directory(self) -> Path:
        """The journal."""
        return self.data / "journal"

    @property
    def keyring(self) -> Path:
        """The vault keys, wrapped."""
        return self.data / "keyring.json"

    @property
    def journal_key(self) -> Path:
        """The Ed25519 key that signs the journal's checkpoints: base64 of its 32 bytes, mode 0600."""
        return self.data / "journal.key"


def find(named: Path | None) -> Path:
    """The configuration to use: the one named, else $BAILIWICK_CONFIG, else ``bailiwick.toml`` here."""
    if named is not None:
        return named
    return Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def load(path: Path) -> Config:
    """Read and check a configuration.

    Raises:
        ConfigError: naming the file, the field and what to do.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; make one with `bailiwick init`, or name it with --config"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; check who may read it") from None
    return parse(raw, path)


def parse(raw: bytes, path: Path) -> Config:
    """Check the text of a configuration that stands at ``path``.

    Raises:
        ConfigError: naming the file, the field and what to do.
    """
    try:
        tree = tomllib.loads(raw.decode(), parse_float=Decimal)
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: it is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: it is not TOML: {error}; correct that line") from None
    try:
        config = _placed(msgspec.convert(tree, Config, dec_hook=_path), path.absolute().parent)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explained(str(error))}") from None
    longest = max(len(os.fsencode(socket)) for socket in (config.gateway_socket, config.control_socket))
    if longest > SOCKET_PATH_BYTES:
        raise ConfigError(
            f"{path}: run: a socket's path may have {SOCKET_PATH_BYTES} bytes and {config.control_socket} has more; "
            'set run = "/run/bailiwick" or another short directory'
        )
    return config


def split_address(field: str, text: str) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[v6]:port``.

    Raises:
        ValueError: if it is neither.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{field}: write host:port, such as 127.0.0.1:8081")
    _check_host(field, host)
    return host, int(port)


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("Expected a path between quotes")


def _placed(config: Config, base: Path) -> Config:
    place = base.joinpath  # leaves absolute paths as they are
    vault, gateway, journal = config.vault, config.gateway, config.journal
    return msgspec.structs.replace(
        config,
        data=place(config.data),
        run=config.run and place(config.run),
        gateway=msgspec.structs.replace(
            gateway,
            tls_certificate=gateway.tls_certificate and place(gateway.tls_certificate),
            tls_key=gateway.tls_key and place(gateway.tls_key),
        ),
        journal=msgspec.structs.replace(journal, second_place=journal.second_place and place(journal.second_place)),
        notices=placed_notices(config.notices, place),
        leaks=placed_leaks(config.leaks, place),
        vault=msgspec.structs.replace(
            vault,
            key_file=place(vault.key_file),
            transit_token_file=vault.transit_token_file and place(vault.transit_token_file),
            transit_ca_file=vault.transit_ca_file and place(vault.transit_ca_file),
        ),
        api=msgspec.structs.replace(
            config.api,
            tls_certificate=config.api.tls_certificate and place(config.api.tls_certificate),
            tls_key=config.api.tls_key and place(config.api.tls_key),
        ),
    )


_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<where>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`")


def _explained(message: str) -> str:
    """The library's message with the field first and a remedy last."""
    found = _AT.match(message)
    assert found is not None
    what, where = found["what"], (found["where"] or "").lstrip(".")
    unknown = _UNKNOWN.fullmatch(what)
    if unknown is not None:
        name = f"{where}.{unknown['name']}" if where else unknown["name"]
        return f"{name}: there is no such setting; check its spelling, or take it out"
    if what.startswith("Expected") or what.startswith("Invalid"):
        return (
            f"{where}: {what[0].lower()}{what[1:].replace('`', '')}; correct the value, or take it out for the default"
        )
    return f"{where}.{what}" if where else what


def _check_host(field: str, host: str) -> None:
    if not host or not host.isascii() or not host.isprintable() or " " in host or "/" in host:
        raise ValueError(f"{field}: write an address such as 127.0.0.1, or a host's name")


def _check_networks(field: str, networks: tuple[str, ...]) -> None:
    for text in networks:
        try:
            ipaddress.ip_network(text)
        except ValueError:
            raise ValueError(
                f"{field}: {text[:60]!r} is not a network; write it as 10.0.0.0/8, host bits zero"
            ) from None
