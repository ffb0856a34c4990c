"""The control process: the authority's acts, asked for over its socket. It never holds a key of the vault."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bailiwick.api.server import ApiServer, keep
from bailiwick.authority.desk import Desk
from bailiwick.authority.verbs import CONTROL_VERBS
from bailiwick.config import Config, ConfigError, load
from bailiwick.link.asyncclient import AsyncClient
from bailiwick.link.questions import Health
from bailiwick.link.server import serve
from bailiwick.link.wire import LinkError
from bailiwick.logs import log
from bailiwick.store.errors import StoreError
from bailiwick.store.store import Store
from bailiwick.vault.errors import VaultError
from bailiwick.vault.process import harden_process

GATEWAY_S = 120.0  # a million keys take twenty seconds
LOOK_EVERY_S = 0.05


async def run(config: Config) -> None:
    """Serve until told to end.

    Raises:
        LinkError: if the socket cannot be had.
        StoreError: if the store cannot be opened.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    gateway = AsyncClient(config.gateway_socket)
    with Store.open(config.database) as store:
        desk = Desk(config, store, gateway)
        server = await serve(config.control_socket, CONTROL_VERBS, desk.handlers())
        await _first_of(ended, _gateway_answers(gateway))
        try:
            async with desk.acts.turn():
                pass  # what an earlier process left half done is settled before anything else is asked
        except LinkError as error:
            log.warning("an interrupted act is not settled yet", why=error.sentence)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        desk.rounds.start()
        api = ApiServer(config, desk, store, desk.open_routes)
        starting = asyncio.create_task(keep(api)) if config.api.listen else None
        await ended.wait()
        await server.close()
        if starting is not None:
            await starting
            await api.close()
        await desk.rounds.stop()
    await gateway.close()


async def _gateway_answers(gateway: AsyncClient) -> None:
    """Wait for the gateway, which is started at the same time; not for ever, since control serves without it too."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GATEWAY_S):
            while True:
                with contextlib.suppress(LinkError):
                    await gateway.ask(Health())
                    return
                await asyncio.sleep(LOOK_EVERY_S)


async def _first_of(ended: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    tasks = {asyncio.create_task(ended.wait()), asyncio.create_task(work)}
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main(config_path: Path) -> int:
    """Run the control process; its exit code."""
    try:
        harden_process()  # secrets pass through on their way to be sealed
        asyncio.run(run(load(config_path)))
    except (ConfigError, VaultError, StoreError, LinkError, OSError) as error:
        log.error("the control process cannot serve", why=str(error))
        return 1
    return 0
