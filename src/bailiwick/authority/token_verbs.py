"""What the control process is asked about tokens of its API."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs
from bailiwick.model.secret import Secret


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is shown: never its text, and nothing that leads to it."""

    id: str
    name: str
    role: str
    owner: str
    scopes: tuple[str, ...]
    person: bool
    state: str  # in force, expired or revoked
    created: str
    expires: str
    last_used: str | None


class TokenAnswer(Answer, frozen=True, kw_only=True):
    """A token after an act. ``secret`` is its text: it is told this once. ``position`` is the act's in the journal."""

    token: TokenView
    secret: Secret | None = None
    position: int = -1
    notes: tuple[str, ...] = ()


class TokensAnswer(Answer, frozen=True, kw_only=True):
    """Tokens by name. ``more`` says that there are others after the last."""

    rows: tuple[TokenView, ...]
    more: bool = False


class IssueToken(Question[TokenAnswer], frozen=True, kw_only=True, tag="issue_token"):
    """Issue a token of the control API. ``expires`` is ``30d``, ``12h`` or a moment such as 2027-01-31T12:00:00Z."""

    name: str
    role: str
    owner: str = ""
    expires: str = "30d"
    scopes: tuple[str, ...] = ()
    person: bool = False
    reason: str = ""


class ListTokens(Question[TokensAnswer], frozen=True, kw_only=True, tag="list_tokens"):
    """List tokens by name, after a name."""

    after: str = ""
    limit: int = 200


class RevokeToken(Question[TokenAnswer], frozen=True, kw_only=True, tag="revoke_token"):
    """Revoke a token, by its id or its name. It stops working at once."""

    id: str
    reason: str = ""


TOKEN_VERBS: Verbs = (IssueToken, ListTokens, RevokeToken)
"""Everything about tokens."""
