"""The second half of a request's way: countersign, forward, settle, answer.

What is here may be called again by others than the request itself: the reconciler signs and learns by it too.
"""

import msgspec

from bailiwick.gateway.chronicle import Chronicle
from bailiwick.gateway.exchange import Exchange, Unsettled
from bailiwick.gateway.parties import AccountSide, Live
from bailiwick.gateway.settle import apply, of_key, told
from bailiwick.gateway.upstream import Failure
from bailiwick.gateway.vouch import Voucher
from bailiwick.gateway.weight import blame
from bailiwick.logs import log
from bailiwick.model.decision import Deny
from bailiwick.model.intent import Act, Intent
from bailiwick.model.life import KeyState
from bailiwick.model.order import Answer
from bailiwick.model.reason import Reason
from bailiwick.model.request import Outgoing
from bailiwick.venues.dialect import Dialect

_LISTINGS = frozenset({Act.LIST_OPEN, Act.LIST_ORDERS, Act.LIST_LISTS, Act.LIST_TRADES})
_NARROWED = _LISTINGS | {Act.LIST_CHANGES, Act.LIST_MATCHES}
"""Reads that tell of every order of the account."""

_TELLING = _LISTINGS | {Act.LOOK_UP, Act.LOOK_UP_LIST}
"""Reads whose answers settle orders on the way."""

_ACTIVE = KeyState.ACTIVE
_NOT_ASKED = frozenset({403, 418, 429})
"""Statuses of the wall before the venue and of its limiter: the request was not looked at."""

LEAST_WINDOW_US = 1_000  # a venue is given whole milliseconds
PART_WINDOW_US = 5_000_000


class Dispatch:
    """Sends what was allowed and recorded, and answers for it."""

    def __init__(self, dialect: Dialect, chronicle: Chronicle) -> None:
        self.dialect = dialect  # how requests without a key are read and refused
        self.chronicle = chronicle
        self.unsettled: Unsettled | None = None
        self.in_hand = 0
        self.counts = dict.fromkeys(("", *(reason.name for reason in Reason)), 0)  # requests by reason of refusal
        self._voucher = Voucher()

    # Steps 7 and 8: countersign, forward

    def recorded(self, exchange: Exchange, error: Exception | None) -> None:
        """The record of an intent is durable, or the journal has failed."""
        live, allow = exchange.live, exchange.allow
        assert live is not None
        assert allow is not None
        try:
            if error is not None:
                self._release(exchange)
                if live.watcher is not None:
                    live.watcher.unsent(exchange, live)
                self.refuse(exchange, Deny(Reason.JOURNAL_STOPPED))
            elif live.state is not _ACTIVE and exchange.stopped is not None:
                self._not_sent(exchange, exchange.stopped)
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

    def settle(self, exchange: Exchange, status: int, head: bytes, body: bytes) -> None:
        """The venue has answered."""
        try:
            self._settle(exchange, status, head, body)
        except Exception:
            self._fault(exchange)

    def _settle(self, exchange: Exchange, status: int, head: bytes, body: bytes) -> None:
        live, intent, endpoint = exchange.live, exchange.intent, exchange.endpoint
        assert live is not None
        assert intent is not None
        assert endpoint is not None
        venue = live.account.venue
        now = venue.clock.now_us()
        lines = self._heed(exchange, live, status, head, now)
        if status >= 400 and status != 429:
            blame(live.weight, venue.dialect.weigh(intent))
        dialect = venue.dialect
        if not endpoint.changes:
            self.chronicle.read(exchange, live, status, now - exchange.sent_us)
            if status == 200 and endpoint.act in _TELLING:
                answer = dialect.read_answer(intent, status, body)
                self.learn(live, answer, -1, now, f"{exchange.method} {exchange.path}")
            if status == 200 and live.authority.own_orders_only and endpoint.act in _NARROWED:
                body = dialect.visible(intent, body, live.ledger.owns)
            self.reply(exchange, status, body, lines)
            return
        answer = dialect.read_answer(intent, status, body)
        if answer.executed is False:
            self._release(exchange)
        apply(live, answer, now)
        self.chronicle.outcome(exchange, live, answer, status, now - exchange.sent_us)
        if answer.executed and not told(exchange, live):
            self._doubt(exchange)  # a success that does not speak of what was sent
        if answer.executed is None:
            self._doubt(exchange)
            if not 400 <= status < 500:
                self.refuse(exchange, Deny(Reason.UPSTREAM_UNKNOWN))
                return
        self.reply(exchange, status, body, lines)

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
            self._not_sent(exchange, exchange.stopped or Reason.UPSTREAM_UNREACHABLE)
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

    def settle_part(self, exchange: Exchange, part: Intent, status: int, head: bytes, body: bytes) -> None:
        """One of the cancels that stand for a cancel-all is answered."""
        live = exchange.live
        assert live is not None
        try:
            now = live.account.venue.clock.now_us()
            self._heed(exchange, live, status, head, now)
            answer = live.account.venue.dialect.read_answer(part, status, body)
            apply(live, answer, now)
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
        mine = of_key(live.ledger, answer)  # before it is counted: an order of which all is known is tracked no longer
        if apply(live, mine, now, in_passing=in_passing):
            self.chronicle.resolved(live, position, mine, evidence)

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

    def _heed(self, exchange: Exchange, live: Live, status: int, head: bytes, now: int) -> bytes:
        """Take in what the venue says of its limits; give the lines that are passed on to the client."""
        account = live.account
        usage = account.venue.dialect.read_usage(head)
        (account.way if exchange.way is None else exchange.way).heed(status, usage, now)
        account.orders.heed(usage, now)
        account.latencies[exchange.path].append(now - exchange.sent_us)
        return usage.lines

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


class PartOfCancelAll:
    """Awaits the answer to one of the cancels that stand for a cancel-all."""

    __slots__ = ("_dispatch", "_exchange", "_intent")

    def __init__(self, dispatch: Dispatch, exchange: Exchange, intent: Intent) -> None:
        self._dispatch = dispatch
        self._exchange = exchange
        self._intent = intent

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        self._dispatch.settle_part(self._exchange, self._intent, status, head, body)

    def failed(self, failure: Failure) -> None:
        self._dispatch.fail_part(self._exchange, self._intent, failure)
