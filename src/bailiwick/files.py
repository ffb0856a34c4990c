"""Files that are this user's alone, and whole after a crash: how each part makes, replaces and reads its own."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe would hang


class UnfitFile(Exception):
    """The file is not kept as a secret must be, or is not there; the message has the remedy, not the file's name."""


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file that must not exist yet, for its owner alone whatever the umask; durable when the block ends.

    If the block fails, nothing is left.

    Raises:
        OSError: if it exists or cannot be made.
    """
    descriptor = os.open(path, _MAKE, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            yield file
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def replace_durably(path: Path, data: bytes) -> None:
    """Write a file so that after a crash it is either the old one or the new one, and whole.

    Raises:
        OSError: if it cannot be written.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, _MAKE, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path, most_bytes: int, *, others: int = 0o177, owned: bool = True) -> bytes:
    """What stands in a small file, once it is seen to be private.

    Args:
        path: a regular file; a link is not followed.
        most_bytes: how long it may be.
        others: the bits of its mode that must not be set.
        owned: whether it must belong to the user who runs this.

    Raises:
        UnfitFile: naming what is wrong with it, and the remedy.
    """
    try:
        descriptor = os.open(path, _LOOK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnfitFile("it is a symbolic link; name the file itself") from None
        raise UnfitFile(f"{error.strerror}; put back the copy of it, or name another") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnfitFile("it is not a regular file; name another")
        if owned and status.st_uid != os.geteuid():
            raise UnfitFile(f"its owner is uid {status.st_uid}, not {os.geteuid()}; chown it to who runs this")
        if status.st_mode & others:
            raise UnfitFile(f"its mode is {stat.S_IMODE(status.st_mode):04o}; chmod 600 it")
        raw = os.read(descriptor, most_bytes + 1)
    finally:
        os.close(descriptor)
    if len(raw) > most_bytes:
        raise UnfitFile(f"it has more than {most_bytes} bytes; name another")
    return raw
