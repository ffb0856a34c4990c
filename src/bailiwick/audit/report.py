"""What an audit comes to: the grade of a key, why, and what would be the narrowest one that serves."""

import msgspec

from bailiwick.audit.facts import KeyFacts, Need
from bailiwick.audit.grading import Verdict, grade, narrowest, worst
from bailiwick.audit.question import AuditVenue

SHOWN = 6  # characters of a key's public half: enough to know it again


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """An audited key. ``told`` is false where the exchange did not tell: ``sentence`` says why, and nothing is graded.

    ``grade`` is the worst of the verdicts (``audit.grading.Grade``), ``untold`` what the exchange keeps to itself.
    """

    of: str
    venue: str
    key: str
    told: bool
    grade: str = ""
    sentence: str = ""
    verdicts: tuple[Verdict, ...] = ()
    permissions: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    advice: str = ""
    source: str = ""


def masked(api_key: str) -> str:
    """The beginning of a key's public half."""
    return api_key if len(api_key) <= SHOWN else f"{api_key[:SHOWN]}…"


def report_of(venue: AuditVenue, facts: KeyFacts, need: Need, now_ms: int, *, of: str, api_key: str) -> Report:
    """The report on a key of which the exchange told."""
    verdicts = grade(facts, need, venue.rule, now_ms)
    return Report(
        of=of,
        venue=venue.title,
        key=masked(api_key),
        told=True,
        grade=worst(verdicts).value,
        verdicts=verdicts,
        permissions=facts.permissions,
        untold=venue.untold,
        advice=narrowest(facts, need),
        source=venue.source,
    )


def unasked(venue: str, sentence: str, *, of: str, api_key: str = "") -> Report:
    """The report on a key of which nothing could be learnt."""
    return Report(of=of, venue=venue, key=masked(api_key), told=False, sentence=sentence)
