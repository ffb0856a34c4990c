"""The real gateway inside of this process: signed bytes go in, the rehearsal's market is its exchange, time is given.

Nothing of it is a copy: connections, framing, verification, parsing, decision, journal, countersignature and settlement
are the gateway's own. Only sockets are missing, and the clock stands where the rehearsal says.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

from bailiwick.gateway.chronicle import Chronicle
from bailiwick.gateway.clock import VenueClock
from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.framing import HeadReader
from bailiwick.gateway.parties import Live, VenueSide
from bailiwick.gateway.pipeline import Gateway
from bailiwick.gateway.server import ClientConnection, Listener
from bailiwick.gateway.upstream import Origin, Pool, Waiter
from bailiwick.journal.log import Journal
from bailiwick.journal.writer import Limits
from bailiwick.model.decision import Deny
from bailiwick.model.intent import Endpoint
from bailiwick.model.order import Answer
from bailiwick.model.reason import Reason
from bailiwick.model.request import Outgoing, Request
from bailiwick.model.secret import Secret
from bailiwick.rules.replay import ReplayMarks
from bailiwick.venues.binance.dialect import BINANCE

ANSWER_S = 30.0
MARKS_EVERY = 1_000  # requests
_SMALL = Limits(reserve_bytes=1 << 16, low_water_bytes=0, checkpoint_records=100_000)
_ORIGIN = Origin("127.0.0.1", 9, None)  # of a pool that never connects


@final
class Standing(VenueClock):
    """A venue's clock that stands where it was put."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        super().__init__()
        self.at = 0

    def now_us(self) -> int:
        """The moment that it was put to."""
        return self.at


Exchanging = Callable[[Outgoing], tuple[int, bytes]]
"""An exchange: what it answers to a request, as status and body."""


@final
class Direct(Pool):
    """In the place of connections: calls the exchange, which answers at once."""

    def __init__(self, exchange: Exchanging) -> None:
        super().__init__(_ORIGIN, lambda: 0.0)
        self._exchange = exchange

    def send(self, outgoing: Outgoing, waiter: Waiter) -> None:
        """Ask it."""
        status, body = self._exchange(outgoing)
        waiter.answered(status, b"HTTP/1.1 %d Answer" % status, body)


@final
class Heard(Gateway):
    """The gateway, of which the last refusal can be asked: what a client is told of it says less."""

    deny: Deny | None = None

    def refuse(self, exchange: Exchange, deny: Deny) -> None:
        """Remember it."""
        self.deny = deny
        super().refuse(exchange, deny)


@final
class _Issued:
    """The keys of the gateway: as many as were added, fresh for ever."""

    def __init__(self) -> None:
        self.live: dict[bytes, Live] = {}
        self.fresh = True

    def find(self, key: bytes) -> Live | None:
        return self.live.get(key)


@final
class _Nothing:
    """Serves nothing without a key."""

    def __init__(self) -> None:
        self.gateway: Gateway

    def public(self, exchange: Exchange, request: Request, endpoint: Endpoint) -> None:
        self.gateway.refuse(exchange, Deny(Reason.ENDPOINT_UNKNOWN))

    def start_up(self, exchange: Exchange, request: Request, endpoint: Endpoint) -> None:
        self.gateway.refuse(exchange, Deny(Reason.ENDPOINT_UNKNOWN))


@final
class _Wire:
    """The transport of a client's connection: tells what was written."""

    def __init__(self, peer: str, told: Callable[[bytes], None]) -> None:
        self._peer = peer
        self._told = told

    def write(self, data: bytes) -> None:
        self._told(data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self._told(b"")

    abort = close

    def pause_reading(self) -> None:
        """Nothing is read ahead."""

    def resume_reading(self) -> None:
        """Nothing was paused."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self._peer, 40000) if name == "peername" else default


@final
class Inside:
    """A gateway before a venue whose market somebody else keeps fresh. ``venue.clock`` must be a ``Standing``."""

    def __init__(self, directory: Path, venue: VenueSide, signer: Secret) -> None:
        clock = venue.clock
        assert isinstance(clock, Standing)
        self._clock = clock
        self._issued = _Issued()
        self._loop = asyncio.new_event_loop()
        self._journal = Journal.open(
            directory, origin="drill", signer=signer, clock=clock.now_us, loop=self._loop, limits=_SMALL
        )
        unkeyed = _Nothing()
        self._marks = ReplayMarks()
        self.gateway = Heard(self._issued, lambda: venue, BINANCE, Chronicle(self._journal), unkeyed, self._marks)
        unkeyed.gateway = self.gateway
        self._listener = Listener(self.gateway, HeadReader(BINANCE.key_header), lambda: 0.0)
        self._connections: dict[str, ClientConnection] = {}
        self._answer: asyncio.Future[bytes] | None = None
        self._sent = 0

    def add(self, live: Live) -> None:
        """Take a key in."""
        self._issued.live[live.key] = live

    def send(self, peer: str, raw: bytes) -> tuple[int, Deny | None]:
        """Put the bytes of one request to the gateway; gives the status that it answered with, and why it refused.

        Raises:
            TimeoutError: if the gateway does not answer.
        """
        self._sent += 1
        if self._sent % MARKS_EVERY == 0:
            self._marks.drop(self._clock.at)
        connection = self._connections.get(peer)
        if connection is None:
            connection = self._connections[peer] = self._listener.connection()
            connection.connection_made(_Wire(peer, self._told))  # type: ignore[arg-type]  # it stands in for one
        self.gateway.deny = None
        answer = self._answer = self._loop.create_future()
        connection.data_received(raw)
        if not answer.done():
            self._loop.run_until_complete(asyncio.wait_for(answer, ANSWER_S))
        return int(answer.result().split(b" ", 2)[1]), self.gateway.deny

    def learn(self, live: Live, answer: Answer, now_us: int) -> None:
        """The exchange tells of an order that rested."""
        self._clock.at = now_us
        self.gateway.learn(live, answer, -1, now_us, "drill", in_passing=False)

    def _told(self, data: bytes) -> None:
        assert self._answer is not None
        if not self._answer.done():
            self._answer.set_result(data)

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()
        self._loop.close()
