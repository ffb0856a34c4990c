"""Freezing, unfreezing, winding down and revoking: always what is named and nothing wider.

A key has its own state. A service has a standing: frozen it is suspended, and its keys wind down by themselves; revoked
it is compromised, and all its keys are revoked in one act. An account has the states of a key: none of its keys can do
more than it, and their own states stay what they are; revoked, its keys are revoked and its credential is destroyed. A
venue stands for its accounts. What widens is done for a signed-in person alone.
"""

from collections.abc import Callable
from typing import final

import msgspec

from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.lives import Lives
from bailiwick.authority.parties import HELD, Parties, answer, check_seen, preview
from bailiwick.authority.show import account_state, account_values, key_values, service_values, venue_values
from bailiwick.authority.verbs import ActAnswer, Kind, Move, MoveParty, Values
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import MEANINGS, TRANSITIONS, Cause, KeyState, Mover, Standstill, moved, mover_of
from bailiwick.model.party import Account, Credential, Standing
from bailiwick.store.store import Store
from bailiwick.words import counted

KEY_STATES = {
    Move.FREEZE: KeyState.FROZEN,
    Move.UNFREEZE: KeyState.ACTIVE,
    Move.WIND_DOWN: KeyState.WINDING_DOWN,
    Move.REVOKE: KeyState.REVOKED,
}
STANDINGS = {
    Move.FREEZE: Standing.SUSPENDED,
    Move.UNFREEZE: Standing.TRUSTED,
    Move.WIND_DOWN: Standing.SUSPENDED,
    Move.REVOKE: Standing.COMPROMISED,
}
REVOCABLE = frozenset(state for state, targets in TRANSITIONS.items() if KeyState.REVOKED in targets)


