"""The one way in which a key's state changes: with its cause, by an actor, for a reason, in the journal first.

Rules, sweeps, leaks, canaries and holds come here with an actor such as ``rule:idle``. What widens is refused to all of
them: only a signed-in person unfreezes or restores.
"""

from collections.abc import Callable, Sequence
from typing import final

import msgspec

from bailiwick import config
from bailiwick.authority.acts import Act, Acts, Done
from bailiwick.model.life import REMOVING, Cause, KeyState, Life, Mover, Standstill, moved, mover_of
from bailiwick.store.store import Store

DAY_MS = 86_400_000
HELD = (KeyState.ACTIVE, KeyState.WINDING_DOWN, KeyState.PENDING, KeyState.FROZEN)


class Terms(msgspec.Struct, frozen=True):
    """How long a key winds down before it is frozen, and how long one that is being removed stays frozen, in ms."""

    wind_down: int = 7 * DAY_MS
    suspect_wind_down: int = DAY_MS
    removal: int = 7 * DAY_MS

    @classmethod
    def of(cls, lives: config.Lives) -> "Terms":
        """As configured."""
        return cls(lives.wind_down_days * DAY_MS, lives.suspect_wind_down_hours * 3_600_000, lives.frozen_days * DAY_MS)


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that an act moved, and where it stands; ``done`` is None where there was nothing to move."""

    keys: tuple[str, ...]
    done: Done | None


@final
class Lives:
    """The authority over the states of keys."""

    def __init__(self, store: Store, acts: Acts, clock: Callable[[], int], terms: Terms | None = None) -> None:
        self._store = store
        self._acts = acts
        self._clock = clock
        self.terms = terms or Terms()

    def standstill(
        self, to: KeyState, cause: Cause, suspected: Sequence[str] = (), *, stays: bool = False
    ) -> Standstill:
        """What is known of a key that comes to a state now. ``stays``: a freeze is not followed by a removal."""
        now = self._clock()
        if to is KeyState.ACTIVE:
            return Standstill(since=now)
        until = None
        if to is KeyState.WINDING_DOWN:
            suspect = Standstill(cause).suspect
            until = now + (self.terms.suspect_wind_down if suspect else self.terms.wind_down)
        elif to is KeyState.FROZEN and cause in REMOVING and not stays:
            until = now + self.terms.removal
        return Standstill(cause, tuple(sorted(set(suspected))), now, until)

    async def move(
        self,
        keys: Sequence[str],
        to: KeyState,
        *,
        cause: Cause,
        actor: str,
        reason: str,
        suspected: Sequence[str] = (),
        act: str = "",
        subject: str = "",
        stays: bool = False,
        in_turn: bool = False,
    ) -> Moved:
        """Move keys in one act, in a turn of its own or, ``in_turn``, within the caller's.

        A key that cannot take the step is passed over: it is revoked, or stands where the step would widen it and the
        actor is no person. A key that winds down already is narrowed where the new cause is stricter.

        Args:
            keys: which.
            to: the state that they come to.
            cause: why; ``rules.winding`` makes of it what a key that winds down may still do.
            actor: who, as the journal names them.
            reason: a sentence for the journal and the owner.
            suspected: symbols in which a suspect key may do nothing.
            act: the name of the act in the journal; without one ``key.`` and the state.
            subject: whom the act is about; without one the key, or ``keys`` where there are several.
            stays: whether a freeze lasts, where the cause would otherwise let a removal follow.
            in_turn: whether the caller holds the turn of ``Acts`` already.

        Raises:
            LinkError: if the act was not done.
        """
        life = Life(to, self.standstill(to, cause, suspected, stays=stays))
        journalled = Act(
            actor=actor,
            act=act or f"key.{to.value.replace('_', '-')}",
            subject=subject,
            after={"cause": cause.value, "suspected": list(life.still.suspected), "until": life.still.until},
            reason=reason,
            state=to,
        )
        if in_turn:
            return await self._move(keys, life, journalled)
        async with self._acts.turn():
            return await self._move(keys, life, journalled)

    async def _move(self, keys: Sequence[str], life: Life, act: Act) -> Moved:
        mover = mover_of(act.actor)
        going = self._store.keys.movable(keys, life, mover)
        if not going:
            return Moved(keys=(), done=None)
        subject = act.subject or (going[0] if len(going) == 1 else "keys")
        act = msgspec.structs.replace(act, subject=subject, touches=(going[0],), keys=going)
        gone, done = await self._acts.perform(act, lambda: self._moved(going, life, mover))
        return Moved(keys=gone, done=done)

    async def freeze_account(self, account_id: str, *, actor: str, reason: str) -> None:
        """Freeze an account that winds down: its keys read, and a person can undo it.

        Raises:
            LinkError: if the act was not done.
        """
        async with self._acts.turn():
            before = self._store.accounts.get(account_id)
            moved(before.state, KeyState.FROZEN, mover_of(actor))
            after = msgspec.structs.replace(before, state=KeyState.FROZEN, since=self._clock(), until=None)
            act = Act(
                actor=actor,
                act="account.freeze",
                subject=account_id,
                before={"state": before.state.value},
                after={"state_of_account": KeyState.FROZEN.value},
                reason=reason,
                keys=self._store.keys.ids(HELD, account=account_id),
                restored=KeyState.FROZEN,
            )
            await self._acts.perform(act, lambda: self._store.accounts.update(after, was=before))

    def _moved(self, keys: Sequence[str], life: Life, mover: Mover) -> tuple[str, ...]:
        with self._store.writing() as connection:
            return self._store.keys.move_in(connection, keys, life, mover)
