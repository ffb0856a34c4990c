"""What the gateway answers on its socket: a closed list, and no way to unseal anything."""

import asyncio
import shutil
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from bailiwick import __version__
from bailiwick.gateway.chronicle import wall_us
from bailiwick.gateway.foreseeing import afterwards, budgets_of
from bailiwick.gateway.inspecting import Inspector
from bailiwick.gateway.marketdesk import MarketDesk
from bailiwick.gateway.nativecalls import NativeCalls
from bailiwick.gateway.parties import Live
from bailiwick.gateway.recording import Recorder
from bailiwick.gateway.serviceuse import ServiceUse
from bailiwick.gateway.watchdesk import WatchDesk
from bailiwick.journal.error import JournalError
from bailiwick.journal.record import Act, encode
from bailiwick.journal.retention import Retention
from bailiwick.link import questions as ask
from bailiwick.link.exchange_questions import Inspect, NativeCall, RecordShape
from bailiwick.link.market_questions import Candles, FollowedSymbols, PublicTrades, TradedMinutes
from bailiwick.link.server import Handlers
from bailiwick.link.service_questions import UseOfService
from bailiwick.link.watch_questions import KnownOfKey, TellSigns
from bailiwick.link.wire import Code, LinkError, Peer
from bailiwick.model.credential import Purpose
from bailiwick.model.decision import Deny
from bailiwick.model.money import plain
from bailiwick.model.reason import Reason
from bailiwick.model.request import Request, Signed
from bailiwick.rules.decide import Verdict, explain
from bailiwick.rules.hold import must_be_held, what
from bailiwick.rules.tracked import OrderState
from bailiwick.vault.rotation import rotate
from bailiwick.words import counted

if TYPE_CHECKING:
    from bailiwick.gateway.process import House

LOW_DISK_BYTES = 256 << 20
CLOCK_OLD_US = 900_000_000
LATE_US = 500_000
WINDOW_US = 5_000_000
MOST_WAIT_S = 25.0  # below what a client of the link waits for an answer


def handlers(house: "House") -> Handlers:
    """One handler for each question."""
    desk, watch, markets = _Desk(house), WatchDesk(house), MarketDesk(house)
    return {
        ask.Health: desk.health,
        ask.Seal: desk.seal,
        ask.RecordAct: desk.record,
        ask.Explain: desk.explain,
        ask.Usage: desk.usage,
        ask.Symbols: desk.symbols,
        ask.Wake: desk.wake,
        ask.Checkpoint: desk.checkpoint,
        ask.Doctor: desk.doctor,
        ask.RotateVault: desk.rotate,
        ask.Events: desk.events,
        UseOfService: ServiceUse(house).use,
        Inspect: Inspector(house).inspect,
        NativeCall: NativeCalls(house).call,
        RecordShape: Recorder(house).record,
        FollowedSymbols: markets.followed,
        PublicTrades: markets.trades,
        TradedMinutes: markets.minutes,
        Candles: markets.candles,
        TellSigns: watch.signs,
        KnownOfKey: watch.known,
    }


def health_of(house: "House") -> tuple[bool, bytes]:
    """Whether the gateway serves, and the sentence for whoever asks over HTTP."""
    answer = _health(house)
    body = {"ready": answer.ready, "version": answer.version, "keys": answer.keys, "detail": answer.detail}
    return answer.ready, msgspec.json.encode(body)


def _health(house: "House") -> ask.HealthAnswer:
    troubles = []
    if not house.journal.healthy:
        troubles.append("the journal has stopped")
    if house.journal.full:
        troubles.append("the disk is full")
    if not house.registry.fresh:
        troubles.append("changes to keys cannot be read")
    if house.gateway.closing:
        troubles.append("shutting down")
    return ask.HealthAnswer(
        ready=not troubles,
        version=__version__,
        pid=house.pid,
        started_ms=house.started_us // 1000,
        change=house.registry.change,
        keys=len(house.registry),
        position=house.journal.position,
        listening=house.address,
        detail="; ".join(troubles),
    )