@final
class Moves:
    """The authority over what may be done at all."""

    def __init__(self, store: Store, acts: Acts, parties: Parties, lives: Lives) -> None:
        self._store = store
        self._acts = acts
        self._parties = parties
        self._lives = lives

    async def move(self, question: MoveParty, actor: str) -> ActAnswer:
        """Do one of the four to what is named."""
        if question.to is Move.UNFREEZE and mover_of(actor) is not Mover.PERSON:
            raise LinkError(Code.REFUSED, f"unfreeze: only a signed-in person may, and {actor} is none")
        async with self._acts.turn():
            match question.kind:
                case Kind.KEY:
                    return await self._key(question, actor)
                case Kind.SERVICE:
                    return await self._service(question, actor)
                case Kind.ACCOUNT:
                    return await self._account(question, actor)
                case Kind.VENUE:
                    return await self._venue(question, actor)

    async def _key(self, question: MoveParty, actor: str) -> ActAnswer:
        key = self._store.keys.get(question.id)
        if question.account and question.account != key.account:
            # The same words as for a key that does not exist: who asks for another's learns nothing.
            raise LinkError(Code.NOT_FOUND, f"key {question.id}: there is none")
        to = KEY_STATES[question.to]
        old = key_values(key)
        check_seen(question.seen, old)
        if key.state is to:
            return preview(Kind.KEY, key.id, old, old, notes=(f"it is {to} already",), nothing=True)
        mover = mover_of(actor)
        try:
            moved(key.state, to, mover)
        except ValueError as error:
            raise LinkError(Code.CONFLICT, f"key {key.id}: {error}") from None
        still = self._lives.standstill(to, Cause.OWNER)
        new = key_values(msgspec.structs.replace(key, state=to, **msgspec.structs.asdict(still)))
        notes = (f"{to.value.replace('_', ' ')}: {MEANINGS[to]}",)
        if question.preview:
            return preview(Kind.KEY, key.id, old, new, notes=notes)
        act = Act(
            actor=actor,
            act=f"key.{question.to.value}",
            subject=key.id,
            before={"state": key.state.value},
            after={"state": to.value},
            reason=question.reason,
            keys=(key.id,),
            state=to,
        )
        _, done = await self._acts.perform(
            act, lambda: self._store.keys.move(key.id, to, account=key.account, still=still, mover=mover)
        )
        return answer(Kind.KEY, key.id, old, new, done, keys=(key.id,))

    async def _service(self, question: MoveParty, actor: str) -> ActAnswer:
        service = self._store.services.get(question.id)
        to = STANDINGS[question.to]
        after = msgspec.structs.replace(service, standing=to)
        old, new = service_values(service), service_values(after)
        check_seen(question.seen, old)
        keys = self._keys(service=service.id, revoking=question.to is Move.REVOKE)
        if question.to is not Move.REVOKE and service.standing is to:
            return preview(Kind.SERVICE, service.id, old, old, notes=(f"it is {to} already",), nothing=True)
        if to is Standing.SUSPENDED and service.standing is Standing.COMPROMISED:
            notes = ("it is compromised, which is more than suspended",)
            return preview(Kind.SERVICE, service.id, old, old, notes=notes, nothing=True)
        if question.preview:
            return preview(Kind.SERVICE, service.id, old, new, notes=(f"it concerns {counted(len(keys), 'key')}",))
        revoking = question.to is Move.REVOKE
        # A restored backup knows nothing of the standing, so the keys themselves must tell it then.
        thawing = question.to is Move.UNFREEZE
        act = Act(
            actor=actor,
            act=f"service.{question.to.value}",
            subject=service.id,
            before={"standing": service.standing.value},
            after={"standing": to.value},
            reason=question.reason,
            keys=() if thawing else keys,
            state=KeyState.REVOKED if revoking else None,
            restored=None if thawing else KeyState.REVOKED if revoking else KeyState.WINDING_DOWN,
        )

        gone = keys if revoking else ()

        def change() -> None:
            with self._store.writing() as connection:
                self._store.services.update_in(connection, after)
                self._store.keys.revoke_in(connection, gone)

        _, done = await self._acts.perform(act, change)
        return answer(Kind.SERVICE, service.id, old, new, done, keys=gone)

    async def _account(self, question: MoveParty, actor: str) -> ActAnswer:
        account = self._store.accounts.get(question.id)
        credential = self._parties.credential_of(account)
        old = account_values(account, credential)
        check_seen(question.seen, old)
        change, after, shown = await self._account_change(question, actor, account, credential)
        new = account_values(after, shown)
        keys = self._keys(account=account.id, revoking=True) if question.to is Move.REVOKE else ()
        if old == new and not keys:
            return preview(Kind.ACCOUNT, account.id, old, old, notes=(f"it is {old['state']} already",), nothing=True)
        if question.preview:
            to = KEY_STATES[question.to]
            notes = [f"{to.value.replace('_', ' ')}, of each of its keys: {MEANINGS[to]}"]
            notes += [f"it concerns {counted(len(keys), 'key')}"] if keys else []
            return preview(Kind.ACCOUNT, account.id, old, new, notes=tuple(notes))
        act = self._account_act(question, actor, account, old, new, keys)
        _, done = await self._acts.perform(act, change)
        return answer(Kind.ACCOUNT, account.id, old, new, done, keys=keys)

    async def _account_change(
        self, question: MoveParty, actor: str, account: Account, credential: Credential | None
    ) -> tuple[Callable[[], object], Account, Credential | None]:
        """The change of the store, and the account and its credential as they are after it."""
        state = account_state(account, credential)
        match question.to:
            case Move.UNFREEZE:
                if credential is None or state == "revoked":
                    raise LinkError(
                        Code.CONFLICT,
                        f"account {account.id}: it has no credential to use; give one with `bailiwick account rotate`",
                    )
                after = _moved(
                    msgspec.structs.replace(account, credential=credential.id), KeyState.ACTIVE, Standstill()
                )
                return (lambda: self._store.accounts.update(after)), after, credential
            case Move.FREEZE | Move.WIND_DOWN:
                to = KEY_STATES[question.to]
                if state == "revoked" or account.state is to:
                    return (lambda: None), account, credential
                try:
                    moved(account.state, to, mover_of(actor))
                except ValueError as error:
                    raise LinkError(Code.CONFLICT, f"account {account.id}: {error}") from None
                after = _moved(account, to, self._lives.standstill(to, Cause.ACCOUNT))
                return (lambda: self._store.accounts.update(after)), after, credential
            case Move.REVOKE:
                destroyed = credential
                if credential is not None and state != "revoked" and not question.preview:
                    destroyed = await self._parties.destroyed(credential)
                return self._revocation(account, destroyed)

    def _revocation(
        self, account: Account, destroyed: Credential | None
    ) -> tuple[Callable[[], object], Account, Credential | None]:
        after = msgspec.structs.replace(account, credential=None)

        keys = self._keys(account=account.id, revoking=True)

        def change() -> None:
            with self._store.writing() as connection:
                self._store.accounts.update_in(connection, after)
                self._store.keys.revoke_in(connection, keys)
                if destroyed is not None:
                    self._store.credentials.update_in(connection, destroyed)

        return change, after, destroyed

    def _account_act(
        self, question: MoveParty, actor: str, account: Account, old: Values, new: Values, keys: tuple[str, ...]
    ) -> Act:
        holding = question.to in {Move.FREEZE, Move.WIND_DOWN}
        concerned = self._keys(account=account.id, revoking=False) if holding else keys
        restored = KEY_STATES[question.to] if question.to is not Move.UNFREEZE else None
        return Act(
            actor=actor,
            act=f"account.{question.to.value}",
            subject=account.id,
            before={"state": old["state"]},
            after={"state_of_account": new["state"]},
            reason=question.reason,
            keys=concerned,
            state=KeyState.REVOKED if question.to is Move.REVOKE else None,
            restored=restored,
        )

    async def _venue(self, question: MoveParty, actor: str) -> ActAnswer:
        venue = self._store.venues.get(question.id)
        values = venue_values(venue)
        accounts = [account for account in self._store.accounts.list() if account.venue == venue.id]
        names = ", ".join(account.id for account in accounts) or "none"
        if question.preview:
            return preview(Kind.VENUE, venue.id, values, values, notes=(f"it concerns these accounts: {names}",))
        last = preview(Kind.VENUE, venue.id, values, values)
        keys: tuple[str, ...] = ()
        for account in accounts:
            each = msgspec.structs.replace(question, kind=Kind.ACCOUNT, id=account.id, seen="")
            state = account_state(account, self._parties.credential_of(account))
            if question.to is Move.UNFREEZE and state not in {"frozen", "winding_down"}:
                continue
            last = await self._account(each, actor)
            keys += last.keys
        notes = (f"it concerns these accounts: {names}",)
        return msgspec.structs.replace(
            last, kind=Kind.VENUE, id=venue.id, values=values, difference=(), keys=keys, notes=notes, seen=""
        )

    def _keys(self, *, account: str | None = None, service: str | None = None, revoking: bool) -> tuple[str, ...]:
        return self._store.keys.ids(REVOCABLE if revoking else HELD, account=account, service=service)


def _moved(account: Account, to: KeyState, still: Standstill) -> Account:
    return msgspec.structs.replace(account, state=to, cause=still.cause, since=still.since, until=still.until)
