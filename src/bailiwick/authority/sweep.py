"""The sweep: keys that lie idle, or whose time runs out, are warned of and removed, each as its owner chose.

A removal passes through a wind-down, in which a bot still sells what it bought and its stops stay; then the key reads
for a while, and then it is gone. One act of the journal names up to ten thousand keys.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import final

from bailiwick.authority.acts import KEYS_PER_RECORD
from bailiwick.authority.lives import DAY_MS, Lives
from bailiwick.authority.notices import Notices
from bailiwick.authority.sweep_verbs import Sweep, SweepAnswer, Swept
from bailiwick.config import Lives as Settings
from bailiwick.model.grant import Bound, Grant, bound_from_toml, grant_from_toml
from bailiwick.model.harm import Harm, mask
from bailiwick.model.life import REMOVING, RESPONSE_STATES, Cause, KeyState, Response
from bailiwick.model.notice import Notice, Urgency
from bailiwick.rules.idleness import WARN_BEFORE_DAYS, Policy, policy
from bailiwick.store.removals import Asked, Fact, Facts, Lapse
from bailiwick.store.store import Store
from bailiwick.words import counted

BEYOND_READING = mask(frozenset(Harm) - {Harm.PUBLIC, Harm.READ})
SHOWN = 20  # keys of one sort in an answer
NAMED = 5  # keys in a notice
ROUND_S = 30.0
ACTORS = {"idle": "rule:idle", "expiry": "rule:expiry"}
CAUSES = {"idle": Cause.IDLENESS, "expiry": Cause.EXPIRY}
_WORDS = {
    "idle": "has not been used for a long time",
    "expiry": "reaches the end of its time",
}


@final
class Sweeper:
    """Removes keys that nobody uses, and keys whose time is over."""

    def __init__(
        self, store: Store, lives: Lives, notices: Notices, settings: Settings, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._lives = lives
        self._notices = notices
        self._clock = clock
        self.trading, self.reading = policy(settings.trading), policy(settings.reading)
        self._swept_day = -1

    async def sweep(self, question: Sweep, actor: str) -> SweepAnswer:
        """Sweep now, at somebody's word."""
        return await self.run(dry_run=question.dry_run, reason=question.reason or f"asked for by {actor}")

    async def daily(self) -> None:
        """Sweep once a day, and whenever the process starts."""
        day = self._clock() // DAY_MS
        if day != self._swept_day:
            await self.run(reason="daily")
            self._swept_day = day

    async def run(self, *, dry_run: bool = False, reason: str) -> SweepAnswer:
        """One sweep.

        Raises:
            LinkError: if an act of it was not done; what was done before stays done.
        """
        now = self._clock()
        swept: list[Swept] = []
        position = -1
        for why, rule, lapses in await asyncio.to_thread(self._lapses, now):
            due = [lapse for lapse in lapses if lapse.due <= now]
            for response in Response:
                some = [lapse for lapse in due if lapse.response is response]
                if response is Response.NOTICE:
                    some = [lapse for lapse in some if lapse.warned != 0]
                if some and not dry_run:
                    position = max(position, await self._respond(why, response, some, f"{rule}: {reason}"))
                swept += _swept("tell" if response is Response.NOTICE else response.value, why, None, some)
            for days, some in _to_warn(lapses, rule, now):
                if not dry_run:
                    await asyncio.to_thread(self._warn, why, days, some)
                swept += _swept("warn", why, days, some)
        return SweepAnswer(policies=self.policies(), swept=tuple(swept), dry_run=dry_run, position=position)

    def policies(self) -> tuple[str, ...]:
        """The policies in words."""
        return (f"keys that can trade: {self.trading}", f"keys that can only read: {self.reading}")

    async def deadlines(self) -> None:
        """Freeze keys whose wind-down is over, remove those that were frozen to be removed, and stop what expired."""
        now = self._clock()
        expired = await asyncio.to_thread(self._store.removals.expiring, now)
        for response in RESPONSE_STATES:
            some = [lapse for lapse in expired if lapse.response is response]
            await self._respond("expiry", response, some, "its time is over")
        groups: dict[tuple[KeyState, Cause | None], list[str]] = {}
        for key_id, state, cause in await asyncio.to_thread(
            self._store.removals.overdue, now, self._lives.terms.wind_down + self._lives.terms.removal
        ):
            groups.setdefault((state, None if cause is None else Cause(cause)), []).append(key_id)
        for (state, cause), keys in groups.items():
            to = KeyState.FROZEN if state is KeyState.WINDING_DOWN else KeyState.EXPIRED
            for part in _slices(keys):
                await self._lives.move(
                    part,
                    to,
                    cause=cause or Cause.OWNER,
                    actor="rule:time",
                    reason=f"the time of its {'wind-down' if to is KeyState.FROZEN else 'freeze'} is over",
                    stays=self._stays(cause),
                )
        for account in await asyncio.to_thread(self._store.removals.overdue_accounts, now):
            await self._lives.freeze_account(account, actor="rule:time", reason="the time of its wind-down is over")

    def _stays(self, cause: Cause | None) -> bool:
        """Whether a key that is frozen for this cause stays so, rather than being removed later."""
        return cause not in REMOVING or (cause is Cause.IDLENESS and self.trading.ends == "stop")

    async def _respond(self, why: str, response: Response, lapses: Sequence[Lapse], reason: str) -> int:
        """Do what the owners of these keys chose; the position of the last act."""
        position = -1
        if response is Response.NOTICE:
            await asyncio.to_thread(self._tell, why, lapses)
            return position
        gone: set[str] = set()
        for some in _slices([lapse.key for lapse in lapses]):
            moved = await self._lives.move(
                some,
                RESPONSE_STATES[response],
                cause=CAUSES[why],
                actor=ACTORS[why],
                reason=reason,
                stays=self._stays(CAUSES[why]),
            )
            if moved.done is not None:
                position = moved.done.position
                gone.update(moved.keys)
        await asyncio.to_thread(
            self._announce, why, response, [lapse for lapse in lapses if lapse.key in gone], position
        )
        return position

    def _lapses(self, now: int) -> list[tuple[str, Policy | str, list[Lapse]]]:
        facts = self._facts()
        laid = self._store.canaries.ids()  # to lie idle is all that a canary does
        found: list[tuple[str, Policy | str, list[Lapse]]] = []
        for rule, trading in ((self.trading, True), (self.reading, False)):
            if rule.days is not None and _any(facts, trading=trading):
                asked = Asked(BEYOND_READING, trading, rule.days * DAY_MS, rule.spares_bound)
                before = now + max(rule.warnings, default=0) * DAY_MS
                idle = self._store.removals.idle(facts, asked, before)
                found.append(("idle", rule, [lapse for lapse in idle if lapse.key not in laid]))
        before = now + max(WARN_BEFORE_DAYS) * DAY_MS
        found.append(("expiry", "its own expiry", self._store.removals.expiring(before)))
        return found

    def _facts(self) -> Facts:
        """What the few grants and bounds say of the many keys."""
        grants = {digest: _fact(grant_from_toml(text)) for digest, text in self._store.keys.grants().items()}
        accounts = {each.id: _fact(bound_from_toml(each.limits)) for each in self._store.accounts.list() if each.limits}
        services = {}
        for each in self._store.services.list():
            fact = _fact(bound_from_toml(each.limits)) if each.limits else Fact(-1, False)
            if each.limits or each.networks:
                services[each.id] = Fact(fact.mask, fact.bound or bool(each.networks))
        return Facts(grants, accounts, services)

    def _warn(self, why: str, days: int, lapses: Sequence[Lapse]) -> None:
        told: dict[str, Notice] = {}
        for owner, some in self._by_owner(lapses).items():
            when = "tomorrow" if days == 1 else f"in {days} days"
            title = f"{_counted(some)} will be stopped {when}"
            text = (
                f"{_named(some)}: {_them(some)} {_WORDS[why]}. {when.capitalize()} what you chose for it is done "
                f"({', '.join(sorted({each.response.value for each in some}))}). "
            )
            text += (
                "Use the key, or revoke it if you need it no more."
                if why == "idle"
                else "Edit its grant, or rotate it."
            )
            matter = f"{why}-{days}-{min(each.due for each in some) // DAY_MS}-{len(some)}"
            told[owner] = _notice(f"{why}_warning", title, text, some, matter, Urgency.WARNING)
        self._notices.tell_all(told)
        self._store.removals.note_warnings(why, days, lapses)

    def _tell(self, why: str, lapses: Sequence[Lapse]) -> None:
        told: dict[str, Notice] = {}
        for owner, some in self._by_owner(lapses).items():
            title = f"{_counted(some)} lies idle" if len(some) == 1 else f"{_counted(some)} lie idle"
            text = f"{_named(some)}: {_them(some)} {_WORDS[why]}, and nothing is done, as you chose."
            told[owner] = _notice(why, title, text, some, f"{why}-{some[0].due}", Urgency.NEWS)
        self._notices.tell_all(told)
        self._store.removals.note_warnings(why, 0, lapses)

    def _announce(self, why: str, response: Response, lapses: Sequence[Lapse], position: int) -> None:
        done = {Response.WIND_DOWN: "being wound down", Response.FREEZE: "frozen", Response.REVOKE: "revoked"}[response]
        told: dict[str, Notice] = {}
        for owner, some in self._by_owner(lapses).items():
            verb = "is" if len(some) == 1 else "are"
            title = f"{_counted(some)} {verb} {done}"
            text = (
                f"{_named(some)}: {_them(some)} {_WORDS[why]}. Stops and sells that rest at the exchange stay; look at "
                "them there. `bailiwick key unfreeze` restores a key that is still needed, unless it was revoked."
            )
            matter = f"{why}-{position}"
            told[owner] = _notice(f"{why}_removed", title, text, some, matter, Urgency.STOP, position)
        self._notices.tell_all(told)

    def _by_owner(self, lapses: Sequence[Lapse]) -> dict[str, list[Lapse]]:
        owners = {each.id: each.owner for each in self._store.accounts.list()}
        found: dict[str, list[Lapse]] = {}
        for lapse in lapses:
            found.setdefault(owners[lapse.account], []).append(lapse)
        return found


