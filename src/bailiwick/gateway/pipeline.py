"""The first half of a request's way: find, verify, parse, decide, record. ``dispatch`` has the second.

Everything up to the record is one synchronous run on the event loop, so that look-up, decision and reservation of a
budget cannot be interleaved with another request's. A fault in any step refuses the request.
"""

import ipaddress
from collections.abc import Callable

import msgspec

from bailiwick.gateway.canary import met, tripped
from bailiwick.gateway.chronicle import FULL, Chronicle
from bailiwick.gateway.dispatch import Dispatch
from bailiwick.gateway.exchange import Exchange, Keys, Unkeyed
from bailiwick.gateway.framing import Head
from bailiwick.gateway.holds import Holds
from bailiwick.gateway.parties import Live, VenueSide
from bailiwick.gateway.server import ClientConnection
from bailiwick.model.decision import Allow, Deny
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, Endpoint, Intent, OrderDraft
from bailiwick.model.reason import Reason
from bailiwick.model.request import Request, Signed
from bailiwick.rules.decide import decide
from bailiwick.rules.replay import ReplayMarks, mark
from bailiwick.venues.dialect import Dialect

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_AMEND = Act.AMEND
_ORDER_ACTS = frozenset({Act.PLACE, Act.PLACE_LIST, Act.REPLACE, Act.AMEND})
_CANCEL_ACTS = frozenset({Act.CANCEL, Act.CANCEL_LIST, Act.CANCEL_ALL})


