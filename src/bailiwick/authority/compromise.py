"""The act against a compromised service, and its undoing. ``docs/adr/0014-services.md`` says why it is as it is.

1. The act is in the journal.
2. The service's row changes: every key of it is held back by that alone, as soon as the gateway has read one row.
3. Which keys ever belonged to the service, what becomes of each, and the position from which it holds are in the
   journal, too.
4. The rows of the keys follow, and the owners are told; what is interrupted is taken up by ``finish``.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, final

import msgspec

from bailiwick.authority.acts import Act, Acts, Asks
from bailiwick.authority.lives import Lives
from bailiwick.authority.nativestops import NativeStops
from bailiwick.authority.parties import check_seen
from bailiwick.authority.service_verbs import (
    MOST_HELD,
    CompromiseAnswer,
    CompromiseService,
    HeldAnswer,
    HeldKey,
    ListHeld,
    RestoreAnswer,
    RestoreService,
    Sum,
)
from bailiwick.authority.show import digest, moment, service_values
from bailiwick.journal.verify_act import FORCE_VERB, KEYS_VERB, RESTORE_VERB, VERB, sum_of
from bailiwick.link.questions import Wake
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import (
    BREADTH,
    RESPONSE_STATES,
    STOPPING,
    Cause,
    KeyState,
    Life,
    Mover,
    Response,
    Standstill,
    mover_of,
)
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.party import Service, Standing
from bailiwick.store.services import EVERYONE, Compromise, Held
from bailiwick.store.store import Store

REACTIONS = {"wind-down": KeyState.WINDING_DOWN, "freeze": KeyState.FROZEN}
NAMED_KEYS = 500  # that many are told to the gateway by name; more by their service
OWNERS_AT_ONCE = 200
FOLLOWER = "rule:compromise"
_ANSWERED = 1_000  # ids in the answer of a restore
_STOPPABLE = (KeyState.PENDING, KeyState.ACTIVE, KeyState.WINDING_DOWN, KeyState.FROZEN)

Tell = Callable[[str, Notice], object]


class Plan(NamedTuple):
    """What an act does to each key that ever belonged to a service. Ids stand in order."""

    moves: dict[KeyState, list[str]]  # what comes to which state
    after: dict[KeyState, list[str]]  # every key, by its state then
    left: list[str]  # those that another service holds by now
    spared: list[str]  # of these, those with another secret since

    @property
    def ever(self) -> list[str]:
        """Every key."""
        return sorted(key for keys in self.after.values() for key in keys)


@final
class Compromises:
    """The authority over compromised services."""

    def __init__(
        self,
        store: Store,
        acts: Acts,
        gateway: Asks,
        lives: Lives,
        clock: Callable[[], int],
        tell: Tell,
        natives: NativeStops,
    ) -> None:
        self._store = store
        self._acts = acts
        self._gateway = gateway
        self._lives = lives
        self._clock = clock
        self._tell = tell
        self._natives = natives

    # The act

    async def compromise(self, question: CompromiseService, actor: str) -> CompromiseAnswer:
        """Stop every key that a service ever had, in one act."""
        to = REACTIONS.get(question.to)
        if to is None:
            raise LinkError(Code.REFUSED, f"to: {question.to[:40]!r}; choose wind-down or freeze")
        _check_person(actor, "stops a whole service")
        _check_reason(question.reason, preview=question.preview)
        async with self._acts.turn():
            service = self._store.services.get(question.id)
            check_seen(question.seen, service_values(service))
            if question.preview:
                plan = await asyncio.to_thread(self._plan, service.id, to, self._store.holders.left(service.id))
                answer = self._answer(service.id, question.to, plan)
                stops = self._natives.stops(service.id)
                return msgspec.structs.replace(answer, natives=stops, seen=digest(service_values(service)))
            answer = await self._act(service, to, question, actor)
        # Behind the act, since an exchange may be slow: what is not read back by then is said to be asked alone.
        return msgspec.structs.replace(answer, natives=await self._natives.follow(service.id))

    async def _act(self, service: Service, to: KeyState, question: CompromiseService, actor: str) -> CompromiseAnswer:
        act_id = secrets.token_hex(8)
        act = Act(
            actor=actor,
            act=VERB,
            subject=service.id,
            before={"standing": service.standing.value},
            after={"service": service.id, "id": act_id, "standing": Standing.COMPROMISED.value, "to": to.value},
            reason=question.reason,
        )
        found = Compromise(
            service=service.id, act=act_id, at=self._clock(), position=-1, in_force=None, reason=question.reason,
            told="", followed=None,
        )  # fmt: skip
        left = self._store.holders.left(service.id)
        _, done = await self._acts.perform(act, lambda: self._change(service, to, left, found))
        found = msgspec.structs.replace(found, position=done.position)
        await asyncio.to_thread(self._store.holders.note, act_id, position=done.position)
        woken = await self._woken(done.change)
        plan = await asyncio.to_thread(self._plan, service.id, to, left)
        answer = self._answer(service.id, question.to, plan)
        await self._record(found, actor, plan, answer)
        answer = msgspec.structs.replace(answer, act=act_id, position=done.position, change=done.change)
        return await self._confirmed(answer, actor, woken)

    def _plan(self, service: str, to: KeyState, left: Sequence[Held], *, again: bool = False) -> Plan:
        return planned(self._store.holders.own(service), left, to, again=again)

    def _change(self, service: Service, to: KeyState, left: Sequence[Held], found: Compromise) -> None:
        """What stops the keys: one row of the service, and those of keys that another holds by now."""
        holders = self._store.holders
        plan = planned({}, left, to)
        with self._store.writing() as connection:
            holders.forget_restored_in(connection, service.id)
            self._store.native.hold_back_in(connection, service.id)
            holders.compromised_in(connection, found)
            after = msgspec.structs.replace(service, standing=Standing.COMPROMISED, reaction=to)
            self._store.services.update_in(connection, after)
            holders.changed_in(connection, service.id)  # also where the row stands as before: keys were restored since
            for state, keys in plan.moves.items():
                self._store.keys.move_in(connection, keys, Life(state, self._still(state)), Mover.PERSON)

    async def _record(self, found: Compromise, actor: str, plan: Plan, answer: CompromiseAnswer) -> None:
        """Record which keys it stops, and what that makes of all that ever were the service's."""
        sums = {"ever": msgspec.to_builtins(answer.ever), "states": msgspec.to_builtins(answer.states)}
        sums |= self._natives.recorded(found.service)
        act = Act(
            actor=actor,
            act=KEYS_VERB,
            subject=found.service,
            after={"service": found.service, "id": found.act, "act": found.position, **sums},
            reason=found.reason,
        )
        for state, keys in plan.moves.items():
            await self._acts.note(msgspec.structs.replace(act, keys=tuple(keys), state=state))
        if not plan.moves:
            await self._acts.note(act)

    def _still(self, state: KeyState) -> Standstill:
        return self._lives.standstill(state, Cause.STANDING)

    async def _woken(self, change: int) -> int:
        """The position from which it holds; -1 where the gateway does not say so."""
        try:
            woken = await self._gateway.ask(Wake())
        except LinkError:
            return -1
        return woken.position if woken.change >= change else -1

    async def _confirmed(self, answer: CompromiseAnswer, actor: str, from_: int) -> CompromiseAnswer:
        """Record from where it holds."""
        if from_ < 0:
            note = (
                "the gateway has not confirmed it yet; it reads changes by itself within a second. Do it again, so "
                "that the position from which nothing opened is recorded"
            )
            return msgspec.structs.replace(answer, notes=(*answer.notes, note))
        after = {"service": answer.service, "id": answer.act, "act": answer.position, "from": from_}
        await self._acts.note(Act(actor=actor, act=FORCE_VERB, subject=answer.service, after=after))
        await asyncio.to_thread(self._store.holders.note, answer.act, in_force=from_)
        return msgspec.structs.replace(answer, in_force=from_)

    async def _follow(self, service: str) -> None:
        """Let the rows of the keys say what their service's standing has made of them already."""
        row = self._store.services.get(service)
        found = self._store.holders.compromise(service)
        if row.reaction is None or found is None or found.followed is not None:
            return
        reaction = row.reaction
        if found.in_force is None:
            # Perhaps it was interrupted before it named its keys, which a restore of a backup must know.
            left = self._store.holders.left(service)
            plan = await asyncio.to_thread(lambda: self._plan(service, reaction, left, again=True))
            await self._record(found, FOLLOWER, plan, self._answer(service, reaction.value, plan))
        lives = following(reaction, self._still)

        def change() -> None:
            with self._store.writing() as connection:
                self._store.holders.follow_in(connection, service, lives)

        await asyncio.to_thread(change)
        await asyncio.to_thread(self._store.holders.note, found.act, followed=self._clock())

    def _answer(self, service: str, to: str, plan: Plan) -> CompromiseAnswer:
        owners = self._store.holders.owners(service)
        return CompromiseAnswer(
            service=service,
            to=to,
            ever=_sum(plan.ever),
            states={state.value: _sum(keys) for state, keys in sorted(plan.after.items())},
            left=tuple(plan.left[:_ANSWERED]),
            spared=tuple(plan.spared[:_ANSWERED]),
            accounts=sum(map(len, owners.values())),
            owners=len(owners),
        )

    # Its undoing

    async def restore(self, question: RestoreService, actor: str) -> RestoreAnswer:
        """Give keys back that the act has stopped; native ones at their exchange, after the act."""
        answer = await self._restore(question, actor)
        if question.preview:
            return answer
        kept = not question.everything
        notes = await self._natives.give_back(answer.natives, actor, question.reason, kept=kept)
        return msgspec.structs.replace(answer, notes=(*answer.notes, *notes))

    async def _restore(self, question: RestoreService, actor: str) -> RestoreAnswer:
        _check_person(actor, "gives keys back")
        _check_reason(question.reason, preview=question.preview)
        if question.everything == bool(question.keys):
            raise LinkError(Code.REFUSED, "keys: name each with --key, or say --all; one of the two")
        async with self._acts.turn():
            service = self._store.services.get(question.id)
            check_seen(question.seen, service_values(service))
            if service.reaction is None:
                raise LinkError(
                    Code.CONFLICT,
                    f"service {service.id}: no act stopped its keys; `bailiwick service unfreeze` lifts a suspension",
                )
            await self._follow(service.id)
            held = {each.key: each for each in await asyncio.to_thread(self._store.holders.held, service.id)}
            everything = question.everything
            natives, unmoved = self._natives.restorable(service.id, question.keys, everything=everything)
            gateway = [key for key in question.keys if key not in {*natives, *unmoved}]
            keys, passed = self._restorable(msgspec.structs.replace(question, keys=tuple(gateway)), service.id, held)
            passed |= unmoved
            standing = Standing.TRUSTED if question.everything else service.standing
            answer = RestoreAnswer(
                service=service.id, standing=standing.value, keys=tuple(keys[:_ANSWERED]), count=len(keys),
                passed_over=passed, natives=tuple(natives),
            )  # fmt: skip
            if question.preview:
                return msgspec.structs.replace(answer, seen=digest(service_values(service)))
            if not keys and not natives and not everything:
                raise LinkError(Code.CONFLICT, "; ".join(f"{key}: {why}" for key, why in passed.items()))
            act = Act(
                actor=actor,
                act=RESTORE_VERB,
                subject=service.id,
                before={"standing": service.standing.value},
                after={"service": service.id, "standing": standing.value} | ({"natives": natives} if natives else {}),
                reason=question.reason,
                keys=tuple(keys),
                state=KeyState.ACTIVE,
            )
            _, done = await self._acts.perform(
                act, lambda: self._restored(service, keys, everything=question.everything)
            )
        return msgspec.structs.replace(answer, position=done.position, change=done.change, in_force=done.in_force)

    def _restorable(
        self, question: RestoreService, service: str, held: dict[str, Held]
    ) -> tuple[list[str], dict[str, str]]:
        """Which keys can be given back, and why others cannot: only this act is undone, and no other."""
        wanted = list(held) if question.everything else list(dict.fromkeys(question.keys))
        stopped = self._store.holders.stopped(service)
        keys: list[str] = []
        passed: dict[str, str] = {}
        for key in wanted:
            each = held.get(key)
            if each is None:
                passed[key] = f"it never belonged to {service}"
            elif key in stopped:
                keys.append(key)
            elif not question.everything:
                passed[key] = f"it is {each.state}, and not because of its service"
        return keys, passed

    def _restored(self, service: Service, keys: Sequence[str], *, everything: bool) -> None:
        with self._store.writing() as connection:
            holders = self._store.holders
            holders.reopen_in(connection, keys, self._clock(), named=len(keys) <= NAMED_KEYS)
            if everything:
                holders.forget_restored_in(connection, service.id)
                self._store.native.hold_back_in(connection, service.id)  # no mark is needed where it is trusted
                after = msgspec.structs.replace(service, standing=Standing.TRUSTED, reaction=None)
                self._store.services.update_in(connection, after)
            else:
                holders.restore_in(connection, service.id, keys)

    # What follows

    async def finish(self) -> None:
        """Take up what an act still has to do: rows that follow, owners to be told. For a round."""
        for found in self._store.holders.unfinished():
            if found.followed is None:
                async with self._acts.turn():
                    await self._follow(found.service)
            if found.told != EVERYONE:
                await self._tell_owners(found)

    async def _tell_owners(self, found: Compromise) -> None:
        """Tell every owner, some at a time; where it was interrupted, it goes on with the next."""
        service = self._store.services.get(found.service)
        owners = await asyncio.to_thread(self._store.holders.owners, found.service)
        past = {each.account for each in self._natives.stops(found.service)}
        waiting = sorted(owner for owner in owners if owner > found.told)
        for owner in waiting[:OWNERS_AT_ONCE]:
            notice = told(service, found, owners[owner], native=not past.isdisjoint(owners[owner]))
            await asyncio.to_thread(self._tell, owner, notice)
            await asyncio.to_thread(self._store.holders.note, found.act, told=owner)
        if len(waiting) <= OWNERS_AT_ONCE:
            await asyncio.to_thread(self._store.holders.note, found.act, told=EVERYONE)

    async def held(self, question: ListHeld, actor: str) -> HeldAnswer:
        """Every key that ever belonged to a service, a page at a time."""
        if not 1 <= question.limit <= MOST_HELD:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_HELD}")
        self._store.services.get(question.id)
        page = question.limit + 1
        later = await asyncio.to_thread(self._store.holders.held_after, question.id, question.after, page)
        restored = self._store.holders.restored()
        services = {each.id: each for each in self._store.services.list()}
        rows = tuple(
            HeldKey(
                key=each.key,
                account=each.account,
                service=each.service,
                state=_standing(each, services[each.service], restored).value,
                spared=each.rotated,
            )
            for each in later[: question.limit]
        )
        return HeldAnswer(rows=rows, more=len(later) > question.limit)


