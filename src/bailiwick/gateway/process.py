"""The gateway process: opens what it needs, serves, and ends in order."""

import asyncio
import errno
import gc
import os
import signal
import ssl
import sys
import time
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop

from bailiwick.config import Config, ConfigError, load
from bailiwick.gateway.chronicle import Chronicle, wall_us
from bailiwick.gateway.exchange import is_stopped
from bailiwick.gateway.feed import Feed
from bailiwick.gateway.framing import HeadReader
from bailiwick.gateway.health import HealthServer
from bailiwick.gateway.holds import Holds
from bailiwick.gateway.links import Links
from bailiwick.gateway.overlap import tell_uses
from bailiwick.gateway.pipeline import Gateway
from bailiwick.gateway.reconcile import Reconciler
from bailiwick.gateway.recovery import STOPPED, doubts, recover
from bailiwick.gateway.registry import Registry
from bailiwick.gateway.server import Listener
from bailiwick.gateway.snapshots import Snapshots
from bailiwick.gateway.unkeyed import PublicData, UnkeyedDesk
from bailiwick.gateway.verbs import handlers
from bailiwick.gateway.watching import Watching
from bailiwick.journal.erasure import condense
from bailiwick.journal.error import JournalError
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act, encode
from bailiwick.journal.retention import Retention
from bailiwick.journal.writer import Limits
from bailiwick.link.questions import GATEWAY_VERBS
from bailiwick.link.server import serve
from bailiwick.link.wire import LinkError
from bailiwick.logs import log
from bailiwick.opening import journal_key, open_root
from bailiwick.store.errors import StoreError
from bailiwick.store.reader import StoreReader
from bailiwick.vault.errors import VaultError
from bailiwick.vault.keyringfile import open_keyring
from bailiwick.vault.process import harden_process
from bailiwick.vault.rotation import retire
from bailiwick.vault.vault import Vault

CHANGES_EVERY_S = 0.25
SWEEP_EVERY_S = 0.25
NOTE_EVERY_S = 5.0
CONDENSE_EVERY_S = 3600.0
MEND_EVERY_S = 2.0
LONGEST_WINDOW_US = 62_000_000  # the venue's longest receive window, and a margin
COLLECT_AFTER = (50_000, 20, 1_000)  # objects, and collections of them
_PORT_REMEDY = "end what listens there, or set gateway.host and gateway.port to another address"
SWITCH_INTERVAL_S = 0.0002  # the journal's threads and the loop must not hold the interpreter from each other


