"""A control process in a thread of this test's process, over a real store, with a gateway that only remembers."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from bailiwick.authority.desk import Desk
from bailiwick.authority.verbs import CONTROL_VERBS
from bailiwick.cli import main
from bailiwick.config import Config, load
from bailiwick.link import questions as ask
from bailiwick.link.server import serve
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.store.store import Store


class Remembering:
    """The gateway's side, as far as the command line sees it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.acts: list[ask.RecordAct] = []
        self.plaintexts: list[bytes] = []
        self.explained = ask.ExplainAnswer(allowed=True, steps=(ask.Step(rule="state", outcome="passed"),))
        self.ready = True
        self.down = False

    async def ask(self, question: Question[Any], *, timeout_s: float | None = None) -> Any:
        if self.down:
            raise LinkError(Code.UNAVAILABLE, "nobody answers at gateway.sock; start it with `bailiwick up`")
        match question:
            case ask.Seal():
                self.plaintexts.append(question.plaintext.reveal())
                return ask.SealAnswer(envelope=b"sealed")
            case ask.RecordAct():
                self.acts.append(question)
                return ask.RecordAnswer(position=len(self.acts) - 1)
            case ask.Wake():
                return ask.WakeAnswer(change=self.store.last_change())
            case ask.Health():
                return ask.HealthAnswer(
                    ready=self.ready, version="1", pid=1, started_ms=0, change=0, keys=0, position=0, detail="disk"
                )
            case ask.Explain():
                return self.explained
            case ask.Usage():
                use = ask.BudgetUse(name="day_notional", unit="USDT", limit="100", used="40")
                return ask.UsageAnswer(
                    budgets=(use,),
                    holdings=(ask.HoldingUse(asset="BTC", quantity="0.1"),),
                    open_orders=(
                        ask.OpenOrder(
                            symbol="BTCUSDT", client_order_id="c1", side="BUY", quantity="1", executed="0", state="open"
                        ),
                    ),
                )
            case ask.Doctor():
                return ask.DoctorAnswer()
            case ask.Checkpoint():
                return ask.CheckpointAnswer(note="note", size=1)
            case ask.RotateVault():
                return ask.RotateVaultAnswer(rewrapped=3, vault_key="abcd")
        raise AssertionError(question)


class Served:
    """A running control process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config: Config = load(path)
        self.store = Store.open(self.config.database)
        self.gateway = Remembering(self.store)
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
