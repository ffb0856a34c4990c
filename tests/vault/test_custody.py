"""Where the root key comes from, and what is refused because it is not kept as it must be."""

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bailiwick.model.secret import Secret
from bailiwick.vault import custody
from bailiwick.vault.custody import (
    Root,
    make_key_file,
    new_phc,
    root_from_environment,
    root_from_key_file,
    root_from_passphrase,
    root_from_systemd,
)
from bailiwick.vault.errors import CustodyError
from bailiwick.vault.keyringfile import make_keyring, open_keyring, read_keyring_file

RAW = bytes(range(32))
TEXT = base64.b64encode(RAW).decode()
CHEAP = "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw"


def opens(one: Root, other: Root) -> bool:
    return other.unwrap(one.wrap(Secret(b"ring"))) == Secret(b"ring")


def test_every_local_source_yields_the_same_root(tmp_path: Path) -> None:
    """A key file, an environment variable and a systemd credential of the same bytes open the same keyring."""
    file = tmp_path / "bailiwick-vault-key"
    file.write_text(TEXT + "\n")
    file.chmod(0o600)
    root = Root(Secret(RAW))
    assert opens(root, root_from_key_file(file))
    assert opens(root, root_from_environment({"BAILIWICK_VAULT_KEY": TEXT}))
    assert opens(root, root_from_systemd({"CREDENTIALS_DIRECTORY": str(tmp_path)}))


def test_a_passphrase_is_stretched_by_argon2id() -> None:
    """The same passphrase and parameters give the same root, and either one changed gives another."""
    root = root_from_passphrase(Secret(b"correct horse"), CHEAP)
    assert opens(root, root_from_passphrase(Secret(b"correct horse"), CHEAP))
    for phrase, phc in ((b"correct  horse", CHEAP), (b"correct horse", CHEAP[:-1] + "g")):
        with pytest.raises(CustodyError, match="does not open"):
            opens(root, root_from_passphrase(Secret(phrase), phc))


def test_the_phc_form_is_the_standard_one() -> None:
    """Our parameters in PHC form, with the derived bytes appended, are what Argon2id's own verifier accepts."""
    derived = base64.b64encode(custody.stretch(Secret(b"correct horse"), CHEAP)).decode().rstrip("=")
    assert Argon2id.verify_phc_encoded(b"correct horse", f"{CHEAP}${derived}") is None


def test_fresh_parameters_are_strong_and_salted() -> None:
    """New parameters are those of RFC 9106, each time with another salt, and hold no hash: that would be the key."""
    first, second = new_phc(), new_phc()
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert first.count("$") == 4


@pytest.mark.parametrize(
    "phc",
    [
        "",
        "$argon2i$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw",
        "$argon2id$v=16$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw",
        "$argon2id$v=19$m=9999999,t=1,p=1$AAECAwQFBgcICQoLDA0ODw",
        "$argon2id$v=19$m=64,t=0,p=1$AAECAwQFBgcICQoLDA0ODw",
        "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcIC",
        CHEAP + "$AAAA",
    ],
)
def test_altered_parameters_are_refused(phc: str) -> None:
    """Parameters that are not Argon2id's, or would eat the machine, are refused rather than tried."""
    with pytest.raises(CustodyError, match="kdf"):
        root_from_passphrase(Secret(b"phrase"), phc)


def test_an_empty_passphrase_is_refused() -> None:
    """Just pressing return protects nothing and is not taken."""
    with pytest.raises(CustodyError, match="empty"):
        root_from_passphrase(Secret(b""), CHEAP)


def test_a_made_key_file_is_private(tmp_path: Path) -> None:
    """The file that is made can be read back, by its owner alone whatever the umask, and is never overwritten."""
    path = tmp_path / "vault.key"
    before = os.umask(0)
    try:
        make_key_file(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert opens(root_from_key_file(path), root_from_key_file(path))
    with pytest.raises(CustodyError, match="does not exist yet"):
        make_key_file(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o700, 0o620])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """A key file that anybody else may read, write or run is refused with the command that mends it."""
    path = tmp_path / "vault.key"
    make_key_file(path)
    path.chmod(mode)
    with pytest.raises(CustodyError, match=r"mode is 0\d+; chmod 600"):
        root_from_key_file(path)


