"""Tokens of the control API: who holds one, what it may be used for, until when. The text itself is never kept."""

import hashlib
import re
from enum import StrEnum
from typing import Protocol

import msgspec

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
MOST_TOKEN_DAYS = 366


class Role(StrEnum):
    """Whose part a token plays."""

    OWNER = "owner"  # of accounts: sees and changes what belongs to them, and learns of nothing else
    OPERATOR = "operator"  # of this Bailiwick: everything
    AUDITOR = "auditor"  # reads everything, changes nothing


class Subject(StrEnum):
    """What a route is about, and a scope of tokens."""

    STATUS = "status"
    VENUE = "venue"
    ACCOUNT = "account"
    SERVICE = "service"
    KEY = "key"
    GRANT = "grant"
    APPROVAL = "approval"
    OWNER = "owner"
    NOTICE = "notice"
    INCIDENT = "incident"
    LEAK = "leak"
    AUDIT = "audit"
    NATIVE = "native"
    SWEEP = "sweep"
    JOURNAL = "journal"
    TOKEN = "token"  # noqa: S105  (the name of a subject)
    PERSON = "person"
    VAULT = "vault"
    BACKUP = "backup"


class Caller(Protocol):
    """Whoever asks the control API: by a token, or as a person who signed in."""

    @property
    def id(self) -> str:
        """By what it is counted how often they ask."""
        ...

    @property
    def role(self) -> Role:
        """Whose part they play."""
        ...

    @property
    def owner(self) -> str:
        """For the role owner, whose accounts."""
        ...

    @property
    def person(self) -> bool:
        """Whether a person asks."""
        ...

    @property
    def actor(self) -> str:
        """Who acts, as the journal names them."""
        ...

    def covers(self, subject: Subject, *, reads: bool) -> bool:
        """Whether a route about this subject is within reach."""
        ...


READ_ONLY = ":read"
SCOPES = frozenset(f"{subject}{suffix}" for subject in Subject for suffix in ("", READ_ONLY)) | {"all:read"}


class Token(msgspec.Struct, frozen=True):
    """A token that was issued. Times are milliseconds since 1970 UTC.

    ``digest`` is the SHA-256 of its whole text: 256 random bits need no slow hash. ``scopes`` name subjects, with
    ``:read`` behind those that it may only read; none means all that its role may. ``person`` says that a person holds
    it and is asked before each use that widens something; a program's never widens.
    """

    id: str
    name: str
    digest: bytes
    role: Role
    created: int
    expires: int
    owner: str = ""
    scopes: tuple[str, ...] = ()
    person: bool = False
    revoked: int | None = None
    last_used: int | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if (self.role is Role.OWNER) != bool(self.owner):
            raise ValueError("owner: a token of role owner names one, as `bailiwick account show` does; no other does")
        if not self.created < self.expires <= self.created + MOST_TOKEN_DAYS * 86_400_000:
            raise ValueError(f"expires: later than now, and within {MOST_TOKEN_DAYS} days; write 30d, 12h or a moment")
        for scope in self.scopes:
            if scope not in SCOPES:
                subjects = ", ".join(Subject)
                raise ValueError(f"scopes: {scope[:40]!r} is none; write a subject, or subject:read, out of {subjects}")

    def in_force(self, now: int) -> bool:
        """Whether it may be used at this moment."""
        return self.revoked is None and now < self.expires

    def covers(self, subject: Subject, *, reads: bool) -> bool:
        """Whether its scopes reach a route about this subject."""
        if not self.scopes or subject.value in self.scopes:
            return True
        return reads and (f"{subject}{READ_ONLY}" in self.scopes or "all:read" in self.scopes)

    @property
    def actor(self) -> str:
        """Who acts, as the journal names them; ``model.life.mover_of`` takes the first for a person, the other not."""
        return f"person:{self.name} (token)" if self.person else f"token:{self.name}"


def check_name(name: str) -> None:
    """See that a token or a person can be called so; no such name can pass for a user of the machine.

    Raises:
        ValueError: naming the field and what to write.
    """
    if _NAME.fullmatch(name) is None:
        raise ValueError(
            f"name: 1 to 63 lower-case letters, digits, points, - and _, such as ada.laptop; not {name[:80]!r}"
        )


def digest_of(text: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(text.encode()).digest()