class House:
    """Everything that the gateway process owns."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.started_us = wall_us()
        self.pid = os.getpid()
        self.root = open_root(config.vault, config.keyring, os.environ)
        self.journal = Journal.open(
            config.journal_directory,
            origin=config.journal.origin,
            signer=journal_key(config.journal_key),
            clock=wall_us,
            copy_to=config.journal.second_place,
            limits=Limits(
                checkpoint_records=config.journal.checkpoint_records, checkpoint_seconds=config.journal.checkpoint_s
            ),
        )
        # After the journal: on a full disk that gives up room which the database needs to be read.
        self.store = StoreReader.open(config.database)
        retire(config.keyring, self.root, self.store)  # a key that a rotation has left nothing under
        self.vault = Vault(open_keyring(config.keyring, self.root))
        self.links = Links(config, self.store, self.vault)
        self.links.load()
        self.dialect = self.links.dialect()
        slow = self.store.keys.suspect()
        self.recovered = recover(self.journal, self.dialect, wall_us(), slow)
        self.registry = Registry(
            self.store,
            self.vault,
            self.links,
            self.recovered.ledger,
            self.recovered.ledgers,
            config.lives.wind_down_days * 86_400_000_000,
        )
        self.registry.load()
        self.unkeyed = UnkeyedDesk()
        proxies = config.gateway.proxies
        self.gateway = Gateway(
            self.registry,
            self.links.default,
            self.dialect,
            Chronicle(self.journal),
            self.unkeyed,
            self.recovered.marks,
            proxies,
        )
        self.holds = self.gateway.holds = Holds(self.gateway.chronicle.events, self.store, wall_us)
        self.holds.load()
        self.watching = self._watch()
        self.snapshots = Snapshots(
            self.journal,
            self.recovered.ledgers,
            self.recovered.marks,
            config.journal.snapshot_s,
            self.watching,
            self.recovered.profiles,
        )
        self._uses = self.recovered.uses()  # of keys, still to be written down
        self.snapshots.note_uses = self.note_uses
        self.reconciler = self.gateway.unsettled = Reconciler(self.gateway, self.registry, self.recovered.resting)
        if self.recovered.records and not self.recovered.in_order:
            # Marks of the last requests before a crash may be lost: what was signed before this start opens nothing.
            self.gateway.trusts_after_us = self.started_us
            log.warning("the gateway before this one did not end in order", records=self.recovered.records)
        self.feeds: dict[str, Feed] = {}
        self.address: tuple[str, int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._following: dict[str, asyncio.Task[None]] = {}  # by venue

    def _watch(self) -> Watching:
        """The watch, with what it knew before; keys of which the authority has not decided yet wind down again."""
        found = self.recovered
        done = self.store.alerts_at([each.position for each in found.doubts.values()])
        doubts = {key_id: each for key_id, each in found.doubts.items() if each.position not in done}
        watching = Watching(self.gateway.chronicle, self.registry, found.watch, doubts)
        watching.touched |= found.touched
        watching.holds = self.holds
        watching.learn(self.store)
        self.registry.watcher = watching
        return watching

    # Serving

    async def run(self) -> None:
        """Serve until told to end."""
        config = self.config
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        self.journal.attach(loop)
        for feed in self._meet_venues():
            await feed.start()
            self._follow(feed)
        clocks = [venue.clock.now_us() for venue in self.links.venues()]
        if self.gateway.trusts_after_us and clocks:
            # Clients sign by the venue's clock, and this machine's may be behind it.
            self.gateway.trusts_after_us = max(self.gateway.trusts_after_us, *clocks)
        self._take_up_doubts()
        await self.snapshots.catch_up()
        listener = Listener(
            self.gateway,
            HeadReader(self.dialect.key_header),
            time.monotonic,
            most=config.gateway.connections,
            most_per_address=config.gateway.connections_per_address,
            idle_s=config.gateway.idle_s,
            request_s=config.gateway.request_s,
        )
        host, port = config.gateway.host, config.gateway.port
        try:
            server = await loop.create_server(listener.connection, host, port, ssl=_tls(config), backlog=4096)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
                raise
            raise ConfigError(f"gateway.port: {host}:{port} cannot be had: {error.strerror}; {_PORT_REMEDY}") from None
        self.address = server.sockets[0].getsockname()[:2]
        verbs = await serve(config.gateway_socket, GATEWAY_VERBS, handlers(self))
        health = HealthServer(self)
        if config.gateway.health_address is not None:
            await health.start(*config.gateway.health_address)
        for work in self.works(listener):
            self._start(work)
        gc.freeze()  # the registry is there for good: no collection need walk it, nor the few cycles of a start
        gc.enable()
        log.info("serving", address=self.address, keys=len(self.registry), records=self.journal.position)
        sys.stdout.write(f"ready {self.address[0]}:{self.address[1]}\n")
        sys.stdout.flush()
        try:
            await ended.wait()
        finally:
            server.close()
            health.close()
            await self._drain(listener)
            await verbs.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.note_uses()
            await self.snapshots.take()
            self._close()

    def works(self, listener: Listener) -> tuple[Coroutine[Any, Any, None], ...]:
        """Everything that goes on beside the requests until the end."""
        return (
            self._follow_changes(),
            self._sweep(listener),
            self._note(),
            self.snapshots.run(),
            self._mend(),
            self._condense(),
            self.reconciler.run(),
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        return task

    async def _drain(self, listener: Listener) -> None:
        """Take nothing new, and wait for what was forwarded."""
        self.gateway.closing = True
        listener.close()
        until = time.monotonic() + self.config.gateway.shutdown_s
        while self.gateway.in_hand and time.monotonic() < until:  # noqa: ASYNC110  (counted on the hot path, not signalled)
            await asyncio.sleep(0.02)
        for pool in self.links.pools():
            pool.close()
        if self.gateway.in_hand:
            log.warning("ended with requests in hand; their outcome is looked up at the next start")

    def _close(self) -> None:
        self.gateway.chronicle.flush_failures()
        self.journal.append(
            encode(Act(wall_us(), "gateway", STOPPED, "gateway", "", "", "")), retention=Retention.KEEP, essential=True
        )
        self.journal.close()
        self.store.close()

    def _meet_venues(self) -> list[Feed]:
        """Serve every venue that is new or reached otherwise than before; gives their feeds, not started yet."""
        met = []
        for venue in self.links.venues():
            before = self.feeds.get(venue.id)
            if before is not None and before.venue is venue:
                continue
            feed = self.feeds[venue.id] = Feed(venue, self.registry.markets(), self.watching.look)
            self.unkeyed.add(venue, PublicData(self.gateway, venue, self.config.gateway.public))
            met.append(feed)
        return met

    def _follow(self, feed: Feed) -> None:
        """Keep a venue's market fresh, in the place of what was followed of it before."""
        before = self._following.pop(feed.venue.id, None)
        if before is not None:
            before.cancel()
            self._tasks.discard(before)
        self._following[feed.venue.id] = self._start(feed.run())

    def _take_up_doubts(self) -> None:
        """Look up the orders whose outcome was not known when the gateway before this one ended."""
        for key_id, symbol, client_id in doubts(self.recovered):
            live = self.registry.find(key_id.encode("ascii"))
            if live is not None:
                until = live.account.venue.clock.now_us() + LONGEST_WINDOW_US
                self.reconciler.add(live, symbol, client_id, -1, until)

    # Works that go on beside

    async def refresh(self) -> int:
        """Put the store's changes in force; gives the number of the newest."""
        before = self.registry.change
        decided = self.watching.dealt_with(self.store)  # before the changes are read, so that they hold the decision
        change = self.registry.refresh()
        self.watching.end(decided)
        if change != before:
            self.holds.refresh()
            self.watching.learn(self.store)
            for pool in self.links.pools():
                pool.drop_waiting(is_stopped)  # what a key may no longer open does not leave when a connection is free
            for feed in self._meet_venues():
                self._follow(
                    feed
                )  # it starts beside: a venue that does not answer must not hold up the changes of keys
            for feed in self.feeds.values():
                for symbol, currency in self.registry.markets():
                    feed.want(symbol, currency)
        return change

    async def _follow_changes(self) -> None:
        while True:
            await asyncio.sleep(CHANGES_EVERY_S)
            try:
                await self.refresh()
                while self.registry.catch_up():  # noqa: ASYNC110  (a part at a time: requests go on between)
                    await asyncio.sleep(0)
            except StoreError as error:
                log.error("changes to keys cannot be read", why=str(error))

    async def _sweep(self, listener: Listener) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            for pool in self.links.pools():
                pool.sweep()
            listener.sweep()
            clocks = [venue.clock.now_us() for venue in self.links.venues()]
            if clocks:
                self.gateway.marks.drop(min(clocks))

    async def _note(self) -> None:
        """Write down what is only counted: failed authentications, and when keys were last used."""
        while True:
            await asyncio.sleep(NOTE_EVERY_S)
            self.gateway.chronicle.flush_failures()
            tell_uses(self.registry.overlaps, self.registry.account_of, self.gateway.chronicle.events)
            await self.note_uses()

    async def note_uses(self) -> None:
        """Write down in one go which keys were used since the last time: no request waits for it.

        What cannot be written, as on a full disk, is written the next time, or by the next start out of the journal.
        """
        uses, self._uses = self._uses | self.registry.uses(), {}
        if not uses:
            return
        try:
            await asyncio.to_thread(self.store.keys.record_use, uses)
        except StoreError as error:
            self._uses = uses | self._uses
            log.error("the last uses of keys are not written down", why=str(error))

    async def _mend(self) -> None:
        """After the journal has stopped, read it again from the disk, and go on if what was durable is there."""
        while True:
            await asyncio.sleep(MEND_EVERY_S)
            if self.journal.failure is None:
                continue
            try:
                await asyncio.to_thread(self.journal.recover)
                log.warning("the journal was read again and goes on", records=self.journal.durable)
            except (JournalError, OSError) as error:
                log.error("the journal cannot go on", why=str(error))

    async def _condense(self) -> None:
        """Let go of bodies whose time is over."""
        settings = self.config.journal
        periods = {
            Retention.TRADE: None if settings.trade_days is None else timedelta(days=settings.trade_days),
            Retention.READ: timedelta(days=settings.read_days),
            Retention.FAILURE: timedelta(days=settings.failure_days),
        }
        while True:
            try:
                await asyncio.to_thread(condense, self.journal, wall_us(), periods)
            except (JournalError, OSError) as error:
                log.error("nothing was condensed", why=str(error))
            await asyncio.sleep(CONDENSE_EVERY_S)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    """A part that ends by a fault ends the gateway: half of it must not go on alone."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("a part of the gateway has failed; the gateway ends")
        os.kill(os.getpid(), signal.SIGTERM)


def _tls(config: Config) -> ssl.SSLContext | None:
    if config.gateway.tls_certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(config.gateway.tls_certificate, config.gateway.tls_key)
    return context


def main(config_path: Path) -> int:
    """Run the gateway process; its exit code."""
    harden_process()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(*COLLECT_AFTER)
    gc.disable()  # until it serves: what is read at a start stays, and collections would walk it again and again
    try:
        house = House(load(config_path))
        uvloop.run(house.run())
    except (ConfigError, VaultError, StoreError, JournalError, LinkError, OSError) as error:
        log.error("the gateway cannot serve", why=str(error))
        return 1
    return 0
