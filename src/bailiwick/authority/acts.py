"""The order in which an act is done, so that none escapes the journal. ``docs/adr/0008-two-processes.md`` says why.

1. A note of what is about to be done is on the disk.
2. The act is in the journal, durable and under a signed checkpoint.
3. The store changes, in one transaction with its number.
4. The note goes; the gateway is woken and says which change it acts on.

What stops before 2 was never done. What stops between 2 and 4 is taken up by the next act or start: the store is asked
whether 3 happened, and the journal is told.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar, final

import msgspec

from bailiwick.files import replace_durably
from bailiwick.journal.disk import Disk, Reserve
from bailiwick.link.questions import RecordAct, Wake
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.logs import log
from bailiwick.model.party import KeyState
from bailiwick.store.errors import ConflictError, NotFoundError, StoreError
from bailiwick.store.store import Store

A = TypeVar("A")
T = TypeVar("T")

KEYS_PER_RECORD = 10_000  # of 36 bytes: well below the mebibyte that a record may have
MOST_REASON_CHARS = 500
RESERVE_BYTES = 4 << 20  # what the store's log grows by in an act upon some ten thousand keys
STOPPING = frozenset({"freeze", "wind-down", "revoke", "leak", "not-me", "suspect", "compromise"})
_NOT_DONE = frozenset({"undone", "failed"})  # how a note of an act ends that the store does not have


class Asks(Protocol):
    """The way to the gateway."""

    async def ask(self, question: Question[A], *, timeout_s: float | None = None) -> A:
        """The gateway's answer.

        Raises:
            LinkError: as it says, or if it does not answer.
        """
        ...


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be done.

    ``touches`` are the ids of the rows that the store numbers a change for. ``keys`` come to ``state`` by this act;
    where a backup from before it is restored, they come to ``restored`` (``state``, unless it is named).
    """

    actor: str
    act: str  # such as key.issue
    subject: str
    before: dict[str, Any] = msgspec.field(default_factory=dict)
    after: dict[str, Any] = msgspec.field(default_factory=dict)
    reason: str = ""
    touches: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    state: KeyState | None = None
    restored: KeyState | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """Where an act stands in the journal, the change that it made, and whether the gateway acts on it."""

    position: int
    change: int
    in_force: bool


class _Pending(msgspec.Struct, frozen=True):
    actor: str
    act: str
    subject: str
    touches: tuple[str, ...]
    change: int  # the newest before the act


class _Tail(msgspec.Struct, frozen=True):
    """What a restore reads of an act's ``after``."""

    state: KeyState | None = None
    restored: KeyState | None = None
    keys: tuple[str, ...] = ()


