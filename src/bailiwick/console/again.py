"""Which acts ask a signed-in person once more who they are. What makes things safer never does.

A session that somebody else got hold of can then freeze, wind down and revoke, which its owner undoes, and can neither
widen anything nor see a secret.
"""

from typing import Any

from bailiwick.api.row import Row
from bailiwick.authority.service_verbs import CompromiseService
from bailiwick.authority.verbs import Kind, Move, MoveParty
from bailiwick.link.wire import Question
from bailiwick.model.life import KeyState
from bailiwick.store.errors import NotFoundError
from bailiwick.store.store import Store

_NARROWS = frozenset({CompromiseService})
_STILL = frozenset({KeyState.FROZEN, KeyState.REVOKED, KeyState.EXPIRED})


def asks_again(row: Row, question: Question[Any], store: Store) -> bool:
    """Whether this act asks for the second factor: it can widen, or what it answers holds a secret."""
    if row.reads or row.verb in _NARROWS or getattr(question, "preview", False):
        return False
    return row.person or row.owner_in_person or _thaws(question, store)


def _thaws(question: Question[Any], store: Store) -> bool:
    """A wind-down narrows what is active, and gives back to what is frozen."""
    if not isinstance(question, MoveParty) or question.to is not Move.WIND_DOWN:
        return False
    try:
        match question.kind:
            case Kind.KEY:
                return store.keys.get(question.id).state in _STILL
            case Kind.ACCOUNT:
                return store.accounts.get(question.id).state in _STILL
            case Kind.SERVICE:
                return store.services.get(question.id).standing != "trusted"
            case Kind.VENUE:
                return any(each.state in _STILL for each in store.accounts.list() if each.venue == question.id)
    except NotFoundError:
        return True
