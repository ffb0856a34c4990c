"""Which acts ask a signed-in person once more who they are, and how one such act is told from every other.

What makes things safer never asks. A session that somebody else got hold of can then freeze, wind down and revoke,
which its owner undoes, and can neither widen anything nor see a secret.
"""

import base64
import hashlib
import re
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
_ACT = re.compile(r"[A-Za-z0-9_-]{43}")


def act_of(method: str, target: str, body: bytes) -> str:
    """One act, and no other: a digest (SHA-256, base64url) of method, target and the bytes of the body.

    The bytes are those that are sent, in whatever order their fields stand: a form that two programs would first have
    to agree upon is one in which they can disagree. What confirms one body so does nothing for another.

    Args:
        method: of HTTP, in capitals.
        target: the path with its query, as it stands in the request.
        body: as it is sent; empty for none.
    """
    found = hashlib.sha256(f"{method} {target}\n".encode() + body).digest()
    return base64.urlsafe_b64encode(found).decode().rstrip("=")


def is_act(text: str) -> bool:
    """Whether this can be an act."""
    return _ACT.fullmatch(text) is not None


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
