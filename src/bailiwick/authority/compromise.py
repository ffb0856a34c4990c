"""The act against a compromised service, and its undoing. ``docs/adr/0014-services.md`` says why it is as it is.

1. The act is in the journal: which keys ever belonged to the service, and what becomes of each.
2. The service's row changes: every key of it is held back by that alone, as soon as the gateway has read one row.
3. The journal position from which this holds is in the journal, too.
4. The rows of the keys follow, and the owners are told; what is interrupted is taken up by ``finish``.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, final

import msgspec

from bailiwick.authority.acts import Act, Acts, Asks, Done
from bailiwick.authority.lives import Lives
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
from bailiwick.journal.verify_act import FORCE_VERB, RESTORE_VERB, VERB, sum_of
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
_ANSWERED = 1_000  # ids in the answer of a restore
_STOPPABLE = (KeyState.PENDING, KeyState.ACTIVE, KeyState.WINDING_DOWN, KeyState.FROZEN)

Tell = Callable[[str, Notice], object]


class Plan(NamedTuple):
    """What an act does to each key that ever belonged to a service."""

    moves: dict[KeyState, list[str]]  # what comes to which state
    after: dict[str, KeyState]  # every key, as it is then
    left: list[str]  # those that another service holds by now
    spared: list[str]  # of these, those with another secret since


@final
class Compromises:
    """The authority over compromised services."""

    def __init__(
        self, store: Store, acts: Acts, gateway: Asks, lives: Lives, clock: Callable[[], int], tell: Tell
    ) -> None:
        self._store = store
        self._acts = acts
        self._gateway = gateway
        self._lives = lives
        self._clock = clock
        self._tell = tell

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
            held = await asyncio.to_thread(self._store.holders.held, service.id)
            plan = planned(held, service.id, to)
            answer = self._answer(service, question.to, held, plan)
            if question.preview:
                return msgspec.structs.replace(answer, seen=digest(service_values(service)))
            return await self._act(service, to, question, actor, plan, answer)

    async def _act(
        self,
        service: Service,
        to: KeyState,
        question: CompromiseService,
        actor: str,
        plan: Plan,
        answer: CompromiseAnswer,
    ) -> CompromiseAnswer:
        act_id = secrets.token_hex(8)
        after = {
            "service": service.id,
            "id": act_id,
            "standing": Standing.COMPROMISED.value,
            "to": to.value,
            "ever": msgspec.to_builtins(answer.ever),
            "states": msgspec.to_builtins(answer.states),
        }
        common = Act(
            actor=actor,
            act=VERB,
            subject=service.id,
            before={"standing": service.standing.value},
            after=after,
            reason=question.reason,
        )
        for state, keys in plan.moves.items():  # what an owner wants more strictly than this act
            if state is not to and keys:
                await self._acts.note(msgspec.structs.replace(common, keys=tuple(keys), state=state))
        main = msgspec.structs.replace(common, keys=tuple(plan.moves.get(to, ())), state=to)
        found = Compromise(
            service=service.id, act=act_id, at=self._clock(), position=-1, in_force=None, reason=question.reason,
            told="", followed=None,
        )  # fmt: skip
        _, done = await self._acts.perform(main, lambda: self._change(service, to, plan, found))
        await asyncio.to_thread(self._store.holders.note, act_id, position=done.position)
        answer = msgspec.structs.replace(answer, act=act_id, position=done.position, change=done.change)
        answer = await self._confirmed(answer, actor, done)
        await self._follow(service.id)
        return answer

    def _change(self, service: Service, to: KeyState, plan: Plan, found: Compromise) -> None:
        """What stops the keys: one row of the service, and those of keys that another holds by now."""
        left = set(plan.left)
        holders = self._store.holders
        with self._store.writing() as connection:
            holders.forget_restored_in(connection, service.id)
            holders.compromised_in(connection, found)
            after = msgspec.structs.replace(service, standing=Standing.COMPROMISED, reaction=to)
            self._store.services.update_in(connection, after)
            holders.changed_in(connection, service.id)  # also where the row stands as before: keys were restored since
            for state, keys in plan.moves.items():
                gone = [key for key in keys if key in left]
                self._store.keys.move_in(connection, gone, Life(state, self._still(state)), Mover.PERSON)

    def _still(self, state: KeyState) -> Standstill:
        return self._lives.standstill(state, Cause.STANDING)

    async def _confirmed(self, answer: CompromiseAnswer, actor: str, done: Done) -> CompromiseAnswer:
        """Record from where it holds, once the gateway says that it does."""
        try:
            woken = await self._gateway.ask(Wake())
        except LinkError:
            woken = None
        if woken is None or woken.change < done.change or woken.position < 0:
            note = (
                "the gateway has not confirmed it yet; it reads changes by itself within a second. Do it again, so "
                "that the position from which nothing opened is recorded"
            )
            return msgspec.structs.replace(answer, notes=(*answer.notes, note))
        after = {"service": answer.service, "id": answer.act, "act": done.position, "from": woken.position}
        await self._acts.note(Act(actor=actor, act=FORCE_VERB, subject=answer.service, after=after))
        await asyncio.to_thread(self._store.holders.note, answer.act, in_force=woken.position)
        return msgspec.structs.replace(answer, in_force=woken.position)

    async def _follow(self, service: str) -> None:
        """Let the rows of the keys say what their service's standing has made of them already."""
        row = self._store.services.get(service)
        found = self._store.holders.compromise(service)
        if row.reaction is None or found is None:
            return
        lives = following(row.reaction, self._still)

        def change() -> None:
            with self._store.writing() as connection:
                self._store.holders.follow_in(connection, service, lives)

        await asyncio.to_thread(change)
        await asyncio.to_thread(self._store.holders.note, found.act, followed=self._clock())

    def _answer(self, service: Service, to: str, held: Sequence[Held], plan: Plan) -> CompromiseAnswer:
        by_state: dict[str, list[str]] = {}
        for key, state in plan.after.items():
            by_state.setdefault(state.value, []).append(key)
        owners = self._store.holders.owners(service.id)
        return CompromiseAnswer(
            service=service.id,
            to=to,
            ever=_sum(plan.after),
            states={state: _sum(keys) for state, keys in sorted(by_state.items())},
            before=dict(Counter(each.state.value for each in held)),
            left=tuple(plan.left[:_ANSWERED]),
            spared=tuple(plan.spared[:_ANSWERED]),
            accounts=sum(map(len, owners.values())),
            owners=len(owners),
        )

    # Its undoing

    async def restore(self, question: RestoreService, actor: str) -> RestoreAnswer:
        """Give keys back that the act has stopped."""
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
            keys, passed = self._restorable(question, service.id, held)
            standing = Standing.TRUSTED if question.everything else service.standing
            answer = RestoreAnswer(
                service=service.id, standing=standing.value, keys=tuple(keys[:_ANSWERED]), count=len(keys),
                passed_over=passed,
            )  # fmt: skip
            if question.preview:
                return msgspec.structs.replace(answer, seen=digest(service_values(service)))
            if not keys and not question.everything:
                raise LinkError(Code.CONFLICT, "; ".join(f"{key}: {why}" for key, why in passed.items()))
            act = Act(
                actor=actor,
                act=RESTORE_VERB,
                subject=service.id,
                before={"standing": service.standing.value},
                after={"service": service.id, "standing": standing.value},
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
        waiting = sorted(owner for owner in owners if owner > found.told)
        for owner in waiting[:OWNERS_AT_ONCE]:
            notice = told(service, found, owners[owner])
            await asyncio.to_thread(self._tell, owner, notice)
            await asyncio.to_thread(self._store.holders.note, found.act, told=owner)
        if len(waiting) <= OWNERS_AT_ONCE:
            await asyncio.to_thread(self._store.holders.note, found.act, told=EVERYONE)

    async def held(self, question: ListHeld, actor: str) -> HeldAnswer:
        """Every key that ever belonged to a service, a page at a time."""
        if not 1 <= question.limit <= MOST_HELD:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_HELD}")
        self._store.services.get(question.id)
        found = await asyncio.to_thread(self._store.holders.held, question.id)
        later = [each for each in found if each.key > question.after]
        rows = tuple(
            HeldKey(
                key=each.key, account=each.account, service=each.service, state=each.state.value, spared=each.rotated
            )
            for each in later[: question.limit]
        )
        return HeldAnswer(rows=rows, more=len(later) > question.limit)


