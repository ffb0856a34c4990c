"""What the control process is asked about canaries: keys that nobody uses, laid where a thief would look."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs
from bailiwick.model.secret import Secret


class CanaryAnswer(Answer, frozen=True, kw_only=True):
    """A canary that was issued. Its secret is told this once; nothing in it says that it is a canary."""

    id: str
    label: str
    account: str
    service: str
    wind_down: str
    notes: tuple[str, ...] = ()
    position: int = -1
    secret: Secret | None = None


class IssueCanary(Question[CanaryAnswer], frozen=True, forbid_unknown_fields=True, kw_only=True, tag="issue_canary"):
    """Issue a key that nobody uses: whoever signs with it has looked where it was laid.

    ``label`` says where that is. ``wind_down`` says what its use winds down: nothing, service-keys or account-keys.
    Without a service it is of one of its own, which is made when it is first needed.
    """

    label: str
    account: str
    grant: str
    service: str = ""
    wind_down: str = "nothing"
    reason: str = ""


class CanaryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A canary as it is listed."""

    key: str
    label: str
    account: str
    service: str
    state: str
    wind_down: str
    laid: str
    used: str = ""
    incident: str = ""


class CanariesAnswer(Answer, frozen=True, kw_only=True):
    """Canaries, oldest first."""

    rows: tuple[CanaryRow, ...]


class ListCanaries(Question[CanariesAnswer], frozen=True, kw_only=True, tag="list_canaries"):
    """List canaries with where each was laid, and what came of it."""

    account: str = ""


CANARY_VERBS: Verbs = (IssueCanary, ListCanaries)
"""Everything about canaries."""
