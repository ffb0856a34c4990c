"""What the control process is asked about people who sign in to the console, and their sessions."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs
from bailiwick.model.secret import Secret


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """A person as they are shown."""

    name: str
    role: str
    owner: str
    state: str  # invited, in force or ended
    passkeys: int
    password: bool
    created: str


class PersonAnswer(Answer, frozen=True, kw_only=True):
    """A person after an act. ``link`` is the secret part of a one-time link: it is told this once."""

    person: PersonView
    link: Secret | None = None
    expires: str = ""
    position: int = -1
    notes: tuple[str, ...] = ()


class PeopleAnswer(Answer, frozen=True, kw_only=True):
    """Everybody who may or might sign in, by name."""

    rows: tuple[PersonView, ...]


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is shown: never what its cookie says."""

    id: str
    person: str
    state: str  # in force or over
    by: str
    source: str
    agent: str
    begun: str
    last_seen: str
    until: str


class SessionAnswer(Answer, frozen=True, kw_only=True):
    """A session after an act."""

    session: SessionView
    position: int = -1
    notes: tuple[str, ...] = ()


class SessionsAnswer(Answer, frozen=True, kw_only=True):
    """Sessions, newest first."""

    rows: tuple[SessionView, ...]


class InvitePerson(Question[PersonAnswer], frozen=True, kw_only=True, tag="invite_person"):
    """Make a one-time link by which somebody sets up how they sign in. For somebody known it adds one more way."""

    name: str
    role: str = ""
    owner: str = ""
    reason: str = ""


class ListPeople(Question[PeopleAnswer], frozen=True, kw_only=True, tag="list_people"):
    """List everybody who may sign in to the console."""


class EndPerson(Question[PersonAnswer], frozen=True, kw_only=True, tag="end_person"):
    """Let somebody sign in no more. Their sessions, passkeys and links end at once."""

    name: str
    reason: str = ""


class ListSessions(Question[SessionsAnswer], frozen=True, kw_only=True, tag="list_sessions"):
    """List sessions of the console, newest first; those that are over only where they are asked for."""

    person: str = ""
    over: bool = False


class EndSession(Question[SessionAnswer], frozen=True, kw_only=True, tag="end_session"):
    """End a session of the console. It stops working at once."""

    id: str
    reason: str = ""


PEOPLE_VERBS: Verbs = (InvitePerson, ListPeople, EndPerson, ListSessions, EndSession)
"""Everything about people and their sessions."""