def planned(held: Sequence[Held], service: str, to: KeyState) -> Plan:
    """What an act does to each key that ever belonged to a service: never less than its owner chose for it."""
    plan = Plan({}, {}, [], [])
    for each in held:
        if each.service != service:
            plan.left.append(each.key)
        if each.rotated:
            plan.spared.append(each.key)
            plan.after[each.key] = each.state
            continue
        target = target_of(each.state, to, Response(each.on_compromise))
        plan.after[each.key] = target
        if target is not each.state:
            plan.moves.setdefault(target, []).append(each.key)
    return plan


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


def told(service: Service, found: Compromise, accounts: Sequence[str]) -> Notice:
    """What an owner is told: what happened, and what to do."""
    shown = ", ".join(accounts[:5]) + (f" and {len(accounts) - 5} more" if len(accounts) > 5 else "")
    frozen = service.reaction is KeyState.FROZEN
    now = (
        "they can only read, until somebody decides; orders that rest live on, and nothing behind these keys can "
        "cancel them"
        if frozen
        else "they can read, cancel, and sell what they bought; they open nothing, and stop-losses stay"
    )
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


def _sum(keys: Sequence[str] | dict[str, KeyState]) -> Sum:
    count, sha256 = sum_of(keys)
    return Sum(keys=count, sha256=sha256)


def _check_person(actor: str, what: str) -> None:
    if mover_of(actor) is not Mover.PERSON:
        # A rule that is wrong about one key stops one key; one that is wrong about a service would stop thousands.
        raise LinkError(Code.REFUSED, f"actor: only a signed-in person {what}; a rule stops a key at a time")


def _check_reason(reason: str, *, preview: bool) -> None:
    if not preview and not reason.strip():
        raise LinkError(Code.REFUSED, "reason: say why, with --reason; it stands in the journal and in the notices")
