"""Environments of the real clients: each its own, made on demand from locked requirements, kept in the checkout."""

import fcntl
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent / "clients"
INSTALL_S = 600
RUN_S = 120


class Unavailable(Exception):
    """A client's packages cannot be had here."""


def python_of(client: str) -> Path:
    """The interpreter of a client's environment, which is made if it is missing or its requirements changed.

    Raises:
        Unavailable: if the packages cannot be had.
    """
    requirements = CHECKOUT / "requirements" / "clients" / f"{client}.txt"
    place = CHECKOUT / ".clients" / client
    place.parent.mkdir(exist_ok=True)
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = place / "installed"
    with (place.parent / f"{client}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not stamp.exists() or stamp.read_text() != wanted:
            _install(place, requirements)
            stamp.write_text(wanted)
    return place / "bin" / "python"


def _install(place: Path, requirements: Path) -> None:
    commands = (
        [sys.executable, "-m", "venv", str(place)],
        [
            str(place / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--requirement",
            str(requirements),
        ],
    )
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{' '.join(command)} did not end in {INSTALL_S} s") from None
        if done.returncode:
            raise Unavailable(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}")


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
