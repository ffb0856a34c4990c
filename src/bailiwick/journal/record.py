"""What a record says: the closed list of record kinds, and their form on disk.

A record is a JSON array whose first element names its kind and whose others are the fields in the order in which
they stand here; new fields are only ever added at the end, with a default. JSON rather than a denser form because a
record is evidence: whoever is handed one with its proof reads it with no software of ours.

Times are µs since 1970, UTC; money is a decimal in a string; ``""`` stands for what does not apply.
"""

from hashlib import sha256

import msgspec
from msgspec import Struct

from bailiwick.model.decision import Charge
from bailiwick.model.intent import OrderDraft, OrderRef, Withdrawal
from bailiwick.model.order import OrderReport, TradeReport


class Fingerprint(Struct, array_like=True, gc=False, frozen=True, tag="fingerprint"):
    """A client's way of speaking, in full where it is first met; other records name it by ``digest``."""

    digest: str
    user_agent: str
    header_order: tuple[str, ...]
    parameter_order: tuple[str, ...]


def fingerprint(user_agent: str, header_order: tuple[str, ...], parameter_order: tuple[str, ...]) -> Fingerprint:
    """A fingerprint with its digest: the first 16 hexadecimal digits of SHA-256 over its parts as JSON."""
    parts = msgspec.json.encode((user_agent, header_order, parameter_order))
    return Fingerprint(sha256(parts).hexdigest()[:16], user_agent, header_order, parameter_order)


class Facts(Struct, array_like=True, gc=False, frozen=True):
    """What the watch was told of a request beside what its record says, so that it can be told again.

    Numbers here are measures and not money: they are written so that they are read as the same.
    """

    network: int  # as ``watch.event.Origin`` has it
    of_service: bool | None
    purpose: str
    created_us: int
    most: str  # that the grant lets it do
    symbol: str = ""
    asked: bool = False  # whether it was asked, and not only told of a refusal
    base: str = ""
    quote: str = ""
    side: str = ""
    type: str = ""
    worth: float = 0.0
    worth_in: str = ""
    day_worth: float | None = None
    top_worth: float | None = None
    near_bps: float | None = None
    anchor_bps: float | None = None
    moved_bps: float = 0.0
    unbounded: bool = False
    reducing: bool = False
    prefix: int = 0
    window_ms: int = 0
    offset_ms: int = 0
    idle_since_us: int = 0


class Filled(Struct, array_like=True, gc=False, frozen=True):
    """What the watch was told of an execution."""

    at_us: int  # the venue's clock
    symbol: str
    side: str
    worth: float
    price: float
    near_bps: float | None = None


class Intent(Struct, array_like=True, gc=False, frozen=True, tag="intent"):
    """A verified request that would change state, and the decision on it; durable before anything leaves.

    ``orders`` and ``charges`` are what is reserved until the outcome is known: with ``target``, ``keep_on_failure``
    and ``withdrawal`` they are all that a start needs to reserve it again.
    """

    at_us: int  # this machine's clock
    venue_us: int  # the venue's clock, as this machine estimates it
    key: str
    service: str
    account: str
    source: str  # address of the client
    fingerprint: str  # digest of a Fingerprint
    method: str
    path: str
    sent: str  # the bytes that the client signed
    leaves: str  # canonical parameters as they leave; "" if nothing leaves or they are those sent
    decision: str  # allow, deny or hold
    reason: str  # code of the deciding rule
    harm: str = ""
    orders: tuple[OrderDraft, ...] = ()
    charges: tuple[Charge, ...] = ()
    target: OrderRef | None = None
    keep_on_failure: bool = False
    withdrawal: Withdrawal | None = None
    reducing: bool = False
    mark_until_us: int = 0  # how long the payload's replay mark lives, by the venue's clock
    detail: str = ""
    facts: Facts | None = None


class Outcome(Struct, array_like=True, gc=False, frozen=True, tag="outcome"):
    """What became of an intent.

    ``executed`` is False where the venue definitely refused it or it never left, None where nobody knows yet.
    """

    at_us: int
    intent: int  # position of the intent
    key: str
    executed: bool | None
    status: int  # the venue's HTTP status; 0 where no whole answer came
    latency_us: int
    orders: tuple[OrderReport, ...] = ()
    code: int = 0  # the venue's error code
    detail: str = ""
    filled: tuple[Filled, ...] = ()


