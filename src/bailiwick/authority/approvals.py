"""Held intents: heard of, told to their owner, and answered by a person in time, or not at all.

Only a signed-in person approves, and only what was shown to them. What nobody answers lapses, which is a denial; a key
that has three unanswered at once within ten minutes is wound down instead of asking again: either nobody is there, or
somebody is being worn down.
"""

import hashlib
from collections.abc import Callable
from typing import final

import msgspec

from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.approval_verbs import (
    ApprovalAnswer,
    ApprovalsAnswer,
    ApproveHold,
    HoldView,
    ListApprovals,
    RefuseHold,
    ShowApproval,
)
from bailiwick.authority.lives import Lives
from bailiwick.authority.notices import Notices
from bailiwick.authority.show import moment
from bailiwick.authority.verbs import MOST_ROWS
from bailiwick.config import Approvals
from bailiwick.link.questions import Event
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import Cause, KeyState, Mover, mover_of
from bailiwick.model.notice import Notice, Urgency
from bailiwick.store.approvals import Hold, HoldState
from bailiwick.store.store import Store

MINUTE_MS = 60_000
WITHIN_MS = 10 * MINUTE_MS  # so many unanswered within this time are too many
LATE_MS = 10 * MINUTE_MS  # a use just before its end may take so long to be heard of
MANY = 3
ACTOR = "rule:holds"


