"""The watch's place on a request's way: asked before the record is written, told of what follows, and acted upon.

The watch is asked in the same synchronous run as the rules. Whatever fails in it refuses what opens; what gets a key
out, cancels and orders that reduce, passes without it. Nothing here writes to the store, and nothing is kept of a key
that never trades.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Protocol, final

import msgspec

from bailiwick.gateway.chronicle import Chronicle
from bailiwick.gateway.exchange import Exchange, is_stopped
from bailiwick.gateway.holds import Holds
from bailiwick.gateway.parties import Live, VenueSide
from bailiwick.gateway.retelling import LEAKED_ID, leaked_id
from bailiwick.gateway.watchfacts import facts, origin_of, told, worth_of
from bailiwick.journal import record
from bailiwick.logs import log
from bailiwick.model.decision import Allow, Deny
from bailiwick.model.intent import Intent, Side
from bailiwick.model.life import Cause, Standstill
from bailiwick.model.reason import Reason
from bailiwick.rules.hold import what
from bailiwick.rules.tracked import OrderState, Tracked
from bailiwick.watch.event import SIGN_FRESH_US, Asked, Event, Looked, MarketSign, Origin, Refused, Traded, Vouched
from bailiwick.watch.reading import asked, reckon
from bailiwick.watch.signal import Measure, Verdict
from bailiwick.watch.state import State
from bailiwick.watch.step import step
from bailiwick.watch.usual import LIMIT_REACH

NOTE, ALERT, SUSPECT = "watch_note", "watch_alert", "watch_suspect"
NOTED_ONCE_US = 3_600_000_000
ALERTED_ONCE_US = 600_000_000
LOOK_EVERY_US = 10_000_000
LOOK_FOR_US = 60_000_000  # after the last fill in a symbol
MOST_LOOKED = 512  # symbols at once
MOST_ORIGINS = 128  # of one key; a client may send from as many addresses, and by as many names, as it likes
MOST_SUSPECTED = 4096
SPARED_US = 600_000_000
MOST_SIGNS = 4096
MOST_BITES = 4096
UNTOLD_US = 10_000_000  # within which the reconciler has asked what became of an order
LOOKED_AT_ONCE = 1_000  # keys, of which it is asked whether they lie still
PACKED_AT_ONCE = 25  # a millisecond

_PASS = Measure.PASS
_BUY = Side.BUY
_HOLD = Measure.HOLD
_ENDED = OrderState.ENDED


class Doubt(msgspec.Struct, frozen=True, array_like=True):
    """A key that the watch took for stolen, until the authority has decided what becomes of it.

    ``position`` is where the event stands in the journal.
    """

    position: int
    at_ms: int
    symbols: tuple[str, ...] = ()

    @property
    def still(self) -> Standstill:
        """As what is known of its state."""
        return Standstill(Cause.SUSPICION, self.symbols, self.at_ms)


class Doubting(Protocol):
    """Where keys are kept."""

    def doubt(self, key_id: str, still: Standstill) -> None:
        """From now on the key winds down under suspicion, whatever its row says."""
        ...

    def trust(self, key_id: str) -> None:
        """The row of the key alone says what it may do again."""
        ...


class Words(Protocol):
    """What the store knows that the watch must."""

    def vouched(self) -> Collection[Vouched]:
        """What owners vouch for."""
        ...

    def alerts_at(self, positions: Collection[int]) -> frozenset[int]:
        """Of these events those that the authority has dealt with."""
        ...


@final
class Watching:
    """Asks the watch, and does what it says."""

    def __init__(
        self, chronicle: Chronicle, keys: Doubting, state: State, doubts: Mapping[str, Doubt] | None = None
    ) -> None:
        self.state = state
        self.doubts: dict[str, Doubt] = {}
        self.holds: Holds | None = None
        self.signs: dict[str, tuple[int, int]] = {}  # what the pump detector last said: µs and score, by symbol
        self.touched: set[str] = set()  # keys of which something became known since this was last emptied
        self.faults = 0
        self._chronicle = chronicle
        self._keys = keys
        self._vouched: frozenset[Vouched] = frozenset()
        self._traded: dict[str, int] = {}  # symbols with fills, and until when they are looked at
        self._looked_us = 0
        self._bites: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}  # by key and symbol: when, client ids
        self._suspected: dict[str, int] = {}  # when keys were last taken for stolen, by the venue's time
        for key_id, doubt in (doubts or {}).items():
            self._doubt(key_id, doubt)

    def now_us(self) -> int:
        """The time that a profile is packed at."""
        return self._chronicle.events.now()

    # A request

    def judge(self, exchange: Exchange, live: Live, intent: Intent, allow: Allow, *, exit_: bool) -> Deny | None:
        """Ask about what the rules allow and is about to be recorded; None lets it go on.

        ``exit_`` says that it gets the key out: then it always goes on.
        """
        now = exchange.started_us
        try:
            origin = live.origins.get((exchange.source, exchange.fingerprint)) or self._origin(live, exchange)
            # As its client sent it: what the gateway bound to the band, or named, is no habit of the client's.
            wanted = exchange.asked or intent
            event = exchange.facts = asked(
                wanted, allow, live.authority, live.account.venue.market, now, live.holder, origin
            )
            if event.near_bps is None and event.symbol:  # it may only tell: what it could stop was refused unpriced
                live.account.venue.prices.miss(event.symbol, live.authority.currency)
            verdict = step(self.state, event, now, live.policy)[1]
            self.touched.add(live.id)
            if verdict.measure is _PASS:
                return None
            # What reduces at a price out of all reason, where no band holds it, is no way out but a gift.
            exempt = event.reducing or (exit_ and not allow.reducing)
            if verdict.measure < _HOLD <= live.policy.most and not exempt and self._untold(live, event, allow):
                verdict = msgspec.structs.replace(verdict, measure=_HOLD)
            return self._answer(exchange, live, intent, allow, event, verdict, exempt=exempt)
        except Exception:
            self._failed(live)
            return None if exit_ else Deny(Reason.FAULT, "the watch failed")

    def refused(self, exchange: Exchange, live: Live, deny: Deny) -> None:
        """A verified request was refused."""
        endpoint, intent, now = exchange.endpoint, exchange.asked, exchange.started_us
        if endpoint is None:
            return
        try:
            origin = live.origins.get((exchange.source, exchange.fingerprint)) or self._origin(live, exchange)
            symbol = _symbol_of(intent)
            reason = Reason.HELD if deny.reason is Reason.WATCHED else deny.reason
            event = Refused(
                at_us=now, holder=live.holder, origin=origin, reason=reason, harm=endpoint.harm, symbol=symbol
            )
            verdict = step(self.state, event, now, live.policy)[1]
            self.touched.add(live.id)
            if verdict.measure is not _PASS:
                self._tell(exchange, live, symbol, verdict)
        except Exception:
            self._failed(live)

    def unsent(self, exchange: Exchange, live: Live) -> None:
        """What the watch was asked about did not leave, and no record says so: it is no lesson."""
        asked_of = exchange.facts
        if asked_of is None:
            return
        try:
            event = Refused(
                at_us=asked_of.at_us,
                holder=live.holder,
                origin=asked_of.origin,
                reason=Reason.HELD,
                harm=asked_of.harm,
                symbol=asked_of.symbol,
            )
            step(self.state, event, asked_of.at_us, live.policy)
        except Exception:
            self._failed(live)

    def facts_of(self, exchange: Exchange, live: Live) -> record.Facts:
        """What the record of a request says of what the watch was told."""
        found = exchange.facts
        if found is not None:
            return facts(found, live.most)
        origin = live.origins.get((exchange.source, exchange.fingerprint)) or self._origin(live, exchange)
        holder = live.holder
        return record.Facts(
            origin.network,
            origin.of_service,
            holder.purpose,
            holder.created_us,
            live.most,
            _symbol_of(exchange.asked),
            idle_since_us=holder.idle_since_us,
        )

    def traded(self, live: Live, order: Tracked, quantity: Decimal, value: Decimal, now: int) -> None:
        """So much more of an order was executed than was known: base and quote asset."""
        try:
            executed, spent, factor = float(quantity), float(value), order.factor
            if executed <= 0.0 or not factor:
                return
            symbol, side = order.symbol, order.side
            market = live.account.venue.market
            reckoned = market.reckoned.get(symbol) or reckon(market, symbol)
            near = 0.0 if reckoned is None else reckoned[0]
            price = spent / executed
            worse = (price / near - 1.0) * (1e4 if side is _BUY else -1e4) if near and price else None
            worth = spent * float(factor)
            event = Traded(now, live.holder, symbol, side, worth, worse, None, price)
            self._chronicle.fills.append(record.Filled(now, symbol, side, worth, price, worse))
            if symbol in self._traded or len(self._traded) < MOST_LOOKED:
                self._traded[symbol] = now + LOOK_FOR_US
            step(self.state, event, now)
            self.touched.add(live.id)
        except Exception:
            self._failed(live)

    def _untold(self, live: Live, event: Asked, allow: Allow) -> bool:
        """Whether it would pay more than the market while nobody knows what the key's last such order cost.

        What fills cost is the sign that stops whoever takes small bites. Sent all at once, or answered without fills
        (``ACK``), they would be over before the first is counted.
        """
        now, place = event.at_us, (live.id, event.symbol)
        if not event.unbounded and (event.near_bps is None or event.near_bps <= LIMIT_REACH):
            return False
        at_us, names = self._bites.get(place, (0, ()))
        found = [order for name in names if (order := live.ledger.orders.get(name)) is not None]
        if now - at_us < UNTOLD_US and any(not each.executed and each.state is not _ENDED for each in found):
            return True
        self._bites.pop(place, None)
        if len(self._bites) >= MOST_BITES:
            del self._bites[next(iter(self._bites))]
        self._bites[place] = now, tuple([each.client_id or "" for each in allow.orders])
        return False

    def _answer(
        self,
        exchange: Exchange,
        live: Live,
        intent: Intent,
        allow: Allow,
        event: Asked,
        verdict: Verdict,
        *,
        exempt: bool,
    ) -> Deny | None:
        """Do what a verdict asks for."""
        measure = verdict.measure
        wanted = exchange.asked or intent
        if measure < _HOLD or exempt:
            kind, once = (NOTE, NOTED_ONCE_US) if measure is Measure.NOTE else (ALERT, ALERTED_ONCE_US)
            matter = f"{verdict.scope}/{event.symbol}"
            events = self._chronicle.events
            if not events.too_soon(kind, live.id, matter, once):
                detail = _told_of(exchange, wanted, live) | worth_of(event, allow, live.authority.currency)
                detail |= told(verdict, event.symbol)
                events.raise_(kind, live.id, live.account.id, detail, matter=matter, once_us=once)
            return None
        holds = self.holds
        detail = _told_of(exchange, wanted, live) | worth_of(event, allow, live.authority.currency)
        detail |= told(verdict, event.symbol)
        if (
            measure is _HOLD
            or self._was_spared(live, exchange.started_us)
            or (holds is not None and holds.has_approval(live, wanted))
        ):
            if holds is None:
                return Deny(Reason.WATCHED)
            held = holds.use_watched(live, wanted, detail)
            exchange.approved = held is None
            return held
        if holds is not None:
            detail |= holds.described(live, wanted)
        self._suspect(live, event.symbol, detail, exchange.started_us)
        return Deny(Reason.WATCHED)

    def _was_spared(self, live: Live, now: int) -> bool:
        """Whether it was taken for stolen a moment ago and may trade all the same: its owner wants it so.

        Then its orders are held, and asked about as often as any; a thief writes no suspicion with each of them.
        """
        return now - self._suspected.get(live.id, -SPARED_US) < SPARED_US

    def _tell(self, exchange: Exchange, live: Live, symbol: str, verdict: Verdict) -> None:
        """Raise an event about what was refused already."""
        detail = _told_of(exchange, exchange.asked, live) | told(verdict, symbol)
        if verdict.measure is Measure.WIND_DOWN:
            self._suspect(live, symbol, detail, exchange.started_us)
            return
        kind, once = (NOTE, NOTED_ONCE_US) if verdict.measure is Measure.NOTE else (ALERT, ALERTED_ONCE_US)
        matter = f"{verdict.scope}/{symbol}"
        self._chronicle.events.raise_(kind, live.id, live.account.id, detail, matter=matter, once_us=once)

    def _suspect(self, live: Live, symbol: str, detail: dict[str, str], now: int) -> None:
        """Let the key wind down at once. The authority hears of it and decides; until then it stays so."""
        if live.id in self.doubts:
            return
        events = self._chronicle.events
        detail["suspected"] = symbol
        position = events.raise_(SUSPECT, live.id, live.account.id, detail, once_us=0)
        if position < 0:
            return  # the journal stands still, and then nothing leaves at all
        self._doubt(live.id, Doubt(position, events.now() // 1000, (symbol,) if symbol else ()))
        self._suspected.pop(live.id, None)
        if len(self._suspected) >= MOST_SUSPECTED:
            del self._suspected[next(iter(self._suspected))]
        self._suspected[live.id] = now
        for way in (live.account.way, live.account.exits):
            if way is not None:
                way.pool.drop_waiting(is_stopped)

    def _doubt(self, key_id: str, doubt: Doubt) -> None:
        self.doubts[key_id] = doubt
        self._keys.doubt(key_id, doubt.still)

    def _failed(self, live: Live) -> None:
        self.faults += 1
        log.exception("the watch failed", key=live.id)

    def _origin(self, live: Live, exchange: Exchange) -> Origin:
        if len(live.origins) >= MOST_ORIGINS:
            live.origins.clear()
        made = origin_of(exchange.source, exchange.fingerprint, live.networks)
        live.origins[exchange.source, exchange.fingerprint] = made
        return made

    def rest(self, now_us: int) -> None:
        """Pack what is known of keys that lie still, a few at a time: to be called twice a second."""
        try:
            # A snapshot then keeps the same bytes, and not the same once more.
            self.touched.update(self.state.rest(now_us // 1_000_000, LOOKED_AT_ONCE, PACKED_AT_ONCE))
        except Exception:
            self.faults += 1
            log.exception("what the watch knows cannot be packed")

    # The market

    def look(self, venue: VenueSide) -> None:
        """Prices are fresh: tell the watch those of symbols in which keys traded lately."""
        now = venue.clock.now_us()
        if not self._traded or now - self._looked_us < LOOK_EVERY_US:
            return
        self._looked_us = now
        near: list[tuple[str, float]] = []
        for symbol, until in list(self._traded.items()):
            quote = venue.market.quotes.get(symbol)
            if until <= now:
                del self._traded[symbol]
            elif quote is not None and quote.near is not None:
                near.append((symbol, float(quote.near)))
        if near:
            for symbol, _ in near:
                scene = self.state.scenes.get(self.state.digest(symbol))
                if scene is not None:  # each fill that is looked at says something of its key
                    self.touched.update([fill.key for fill in scene.fills])
            self._chronicle.seen(now, near=tuple(near))
            self._step_all([Looked(at_us=now, symbol=symbol, near=price) for symbol, price in near], now)

    def hear(self, signs: Collection[MarketSign], now: int) -> int:
        """Take what the pump detector says of symbols; how many of them were fresh enough to count."""
        fresh = [sign for sign in signs if abs(now - sign.at_us) < SIGN_FRESH_US]
        for sign in fresh:
            if len(self.signs) >= MOST_SIGNS:
                self.signs.pop(next(iter(self.signs)))
            self.signs[sign.symbol] = (sign.at_us, sign.score)
        if fresh:
            self._chronicle.seen(now, signs=tuple((each.symbol, each.at_us, each.score, each.why) for each in fresh))
            self._step_all(fresh, now)
        return len(fresh)

    def _step_all(self, events: Collection[Event], now: int) -> None:
        try:
            for event in events:
                step(self.state, event, now)
        except Exception:
            self.faults += 1
            log.exception("the watch failed")

    # What people and the authority say

    def learn(self, words: Words) -> None:
        """Take what owners vouch for, after the store has changed. What is no longer vouched for ends."""
        said = frozenset(words.vouched())
        held = {(each.key, each.symbol) for each in said}
        for each in self._vouched - said:
            if (each.key, each.symbol) not in held:
                self.state.vouch(msgspec.structs.replace(each, until_us=0))
        for each in sorted(said - self._vouched, key=lambda one: (one.until_us, one.key, one.symbol)):
            if not self._knows(each):
                self.state.vouch(each)
                self.touched.add(each.key)
        self._vouched = said

    def recorded(self, act: record.Act) -> None:
        """An act of the authority stands in the journal: a report of a bare id speaks a little against its key."""
        key_id = leaked_id(act)
        if key_id:
            self.state.lean(key_id, LEAKED_ID, act.at_us // 1_000_000)
            self.touched.add(key_id)

    def _knows(self, vouched: Vouched) -> bool:
        """Whether a profile holds an owner's word already: it is taken once, not at each start."""
        watched = self.state.find(vouched.key)
        pledge = None if watched is None else watched.course.pledges.get(self.state.digest(vouched.symbol))
        return pledge is not None and pledge.until_s == vouched.until_us // 1_000_000

    def dealt_with(self, words: Words) -> list[str]:
        """The doubted keys of which the authority has decided. To be asked before the store's changes are read."""
        if not self.doubts:
            return []
        done = words.alerts_at([each.position for each in self.doubts.values()])
        return [key_id for key_id, each in self.doubts.items() if each.position in done]

    def end(self, keys: Collection[str]) -> None:
        """The rows of these keys say what they may do. To be called after the store's changes were read."""
        for key_id in keys:
            if self.doubts.pop(key_id, None) is not None:
                self._keys.trust(key_id)


def _told_of(exchange: Exchange, intent: Intent | None, live: Live) -> dict[str, str]:
    return {
        "what": "" if intent is None else what(intent),
        "service": live.service,
        "source": exchange.source,
        "call": f"{exchange.method} {exchange.path}",
    }


def _symbol_of(intent: Intent | None) -> str:
    if intent is None:
        return ""
    return intent.orders[0].symbol if intent.orders else intent.symbol or ""
