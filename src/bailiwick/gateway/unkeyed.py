"""What needs no key of its own: public market data, and the reads that clients make when they start.

Public data goes to listed networks only, so that a gateway on an open address is nobody's proxy. Equal questions
that are on their way share one answer. Nothing here leaves because of a request that was not proven: start-up reads
are fetched by the gateway itself, and kept in the form that holds nobody's balances.
"""

import ipaddress
from collections.abc import Sequence

from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.parties import AccountSide, VenueSide, Way
from bailiwick.gateway.pipeline import Gateway
from bailiwick.gateway.upstream import Failure
from bailiwick.logs import log
from bailiwick.model.decision import Deny
from bailiwick.model.intent import Endpoint, Intent
from bailiwick.model.reason import Reason
from bailiwick.model.request import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HEAVY_WEIGHT = 20
HEAVY_FRESH_US = 10_000_000
START_UP_FRESH_US = 3600_000_000
START_UP_RETRY_US = 30_000_000
WINDOW_US = 5_000_000
MOST_HELD = 64
MOST_HELD_BYTES = 64 << 20  # a venue's description of itself is ten and more, and can be asked for in many ways


class _Shared:
    """One question on its way, and everybody who waits for its answer."""

    __slots__ = ("_owner", "_target", "_weight", "waiting")

    def __init__(self, owner: "PublicData", target: bytes, weight: int) -> None:
        self._owner = owner
        self._target = target
        self._weight = weight
        self.waiting: list[Exchange] = []

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        self._owner.heed(status, head)
        self._owner.arrived(self._target, self._weight, status, body)

    def failed(self, failure: Failure) -> None:
        self._owner.arrived(self._target, self._weight, 0, b"")


class PublicData:
    """Serves public data of one venue to listed networks."""

    def __init__(self, gateway: Gateway, venue: VenueSide, networks: Sequence[Network]) -> None:
        self.gateway = gateway
        self._venue = venue
        self._networks = tuple(networks)
        self._asked: dict[bytes, _Shared] = {}
        self._held: dict[bytes, tuple[int, bytes]] = {}  # heavy answers, with the moment until which they are fresh
        self._listed: dict[str, bool] = {}

    def lists(self, source: str) -> bool:
        """Whether public data is served to this address."""
        known = self._listed.get(source)
        if known is None:
            try:
                address = ipaddress.ip_address(source)
            except ValueError:
                return False
            known = any(address.version == network.version and address in network for network in self._networks)
            if len(self._listed) >= 4096:
                self._listed.clear()
            self._listed[source] = known
        return known

    def serve(self, exchange: Exchange, request: Request, endpoint: Endpoint) -> None:
        """Answer a request for public data."""
        gateway, venue = self.gateway, self._venue
        if not self.lists(exchange.source):
            gateway.refuse(exchange, Deny(Reason.ADDRESS_FOREIGN))
            return
        intent = venue.dialect.parse(endpoint, request, None)
        if isinstance(intent, Deny):
            gateway.refuse(exchange, intent)
            return
        now = venue.clock.now_us()
        outgoing = venue.dialect.countersign(intent, None, now, 0)
        held = self._held.get(outgoing.target)
        if held is not None and held[0] > now:
            gateway.reply(exchange, 200, held[1])
            return
        shared = self._asked.get(outgoing.target)
        if shared is None:
            weight = venue.dialect.weigh(intent)
            reason = venue.way.weight.admit(weight, venue.way.weight.public, now, exit_=False)
            if reason is not None:
                gateway.refuse(exchange, Deny(reason))
                return
            shared = self._asked[outgoing.target] = _Shared(self, outgoing.target, weight)
            shared.waiting.append(exchange)
            venue.way.pool.send(outgoing, shared)
        else:
            shared.waiting.append(exchange)

    def heed(self, status: int, head: bytes) -> None:
        """Take in what an answer says of the weight."""
        self._venue.way.heed(status, self._venue.dialect.read_usage(head), self._venue.clock.now_us())

    def arrived(self, target: bytes, weight: int, status: int, body: bytes) -> None:
        """The answer is there; a status of 0 means that there is none."""
        shared = self._asked.pop(target)
        if status == 200 and weight >= HEAVY_WEIGHT:
            held = sum(len(each) for _, each in self._held.values())
            if len(self._held) >= MOST_HELD or held + len(body) > MOST_HELD_BYTES:
                self._held.clear()
            self._held[target] = (self._venue.clock.now_us() + HEAVY_FRESH_US, body)
        for exchange in shared.waiting:
            if status:
                self.gateway.reply(exchange, status, body)
            else:
                self.gateway.refuse(exchange, Deny(Reason.UPSTREAM_UNREACHABLE))