class _Desk:
    """Answers the questions."""

    def __init__(self, house: "House") -> None:
        self._house = house

    async def health(self, question: ask.Health, peer: Peer) -> ask.HealthAnswer:
        return _health(self._house)

    async def seal(self, question: ask.Seal, peer: Peer) -> ask.SealAnswer:
        try:
            purpose = Purpose(question.purpose)
        except ValueError:
            raise LinkError(Code.REFUSED, f"purpose: {question.purpose!r} is none") from None
        sealed = self._house.vault.seal(question.record, purpose, question.plaintext)
        return ask.SealAnswer(envelope=sealed.envelope)

    async def record(self, question: ask.RecordAct, peer: Peer) -> ask.RecordAnswer:
        act = Act(
            wall_us(), question.actor, question.act, question.subject, question.before, question.after, question.reason
        )
        journal = self._house.journal
        try:
            position = await asyncio.to_thread(
                journal.append_now, encode(act), retention=Retention.KEEP, essential=True
            )
        except JournalError as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None
        journal.checkpoint()
        self._house.watching.recorded(act)
        return ask.RecordAnswer(position=position)

    async def explain(self, question: ask.Explain, peer: Peer) -> ask.ExplainAnswer:
        live = self._live(question.key)
        venue = live.account.venue
        now = venue.clock.now_us()
        path, _, query = question.target.partition("?")
        endpoint = venue.dialect.endpoint(question.method, path)
        if endpoint is None:
            return _denied(Deny(Reason.ENDPOINT_UNKNOWN), ())
        request = Request(
            question.method, path, query.encode(), question.body, question.key.encode(), b"", question.source
        )
        pairs = _pairs(question.body.decode("latin-1") or query, venue.dialect.signing_names)
        intent = venue.dialect.parse(endpoint, request, Signed(b"", b"", pairs, now, WINDOW_US))
        if isinstance(intent, Deny):
            return _denied(intent, ())
        try:
            allowed = live.authority.admits(question.source)
        except ValueError:
            raise LinkError(Code.REFUSED, f"source: {question.source!r} is no address") from None
        found = explain(
            intent, live.authority, live.ledger, venue.market, now,
            state=live.state, source_allowed=allowed, curb=live.curb,
        )  # fmt: skip
        steps = tuple(ask.Step(rule=step.rule, outcome=step.verdict) for step in found.trace)
        feed = self._house.feeds.get(venue.id)
        if feed is not None and feed.failed:
            why = next(iter(feed.failed.values()))
            steps += (ask.Step(rule="venue", outcome=f"it cannot be reached now, so a real request would fail: {why}"),)
        if isinstance(found.decision, Deny):
            return _denied(found.decision, steps)
        if must_be_held(intent, live.authority, found.decision):
            return msgspec.structs.replace(_denied(Deny(Reason.HELD, what(intent)), steps), rule="approval")
        worth, budgets = afterwards(found.decision, intent, live, now)
        return ask.ExplainAnswer(allowed=True, steps=steps, worth=worth, budgets=budgets)

    async def symbols(self, question: ask.Symbols, peer: Peer) -> ask.SymbolsAnswer:
        for venue in self._house.links.venues():
            if venue.id == question.venue and venue.market.symbols:
                return ask.SymbolsAnswer(loaded=True, absent=absent_symbols(venue.market.symbols, question.names))
        return ask.SymbolsAnswer(loaded=False)

    async def usage(self, question: ask.Usage, peer: Peer) -> ask.UsageAnswer:
        return _usage(self._live(question.key))

    async def wake(self, question: ask.Wake, peer: Peer) -> ask.WakeAnswer:
        change = await self._house.refresh()
        return ask.WakeAnswer(change=change, position=self._house.journal.position)

    async def checkpoint(self, question: ask.Checkpoint, peer: Peer) -> ask.CheckpointAnswer:
        try:
            found = await asyncio.to_thread(self._house.journal.checkpoint_now)
        except (JournalError, OSError) as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None
        return ask.CheckpointAnswer(note=found.note, size=found.size)

    async def doctor(self, question: ask.Doctor, peer: Peer) -> ask.DoctorAnswer:
        return ask.DoctorAnswer(findings=tuple(_findings(self._house)))

    async def rotate(self, question: ask.RotateVault, peer: Peer) -> ask.RotateVaultAnswer:
        house = self._house
        count = await asyncio.to_thread(rotate, house.config.keyring, house.root, house.vault, house.store)
        return ask.RotateVaultAnswer(rewrapped=count, vault_key=house.vault.keyring.current.id.hex())

    async def events(self, question: ask.Events, peer: Peer) -> ask.EventsAnswer:
        wait_s = min(max(question.wait_s, 0.0), MOST_WAIT_S)
        try:
            return await self._house.gateway.chronicle.events.after(question.after, wait_s)
        except (JournalError, OSError) as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None

    def _live(self, key_id: str) -> Live:
        live = self._house.registry.find(key_id.encode("latin-1", "replace"))
        if live is None:
            raise LinkError(Code.NOT_FOUND, f"key {key_id}: there is none in force; `bailiwick key list` shows them")
        return live


def absent_symbols(known: Collection[str], names: Collection[str]) -> dict[str, str]:
    """The names that a venue does not have, each with the nearest that it has, or ""."""
    absent = {}
    for name in names:
        if name not in known:
            plainly = "".join(filter(str.isalnum, name)).upper()
            near = [plainly] if plainly in known else get_close_matches(plainly, known, n=1)
            absent[name] = near[0] if near else ""
    return absent


