"""People who sign in to the console: who they are, what they sign in with, and how long a session lasts."""

import msgspec

from bailiwick.model.token import Role, Subject, check_name

IDLE_MS = 30 * 60_000
"""A session in which nobody did anything for so long is over."""
SESSION_MS = 12 * 3_600_000
"""No session lasts longer, whatever is done in it."""
ENTRY_MS = 60 * 60_000
"""How long a one-time link waits to be used."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in. Times are milliseconds since 1970 UTC.

    Attributes:
        name: as the journal names them: ``person:ada``.
        role: as of a token.
        owner: for the role owner, whose accounts.
        created: when their first link was made.
        password: Argon2id in PHC form; None where they sign in by passkey alone.
        totp: the seed of their codes, sealed under the console's own key.
        totp_step: the thirty seconds of the last code that was taken: none is taken twice.
        ended: since when they may sign in no more.
    """

    name: str
    role: Role
    created: int
    owner: str = ""
    password: str | None = None
    totp: bytes | None = None
    totp_step: int = 0
    ended: int | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if (self.role is Role.OWNER) != bool(self.owner):
            raise ValueError("owner: a person of role owner names one, as `bailiwick account show` does; no other does")

    @property
    def actor(self) -> str:
        """Who acts, as the journal names them."""
        return f"person:{self.name}"


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey (WebAuthn) of a person: the public half, and the site that it was made for."""

    id: bytes
    person: str
    label: str
    public_key: bytes  # COSE
    sign_count: int
    site: str
    created: int
    last_used: int | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A person signed in. ``digest`` is the SHA-256 of what the browser's cookie says."""

    id: str
    digest: bytes
    person: str
    begun: int
    last_seen: int
    by: str  # passkey or password
    source: str
    agent: str
    ended: int | None = None

    def in_force(self, now: int) -> bool:
        """Whether it may be used at this moment."""
        return self.ended is None and now < self.last_seen + IDLE_MS and now < self.begun + SESSION_MS

    @property
    def until(self) -> int:
        """When it is over if nothing more is done in it."""
        return min(self.last_seen + IDLE_MS, self.begun + SESSION_MS)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link by which a person makes their first passkey or password, or one more."""

    digest: bytes
    person: str
    created: int
    expires: int
    used: int | None = None

    def in_force(self, now: int) -> bool:
        """Whether it may be used at this moment."""
        return self.used is None and now < self.expires


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, where it is a person with a session: a caller of the control API beside those with a token."""

    name: str
    role: Role
    owner: str
    session: str  # its id
    digest: bytes  # of its cookie

    person = True

    @property
    def id(self) -> str:
        """By what it is counted how often they ask."""
        return self.session

    @property
    def actor(self) -> str:
        """Who acts, as the journal names them."""
        return f"person:{self.name}"

    def covers(self, subject: Subject, *, reads: bool) -> bool:
        """A person's role is the whole of what they may."""
        return True
