"""A process that holds keys leaves no core and is not read by its neighbours."""

import subprocess
import sys

PROGRAM = """
import ctypes, resource, sys
from bailiwick.vault.process import harden_process
harden_process()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
if sys.platform == "linux":
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
harden_process()
print("hard")
"""


def test_a_hardened_process_dumps_no_core() -> None:
    """Neither the limit nor the kernel's flag allows a core dump afterwards, and calling it twice is harmless."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30)
    assert (run.returncode, run.stdout, run.stderr) == (0, "hard\n", "")
