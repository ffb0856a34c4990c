"""What the gateway is asked: the closed list of verbs of its socket."""

from enum import StrEnum

import msgspec

from bailiwick.link.exchange_questions import EXCHANGE_VERBS
from bailiwick.link.market_questions import MARKET_VERBS
from bailiwick.link.service_questions import SERVICE_VERBS
from bailiwick.link.watch_questions import WATCH_VERBS
from bailiwick.link.wire import Answer, Question, Verbs
from bailiwick.model.secret import Secret


class HealthAnswer(Answer, frozen=True, kw_only=True):
    """``change`` is the newest change of the store that is in force, ``position`` the next journal position.

    ``listening`` is the address that clients connect to, with the port that was really taken.
    """

    ready: bool
    version: str
    pid: int
    started_ms: int
    change: int
    keys: int
    position: int
    listening: tuple[str, int] | None = None
    detail: str = ""


class Health(Question[HealthAnswer], frozen=True, kw_only=True, tag="health"):
    """Is the gateway serving?"""


class SealAnswer(Answer, frozen=True, kw_only=True):
    """The vault's envelope."""

    envelope: bytes


class Seal(Question[SealAnswer], frozen=True, kw_only=True, tag="seal"):
    """Seal a secret for one record and one purpose (``model.credential.Purpose``). Nothing asks the way back."""

    record: str
    purpose: str
    plaintext: Secret


class RecordAnswer(Answer, frozen=True, kw_only=True):
    """Where the act stands in the journal: durable, and under a signed checkpoint."""

    position: int


class RecordAct(Question[RecordAnswer], frozen=True, kw_only=True, tag="record"):
    """Record an administrative act. ``before`` and ``after`` are TOML or JSON, and never hold a secret."""

    actor: str
    act: str
    subject: str
    before: str = ""
    after: str = ""
    reason: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that was asked: ``passed``, ``denied`` or ``no say``, and the numbers."""

    rule: str
    outcome: str
    detail: str = ""


class BudgetUse(msgspec.Struct, frozen=True, kw_only=True):
    """What of one limit is used. Amounts are plain decimals in ``unit``; an empty ``limit`` means there is none."""

    name: str
    unit: str
    limit: str
    used: str
    reserved: str = "0"


class ExplainAnswer(Answer, frozen=True, kw_only=True):
    """Whether the request would be allowed, and by which rule not. ``reason`` is a code of ``model.reason``.

    ``rule`` is the one that denied it, or that would have it held. What was not understood comes before every rule. Of
    what would be allowed, ``worth`` is what its orders come to at worst, in the grant's currency, and ``budgets`` how
    these would stand once it is reserved: worked out on a copy.
    """

    allowed: bool
    reason: str = ""
    sentence: str = ""
    remedy: str = ""
    detail: str = ""
    steps: tuple[Step, ...] = ()
    rule: str = ""
    worth: str = ""
    budgets: tuple[BudgetUse, ...] = ()


class Explain(Question[ExplainAnswer], frozen=True, kw_only=True, tag="explain"):
    """Would this request of this key be allowed now? ``target`` is path and query, without a signature."""

    key: str
    method: str
    target: str
    body: bytes = b""
    source: str = "127.0.0.1"


class SymbolsAnswer(Answer, frozen=True, kw_only=True):
    """Which of the names a venue does not have, each with the nearest that it has ("" if none is near).

    While the venue's table of symbols is not ``loaded``, nothing is known of any.
    """

    loaded: bool
    absent: dict[str, str] = msgspec.field(default_factory=dict)


class Symbols(Question[SymbolsAnswer], frozen=True, kw_only=True, tag="symbols"):
    """Does a venue have these symbols, spelt so?"""

    venue: str
    names: tuple[str, ...]


class HoldingUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a key's own fills bought and it has not sold yet, in units of the asset."""

    asset: str
    quantity: str


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order of this key that is open, or whose outcome is not known yet."""

    symbol: str
    client_order_id: str
    side: str
    quantity: str
    executed: str
    state: str


class UsageAnswer(Answer, frozen=True, kw_only=True):
    """What a key has used, holds and has open."""

    budgets: tuple[BudgetUse, ...] = ()
    holdings: tuple[HoldingUse, ...] = ()
    open_orders: tuple[OpenOrder, ...] = ()
    last_used_ms: int | None = None


class Usage(Question[UsageAnswer], frozen=True, kw_only=True, tag="usage"):
    """What has this key used?"""

    key: str


class WakeAnswer(Answer, frozen=True, kw_only=True):
    """The newest change of the store that is in force, and the journal position of whatever is decided from now on."""

    change: int
    position: int = -1


class Wake(Question[WakeAnswer], frozen=True, kw_only=True, tag="wake"):
    """Read the store's changes now. It is answered when they are in force."""


