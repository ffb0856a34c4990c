"""A look at what lies on the disk: whose it is, who may read it, whether there is room. It needs nothing running."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from bailiwick.config import Config
from bailiwick.journal.error import JournalError
from bailiwick.journal.reader import size, tail
from bailiwick.link.questions import Finding
from bailiwick.vault.errors import CustodyError
from bailiwick.vault.keyringfile import read_keyring_file
from bailiwick.words import counted

LOW_DISK_BYTES = 512 << 20
LAST_RECORDS = 1000
DAY_BYTES = "a busy day of one account writes about 100 MiB"


def examine(config: Config) -> tuple[Finding, ...]:
    """Everything that can be seen from the file system, good or bad."""
    return (
        *_files(config),
        *_keyring(config),
        *_disk(config),
        *_reach(config),
        Finding.fine("approvals", config.approvals.words),
    )


def _files(config: Config) -> Iterator[Finding]:
    yield _privacy("data directory", config.data, directory=True)
    yield _privacy("database", config.database)
    yield _privacy("keyring", config.keyring)
    yield _privacy("journal key", config.journal_key)
    yield _privacy("journal", config.journal_directory, directory=True, optional=True)
    yield _privacy("sockets", config.run_directory, directory=True, optional=True)
    if config.vault.source == "key-file":
        yield _privacy("vault key file", config.vault.key_file)
        if config.data in config.vault.key_file.parents:
            yield Finding.warning(
                "vault key file",
                "it lies in the data directory, so whoever copies that has everything",
                "move it, and set vault.key_file",
            )
    if config.vault.transit_token_file is not None and config.vault.source == "transit":
        yield _privacy("transit token", config.vault.transit_token_file)
    if config.gateway.tls_key is not None:
        yield _privacy("tls key", config.gateway.tls_key)


def _privacy(noun: str, path: Path, *, directory: bool = False, optional: bool = False) -> Finding:
    try:
        status = path.lstat()
    except FileNotFoundError:
        if optional:
            return Finding.fine(noun, f"{path} is not there yet")
        return Finding.error(
            noun, f"{path} is not there", "put back the copy of it: docs/operating.md, Backup and restore"
        )
    except OSError as error:
        return Finding.error(noun, f"{path}: {error.strerror}", "run this as the user who runs the gateway")
    fits = stat.S_ISDIR(status.st_mode) if directory else stat.S_ISREG(status.st_mode)
    if not fits:
        return Finding.error(
            noun, f"{path} is no {'directory' if directory else 'regular file'}", "put the right one there"
        )
    if status.st_uid not in {os.geteuid(), 0}:
        return Finding.error(noun, f"{path} belongs to uid {status.st_uid}", f"chown it to uid {os.geteuid()}")
    if status.st_mode & 0o077:
        mode, right = stat.S_IMODE(status.st_mode), "700" if directory else "600"
        return Finding.error(noun, f"{path} is open to others (mode {mode:04o})", f"chmod {right} {path}")
    return Finding.fine(noun, f"{path} is private")


def _keyring(config: Config) -> Iterator[Finding]:
    try:
        file = read_keyring_file(config.keyring)
    except CustodyError as error:
        yield Finding.error("keyring", str(error), "restore it from a copy; nothing sealed opens without it")
        return
    if file.source != config.vault.source:
        yield Finding.error(
            "keyring",
            f"it was made for {file.source}, and the configuration says {config.vault.source}",
            f'set vault.source = "{file.source}"',
        )
    else:
        yield Finding.fine("vault", f"the keyring is whole, and opens by {file.source}")


def journal_at_rest(config: Config) -> Finding:
    """Whether the end of the journal can be read; for when no gateway says so of itself."""
    directory = config.journal_directory
    if not directory.exists():
        return Finding.fine("journal", "there is none yet; `bailiwick up` begins it")
    try:
        records = size(directory)
        last = tail(directory, LAST_RECORDS)
    except (JournalError, OSError) as error:
        return Finding.error("journal", str(error), "`bailiwick journal verify` says what is missing or altered")
    if last and last[-1].position + 1 != records:
        return Finding.error("journal", f"its last {LAST_RECORDS} records cannot be read", "`bailiwick journal verify`")
    return Finding.fine("journal", f"{counted(records, 'record')}; its end can be read (`journal verify` reads it all)")


def _disk(config: Config) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(config.data).free
    except OSError:
        return  # said of the data directory already
    if free < LOW_DISK_BYTES:
        yield Finding.warning(
            "disk", f"{free >> 20} MiB are free, and {DAY_BYTES}", "make room, or move the data directory"
        )
    else:
        yield Finding.fine("disk", f"{free >> 20} MiB are free")


def _reach(config: Config) -> Iterator[Finding]:
    gateway = config.gateway
    if gateway.tls_certificate is None and gateway.host not in {"127.0.0.1", "::1", "localhost"}:
        yield Finding.warning(
            "gateway",
            f"it listens on {gateway.host} without TLS, so what clients do can be read on the way",
            "set gateway.tls_certificate and tls_key, or listen on 127.0.0.1 behind a proxy that has them",
        )
    if any(text in {"0.0.0.0/0", "::/0"} for text in gateway.trusted_proxies):
        yield Finding.error(
            "gateway",
            "everybody is a trusted proxy, so anybody can claim any address",
            "name the proxies themselves in gateway.trusted_proxies",
        )
