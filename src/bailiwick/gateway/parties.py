"""Who stands behind a request, as the gateway holds them in memory while they are active."""

from collections import defaultdict, deque
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from bailiwick.gateway.clock import VenueClock
from bailiwick.gateway.prices import Prices
from bailiwick.gateway.upstream import Pool
from bailiwick.gateway.weight import AddressWeight, KeyWeight, OrderCount, OrderLimits
from bailiwick.journal.record import Facts
from bailiwick.model.decision import Allow, Deny
from bailiwick.model.intent import Intent
from bailiwick.model.life import Curb, KeyState
from bailiwick.model.secret import Secret
from bailiwick.model.usage import Usage
from bailiwick.rules.authority import Authority
from bailiwick.rules.ledger import Ledger, Worth
from bailiwick.rules.network import Networks
from bailiwick.rules.tracked import Tracked
from bailiwick.venues.dialect import Dialect, Signer, Verifier
from bailiwick.watch.event import Holder, Origin
from bailiwick.watch.respond import policy_of

if TYPE_CHECKING:
    from bailiwick.gateway.exchange import Exchange

LATENCIES = 64  # that are kept of each path


class Way:
    """An address that requests leave from: its connections to the venue, and its count of request weight."""

    __slots__ = ("pool", "weight")

    def __init__(self, pool: Pool, weight: AddressWeight) -> None:
        self.pool = pool
        self.weight = weight

    def heed(self, status: int, usage: Usage, now_us: int) -> None:
        """Take in what any answer to this address says of its weight. Where it asks for rest, nothing more leaves."""
        if self.weight.heed(status, usage, now_us):
            self.pool.drop_waiting()


class VenueSide:
    """A venue: its dialect, its time, its markets, and the connection that public data is fetched over."""

    __slots__ = ("clock", "dialect", "id", "market", "order_limits", "prices", "way")

    def __init__(
        self,
        id_: str,
        dialect: Dialect,
        clock: VenueClock,
        prices: Prices,
        way: Way,
    ) -> None:
        self.id = id_
        self.dialect = dialect
        self.clock = clock
        self.prices = prices
        self.market = prices.market
        self.order_limits = OrderLimits()
        self.way = way


class AccountSide:
    """An account: how its requests are signed and from which address they leave.

    Before an exchange's own engine there is no ``signer``, and ``engine`` is the secret shared with it. ``exits`` is
    a second address, over which cancels and reducing orders leave while the venue has asked the first to wait.
    ``closed`` is an account whose credential was taken away, as freezing it does.
    ``latencies`` are the latest that the venue took to answer it, in microseconds, by path.
    """

    __slots__ = ("closed", "engine", "exits", "id", "latencies", "orders", "signer", "venue", "way")

    def __init__(
        self,
        id_: str,
        venue: VenueSide,
        way: Way,
        signer: Signer | None,
        engine: Secret | None = None,
        exits: Way | None = None,
        *,
        closed: bool = False,
    ) -> None:
        self.id = id_
        self.venue = venue
        self.way = way
        self.exits = exits
        self.closed = closed
        self.signer = signer
        self.engine = engine
        self.orders = OrderCount(venue.order_limits)
        self.latencies: defaultdict[str, deque[int]] = defaultdict(_latest)


def _latest() -> deque[int]:
    return deque(maxlen=LATENCIES)


class Watcher(Protocol):
    """The watch, as the way of a request meets it."""

    def judge(self, exchange: "Exchange", live: "Live", intent: Intent, allow: Allow, *, exit_: bool) -> Deny | None:
        """Ask about what the rules allow; None lets it go on, and always so where it gets the key out."""
        ...

    def refused(self, exchange: "Exchange", live: "Live", deny: Deny) -> None:
        """A verified request was refused."""
        ...

    def unsent(self, exchange: "Exchange", live: "Live") -> None:
        """What was asked about did not leave, and no record says so."""
        ...

    def facts_of(self, exchange: "Exchange", live: "Live") -> Facts:
        """What the record of a request says of what the watch was told."""
        ...

    def traded(self, live: "Live", order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """So much more of an order was executed than was known: base and quote asset."""
        ...


class Live:
    """A key in use. Its ledger outlives changes of the key; everything else is made anew when the key changes."""

    __slots__ = (
        "account", "authority", "canary", "curb", "familiar", "holder", "id", "key", "ledger", "most", "networks",
        "noted_us", "origins", "policy", "removed", "service", "sources", "state", "traded_us", "used_us", "verifier",
        "watcher", "weight", "worth",
    )  # fmt: skip

    def __init__(
        self,
        key: bytes,
        verifier: Verifier,
        authority: Authority,
        ledger: Ledger,
        account: AccountSide,
        service: str,
        state: KeyState,
        curb: Curb | None = None,
        *,
        removed: bool = False,
        canary: bool = False,
        watcher: Watcher | None = None,
        networks: Networks = (),
        familiar: frozenset[str] | None = None,
        created_us: int = 0,
        idle_since_us: int = 0,
    ) -> None:
        self.key = key
        self.id = key.decode("ascii")
        self.verifier = verifier
        self.authority = authority
        self.ledger = ledger
        self.account = account
        self.service = service
        self.state = state
        self.curb = curb
        self.removed = removed  # it lay idle or its time ran out, so that its owner hears of its next use
        self.canary = canary  # nobody uses it: who signs with it has found it where it was laid
        self.weight = KeyWeight()
        market, currency = account.venue.market, authority.currency
        self.worth: Worth = lambda asset: market.convert(asset, currency)
        self.watcher = watcher
        self.policy = policy_of(authority.watch_most)
        self.most = authority.watch_most.value
        self.networks = networks  # those that its service publishes
        self.familiar = familiar  # fingerprints of its service's clients; None where none are named
        self.holder = Holder(
            key=self.id,
            account=account.id,
            service=service,
            purpose=authority.kind,
            created_us=created_us,
            idle_since_us=idle_since_us,
        )
        self.origins: dict[tuple[str, str], Origin] = {}  # addresses and fingerprints met, as the watch knows them
        self.sources: dict[str, bool] = {}  # addresses met, and whether the key may be used from them
        self.used_us = 0
        self.traded_us = 0  # for anything but a read
        self.noted_us = 0  # the use that was written down last
