"""Reads the journal for whoever may not read its files: the last records, those of a key, proofs, and acts.

All of it is read from the files as they are, in a thread, so that a long journal holds up nobody's act.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, final

from bailiwick.authority.answering import Answering
from bailiwick.authority.record_verbs import (
    LastRecords,
    ProofAnswer,
    ProveRecord,
    ProveRecordOfKey,
    RecordRow,
    RecordsAnswer,
    RecordsOfKey,
    VerdictAnswer,
    VerifyAct,
)
from bailiwick.authority.trades import first_since
from bailiwick.journal import reader
from bailiwick.journal.backwards import stretches
from bailiwick.journal.error import JournalError
from bailiwick.journal.line import words
from bailiwick.journal.proof import prove
from bailiwick.journal.record import Act, Record, decode, named
from bailiwick.journal.verify_act import verify_act
from bailiwick.journal.verify_proof import ProofError, Verifier
from bailiwick.link.wire import Code, LinkError, Question

MOST_RECORDS = 1000
MOST_HOURS = 24 * 366
T = TypeVar("T")


@final
class Records:
    """The journal in this directory."""

    def __init__(self, directory: Path, clock: Callable[[], int]) -> None:
        self._directory = directory
        self._clock = clock

    def answering(self) -> dict[type[Question[Any]], Answering]:
        """One answer for each verb of this subject."""
        return {
            LastRecords: self.last,
            RecordsOfKey: self.of_key,
            ProveRecord: self.prove,
            ProveRecordOfKey: self.prove_of_key,
            VerifyAct: self.verify_act,
        }

    async def last(self, question: LastRecords, actor: str) -> RecordsAnswer:
        """The last records."""
        _check_limit(question.limit)
        found = await self._read(lambda: reader.tail(self._directory, question.limit))
        return RecordsAnswer(rows=tuple(_row(entry) for entry in found))

    async def of_key(self, question: RecordsOfKey, actor: str) -> RecordsAnswer:
        """The last records about a key."""
        _check_limit(question.limit)
        if not 1 <= question.hours <= MOST_HOURS:
            raise LinkError(Code.REFUSED, f"hours: 1 to {MOST_HOURS}")
        since_us = (self._clock() - question.hours * 3_600_000) * 1000
        found = await self._read(lambda: self._about(question, since_us))
        return RecordsAnswer(rows=tuple(reversed(found)))

    def _about(self, question: RecordsOfKey, since_us: int) -> list[RecordRow]:
        """The records, newest first, by looking back from the end until there are enough."""
        found: list[RecordRow] = []
        size = reader.size(self._directory)
        before = min(size, question.before) if question.before >= 0 else size
        sought = (question.key.encode(), f'["{question.kind}"'.encode() if question.kind else b"[")
        for stretch in stretches(self._directory, before, first_since(self._directory, since_us), sought):
            for entry in stretch.entries:
                record = None if entry.record is None else _decoded(entry.record)
                if record is None or not is_about(record, question.key):
                    continue
                row = _row(entry)
                if question.kind in {"", row.record["kind"]} and getattr(record, "at_us", since_us) >= since_us:
                    found.append(row)
                if len(found) == question.limit:
                    return found
        return found

    async def prove(self, question: ProveRecord, actor: str) -> ProofAnswer:
        """A proof of any record."""
        return await self._read(lambda: self._proof(question.position, disclose=not question.withhold))

    async def prove_of_key(self, question: ProveRecordOfKey, actor: str) -> ProofAnswer:
        """A proof of a record that is about this key; another record reads as none."""

        def proven() -> ProofAnswer:
            _, framed = reader.frame_at(self._directory, question.position)
            record = None if framed.record is None else _decoded(framed.record)
            if record is None or not is_about(record, question.key):
                raise LookupError(f"position {question.position}: no record about this key stands there")
            return self._proof(question.position, disclose=True)

        return await self._read(proven)

    def _proof(self, position: int, *, disclose: bool) -> ProofAnswer:
        verifier = self._verifier()
        text = prove(self._directory, position, verifier, disclose=disclose)
        return ProofAnswer(position=position, proof=text, journal_key=str(verifier))

    async def verify_act(self, question: VerifyAct, actor: str) -> VerdictAnswer:
        """An act against a service, worked out again."""
        found = await self._read(lambda: verify_act(self._directory, question.position, self._verifier()))
        return VerdictAnswer(
            position=found.position,
            service=found.service,
            act=found.act,
            proven=found.proven,
            signed=found.signed,
            lines=tuple(found.lines()),
            faults=tuple(found.faults),
        )

    def _verifier(self) -> Verifier:
        return Verifier.parse((self._directory / "verifier").read_text(encoding="utf-8"))

    async def _read(self, work: Callable[[], T]) -> T:
        """Read in a thread.

        Raises:
            LinkError: if there is none such, or the journal cannot be read.
        """
        try:
            return await asyncio.to_thread(work)
        except LookupError as error:
            raise LinkError(Code.NOT_FOUND, str(error).strip("'")) from None
        except FileNotFoundError:
            raise LinkError(Code.NOT_FOUND, "journal: there is none yet; the gateway begins it") from None
        except OSError as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error.strerror}") from None
        except (JournalError, ProofError, UnicodeDecodeError) as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None


def is_about(record: Record, key: str) -> bool:
    """Whether a record is this key's own. An act upon many names others' keys too, and is about none of them."""
    return record.subject == key if isinstance(record, Act) else getattr(record, "key", "") == key


def _row(entry: reader.Entry) -> RecordRow:
    record = None if entry.record is None else _decoded(entry.record)
    if record is not None:
        return RecordRow(position=entry.position, record=named(record), words=words(record))
    kind = "erased or condensed" if entry.record is None else "unknown"
    return RecordRow(position=entry.position, record={"kind": kind, "sha256": entry.digest.hex()})


def _decoded(raw: bytes) -> Record | None:
    try:
        return decode(raw)
    except ValueError:
        return None  # of a newer program


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MOST_RECORDS:
        raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_RECORDS}")
