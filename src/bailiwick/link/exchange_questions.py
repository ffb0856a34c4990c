"""What the gateway is asked that it asks an exchange in its turn: slow questions, for a connection of their own.

The credential that signs stays in the gateway. What it signs for these questions is a closed list, written here.
"""

from bailiwick.audit.facts import KeyFacts
from bailiwick.link.wire import Answer, Question, Verbs


class InspectAnswer(Answer, frozen=True, kw_only=True):
    """What the exchange says of an account's own credential; ``facts`` is None where it did not: ``sentence``."""

    venue: str  # as ``audit.venues`` names it; empty where its keys cannot be asked about
    api_key: str = ""
    facts: KeyFacts | None = None
    sentence: str = ""


class Inspect(Question[InspectAnswer], frozen=True, kw_only=True, tag="inspect"):
    """Ask the account's exchange what the account's own credential may do. Nothing is ordered or changed."""

    account: str


EXCHANGE_VERBS: Verbs = (Inspect,)
"""Everything that the gateway asks an exchange for the control process."""
