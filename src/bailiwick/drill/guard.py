"""The door of a drill: each act is decided by the rules and the watch, as at the gateway; what passes is settled.

Most acts enter at the intent (*direct*): ``decide``, then the watch, then the ledger's reservation, the exchange and
its settlement, all of them the gateway's own functions. Keys that the scenario marks enter as signed bytes through the
real gateway (``inside``). Both ways share one watch, and a test holds them to deciding alike.
"""

import hmac
from collections.abc import Callable, Mapping
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any, cast, final

import msgspec

from bailiwick.drill.arm import Setting
from bailiwick.drill.baseline import Baseline, Beside, Instead, rule_of
from bailiwick.drill.desk import Desk
from bailiwick.drill.grants import CURRENCY, open_authority, preset_authority
from bailiwick.drill.hearing import Hearing, Stop
from bailiwick.drill.inside import Direct, Inside, Standing
from bailiwick.gateway.chronicle import Chronicle
from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.holds import Holds
from bailiwick.gateway.parties import AccountSide, Live, VenueSide, Watcher, Way
from bailiwick.gateway.prices import Prices
from bailiwick.gateway.settle import apply
from bailiwick.gateway.watching import Watching
from bailiwick.gateway.weight import AddressWeight
from bailiwick.journal.record import fingerprint
from bailiwick.model.decision import Allow, Deny
from bailiwick.model.intent import Act as Does
from bailiwick.model.intent import Intent
from bailiwick.model.life import KeyState
from bailiwick.model.money import ZERO, plus, times
from bailiwick.model.order import Answer, OrderReport
from bailiwick.model.reason import Reason
from bailiwick.model.secret import Secret
from bailiwick.rules.authority import Authority
from bailiwick.rules.decide import decide
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.market import Market
from bailiwick.rules.network import Networks, read_networks
from bailiwick.sandbox.market import wire
from bailiwick.sandbox.market.door import Act, KeyFacts, Print, Ruled, Ruling, Scene, Venue, pass_on
from bailiwick.venues.binance.dialect import BINANCE
from bailiwick.watch.event import Vouched
from bailiwick.watch.state import State

MILLISECOND_US = 1_000
USUAL_WINDOW_US = 5_000_000
VOUCHED_US = 30 * 86_400_000_000
OF_OLD_US = 3_600_000_000
_UNLIMITED = 1 << 40
_EXITS = frozenset({Does.CANCEL, Does.CANCEL_LIST, Does.CANCEL_ALL, Does.AMEND})
_NOT_A_REQUEST = frozenset({"timestamp", "recvWindow"})
_NOBODY = Secret(b"nobody")


def secret_of(key: str, whose: str) -> Secret:
    """The secret of a key of a drill: its bot's, or its account's own at the exchange. The same each time."""
    return Secret(hmac.new(b"drill", f"{whose}/{key}".encode(), "sha256").hexdigest().encode())


