"""A row of the table of routes: where a verb is mounted, and for whom."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from bailiwick.api.whose import Ask, Narrowed, Whose, nobodys
from bailiwick.authority import draft_verbs, looking_verbs, reference_verbs, verbs
from bailiwick.link.wire import Answer, Question
from bailiwick.model.token import Role, Subject

ANYONE = frozenset(Role)
"""Whoever may read: an owner what is theirs, operators and auditors everything."""
OWNERS = frozenset({Role.OWNER, Role.OPERATOR})
"""Whoever may act: an owner on what is theirs."""
HOUSE = frozenset({Role.OPERATOR, Role.AUDITOR})
"""Whoever may read what concerns the whole house."""
OPERATORS = frozenset({Role.OPERATOR})


ASKING = frozenset(
    {
        verbs.CheckGrant,
        verbs.ExplainKey,
        reference_verbs.PresetGrant,
        looking_verbs.VerifyJournal,
        draft_verbs.ProposeGrant,
        draft_verbs.ReckonGrant,
    }
)
"""Verbs that only look, and have a body because what they ask about is long."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Where a verb is mounted.

    Attributes:
        verb: what is asked.
        method: of HTTP; GET for what changes nothing.
        path: below ``/v1``; the names in braces are fields of the verb.
        subject: what it is about: a scope of tokens.
        roles: who may call it at all.
        whose: how the owner of what it is about is found; for the role owner, who else's is as good as not there.
        fixed: fields that the row gives itself.
        narrowed: how it is answered for an owner, where that is a part of the whole.
        then: what is asked after it was done, and told among the notes of its answer.
        person: whether it can widen what somebody may do: a person's token alone may call it.
        owner_in_person: whether an owner's token must be a person's, where an operator's may be a platform's program's.
        file: whether its answer is the file that the verb names, and no JSON.
        summary: one line for people; by default the verb's own first line.
    """

    verb: type[Question[Any]]
    method: str
    path: str
    subject: Subject
    roles: frozenset[Role]
    whose: Whose = nobodys
    fixed: Mapping[str, Any] = msgspec.field(default_factory=dict)
    narrowed: Narrowed | None = None
    then: Callable[[Any, Any, Ask], Awaitable[Answer]] | None = None
    person: bool = False
    owner_in_person: bool = False
    file: bool = False
    summary: str = ""

    def in_person(self, role: Role) -> bool:
        """Whether a token of this role must be one that a person holds."""
        return self.person or (self.owner_in_person and role is Role.OWNER)

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET" or self.verb in ASKING

    @property
    def name(self) -> str:
        """The operation's id: unique."""
        parts = (part for part in self.path.strip("/").split("/") if not part.startswith("{"))
        return f"{self.method.lower()}_" + "_".join(parts).replace("-", "_") + ("_one" if self.path[-1] == "}" else "")
