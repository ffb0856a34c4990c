"""One request on its way, and the parts of the gateway that it meets."""

from typing import TYPE_CHECKING, Protocol

from bailiwick.gateway.parties import Live, Way
from bailiwick.gateway.server import ClientConnection
from bailiwick.gateway.upstream import Failure
from bailiwick.model.decision import Allow
from bailiwick.model.intent import Act, Endpoint, Intent, OrderRef
from bailiwick.model.life import KeyState
from bailiwick.model.reason import Reason
from bailiwick.model.request import Request
from bailiwick.watch.event import Asked

if TYPE_CHECKING:
    from bailiwick.gateway.pipeline import Gateway

CANCELS = frozenset({Act.CANCEL, Act.CANCEL_LIST, Act.CANCEL_ALL})
_ACTIVE = KeyState.ACTIVE


class Exchange:
    """One request being served, from its arrival to its answer. It is what awaits the venue's answer."""

    __slots__ = (
        "allow", "approved", "asked", "bodies", "connection", "endpoint", "facts", "fingerprint", "gateway", "held",
        "intent", "live", "method", "missed", "over", "path", "payload", "pending", "position", "retried", "sent_us",
        "source", "started_us", "until_us", "way",
    )  # fmt: skip

    def __init__(self, gateway: "Gateway", connection: ClientConnection, method: str, path: str, source: str) -> None:
        self.gateway = gateway
        self.connection = connection
        self.method = method
        self.path = path
        self.source = source
        self.fingerprint = ""
        self.live: Live | None = None
        self.endpoint: Endpoint | None = None
        self.asked: Intent | None = None  # as the client sent it
        self.intent: Intent | None = None  # as it leaves
        self.payload = b""
        self.way: Way | None = None  # over which it leaves
        self.until_us = 0  # until when the payload's replay mark lives
        self.allow: Allow | None = None
        self.facts: Asked | None = None  # what the watch was told
        self.approved = False  # whether a person's approval was used for it
        self.position = -1
        self.started_us = 0
        self.sent_us = 0  # when the last of it was handed over to be sent; 0 while certainly nothing has left
        self.held = False  # whether it has reserved anything that is not released yet
        self.over = False  # whether the client was answered
        self.retried = False
        self.pending: list[OrderRef] = []
        self.bodies: list[bytes] = []
        self.missed = False  # whether a cancel of several was not executed, and not refused either

    def durable(self, error: Exception | None) -> None:
        """The record is safe, or will never be."""
        self.gateway.recorded(self, error)

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        self.gateway.settle(self, status, head, body)

    def failed(self, failure: Failure) -> None:
        self.gateway.fail(self, failure)

    @property
    def stopped(self) -> Reason | None:
        """Why it may leave no more: it opens something, and its key was stopped since it was allowed to."""
        live, allow, endpoint = self.live, self.allow, self.endpoint
        if live is None or live.state is _ACTIVE or allow is None or endpoint is None:
            return None
        if allow.reducing or not endpoint.changes or endpoint.act in CANCELS:
            return None
        return Reason.KEY_WINDING_DOWN if live.state is KeyState.WINDING_DOWN else Reason.KEY_FROZEN


def is_stopped(waiter: object) -> bool:
    """Whether who waits for a connection is a request that may leave no more."""
    return isinstance(waiter, Exchange) and waiter.stopped is not None


class Keys(Protocol):
    """Where issued keys are found."""

    def find(self, key: bytes) -> Live | None:
        """The key in use, or None if no such key exists."""
        ...

    @property
    def fresh(self) -> bool:
        """Whether changes to keys have been read lately enough for anything to open."""
        ...


class Unkeyed(Protocol):
    """Serves what needs no key of its own: public market data and start-up reads."""

    def public(self, exchange: "Exchange", request: Request, endpoint: Endpoint) -> None:
        """Answer a request for public data."""
        ...

    def start_up(self, exchange: "Exchange", request: Request, endpoint: Endpoint) -> None:
        """Answer a read that clients make when they start, from a form that holds nobody's balances."""
        ...


class Unsettled(Protocol):
    """Looks up orders whose outcome is not known."""

    def doubt(self, live: Live, intent: Intent, client_ids: tuple[str, ...], position: int) -> None:
        """The outcome of this intent is unknown: find out."""
        ...