def planned(
    own: Mapping[tuple[KeyState, str], Sequence[str]], left: Sequence[Held], to: KeyState, *, again: bool = False
) -> Plan:
    """What an act does to each key that ever belonged to a service: never less than its owner chose for it.

    Args:
        own: the ids of those that it holds, by state and choice.
        left: those that it handed to others.
        to: what the act is to make of them.
        again: whether those that it handed to others were moved already, and are to be named all the same.
    """
    moves: dict[KeyState, list[str]] = {}
    after: dict[KeyState, list[str]] = {}
    for (state, choice), keys in own.items():
        target = target_of(state, to, Response(choice))
        after.setdefault(target, []).extend(keys)
        if target is not state:
            moves.setdefault(target, []).extend(keys)
    for each in left:
        target = each.state if each.rotated else target_of(each.state, to, Response(each.on_compromise))
        after.setdefault(target, []).append(each.key)
        if target is not each.state or (again and not each.rotated):
            moves.setdefault(target, []).append(each.key)
    for keys in (*moves.values(), *after.values()):
        keys.sort()
    return Plan(moves, after, [each.key for each in left], [each.key for each in left if each.rotated])


def target_of(state: KeyState, to: KeyState, choice: Response) -> KeyState:
    """What a key in a state comes to."""
    if state not in _STOPPABLE:
        return state
    target = min(to, RESPONSE_STATES[choice], key=BREADTH.__getitem__)
    if state is KeyState.PENDING and target is KeyState.WINDING_DOWN:
        return KeyState.FROZEN  # it has bought nothing yet, so there is nothing to wind down
    return target if BREADTH[target] < BREADTH[state] else state


