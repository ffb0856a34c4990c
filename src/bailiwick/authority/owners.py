"""Owners: over which channels, at which hours and of what they want to be told."""

from collections.abc import Callable
from typing import Any, final

import msgspec
from msgspec import UNSET

from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.links import CODE_MS, Links
from bailiwick.authority.notice_verbs import (
    AddChannel,
    EditOwner,
    ListNotices,
    ListOwners,
    NoticeRow,
    NoticesAnswer,
    OwnerAnswer,
    OwnersAnswer,
    RemoveChannel,
    ShowOwner,
    TelegramCode,
    TryNotice,
)
from bailiwick.authority.notices import Notices
from bailiwick.authority.senders import Senders
from bailiwick.authority.show import moment
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.notice import Channel, Notice, Owner, Urgency, Way
from bailiwick.model.secret import Secret
from bailiwick.store.notices import Told
from bailiwick.store.store import Store

MOST_ROWS = 1000
REGISTER = "telegram"  # the purpose of a code by which the bot learns whose chat it is


@final
class Owners:
    """The authority over how owners are told."""

    def __init__(
        self, store: Store, acts: Acts, notices: Notices, links: Links, senders: Senders, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._acts = acts
        self._notices = notices
        self._links = links
        self._senders = senders
        self._clock = clock

    async def rows(self, question: ListOwners, actor: str) -> OwnersAnswer:
        """Everybody who owns an account or chose something."""
        names = {account.owner for account in self._store.accounts.list()}
        names |= {owner.name for owner in self._store.owners.list()}
        return OwnersAnswer(rows=tuple(self._answer(self._store.owners.get(name)) for name in sorted(names)))

    async def show(self, question: ShowOwner, actor: str) -> OwnerAnswer:
        """One owner."""
        return self._answer(self._store.owners.get(question.name))

    async def edit(self, question: EditOwner, actor: str) -> OwnerAnswer:
        """Change how an owner wants to be told."""
        asked = {
            name: value
            for name in ("quiet", "digest", "zone", "amounts", "bare_id_acts")
            if (value := getattr(question, name)) is not UNSET
        }
        return await self._change(question.name, actor, question.reason, lambda before: _replaced(before, **asked))

    async def add_channel(self, question: AddChannel, actor: str) -> OwnerAnswer:
        """Tell an owner over one more channel."""
        if question.way not in {Way.EMAIL, Way.WEBHOOK, Way.APPRISE}:
            remedy = "; for Telegram, take a code with `bailiwick owner telegram`" if question.way == "telegram" else ""
            raise LinkError(Code.REFUSED, f"way: email, webhook or apprise{remedy}")
        channel = Channel(Way(question.way), question.to)
        self._senders.check(channel)
        added = await self._change(question.name, actor, question.reason, lambda before: _with(before, channel))
        secret: Secret | None = None
        if channel.way is Way.WEBHOOK:
            secret = self._senders.webhook_secret(question.name, channel.to)
        return msgspec.structs.replace(added, secret=secret)

    async def add_telegram(self, name: str, chat: int, user: int) -> OwnerAnswer:
        """Tell an owner in a chat that the bot has learned from him. The code that he sent was a person's act."""
        channel = Channel(Way.TELEGRAM, f"{chat}:{user}")
        return await self._change(name, f"link:telegram user {user}", "", lambda before: _with(before, channel))

    async def remove_channel(self, question: RemoveChannel, actor: str) -> OwnerAnswer:
        """Tell an owner no more over a channel."""

        def without(before: Owner) -> Owner:
            kept = tuple(c for c in before.channels if c.way != question.way or question.to not in {c.to, c.shown})
            if kept == before.channels:
                raise LinkError(Code.REFUSED, f"channel: {question.name} has no {question.way} {question.to}")
            return _replaced(before, channels=kept)

        return await self._change(question.name, actor, question.reason, without)

    async def telegram_code(self, question: TelegramCode, actor: str) -> OwnerAnswer:
        """A code that an owner sends to the bot."""
        self._senders.need_telegram()
        owner = self._store.owners.get(question.name)
        act = Act(actor=actor, act="owner.telegram-code", subject=owner.name, reason=question.reason)
        async with self._acts.turn():
            position = await self._acts.note(act)
        code = self._links.make(REGISTER, {"owner": owner.name}, lives_ms=CODE_MS)
        return msgspec.structs.replace(self._answer(owner), code=code, position=position)

    async def try_notice(self, question: TryNotice, actor: str) -> OwnerAnswer:
        """Send a notice that says nothing."""
        owner = self._store.owners.get(question.name)
        notice = Notice(
            kind="test",
            title="A test",
            text="This is what a notice of Bailiwick looks like. Nothing happened.",
            urgency=Urgency.STOP,
            matter=str(self._clock()),
        )
        self._notices.tell(owner.name, notice)
        return self._answer(owner)

    async def notices(self, question: ListNotices, actor: str) -> NoticesAnswer:
        """What owners were told."""
        if not 1 <= question.limit <= MOST_ROWS:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_ROWS}")
        found = self._store.notices.list(owner=question.owner or None, key=question.key or None, limit=question.limit)
        return NoticesAnswer(rows=tuple(map(_row, found)), waiting=self._store.notices.waiting())

    async def _change(self, name: str, actor: str, reason: str, changed: Callable[[Owner], Owner]) -> OwnerAnswer:
        async with self._acts.turn():
            before = self._store.owners.get(name)
            after = changed(before)
            act = Act(
                actor=actor,
                act="owner.edit",
                subject=name,
                before=_journalled(before),
                after=_journalled(after),
                reason=reason,
            )
            _, done = await self._acts.perform(act, lambda: self._store.owners.put(after))
        return msgspec.structs.replace(self._answer(after), position=done.position)

    def _answer(self, owner: Owner) -> OwnerAnswer:
        accounts = tuple(account.id for account in self._store.accounts.list() if account.owner == owner.name)
        notes = []
        if not owner.channels:
            notes.append("no channel: what this owner should hear is only listed by `bailiwick notice list`")
        if not accounts:
            notes.append("no account has this owner; `bailiwick account list` shows how owners are written")
        notes += self._senders.troubles(owner)
        return OwnerAnswer(
            name=owner.name,
            channels=tuple((channel.way.value, channel.shown) for channel in owner.channels),
            quiet=owner.quiet,
            digest=owner.digest,
            zone=owner.zone,
            amounts=owner.amounts,
            bare_id_acts=owner.bare_id_acts,
            accounts=accounts,
            notes=tuple(notes),
        )


