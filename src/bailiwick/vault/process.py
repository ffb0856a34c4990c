"""What keeps the memory of a process that holds keys to itself."""

import ctypes
import os
import resource
import sys

from bailiwick.vault.errors import CustodyError

PR_SET_DUMPABLE = 4  # <linux/prctl.h>


def harden_process() -> None:
    """No core dump of this process, and no reading of its memory by others of the same user.

    On Linux also clears the dumpable flag, so that no debugger attaches and ``/proc/PID/mem`` belongs to root. Call it
    before the first key is read; it cannot be undone by an accident, since the hard limit falls too.

    Raises:
        CustodyError: if the system refuses.
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    except (OSError, ValueError) as error:
        raise CustodyError(f"core dumps cannot be turned off: {error}; run under a system that lets them be") from error
