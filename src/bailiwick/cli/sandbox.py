"""``bailiwick sandbox``: an exchange to rehearse on."""

import asyncio
import signal
from typing import Annotated

from cyclopts import Parameter

from bailiwick.cli.exits import Stop
from bailiwick.cli.output import print_json, say

FUNDS = {"USDT": "100000", "BTC": "1", "ETH": "10"}


def sandbox(
    *,
    host: str = "127.0.0.1",
    port: int = 8090,
    seed: int = 1,
    account: str = "trader",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Run an exchange to rehearse on until Ctrl-C: it speaks as Binance does, and nothing in it is worth anything.

    Example: bailiwick sandbox --port 8090

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
    json: bool
        Print JSON for a program.
    """
    asyncio.run(_run(host, port, seed, account, json=json))


async def _run(host: str, port: int, seed: int, account: str, *, json: bool) -> None:
    from bailiwick.sandbox import Sandbox, serve  # noqa: PLC0415
    from bailiwick.sandbox.server import system_clock  # noqa: PLC0415

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    now = system_clock() // 1000
    exchange = Sandbox(seed, now)
    exchange.open_account(account, now, FUNDS)
    key, secret = exchange.issue_key(account, now)
    try:
        running = await serve(exchange, host, port)
    except OSError as error:
        raise Stop(f"{host}:{port}: {error.strerror}; name another --port, or 0 for any") from None
    if json:
        print_json({"url": running.url, "account": account, "api_key": key.api_key, "secret": secret})
    else:
        say(f"the sandbox exchange listens on {running.url}")
        say(f"account {account} has {', '.join(f'{amount} {asset}' for asset, amount in FUNDS.items())}")
        say(f"api key {key.api_key}\nsecret  {secret}")
        say(f"Next: bailiwick venue add sandbox --url {running.url}")
    await ended.wait()
    await running.close()
