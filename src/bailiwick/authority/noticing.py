"""Everything that tells and hears: owners, notices, incidents and leaks, put together for the control process."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

from bailiwick.authority import notice_verbs as verbs
from bailiwick.authority import page
from bailiwick.authority.acts import Asks
from bailiwick.authority.answering import Answering
from bailiwick.authority.incidents import Incidents
from bailiwick.authority.leaks import Leaks
from bailiwick.authority.links import Links
from bailiwick.authority.notices import Notices
from bailiwick.authority.openroutes import OpenAnswer, OpenRequest, OpenRoute
from bailiwick.authority.owners import Owners
from bailiwick.authority.partner import Partner
from bailiwick.authority.post import NOT_ME, Post
from bailiwick.authority.senders import Senders
from bailiwick.authority.telegrams import Telegrams
from bailiwick.authority.tellings import previous_secret_used, refused, removed_key_used, unfamiliar_client
from bailiwick.config import Config
from bailiwick.link.questions import Event
from bailiwick.link.wire import Question
from bailiwick.store.store import Store

if TYPE_CHECKING:
    from bailiwick.authority.desk import Desk

POST_S = 1.0
TELEGRAM_S = 0.2


@final
class Noticing:
    """What the desk has of this."""

    def __init__(
        self, desk: "Desk", config: Config, store: Store, gateway: Asks, notices: Notices, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._notices = notices
        self.links = Links(store, clock)
        self.senders = Senders(config.notices, clock)
        self.incidents = Incidents(config, store, desk.acts, desk.lives, notices, gateway, clock)
        self.owners = Owners(store, desk.acts, notices, self.links, self.senders, clock)
        self.post = Post(store, self.senders, self.links, clock)
        self.leaks = Leaks(
            store,
            desk.acts,
            desk.lives,
            notices,
            self.incidents,
            Partner(config.leaks, clock),
            config.leaks.per_minute,
            clock,
        )
        desk.hearing.on("removed_key_used", self._removed_key_used)
        desk.hearing.on("previous_secret_used", self._previous_secret_used)
        desk.hearing.on("unfamiliar_client", self._unfamiliar_client)
        desk.hearing.on("refused", self._refused)
        desk.rounds.add("post", POST_S, self.post.deliver)
        if self.senders.telegram is not None:
            bot = Telegrams(store, self.senders.telegram, self.links, self.owners, self.incidents.not_me)
            desk.rounds.add("telegram", TELEGRAM_S, bot.listen)

    def answering(self) -> dict[type[Question[Any]], Answering]:
        """One answer for each verb of this subject."""
        return {
            verbs.ListOwners: self.owners.rows,
            verbs.ShowOwner: self.owners.show,
            verbs.EditOwner: self.owners.edit,
            verbs.AddChannel: self.owners.add_channel,
            verbs.RemoveChannel: self.owners.remove_channel,
            verbs.TelegramCode: self.owners.telegram_code,
            verbs.TryNotice: self.owners.try_notice,
            verbs.ListNotices: self.owners.notices,
            verbs.ListIncidents: self.incidents.rows,
            verbs.ShowIncident: self.incidents.show,
            verbs.NoteIncident: self.incidents.note,
            verbs.CloseIncident: self.incidents.close,
            verbs.WriteEvidence: self.incidents.write_evidence,
            verbs.FindEvidence: self.incidents.find_evidence,
            verbs.NotMe: self.incidents.not_me,
            verbs.OrdersOfKey: self.incidents.orders,
            verbs.ReportLeak: self.leaks.report,
            verbs.ListLeaks: self.leaks.rows,
        }

    def open_routes(self) -> tuple[OpenRoute, ...]:
        """What is served to whoever has no token: reports of leaks, and the pages behind links."""
        return (
            OpenRoute("POST", "/leaks/github", "GitHub reports secrets that it found", self._reported),
            OpenRoute("POST", "/leaks/report", "Anybody else reports secrets, in a signed form", self._reported),
            OpenRoute("GET", "/not-me/{secret}", "The page behind a link of a notice; it changes nothing", self._page),
            OpenRoute("POST", "/not-me/{secret}", "Do what the link says: wind the key down", self._pressed),
        )

    async def _reported(self, request: OpenRequest) -> OpenAnswer:
        return OpenAnswer(await self.leaks.receive(request.headers, request.body))

    async def _page(self, request: OpenRequest) -> OpenAnswer:
        key = self.look(request.path.rpartition("/")[2])
        return page.spent() if key is None else page.asks(key)

    async def _pressed(self, request: OpenRequest) -> OpenAnswer:
        done = await self.press(request.path.rpartition("/")[2])
        return page.spent() if done is None else page.done(done)

    # Behind the page of a link, which the control API shows

    def look(self, secret: str) -> str | None:
        """The key that a link would wind down, or None where the link does nothing (any more). Changes nothing."""
        subject = self.links.look(NOT_ME, secret)
        return None if subject is None else str(subject["key"])

    async def press(self, secret: str) -> verbs.IncidentAnswer | None:
        """Do what a link does, once: for a POST and nothing else. None where it does nothing (any more).

        Raises:
            LinkError: if the act could not be done.
        """
        subject = self.links.redeem(NOT_ME, secret)
        if subject is None:
            return None
        position = subject.get("position", -1)
        question = verbs.NotMe(key=str(subject["key"]), order=str(position) if position >= 0 else "", reason="not me")
        return await self.incidents.not_me(question, "link:page")

    # What the gateway saw

    async def _previous_secret_used(self, event: Event) -> None:
        self._notices.tell_owner_of(event.account, previous_secret_used(event))

    async def _unfamiliar_client(self, event: Event) -> None:
        self._notices.tell_owner_of(event.account, unfamiliar_client(event))

    async def _removed_key_used(self, event: Event) -> None:
        key = self._store.keys.get(event.key)
        self._notices.tell_owner_of(key.account, removed_key_used(event, key))

    async def _refused(self, event: Event) -> None:
        key = self._store.keys.get(event.key)
        self._notices.tell_owner_of(key.account, refused(event, key))
