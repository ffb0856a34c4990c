"""A verification that tells how far it has come: ``python -m bailiwick.journal.verifying DIRECTORY KEY [SECOND]``.

It is for the control process, which must not be held up by the reading of a whole journal. Each line that it prints is
a JSON object: ``{"read": 4096}`` while it reads, and at the end ``{"ok": true, "read": …, "lines": […]}``.
"""

import json
import os
import sys
import time
from pathlib import Path

from bailiwick.journal.error import JournalError
from bailiwick.journal.verify import copies, verify
from bailiwick.journal.verify_proof import ProofError, Verifier

TOLD_EVERY_S = 0.2
NICENESS = 10


class Telling:
    """Says now and then how far it is; to nobody any more, it ends."""

    def __init__(self) -> None:
        self._told = 0.0

    def heard(self, read: int) -> None:
        """So many records were read."""
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY_S:
            self._told = now
            say({"read": read})


def say(line: object) -> None:
    """One line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Verify, and say what was found; the exit code."""
    os.nice(NICENESS)
    directory, key, *second = arguments
    try:
        verifier = Verifier.parse(key)
        against = copies(Path(second[0]), verifier) if second else ()
        report = verify(Path(directory), verifier, against, Telling().heard)
    except (JournalError, ProofError, OSError) as error:
        say({"ok": False, "read": 0, "lines": [f"it could not be verified: {error}"], "failed": True})
        return 1
    found = f"{report.records} records, {report.signed} of them signed; {report.checkpoints} checkpoints agree"
    lines = [found]
    if report.condensed or report.erased:
        lines.append(f"the bodies of {report.condensed} are condensed and of {report.erased} erased")
    lines += map(str, report.faults)
    say({"ok": report.ok, "read": report.records, "lines": lines})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