class Gateway(Dispatch):
    """Answers the requests of clients."""

    def __init__(
        self,
        keys: Keys,
        default: Callable[[], VenueSide | None],
        dialect: Dialect,
        chronicle: Chronicle,
        unkeyed: Unkeyed,
        marks: ReplayMarks,
        proxies: tuple[Network, ...] = (),
    ) -> None:
        super().__init__(dialect, chronicle)
        self.keys = keys
        self.default = default  # the venue that requests without a key are for
        self.unkeyed = unkeyed
        self.marks = marks
        self.holds: Holds | None = None  # what a person must approve; without it, whatever must be is refused
        self.trusts_after_us = 0  # state changes signed before this moment are refused
        self.closing = False
        self._proxies = proxies
        self._proxy: dict[str, bool] = {}
        self._ids = 0

    # Steps 1 to 5: read, find, verify, parse, decide

    def handle(self, connection: ClientConnection, method: str, head: Head, body: bytes) -> None:
        """Take one request. Whatever goes wrong refuses it."""
        path = head.path
        exchange = Exchange(self, connection, method, path, connection.peer)
        self.in_hand += 1
        try:
            if head.forwarded and self._proxies and self._is_proxy(connection.peer):
                exchange.source = _claimed(head.forwarded)
            self._take(exchange, head, body)
        except Exception:
            self._fault(exchange)

    def _take(self, exchange: Exchange, head: Head, body: bytes) -> None:
        method, path = exchange.method, exchange.path
        key = head.key
        live = self.keys.find(key) if key else None
        dialect = self.dialect if live is None else live.account.venue.dialect
        endpoint = exchange.endpoint = dialect.endpoint(method, path)
        request = Request(method, path, head.query, body, key, head.content_type, exchange.source)
        if endpoint is None:
            self._turn_away(exchange, head, Deny(Reason.ENDPOINT_UNKNOWN))
            return
        if not endpoint.signed and endpoint.act is Act.MARKET_DATA:
            if live is not None and live.canary:
                met(self.chronicle.events, exchange, live)
            self.unkeyed.public(exchange, request, endpoint)
            return
        if not key and not (endpoint.act is Act.START_UP and not endpoint.signed):
            self._turn_away(exchange, head, Deny(Reason.KEY_MISSING))
            return
        if live is None and key:
            self._turn_away(exchange, head, Deny(Reason.KEY_UNKNOWN))
            return
        signed = dialect.unfold(endpoint, request)
        if isinstance(signed, Deny):
            if endpoint.act is Act.START_UP and signed.reason is Reason.SIGNATURE_MISSING:
                # A key without a signature proves nothing, and what is served here belongs to nobody.
                if live is not None and live.canary:
                    met(self.chronicle.events, exchange, live)
                self.unkeyed.start_up(exchange, request, endpoint)
                return
            self._turn_away(exchange, head, signed)
            return
        assert live is not None
        if not live.verifier.verify(signed.payload, signed.signature):
            self._turn_away(exchange, head, Deny(Reason.SIGNATURE_WRONG))
            return
        self._judge(exchange, live, endpoint, request, head, signed)

    def _judge(
        self, exchange: Exchange, live: Live, endpoint: Endpoint, request: Request, head: Head, signed: Signed
    ) -> None:
        """From here on the request is its key's own: is it fresh and new, what does it want, and may it?"""
        venue = live.account.venue
        dialect = venue.dialect
        now = exchange.started_us = venue.clock.now_us()
        exchange.live = live
        exchange.payload = signed.payload
        exchange.fingerprint = self.chronicle.fingerprint(head, signed)
        if live.canary:
            tripped(self.chronicle.events, exchange, live)
        late = dialect.fresh(signed.timestamp_us, signed.window_us, now)
        if late is not None:
            self._deny(exchange, late)
            return
        until = exchange.until_us = dialect.mark_lifetime_us(signed.timestamp_us, signed.window_us)
        seen = self.marks.seen(mark(head.key, signed.payload), until)
        if endpoint.changes and (seen or signed.timestamp_us < self.trusts_after_us):
            self._deny(exchange, Deny(Reason.REPLAYED if seen else Reason.TIMESTAMP_STALE))
            return
        if live.familiar is not None and exchange.fingerprint not in live.familiar:
            self.chronicle.events.unfamiliar(exchange, live)
        intent = dialect.parse(endpoint, request, signed)
        if isinstance(intent, Deny):
            self._deny(exchange, intent)
            return
        exchange.asked = exchange.intent = intent
        allowed = live.sources.get(exchange.source)
        if allowed is None:
            allowed = self._source_allowed(live, exchange.source)
        decision = decide(
            intent, live.authority, live.ledger, venue.market, now,
            state=live.state, source_allowed=allowed, curb=live.curb,
        )  # fmt: skip
        if isinstance(decision, Deny):
            if decision.reason is Reason.UNPRICEABLE:
                for order in intent.orders:
                    venue.prices.miss(order.symbol, live.authority.currency)
            self._deny(exchange, decision)
            return
        if live.authority.may_hold:
            held = Deny(Reason.HELD) if self.holds is None else self.holds.stop(live, intent, decision)
            if held is not None:
                self._deny(exchange, held)
                return
        if endpoint.act is Act.START_UP and Harm.READ not in live.authority.harms:
            live.used_us = now
            self.unkeyed.start_up(exchange, request, endpoint)
            return
        self._leave(exchange, live, endpoint, intent, decision)

    def _is_proxy(self, peer: str) -> bool:
        known = self._proxy.get(peer)
        if known is None:
            address = ipaddress.ip_address(peer)
            known = any(address.version == network.version and address in network for network in self._proxies)
            if len(self._proxy) < 4096:
                self._proxy[peer] = known
        return known

    def _source_allowed(self, live: Live, source: str) -> bool:
        allowed = live.authority.admits(source)
        if len(live.sources) >= 1024:
            live.sources.clear()
        live.sources[source] = allowed
        return allowed

    # Step 6: record

    def _leave(self, exchange: Exchange, live: Live, endpoint: Endpoint, intent: Intent, allow: Allow) -> None:
        now = exchange.started_us
        act = endpoint.act
        exit_ = allow.reducing or act in _CANCEL_ACTS
        reason = self._barred(live, endpoint, exit_=exit_)
        if reason is None:
            weight = live.account.venue.dialect.weigh(intent) if endpoint.varies else endpoint.weight
            reason = self._choose_way(exchange, live, weight, now, exit_=exit_)
        if reason is None and act in _ORDER_ACTS:
            counts = live.account.orders
            share = live.account.way.weight.share
            count = len(allow.orders) or 1
            if not counts.admit(count, live.weight, now, reserve=0.1, share=share, exit_=exit_):
                reason = Reason.WEIGHT_SHARE
        if reason is not None:
            self._deny(exchange, Deny(reason))
            return
        exchange.allow = allow
        if not endpoint.changes:
            live.used_us = now
            live.ledger.reserve(allow, intent, now, live.authority.requests_per_minute)
            self._forward(exchange)
            return
        if allow.orders:
            orders = allow.orders
            if None in [order.client_id for order in orders]:
                orders = tuple(self._named(order, now) for order in orders)
                allow = exchange.allow = Allow(orders, allow.charges, allow.cancels, allow.reducing)
            # Mostly it is the intent's own order that leaves, and then the two need not be compared field by field.
            if (orders[0] is not intent.orders[0] or len(orders) > 1) and orders != intent.orders:
                exchange.intent = intent = live.account.venue.dialect.compose(intent, orders)
        if act is _AMEND and intent.target is not None and intent.symbol is not None:
            amended = live.ledger.find(intent.symbol, intent.target)
            if amended is not None:
                kept = live.account.venue.dialect.keep_name(intent, amended.client_id)
                if isinstance(kept, Deny):
                    self._deny(exchange, kept)
                    return
                exchange.intent = intent = kept
        if live.watcher is not None:
            held = live.watcher.judge(exchange, live, intent, allow, exit_=exit_ or act is _AMEND)
            if held is not None:
                self._deny(exchange, held)
                return
        if live.authority.may_hold and self.holds is not None and exchange.asked is not None and not exchange.approved:
            held = self.holds.use(live, exchange.asked, allow)
            if held is not None:
                self._deny(exchange, held)
                return
        position = self.chronicle.intent(exchange, live, intent, allow, essential=exit_)
        if position < 0:
            if live.watcher is not None:
                live.watcher.unsent(exchange, live)
            self.refuse(exchange, Deny(Reason.JOURNAL_FULL if position == FULL else Reason.JOURNAL_STOPPED))
            return
        exchange.position = position
        live.used_us = live.traded_us = now  # what is held or refused is no use of the key
        live.ledger.reserve(allow, intent, now, live.authority.requests_per_minute)
        exchange.held = True
        self.chronicle.when_durable(position, exchange.durable)

    @staticmethod
    def _choose_way(exchange: Exchange, live: Live, weight: int, now: int, *, exit_: bool) -> Reason | None:
        """Count the request against the address that it leaves from; exits may have a second one."""
        account = live.account
        exchange.way = account.way
        reason = account.way.weight.admit(weight, live.weight, now, exit_=exit_)
        if exit_ and reason is not None and account.exits is not None:
            exchange.way = account.exits
            reason = account.exits.weight.admit(weight, live.weight, now, exit_=True)
        return reason

    def _barred(self, live: Live, endpoint: Endpoint, *, exit_: bool) -> Reason | None:
        if self.closing:
            return Reason.SHUTTING_DOWN
        if live.account.signer is None and live.account.engine is None:
            return Reason.ACCOUNT_CLOSED if live.account.closed else Reason.CREDENTIAL_SEALED
        if endpoint.changes and not exit_ and not self.keys.fresh:
            return Reason.REGISTRY_STALE
        return None

    def _named(self, order: OrderDraft, now: int) -> OrderDraft:
        if order.client_id is not None:
            return order
        self._ids += 1
        return msgspec.structs.replace(order, client_id=f"bw-{now:x}-{self._ids:x}")

    def _deny(self, exchange: Exchange, deny: Deny) -> None:
        """Refuse a verified request: it is recorded."""
        live = exchange.live
        assert live is not None
        recorded = self.chronicle.denial(exchange, live, deny)
        if live.watcher is not None:
            if recorded:
                live.watcher.refused(exchange, live, deny)
            else:
                live.watcher.unsent(exchange, live)
        self.refuse(exchange, deny)

    def _turn_away(self, exchange: Exchange, head: Head, deny: Deny) -> None:
        """Refuse a request whose sender is not proven: it is counted, and sampled."""
        self.chronicle.failure(exchange, head.key, deny)
        live = self.keys.find(head.key) if head.key else None
        if live is not None and live.canary:
            met(self.chronicle.events, exchange, live)
        self.refuse(exchange, deny)


def _claimed(forwarded: bytes) -> str:
    """The address that the nearest proxy claims: the last of the list, in its canonical spelling.

    Raises:
        ValueError: if it is no address.
    """
    return str(ipaddress.ip_address(forwarded.rpartition(b",")[2].strip().decode("ascii")))
