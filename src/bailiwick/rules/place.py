"""The rule of place: from where a key is used."""

from bailiwick.model.decision import Deny
from bailiwick.model.reason import Reason
from bailiwick.rules.case import Case


def source(case: Case) -> Deny | None:
    """A key is used from the networks of its grant alone."""
    if case.source_allowed:
        return None
    return Deny(Reason.ADDRESS_FOREIGN, "the grant allows: " + "; ".join(case.authority.places))