def _replaced(owner: Owner, **changes: Any) -> Owner:
    """Made anew, so that it is checked."""
    return Owner(**{**msgspec.structs.asdict(owner), **changes})


def _journalled(owner: Owner) -> dict[str, Any]:
    """An owner's choices without what may be a secret of a service behind a channel."""
    values: dict[str, Any] = msgspec.to_builtins(owner)
    return values | {"channels": [f"{channel.way.value} {channel.shown}" for channel in owner.channels]}


def _with(owner: Owner, channel: Channel) -> Owner:
    return _replaced(owner, channels=tuple(dict.fromkeys((*owner.channels, channel))))


def _row(told: Told) -> NoticeRow:
    notice = told.notice
    order = f" --order {notice.position}" if notice.position >= 0 else ""
    return NoticeRow(
        id=told.id,
        owner=told.owner,
        kind=notice.kind,
        urgency=notice.urgency.value,
        title=notice.title,
        text=notice.text,
        key=notice.key,
        account=notice.account,
        incident=notice.incident,
        count=told.count,
        made=moment(told.made) or "",
        last=moment(told.last) or "",
        deliveries=tuple(
            f"{way} {Channel(Way(way), to).shown}: {state}{f' ({error})' if error else ''}"
            for way, to, state, error in told.deliveries
        ),
        not_me=f"bailiwick key not-me {notice.key}{order}" if notice.key else "",
    )
