"""The few system calls that the journal's durability rests on, in one place so that a test can make them fail."""

import errno
import fcntl
import os
from pathlib import Path

from bailiwick.files import sync_directory
from bailiwick.journal.error import JournalLocked

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


OWNER_BYTES = 32  # of a lock file: the process that holds it


class Disk:
    """Writing, flushing and measuring; both calls that block release the interpreter's lock."""

    def write_durably(self, descriptor: int, data: bytes, offset: int) -> None:
        """Write all of the data at an offset of a file opened with O_DSYNC; it is on disk on return.

        Raises:
            OSError: if not all of it is. Part of it may be in the file, and nothing is known about the pages: the
                same pages are never flushed a second time, since the kernel would call them clean.
        """
        written = os.pwrite(descriptor, data, offset)
        while written < len(data):
            written += os.pwrite(descriptor, data[written:], offset + written)

    def allocate(self, path: Path, size: int) -> None:
        """Make a file that really occupies this many bytes."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            if os.fstat(descriptor).st_size < size:
                os.posix_fallocate(descriptor, 0, size)
                os.fsync(descriptor)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    def free(self, directory: Path) -> int:
        """Bytes that this user may still write."""
        state = os.statvfs(directory)
        return state.f_bavail * state.f_frsize

    def forget_cached(self, descriptor: int) -> None:
        """Drop the file's clean pages from the cache, so that the next read comes from the disk."""
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


class Reserve:
    """Room kept back for the records that must still be written when the disk is full."""

    def __init__(self, disk: Disk, path: Path, size: int) -> None:
        self._disk = disk
        self._path = path
        self.size = size

    def hold(self) -> bool:
        """Take the room, or tell that there is none."""
        try:
            self._disk.allocate(self._path, self.size)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            return False
        return True

    def release(self) -> bool:
        """Give the room back to the disk, or tell that it was given back before."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        sync_directory(self._path.parent)
        return True


class Lock:
    """One writer a directory; the kernel drops the lock when its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._descriptor, OWNER_BYTES, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise JournalLocked(
                f"{path.parent}: process {owner or 'unknown'} writes to this journal; stop it first: two writers "
                "would give one position to two records"
            ) from error
        try:
            # Over what stands there, and not anew: on a full disk there is no other place for it.
            os.pwrite(self._descriptor, f"{os.getpid():<{OWNER_BYTES - 1}}\n".encode(), 0)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise  # who holds the lock is only told to whoever wants it too; the lock itself needs no room

    def release(self) -> None:
        """Let go of the directory."""
        os.close(self._descriptor)
