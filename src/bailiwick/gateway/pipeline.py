"""The way of one request: find, verify, parse, decide, record, countersign, forward, settle.

Everything up to the record is one synchronous run on the event loop, so that look-up, decision and reservation of a
budget cannot be interleaved with another request's. A fault in any step refuses the request.
"""

import ipaddress
from collections.abc import Callable

import msgspec
import structlog

from bailiwick.gateway.chronicle import FULL, Chronicle
from bailiwick.gateway.exchange import Exchange, Keys, Unkeyed, Unsettled
from bailiwick.gateway.framing import Head
from bailiwick.gateway.parties import AccountSide, Live, VenueSide
from bailiwick.gateway.server import ClientConnection
from bailiwick.gateway.upstream import RETRY_AFTER, Failure, Headers
from bailiwick.gateway.vouch import Voucher
from bailiwick.gateway.weight import USED_WEIGHT, blame, number
from bailiwick.model.decision import Allow, Deny
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, Endpoint, Intent, OrderDraft, OrderRef
from bailiwick.model.order import Answer
from bailiwick.model.reason import Reason
from bailiwick.model.request import Outgoing, Request
from bailiwick.rules.decide import decide
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.replay import ReplayMarks, mark
from bailiwick.rules.tracked import OrderState, Tracked
from bailiwick.venues.dialect import Dialect

log = structlog.get_logger()

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_AMEND = Act.AMEND
_RESERVED = OrderState.RESERVED
_ORDER_ACTS = frozenset({Act.PLACE, Act.PLACE_LIST, Act.REPLACE, Act.AMEND})
_CANCEL_ACTS = frozenset({Act.CANCEL, Act.CANCEL_LIST, Act.CANCEL_ALL})
_LISTINGS = frozenset({Act.LIST_OPEN, Act.LIST_ORDERS, Act.LIST_LISTS, Act.LIST_TRADES})
_TELLING = _LISTINGS | {Act.LOOK_UP, Act.LOOK_UP_LIST}
"""Reads whose answers settle orders on the way."""

_COUNT_10S = b"x-mbx-order-count-10s"
_COUNT_DAY = b"x-mbx-order-count-1d"
_PASSED_ON = (USED_WEIGHT, RETRY_AFTER)

_NOT_ASKED = frozenset({403, 418, 429})
"""Statuses of the wall before the venue and of its limiter: the request was not looked at."""

LEAST_WINDOW_US = 1_000  # a venue is given whole milliseconds
PART_WINDOW_US = 5_000_000


