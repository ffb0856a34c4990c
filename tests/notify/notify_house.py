"""A desk over a real store and a real journal, with a gateway that records what it is asked in that journal."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from bailiwick.authority.desk import Desk
from bailiwick.authority.verbs import ActAnswer, AddAccount, AddService, AddVenue, IssueKey, NewCredential
from bailiwick.config import Config
from bailiwick.journal import record
from bailiwick.journal.log import Journal
from bailiwick.journal.retention import Retention
from bailiwick.link import questions as ask
from bailiwick.link.wire import Peer, Question
from bailiwick.model.intent import OrderDraft, OrderType, Side
from bailiwick.model.notice import Channel, Owner
from bailiwick.model.order import OrderReport
from bailiwick.model.secret import Secret
from bailiwick.notify.settings import Leaks, Notices
from bailiwick.opening import journal_key, make_journal_key
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


class RecordingGateway(RememberingGateway):
    """Records acts in a real journal."""

    def __init__(self, store: Store, journal: Journal) -> None:
        super().__init__(store)
        self.journal = journal

    async def ask(self, question: Question[Any], *, timeout_s: float | None = None) -> Any:
        answer = await super().ask(question, timeout_s=timeout_s)
        match question:
            case ask.RecordAct():
                act = record.Act(
                    self.journal._clock(), question.actor, question.act, question.subject, question.before,
                    question.after, question.reason,
                )  # fmt: skip
                return ask.RecordAnswer(position=self.journal.append_now(record.encode(act)))
            case ask.Checkpoint():
                signed = self.journal.checkpoint_now()
                return ask.CheckpointAnswer(note=signed.note, size=signed.size)
        return answer


class NotifyHouse:
    """Everything that these tests need. Its clock is the test's."""

    def __init__(self, directory: Path, notices: Notices | None = None, leaks: Leaks | None = None) -> None:
        self.now = NOW
        self.config = Config(data=directory, notices=notices or Notices(), leaks=leaks or Leaks())
        make_journal_key(self.config.journal_key)
        self.journal = Journal.open(
            self.config.journal_directory,
            origin="test",
            signer=journal_key(self.config.journal_key),
            clock=lambda: self.now * 1000,
        )
        self.store = Store.open(directory / "bailiwick.db", clock=lambda: self.now)
        self.gateway = RecordingGateway(self.store, self.journal)
        self.desk = Desk(self.config, self.store, self.gateway, clock=lambda: self.now, events=self.gateway)
        self._handlers = self.desk.handlers()

    async def ask(self, question: Question[Any]) -> Any:
        return await self._handlers[type(question)](question, PEER)

    async def settle(self) -> None:
        """A venue, an account of Ada's, and a service."""
        await self.ask(AddVenue(id="binance", name="Binance", base_url="https://api.binance.com"))
        credential = NewCredential(api_key="venuekey", secret=Secret(b"canary-venue-secret"))
        await self.ask(AddAccount(id="main", venue="binance", name="Main", owner="Ada", credential=credential))
        await self.ask(AddService(id="bot", name="A bot", contact="help@bot.example"))

    async def issue(self, **fields: Any) -> ActAnswer:
        """A key."""
        answer: ActAnswer = await self.ask(IssueKey(account="main", service="bot", grant=GRANT, **fields))
        return answer

    def channels(self, *channels: Channel, **choices: Any) -> None:
        """How Ada is told."""
        self.store.owners.put(Owner(name="Ada", channels=channels, **choices))

    def traded(self, key: str, client_id: str, *, symbol: str = "BTCUSDT", executed: str | None = "1") -> int:
        """An order of a key in the journal, with its outcome; its position."""
        order = OrderDraft(
            symbol=symbol, side=Side.BUY, type=OrderType.LIMIT, quantity=Decimal(1), price=Decimal(100),
            client_id=client_id,
        )  # fmt: skip
        at = self.now * 1000
        intent = record.Intent(
            at, at, key, "bot", "main", "203.0.113.9", "", "POST", "/api/v3/order", "sent", "", "allow", "", "trade",
            (order,),
        )  # fmt: skip
        position = self.journal.append_now(record.encode(intent), retention=Retention.TRADE)
        if executed is not None:
            report = OrderReport(
                symbol=symbol, order_id=7_000 + position, client_id=client_id, live=False, executed=Decimal(executed)
            )
            outcome = record.Outcome(at, position, key, True, 200, 1000, (report,))
            self.journal.append_now(record.encode(outcome), retention=Retention.TRADE)
        return position

    def state(self, key: str) -> tuple[str, str | None]:
        """A key's state and its cause."""
        found = self.store.keys.get(key)
        return found.state.value, getattr(getattr(found, "cause", None), "value", None)

    def verbs(self) -> Sequence[str]:
        """The acts so far."""
        return [act.act for act in self.gateway.acts]

    def close(self) -> None:
        self.journal.close()
        self.store.close()
