"""What the control process is asked about the keys that are at exchanges already."""

from bailiwick.audit.report import Report
from bailiwick.link.wire import Answer, Question, Verbs


class AuditAnswer(Answer, frozen=True, kw_only=True):
    """What came of it."""

    report: Report


class AuditAccount(Question[AuditAnswer], frozen=True, kw_only=True, tag="audit_account"):
    """Ask the exchange what an account's own credential may do, and grade it. ``need`` is ``read`` or ``trade``."""

    id: str
    need: str = "trade"


AUDIT_VERBS: Verbs = (AuditAccount,)
"""Everything about audits."""