class Gateway:
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
        self.keys = keys
        self.default = default  # the venue that requests without a key are for
        self.dialect = dialect  # how they are read and refused
        self.chronicle = chronicle
        self.unkeyed = unkeyed
        self.unsettled: Unsettled | None = None
        self.marks = marks
        self.trusts_after_us = 0  # state changes signed before this moment are refused
        self.closing = False
        self.in_hand = 0
        self.counts = dict.fromkeys(("", *(reason.name for reason in Reason)), 0)  # requests by reason of refusal
        self._proxies = proxies
        self._proxy: dict[str, bool] = {}
        self._ids = 0
        self._voucher = Voucher()

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
                self.unkeyed.start_up(exchange, request, endpoint)
                return
            self._turn_away(exchange, head, signed)
            return
        assert live is not None
        if not live.verifier.verify(signed.payload, signed.signature):
            self._turn_away(exchange, head, Deny(Reason.SIGNATURE_WRONG))
            return
        # From here on the request is its key's own.
        venue = live.account.venue
        now = exchange.started_us = venue.clock.now_us()
        exchange.live = live
        exchange.payload = signed.payload
        exchange.fingerprint = self.chronicle.fingerprint(head, signed)
        late = dialect.fresh(signed.timestamp_us, signed.window_us, now)
        if late is not None:
            self._deny(exchange, late)
            return
        until = exchange.until_us = dialect.mark_lifetime_us(signed.timestamp_us, signed.window_us)
        seen = self.marks.seen(mark(key, signed.payload), until)
        if endpoint.changes and (seen or signed.timestamp_us < self.trusts_after_us):
            self._deny(exchange, Deny(Reason.REPLAYED if seen else Reason.TIMESTAMP_STALE))
            return
        intent = dialect.parse(endpoint, request, signed)
        if isinstance(intent, Deny):
            self._deny(exchange, intent)
            return
        exchange.asked = exchange.intent = intent
        allowed = live.sources.get(exchange.source)
        if allowed is None:
            allowed = self._source_allowed(live, exchange.source)
        decision = decide(
            intent, live.authority, live.ledger, venue.market, now, state=live.state, source_allowed=allowed
        )
        if isinstance(decision, Deny):
            if decision.reason is Reason.UNPRICEABLE:
                for order in intent.orders:
                    venue.prices.miss(order.symbol, live.authority.currency)
            self._deny(exchange, decision)
            return
        live.used_us = now
        if endpoint.act is Act.START_UP and Harm.READ not in live.authority.harms:
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
            reason = self._choose_way(exchange, live, endpoint.weight, now, exit_=exit_)
        if reason is None and act in _ORDER_ACTS:
            counts = live.account.orders
            if not (counts.exit_room(live.weight, now, 0.1) if exit_ else counts.room(now, 0.1)):
                reason = Reason.WEIGHT_SHARE
        if reason is not None:
            self._deny(exchange, Deny(reason))
            return
        exchange.allow = allow
        if not endpoint.changes:
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
        position = self.chronicle.intent(exchange, live, intent, allow, essential=exit_)
        if position < 0:
            self.refuse(exchange, Deny(Reason.JOURNAL_FULL if position == FULL else Reason.JOURNAL_STOPPED))
            return
        exchange.position = position
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

    # Steps 7 and 8: countersign, forward

    def recorded(self, exchange: Exchange, error: Exception | None) -> None:
        """The record of an intent is durable, or the journal has failed."""
        live, allow = exchange.live, exchange.allow
        assert live is not None
        assert allow is not None
        try:
            if error is not None:
                self._release(exchange)
                self.refuse(exchange, Deny(Reason.JOURNAL_STOPPED))
            elif allow.cancels is not None:
                exchange.pending = list(allow.cancels)
                if self._in_time(exchange, live.account.venue.clock.now_us()):
                    self._cancel_next(exchange)
            else:
                self._forward(exchange)
        except Exception:
            self._fault(exchange)

    def _in_time(self, exchange: Exchange, now: int) -> bool:
        """Whether the request may still leave. Waiting may have spent its window, or the venue have asked for rest."""
        intent, way = exchange.intent, exchange.way
        assert intent is not None
        assert way is not None
        if intent.timestamp_us + intent.window_us - now < LEAST_WINDOW_US:
            self._not_sent(exchange, Reason.WINDOW_SPENT)
            return False
        if now < way.weight.paused_until_us:
            self._not_sent(exchange, Reason.VENUE_PAUSED)
            return False
        return True

    def _forward(self, exchange: Exchange) -> None:
        live, intent = exchange.live, exchange.intent
        assert live is not None
        assert intent is not None
        now = live.account.venue.clock.now_us()
        if not self._in_time(exchange, now):
            return
        left = intent.timestamp_us + intent.window_us - now
        outgoing = self.sign(live.account, live.id, intent, exchange.position, now, left)
        exchange.sent_us = now
        assert exchange.way is not None
        exchange.way.pool.send(outgoing, exchange)

    def sign(self, account: AccountSide, key_id: str, intent: Intent, position: int, now: int, left: int) -> Outgoing:
        """The request as it leaves: signed with the account's credential, or vouched for before its own engine."""
        dialect = account.venue.dialect
        if account.engine is None:
            return dialect.countersign(intent, account.signer, now, left)
        unsigned = msgspec.structs.replace(intent.endpoint, signed=False)  # the header vouches for it instead
        outgoing = dialect.countersign(msgspec.structs.replace(intent, endpoint=unsigned), None, now, left)
        if position < 0:
            position = self.chronicle.journal.position  # a read: its own record follows, so it states where it came in
        return self._voucher.vouch(account.engine, outgoing, account.id, key_id, position, now)

    def _cancel_next(self, exchange: Exchange) -> None:
        """Send the next of the cancels that stand for a cancel-all, or answer when all are done."""
        live, intent = exchange.live, exchange.intent
        assert live is not None
        assert intent is not None
        dialect = live.account.venue.dialect
        if not exchange.pending:
            if exchange.missed:
                self.refuse(
                    exchange, Deny(Reason.UPSTREAM_UNKNOWN)
                )  # whoever reads a 200 believes that all is cancelled
                return
            self.reply(exchange, 200, dialect.gather(exchange.bodies))
            return
        target = exchange.pending.pop()
        now = live.account.venue.clock.now_us()
        assert intent.symbol is not None
        part = dialect.narrow(intent, intent.symbol, target)
        assert exchange.way is not None
        if exchange.sent_us and exchange.way.weight.admit(part.endpoint.weight, live.weight, now, exit_=True):
            self.refuse(exchange, Deny(Reason.UPSTREAM_UNKNOWN))  # some are cancelled, and now the venue asks for rest
            return
        # The client's own window has been checked; the parts that follow each other get a whole one.
        outgoing = self.sign(live.account, live.id, part, exchange.position, now, PART_WINDOW_US)
        exchange.sent_us = now
        exchange.way.pool.send(outgoing, PartOfCancelAll(self, exchange, part))

    # Step 9: settle

    def settle(self, exchange: Exchange, status: int, headers: Headers, body: bytes) -> None:
        """The venue has answered."""
        try:
            self._settle(exchange, status, headers, body)
        except Exception:
            self._fault(exchange)

    def _settle(self, exchange: Exchange, status: int, headers: Headers, body: bytes) -> None:
        live, intent, endpoint = exchange.live, exchange.intent, exchange.endpoint
        assert live is not None
        assert intent is not None
        assert endpoint is not None
        venue = live.account.venue
        now = venue.clock.now_us()
        lines = self._heed(exchange, live, status, headers, now)
        if status >= 400 and status != 429:
            blame(live.weight, endpoint.weight)
        dialect = venue.dialect
        if not endpoint.changes:
            self.chronicle.read(exchange, live, status, now - exchange.sent_us)
            if status == 200 and endpoint.act in _TELLING:
                answer = dialect.read_answer(intent, status, body)
                self.learn(live, answer, -1, now, f"{exchange.method} {exchange.path}")
                if live.authority.own_orders_only and endpoint.act in _LISTINGS:
                    body = dialect.visible(intent, body, live.ledger.owns)
            self.reply(exchange, status, body, lines)
            return
        answer = dialect.read_answer(intent, status, body)
        if answer.executed is False:
            self._release(exchange)
        self.apply(live, answer, now)
        self.chronicle.outcome(exchange, live, answer, status, now - exchange.sent_us)
        if answer.executed and not self._told(exchange, live):
            self._doubt(exchange)  # a success that does not speak of what was sent
        if answer.executed is None:
            self._doubt(exchange)
            if not 400 <= status < 500:
                self.refuse(exchange, Deny(Reason.UPSTREAM_UNKNOWN))
                return
        self.reply(exchange, status, body, lines)

    @staticmethod
    def _told(exchange: Exchange, live: Live) -> bool:
        """Whether the venue has given a number to each order that was reserved."""
        assert exchange.allow is not None
        if not exchange.allow.charges:
            return True
        orders = live.ledger.orders
        for draft in exchange.allow.orders:
            order = orders.get(draft.client_id or "")
            if order is not None and order.order_id is None:
                return False
        return True

    def fail(self, exchange: Exchange, failure: Failure) -> None:
        """There is no answer from the venue."""
        try:
            self._fail(exchange, failure)
        except Exception:
            self._fault(exchange)

    def _fail(self, exchange: Exchange, failure: Failure) -> None:
        live, intent, endpoint = exchange.live, exchange.intent, exchange.endpoint
        assert live is not None
        assert intent is not None
        assert endpoint is not None
        if failure is Failure.NOT_SENT:
            self._not_sent(exchange, Reason.UPSTREAM_UNREACHABLE)
            return
        if not endpoint.changes:
            if not exchange.retried:
                exchange.retried = True  # a read may be asked twice; what changes state never is
                self._forward(exchange)
                return
            self.chronicle.read(exchange, live, 0, 0)
        else:
            now = live.account.venue.clock.now_us()
            self.chronicle.outcome(exchange, live, None, 0, now - exchange.sent_us)
            self._doubt(exchange)
        self.refuse(exchange, Deny(Reason.UPSTREAM_UNKNOWN))

    def settle_part(self, exchange: Exchange, part: Intent, status: int, headers: Headers, body: bytes) -> None:
        """One of the cancels that stand for a cancel-all is answered."""
        live = exchange.live
        assert live is not None
        try:
            now = live.account.venue.clock.now_us()
            self._heed(exchange, live, status, headers, now)
            answer = live.account.venue.dialect.read_answer(part, status, body)
            self.apply(live, answer, now)
            self.chronicle.outcome(exchange, live, answer, status, now - exchange.started_us)
            if status == 200:
                exchange.bodies.append(body)
            elif answer.executed is None or status in _NOT_ASKED:
                exchange.missed = True  # not even refused: the order may well be live
            self._cancel_next(exchange)
        except Exception:
            self._fault(exchange)

    def fail_part(self, exchange: Exchange, part: Intent, failure: Failure) -> None:
        """One of the cancels that stand for a cancel-all has no answer: the rest is left, and the client told."""
        live = exchange.live
        assert live is not None
        try:
            self.chronicle.outcome(exchange, live, None, 0, 0)
            self.refuse(exchange, Deny(Reason.UPSTREAM_UNKNOWN))
        except Exception:
            self._fault(exchange)

    def learn(
        self, live: Live, answer: Answer, position: int, now: int, evidence: str, *, in_passing: bool = True
    ) -> None:
        """Orders and trades seen otherwise than in their own answer: news of this key's are counted and recorded."""
        if self.apply(live, answer, now, in_passing=in_passing):
            self.chronicle.resolved(live, position, _of(live.ledger, answer), evidence)

    def apply(self, live: Live, answer: Answer, now: int, *, in_passing: bool = False) -> bool:
        """Count what an answer reports of this key's own orders; tells whether any of it was news.

        ``in_passing`` says that it was asked neither to place these orders nor what became of one of them.
        """
        ledger, prices = live.ledger, live.account.venue.prices
        news = False
        for report in answer.orders:
            order = _own(ledger, report.symbol, report.order_id, report.client_id)
            if order is None:
                continue
            if in_passing and order.order_id is None and order.state is _RESERVED:
                # Its own answer is on the way and tells its number. What else has its name may be another key's.
                continue
            executed, state = order.executed, order.state
            ledger.report(report, now, live.worth)
            if order.executed != executed:
                prices.own_trade(order.symbol, order.side, order.executed - executed)
                news = True
            elif order.state is not state:
                news = True
        for trade in answer.trades:
            order = _own(ledger, trade.symbol, trade.order_id, "")
            if order is None or trade.fill.trade_id in order.trades:
                continue  # where it is of an order whose number is on the way, the reconciler asks for it again
            executed = order.executed
            ledger.trade(trade, now, live.worth)
            if order.executed != executed:
                prices.own_trade(order.symbol, order.side, order.executed - executed)
            news = True
        return news

    def _release(self, exchange: Exchange) -> None:
        """Nothing was executed, and that is certain: what was reserved is free again."""
        live, allow = exchange.live, exchange.allow
        if live is None or allow is None or not exchange.held:
            return
        exchange.held = False
        for order in allow.orders:
            # A trial order is charged nothing and reserves no id: one of the same id may have been placed meanwhile.
            if order.client_id is not None and allow.charges:
                live.ledger.reject(order.client_id)
        withdrawal = None if exchange.intent is None else exchange.intent.withdrawal
        if withdrawal is not None:
            live.ledger.return_withdrawal(withdrawal, exchange.started_us)

    def _doubt(self, exchange: Exchange) -> None:
        live, intent, allow = exchange.live, exchange.intent, exchange.allow
        if live is None or intent is None or allow is None or not exchange.held or not allow.charges:
            return
        ids = tuple(order.client_id for order in allow.orders if order.client_id is not None)
        for client_id in ids:
            live.ledger.unknown(client_id)
        if self.unsettled is not None:
            self.unsettled.doubt(live, intent, ids, exchange.position)

    def _not_sent(self, exchange: Exchange, reason: Reason) -> None:
        """The request did not leave, and will not: release, record and refuse."""
        self._release(exchange)
        self._record_nothing_sent(exchange, reason)
        self.refuse(exchange, Deny(reason))

    def _fault(self, exchange: Exchange) -> None:
        """In an exception's handler: what has not left is released, what may have left is looked up."""
        log.exception("fault", method=exchange.method, path=exchange.path, sent=exchange.sent_us > 0)
        try:
            if exchange.sent_us:
                self._doubt(exchange)
            else:
                self._release(exchange)
                self._record_nothing_sent(exchange, Reason.FAULT)
        except Exception:
            log.exception("fault in the handling of a fault", method=exchange.method, path=exchange.path)
        self.refuse(exchange, Deny(Reason.UPSTREAM_UNKNOWN if exchange.sent_us else Reason.FAULT))

    def _record_nothing_sent(self, exchange: Exchange, reason: Reason) -> None:
        if exchange.live is not None and exchange.position >= 0:
            self.chronicle.not_sent(exchange, exchange.live, reason)

    def _heed(self, exchange: Exchange, live: Live, status: int, headers: Headers, now: int) -> bytes:
        """Take in what the venue says of its limits; give the lines that are passed on to the client."""
        account = live.account
        (account.way if exchange.way is None else exchange.way).heed(status, headers, now)
        lines = b""
        for name, value in headers:
            if name == _COUNT_10S:
                account.orders.told_10s(number(value), now)
            elif name == _COUNT_DAY:
                account.orders.told_day(number(value), now)
            elif name not in _PASSED_ON:
                continue
            lines += b"%b: %b\r\n" % (name, value)
        return lines

    # Answers

    def reply(self, exchange: Exchange, status: int, body: bytes, headers: bytes = b"") -> None:
        """Answer the client. The first answer to a request is its only one."""
        if exchange.over:
            return
        exchange.over = True
        self.in_hand -= 1
        self.counts[""] += 1
        exchange.connection.respond(status, body, headers)

    def refuse(self, exchange: Exchange, deny: Deny) -> None:
        """Answer with a denial in the venue's own error format. The first answer to a request is its only one."""
        if exchange.over:
            return
        exchange.over = True
        live = exchange.live
        self.counts[deny.reason.name] += 1
        dialect = self.dialect if live is None else live.account.venue.dialect
        refusal = dialect.refuse(deny, exchange.endpoint)
        headers = b"Retry-After: %d\r\n" % refusal.retry_after_s if refusal.retry_after_s else b""
        self.in_hand -= 1
        exchange.connection.respond(refusal.status, refusal.body, headers)

    def _deny(self, exchange: Exchange, deny: Deny) -> None:
        """Refuse a verified request: it is recorded."""
        live = exchange.live
        assert live is not None
        self.chronicle.denial(exchange, live, deny)
        self.refuse(exchange, deny)

    def _turn_away(self, exchange: Exchange, head: Head, deny: Deny) -> None:
        """Refuse a request whose sender is not proven: it is counted, and sampled."""
        self.chronicle.failure(exchange, head.key, deny)
        self.refuse(exchange, deny)


