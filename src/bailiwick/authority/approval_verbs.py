"""What the control process is asked about held intents."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """A held intent as it is shown. ``request`` is the whole of it: method, path, and a parameter a line."""

    id: str
    key: str
    account: str
    state: str
    what: str
    raised: str
    answer_by: str
    request: str
    answered_by: str | None = None
    use_by: str | None = None


class ApprovalAnswer(Answer, frozen=True, kw_only=True):
    """A held intent. ``seen`` marks what was shown: an approval must bring it back."""

    hold: HoldView
    seen: str
    position: int = -1
    notes: tuple[str, ...] = ()


class ApprovalsAnswer(Answer, frozen=True, kw_only=True):
    """Held intents, newest first. ``more`` says that there are older ones."""

    rows: tuple[HoldView, ...]
    more: bool = False


class ListApprovals(Question[ApprovalsAnswer], frozen=True, kw_only=True, tag="list_approvals"):
    """List held intents, newest first: in one state, of one account, older than an id."""

    state: str = ""
    account: str = ""
    after: str = ""
    limit: int = 50


class ShowApproval(Question[ApprovalAnswer], frozen=True, kw_only=True, tag="show_approval"):
    """Show a held intent with all of its parameters."""

    id: str


class ApproveHold(Question[ApprovalAnswer], frozen=True, kw_only=True, tag="approve_hold"):
    """Let the same intent pass once. ``seen`` is the mark of what was shown; without it nothing is approved."""

    id: str
    seen: str
    reason: str = ""


class RefuseHold(Question[ApprovalAnswer], frozen=True, kw_only=True, tag="refuse_hold"):
    """Refuse a held intent; an approval that nobody has used yet is taken back."""

    id: str
    reason: str = ""


APPROVAL_VERBS: Verbs = (ListApprovals, ShowApproval, ApproveHold, RefuseHold)
"""Everything about held intents."""