@final
class Acts:
    """Does acts one after the other."""

    def __init__(self, store: Store, gateway: Asks, pending: Path) -> None:
        self._store = store
        self._gateway = gateway
        self._pending = pending
        self._room = Reserve(Disk(), pending.with_name("act.reserve"), RESERVE_BYTES)
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The time of one act, from looking at what is there to having changed it: nobody else acts meanwhile."""
        async with self._turn:
            await self.take_up()
            yield

    async def perform(self, act: Act, change: Callable[[], T]) -> tuple[T, Done]:
        """Do an act, within a ``turn``.

        Args:
            act: what is recorded of it.
            change: the change of the store: one transaction.

        Raises:
            LinkError: if it was not done: it could not be recorded, or the store refused; or if it is not certain.
        """
        if len(act.reason) > MOST_REASON_CHARS or not act.reason.isprintable():
            raise LinkError(Code.REFUSED, f"reason: at most {MOST_REASON_CHARS} printable characters")
        before = self._store.last_change()
        pending = _Pending(act.actor, act.act, act.subject, act.touches or (act.subject,), before)
        self._make_room(act)
        try:
            replace_durably(self._pending, msgspec.json.encode(pending))
        except OSError as error:
            self._pending.with_name(self._pending.name + ".new").unlink(missing_ok=True)
            raise LinkError(
                Code.UNAVAILABLE, f"disk: {error.strerror}; nothing was done. Make room, and do it again"
            ) from None
        try:
            position = await self._record(act)
        except LinkError as error:
            if error.code is Code.UNAVAILABLE:  # not even asked, so there is nothing to settle
                self._pending.unlink(missing_ok=True)
            raise
        try:
            done = await asyncio.to_thread(change)
        except (StoreError, ValueError) as error:
            await self._settle(pending, "failed")
            raise refusal(error) from None
        self._pending.unlink(missing_ok=True)
        number = self._store.last_change()
        return done, Done(position=position, change=number, in_force=await self._in_force(number))

    def _make_room(self, act: Act) -> None:
        """Keep some room back on the disk, and give it up for an act that stops something: that must not wait."""
        directory = self._pending.parent
        try:
            if Disk().free(directory) >= RESERVE_BYTES * 2:
                self._room.hold()
            elif act.act.rpartition(".")[2] in STOPPING:
                self._room.release()
        except OSError as error:
            log.warning("no room could be kept back for acts", error=error)

    async def note(self, act: Act) -> int:
        """Record an act that changes nothing in the store, such as a backup; its position."""
        return await self._record(act)

    async def take_up(self) -> None:
        """Settle an act that was interrupted: tell the journal whether the store has it.

        Raises:
            LinkError: if the gateway cannot record it; nothing else may be done before.
        """
        try:
            pending = msgspec.json.decode(self._pending.read_bytes(), type=_Pending)
        except FileNotFoundError:
            return
        changed = {change.subject for change in self._store.changes_since(pending.change)}
        await self._settle(pending, "completed" if changed & set(pending.touches) else "undone")

    async def _settle(self, pending: _Pending, outcome: str) -> None:
        act = f"{pending.act}.{outcome}"
        await self._gateway.ask(RecordAct(actor=pending.actor, act=act, subject=pending.subject))
        self._pending.unlink(missing_ok=True)

    async def _record(self, act: Act) -> int:
        restored = act.restored or act.state
        position = 0
        for first in range(0, max(1, len(act.keys)), KEYS_PER_RECORD):
            keys = act.keys[first : first + KEYS_PER_RECORD]
            after = dict(act.after)
            if keys:
                after |= {"state": act.state, "restored": restored, "keys": keys}
            answer = await self._gateway.ask(
                RecordAct(
                    actor=act.actor,
                    act=act.act,
                    subject=act.subject,
                    before=_text(act.before),
                    after=_text(after),
                    reason=act.reason,
                )
            )
            position = answer.position
        return position

    async def _in_force(self, number: int) -> bool:
        try:
            answer = await self._gateway.ask(Wake())
        except LinkError:
            return False  # it is done; the gateway reads it by itself, or when it is back
        return answer.change >= number


def standing(acts: Iterable[tuple[str, str, str]]) -> list[str]:
    """The ``after`` of each act that stands, out of the verb, the subject and the ``after`` of every one, in order.

    What was recorded and then not done allows nothing: a key that was to be unfrozen is as frozen as it was. What takes
    something away is believed even so.
    """
    afters: list[str] = []
    begun: dict[tuple[str, str], int] = {}
    for verb, subject, after in acts:
        base, _, ending = verb.rpartition(".")
        place = begun.pop((base, subject), None) if ending in _NOT_DONE else None
        if place is not None and _allows(afters[place]):
            afters[place] = ""
        begun[verb, subject] = len(afters)
        afters.append(after)
    return afters


def _allows(after: str) -> bool:
    try:
        return msgspec.json.decode(after, type=_Tail).restored is KeyState.ACTIVE
    except msgspec.MsgspecError:
        return False


def states_after(acts: Iterable[str]) -> Iterator[tuple[str, KeyState]]:
    """What a restore must do to keys, in order, of the ``after`` of the acts behind a backup's position.

    A key whose secret, grant or limits changed since comes back with the old ones, so it stays frozen whatever the acts
    after that allowed it.
    """
    outdated: set[str] = set()
    for after in acts:
        try:
            tail = msgspec.json.decode(after, type=_Tail)
        except msgspec.MsgspecError:
            continue  # not every act is the authority's
        if tail.restored is None:
            continue
        if tail.state is None:
            outdated.update(tail.keys)
        for key in tail.keys:
            gone = tail.restored in {KeyState.REVOKED, KeyState.EXPIRED}
            yield key, KeyState.FROZEN if key in outdated and not gone else tail.restored


def refusal(error: Exception) -> LinkError:
    """The failure that the other side is told."""
    match error:
        case LinkError():
            return error
        case NotFoundError():
            return LinkError(Code.NOT_FOUND, str(error))
        case ConflictError():
            return LinkError(Code.CONFLICT, str(error))
        case _:
            return LinkError(Code.REFUSED, str(error))


def _text(values: dict[str, Any]) -> str:
    return msgspec.json.encode(values).decode() if values else ""
