"""The people who sign in to the console: invited, listed, ended; and their sessions, each step in the journal."""

import hashlib
import secrets
from collections.abc import Callable
from typing import final

from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.people_verbs import (
    EndPerson,
    EndSession,
    InvitePerson,
    ListPeople,
    ListSessions,
    PeopleAnswer,
    PersonAnswer,
    PersonView,
    SessionAnswer,
    SessionsAnswer,
    SessionView,
)
from bailiwick.authority.show import moment
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.person import ENTRY_MS, Entry, Passkey, Person, Session, SignedIn
from bailiwick.model.secret import Secret
from bailiwick.model.token import Role
from bailiwick.store.endings import CHOSEN
from bailiwick.store.store import Store

SEEN_NOTED_MS = 60_000  # a session's last use is written down no oftener
AGENT_CHARS = 200
_SECRET_BYTES = 32


def digest_of(text: str) -> bytes:
    """What is kept of a cookie or a link: 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).digest()


@final
class People:
    """The authority over people and sessions. What they show to sign in is checked by ``console``."""

    def __init__(self, store: Store, acts: Acts, clock: Callable[[], int]) -> None:
        self._store = store
        self._rows = store.people
        self._acts = acts
        self.clock = clock

    # What is asked

    async def invite(self, question: InvitePerson, actor: str) -> PersonAnswer:
        """Make a one-time link; its secret is in the answer and nowhere else."""
        now = self.clock()
        text = secrets.token_urlsafe(_SECRET_BYTES)
        link = Entry(digest=digest_of(text), person=question.name, created=now, expires=now + ENTRY_MS)
        async with self._acts.turn():
            known = self._rows.find(question.name)
            invited = known or _new(question, now)
            if invited.ended is not None:
                raise LinkError(Code.CONFLICT, f"name: {invited.name} was ended; a name is given once, choose another")
            role, owner = question.role or invited.role.value, question.owner or invited.owner
            if (role, owner) != (invited.role.value, invited.owner):
                raise LinkError(Code.CONFLICT, f"role: {invited.name} is {invited.role}; leave it out, or take a name")
            act = Act(
                actor=actor,
                act="person.invite",
                subject=invited.name,
                after={"role": invited.role.value, "owner": invited.owner, "expires": moment(link.expires)},
                reason=question.reason,
            )
            _, done = await self._acts.perform(act, lambda: self._rows.invite(invited, link))
        notes: tuple[str, ...] = ()
        if invited.owner and invited.owner not in {account.owner for account in self._store.accounts.list()}:
            notes = (f"no account belongs to {invited.owner!r} yet; write owners as `bailiwick account show` does",)
        return PersonAnswer(
            person=self._shown(invited),
            link=Secret(text.encode()),
            expires=moment(link.expires) or "",
            position=done.position,
            notes=notes,
        )

    async def people(self, question: ListPeople, actor: str) -> PeopleAnswer:
        """Everybody, by name."""
        return PeopleAnswer(rows=tuple(self._shown(each) for each in self._rows.list()))

    async def end_person(self, question: EndPerson, actor: str) -> PersonAnswer:
        """Let somebody sign in no more."""
        async with self._acts.turn():
            person = self._rows.get(question.name)
            if person.ended is not None:
                return PersonAnswer(person=self._shown(person), notes=("they are ended already",))
            act = Act(actor=actor, act="person.end", subject=person.name, reason=question.reason)
            _, done = await self._acts.perform(act, lambda: self._rows.end(person.name, self.clock()))
        return PersonAnswer(person=self._shown(self._rows.get(person.name)), position=done.position)

    async def sessions(self, question: ListSessions, actor: str) -> SessionsAnswer:
        """Sessions, newest first."""
        now = self.clock()
        found = [each for each in self._rows.sessions() if question.person in {"", each.person}]
        return SessionsAnswer(
            rows=tuple(_session_shown(each, now) for each in found if question.over or each.in_force(now))
        )

    async def end_session(self, question: EndSession, actor: str) -> SessionAnswer:
        """End a session."""
        now = self.clock()
        async with self._acts.turn():
            session = self._rows.session(question.id)
            if not session.in_force(now):
                return SessionAnswer(session=_session_shown(session, now), notes=("it is over already",))
            done = await self._ended(session, actor, question.reason)
        return SessionAnswer(session=_session_shown(self._rows.session(session.id), now), position=done)

    # What signing in comes to

    def entry(self, text: str) -> tuple[Entry, Person]:
        """The link of this text, and whose it is.

        Raises:
            LinkError: if it was used, is too old, or never was one; in the same words.
        """
        link = self._rows.entry(digest_of(text))
        person = None if link is None else self._rows.find(link.person)
        if link is None or person is None or person.ended is not None or not link.in_force(self.clock()):
            raise LinkError(Code.NOT_FOUND, "link: it does nothing any more; `bailiwick console link` makes another")
        return link, person

    async def enter(
        self,
        link: Entry,
        *,
        passkey: Passkey | None = None,
        password: str | None = None,
        totp: bytes | None = None,
        step: int = 0,
    ) -> Person:
        """Use a link up: what was made by it is what its person signs in with from now on."""
        person = self._rows.get(link.person)
        made = f"passkey {passkey.label}" if passkey is not None else CHOSEN
        async with self._acts.turn():
            act = Act(actor=person.actor, act="person.enter", subject=person.name, after={"made": made})
            await self._acts.perform(act, lambda: self._rows.enter(link, passkey, password, totp, step))
        return self._rows.get(link.person)

    async def change_passkey(self, person: str, passkey: Passkey, *, remove: bool = False) -> None:
        """Add a passkey to those of a person, or remove it."""
        act = "passkey.remove" if remove else "passkey.add"
        async with self._acts.turn():
            change = self._rows.remove_passkey if remove else self._rows.add_passkey
            after = {"label": passkey.label, "passkey": passkey.id.hex()}
            done = Act(actor=f"person:{person}", act=act, subject=person, after=after)
            await self._acts.perform(done, lambda: change(passkey))

    async def begin(self, person: Person, by: str, source: str, agent: str) -> tuple[Session, str]:
        """Begin a session for somebody who has shown who they are; with it what its cookie says."""
        now = self.clock()
        text = secrets.token_urlsafe(_SECRET_BYTES)
        agent = "".join(letter for letter in agent if letter.isprintable())[:AGENT_CHARS]
        session = Session(
            id=f"s-{secrets.token_hex(8)}",
            digest=digest_of(text),
            person=person.name,
            begun=now,
            last_seen=now,
            by=by,
            source=source,
            agent=agent,
        )
        async with self._acts.turn():
            after = {"session": session.id, "by": by, "source": source}
            act = Act(actor=person.actor, act="session.begin", subject=person.name, after=after)
            await self._acts.perform(act, lambda: self._rows.begin(session))
        return session, text

    async def leave(self, signed: SignedIn) -> None:
        """End one's own session."""
        async with self._acts.turn():
            await self._ended(self._rows.session(signed.session), signed.actor, "")

    async def _ended(self, session: Session, actor: str, reason: str) -> int:
        after = {"session": session.id}
        act = Act(actor=actor, act="session.end", subject=session.person, after=after, reason=reason)
        _, done = await self._acts.perform(act, lambda: self._rows.end_session(session, self.clock()))
        return done.position

    def recognise(self, cookie: str, *, used: bool = True) -> SignedIn | None:
        """Who has this cookie, if their session is in force now. Looked up each time: its end holds at once."""
        session = self._rows.session_of(digest_of(cookie))
        now = self.clock()
        if session is None or not session.in_force(now):
            return None
        person = self._rows.find(session.person)
        if person is None or person.ended is not None:
            return None
        if used and now - session.last_seen >= SEEN_NOTED_MS:
            self._rows.seen(session.id, now)
        return SignedIn(
            name=person.name, role=person.role, owner=person.owner, session=session.id, digest=session.digest
        )

    def _shown(self, person: Person) -> PersonView:
        passkeys = len(self._rows.passkeys(person.name))
        invited = not passkeys and person.password is None
        return PersonView(
            name=person.name,
            role=person.role.value,
            owner=person.owner,
            state="ended" if person.ended is not None else "invited" if invited else "in force",
            passkeys=passkeys,
            password=person.password is not None,
            created=moment(person.created) or "",
        )


def _new(question: InvitePerson, now: int) -> Person:
    if question.role not in set(Role):
        raise LinkError(Code.REFUSED, f"role: {question.role[:40]!r} is none; choose from {', '.join(Role)}")
    return Person(name=question.name, role=Role(question.role), owner=question.owner, created=now)


def _session_shown(session: Session, now: int) -> SessionView:
    return SessionView(
        id=session.id,
        person=session.person,
        state="in force" if session.in_force(now) else "over",
        by=session.by,
        source=session.source,
        agent=session.agent,
        begun=moment(session.begun) or "",
        last_seen=moment(session.last_seen) or "",
        until=moment(session.ended or session.until) or "",
    )