def following(reaction: KeyState, still: Callable[[KeyState], Standstill]) -> list[tuple[Life, list[KeyState], str]]:
    """How the rows of keys follow: what they come to, from which states, for which choice of their owners."""
    steps: dict[tuple[KeyState, Response], list[KeyState]] = {}
    for choice in (choice for choice in Response if choice in STOPPING):
        for state in _STOPPABLE:
            target = target_of(state, reaction, choice)
            if target is not state:
                steps.setdefault((target, choice), []).append(state)
    return [(Life(target, still(target)), states, choice.value) for (target, choice), states in steps.items()]


def told(service: Service, found: Compromise, accounts: Sequence[str], *, native: bool = False) -> Notice:
    """What an owner is told: what happened, and what to do."""
    shown = ", ".join(accounts[:5]) + (f" and {len(accounts) - 5} more" if len(accounts) > 5 else "")
    frozen = service.reaction is KeyState.FROZEN
    now = (
        "they can only read, until somebody decides; orders that rest live on, and nothing behind these keys can "
        "cancel them"
        if frozen
        else "they can read, cancel, and sell what they bought; they open nothing, and stop-losses stay"
    )
    if native:
        now += ". Of native keys the exchange is asked to switch trading off; they can cancel and sell nothing either"
    text = (
        f"The service {service.name} is treated as compromised: {found.reason}. All keys that it ever had of you were "
        f"stopped in one act at {moment(found.at)}, on these accounts: {shown}. Now {now}.\n\n"
        "What to do: look at the orders of these accounts since you last used the service; what was not you, report "
        "with `not me`. Change what else the service knew: passwords, and keys that you made for it at the exchange "
        "itself. When you trust another service, issue it a key of its own. A person can give a key back with "
        f"`bailiwick service restore {service.id} --key KEY`."
    )
    return Notice(
        kind="service",
        title=f"All keys of {service.name[:120]} were stopped",
        text=text[:2000],
        urgency=Urgency.STOP,
        account=accounts[0] if len(accounts) == 1 else "",
        matter=found.act,
        position=found.position,
    )


def _standing(each: Held, service: Service, restored: frozenset[str]) -> KeyState:
    """The state that binds a key, whether its row has followed its service's standing or not."""
    if service.reaction is None or each.key in restored:
        return each.state
    return target_of(each.state, service.reaction, Response(each.on_compromise))


def _sum(keys: Sequence[str]) -> Sum:
    count, sha256 = sum_of(keys)
    return Sum(keys=count, sha256=sha256)


def _check_person(actor: str, what: str) -> None:
    if mover_of(actor) is not Mover.PERSON:
        # A rule that is wrong about one key stops one key; one that is wrong about a service would stop thousands.
        raise LinkError(Code.REFUSED, f"actor: only a signed-in person {what}; a rule stops a key at a time")


def _check_reason(reason: str, *, preview: bool) -> None:
    if not preview and not reason.strip():
        raise LinkError(Code.REFUSED, "reason: say why, with --reason; it stands in the journal and in the notices")
