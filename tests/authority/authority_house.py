"""The authority over a real store, with a gateway that only remembers what it was asked."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bailiwick.authority.desk import Desk
from bailiwick.authority.verbs import ActAnswer, AddAccount, AddService, AddVenue, IssueKey, NewCredential
from bailiwick.config import Config
from bailiwick.link.questions import (
    Checkpoint,
    CheckpointAnswer,
    Doctor,
    DoctorAnswer,
    Explain,
    ExplainAnswer,
    Health,
    HealthAnswer,
    RecordAct,
    RecordAnswer,
    RotateVault,
    RotateVaultAnswer,
    Seal,
    SealAnswer,
    Usage,
    UsageAnswer,
    Wake,
    WakeAnswer,
)
from bailiwick.link.wire import Code, LinkError, Peer, Question
from bailiwick.model.secret import Secret
from bailiwick.store.store import Store

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


class FakeGateway:
    """Seals so that only it can tell what, records acts, and acts on changes at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.acts: list[RecordAct] = []
        self.sealed: dict[bytes, tuple[str, str, bytes]] = {}
        self.asked: list[str] = []
        self.down = False
        self.fails: type[Question[Any]] | None = None
        self.before_answer: Callable[[Question[Any]], None] = lambda question: None

    async def ask(self, question: Question[Any], *, timeout_s: float | None = None) -> Any:
        if self.down:
            raise LinkError(Code.UNAVAILABLE, "nobody answers")
        self.asked.append(type(question).__name__)
        self.before_answer(question)
        if self.fails is type(question):
            raise LinkError(Code.UNCERTAIN, "the answer was lost")
        match question:
            case Seal(record=record, purpose=purpose, plaintext=plaintext):
                raw = f"{record}/{purpose}/".encode() + plaintext.reveal()
                envelope = b"sealed:" + hashlib.sha256(raw).digest()
                self.sealed[envelope] = (record, purpose, plaintext.reveal())
                return SealAnswer(envelope=envelope)
            case RecordAct():
                self.acts.append(question)
                return RecordAnswer(position=len(self.acts) - 1)
            case Wake():
                return WakeAnswer(change=self.store.last_change())
            case Checkpoint():
                return CheckpointAnswer(note="note", size=len(self.acts))
            case Health():
                return HealthAnswer(
                    ready=True, version="1", pid=1, started_ms=0, change=0, keys=0, position=len(self.acts)
                )
            case Explain():
                return ExplainAnswer(allowed=True)
            case Usage():
                return UsageAnswer()
            case Doctor():
                return DoctorAnswer()
            case RotateVault():
                return RotateVaultAnswer(rewrapped=0, vault_key="k")
        raise AssertionError(question)


class House:
    """Everything that a test of the authority needs."""

    def __init__(self, directory: Path) -> None:
        self.config = Config(data=directory)
        self.store = Store.open(directory / "bailiwick.db", clock=lambda: NOW)
        self.gateway = FakeGateway(self.store)
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
