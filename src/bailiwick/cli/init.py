"""``bailiwick init``: a configuration, a data directory, and the keys that a start needs."""

import os
import secrets
import shlex
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from bailiwick.cli.asking import read_secret
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import InputFile
from bailiwick.cli.output import print_json, say
from bailiwick.config import DEFAULT_PATH, PATH_VARIABLE, Config
from bailiwick.config_text import write_default
from bailiwick.model.secret import Secret

LEAST_PASSPHRASE = 12

Source = Literal["key-file", "passphrase", "environment", "systemd", "transit"]

FROM_FILE = "name its file with --passphrase-file FILE (- for standard input)"


def init(
    path: Path = DEFAULT_PATH,
    /,
    *,
    data: Path = Path("data"),
    vault: Source = "key-file",
    host: str = "127.0.0.1",
    port: int = 8080,
    health: str = "127.0.0.1:8081",
    api: str = "127.0.0.1:8082",
    passphrase_file: InputFile = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write a configuration with safe defaults, a data directory and its keys, and say what to do next.

    Example: bailiwick init /etc/bailiwick/bailiwick.toml --data /var/lib/bailiwick

    What is there already is never overwritten. A vault of another source than key-file or passphrase needs its
    settings in the configuration first: init writes it and says so, and is run again.

    Parameters
    ----------
    path: Path
        The configuration to write.
    data: Path
        The data directory, relative to the configuration's.
    vault: Source
        Where the key that opens the vault comes from.
    host: str
        The address that bots connect to.
    port: int
        The port that bots connect to.
    health: str
        The address that says whether the gateway serves; "" for none.
    api: str
        The address of the control API; "" for none.
    passphrase_file: Path
        For a passphrase vault: a file that holds it (- for standard input); else it is asked for.
    json: bool
        Print JSON for a program.
    """
    from bailiwick.opening import make_data  # noqa: PLC0415
    from bailiwick.store.store import Store  # noqa: PLC0415

    config = _configured(path, data, vault, host, port, health, api)
    if config.keyring.exists():
        raise Stop(
            f"{config.keyring}: there is one already, and sealed secrets need it; `bailiwick up` runs what is here",
            Exit.CONFLICT,
        )
    make_data(config, dict(os.environ), passphrase=_new_passphrase(config, passphrase_file))
    Store.open(config.database).close()
    _say_next(path, config, json=json)
    return Exit.DONE


def _configured(path: Path, data: Path, vault: Source, host: str, port: int, health: str, api: str) -> Config:
    from bailiwick.config import load  # noqa: PLC0415

    if path.exists():
        return load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if vault == "transit":
        raise Stop(f'{path}: write it with vault.source = "transit" and its settings first; see docs/operating.md')
    origin = f"bailiwick-{secrets.token_hex(4)}"
    return write_default(path, data=data, source=vault, host=host, port=port, health=health, origin=origin, api=api)


def _new_passphrase(config: Config, file: Path | None) -> Secret | None:
    if config.vault.source != "passphrase":
        return None
    passphrase = read_secret(
        "new passphrase of the vault",
        file=file,
        confirm=True,
        instead="name its file with --passphrase-file FILE (- for standard input)",
    )
    if len(passphrase.reveal()) < LEAST_PASSPHRASE:
        raise Stop(f"passphrase: at least {LEAST_PASSPHRASE} characters; take several words")
    return passphrase


def _say_next(path: Path, config: Config, *, json: bool) -> None:
    made = {
        "config": str(path.absolute()),
        "data": str(config.data),
        "keyring": str(config.keyring),
        "vault_key": str(config.vault.key_file) if config.vault.source == "key-file" else config.vault.source,
        "journal_key": str(config.journal_key),
    }
    if json:
        print_json(made)
        return
    naming = "" if path == DEFAULT_PATH else f"\n  export {PATH_VARIABLE}={shlex.quote(str(path.absolute()))}"
    say(f"configuration  {made['config']}")
    say(f"data           {made['data']}")
    say(f"vault key      {made['vault_key']}")
    say(
        f"""
Keep copies of {config.keyring.name} and {"the vault key" if config.vault.source == "key-file" else "its root"} in \
two different places: without both, no sealed secret ever opens again.

Next:{naming}
  bailiwick up    # leave it running; the rest in a second terminal
  bailiwick venue add binance --url https://api.binance.com
  bailiwick account add main --venue binance --owner 'Your name' --api-key YOUR_KEY
  bailiwick service add mybot --name 'My bot'
  bailiwick key issue --account main --service mybot --preset signal-bot --symbol BTCUSDT --budget 500
  bailiwick console link    # the web pages: a one-time link to sign in by
  bailiwick doctor
Then point the bot at http://{config.gateway.host}:{config.gateway.port} with the issued key."""
    )
