"""Runs the scripts of real clients, each with the interpreter of its client's own environment."""

import json
import subprocess
from pathlib import Path
from typing import Any

from bailiwick.demo.environment import python_of

SCRIPTS = Path(__file__).resolve().parent / "clients"
RUN_S = 120


def drive(client: str, script: str, **arguments: Any) -> dict[str, Any]:
    """Run a script with a client's own interpreter; what it found, step by step."""
    done = subprocess.run(
        [str(python_of(client)), "-W", "ignore", str(SCRIPTS / script)],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        timeout=RUN_S,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