class _Fetch:
    """A start-up read that the gateway makes for itself."""

    __slots__ = ("_endpoint", "_owner", "_venue", "_way")

    def __init__(self, owner: "StartUp", endpoint: Endpoint, venue: VenueSide, way: Way) -> None:
        self._owner = owner
        self._endpoint = endpoint
        self._venue = venue
        self._way = way

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        self._way.heed(status, self._venue.dialect.read_usage(head), self._venue.clock.now_us())
        self._owner.arrived(self._endpoint, body if status == 200 else None)

    def failed(self, failure: Failure) -> None:
        self._owner.arrived(self._endpoint, None)


class StartUp:
    """Serves start-up reads of one venue from a cache."""

    def __init__(self, gateway: Gateway, venue: VenueSide, public: PublicData) -> None:
        self._gateway = gateway
        self._venue = venue
        self._public = public
        self._held: dict[str, tuple[int, bytes]] = {}
        self._waiting: dict[str, list[Exchange]] = {}
        self.account: AccountSide | None = None  # whose credential fetches what needs one

    def serve(self, exchange: Exchange, endpoint: Endpoint) -> None:
        """Answer from the cache, filling it first where it is empty or old."""
        gateway = self._gateway
        if exchange.live is None and not self._public.lists(exchange.source):
            gateway.refuse(exchange, Deny(Reason.ADDRESS_FOREIGN))
            return
        now = self._venue.clock.now_us()
        held = self._held.get(endpoint.path)
        if held is not None and held[0] > now:
            gateway.reply(exchange, 200, held[1])
            return
        waiting = self._waiting.get(endpoint.path)
        if waiting is not None:
            waiting.append(exchange)
            return
        self._waiting[endpoint.path] = [exchange]
        account = self.account if exchange.live is None else exchange.live.account
        self._fetch(endpoint, account, now)

    def _fetch(self, endpoint: Endpoint, account: AccountSide | None, now: int) -> None:
        venue = self._venue
        way = venue.way if account is None else account.way
        weight = way.weight
        signer = None if account is None else account.signer
        needs_key = endpoint.signed or venue.dialect.asks_for_key(endpoint)
        if (needs_key and signer is None) or weight.admit(endpoint.weight, weight.public, now, exit_=False) is not None:
            self.arrived(endpoint, None)
            return
        intent = Intent(endpoint=endpoint, params=())
        outgoing = venue.dialect.countersign(intent, signer if needs_key else None, now, WINDOW_US)
        way.pool.send(outgoing, _Fetch(self, endpoint, venue, way))

    def arrived(self, endpoint: Endpoint, body: bytes | None) -> None:
        """The venue's answer is there, or there is none; whoever waits gets the form without balances."""
        now = self._venue.clock.now_us()
        try:
            form = self._venue.dialect.start_up(endpoint, body, now)
        except ValueError:
            log.warning("start-up read of another form than documented", path=endpoint.path)
            form = self._venue.dialect.start_up(endpoint, None, now)
            body = None
        self._held[endpoint.path] = (now + (START_UP_FRESH_US if body is not None else START_UP_RETRY_US), form)
        for exchange in self._waiting.pop(endpoint.path, []):
            self._gateway.reply(exchange, 200, form)


class UnkeyedDesk:
    """What the pipeline hands over, venue by venue."""

    def __init__(self) -> None:
        self._public: dict[str, PublicData] = {}
        self._start_up: dict[str, StartUp] = {}

    def add(self, venue: VenueSide, public: PublicData) -> None:
        """Serve a venue."""
        self._public[venue.id] = public
        self._start_up[venue.id] = StartUp(public.gateway, venue, public)

    def public(self, exchange: Exchange, request: Request, endpoint: Endpoint) -> None:
        """Answer a request for public data."""
        public = self._public.get(_venue_of(exchange))
        if public is None:
            exchange.gateway.refuse(exchange, Deny(Reason.UPSTREAM_UNREACHABLE))
        else:
            public.serve(exchange, request, endpoint)

    def start_up(self, exchange: Exchange, request: Request, endpoint: Endpoint) -> None:
        """Answer a start-up read."""
        start_up = self._start_up.get(_venue_of(exchange))
        if start_up is None:
            exchange.gateway.refuse(exchange, Deny(Reason.UPSTREAM_UNREACHABLE))
        else:
            start_up.serve(exchange, endpoint)


def _venue_of(exchange: Exchange) -> str:
    live = exchange.live
    if live is not None:
        return live.account.venue.id
    default = exchange.gateway.default()
    return "" if default is None else default.id
