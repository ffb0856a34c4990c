"""What ``bailiwick up`` does, without the library that reads arguments: a gateway that was killed is waited for."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bailiwick import app
from bailiwick.cli.exits import Stop
from bailiwick.config import find, load

if TYPE_CHECKING:
    from bailiwick.model.secret import Secret

PASSPHRASE_VARIABLE = "BAILIWICK_PASSPHRASE_FILE"  # noqa: S105  (a file's name)


def plainly(arguments: Sequence[str]) -> tuple[Path | None] | None:
    """The configuration that ``up [--config FILE]`` names, in a tuple; None where more than that is written."""
    match arguments:
        case ["up"]:
            return (None,)
        case ["up", "--config" | "-c", named] if not named.startswith("-"):
            return (Path(named),)
        case _:
            return None


def start(named: Path | None) -> int:
    """Run the gateway and the control process; the exit code.

    Raises:
        Stop: if there is no keyring, or no passphrase where one is needed.
        ConfigError: if the configuration cannot be used.
    """
    path = find(named).absolute()
    config = load(path)
    if not config.keyring.exists():
        raise Stop(
            f"{config.keyring}: there is no keyring; put back the copy of it, or begin anew with `bailiwick init`"
        )
    passphrase = None
    if config.vault.source == "passphrase":
        from bailiwick.opening import read_private_file  # noqa: PLC0415

        file = os.environ.pop(PASSPHRASE_VARIABLE, "")
        passphrase = read_private_file(Path(file), "passphrase") if file else _asked()
    return app.up(config, path, _say, passphrase)


def _asked() -> "Secret":
    from bailiwick.cli.asking import read_secret  # noqa: PLC0415

    return read_secret(
        "passphrase of the vault", instead=f"name a file that holds it (mode 0600) in ${PASSPHRASE_VARIABLE}"
    )


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