class PartOfCancelAll:
    """Awaits the answer to one of the cancels that stand for a cancel-all."""

    __slots__ = ("_exchange", "_gateway", "_intent")

    def __init__(self, gateway: Gateway, exchange: Exchange, intent: Intent) -> None:
        self._gateway = gateway
        self._exchange = exchange
        self._intent = intent

    def answered(self, status: int, headers: Headers, body: bytes) -> None:
        self._gateway.settle_part(self._exchange, self._intent, status, headers, body)

    def failed(self, failure: Failure) -> None:
        self._gateway.fail_part(self._exchange, self._intent, failure)


def _own(ledger: Ledger, symbol: str, order_id: int, client_id: str) -> Tracked | None:
    order = ledger.orders.get(client_id)
    if order is None or order.symbol != symbol:
        order = ledger.find(symbol, OrderRef(order_id, None))
    return order


def _of(ledger: Ledger, answer: Answer) -> Answer:
    """What the answer says of the key's own orders: a listing has those of everybody else, too."""
    orders = tuple([each for each in answer.orders if _own(ledger, each.symbol, each.order_id, each.client_id)])
    trades = tuple([each for each in answer.trades if _own(ledger, each.symbol, each.order_id, "")])
    return msgspec.structs.replace(answer, orders=orders, trades=trades)


def _claimed(forwarded: bytes) -> str:
    """The address that the nearest proxy claims: the last of the list, in its canonical spelling.

    Raises:
        ValueError: if it is no address.
    """
    return str(ipaddress.ip_address(forwarded.rpartition(b",")[2].strip().decode("ascii")))
