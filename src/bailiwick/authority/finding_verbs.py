"""What the control process is asked where somebody looks for keys among very many."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs


class FoundKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it stands in a list."""

    id: str
    name: str
    account: str
    service: str
    kind: str
    state: str
    created: str
    expires: str | None
    last_used: str | None


class FoundKeys(Answer, frozen=True, kw_only=True):
    """A stretch of the keys that were looked for, how many there are in all, and how many in each state."""

    rows: tuple[FoundKey, ...]
    total: int
    states: dict[str, int]


class FindKeys(Question[FoundKeys], frozen=True, forbid_unknown_fields=True, kw_only=True, tag="find_keys"):
    """Look for keys: by a part of id or name, of an account, service, owner or state, in any order, from any place on.

    ``order`` is id, name, account, service, state, created, expires or last_used; keys that are equal in it stand by
    their ids. ``unbounded`` finds those that open something and whose loss of a day nothing bounds.
    """

    text: str = ""
    account: str = ""
    service: str = ""
    owner: str = ""
    state: str = ""
    order: str = "id"
    descending: bool = False
    unbounded: bool = False
    offset: int = 0
    limit: int = 100


FINDING_VERBS: Verbs = (FindKeys,)
"""Everything that looks for something."""
