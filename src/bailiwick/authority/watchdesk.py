"""What follows when the watch takes a key for stolen, and what its owner may say to it.

Nothing automatic goes further than a wind-down of the one key, unless its owner wrote so (``on_alert``). "That was me"
is a person's word for a symbol up to a size, and ends; "not me" is the authority's own act (``incidents``).
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from typing import Any, final

import msgspec

from bailiwick.authority.acts import Act, Acts, Asks
from bailiwick.authority.answering import Answering
from bailiwick.authority.approvals import ApprovalDesk
from bailiwick.authority.incidents import Incidents
from bailiwick.authority.lives import Lives
from bailiwick.authority.notices import Notices
from bailiwick.authority.show import moment
from bailiwick.authority.verbs import MOST_ROWS
from bailiwick.authority.watch_verbs import (
    AlertAnswer,
    AlertsAnswer,
    AlertView,
    EndVouch,
    ListAlerts,
    ListVouches,
    ShowAlert,
    ShowWatchedKey,
    VouchAlert,
    VouchAnswer,
    VouchesAnswer,
    VouchView,
    WatchedKeyAnswer,
)
from bailiwick.link.questions import Event
from bailiwick.link.watch_questions import KnownAnswer, KnownOfKey
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.model.life import RESPONSE_STATES, Cause, KeyState, Mover, Response, mover_of
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.party import Key
from bailiwick.store.alerts import Alert
from bailiwick.store.store import Store
from bailiwick.store.vouches import Vouch
from bailiwick.words import counted

VOUCHED_MS = 30 * 86_400_000
ACTOR = "rule:watch"
KINDS = {"watch_alert": "alert", "watch_hold": "hold", "watch_suspect": "suspect"}


@final
class WatchDesk:
    """The authority over what the watch says."""

    def __init__(
        self,
        store: Store,
        acts: Acts,
        lives: Lives,
        incidents: Incidents,
        approvals: ApprovalDesk,
        notices: Notices,
        gateway: Asks,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._acts = acts
        self._lives = lives
        self._incidents = incidents
        self._approvals = approvals
        self._notices = notices
        self._gateway = gateway
        self._clock = clock

    def answering(self) -> dict[type[Question[Any]], Answering]:
        """One answer for each verb of this subject."""
        return {
            ListAlerts: self.list,
            ShowAlert: self.show,
            VouchAlert: self.vouch,
            EndVouch: self.unvouch,
            ListVouches: self.vouches,
            ShowWatchedKey: self.known,
        }

    # What the gateway tells

    async def told(self, event: Event) -> None:
        """The watch has alerted, held or suspected. The same event may be told twice.

        The row of the alert comes last: by it the gateway knows that its own suspicion has been decided.
        """
        if self._store.alerts.find(event.position) is not None:
            return
        key = self._store.keys.get(event.key)
        kind = KINDS[event.kind]
        why = tuple(event.detail[name] for name in sorted(event.detail) if name.startswith("why"))
        done = await self._stop(key, event, why) if kind == "suspect" else ""
        hold = ""
        if kind == "hold" or (kind == "suspect" and not done):
            hold = await self._approvals.held_by_watch(event)
        account = self._store.accounts.get(key.account)
        opened = await self._incidents.open(
            "watch",
            "The watch found a key unlike itself",
            keys=[key.id],
            owner=account.owner,
            matter=key.id,
            actor=ACTOR,
            reason=_reason(kind, event),
            positions=[event.position],
            note=" ".join(why)[:2000],
        )
        row = Alert(
            position=event.position,
            at=event.at_ms,
            key=key.id,
            account=key.account,
            kind=kind,
            symbol=event.detail.get("symbol", ""),
            worth=event.detail.get("worth", ""),
            worth_in=event.detail.get("worth_in", ""),
            scope=event.detail.get("scope", ""),
            score=int(event.detail.get("score", "0")),
            what=event.detail.get("what", ""),
            why=why,
            request=_request(event) or event.detail.get("call", ""),
            source=event.detail.get("source", ""),
            done=done or ("held" if hold else "nothing was stopped"),
            hold=hold,
            incident=opened.id,
        )
        self._notices.tell(account.owner, _notice(row, opened.id))
        self._store.alerts.add(row)

    async def _stop(self, key: Key, event: Event, why: Sequence[str]) -> str:
        """Do what its owner chose for a key that is taken for stolen; "" where that is nothing."""
        if key.on_alert is Response.NOTICE:
            return ""
        state = RESPONSE_STATES[key.on_alert]
        suspected = event.detail.get("suspected", "")
        await self._lives.move(
            [key.id],
            state,
            cause=Cause.SUSPICION,
            actor=ACTOR,
            reason=_reason("suspect", event),
            suspected=[suspected] if suspected and state is KeyState.WINDING_DOWN else [],
            act="key.watch",
        )
        now = self._store.keys.get(key.id).state
        return {KeyState.WINDING_DOWN: "winds down", KeyState.FROZEN: "frozen", KeyState.REVOKED: "revoked"}.get(
            now, now.value
        )

    # What people ask

    async def list(self, question: ListAlerts, actor: str) -> AlertsAnswer:
        """What the watch said, newest first."""
        if not 1 <= question.limit <= MOST_ROWS:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_ROWS}")
        found = self._store.alerts.list(
            keys=[question.key] if question.key else None,
            accounts=[question.account] if question.account else None,
            before=self._store.alerts.get(question.after).position if question.after else None,
            limit=question.limit + 1,
        )
        rows = tuple(_shown(each) for each in found[: question.limit])
        return AlertsAnswer(rows=rows, more=len(found) > question.limit)

    async def show(self, question: ShowAlert, actor: str) -> AlertAnswer:
        """One, with all that was said."""
        return self._answer(self._store.alerts.get(question.id))

    async def vouch(self, question: VouchAlert, actor: str) -> VouchAnswer:
        """That was me."""
        if mover_of(actor) is not Mover.PERSON:
            raise LinkError(Code.REFUSED, "actor: only a signed-in person vouches; no program, link or message does")
        async with self._acts.turn():
            alert = self._store.alerts.get(question.id)
            if question.seen != _mark(alert):
                raise LinkError(Code.CONFLICT, "seen: look at it first (watch show), and vouch for what was shown")
            if not alert.symbol or not alert.worth:
                raise LinkError(
                    Code.REFUSED, f"alert {alert.id}: it is about no order, so there is nothing to vouch for"
                )
            now = self._clock()
            row = Vouch(
                id=f"v-{secrets.token_hex(5)}",
                key=alert.key,
                symbol=alert.symbol,
                worth=alert.worth,
                worth_in=alert.worth_in,
                made=now,
                made_by=actor,
                until=now + VOUCHED_MS,
                alert=alert.position,
            )
            act = Act(
                actor=actor,
                act="watch.vouch",
                subject=row.id,
                after={
                    "key": row.key,
                    "symbol": row.symbol,
                    "worth": row.worth,
                    "in": row.worth_in,
                    "until": row.until,
                },
                reason=question.reason,
            )
            _, done = await self._acts.perform(act, lambda: self._store.vouches.add(row))
        notes = [] if done.in_force else ["the gateway has not confirmed it yet; it reads changes within a second"]
        key = self._store.keys.get(row.key)
        if key.state is not KeyState.ACTIVE:
            notes.append(f"the key is still {key.state.value.replace('_', ' ')}; `bailiwick key unfreeze {key.id}`")
        return VouchAnswer(vouch=_vouched(row), position=done.position, notes=tuple(notes))

    async def unvouch(self, question: EndVouch, actor: str) -> VouchAnswer:
        """End it. Whoever may act may: it only narrows."""
        async with self._acts.turn():
            row = self._store.vouches.get(question.id)
            now = self._clock()
            act = Act(
                actor=actor,
                act="watch.unvouch",
                subject=row.id,
                after={"key": row.key, "symbol": row.symbol},
                reason=question.reason,
            )
            _, done = await self._acts.perform(act, lambda: self._store.vouches.end(row.id, now))
        return VouchAnswer(vouch=_vouched(msgspec.structs.replace(row, ended=now)), position=done.position)

    async def vouches(self, question: ListVouches, actor: str) -> VouchesAnswer:
        """What is vouched for of a key and not over."""
        self._store.keys.get(question.key)
        now = self._clock()
        found = self._store.vouches.of_key(question.key)
        return VouchesAnswer(rows=tuple(_vouched(each) for each in found if each.until > now))

    async def known(self, question: ShowWatchedKey, actor: str) -> WatchedKeyAnswer:
        """What the watch knows of a key."""
        self._store.keys.get(question.key)
        known = await self._gateway.ask(KnownOfKey(key=question.key))
        last = self._store.alerts.list(keys=[question.key], limit=1)
        return WatchedKeyAnswer(
            key=question.key,
            sentences=tuple(_sentences(known)),
            habits=known.habits,
            last_alert=f"{last[0].id} at {moment(last[0].at)}: {last[0].done}" if last else "",
        )

    def _answer(self, alert: Alert) -> AlertAnswer:
        notes = []
        if alert.hold:
            notes.append(f"it waits for you: `bailiwick approval show {alert.hold}`")
        return AlertAnswer(alert=_shown(alert), seen=_mark(alert), notes=tuple(notes))


def _sentences(known: KnownAnswer) -> list[str]:
    if not known.known:
        return ["It has not traded here, so it is judged by what its grant says it is for and by its service's keys."]
    if not known.orders:
        lines = ["It has traded here for less than a day: what it does counts as a habit only after one."]
    else:
        lines = [
            f"It has placed {counted(known.orders, 'order')} on {counted(known.days, 'day')} that it is known by, from "
            f"{counted(known.networks, 'network')} and by {counted(known.clients, 'client')}."
        ]
    if known.orders and not known.settled:
        lines.append("That is too little for habits: it is judged by its kind and its service's other keys, too.")
    if known.habits:
        symbols = ", ".join(f"{each.symbol} (usually {each.usual})" for each in known.habits[:5])
        more = f" and {len(known.habits) - 5} more" if len(known.habits) > 5 else ""
        lines.append(f"It trades {symbols}{more}.")
    if known.score:
        lines.append(f"What speaks against it now comes to {known.score / 1000:.1f}.")
    return lines


def _reason(kind: str, event: Event) -> str:
    score = int(event.detail.get("score", "0")) / 1000
    return f"the watch: {kind} at {score:.1f}, by what is known of the {event.detail.get('scope', 'key')}"


def _request(event: Event) -> str:
    return "".join(event.detail[name] for name in sorted(event.detail) if name[:7] == "request" and name[7:].isdigit())


def _mark(alert: Alert) -> str:
    told = msgspec.json.encode([alert.id, alert.key, alert.symbol, alert.worth, alert.worth_in])
    return hashlib.sha256(told).hexdigest()[:16]


def _shown(alert: Alert) -> AlertView:
    return AlertView(
        id=alert.id,
        at=moment(alert.at) or "",
        key=alert.key,
        account=alert.account,
        kind=alert.kind,
        symbol=alert.symbol,
        worth=f"{alert.worth} {alert.worth_in}".strip(),
        what=alert.what,
        score=alert.score / 1000,
        scope=alert.scope,
        done=alert.done,
        why=alert.why,
        request=alert.request,
        source=alert.source,
        hold=alert.hold,
        incident=alert.incident,
        vouch=alert.vouch,
        not_me=f"bailiwick key not-me {alert.key}",
    )


def _vouched(row: Vouch) -> VouchView:
    return VouchView(
        id=row.id,
        key=row.key,
        symbol=row.symbol,
        worth=f"{row.worth} {row.worth_in}",
        made=moment(row.made) or "",
        made_by=row.made_by,
        until=moment(row.until) or "",
        alert=f"w{row.alert}",
        ended=moment(row.ended),
    )


def _notice(row: Alert, incident: str) -> Notice:
    """What the owner is told: neither amount nor address stands in it, only in its detail."""
    look = f"`bailiwick watch show {row.id}` says why. If it was you: `bailiwick watch vouch {row.id}`"
    match row.kind, row.done:
        case "suspect", done if row.hold == "":
            title = f"A key is taken for stolen: {done}"
            text = (
                f"Key {row.key} asked for {row.what or 'something'}, which is so unlike it that it {_stopped(done)}. "
                f"{look}, then `bailiwick key unfreeze`. If not, say `bailiwick key not-me {row.key}`."
            )
        case _ if row.hold:
            title = "A request was held: it is unlike its key"
            text = (
                f"Key {row.key} asked for {row.what or 'something'}. It is refused until you approve it: "
                f"`bailiwick approval show {row.hold}`. {look}. If not, say `bailiwick key not-me {row.key}`."
            )
        case _:
            title = "A key does what it has not done before"
            text = (
                f"Key {row.key} asked for {row.what or 'something'}. Nothing was stopped. {look}. If not, say "
                f"`bailiwick key not-me {row.key}`."
            )
    urgent = row.hold or row.kind == "suspect"
    return Notice(
        kind="watch",
        title=title,
        text=text,
        urgency=Urgency.STOP if urgent else Urgency.WARNING,
        key=row.key,
        account=row.account,
        detail="\n".join(row.why)[:2000],
        matter=f"{row.kind}/{row.symbol}",
        incident=incident,
        position=row.position,
    )


def _stopped(done: str) -> str:
    return "winds down: it can cancel and reduce, and opens nothing" if done == "winds down" else f"was {done}"
