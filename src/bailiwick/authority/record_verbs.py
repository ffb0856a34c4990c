"""What the control process is asked about the journal: reads only. Altering it is asked of no process."""

from typing import Any

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs


class RecordRow(msgspec.Struct, frozen=True, kw_only=True):
    """A record of the journal: its fields by their names, or what is known of one that is unreadable; and in words."""

    position: int
    record: dict[str, Any]
    words: str = ""


class RecordsAnswer(Answer, frozen=True, kw_only=True):
    """Records, oldest first."""

    rows: tuple[RecordRow, ...]


class LastRecords(Question[RecordsAnswer], frozen=True, kw_only=True, tag="last_records"):
    """The last records of the journal, of whatever kind."""

    limit: int = 20


class RecordsOfKey(Question[RecordsAnswer], frozen=True, kw_only=True, tag="records_of_key"):
    """The last records about a key: its requests with their outcomes, and what was done with it.

    ``kind`` leaves out other kinds (act, intent, …); ``before`` those that stand at this position or behind it.
    """

    key: str
    hours: int = 24
    limit: int = 100
    kind: str = ""
    before: int = -1


class ProofAnswer(Answer, frozen=True, kw_only=True):
    """A proof that a record stands in the journal.

    ``proof`` is the text that `python -m bailiwick.journal.verify_proof` checks offline; ``journal_key`` is the public
    key that this house names. Whoever checks should have it from elsewhere.
    """

    position: int
    proof: str
    journal_key: str


class ProveRecord(Question[ProofAnswer], frozen=True, kw_only=True, tag="prove_record"):
    """Prove that a record stands in the journal; ``withhold`` proves it without disclosing what it says."""

    position: int
    withhold: bool = False


class ProveRecordOfKey(Question[ProofAnswer], frozen=True, kw_only=True, tag="prove_record_of_key"):
    """Prove that a record about this key stands in the journal."""

    key: str
    position: int


class VerdictAnswer(Answer, frozen=True, kw_only=True):
    """What the journal says of an act against a service. ``lines`` has it in words; ``faults`` what does not agree."""

    position: int
    service: str
    act: str
    proven: bool
    signed: int  # records under the checkpoint that it was worked out by
    lines: tuple[str, ...]
    faults: tuple[str, ...] = ()


class VerifyAct(Question[VerdictAnswer], frozen=True, kw_only=True, tag="verify_act"):
    """Work an act against a compromised service out again, from the journal alone."""

    position: int


RECORD_VERBS: Verbs = (LastRecords, RecordsOfKey, ProveRecord, ProveRecordOfKey, VerifyAct)
"""Everything that reads the journal."""
