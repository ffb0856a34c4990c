"""The gateway as the control process and the command line see it: it only remembers what it was asked."""

import hashlib
from collections.abc import Callable
from typing import Any

from bailiwick.gateway.verbs import absent_symbols
from bailiwick.link import questions as ask
from bailiwick.link.market_questions import Candles, CandlesAnswer
from bailiwick.link.service_questions import ServiceUseAnswer, UseOfService
from bailiwick.link.watch_questions import KnownAnswer, KnownOfKey
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.store.store import Store

USAGE = ask.UsageAnswer(
    budgets=(ask.BudgetUse(name="day_notional", unit="USDT", limit="100", used="40"),),
    holdings=(ask.HoldingUse(asset="BTC", quantity="0.1"),),
    open_orders=(
        ask.OpenOrder(symbol="BTCUSDT", client_order_id="c1", side="BUY", quantity="1", executed="0", state="open"),
    ),
)


class RememberingGateway:
    """Seals so that only it can tell what, records acts, and acts on changes at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.acts: list[ask.RecordAct] = []
        self.sealed: dict[bytes, tuple[str, str, bytes]] = {}  # by envelope: record, purpose, plaintext
        self.asked: list[str] = []
        self.events: list[ask.Event] = []  # what it tells of
        self.down = False
        self.ready = True
        self.symbols: set[str] | None = None  # those of the venue; None is whatever is asked for
        self.symbols_loaded = True
        self.candles: CandlesAnswer | None = None  # of whatever symbol; None is a venue that is away
        self.fails: type[Question[Any]] | None = None
        self.before_answer: Callable[[Question[Any]], None] = lambda question: None
        self.explained = ask.ExplainAnswer(allowed=True, steps=(ask.Step(rule="state", outcome="passed"),))

    @property
    def plaintexts(self) -> list[bytes]:
        """What was sealed, oldest first."""
        return [plaintext for _, _, plaintext in self.sealed.values()]

    async def ask(self, question: Question[Any], *, timeout_s: float | None = None) -> Any:
        """The answer, as the gateway would give it."""
        if self.down:
            raise LinkError(Code.UNAVAILABLE, "nobody answers at gateway.sock; start it with `bailiwick up`")
        self.asked.append(type(question).__name__)
        self.before_answer(question)
        if self.fails is type(question):
            raise LinkError(Code.UNCERTAIN, "the answer was lost")
        match question:
            case ask.Seal(record=record, purpose=purpose, plaintext=plaintext):
                raw = f"{record}/{purpose}/".encode() + plaintext.reveal()
                envelope = b"sealed:" + hashlib.sha256(raw).digest()
                self.sealed[envelope] = (record, purpose, plaintext.reveal())
                return ask.SealAnswer(envelope=envelope)
            case ask.RecordAct():
                self.acts.append(question)
                return ask.RecordAnswer(position=len(self.acts) - 1)
            case ask.Wake():
                return ask.WakeAnswer(change=self.store.last_change(), position=len(self.acts))
            case ask.Checkpoint():
                return ask.CheckpointAnswer(note="note", size=len(self.acts))
            case ask.Health():
                return ask.HealthAnswer(
                    ready=self.ready, version="1", pid=1, started_ms=0, change=0, keys=0, position=len(self.acts),
                    detail="disk",
                )  # fmt: skip
            case ask.Explain():
                return self.explained
            case ask.Symbols(names=names):
                return ask.SymbolsAnswer(
                    loaded=self.symbols is not None, absent=absent_symbols(self.symbols or names, names)
                )
            case ask.Usage():
                return USAGE
            case ask.Doctor():
                return ask.DoctorAnswer()
            case ask.Events(after=after):
                behind = tuple(event for event in self.events if event.position > after)
                return ask.EventsAnswer(events=behind, up_to=max([after, *(event.position for event in behind)]))
            case Candles():
                if self.candles is None:
                    raise LinkError(Code.UNAVAILABLE, "venue binance: it does not answer")
                return self.candles
            case KnownOfKey():
                return KnownAnswer(known=False)
            case UseOfService():
                return ServiceUseAnswer(open_orders=2, last_used_ms=1_790_000_000_000)
            case ask.RotateVault():
                return ask.RotateVaultAnswer(rewrapped=3, vault_key="abcd")
        raise AssertionError(question)