class Resolved(Struct, array_like=True, gc=False, frozen=True, tag="resolved"):
    """An order's fate learned after the fact: an unknown outcome looked up, or a fill or cancel seen in passing.

    ``absent`` names an order that the venue says it never had, once it can no longer arrive there.
    """

    at_us: int
    key: str
    intent: int  # position of the intent; -1 where it is not known
    evidence: str  # where it was seen, such as "reconciler" or "GET /api/v3/order"
    orders: tuple[OrderReport, ...] = ()
    trades: tuple[TradeReport, ...] = ()
    absent: str = ""
    filled: tuple[Filled, ...] = ()


class Read(Struct, array_like=True, gc=False, frozen=True, tag="read"):
    """A verified request that changes nothing, with its answer."""

    at_us: int
    venue_us: int
    key: str
    service: str
    account: str
    source: str
    fingerprint: str
    method: str
    path: str
    sent: str
    decision: str
    reason: str
    status: int = 0
    latency_us: int = 0
    mark_until_us: int = 0
    facts: Facts | None = None  # of one that was refused


class Act(Struct, array_like=True, gc=False, frozen=True, tag="act"):
    """An administrative act."""

    at_us: int
    actor: str
    verb: str
    subject: str
    before: str = ""  # JSON or TOML of the subject; never a secret
    after: str = ""
    reason: str = ""


class Failures(Struct, array_like=True, gc=False, frozen=True, tag="failures"):
    """Failed authentications of one cause from one address, counted over a span and sampled."""

    from_us: int
    until_us: int
    cause: str
    source: str
    count: int
    key: str = ""  # the key id that was named, if one was
    sample: str = ""  # method and path of one of them
    fingerprint: str = ""


class Cut(Struct, array_like=True, gc=False, frozen=True, tag="cut"):
    """Bytes that were no whole record were taken off the end of the file at start."""

    at_us: int
    position: int  # the position that the first lost record had or would have had
    length: int
    sha256: str  # of the bytes, which are kept under ``cuts/``
    cause: str = "torn"


class Condensed(Struct, array_like=True, gc=False, frozen=True, tag="condensed"):
    """The bodies of records of these classes in a range of positions are dropped, their time being over."""

    at_us: int
    first: int
    end: int
    classes: tuple[int, ...]
    count: int


class Erased(Struct, array_like=True, gc=False, frozen=True, tag="erased"):
    """The body of one record is erased at somebody's word."""

    at_us: int
    position: int
    actor: str
    reason: str


class SnapshotNote(Struct, array_like=True, gc=False, frozen=True, tag="snapshot"):
    """A snapshot was taken; a snapshot file without its note, or unlike it, is not used."""

    at_us: int
    position: int  # the state covers the records before this position
    length: int
    sha256: str


class SetBack(Struct, array_like=True, gc=False, frozen=True, tag="set-back"):
    """A person accepted that the journal is behind a checkpoint kept elsewhere."""

    at_us: int
    size: int  # records that are here
    note: str  # the newer checkpoint, as signed


class Event(Struct, array_like=True, gc=False, frozen=True, tag="event"):
    """Something that a person must hear of, such as the first use of a key that was removed."""

    at_us: int
    what: str
    key: str = ""
    account: str = ""
    detail: tuple[tuple[str, str], ...] = ()


class Seen(Struct, array_like=True, gc=False, frozen=True, tag="seen"):
    """What the watch was told of the market: near prices after fills, and what the pump detector said of symbols."""

    at_us: int
    venue_us: int
    near: tuple[tuple[str, float], ...] = ()  # symbol and price
    signs: tuple[tuple[str, int, int, str], ...] = ()  # symbol, µs, score and why


Record = (
    Intent
    | Outcome
    | Resolved
    | Read
    | Act
    | Failures
    | Fingerprint
    | Cut
    | Condensed
    | Erased
    | SnapshotNote
    | SetBack
    | Event
    | Seen
)

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)

encode = _ENCODER.encode
"""The bytes of a record."""


def decode(data: bytes) -> Record:
    """Read a record.

    Raises:
        ValueError: if the bytes are not a record of a known kind.
    """
    return _DECODER.decode(data)


def named(record: Record) -> dict[str, object]:
    """The record with the names of its fields, for people."""
    return {"kind": record.__struct_config__.tag} | msgspec.structs.asdict(record)