@final
class Guard:
    """The door of one playing.

    ``directory`` is where the journal of the real gateway lies; without one every key enters at the intent.
    """

    def __init__(self, setting: Setting, directory: Path | None = None) -> None:
        self.setting = setting
        self.stops: list[Stop] = []
        self.keys: dict[str, Live] = {}
        self.watching: Watching | None = None
        self.others: dict[Baseline, Instead] = {}
        self.clock = Standing()
        self._hearing = Hearing(self.clock.now_us, self.keys, self._stopped)
        self._directory = directory
        self._inside: Inside | None = None
        self._desk = Desk(lambda: secret_of(self._act.key, "account"))
        self._market: Market
        self._start_us = 0
        self._venue: VenueSide
        self._way: Way
        self._act: Act
        self._watcher: Watcher | None = None
        self._facts: Mapping[str, KeyFacts] = {}
        self._symbols: dict[str, frozenset[str]] = {}
        self._networks: dict[str, Networks] = {}
        self._manners: dict[tuple[Any, ...], str] = {}
        self._asked: set[tuple[str, str]] = set()  # keys and symbols of which an owner was told
        self._due: list[tuple[int, int, Callable[[], None]]] = []  # what owners will do, and when
        self._numbers = count(1)

    # The door

    def begin(self, scene: Scene) -> None:
        """The world is made."""
        self._market = scene.market
        self._start_us = scene.start_us
        self._facts = scene.keys
        self._networks = {
            name: read_networks(each.networks) if each.published else () for name, each in scene.services.items()
        }
        self._way = Way(Direct(self._desk.answer), AddressWeight(_UNLIMITED, 0.0, 1.0, 1.0))
        venue = self._venue = VenueSide("exchange", BINANCE, self.clock, Prices(scene.market), self._way)
        venue.order_limits.ten_seconds = venue.order_limits.day = _UNLIMITED
        self._watcher = self._look_on(scene)
        if self._directory is not None:
            self._inside = Inside(self._directory, venue, Secret(bytes(32)))

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Decide an act; put it to the exchange if it may leave."""
        now = self.clock.at = act.at_us
        while self._due and self._due[0][0] <= now:
            heappop(self._due)[2]()
        self._act = act
        self._hearing.theft = act.theft
        live = self.keys.get(act.key) or self._wake(act.key)
        if self.watching is not None:
            self.watching.look(self._venue)
        if self._inside is not None and self._facts[act.key].signed:
            return self._through(self._inside, act, venue)
        return self._direct(live, act, venue)

    def filled(self, key: str, report: OrderReport, at_us: int) -> None:
        """A resting order was executed further."""
        live = self.keys.get(key)
        if live is None:
            return
        self.clock.at = at_us
        self._hearing.theft = ""
        answer = Answer(executed=True, orders=(report,))
        if self._inside is not None and self._facts[key].signed:
            self._inside.learn(live, answer, at_us)
        else:
            apply(live, answer, at_us)

    def granted(self, key: str, symbols: frozenset[str], at_us: int) -> None:
        """The owner let the key trade more symbols."""
        live = self.keys.get(key) or self._wake(key)
        self._symbols[key] = symbols | self._symbols.get(key, self._facts[key].symbols)
        live.authority = self._authority(self._facts[key])

    def printed(self, trade: Print) -> None:
        """A public trade."""
        for each in self.others.values():
            each.rule.printed(trade)

    def close(self) -> None:
        """Let go of the real gateway's journal."""
        if self._inside is not None:
            self._inside.close()

    # Keys

    def _look_on(self, scene: Scene) -> Watcher | None:
        """The watch, or what stands in its place."""
        setting = self.setting
        services = {name: read_networks(each.networks) for name, each in scene.services.items()}
        wanted = tuple(Baseline) if setting.beside else (setting.baseline,)
        for each in wanted:
            if each is not None:
                self.others[each] = Instead(rule_of(each, scene.market, services), scene.start_us)
        if setting.baseline is not None:
            return self.others[setting.baseline]
        if not setting.arm.watched:
            return None
        # Its events, holds and registry are the drill's own: see ``hearing``.
        self.watching = Watching(cast(Chronicle, self._hearing), self._hearing, State())
        self.watching.holds = cast(Holds, self._hearing)
        return Beside(self.watching, self.others) if setting.beside else self.watching

    def _wake(self, key: str) -> Live:
        facts = self._facts[key]
        real = facts.signed and self._inside is not None
        signer = BINANCE.hmac_signer(b"upstream", secret_of(key, "account")) if real else None
        live = self.keys[key] = Live(
            key.encode("ascii"), BINANCE.hmac_verifier(secret_of(key, "bot") if real else _NOBODY),
            self._authority(facts), Ledger(), AccountSide(facts.account, self._venue, self._way, signer),
            facts.service, KeyState.ACTIVE, watcher=self._watcher, networks=self._networks.get(facts.service, ()),
            created_us=facts.created_us, idle_since_us=facts.last_traded_us or facts.created_us,
        )  # fmt: skip
        if real and self._inside is not None:
            self._inside.add(live)
        return live

    def _authority(self, facts: KeyFacts) -> Authority:
        if self.setting.arm.preset:
            return preset_authority(facts, self._symbols.get(facts.id, facts.symbols), self.setting.most)
        return open_authority(facts.purpose, self.setting.most)

    # At the intent

    def _direct(self, live: Live, act: Act, venue: Venue) -> Ruling:
        now, intent = act.at_us, act.intent
        # As the wire has it: whole milliseconds, and the venue's usual window where none is sent.
        intent = msgspec.structs.replace(
            intent,
            timestamp_us=intent.timestamp_us // MILLISECOND_US * MILLISECOND_US,
            window_us=intent.window_us or USUAL_WINDOW_US,
        )
        act = msgspec.structs.replace(act, intent=intent)
        source = live.sources.get(act.address)
        if source is None:
            source = live.sources[act.address] = live.authority.admits(act.address)
        decision = decide(
            intent, live.authority, live.ledger, self._market, now,
            state=live.state, source_allowed=source, curb=live.curb,
        )  # fmt: skip
        if isinstance(decision, Deny):
            return self._refuse(live, act, decision)
        exit_ = decision.reducing or intent.endpoint.act in _EXITS
        allow = self._named(decision, now) if decision.orders else decision
        if live.watcher is not None and intent.endpoint.changes:
            leaves = msgspec.structs.replace(intent, orders=allow.orders) if allow.orders else intent
            held = live.watcher.judge(self._exchange(live, act), live, leaves, allow, exit_=exit_)
            if held is not None:
                return self._refuse(live, act, held)
        live.ledger.reserve(allow, intent, now, live.authority.requests_per_minute)
        if allow.cancels is not None:
            done = [venue.cancel(act, intent.symbol or "", target) for target in allow.cancels]
            answer = Answer(executed=True, orders=tuple(report for each in done for report in each.orders))
        else:
            answer = pass_on(act, allow.orders, venue)
        if answer.executed is False and allow.charges:
            for order in allow.orders:
                live.ledger.reject(order.client_id or "")
        if answer.orders:
            apply(live, answer, now)
        return Ruling(Ruled.PASSED, answer)

    def _refuse(self, live: Live, act: Act, deny: Deny) -> Ruling:
        if live.watcher is not None:
            live.watcher.refused(self._exchange(live, act), live, deny)
        return _ruled(deny)

    def _exchange(self, live: Live, act: Act) -> Exchange:
        """What the watch asks of a request on its way."""
        endpoint = act.intent.endpoint
        nobody = cast(Any, None)  # neither gateway nor connection is met on this way
        exchange = Exchange(nobody, nobody, endpoint.method, endpoint.path, act.address)
        exchange.started_us = act.at_us
        exchange.live = live
        exchange.endpoint = endpoint
        exchange.asked = exchange.intent = act.intent
        exchange.fingerprint = self._fingerprint(act)
        return exchange

    def _fingerprint(self, act: Act) -> str:
        """The client's way of speaking, by the same digest as the gateway's."""
        intent, manner = act.intent, act.manner
        shape: tuple[Any, ...] = (manner.name, intent.endpoint.path, intent.endpoint.method)
        if intent.orders:
            order = intent.orders[0]
            shape += (
                order.quantity is None, order.quote_quantity is None, order.price is None, order.stop_price is None,
                order.time_in_force is None, order.client_id is None,
            )  # fmt: skip
        else:
            shape += (intent.symbol is None, intent.target is None, tuple(name for name, _ in intent.params))
        found = self._manners.get(shape)
        if found is None:
            raw = wire.signed(act, "key", _NOBODY)
            head = raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:]
            names = tuple(name for name in wire.names(act) if name not in _NOT_A_REQUEST)
            headers = tuple(line.partition(":")[0] for line in head)
            found = self._manners[shape] = fingerprint(manner.user_agent, headers, names).digest
        return found

    def _named(self, allow: Allow, now: int) -> Allow:
        """Every order that leaves has a client id; one without is given one, as at the gateway."""
        if all(order.client_id is not None for order in allow.orders):
            return allow
        orders = tuple(
            order
            if order.client_id is not None
            else msgspec.structs.replace(order, client_id=f"bw-{now:x}-{next(self._numbers):x}")
            for order in allow.orders
        )
        return msgspec.structs.replace(allow, orders=orders)

    # As signed bytes

    def _through(self, inside: Inside, act: Act, venue: Venue) -> Ruling:
        self._desk.turn_to(act, venue)
        _, deny = inside.send(act.address, wire.signed(act, act.key, secret_of(act.key, "bot")))
        if deny is not None:
            return _ruled(deny)
        answers = self._desk.answers
        orders = tuple(report for each in answers for report in each.orders)
        executed = answers[-1].executed if answers else True
        return Ruling(Ruled.PASSED, Answer(executed=executed, orders=orders, code=answers[-1].code if answers else 0))

    # Owners

    def _stopped(self, stop: Stop) -> None:
        self.stops.append(stop)
        delay, place = self.setting.owner.delay_us, (stop.key, stop.symbol)
        if stop.at_us < self._start_us:
            delay = OF_OLD_US  # whoever was stopped in the history is back before the scenario begins
        if delay is None or place in self._asked:
            return
        self._asked.add(place)
        worth = self._worth(self._act.intent)
        heappush(self._due, (stop.at_us + delay, next(self._numbers), lambda: self._answer(stop, worth)))

    def _answer(self, stop: Stop, worth: Decimal) -> None:
        """An owner answers truthfully. He looks at his account then, so that a theft ends whatever the alert was of."""
        live = self.keys[stop.key]
        if stop.theft:
            live.state = KeyState.FROZEN
            return
        self._asked.discard((stop.key, stop.symbol))
        self._hearing.answered(stop.key)
        if stop.measure == "alert" or self.watching is None:
            return
        until = self.clock.at + VOUCHED_US
        self.watching.state.vouch(Vouched(key=stop.key, symbol=stop.symbol, worth=worth, until_us=until))
        self.watching.end([stop.key])
        live.state, live.curb = KeyState.ACTIVE, None

    def _worth(self, intent: Intent) -> Decimal:
        """What the act under way comes to, as its owner is shown it."""
        market, worth = self._market, ZERO
        for order in intent.orders:
            info, quote = market.symbols.get(order.symbol), market.quotes.get(order.symbol)
            price = order.price or (None if quote is None else quote.near)
            factor = None if info is None else market.convert(info.quote, CURRENCY)
            if factor is None:
                continue
            if order.quantity is not None and price is not None:
                worth = plus(worth, times(times(order.quantity, price), factor))
            elif order.quote_quantity is not None:
                worth = plus(worth, times(order.quote_quantity, factor))
        return worth


def _ruled(deny: Deny) -> Ruling:
    held = deny.reason in {Reason.WATCHED, Reason.HELD}
    return Ruling(Ruled.HELD if held else Ruled.DENIED, None, deny.reason.name)
