"""Services: added, edited, and the keys that they hold handed from one to another."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, final

import msgspec
from msgspec import UNSET

from bailiwick.authority import bounds
from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.parties import HELD, absent, answer, check_seen, limits_of, preview, replaced
from bailiwick.authority.publishing import check_source, read
from bailiwick.authority.show import differences, key_values, service_values
from bailiwick.authority.verbs import ActAnswer, AddService, EditKey, EditService, Kind, Move, MoveParty, RotateKey
from bailiwick.journal.verify_holdings import HAND_OVER_VERB
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.life import Cause, Mover, mover_of
from bailiwick.model.party import KeyState, Service, Standing
from bailiwick.store.errors import ConflictError
from bailiwick.store.services import Publication
from bailiwick.store.store import Store

Read = Callable[[str], tuple[str, ...]]


@final
class Services:
    """The authority over third parties."""

    def __init__(self, store: Store, acts: Acts, clock: Callable[[], int], read: Read = read) -> None:
        self._store = store
        self._acts = acts
        self._clock = clock
        self._read = read

    async def add(self, question: AddService, actor: str) -> ActAnswer:
        """Add a third party that keys are handed to."""
        found = await self._published(question.id, question.networks_from)
        service = Service(
            question.id,
            question.name,
            question.contact,
            found[1] if found is not None else question.networks,
            limits_of(question.limits),
            fingerprints=question.fingerprints,
            net_buying_bps=question.net_buying_bps,
        )
        async with self._acts.turn():
            absent(self._store.services.get, Kind.SERVICE, service.id)
            values = service_values(service)
            if question.preview:
                return preview(Kind.SERVICE, service.id, {}, values)
            act = Act(actor=actor, act="service.add", subject=service.id, after=values, reason=question.reason)
            _, done = await self._acts.perform(act, lambda: self._write(None, service, found and found[0]))
        return answer(Kind.SERVICE, service.id, {}, values, done)

    async def edit(self, question: EditService, actor: str) -> ActAnswer:
        """Change what is said of a service. Its standing is changed by freezing, unfreezing and compromising."""
        source = question.networks_from
        if source is not UNSET and question.networks is not UNSET:
            raise LinkError(Code.REFUSED, "networks: name them, or where they are published; not both")
        found = None if source is UNSET else await self._published(question.id, source)
        async with self._acts.turn():
            before = self._store.services.get(question.id)
            after = replaced(
                before,
                name=question.name,
                contact=question.contact,
                networks=found[1] if found is not None else question.networks,
                limits=question.limits if question.limits is UNSET else limits_of(question.limits),
                fingerprints=question.fingerprints,
                net_buying_bps=question.net_buying_bps,
            )
            old, new = service_values(before), service_values(after)
            if source is not UNSET:
                known = self._store.holders.publication(before.id)
                old["networks_from"], new["networks_from"] = "" if known is None else known.source, source
            return await self._edited(question, actor, before, after, old, new, found and found[0])

    async def _edited(
        self,
        question: EditService,
        actor: str,
        before: Service,
        after: Service,
        old: dict[str, Any],
        new: dict[str, Any],
        found: Publication | None,
    ) -> ActAnswer:
        # As `Parties.edit` does it; but the mark of what was seen leaves out where the networks are published.
        check_seen(question.seen, service_values(before))
        if question.preview or old == new:
            shown = preview(Kind.SERVICE, before.id, old, new, nothing=old == new)
            return msgspec.structs.replace(
                shown, seen=preview(Kind.SERVICE, before.id, service_values(before), new).seen
            )
        narrowed = (before.limits, before.networks) != (after.limits, after.networks)
        changed = [each.field for each in differences(old, new)]
        act = Act(
            actor=actor,
            act="service.edit",
            subject=before.id,
            before={name: old[name] for name in changed},
            after={name: new[name] for name in changed},
            reason=question.reason,
            keys=self._store.keys.ids(HELD, service=before.id) if narrowed else (),
            restored=KeyState.FROZEN if narrowed else None,
        )
        forget = question.networks is not UNSET or question.networks_from == ""
        _, done = await self._acts.perform(act, lambda: self._write(before, after, found, forget=forget))
        return answer(Kind.SERVICE, before.id, old, new, done)

    def _write(
        self, before: Service | None, after: Service, found: Publication | None, *, forget: bool = False
    ) -> None:
        if before is None and found is None:
            self._store.services.add(after)
        elif before is not None and found is None and not forget:
            self._store.services.update(after, was=before)
        else:
            self._write_both(before, after, found)

    def _write_both(self, before: Service | None, after: Service, found: Publication | None) -> None:
        """A service, and where it publishes its networks."""
        with self._store.writing() as connection:
            if before is None:
                self._store.services.add_in(connection, after)
            elif self._store.services.get_in(connection, before.id) != before:
                raise ConflictError(f"service {before.id}: somebody changed it meanwhile; look at it again")
            else:
                self._store.services.update_in(connection, after)
                self._store.holders.changed_in(connection, after.id)
            self._store.holders.publish_in(connection, found, after.id)

    async def _published(self, service: str, source: str) -> tuple[Publication, tuple[str, ...]] | None:
        """What a service publishes at a place that a person names: it is taken as it is."""
        if not source:
            return None
        check_source(source)
        networks = await asyncio.to_thread(self._read, source)
        return Publication(service=service, source=source, read_at=self._clock()), networks

    # Keys and the services that hold them

    async def edit_key(self, question: EditKey, actor: str, edit: Callable[..., Awaitable[ActAnswer]]) -> ActAnswer:
        """Edit a key, or hand it to another service."""
        if question.service is UNSET:
            return await edit(question, actor)
        if question.grant is not UNSET or question.name is not UNSET:
            raise LinkError(Code.REFUSED, "service: hand the key over first, and edit it then: one act says one thing")
        return await self._hand_over(question, question.service, actor)

    async def _hand_over(self, question: EditKey, to: str, actor: str) -> ActAnswer:
        if mover_of(actor) is not Mover.PERSON:
            raise LinkError(Code.REFUSED, "actor: only a signed-in person hands a key to another service")
        async with self._acts.turn():
            key = self._store.keys.get(question.id)
            old = key_values(key)
            new = {**old, "service": to}
            check_seen(question.seen, old)
            if key.service == to:
                return preview(Kind.KEY, key.id, old, old, notes=(f"{to} holds it already",), nothing=True)
            if key.state in {KeyState.REVOKED, KeyState.EXPIRED}:
                raise LinkError(Code.CONFLICT, f"key {key.id}: it is {key.state}; issue another key")
            for each in (self._store.services.get(key.service), self._store.services.get(to)):
                if each.standing is not Standing.TRUSTED:
                    raise LinkError(
                        Code.CONFLICT, f"service {each.id}: it is {each.standing}; its keys do not change hands"
                    )
            bounds.effective(
                grant_from_toml(key.grant), self._store.accounts.get(key.account), self._store.services.get(to)
            )
            notes = (
                f"{key.service} still knows its secret: rotate it, or an act against {key.service} stops this key too",
            )
            if question.preview:
                return preview(Kind.KEY, key.id, old, new, notes=notes)
            act = Act(
                actor=actor,
                act=HAND_OVER_VERB,
                subject=key.id,
                before={"service": key.service},
                after={"service": to},
                reason=question.reason,
                keys=(key.id,),
                restored=KeyState.FROZEN,  # a backup from before knows it as the other service's
            )
            _, done = await self._acts.perform(act, lambda: self._handed_over(key.id, to))
        return answer(Kind.KEY, key.id, old, new, done, notes=notes)

    def _handed_over(self, key: str, to: str) -> None:
        with self._store.writing() as connection:
            self._store.holders.hand_over_in(connection, key, to)

    async def rotate_key(
        self, question: RotateKey, actor: str, rotate: Callable[..., Awaitable[ActAnswer]]
    ) -> ActAnswer:
        """Rotate a key, unless its service is compromised: the new secret would be in the same hands."""
        service = self._store.services.get(self._store.keys.get(question.id).service)
        if service.standing is Standing.COMPROMISED:
            raise LinkError(
                Code.CONFLICT,
                f"service {service.id}: it is compromised, and gets no new secret; issue a key to another service",
            )
        done = await rotate(question, actor)
        after = self._store.keys.get(question.id)
        if done.position >= 0 and after.previous_until is None:
            await asyncio.to_thread(self._store.holders.rotated, question.id, self._clock())
        return done

    async def move(self, question: MoveParty, actor: str, move: Callable[..., Awaitable[ActAnswer]]) -> ActAnswer:
        """Move a party, but not past the act against a service: that is undone by ``restore`` alone."""
        if question.to is Move.UNFREEZE and question.kind in {Kind.KEY, Kind.SERVICE}:
            found = self._stopped_for(question)
            if found is not None:
                what = "--all" if question.kind is Kind.SERVICE else f"--key {question.id}"
                raise LinkError(
                    Code.CONFLICT,
                    f"service {found}: it is compromised; `bailiwick service restore {found} {what}` undoes "
                    "that, with a reason",
                )
        return await move(question, actor)

    def _stopped_for(self, question: MoveParty) -> str | None:
        """The service whose compromise holds this service or key back; of a key also one that had it before."""
        if question.kind is Kind.SERVICE:
            return question.id if self._store.services.get(question.id).reaction is not None else None
        key = self._store.keys.get(question.id)
        if key.id in self._store.holders.restored():
            return None
        if self._store.services.get(key.service).reaction is not None:
            return key.service
        return self._store.holders.stopped_by(key.id) if key.cause is Cause.STANDING else None