def _to_warn(lapses: Iterable[Lapse], rule: Policy | str, now: int) -> list[tuple[int, list[Lapse]]]:
    """Whom to warn, by how many days before: of each key the latest warning that is due and did not go out."""
    stages = sorted(rule.warnings if isinstance(rule, Policy) else WARN_BEFORE_DAYS)
    found: dict[int, list[Lapse]] = {}
    for lapse in lapses:
        if lapse.due <= now:
            continue
        for days in stages:
            if lapse.due - days * DAY_MS <= now:
                if lapse.warned is None or lapse.warned > days:
                    found.setdefault(days, []).append(lapse)
                break
    return sorted(found.items(), reverse=True)


def _any(facts: Facts, *, trading: bool) -> bool:
    """Whether any key can be of a sort: mostly none only reads, and a million need not be looked at for it."""
    said = [*facts.grants.values(), *facts.accounts.values(), *facts.services.values()]
    if trading:
        return any(fact.mask & BEYOND_READING for fact in facts.grants.values())
    return any(not fact.mask & BEYOND_READING for fact in said) or bool(facts.accounts or facts.services)


def _fact(said: Grant | Bound) -> Fact:
    return Fact(mask(said.what.may), bool(said.where.networks))


def _slices(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    for first in range(0, len(keys), KEYS_PER_RECORD):
        yield keys[first : first + KEYS_PER_RECORD]


def _swept(what: str, why: str, days: int | None, lapses: Sequence[Lapse]) -> list[Swept]:
    if not lapses:
        return []
    keys = tuple(lapse.key for lapse in lapses[:SHOWN])
    return [Swept(what=what, why=why, days=days, count=len(lapses), keys=keys)]


def _notice(
    kind: str, title: str, text: str, lapses: Sequence[Lapse], matter: str, urgency: Urgency, position: int = -1
) -> Notice:
    one = lapses[0] if len(lapses) == 1 else None
    return Notice(
        kind=kind,
        title=title,
        text=text,
        urgency=urgency,
        key=one.key if one else "",
        account=one.account if one else "",
        matter=matter,
        position=position,
    )


def _counted(lapses: Sequence[Lapse]) -> str:
    return f"key {lapses[0].key}" if len(lapses) == 1 else counted(len(lapses), "key")


def _named(lapses: Sequence[Lapse]) -> str:
    more = f" and {len(lapses) - NAMED} more" if len(lapses) > NAMED else ""
    return ", ".join(lapse.key for lapse in lapses[:NAMED]) + more


def _them(lapses: Sequence[Lapse]) -> str:
    return "it" if len(lapses) == 1 else "each"
