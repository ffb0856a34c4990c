"""The sandbox as a program: reads its arguments, opens an account with a key, serves until it is told to stop."""

import argparse
import asyncio
import gc
import json
import signal
import sys
from pathlib import Path

import uvloop

from bailiwick.model.secret import Secret
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.limits import Limits
from bailiwick.sandbox.path import CALM, MOVING
from bailiwick.sandbox.server import serve, system_clock

_EXAMPLE = "example: bailiwick sandbox --port 9200 --seed 1 --fund USDT=100000 --fund BTC=1"


def _fund(text: str) -> tuple[str, str]:
    asset, equals, amount = text.partition("=")
    if not asset or not equals or not amount:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form ASSET=AMOUNT, for example USDT=100000")
    return asset, amount


def parser() -> argparse.ArgumentParser:
    """The arguments of the program."""
    made = argparse.ArgumentParser("bailiwick sandbox", description="An exchange to rehearse on.", epilog=_EXAMPLE)
    made.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    made.add_argument("--port", type=int, default=9200, help="port to listen on; 0 chooses a free one")
    made.add_argument("--seed", type=int, default=1, help="market and keys follow from it")
    made.add_argument("--account", default="trader", help="name of the account that is opened")
    made.add_argument("--fund", type=_fund, action="append", default=[], metavar="ASSET=AMOUNT", help="deposit")
    made.add_argument("--moving", action="store_true", help="let prices move by some percent instead of standing")
    made.add_argument("--weight", type=int, default=6_000, help="request weight a minute and address")
    made.add_argument("--orders-10s", type=int, default=100, help="orders in ten seconds and account")
    made.add_argument("--orders-1d", type=int, default=200_000, help="orders a day and account")
    made.add_argument("--max-orders", type=int, default=None, help="open orders of an account and symbol")
    made.add_argument(
        "--trusted-secret-file", type=Path, help="be an engine that trusts the gateway holding this secret"
    )
    made.add_argument("--json", action="store_true", help="print the ready line as JSON")
    return made


async def _run(options: argparse.Namespace) -> None:
    trusted = options.trusted_secret_file
    now = system_clock() // 1000
    sandbox = Sandbox(
        options.seed,
        now,
        amplitude=MOVING if options.moving else CALM,
        limits=Limits(options.weight, options.orders_10s, options.orders_1d),
        max_orders=options.max_orders,
        trusted_secret=None if trusted is None else Secret(trusted.read_bytes().strip()),
    )
    sandbox.open_account(options.account, now, dict(options.fund))
    key, secret = sandbox.issue_key(options.account, now)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    running = await serve(sandbox, options.host, options.port)
    ready = {"url": running.url, "account": options.account, "apiKey": key.api_key, "secret": secret}
    line = json.dumps(ready) if options.json else "\n".join(f"{name:8} {value}" for name, value in ready.items())
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    # What is kept is never garbage, and a collector that walks it all again and again takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    await stop.wait()
    await running.close()


def main(argv: list[str]) -> int:
    """Run until SIGINT or SIGTERM; the exit code."""
    options = parser().parse_args(argv)
    uvloop.run(_run(options))
    return 0