def test_somebody_elses_key_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file that another user owns, and could replace, is refused."""
    path = tmp_path / "vault.key"
    make_key_file(path)
    monkeypatch.setattr("bailiwick.vault.custody.os.geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(CustodyError, match="owner"):
        root_from_key_file(path)


def test_links_pipes_and_directories_are_refused(tmp_path: Path) -> None:
    """Only a regular file is read: a link, a pipe (which would hang), a directory and nothing are each refused."""
    make_key_file(tmp_path / "vault.key")
    (tmp_path / "link").symlink_to(tmp_path / "vault.key")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "directory").mkdir()
    for name, why in (("link", "symbolic"), ("pipe", "regular"), ("directory", "regular"), ("none", "No such file")):
        with pytest.raises(CustodyError, match=why):
            root_from_key_file(tmp_path / name)


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(b"short").decode(), "", TEXT + TEXT])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    """Damage and wrong lengths are named, without quoting what the file holds."""
    path = tmp_path / "vault.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(CustodyError, match=r"base64|32") as caught:
        root_from_key_file(path)
    assert not text or text not in str(caught.value)


def test_the_environment_variable_is_taken_out() -> None:
    """What is started later does not inherit the root, and a missing variable is named."""
    environment = {"BAILIWICK_VAULT_KEY": TEXT, "PATH": "/bin"}
    root_from_environment(environment)
    assert environment == {"PATH": "/bin"}
    with pytest.raises(CustodyError, match="BAILIWICK_VAULT_KEY: not set"):
        root_from_environment(environment)
    with pytest.raises(CustodyError, match="not base64"):
        root_from_environment({"BAILIWICK_VAULT_KEY": TEXT + "\udc80"})


def test_systemd_credentials_are_plain_names_in_their_directory(tmp_path: Path) -> None:
    """A credential is not looked for outside systemd's directory, nor without systemd."""
    with pytest.raises(CustodyError, match="not set"):
        root_from_systemd({})
    for name in ("../vault.key", "", "..", "a/b"):
        with pytest.raises(CustodyError, match="plain name"):
            root_from_systemd({"CREDENTIALS_DIRECTORY": str(tmp_path)}, name)
    path = tmp_path / "bailiwick-vault-key"
    path.write_text(TEXT)
    path.chmod(0o440)
    root_from_systemd({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    path.chmod(0o444)
    with pytest.raises(CustodyError, match="chmod 600"):
        root_from_systemd({"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_a_keyring_is_made_once_and_opens_again(tmp_path: Path) -> None:
    """The keyring file opens under its root to the same key, is private, and is never made over another."""
    path = tmp_path / "vault.ring"
    root = Root(Secret(RAW))
    made = make_keyring(path, root, source="passphrase", kdf=CHEAP)
    assert open_keyring(path, root).current.id == made.current.id
    assert path.stat().st_mode & 0o777 == 0o600
    file = read_keyring_file(path)
    assert (file.source, file.kdf) == ("passphrase", CHEAP)
    with pytest.raises(CustodyError, match="one already"):
        make_keyring(path, root, source="passphrase")


def test_a_damaged_keyring_is_refused(tmp_path: Path) -> None:
    """Another root, an altered byte, a file of another sort, a newer version and no file are each refused."""
    path = tmp_path / "vault.ring"
    root = Root(Secret(RAW))
    make_keyring(path, root, source="key-file")
    good = path.read_bytes()
    with pytest.raises(CustodyError, match="does not open"):
        open_keyring(path, Root(Secret(bytes(32))))
    damages: list[tuple[Callable[[bytes], bytes], str]] = [
        (lambda data: data.replace(b'"wrapped":"', b'"wrapped":"AAAA'), "does not open"),
        (lambda data: data.replace(b'"version":1', b'"version":2'), "newer program"),
        (lambda data: data[:20], "cannot be read"),
        (lambda data: data.replace(b"{", b'{"more":1,', 1), "cannot be read"),
    ]
    for damage, why in damages:
        path.write_bytes(damage(good))
        with pytest.raises(CustodyError, match=why):
            open_keyring(path, root)
    path.unlink()
    with pytest.raises(CustodyError, match="bailiwick init"):
        open_keyring(path, root)
    for keys in (b"", bytes(33), bytes(32 * 65)):
        path.write_bytes(good)
        ring = root.wrap(Secret(keys))
        path.write_bytes(good.replace(_wrapped(good), base64.b64encode(ring)))
        with pytest.raises(CustodyError, match="no list of keys"):
            open_keyring(path, root)


def _wrapped(data: bytes) -> bytes:
    return data.split(b'"wrapped":"')[1].split(b'"')[0]


def test_a_root_has_32_bytes() -> None:
    """A root of any other length is refused."""
    with pytest.raises(CustodyError, match="32 bytes, not 31"):
        Root(Secret(bytes(31)))
