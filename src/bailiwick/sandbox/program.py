"""The sandbox alone in a process: opens an account with a key, and serves until it is told to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import uvloop

from bailiwick.model.secret import Secret
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.limits import Limits
from bailiwick.sandbox.path import CALM, MOVING
from bailiwick.sandbox.server import serve, system_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is rehearsed on.

    ``funds`` (asset to amount) are deposited for ``account``. ``moving`` lets prices wander by some percent instead of
    standing. With ``trusted_secret`` it is an exchange's own engine, which trusts the gateway that holds this secret.
    """

    host: str
    port: int
    seed: int
    account: str
    funds: Mapping[str, str]
    moving: bool = False
    limits: Limits = field(default_factory=Limits)
    max_orders: int | None = None
    trusted_secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Where it listens, and the key of its account."""

    url: str
    account: str
    api_key: str
    secret: str


def run(settings: Settings, tell: Callable[[Ready], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; ``tell`` is called once it listens.

    Raises:
        ValueError: if the address is not loopback, or an amount is none.
        Refusal: if an asset is not listed.
        OSError: if the port is taken.
    """
    uvloop.run(_run(settings, tell))


async def _run(settings: Settings, tell: Callable[[Ready], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # ignored, where nohup began this
            loop.add_signal_handler(number, stop.set)
    now = system_clock() // 1000
    sandbox = Sandbox(
        settings.seed,
        now,
        amplitude=MOVING if settings.moving else CALM,
        limits=settings.limits,
        max_orders=settings.max_orders,
        trusted_secret=settings.trusted_secret,
    )
    sandbox.open_account(settings.account, now, dict(settings.funds))
    key, secret = sandbox.issue_key(settings.account, now)
    assert secret is not None  # only a key with a public key of its own has none
    running = await serve(sandbox, settings.host, settings.port)
    tell(Ready(running.url, settings.account, key.api_key, secret))
    # What is kept is never garbage, and a collector that walks it all again and again takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    await stop.wait()
    await running.close()
