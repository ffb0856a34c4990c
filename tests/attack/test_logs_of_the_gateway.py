"""The process that holds the secrets must not write them into its log when something goes wrong."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from bailiwick.gateway import process
from bailiwick.logs import log

def open_secret(word):
    revealed = word.upper()
    raise ValueError("cannot use " + revealed)

assert process.main(Path(sys.argv[1])) == 1
try:
    open_secret("can" + "ary")
except ValueError:
    log.exception("fault")
"""


def test_a_fault_in_the_gateway_shows_no_local(tmp_path: Path) -> None:
    """A fault that the gateway process logs is one line without what any variable held."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "absent.toml")], capture_output=True, text=True, check=True
    )
    cannot_serve, fault = ended.stderr.splitlines()
    assert ["cannot serve" in cannot_serve, "ValueError at" in fault, "canary" in ended.stderr.lower()] == [
        True,
        True,
        False,
    ]
