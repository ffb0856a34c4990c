"""A person suspects a key: it winds down slowly, outside of the symbols in question, and its owner is told.

*Not me* is an owner's word about orders, with an incident and disputed trades. This is the word of whoever watches: it
needs a reason, may name symbols, and disputes nothing.
"""

from collections.abc import Sequence
from typing import final

import msgspec

from bailiwick.authority.acts import Acts, Asks
from bailiwick.authority.keys import check_symbols
from bailiwick.authority.lives import Lives
from bailiwick.authority.notices import Notices
from bailiwick.authority.parties import answer, check_seen, preview
from bailiwick.authority.show import key_values
from bailiwick.authority.verbs import ActAnswer, Kind, SuspectKey
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import MEANINGS, Cause, KeyState, Life, Mover, mover_of, stricter
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.party import Key
from bailiwick.store.store import Store

_OPEN = frozenset({KeyState.ACTIVE, KeyState.WINDING_DOWN})
_WINDING_DOWN = KeyState.WINDING_DOWN
MEANING = (
    "it sells at most a quarter of a position an hour, near the anchor price and never at the market; "
    + MEANINGS[_WINDING_DOWN]
)


@final
class Suspicions:
    """The authority over what is suspected."""

    def __init__(self, store: Store, acts: Acts, lives: Lives, gateway: Asks, notices: Notices) -> None:
        self._store = store
        self._acts = acts
        self._lives = lives
        self._gateway = gateway
        self._notices = notices

    async def suspect(self, question: SuspectKey, actor: str) -> ActAnswer:
        """Wind a key down as a suspect one; of one that winds down already, narrow it.

        Raises:
            LinkError: if the act was not done: no person asked for it, or without a reason; the key is where this would
                widen it, or over; or its venue has no such symbol.
        """
        if mover_of(actor) is not Mover.PERSON:
            raise LinkError(Code.REFUSED, f"suspect: only a signed-in person may, and {actor} is none")
        if not question.reason.strip():
            raise LinkError(Code.REFUSED, "reason: say why the key is suspected; its owner reads it")
        async with self._acts.turn():
            key = self._store.keys.get(question.id)
            old = key_values(key)
            check_seen(question.seen, old)
            if key.state not in _OPEN:
                raise LinkError(Code.CONFLICT, f"key {key.id}: it is {key.state}, and does less than a suspect key")
            loaded = await check_symbols(self._gateway, self._store, question.symbols, key.account)
            new = key_values(self._suspect(key, question.symbols))
            notes = (f"winding down, and suspect: {MEANING}", *loaded)
            if old == new:
                return preview(Kind.KEY, key.id, old, old, notes=("it is suspect already",), nothing=True)
            if question.preview:
                return preview(Kind.KEY, key.id, old, new, notes=notes)
            moved = await self._lives.move(
                [key.id],
                _WINDING_DOWN,
                cause=Cause.SUSPICION,
                actor=actor,
                reason=question.reason,
                suspected=question.symbols,
                act="key.suspect",
                in_turn=True,
            )
        if moved.done is None:
            return preview(Kind.KEY, key.id, old, old, notes=("it is suspect already",), nothing=True)
        self._tell(key, question)
        values = key_values(self._store.keys.get(key.id))
        return answer(Kind.KEY, key.id, old, values, moved.done, keys=moved.keys, notes=notes)

    def _suspect(self, key: Key, symbols: Sequence[str]) -> Key:
        """The key as the act would leave it."""
        life = Life(_WINDING_DOWN, self._lives.standstill(_WINDING_DOWN, Cause.SUSPICION, symbols))
        if key.state is _WINDING_DOWN:
            life = stricter(Life(key.state, key.still), life)
        return msgspec.structs.replace(key, state=life.state, **msgspec.structs.asdict(life.still))

    def _tell(self, key: Key, question: SuspectKey) -> None:
        named = f" In {', '.join(question.symbols)} it does nothing at all." if question.symbols else ""
        self._notices.tell(
            self._store.accounts.get(key.account).owner,
            Notice(
                kind="suspected",
                title="A key winds down: it is suspected of abuse",
                text=f"Why: {question.reason}. It opens nothing, and sells what it bought slowly.{named} Stops that "
                "protect a position stay. If its trades are yours, `bailiwick key unfreeze` gives it back; if not, "
                "`bailiwick key not-me` disputes them.",
                urgency=Urgency.STOP,
                key=key.id,
                account=key.account,
                matter=",".join(sorted(question.symbols)),
            ),
        )
