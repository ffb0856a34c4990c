"""The configuration: safe by default, refused whole where any of it is not understood."""

import re
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from bailiwick import config, config_text
from bailiwick.config import Config, ConfigError

PLACE = Path("/etc/bailiwick/bailiwick.toml")


def parse(text: str) -> Config:
    return config.parse(text.encode(), PLACE)


def test_an_empty_file_listens_on_loopback_alone() -> None:
    """Without a word of configuration nobody beyond this machine can connect."""
    assert (parse("").gateway.host, parse("").gateway.health_address) == ("127.0.0.1", ("127.0.0.1", 8081))


SECTIONS = (
    config.Gateway, config.Journal, config.Vault, config.Weight, config.Api, config.Lives, config.Approvals,
    config.Notices, config.Leaks,
)  # fmt: skip


def test_the_written_file_shows_the_defaults() -> None:
    """Every commented-out setting of the written file shows what holds without it."""
    text = config_text.DEFAULT_TEXT.replace("@port@", "8080")
    for name, value in (
        ("data", "data"),
        ("source", "key-file"),
        ("host", "127.0.0.1"),
        ("health", "127.0.0.1:8081"),
        ("origin", "bailiwick"),
        ("api", "127.0.0.1:8082"),
    ):
        text = text.replace(f"@{name}@", f'"{value}"')
    shown = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", text)
    optional = (
        "run",
        "exit_address",
        "hosts",
        "tls_",
        "trusted_proxies",
        "second_place",
        "trade_days",
        "transit_address",
        "transit_token_file",
        "transit_ca_file",
        "telegram_token",
        "smtp_",
        "webhook_",
        "github_ca_file",
        "page",
        "form_key",
    )
    kept = "\n".join(line for line in shown.splitlines() if not line.startswith(optional))
    assert parse(kept) == parse("")
    assert set(re.findall(r"(?m)^([a-z_]+) = ", shown)) == {
        name for section in (Config, *SECTIONS) for name in section.__struct_fields__
    } - {section.__name__.lower() for section in SECTIONS}


def test_the_written_file_is_read_back(tmp_path: Path) -> None:
    """What `init` writes loads again, is private, and keeps names with quotes and spaces in them."""
    path = tmp_path / "b.toml"
    written = config_text.write_default(path, data=tmp_path / 'da"ta ü', source="passphrase", port=0, health="")
    assert config.load(path) == written
    assert (written.data, written.vault.source, written.gateway.port) == (tmp_path / 'da"ta ü', "passphrase", 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_configuration_is_never_overwritten(tmp_path: Path) -> None:
    """A second `init` leaves the first one's file alone and says so."""
    path = tmp_path / "b.toml"
    path.write_text("# mine")
    with pytest.raises(ConfigError, match="there is one already"):
        config_text.write_default(path)
    assert path.read_text() == "# mine"


def test_relative_paths_start_at_the_file() -> None:
    """Where the program is started from makes no difference to where its data is."""
    loaded = parse('data = "d"\n[vault]\nkey_file = "k"\n[gateway]\ntls_key = "a"\ntls_certificate = "/b"')
    places = (loaded.data, loaded.vault.key_file, loaded.gateway.tls_key, loaded.gateway.tls_certificate)
    assert tuple(map(str, places)) == ("/etc/bailiwick/d", "/etc/bailiwick/k", "/etc/bailiwick/a", "/b")


def test_the_vault_key_is_not_in_the_data_directory() -> None:
    """A copy of the data directory opens nothing."""
    loaded = parse("")
    assert loaded.data not in loaded.vault.key_file.parents


def test_shares_are_exact() -> None:
    """Shares are decimals, not binary fractions."""
    assert parse("[weight]\nexit_reserve = 0.1\nkey_share = 1").weight.exit_reserve == Decimal("0.1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dat = 1", "dat: there is no such setting; check its spelling"),
        ("[gateway]\nprot = 1", "gateway.prot: there is no such setting"),
        ("[gateway]\nport = 70000", "gateway.port: expected int <= 65535; correct the value"),
        ("[gateway]\nport = '80'", "gateway.port: expected int, got str; correct the value"),
        ("[gateway]\nhost = ''", "gateway.host: write an address"),
        ("[gateway]\nhealth = 'here'", "gateway.health: write host:port"),
        ("[gateway]\nexit_address = 'here'", "gateway.exit_address: write an address of this machine"),
        ("[gateway]\ntls_key = 'k'", "gateway.tls_certificate and tls_key: name both or neither"),
        ("[gateway]\ntrusted_proxies = ['10.0.0.1/8']", "gateway.trusted_proxies: '10.0.0.1/8' is not a network"),
        ("[gateway]\nconnections = 5", "gateway.connections_per_address: at most as many as connections"),
        ("[gateway]\nidle_s = 1.5", "gateway.idle_s: expected int, got decimal"),
        ("[journal]\norigin = 'a b'", "journal.origin: a name without spaces"),
        ("[journal]\nread_days = 0", "journal.read_days: expected int >= 1"),
        ("[vault]\nsource = 'none'", "vault.source: invalid enum value 'none'"),
        ("[vault]\nsource = 'transit'", "vault.transit_address: name the engine"),
        ("[vault]\nvariable = ''", "vault.variable: name an environment variable"),
        ("[weight]\nexit_reserve = nan", "weight.exit_reserve: a part of 1"),
        ("[weight]\nkey_share = inf", "weight.key_share: a part of 1"),
        ("[weight]\nkey_share = 0", "weight.exit_reserve below 1 and key_share above 0"),
        ("data = ''", "data: expected a path between quotes"),
        ("x = [", "it is not TOML"),
        (f"run = '/{'x' * 120}'", "run: a socket's path may have 107 bytes"),
    ],
)
def test_a_refusal_names_the_field_and_the_remedy(text: str, message: str) -> None:
    """What is misspelt, out of range or contradictory stops the start, and the message says where and what to do."""
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert str(refused.value).startswith(f"{PLACE}: {message}")


def test_a_missing_file_points_to_init(tmp_path: Path) -> None:
    """Whoever has no configuration yet is told how to get one."""
    with pytest.raises(ConfigError, match="bailiwick init"):
        config.load(tmp_path / "none.toml")


def test_a_file_that_is_not_utf8_is_refused() -> None:
    """Bytes that could be read in two ways are not read."""
    with pytest.raises(ConfigError, match="UTF-8"):
        config.parse(b"data = '\xff'", PLACE)


def test_the_configuration_is_found_by_name_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """--config comes before $BAILIWICK_CONFIG, and both before the current directory."""
    monkeypatch.setenv(config.PATH_VARIABLE, "/from/environment")
    assert (config.find(Path("x")), config.find(None)) == (Path("x"), Path("/from/environment"))
    monkeypatch.delenv(config.PATH_VARIABLE)
    assert config.find(None) == config.DEFAULT_PATH
