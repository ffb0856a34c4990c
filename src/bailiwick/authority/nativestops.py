"""Native keys in the act against a compromised service, and in its undoing.

The act names them with what is known of each at its exchange, which it has not asked yet: an exchange that is slow does
not hold up the act. That each is stopped is brought about within a second after it, and what the exchange says then is
a record of its own. Only what was read back counts as done: all else is asked, not confirmed.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, final

from bailiwick.authority.native import Natives
from bailiwick.authority.nativeshow import age, at_exchange
from bailiwick.authority.service_verbs import NativeStop
from bailiwick.journal.verify_act import sum_of
from bailiwick.link.wire import LinkError
from bailiwick.model.life import Cause, KeyState
from bailiwick.store.store import Store

STOPPED = frozenset({KeyState.WINDING_DOWN, KeyState.FROZEN})
FOLLOW_S = 5.0  # how long the answer to the act waits for exchanges
NAMED = 200  # in one record; its sum covers all


@final
class NativeStops:
    """What becomes of a service's native keys."""

    def __init__(self, store: Store, natives: Natives) -> None:
        self._store = store
        self._natives = natives

    def recorded(self, service: str) -> dict[str, Any]:
        """What the act's record says of them: which ever were the service's, and how each stands."""
        ever = self._store.native.list(service=service)
        if not ever:
            return {}
        count, digest = sum_of(native.id for native in ever)
        states = {stop.id: f"{stop.state}; {_word(stop)}" for stop in self.stops(service)[:NAMED]}
        return {"natives": {"keys": count, "sha256": digest}, "native_states": states}

    def stops(self, service: str) -> tuple[NativeStop, ...]:
        """How each that ever was the service's stands now."""
        now = self._natives.now()
        return tuple(
            NativeStop(
                id=native.id,
                account=native.account,
                state=native.state.value,
                confirmed=native.confirmed and native.state is not KeyState.ACTIVE,
                at_exchange=at_exchange(native),
                read=age(native.read_at, now),
            )
            for native in self._store.native.list(service=service)
        )

    async def follow(self, service: str) -> tuple[NativeStop, ...]:
        """Stop them, as the next round would, and wait a little for their exchanges."""
        try:
            async with asyncio.timeout(FOLLOW_S):
                await asyncio.shield(asyncio.ensure_future(self._natives.settle(service)))
        except TimeoutError:
            pass  # the round goes on with it; what was not read back is said to be so
        return self.stops(service)

    def restorable(self, service: str, wanted: Sequence[str], *, everything: bool) -> tuple[list[str], dict[str, str]]:
        """Which can be given back, and why others cannot: only what the standing has stopped."""
        found: list[str] = []
        passed: dict[str, str] = {}
        for native in self._store.native.list(service=service):
            if not everything and native.id not in wanted:
                continue
            if native.state in STOPPED and native.cause is Cause.STANDING:
                found.append(native.id)
            elif not everything:
                passed[native.id] = f"it is {native.state}, and not because of its service"
        return found, passed

    async def give_back(self, ids: Sequence[str], actor: str, reason: str, *, kept: bool) -> tuple[str, ...]:
        """Switch trading on again by a person's word; notes on what was not done.

        Args:
            ids: which.
            actor: the person.
            reason: why.
            kept: whether they stay given back although their service is still compromised.
        """
        notes: list[str] = []
        for each in ids:
            try:
                answer = await self._natives.bring(each, KeyState.ACTIVE, Cause.OWNER, actor, reason, given_back=kept)
                notes += [f"native key {each}: {note}" for note in answer.notes]
            except LinkError as error:
                notes.append(f"native key {each} was not given back: {error.sentence}")
        return tuple(notes)


def _word(stop: NativeStop) -> str:
    word = "confirmed" if stop.confirmed else "to be asked, not confirmed"
    return f"{word}; read {stop.read}: {stop.at_exchange}"
