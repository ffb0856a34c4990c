"""What a start opens: where the root comes from, and how the files around it must be kept."""

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.config import PASSPHRASE_PIPE, Config, Vault
from bailiwick.model.secret import Secret
from bailiwick.opening import (
    MOST_SECRET_BYTES,
    journal_key,
    make_data,
    make_journal_key,
    open_root,
    read_passphrase,
    read_private_file,
    root_of,
)
from bailiwick.vault.custody import make_key_file
from bailiwick.vault.errors import CustodyError
from bailiwick.vault.keyringfile import make_keyring, open_keyring

WORDS = Secret(b"several words for this")


def test_each_source_opens_what_it_made(tmp_path: Path) -> None:
    """The keyring that a source wrapped opens under the same source at the next start."""
    key = base64.b64encode(os.urandom(32)).decode()
    make_key_file(tmp_path / "vault.key")
    (tmp_path / "cred").mkdir()
    (tmp_path / "cred" / "bailiwick-vault-key").write_text(key)
    (tmp_path / "cred" / "bailiwick-vault-key").chmod(0o400)
    environment = {"BAILIWICK_VAULT_KEY": key, "CREDENTIALS_DIRECTORY": str(tmp_path / "cred")}
    for settings in (
        Vault(source="key-file", key_file=tmp_path / "vault.key"),
        Vault(source="environment"),
        Vault(source="systemd"),
    ):
        config = Config(data=tmp_path / settings.source, vault=settings)
        made = make_data(config, dict(environment))
        opened = open_keyring(config.keyring, open_root(settings, config.keyring, dict(environment)))
        assert opened.digest() == made.digest()


def test_a_passphrase_comes_through_a_pipe(tmp_path: Path) -> None:
    """The passphrase is read once from an inherited descriptor, and its number is taken out of the environment."""
    settings = Vault(source="passphrase")
    config = Config(data=tmp_path / "data", vault=settings)
    made, keyring = make_data(config, {}, passphrase=WORDS), config.keyring
    reading, writing = os.pipe()
    os.write(writing, WORDS.reveal())
    os.close(writing)
    environment = {PASSPHRASE_PIPE: str(reading)}
    assert open_keyring(keyring, open_root(settings, keyring, environment)).digest() == made.digest()
    assert environment == {}
    with pytest.raises(CustodyError, match="bailiwick up"):
        open_root(settings, keyring, environment)


def test_a_passphrase_is_bounded() -> None:
    """An empty pipe or an endless one is no passphrase."""
    for text in (b"", b"x" * (MOST_SECRET_BYTES + 1)):
        reading, writing = os.pipe()
        os.write(writing, text)
        os.close(writing)
        with pytest.raises(CustodyError, match="bytes"):
            read_passphrase({PASSPHRASE_PIPE: str(reading)})


def test_a_keyring_of_another_source_says_so(tmp_path: Path) -> None:
    """A passphrase cannot open what a key file made, and the message names the setting."""
    make_key_file(tmp_path / "vault.key")
    settings = Vault(source="key-file", key_file=tmp_path / "vault.key")
    make_keyring(tmp_path / "k.json", root_of(settings, {}), source="key-file")
    with pytest.raises(CustodyError, match=r"vault\.source"):
        open_root(Vault(source="passphrase"), tmp_path / "k.json", {})


def test_the_environment_does_not_keep_the_key(tmp_path: Path) -> None:
    """The variable is taken out once it was read, so that no child inherits it."""
    environment = {"KEY": base64.b64encode(os.urandom(32)).decode()}
    root_of(Vault(source="environment", variable="KEY"), environment)
    assert environment == {}


def test_the_journal_key_is_read_back(tmp_path: Path) -> None:
    """The signing key is written once, private, and never over another."""
    made = make_journal_key(tmp_path / "journal.key")
    assert journal_key(tmp_path / "journal.key").private_bytes_raw() == made.private_bytes_raw()
    assert (tmp_path / "journal.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(CustodyError, match="journal key"):
        make_journal_key(tmp_path / "journal.key")


def test_a_damaged_journal_key_is_refused(tmp_path: Path) -> None:
    """What is no key is told as such, without a byte of it."""
    for text in (b"canary!", base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()[:31])):
        (tmp_path / "journal.key").write_bytes(text)
        (tmp_path / "journal.key").chmod(0o600)
        with pytest.raises(CustodyError, match="restore it") as refused:
            journal_key(tmp_path / "journal.key")
        assert "canary" not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_secret_file_is_nobody_elses(tmp_path: Path, mode: int) -> None:
    """A file that others may read or write is refused, with the remedy."""
    (tmp_path / "token").write_text("t")
    (tmp_path / "token").chmod(mode)
    with pytest.raises(CustodyError, match="chmod 600"):
        read_private_file(tmp_path / "token", "token")


def test_a_secret_file_is_a_file(tmp_path: Path) -> None:
    """Links, directories, missing and endless files are refused."""
    (tmp_path / "real").write_text("t")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "long").write_bytes(b"x" * (MOST_SECRET_BYTES + 1))
    (tmp_path / "long").chmod(0o600)
    for name in ("link", "none", "long", "."):
        with pytest.raises(CustodyError, match="token"):
            read_private_file(tmp_path / name, "token")


def test_a_token_is_read_for_the_transit_engine(tmp_path: Path) -> None:
    """The transit source reads its token from a private file and shows neither token nor file in its name."""
    (tmp_path / "token").write_text("canary\n")
    (tmp_path / "token").chmod(0o600)
    settings = Vault(
        source="transit", transit_address="https://vault.example:8200", transit_token_file=tmp_path / "token"
    )
    assert repr(root_of(settings, {})) == "Transit(vault.example:8200/transit/bailiwick)"


def test_what_a_start_needs_is_private_and_made_once(tmp_path: Path) -> None:
    """Nobody else may look into the data directory, an open one is refused, and a keyring is never made anew."""
    config = Config(data=tmp_path / "data", vault=Vault(key_file=tmp_path / "vault.key"))
    make_data(config, {})
    made = (config.data, config.keyring, config.journal_key, config.vault.key_file)
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700, 0o600, 0o600, 0o600]
    with pytest.raises(CustodyError, match="one already"):
        make_data(config, {})
    config.keyring.unlink()
    config.data.chmod(0o750)
    with pytest.raises(CustodyError, match="chmod 700"):
        make_data(config, {})
