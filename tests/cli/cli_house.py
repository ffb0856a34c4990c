"""A control process in a thread of this test's process, over a real store, with a gateway that only remembers."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from bailiwick.authority.desk import Desk
from bailiwick.authority.verbs import CONTROL_VERBS
from bailiwick.cli import main
from bailiwick.config import Config, load
from bailiwick.link.server import serve
from bailiwick.store.store import Store
from remembering import RememberingGateway


class Served:
    """A running control process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config: Config = load(path)
        self.store = Store.open(self.config.database)
        self.gateway = RememberingGateway(self.store)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        desk = Desk(self.config, self.store, self.gateway)
        self._server = self._do(serve(self.config.control_socket, CONTROL_VERBS, desk.handlers()))

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def run(self, *arguments: str) -> int:
        """One command."""
        return main([*arguments, "--config", str(self.path)])

    def close(self) -> None:
        """End it."""
        self._do(self._server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.store.close()
