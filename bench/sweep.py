"""What a sweep over a million keys costs: a usual day's, and one that finds every key idle.

The store and the journal are real, on the disk to be measured with; only the socket between the processes is left out.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from bailiwick.authority.acts import Acts
from bailiwick.authority.lives import DAY_MS, Lives
from bailiwick.authority.notices import Notices
from bailiwick.authority.sweep import Sweeper
from bailiwick.config import Lives as Settings
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act, encode
from bailiwick.journal.retention import Retention
from bailiwick.link import questions as ask
from bailiwick.model.credential import make_key_id
from bailiwick.model.grant import grant_to_toml
from bailiwick.model.party import Account, Key, KeyKind, KeyState, Service, Venue
from bailiwick.opening import make_journal_key
from bailiwick.rules.presets import preset
from bailiwick.store.store import Store

MILLION = 1_000_000
ACCOUNTS = 1_000
IDLE_DAYS = 31  # keys were last used at any moment of these, so that a thirtieth is due, as on any day
NOW = 1_800_000_000_000


def measure(run: Path, keys: int = MILLION) -> dict[str, float]:
    """Sweep so many keys as on any day, and once more forty days later, when all of them lie idle.

    Half of the keys are bound to networks, which a sweep spares.
    """
    directory = run / "sweep"
    directory.mkdir()
    with Store.open(directory / "bailiwick.db") as store:
        fill(store, keys)
        journal = Journal.open(
            directory / "journal",
            origin="bench",
            signer=make_journal_key(directory / "journal.key"),
            clock=lambda: time.time_ns() // 1000,
        )
        clock = Clock()
        acts = Acts(store, Recorder(store, journal), directory / "act.pending")
        sweeper = Sweeper(store, Lives(store, acts, clock), Notices(store, clock), Settings(), clock)
        day = asyncio.run(swept(sweeper))
        clock.now += 40 * DAY_MS
        all_ = asyncio.run(swept(sweeper))
        journal.close()
    return {
        "keys": keys,
        "s": round(day["s"], 2),
        "removed": day["removed"],
        "warned": day["warned"],
        "all_idle_s": round(all_["s"], 2),
        "all_idle_removed": all_["removed"],
    }


class Clock:
    """A time that is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class Recorder:
    """What the gateway does for an act: the record is durable and under a checkpoint before the answer."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def ask(self, question: Any, *, timeout_s: float | None = None) -> Any:
        if isinstance(question, ask.RecordAct):
            act = Act(0, question.actor, question.act, question.subject, "", question.after, question.reason)
            position = await asyncio.to_thread(self._journal.append_now, encode(act), retention=Retention.KEEP)
            self._journal.checkpoint()
            return ask.RecordAnswer(position=position)
        return ask.WakeAnswer(change=self._store.last_change())


async def swept(sweeper: Sweeper) -> dict[str, float]:
    """One sweep: how long, and how many keys it removed and warned of."""
    began = time.monotonic()
    answer = await sweeper.run(reason="measured")
    found = {"s": time.monotonic() - began, "removed": 0, "warned": 0}
    for each in answer.swept:
        found["warned" if each.what == "warn" else "removed"] += each.count
    return found


def fill(store: Store, keys: int) -> None:
    """A venue, a service, a thousand accounts, and keys that were last used at any moment of a month."""
    store.venues.add(Venue("v", "Venue", "binance", "http://127.0.0.1:1"))
    store.services.add(Service("s", "Service"))
    for number in range(ACCOUNTS):
        store.accounts.add(Account(f"a{number}", "v", "Account", f"owner {number}"))
    store.keys.add_many(issued(keys))


def issued(keys: int) -> Iterator[Key]:
    """Keys of both sorts, evenly."""
    free = preset("signal-bot", ["BTCUSDT"], "USDT", Decimal(1000))
    bound = msgspec.structs.replace(free, where=msgspec.structs.replace(free.where, networks=("203.0.113.0/24",)))
    grants = (grant_to_toml(free), grant_to_toml(bound))
    chance = random.Random(1)
    for number in range(keys):
        account = f"a{number % ACCOUNTS}"
        used = NOW - int(chance.random() * IDLE_DAYS * DAY_MS)
        key_id = make_key_id(account, number.to_bytes(16, "big"))
        yield Key(
            key_id, account, "s", KeyKind.ED25519, grants[number % 2], KeyState.ACTIVE, NOW - 300 * DAY_MS,
            public_key=b"-", last_used=used, last_traded=used,
        )  # fmt: skip