@final
class ApprovalDesk:
    """The authority over held intents."""

    def __init__(
        self, store: Store, acts: Acts, lives: Lives, notices: Notices, times: Approvals, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._acts = acts
        self._lives = lives
        self._notices = notices
        self._answer_ms = times.answer_minutes * MINUTE_MS
        self._use_ms = times.use_minutes * MINUTE_MS
        self._clock = clock
        self._latest = 0  # ms

    # What the gateway tells

    async def held(self, event: Event) -> None:
        """The gateway has held an intent. The same event may be told twice."""
        hold = _of_event(event, self._answer_ms)
        waiting = self._store.holds.list(state=HoldState.WAITING, keys=[event.key])
        if any(each.digest == hold.digest and each.id != hold.id for each in waiting):
            return  # it is being asked about already
        self._store.holds.add(hold)
        since = max(hold.raised - WITHIN_MS, self._given_back(event.key))
        recent = [
            each
            for each in self._store.holds.list(keys=[event.key], limit=50)
            if each.raised > since and not each.watched  # how often the watch is wrong is no fault of the key's
        ]
        open_or_over = {HoldState.WAITING, HoldState.LAPSED}
        unanswered = [each for each in recent if each.state in open_or_over and each.answered is None]
        if len(unanswered) >= MANY:
            await self._wear_no_further(hold, len(unanswered))
        elif self._now() >= hold.answer_by:
            self._tell_too_late(hold)  # this process was down meanwhile; the round lets the hold lapse
        else:
            self._tell(hold)

    def _given_back(self, key: str) -> int:
        """When a person last gave a key back that works: whoever did has seen what it asked for before that."""
        found = self._store.keys.get(key)
        return found.since or 0 if found.state is KeyState.ACTIVE else 0

    async def held_by_watch(self, event: Event) -> str:
        """The watch has held an intent, and whoever calls tells its owner; the hold that he may approve."""
        hold = msgspec.structs.replace(_of_event(event, self._answer_ms), watched=True)
        for each in self._store.holds.list(state=HoldState.WAITING, keys=[event.key]):
            if each.digest == hold.digest and each.id != hold.id:
                return each.id  # it is being asked about already
        self._store.holds.add(hold)
        return hold.id

    async def used(self, event: Event) -> None:
        """The gateway has let an approved intent pass."""
        hold = self._store.holds.get(event.detail["hold"])
        if hold.state is HoldState.APPROVED:
            done = msgspec.structs.replace(hold, state=HoldState.USED, used_at=event.at_ms)
            self._store.holds.move(done, was=HoldState.APPROVED)

    async def lapse(self) -> None:
        """Let go of what nobody answered, or nobody used, in time."""
        now = self._now()
        for state in (HoldState.WAITING, HoldState.APPROVED):
            for hold in self._store.holds.list(state=state):
                end = hold.answer_by if state is HoldState.WAITING else hold.use_by
                # A use just before the end may still be on its way here; it is let arrive first.
                if end is not None and now >= end + (0 if state is HoldState.WAITING else LATE_MS):
                    self._store.holds.move(msgspec.structs.replace(hold, state=HoldState.LAPSED), was=state)

    def _now(self) -> int:
        """The time in ms, which never goes back: a clock that was set back would give an approval more of it.

        It begins with the latest hold, whose moment is the journal's.
        """
        if not self._latest:
            self._latest = max((hold.raised for hold in self._store.holds.list(limit=1)), default=0)
        self._latest = max(self._latest, self._clock())
        return self._latest

    async def _wear_no_further(self, hold: Hold, count: int) -> None:
        reason = f"{count} held requests within ten minutes that nobody answered"
        await self._lives.move(
            [hold.key], KeyState.WINDING_DOWN, cause=Cause.SUSPICION, actor=ACTOR, reason=reason, subject=hold.key
        )
        for each in self._store.holds.list(state=HoldState.WAITING, keys=[hold.key]):
            self._store.holds.move(msgspec.structs.replace(each, state=HoldState.LAPSED), was=HoldState.WAITING)
        self._notices.tell_owner_of(
            hold.account,
            Notice(
                kind="holds",
                title="A key asked for too many approvals and winds down",
                text=f"Key {hold.key} had {reason}. It can cancel and reduce, and opens nothing. If its requests were "
                "yours, give it back with `bailiwick key unfreeze`; if not, revoke it.",
                urgency=Urgency.STOP,
                key=hold.key,
                account=hold.account,
                matter="worn",
                position=hold.position,
            ),
        )

    def _tell_too_late(self, hold: Hold) -> None:
        self._notices.tell_owner_of(
            hold.account,
            Notice(
                kind="hold",
                title=f"A request was held and has lapsed before you could be told: {hold.id}",
                text=f"Key {hold.key} asked for {hold.what} at {moment(hold.raised)}, while Bailiwick could tell "
                f"nobody. It was refused, and nothing left. `bailiwick approval show {hold.id}` has all of it; if it "
                "was yours, have the client ask again.",
                urgency=Urgency.WARNING,
                key=hold.key,
                account=hold.account,
                detail=hold.request[:2000],
                matter=hold.id,
                position=hold.position,
            ),
        )

    def _tell(self, hold: Hold) -> None:
        self._notices.tell_owner_of(
            hold.account,
            Notice(
                kind="hold",
                title=f"A request waits for your approval: {hold.id}",
                text=f"Key {hold.key} asks for {hold.what}. It is refused until you approve it, and lapses at "
                f"{moment(hold.answer_by)}. Look at all of it first: `bailiwick approval show {hold.id}`, then "
                f"`bailiwick approval approve {hold.id}` or `bailiwick approval refuse {hold.id}`.",
                urgency=Urgency.STOP,
                key=hold.key,
                account=hold.account,
                detail=hold.request[:2000],
                matter=hold.id,
                position=hold.position,
            ),
        )

    # What people ask

    async def list(self, question: ListApprovals, actor: str) -> ApprovalsAnswer:
        """Held intents, newest first."""
        if not 1 <= question.limit <= MOST_ROWS:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_ROWS}")
        if question.state and question.state not in set(HoldState):
            raise LinkError(Code.REFUSED, f"state: {question.state[:40]!r} is none; choose from {', '.join(HoldState)}")
        found = self._store.holds.list(
            state=HoldState(question.state) if question.state else None,
            accounts=[question.account] if question.account else None,
            before=self._store.holds.get(question.after).position if question.after else None,
            limit=question.limit + 1,
        )
        return ApprovalsAnswer(
            rows=tuple(_shown(each) for each in found[: question.limit]), more=len(found) > question.limit
        )

    async def show(self, question: ShowApproval, actor: str) -> ApprovalAnswer:
        """One, with all of its parameters."""
        return _answer(self._store.holds.get(question.id))

    async def approve(self, question: ApproveHold, actor: str) -> ApprovalAnswer:
        """Let it pass once."""
        if mover_of(actor) is not Mover.PERSON:
            raise LinkError(Code.REFUSED, "actor: only a signed-in person approves; no program, link or message does")
        async with self._acts.turn():
            hold = self._store.holds.get(question.id)
            now = self._now()
            if hold.state is not HoldState.WAITING or now >= hold.answer_by:
                state = hold.state if hold.state is not HoldState.WAITING else HoldState.LAPSED
                raise LinkError(Code.CONFLICT, f"approval {hold.id}: it is {state}; let the client ask again")
            if question.seen != _mark(hold):
                raise LinkError(Code.CONFLICT, "seen: look at it first (approval show), and approve what was shown")
            after = msgspec.structs.replace(
                hold, state=HoldState.APPROVED, answered=now, answered_by=actor, use_by=now + self._use_ms
            )
            return await self._answered(hold, after, "hold.approve", question.reason)

    async def refuse(self, question: RefuseHold, actor: str) -> ApprovalAnswer:
        """Refuse it, or take an unused approval back. Whoever may act may refuse."""
        async with self._acts.turn():
            hold = self._store.holds.get(question.id)
            if hold.state not in {HoldState.WAITING, HoldState.APPROVED}:
                raise LinkError(Code.CONFLICT, f"approval {hold.id}: it is {hold.state} already")
            after = msgspec.structs.replace(
                hold, state=HoldState.REFUSED, answered=self._now(), answered_by=actor, use_by=None
            )
            return await self._answered(hold, after, "hold.refuse", question.reason)

    async def _answered(self, before: Hold, after: Hold, act: str, reason: str) -> ApprovalAnswer:
        journalled = Act(
            actor=after.answered_by or "",
            act=act,
            subject=before.id,
            after={"key": before.key, "digest": before.digest, "use_by": moment(after.use_by)},
            reason=reason,
        )
        _, done = await self._acts.perform(journalled, lambda: self._store.holds.move(after, was=before.state))
        notes = () if done.in_force else ("the gateway has not confirmed it yet; it reads changes within a second",)
        answer = _answer(after)
        return msgspec.structs.replace(answer, position=done.position, notes=notes)


def _of_event(event: Event, answer_ms: int) -> Hold:
    parts = sorted(name for name in event.detail if name.startswith("request"))
    return Hold(
        id=f"h{event.position}",
        key=event.key,
        account=event.account,
        digest=event.detail["digest"],
        position=event.position,
        raised=event.at_ms,
        answer_by=event.at_ms + answer_ms,
        state=HoldState.WAITING,
        what=event.detail["what"],
        request="".join(event.detail[name] for name in parts),
    )


def _mark(hold: Hold) -> str:
    told = msgspec.json.encode([hold.id, hold.key, hold.digest, hold.request])
    return hashlib.sha256(told).hexdigest()[:16]


def _answer(hold: Hold) -> ApprovalAnswer:
    return ApprovalAnswer(hold=_shown(hold), seen=_mark(hold))


def _shown(hold: Hold) -> HoldView:
    return HoldView(
        id=hold.id,
        key=hold.key,
        account=hold.account,
        state=hold.state.value,
        what=hold.what,
        raised=moment(hold.raised) or "",
        answer_by=moment(hold.answer_by) or "",
        request=hold.request,
        answered_by=hold.answered_by,
        use_by=moment(hold.use_by),
    )