class CheckpointAnswer(Answer, frozen=True, kw_only=True):
    """A signed checkpoint (C2SP signed note) that covers ``size`` records."""

    note: str
    size: int


class Checkpoint(Question[CheckpointAnswer], frozen=True, kw_only=True, tag="checkpoint"):
    """Sign a checkpoint of the journal now, and put it in the second place too."""


class Severity(StrEnum):
    """How bad a finding is."""

    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at one thing found, and what to do about it."""

    subject: str
    severity: Severity
    sentence: str
    remedy: str = ""

    @classmethod
    def fine(cls, subject: str, sentence: str) -> "Finding":
        """It is as it must be."""
        return cls(subject=subject, severity=Severity.FINE, sentence=sentence)

    @classmethod
    def warning(cls, subject: str, sentence: str, remedy: str) -> "Finding":
        """It serves, and should be otherwise."""
        return cls(subject=subject, severity=Severity.WARNING, sentence=sentence, remedy=remedy)

    @classmethod
    def error(cls, subject: str, sentence: str, remedy: str) -> "Finding":
        """It does not serve, or not safely."""
        return cls(subject=subject, severity=Severity.ERROR, sentence=sentence, remedy=remedy)


class DoctorAnswer(Answer, frozen=True, kw_only=True):
    """Everything that was looked at, good or bad."""

    findings: tuple[Finding, ...] = ()


class Doctor(Question[DoctorAnswer], frozen=True, kw_only=True, tag="doctor"):
    """Look at clock, venue, journal, vault, prices and disk, from within the gateway."""


class RotateVaultAnswer(Answer, frozen=True, kw_only=True):
    """How many records were re-wrapped, and the id of the vault key that is now in use."""

    rewrapped: int
    vault_key: str


class RotateVault(Question[RotateVaultAnswer], frozen=True, kw_only=True, tag="rotate_vault"):
    """Put a new vault key in use and re-wrap everything, or take up a rotation that was interrupted."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the authority or a person must hear of, as it stands in the journal at ``position``."""

    position: int
    at_ms: int
    kind: str
    key: str = ""
    account: str = ""
    detail: dict[str, str] = msgspec.field(default_factory=dict)


class EventsAnswer(Answer, frozen=True, kw_only=True):
    """Events in their order. With them everything up to ``up_to`` is told: ask behind that the next time."""

    events: tuple[Event, ...]
    up_to: int


class Events(Question[EventsAnswer], frozen=True, kw_only=True, tag="events"):
    """What happened behind the position ``after``? Waits ``wait_s`` seconds for something, at most 25."""

    after: int = -1
    wait_s: float = 0.0


GATEWAY_VERBS: Verbs = (
    Health, Seal, RecordAct, Explain, Symbols, Usage, Wake, Checkpoint, Doctor, RotateVault, Events,
    *EXCHANGE_VERBS, *MARKET_VERBS, *SERVICE_VERBS, *WATCH_VERBS,
)  # fmt: skip
"""Everything that the gateway's socket answers. There is no verb that unseals."""
