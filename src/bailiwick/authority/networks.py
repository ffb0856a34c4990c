"""The networks of services: read where they publish them, narrowed by themselves, widened by a person alone."""

import asyncio
from collections.abc import Callable
from typing import final

import msgspec

from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.parties import check_seen
from bailiwick.authority.publishing import PublishingError, joined, meeting, read
from bailiwick.authority.service_verbs import NetworksAnswer, ServiceNetworks
from bailiwick.authority.show import moment, service_values
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import Mover, mover_of
from bailiwick.model.party import KeyState, Service
from bailiwick.store.services import Publication
from bailiwick.store.store import Store
from bailiwick.words import counted

ROUND_ACTOR = "rule:networks"
EVERY_MS = 3_600_000  # how often a list is read again
LOOK_EVERY_S = 300.0

Read = Callable[[str], tuple[str, ...]]
_HELD = (KeyState.ACTIVE, KeyState.WINDING_DOWN, KeyState.PENDING, KeyState.FROZEN)


@final
class Networks:
    """The authority over where services are."""

    def __init__(self, store: Store, acts: Acts, clock: Callable[[], int], read: Read = read) -> None:
        self._store = store
        self._acts = acts
        self._clock = clock
        self._read = read

    async def look(self, question: ServiceNetworks, actor: str) -> NetworksAnswer:
        """Show a service's networks; read them again, or accept what was added, where that is asked."""
        service = self._store.services.get(question.id)
        check_seen(question.seen, service_values(service))
        if question.refresh:
            await self.refresh(service.id, actor)
        if question.accept:
            return await self._accept(question, actor)
        return self.shown(self._store.services.get(question.id))

    def shown(self, service: Service) -> NetworksAnswer:
        """What is known of a service's networks, with its age."""
        found = self._store.holders.publication(service.id)
        if found is None:
            return NetworksAnswer(service=service.id, networks=service.networks)
        age = None if found.read_at is None else max(0, self._clock() - found.read_at) // 1000
        notes: list[str] = []
        if found.offered:
            notes.append(
                f"{len(found.offered)} added networks wait: `bailiwick service networks {service.id} --accept`"
            )
        if found.failure:
            notes.append(f"the last reading, {moment(found.failed_at)}, failed: {found.failure}")
        return NetworksAnswer(
            service=service.id,
            networks=service.networks,
            source=found.source,
            read_at=moment(found.read_at),
            age_s=age,
            offered=found.offered,
            failure=found.failure,
            notes=tuple(notes),
        )

    async def refresh_due(self) -> None:
        """Read again every list that is old. For a round."""
        for found in self._store.holders.publications():
            tried = max(found.read_at or 0, found.failed_at or 0)
            if self._clock() - tried >= EVERY_MS:
                await self.refresh(found.service, ROUND_ACTOR)

    async def refresh(self, service_id: str, actor: str) -> None:
        """Read a service's list again. What it no longer has is taken away; what it has added waits for a person.

        Raises:
            LinkError: if the service publishes nowhere.
        """
        found = self._store.holders.publication(service_id)
        if found is None:
            raise LinkError(
                Code.CONFLICT,
                f"service {service_id}: nobody said where it publishes its networks; "
                f"`bailiwick service edit {service_id} --networks-from`",
            )
        try:
            listed = await asyncio.to_thread(self._read, found.source)
        except PublishingError as error:
            self._failed(found, str(error))
            return
        async with self._acts.turn():
            await self._take(service_id, found.source, listed, actor)

    async def _take(self, service_id: str, source: str, listed: tuple[str, ...], actor: str) -> None:
        service = self._store.services.get(service_id)
        found = self._store.holders.publication(service_id)
        if found is None or found.source != source:
            return  # somebody named another place meanwhile
        now = self._clock()
        kept, offered = meeting(service.networks, listed)
        if service.networks and not kept:
            # No network at all would mean any: a list that shares nothing with what is in force changes nothing.
            self._failed(found, "the list has none of the networks in force; look at it, and name them anew")
            return
        fresh = msgspec.structs.replace(
            found, read_at=now, offered=offered if service.networks else listed, failed_at=None, failure=""
        )
        removed = tuple(each for each in service.networks if each not in kept)
        if not removed:
            self._store.holders.publish(fresh)
            return
        after = msgspec.structs.replace(service, networks=kept)
        act = Act(
            actor=actor,
            act="service.networks",
            subject=service.id,
            before={"networks": list(service.networks)},
            after={"networks": list(kept), "source": source},
            reason=f"no longer published: {counted(len(removed), 'network')}",
        )
        await self._acts.perform(act, lambda: self._change(after, fresh))

    async def _accept(self, question: ServiceNetworks, actor: str) -> NetworksAnswer:
        """Take in what the list has added: a person's act."""
        if mover_of(actor) is not Mover.PERSON:
            raise LinkError(Code.REFUSED, "actor: only a signed-in person adds a network")
        async with self._acts.turn():
            service = self._store.services.get(question.id)
            found = self._store.holders.publication(service.id)
            if found is None or not found.offered:
                raise LinkError(Code.CONFLICT, f"service {service.id}: no added network waits; read it with --refresh")
            after = msgspec.structs.replace(service, networks=joined(service.networks, found.offered))
            if question.preview:
                return msgspec.structs.replace(self.shown(after), offered=found.offered)
            act = Act(
                actor=actor,
                act="service.networks.accept",
                subject=service.id,
                before={"networks": list(service.networks)},
                after={"networks": list(after.networks), "source": found.source},
                reason=question.reason,
                keys=self._store.keys.ids(_HELD, service=service.id),
                restored=KeyState.FROZEN,
            )
            fresh = msgspec.structs.replace(found, offered=())
            _, done = await self._acts.perform(act, lambda: self._change(after, fresh))
        return msgspec.structs.replace(self.shown(after), position=done.position)

    def _change(self, service: Service, found: Publication) -> None:
        with self._store.writing() as connection:
            self._store.services.update_in(connection, service)
            self._store.holders.publish_in(connection, found, service.id)

    def _failed(self, found: Publication, why: str) -> None:
        self._store.holders.publish(msgspec.structs.replace(found, failed_at=self._clock(), failure=why[:500]))
