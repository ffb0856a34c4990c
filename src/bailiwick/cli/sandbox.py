"""``bailiwick sandbox``: an exchange to rehearse on. ``docs/sandbox.md`` says what can be done with it."""

import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
from cyclopts import Parameter

from bailiwick.cli.asking import read_secret
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import InputFile
from bailiwick.cli.output import say
from bailiwick.sandbox.limits import Limits
from bailiwick.sandbox.program import Ready, Settings, run
from bailiwick.sandbox.refusal import Refusal

USUAL = Limits()
FUNDS = ("USDT=100000", "BTC=1", "ETH=10")


def sandbox(
    *,
    host: str = "127.0.0.1",
    port: int = 8090,
    seed: int = 1,
    account: str = "trader",
    fund: tuple[str, ...] = FUNDS,
    moving: Annotated[bool, Parameter(negative="")] = False,
    weight: int = USUAL.weight_1m,
    orders_10s: Annotated[int, Parameter(name="--orders-10s")] = USUAL.orders_10s,
    orders_1d: Annotated[int, Parameter(name="--orders-1d")] = USUAL.orders_1d,
    max_orders: int | None = None,
    trusted_secret_file: InputFile = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Run an exchange to rehearse on until Ctrl-C: it speaks as Binance does, and nothing in it is worth anything.

    Example: bailiwick sandbox --port 8090 --fund USDT=5000 --moving

    Parameters
    ----------
    host: str
        The loopback address to listen on.
    port: int
        The port to listen on; 0 for any.
    seed: int
        From which its prices follow.
    account: str
        The account that is opened with funds and a key.
    fund: tuple[str, ...]
        What the account has, such as USDT=5000; may be given several times, and replaces what it has by default.
    moving: bool
        Let prices wander by some percent instead of standing.
    weight: int
        The request weight that an address may use in a minute.
    orders_10s: int
        The orders that an account may place in ten seconds.
    orders_1d: int
        The orders that an account may place in a day.
    max_orders: int
        The orders that an account may have open in a symbol; else as each symbol has it.
    trusted_secret_file: Path
        Be an exchange's own engine, for a venue of mode trusted: a file (- for standard input) with the secret that
        the gateway vouches with.
    json: bool
        Print one line of JSON for a program.
    """
    secret = None
    if trusted_secret_file is not None:
        secret = read_secret("trusted secret", file=trusted_secret_file)
    settings = Settings(
        host=host,
        port=port,
        seed=seed,
        account=account,
        funds=_funds(fund),
        moving=moving,
        limits=Limits(weight, orders_10s, orders_1d),
        max_orders=max_orders,
        trusted_secret=secret,
    )
    try:
        run(settings, lambda ready: _tell(ready, fund, json=json))
    except OSError as error:
        raise Stop(f"{host}:{port}: {error.strerror}; name another --port, or 0 for any") from None
    except Refusal as error:
        raise Stop(f"fund: {error.message}") from None
    except ValueError as error:
        raise Stop(str(error)) from None


def _funds(texts: Sequence[str]) -> dict[str, str]:
    parts = {text: text.partition("=") for text in texts}
    for text, (asset, _, amount) in parts.items():
        if not asset or not amount:
            raise Stop(f"fund: {text} is not ASSET=AMOUNT; write it as USDT=5000", Exit.USAGE)
    return {asset: amount for asset, _, amount in parts.values()}


def _tell(ready: Ready, funds: Sequence[str], *, json: bool) -> None:
    if json:
        told = {"url": ready.url, "account": ready.account, "apiKey": ready.api_key, "secret": ready.secret}
        say(msgspec.json.encode(told).decode())
    else:
        say(f"the sandbox exchange listens on {ready.url}")
        say(f"account {ready.account} has {' '.join(funds)}")
        say(f"api key {ready.api_key}\nsecret  {ready.secret}")
        say(f"Next: bailiwick venue add sandbox --url {ready.url}")
    sys.stdout.flush()  # whoever reads a pipe waits for this