def _pairs(text: str, signing: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The parameters of a hypothetical request, without what only a signed one has."""
    fields = (part.partition("=") for part in text.split("&") if part)
    return tuple((name, value) for name, _, value in fields if name not in signing)


def _denied(deny: Deny, steps: tuple[ask.Step, ...]) -> ask.ExplainAnswer:
    reason = deny.reason
    return ask.ExplainAnswer(
        allowed=False,
        rule=next((step.rule for step in steps if step.outcome == Verdict.DENIED), ""),
        reason=reason.name,
        sentence=reason.sentence,
        remedy=reason.remedy,
        detail=deny.detail,
        steps=steps,
    )


def _usage(live: Live) -> ask.UsageAnswer:
    ledger = live.ledger
    now = live.account.venue.clock.now_us()
    holdings = tuple(
        ask.HoldingUse(asset=symbol, quantity=plain(ledger.holding(symbol)))
        for symbol in ledger.positions
        if ledger.holding(symbol)
    )
    orders = tuple(
        ask.OpenOrder(
            symbol=order.symbol,
            client_order_id=order.client_id,
            side=order.side,
            quantity=plain(order.quantity),
            executed=plain(order.executed),
            state=order.state,
        )
        for order in ledger.orders.values()
        if order.state is not OrderState.ENDED
    )
    return ask.UsageAnswer(
        budgets=budgets_of(live, now),
        holdings=holdings,
        open_orders=orders,
        last_used_ms=live.used_us // 1000 if live.used_us else None,
    )


def _findings(house: "House") -> Iterator[ask.Finding]:
    yield from _about_journal(house)
    for venue_id, feed in house.feeds.items():
        venue = house.links.venue(venue_id)
        now = venue.clock.now_us()
        if feed.failed:
            for why in dict.fromkeys(feed.failed.values()):
                lacking = ", ".join(each for each, because in feed.failed.items() if because == why)
                yield ask.Finding.error(f"venue {venue_id}", *_unreached(lacking, why))
        elif now - venue.clock.synced_at_us > CLOCK_OLD_US:
            yield ask.Finding.warning(
                f"venue {venue_id}", "its clock has not been read lately", "check that the venue is reached"
            )
        elif abs(now - wall_us()) > LATE_US:
            late = (wall_us() - now) / 1e6
            yield ask.Finding.warning(
                "clock", f"this machine is {late:+.1f} s from {venue_id}", "set it by NTP: clients use its time"
            )
        else:
            yield ask.Finding.fine(f"venue {venue_id}", "its clock and this machine's agree")
        paused = venue.way.weight.paused_until_us - now
        if paused > 0:
            yield ask.Finding.error(
                f"venue {venue_id}", f"it asked to wait {paused / 1e6:.0f} s more", "slow the clients down"
            )
    if not house.feeds:
        yield ask.Finding.warning("venue", "there is none", "add one with `bailiwick venue add`")
    if house.registry.fresh:
        yield ask.Finding.fine(
            "store", f"{counted(len(house.registry), 'key')}, change {house.registry.change} in force"
        )
    else:
        yield ask.Finding.error(
            "store", "changes to keys cannot be read, so nothing opens", "check the database file and its disk"
        )
    if house.reconciler.lag_s > 60:
        yield ask.Finding.warning(
            "outcomes", f"an order's outcome has been unknown for {house.reconciler.lag_s:.0f} s", "look it up yourself"
        )


def _unreached(lacking: str, why: str) -> tuple[str, str]:
    """What a venue that does not answer means, and what to do."""
    return (
        f"{lacking} cannot be fetched: {why}; what needs a price is refused, cancels still leave",
        "see whether the exchange is down or slow, and whether this machine reaches what `bailiwick venue show` names",
    )


def _about_journal(house: "House") -> Iterator[ask.Finding]:
    journal = house.journal
    if not journal.healthy:
        yield ask.Finding.error(
            "journal", f"it has stopped: {journal.failure}", "check the disk; it goes on once that is right"
        )
    elif journal.full:
        yield ask.Finding.error("journal", "the disk is full; only cancels and reducing orders pass", "free space")
    else:
        yield ask.Finding.fine("journal", f"{journal.durable} records are durable")
    if journal.trouble:
        yield ask.Finding.warning("journal", journal.trouble, "check the second place of checkpoints")
    if house.config.journal.second_place is None:
        yield ask.Finding.warning(
            "journal",
            "checkpoints are kept in one place only, so nobody could prove that its end was cut off",
            "set journal.second_place to a path on another machine's disk",
        )
    free = shutil.disk_usage(house.config.data).free
    if free < LOW_DISK_BYTES:
        yield ask.Finding.warning("disk", f"{free >> 20} MiB are free", "free space before the journal fills it")
