"""A real client's environment: its own, made on demand from locked requirements, and kept in the checkout.

Clients pin what they need to exact versions, so that none of them shares an environment with Bailiwick or another.
"""

import fcntl
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
INSTALL_S = 900


class Unavailable(Exception):
    """A client's packages cannot be had here."""


def requirements_of(client: str) -> Path:
    """The locked requirements of a client.

    Raises:
        Unavailable: if this is no checkout, or no such client is locked in it.
    """
    path = CHECKOUT / "requirements" / "clients" / f"{client}.txt"
    if not path.is_file():
        raise Unavailable(f"{path} is missing; run this from a checkout of the repository")
    return path


def is_ready(client: str) -> bool:
    """Whether the environment is there, made from the requirements as they are now."""
    stamp = CHECKOUT / ".clients" / client / "installed"
    return stamp.is_file() and stamp.read_text() == _digest(requirements_of(client))


def python_of(client: str) -> Path:
    """The interpreter of a client's environment, which is made if it is missing or its requirements changed.

    Raises:
        Unavailable: if the packages cannot be had.
    """
    requirements = requirements_of(client)
    place = CHECKOUT / ".clients" / client
    place.parent.mkdir(exist_ok=True)
    with (place.parent / f"{client}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several may want it at once
        if not is_ready(client):
            _install(place, requirements)
            (place / "installed").write_text(_digest(requirements))
    return place / "bin" / "python"


def _digest(requirements: Path) -> str:
    # The interpreter counts too: an environment made by another one may not even start.
    return hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()


def _install(place: Path, requirements: Path) -> None:
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands = (
        [sys.executable, "-m", "venv", "--clear", str(place)],
        [*pip, "--require-hashes", "--requirement", str(requirements)],
    )
    for command in commands:
        with tempfile.TemporaryFile("w+") as said:
            try:
                done = subprocess.run(  # noqa: S603  (our own words)
                    command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, timeout=INSTALL_S, check=False
                )
            except subprocess.TimeoutExpired:
                raise Unavailable(f"`{' '.join(command)}` did not end in {INSTALL_S} s") from None
            said.seek(0)
            if done.returncode:
                raise Unavailable(f"`{' '.join(command)}` failed:\n{said.read().strip()[-1500:]}")
