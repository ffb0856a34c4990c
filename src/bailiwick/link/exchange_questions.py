"""What the gateway is asked that it asks an exchange in its turn: slow questions, for a connection of their own.

The credential that signs stays in the gateway. What it signs for these questions is a closed list, written here:
``Inspect`` reads what a credential may do, ``RecordShape`` what an account looks like, and ``NativeCall`` is the only
question that uses a master account's credential to manage a sub-account's keys, by the calls of ``Doing`` and no
other.
"""

from enum import StrEnum

from bailiwick.audit.facts import KeyFacts
from bailiwick.link.wire import Answer, Question, Verbs
from bailiwick.model.native import NativeTrade, Said
from bailiwick.model.secret import Secret


class InspectAnswer(Answer, frozen=True, kw_only=True):
    """What the exchange says of an account's own credential; ``facts`` is None where it did not: ``sentence``."""

    venue: str  # as ``audit.venues`` names it; empty where its keys cannot be asked about
    api_key: str = ""
    facts: KeyFacts | None = None
    sentence: str = ""


class Inspect(Question[InspectAnswer], frozen=True, kw_only=True, tag="inspect"):
    """Ask the account's exchange what the account's own credential may do. Nothing is ordered or changed."""

    account: str


class Doing(StrEnum):
    """What may be asked of an exchange for a native key. Everything it is about stands in the store's row."""

    CREATE = "create"
    CREATE_WATCH = "create_watch"  # the key beside it that only reads; its secret is sealed before it leaves
    SWITCH = "switch"  # trading on, off or left alone, and every other right off
    READ = "read"
    DELETE = "delete"  # both keys, and any other of the same name
    LOOK = "look"  # with the reading key: the assets held, and the symbols in which orders rest
    TRADES = "trades"  # with the reading key: those of one symbol, behind one


class NativeAnswer(Answer, frozen=True, kw_only=True):
    """What the exchange answered; which fields are filled depends on what was done.

    ``secret`` is that of a key that was just made and is sealed nowhere: the exchange tells it this once, and so do we.
    """

    api_key: str = ""
    secret: Secret | None = None
    envelope: bytes = b""
    said: Said | None = None
    assets: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    trades: tuple[NativeTrade, ...] = ()


class NativeCall(Question[NativeAnswer], frozen=True, kw_only=True, tag="native_call"):
    """Do one of ``Doing`` for a native key of the store. What changes something is in the journal before it leaves."""

    doing: Doing
    native: str
    trade: bool | None = None
    public_key: str = ""
    symbol: str = ""
    after: int | None = None


class ShapeAnswer(Answer, frozen=True, kw_only=True):
    """The shape of an account in JSON, as ``model.shape`` has it: every number that could name its owner altered."""

    shape: str


class RecordShape(Question[ShapeAnswer], frozen=True, kw_only=True, tag="record_shape"):
    """Read an account once, and its history of these symbols, for a canary beside it. Nothing is ordered or changed."""

    account: str
    symbols: tuple[str, ...] = ()


EXCHANGE_VERBS: Verbs = (Inspect, NativeCall, RecordShape)
"""Everything that the gateway asks an exchange for the control process."""
