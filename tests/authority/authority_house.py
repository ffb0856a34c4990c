"""The authority over a real store, with a gateway that only remembers what it was asked."""

from pathlib import Path
from typing import Any

import msgspec

from bailiwick.authority.desk import Desk
from bailiwick.authority.verbs import ActAnswer, AddAccount, AddService, AddVenue, IssueKey, NewCredential
from bailiwick.config import Config
from bailiwick.link.questions import RecordAct
from bailiwick.link.wire import Peer, Question
from bailiwick.model.secret import Secret
from bailiwick.store.store import Store
from remembering import RememberingGateway

PEER = Peer(1, 0)
NOW = 1_790_000_000_000

GRANT = """
purpose = "Trades two symbols"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = ["BTCUSDT", "ETHUSDT"]
sides = ["BUY", "SELL"]
order_types = ["LIMIT", "MARKET"]
[how_much]
order_notional = 500
day_notional = 2000
"""


class House:
    """Everything that a test of the authority needs."""

    def __init__(self, directory: Path) -> None:
        self.config = Config(data=directory)
        self.store = Store.open(directory / "bailiwick.db", clock=lambda: NOW)
        self.gateway = RememberingGateway(self.store)
        self.open_desk()

    def open_desk(self) -> None:
        """A control process anew, over the same store."""
        self.desk = Desk(self.config, self.store, self.gateway, clock=lambda: NOW)
        self._handlers = self.desk.handlers()

    async def ask(self, question: Question[Any]) -> Any:
        return await self._handlers[type(question)](question, PEER)

    def tails(self) -> list[str]:
        """What a restore would read of the journal."""
        return [act.after for act in self.gateway.acts]

    def last_act(self) -> RecordAct:
        return self.gateway.acts[-1]

    def told(self) -> str:
        """Everything that left for the journal."""
        return "\n".join(msgspec.json.encode(act).decode() for act in self.gateway.acts)

    async def settle(self) -> None:
        """A venue, an account with its credential, and a service."""
        await self.ask(AddVenue(id="binance", name="Binance", base_url="https://api.binance.com"))
        credential = NewCredential(api_key="venuekey", secret=Secret(b"canary-venue-secret"))
        await self.ask(AddAccount(id="main", venue="binance", name="Main", owner="Ada", credential=credential))
        await self.ask(AddService(id="bot", name="A bot"))

    async def issue(self, grant: str = GRANT, **fields: Any) -> ActAnswer:
        """A key of this account and service."""
        given = {"account": "main", "service": "bot", **fields}
        answer: ActAnswer = await self.ask(IssueKey(grant=grant, **given))
        return answer
